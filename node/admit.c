/* SPDX-License-Identifier: MIT */
/* node/admit.c -- context and epoch, key, ciphertexts, in this order. */
#include "node/admit.h"
#include "node/cluster.h"

/* A centralized node lives in the default context; it accepts any epoch, which is a folder to it. */
static err admit_context(const request *r)
{
	char id[ID_TEXT];

	if (id_eq_var(&r->context_id, &ID_DEFAULT_CONTEXT)) return OK;
	id_text(id, &r->context_id);
	return err_fail(ERR_NOT_FOUND, "context_id: there is no context %s", id);
}

static err admit_ciphertexts(keys *k, const request *r)
{
	const decrypt_request *d = &r->decrypt;
	key_facts key;

	TRY(keys_facts(&key, k, &r->epoch_id, &d->key_id));
	TRY(key_may(&key, KEY_USE_DECRYPT));
	for (size_t i = 0; i < d->items; i++) {
		err e = tkms_check_ciphertext(key.params, d->item[i].type, d->item[i].format, d->item[i].file);
		if (e == OK) continue;
		err_context("%s[%zu]: ", request_items_field(r->kind), i);
		return e;
	}
	return OK;
}

/* An older key that the new one is made from: read with what is made, or written for. */
static err admit_older(key_facts *out, keys *k, const request *r, const char *field, const id32 *older, key_use use)
{
	err e = keys_facts(out, k, &r->epoch_id, older);
	if (e == OK) e = key_may(out, use);
	if (e == OK && r->keygen.params && r->keygen.params != out->params)
		e = err_fail(ERR_REQUEST, "that key is for the parameters %s, not for %s", out->params->name, r->keygen.params->name);
	if (e != OK) err_context("%s: ", field);
	return e;
}

/*
 * Who has the secrets of the one reads, with the new key, what was compressed for the other.  What nobody could read alone must
 * not come into the hands of a dealer.
 */
static err admit_between(keys *k, const request *r)
{
	static const char FROM[] = "from_keyset_id_decompression_only", TO[] = "to_keyset_id_decompression_only";
	key_facts from, to;

	TRY(admit_older(&from, k, r, FROM, &r->keygen.from, KEY_USE_DECRYPT));
	TRY(admit_older(&to, k, r, TO, &r->keygen.to, KEY_USE_ENCRYPT));
	if (!(to.marks & KEY_INSECURE) || (from.marks & KEY_INSECURE)) return OK;
	return err_fail(ERR_STATE, "%s: one party dealt that key and could read all that is compressed for the other one, whose secrets "
	                "nobody has; name a key that the parties made together", TO);
}

static err admit_keygen(keys *k, const request *r)
{
	key_facts key;

	if (keygen_is_migration(r)) {
		TRY(admit_older(&key, k, r, "existing_keyset_id", &r->keygen.existing, KEY_USE_DECRYPT));
		return r->keygen.copies ? keys_may_add(k, &r->keygen.existing) : OK;
	}
	return keygen_is_decompression(r) ? admit_between(k, r) : OK;
}

err admit(keys *k, cluster *c, const request *r)
{
	TRY(c ? cluster_admits(c, r) : admit_context(r));
	if (r->kind == REQUEST_KEYGEN) return admit_keygen(k, r);
	return r->kind == REQUEST_PUBLIC_DECRYPT || r->kind == REQUEST_USER_DECRYPT ? admit_ciphertexts(k, r) : OK;
}
