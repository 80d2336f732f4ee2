/* SPDX-License-Identifier: MIT */
/* vault/signing_key.c -- load or make once; publish the public half. */
#include "vault/signing_key.h"
#include "base/hex.h"
#include "sym/dsep.h"

void signing_key_id_of(id32 *out, uint32_t scheme)
{
	char name[40] = "SIGNING_KEY_ID";

	if (scheme != SCHEME_ECDSA256K1) snprintf(name, sizeof name, "SIGNING_KEY_ID_%s", scheme_name(scheme));
	hash32 h = dsep_hash_length("REQST_ID", slice_str(name));
	memcpy(out->b, h.b, sizeof out->b);
}

void signing_key_id(id32 *out)
{
	signing_key_id_of(out, SCHEME_ECDSA256K1);
}

static err load(secp_sk *out, vault *v, const id32 *id)
{
	buf file = { 0 };

	err e = vault_get_private(&file, v, PRIV_SIGNING_KEY, NULL, id, MAX_SIG_KEY_FILE);
	if (e == OK) {
		e = private_key_read(out, buf_slice(&file));
		if (e != OK) err_context("the signing key in %s is damaged; restore it from a copy: ", vault_private_folder(v));
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
enum { OF_ALL_SCHEMES = 2, FILES = OF_ALL_SCHEMES + 2 * MAX_SCHEMES };

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

/* A published file: its place and its bytes. */
typedef struct notice { pub_type type; id32 id; buf bytes; } notice;

static void describe(notice n[static 2], const signer *s, uint32_t scheme, const char *address)
{
	uint8_t key[MAX_TYPED_KEY];

	typed_key(key, s, scheme);
	const slice k = slice_of(key, scheme_key_bytes(scheme));
	n[0].type = PUB_TYPED_VERF_KEY, n[1].type = PUB_TYPED_VERF_ADDRESS;
	signing_key_id_of(&n[0].id, scheme);
	n[1].id = n[0].id;
	unified_public_key_write(&n[0].bytes, scheme, k);
	if (scheme == SCHEME_ECDSA256K1) {
		buf_put_slice(&n[1].bytes, slice_str(address));
		return;
	}
	const hash32 h = typed_identity(scheme, k);
	buf_put_slice(&n[1].bytes, slice_str("0x"));
	buf_put_hex(&n[1].bytes, hash32_slice(&h));
}

err signing_key_publish(const signer *s, vault *v, const char *address)
{
	notice n[FILES] = { { .type = PUB_VERF_KEY }, { .type = PUB_VERF_ADDRESS } };
	bool existed;
	err e = OK;

	signing_key_id(&n[0].id);
	n[1].id = n[0].id;
	public_key_write(&n[0].bytes, signer_pk(s));
	buf_put_slice(&n[1].bytes, slice_str(address));
	for (uint32_t scheme = 0; scheme < MAX_SCHEMES; scheme++) describe(n + OF_ALL_SCHEMES + 2 * scheme, s, scheme, address);
	for (size_t i = 0; e == OK && i < FILES; i++) e = compare(v, n[i].type, &n[i].id, buf_slice(&n[i].bytes));
	for (size_t i = 0; e == OK && i < FILES; i++) e = vault_put_public(v, n[i].type, &n[i].id, buf_slice(&n[i].bytes), &existed);
	for (size_t i = 0; i < FILES; i++) buf_free(&n[i].bytes);
	return e;
}
