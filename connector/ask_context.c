/* SPDX-License-Identifier: MIT */
/* connector/ask_context.c -- a context as ProtocolConfig announced it, for a node: word for word, and whether it is one is for
 * the node to say. */
#include "connector/ask_internal.h"
#include "rpc/pb.h"

enum { TEXTS = 5, CONTEXT_ROOM = MAX_EVENT_NODES * (512 + TEXTS * (MAX_EVENT_TEXT + 64)) };

static err text_of(char **out, arena *a, const char *what, slice s)
{
	if (s.n && memchr(s.p, 0, s.n)) return err_fail(ERR_REQUEST, "the context has a zero byte in its %s", what);
	TRY(arena_new(a, out, s.n + 1));
	if (s.n) memcpy(*out, s.p, s.n);
	return OK;
}

/* The wallet of its connector may sign for a node, too. */
static err write_member(Kms__V1__MpcNode *m, arena *a, const kms_member *k)
{
	kms__v1__mpc_node__init(m);
	TRY(text_of(&m->mpc_identity, a, "mpcIdentity", k->identity));
	TRY(text_of(&m->external_url, a, "ipAddress", k->address));
	TRY(text_of(&m->public_storage_url, a, "storageUrl", k->storage_url));
	TRY(text_of(&m->public_storage_prefix, a, "storagePrefix", k->storage_prefix));
	TRY(arena_new(a, &m->extra_signer_addresses, 1));
	m->party_id = k->party;
	m->_public_storage_prefix_case = KMS__V1__MPC_NODE___PUBLIC_STORAGE_PREFIX_PUBLIC_STORAGE_PREFIX;
	m->_signer_address_case = KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
	m->signer_address = pb_bytes(slice_of(k->signer.b, sizeof k->signer.b));
	if (k->certificate.n) m->_ca_cert_case = KMS__V1__MPC_NODE___CA_CERT_CA_CERT, m->ca_cert = pb_bytes(k->certificate);
	m->extra_signer_addresses[m->n_extra_signer_addresses++] = pb_bytes(slice_of(k->tx_sender.b, sizeof k->tx_sender.b));
	return OK;
}

static err write_members(Kms__V1__MpcContext *m, arena *a, const kms_context *c)
{
	Kms__V1__MpcNode *node = NULL;

	TRY(arena_new(a, &node, c->n + 1));
	TRY(arena_new(a, &m->mpc_nodes, c->n + 1));
	for (size_t i = 0; i < c->n; i++) {
		TRY(write_member(&node[i], a, &c->member[i]));
		m->mpc_nodes[m->n_mpc_nodes++] = &node[i];
	}
	return OK;
}

static err write_measurements(Kms__V1__MpcContext *m, arena *a, const kms_context *c)
{
	Kms__V1__PcrValues *values = NULL;

	TRY(arena_new(a, &values, c->n_pcr + 1));
	TRY(arena_new(a, &m->pcr_values, c->n_pcr + 1));
	for (size_t i = 0; i < c->n_pcr; i++) {
		kms__v1__pcr_values__init(&values[i]);
		values[i].pcr0 = pb_bytes(c->pcr[i][0]), values[i].pcr1 = pb_bytes(c->pcr[i][1]), values[i].pcr2 = pb_bytes(c->pcr[i][2]);
		m->pcr_values[m->n_pcr_values++] = &values[i];
	}
	return OK;
}

static err write_all(Kms__V1__MpcContext *m, arena *a, const kms_context *c)
{
	uint64_t threshold;

	if (!abi_fits_u64(&threshold, &c->mpc_threshold) || threshold > INT32_MAX)
		return err_fail(ERR_REQUEST, "the context's mpc threshold is not one of so few parties");
	m->threshold = (int32_t)threshold;
	TRY(text_of(&m->software_version, a, "softwareVersion", c->software));
	TRY(write_members(m, a, c));
	return write_measurements(m, a, c);
}

err ask_write_context(buf *out, const kms_context *c)
{
	Kms__V1__NewMpcContextRequest m = KMS__V1__NEW_MPC_CONTEXT_REQUEST__INIT;
	Kms__V1__MpcContext context = KMS__V1__MPC_CONTEXT__INIT;
	arena a = arena_with_limit(CONTEXT_ROOM);
	id_field id;

	m.new_context = &context;
	context.context_id = ask_id(&id, &c->id);
	const err e = write_all(&context, &a, c);
	if (e == OK) pb_pack(out, &m.base);
	arena_free(&a);
	return e;
}
