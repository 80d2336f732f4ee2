/* SPDX-License-Identifier: MIT */
/* seal/typed.c -- which scheme, and a seed that lives as long as the call. */
#include "seal/typed.h"
#include "seal/ed25519.h"
#include "seal/mldsa.h"
#include "sym/dsep.h"

static const struct { const char *name; const mldsa *set; } SCHEMES[MAX_SCHEMES] = {
	[SCHEME_ECDSA256K1] = { "Ecdsa256k1", NULL }, [SCHEME_ED25519] = { "Ed25519", NULL },
	[SCHEME_MLDSA44] = { "MlDsa44", &MLDSA_44 }, [SCHEME_MLDSA65] = { "MlDsa65", &MLDSA_65 },
	[SCHEME_MLDSA87] = { "MlDsa87", &MLDSA_87 },
};

const char *scheme_name(uint32_t scheme)
{
	ASSERT(scheme < MAX_SCHEMES);
	return SCHEMES[scheme].name;
}

size_t scheme_key_bytes(uint32_t scheme)
{
	ASSERT(scheme < MAX_SCHEMES);
	if (SCHEMES[scheme].set) return mldsa_pk_bytes(SCHEMES[scheme].set);
	return scheme == SCHEME_ED25519 ? ED25519_PK : SECP_PK;
}

size_t scheme_sig_bytes(uint32_t scheme)
{
	ASSERT(scheme < MAX_SCHEMES);
	if (SCHEMES[scheme].set) return mldsa_sig_bytes(SCHEMES[scheme].set);
	return scheme == SCHEME_ED25519 ? ED25519_SIG : SECP_RSIG;
}

void typed_key(uint8_t *out, const signer *s, uint32_t scheme)
{
	uint8_t seed[SIGNER_SEED];

	ASSERT(scheme < MAX_SCHEMES);
	if (scheme == SCHEME_ECDSA256K1) {
		memcpy(out, signer_pk(s)->b, SECP_PK);
		return;
	}
	signer_seed(seed, s, scheme);
	if (scheme == SCHEME_ED25519) ed25519_public_key(out, seed);
	else mldsa_public_key(SCHEMES[scheme].set, out, seed);
	wipe(seed, sizeof seed);
}

void typed_sign(uint8_t *out, const signer *s, uint32_t scheme, const char *dsep, slice message)
{
	uint8_t seed[SIGNER_SEED];

	ASSERT(scheme != SCHEME_ECDSA256K1 && scheme < MAX_SCHEMES && strlen(dsep) == DSEP_BYTES);
	signer_seed(seed, s, scheme);
	if (scheme == SCHEME_ED25519) ed25519_sign(out, seed, slice_str(dsep), message);
	else mldsa_sign(SCHEMES[scheme].set, out, seed, slice_str(dsep), message);
	wipe(seed, sizeof seed);
}

bool typed_ok_var(uint32_t scheme, slice key, const char *dsep, slice message, slice sig)
{
	ASSERT(scheme != SCHEME_ECDSA256K1 && scheme < MAX_SCHEMES && strlen(dsep) == DSEP_BYTES);
	if (scheme == SCHEME_ED25519) return ed25519_verify_var(key, slice_str(dsep), message, sig);
	return mldsa_verify_var(SCHEMES[scheme].set, key, slice_str(dsep), message, sig);
}

hash32 typed_identity(uint32_t scheme, slice key)
{
	uint8_t number[4];
	hash32 h;

	ASSERT(scheme != SCHEME_ECDSA256K1 && scheme < MAX_SCHEMES && key.n == scheme_key_bytes(scheme));
	if (scheme == SCHEME_ED25519) {
		memcpy(h.b, key.p, sizeof h.b);
		return h;
	}
	store32(number, scheme);
	shake256_dsep_list(h.b, sizeof h.b, "SIGKDGST", (const slice[]){ slice_of(number, sizeof number), key }, 2);
	return h;
}
