/* SPDX-License-Identifier: MIT */
/* node/parse_context.c -- contexts and epochs that shall be made or destroyed. */
#include "node/parse_internal.h"
#include "rpc/pb.h"

static err text_field(slice *out, const char *what, const char *text)
{
	*out = slice_str(text);
	if (out->n <= MAX_CONTEXT_TEXT) return OK;
	return err_fail(ERR_REQUEST, "%s has %zu characters; at most %d are kept", what, out->n, MAX_CONTEXT_TEXT);
}

/* ---- who signs ---------------------------------------------------------------------------------------------------- */

static err put_digest(node_info *n, uint32_t scheme, slice digest)
{
	if (n->digests == COUNT(n->digest)) return err_fail(ERR_REQUEST, "scheme_digests has more entries than there are schemes");
	n->digest[n->digests++] = (scheme_digest){ scheme, digest };
	return OK;
}

static err parse_signers(node_info *n, const Kms__V1__MpcNode *m)
{
	const bool alone = m->_signer_address_case == KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
	eth_address listed;

	for (size_t i = 0; i < m->n_scheme_digests; i++)
		TRY(put_digest(n, (uint32_t)m->scheme_digests[i]->scheme, pb_slice(m->scheme_digests[i]->digest)));
	if (!alone) return OK;
	const slice address = pb_slice(m->signer_address);
	if (address.n != sizeof listed.b) return err_fail(ERR_REQUEST, "signer_address has %zu bytes instead of 20", address.n);
	if (!node_info_address(&listed, n)) return put_digest(n, SCHEME_ECDSA256K1, address);
	if (memcmp(listed.b, address.p, address.n))
		return err_fail(ERR_REQUEST, "signer_address is not the ECDSA entry of scheme_digests");
	return OK;
}

static err parse_addresses(node_info *n, arena *a, const Kms__V1__MpcNode *m)
{
	eth_address *list;

	if (m->n_extra_signer_addresses > MAX_EXTRA_ADDRESSES)
		return err_fail(ERR_REQUEST, "extra_signer_addresses has %zu entries; at most %d are kept", m->n_extra_signer_addresses,
		                MAX_EXTRA_ADDRESSES);
	TRY(arena_new(a, &list, m->n_extra_signer_addresses));
	for (size_t i = 0; i < m->n_extra_signer_addresses; i++) {
		const slice s = pb_slice(m->extra_signer_addresses[i]);
		if (s.n != sizeof list->b) return err_fail(ERR_REQUEST, "extra_signer_addresses[%zu] has %zu bytes instead of 20", i, s.n);
		memcpy(list[i].b, s.p, s.n);
	}
	n->address = list;
	n->addresses = m->n_extra_signer_addresses;
	return OK;
}

/* ---- contexts ------------------------------------------------------------------------------------------------------- */

static err parse_node(node_info *n, arena *a, const Kms__V1__MpcNode *m)
{
	n->has_ca_cert = m->_ca_cert_case == KMS__V1__MPC_NODE___CA_CERT_CA_CERT;
	n->has_prefix = m->_public_storage_prefix_case == KMS__V1__MPC_NODE___PUBLIC_STORAGE_PREFIX_PUBLIC_STORAGE_PREFIX;
	n->party_id = m->party_id > 0 ? (uint32_t)m->party_id : 0;
	TRY(text_field(&n->mpc_identity, "mpc_identity", m->mpc_identity));
	TRY(text_field(&n->external_url, "external_url", m->external_url));
	TRY(text_field(&n->public_storage_url, "public_storage_url", m->public_storage_url));
	if (n->has_prefix) TRY(text_field(&n->public_storage_prefix, "public_storage_prefix", m->public_storage_prefix));
	if (n->has_ca_cert) n->ca_cert = pb_slice(m->ca_cert);
	if (n->ca_cert.n > MAX_CA_CERT)
		return err_fail(ERR_REQUEST, "ca_cert has %zu bytes; at most %d are kept", n->ca_cert.n, MAX_CA_CERT);
	TRY(parse_signers(n, m));
	return parse_addresses(n, a, m);
}

static err parse_nodes(context_info *c, arena *a, const Kms__V1__MpcContext *m)
{
	node_info *list;

	if (m->n_mpc_nodes > MAX_PARTIES)
		return err_fail(ERR_REQUEST, "mpc_nodes has %zu entries; at most %d parties work together", m->n_mpc_nodes, MAX_PARTIES);
	TRY(arena_new(a, &list, m->n_mpc_nodes));
	for (c->nodes = 0; c->nodes < m->n_mpc_nodes; c->nodes++) {
		err e = parse_node(&list[c->nodes], a, m->mpc_nodes[c->nodes]);
		if (e == OK) continue;
		err_context("mpc_nodes[%zu]: ", c->nodes);
		return e;
	}
	c->node = list;
	return OK;
}

static err parse_pcrs(context_info *c, arena *a, const Kms__V1__MpcContext *m)
{
	pcr_values *list;

	if (m->n_pcr_values > MAX_PCR_SETS)
		return err_fail(ERR_REQUEST, "pcr_values has %zu entries; at most %d are kept", m->n_pcr_values, MAX_PCR_SETS);
	TRY(arena_new(a, &list, m->n_pcr_values));
	for (size_t i = 0; i < m->n_pcr_values; i++) {
		const Kms__V1__PcrValues *p = m->pcr_values[i];
		list[i] = (pcr_values){{ pb_slice(p->pcr0), pb_slice(p->pcr1), pb_slice(p->pcr2) }};
		for (size_t k = 0; k < COUNT(list[i].pcr); k++)
			if (list[i].pcr[k].n > MAX_PCR)
				return err_fail(ERR_REQUEST, "pcr_values[%zu]: pcr%zu has %zu bytes; at most %d are kept", i, k, list[i].pcr[k].n, MAX_PCR);
	}
	c->pcrs = list;
	c->pcr_sets = m->n_pcr_values;
	return OK;
}

err parse_context(context_info *out, arena *a, slice message)
{
	Kms__V1__NewMpcContextRequest *q;
	context_info c = { 0 };

	TRY(pb_unpack(a, &q, &kms__v1__new_mpc_context_request__descriptor, message));
	const Kms__V1__MpcContext *m = q->new_context;
	if (!m) return err_fail(ERR_REQUEST, "new_context is missing");
	TRY(parse_id(&c.id, "context_id", m->context_id));
	TRY(software_version_read(&c.version, slice_str(m->software_version)));
	if (m->threshold < 0) return err_fail(ERR_REQUEST, "threshold is %d", m->threshold);
	c.threshold = (uint32_t)m->threshold;
	TRY(parse_nodes(&c, a, m));
	TRY(parse_pcrs(&c, a, m));
	*out = c;
	return OK;
}

err parse_destroy_context(id32 *out, slice message)
{
	arena a = arena_with_limit(PB_ROOM(message.n));
	Kms__V1__DestroyMpcContextRequest *m;

	err e = pb_unpack(&a, &m, &kms__v1__destroy_mpc_context_request__descriptor, message);
	if (e == OK) e = parse_id(out, "context_id", m->context_id);
	arena_free(&a);
	return e;
}

/* ---- epochs --------------------------------------------------------------------------------------------------------- */

static err parse_wanted(wanted_key *k, const Kms__V1__KeyInfo *m)
{
	TRY(parse_id(&k->key_id, "key_id", m->key_id));
	TRY(parse_id(&k->preproc_id, "preproc_id", m->preproc_id));
	TRY(parse_params(&k->params, "key_parameters", (int)m->key_parameters));
	if (m->n_key_digests > COUNT(k->digest))
		return err_fail(ERR_REQUEST, "key_digests has %zu entries; a key has no more than %zu files", m->n_key_digests, COUNT(k->digest));
	for (k->digests = 0; k->digests < m->n_key_digests; k->digests++) {
		const Kms__V1__KeyDigest *d = m->key_digests[k->digests];
		stored_digest *want = &k->digest[k->digests];
		if (!pub_type_by_name_var(&want->type, slice_str(d->key_type)))
			return err_fail(ERR_REQUEST, "key_digests[%zu].key_type is no kind of file", k->digests);
		want->digest = pb_slice(d->digest);
	}
	return OK;
}

static err parse_all_wanted(epoch_request *x, arena *a, const Kms__V1__PreviousEpochInfo *m)
{
	if (m->n_keys_info > MAX_RESHARED_KEYS)
		return err_fail(ERR_REQUEST, "keys_info has %zu entries; at most %d keys are reshared at once", m->n_keys_info, MAX_RESHARED_KEYS);
	TRY(arena_new(a, &x->key, m->n_keys_info));
	for (x->keys = 0; x->keys < m->n_keys_info; x->keys++) {
		err e = parse_wanted(&x->key[x->keys], m->keys_info[x->keys]);
		for (size_t i = 0; e == OK && i < x->keys; i++)
			if (id_eq_var(&x->key[i].key_id, &x->key[x->keys].key_id)) e = err_fail(ERR_REQUEST, "this key is named twice");
		if (e == OK) continue;
		err_context("keys_info[%zu]: ", x->keys);
		return e;
	}
	return OK;
}

static err parse_previous(epoch_request *x, arena *a, const Kms__V1__PreviousEpochInfo *m)
{
	TRY(parse_id(&x->from, "epoch_id", m->epoch_id));
	TRY(parse_id_or(&x->from_context, "context_id", m->context_id, &ID_DEFAULT_CONTEXT));
	if (m->n_crs_info) return err_fail(ERR_UNSUPPORTED, "crs_info: this version makes no CRS");
	x->reshares = true;
	return parse_all_wanted(x, a, m);
}

err parse_new_epoch(request *r, arena *a, slice message)
{
	Kms__V1__NewMpcEpochRequest *m;

	TRY(pb_unpack(a, &m, &kms__v1__new_mpc_epoch_request__descriptor, message));
	TRY(parse_id_or(&r->context_id, "context_id", m->context_id, &ID_DEFAULT_CONTEXT));
	TRY(parse_id_or(&r->epoch_id, "epoch_id", m->epoch_id, &ID_DEFAULT_EPOCH));
	r->id = r->epoch_id;
	TRY(parse_extra_data(r, m->extra_data));
	TRY(parse_schemes(r, m->n_signing_schemes, m->signing_schemes));
	if (m->domain) TRY(parse_domain(&r->domain, m->domain));
	if (!m->previous_epoch) return OK;
	if (!m->domain) return err_fail(ERR_REQUEST, "domain is missing: it says for which contract reshared keys are signed");
	err e = parse_previous(&r->epoch, a, m->previous_epoch);
	if (e != OK) err_context("previous_epoch: ");
	return e;
}

err parse_destroy_epoch(id32 *out, slice message)
{
	arena a = arena_with_limit(PB_ROOM(message.n));
	Kms__V1__DestroyMpcEpochRequest *m;

	err e = pb_unpack(&a, &m, &kms__v1__destroy_mpc_epoch_request__descriptor, message);
	if (e == OK) e = parse_id(out, "epoch_id", m->epoch_id);
	arena_free(&a);
	return e;
}
