/* SPDX-License-Identifier: MIT */
/* vault/signing_key.c -- load or make once; publish the public half. */
#include "vault/signing_key.h"
#include "sym/dsep.h"

void signing_key_id(id32 *out)
{
	hash32 h = dsep_hash_length("REQST_ID", slice_str("SIGNING_KEY_ID"));
	memcpy(out->b, h.b, sizeof out->b);
}

static err load(secp_sk *out, vault *v, const id32 *id)
{
	buf file = { 0 };

	err e = vault_get_private(&file, v, PRIV_SIGNING_KEY, NULL, id, MAX_SIG_KEY_FILE);
	if (e == OK) {
		e = private_key_read(out, buf_slice(&file));
		if (e != OK) err_context("the signing key in %s: ", vault_private_folder(v));
		if (e == ERR_REQUEST) e = ERR_STATE;
	}
	buf_free(&file);
	return e;
}

static err make(secp_sk *out, vault *v, const id32 *id, const rng *random)
{
	buf file = { 0 };
	bool existed;

	secp_sk_random(out, random);
	private_key_write(&file, out);
	err e = vault_put_private(v, PRIV_SIGNING_KEY, NULL, id, buf_slice(&file), &existed);
	buf_free(&file);
	TRY(e);
	/* The vault is locked, so nobody else can have written it since we looked. */
	ASSERT(!existed);
	return OK;
}

err signing_key_open(signer **out, bool *fresh, vault *v, const rng *random)
{
	secp_sk sk;
	id32 id;

	signing_key_id(&id);
	*fresh = !vault_has_private(v, PRIV_SIGNING_KEY, NULL, &id);
	err e = *fresh ? make(&sk, v, &id, random) : load(&sk, v, &id);
	if (e == OK) e = signer_new(out, &sk, random);
	wipe(&sk, sizeof sk);
	return e;
}

static err publish(vault *v, pub_type t, const id32 *id, slice bytes)
{
	buf found = { 0 };
	bool existed;

	TRY(vault_put_public(v, t, id, bytes, &existed));
	if (!existed) return OK;
	err e = vault_get_public(&found, v, t, id, MAX_SIG_KEY_FILE);
	if (e == OK && !slice_eq_var(buf_slice(&found), bytes))
		e = err_fail(ERR_STATE, "%s in %s belongs to another signing key than the one in %s; give each node its own folders",
		             pub_type_name(t), vault_public_folder(v), vault_private_folder(v));
	buf_free(&found);
	return e;
}

err signing_key_publish(const signer *s, vault *v, const char *address)
{
	buf plain = { 0 }, unified = { 0 };
	id32 id;

	signing_key_id(&id);
	public_key_write(&plain, signer_pk(s));
	unified_public_key_write(&unified, signer_pk(s));
	err e = publish(v, PUB_VERF_KEY, &id, buf_slice(&plain));
	if (e == OK) e = publish(v, PUB_VERF_ADDRESS, &id, slice_str(address));
	if (e == OK) e = publish(v, PUB_TYPED_VERF_KEY, &id, buf_slice(&unified));
	if (e == OK) e = publish(v, PUB_TYPED_VERF_ADDRESS, &id, slice_str(address));
	buf_free(&plain);
	buf_free(&unified);
	return e;
}
