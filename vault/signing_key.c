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

/* What is published under the node's name; all are derived from its key. */
static const pub_type PUBLISHED[] = { PUB_VERF_KEY, PUB_VERF_ADDRESS, PUB_TYPED_VERF_KEY, PUB_TYPED_VERF_ADDRESS };

/* A missing key may be made only where there never was one. */
static err may_make(vault *v, const id32 *id)
{
	bool fresh, published = false;

	TRY(vault_is_fresh(&fresh, v));
	for (size_t i = 0; i < COUNT(PUBLISHED) && !published; i++) TRY(vault_has_public(&published, v, PUBLISHED[i], id));
	if (fresh && !published) return OK;
	return err_fail(ERR_STATE, "the signing key is missing from %s/%s, but %s has files already; restore the key from a copy, or "
	                "give the node empty folders to begin as a new one", vault_private_folder(v), priv_type_name(PRIV_SIGNING_KEY),
	                fresh ? vault_public_folder(v) : vault_private_folder(v));
}

err signing_key_open(signer **out, bool *fresh, vault *v, const rng *random)
{
	secp_sk sk;
	id32 id;
	bool there;

	signing_key_id(&id);
	TRY(vault_has_private(&there, v, PRIV_SIGNING_KEY, NULL, &id));
	if (!there) TRY(may_make(v, &id));
	err e = there ? load(&sk, v, &id) : make(&sk, v, &id, random);
	if (e == OK) e = signer_new(out, &sk, random);
	*fresh = !there;
	wipe(&sk, sizeof sk);
	return e;
}

/* Is what is published already, if anything, this? */
static err compare(vault *v, pub_type t, const id32 *id, slice bytes)
{
	buf found = { 0 };
	bool there;

	TRY(vault_has_public(&there, v, t, id));
	if (!there) return OK;
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
	bool existed;
	id32 id;

	signing_key_id(&id);
	public_key_write(&plain, signer_pk(s));
	unified_public_key_write(&unified, signer_pk(s));
	const slice bytes[COUNT(PUBLISHED)] = { buf_slice(&plain), slice_str(address), buf_slice(&unified), slice_str(address) };
	err e = OK;
	for (size_t i = 0; e == OK && i < COUNT(PUBLISHED); i++) e = compare(v, PUBLISHED[i], &id, bytes[i]);
	for (size_t i = 0; e == OK && i < COUNT(PUBLISHED); i++) e = vault_put_public(v, PUBLISHED[i], &id, bytes[i], &existed);
	buf_free(&plain);
	buf_free(&unified);
	return e;
}
