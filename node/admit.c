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

/* An older key that the new one is made from. */
static err admit_older(keys *k, const request *r, const char *field, const id32 *older)
{
	key_facts key;

	err e = keys_facts(&key, k, &r->epoch_id, older);
	if (e == OK) e = key_may(&key, KEY_USE_DECRYPT);
	if (e == OK && r->keygen.params && r->keygen.params != key.params)
		e = err_fail(ERR_REQUEST, "that key is for the parameters %s, not for %s", key.params->name, r->keygen.params->name);
	if (e != OK) err_context("%s: ", field);
	return e;
}

static err admit_keygen(keys *k, const request *r)
{
	if (keygen_is_migration(r)) return admit_older(k, r, "existing_keyset_id", &r->keygen.existing);
	if (!keygen_is_decompression(r)) return OK;
	TRY(admit_older(k, r, "from_keyset_id_decompression_only", &r->keygen.from));
	return admit_older(k, r, "to_keyset_id_decompression_only", &r->keygen.to);
}

err admit(keys *k, cluster *c, const request *r)
{
	TRY(c ? cluster_admits(c, r) : admit_context(r));
	if (r->kind == REQUEST_KEYGEN) return admit_keygen(k, r);
	return r->kind == REQUEST_PUBLIC_DECRYPT || r->kind == REQUEST_USER_DECRYPT ? admit_ciphertexts(k, r) : OK;
}
