/* SPDX-License-Identifier: MIT */
/* curve/point.c */
#include "curve/point.h"
#include "curve/secp_internal.h"

secp_pk secp_pk_times(const secp_pk *P, const secp_sk *k)
{
	uint8_t xy[SECP_PK_PLAIN];
	secp_point at;
	secp_pk out;

	ASSERT(secp_point_read(&at, slice_of(P->b, sizeof P->b)) == OK);
	secp_point_mul(xy, k, &at);
	out.b[0] = (uint8_t)(2 | (xy[sizeof xy - 1] & 1));
	memcpy(out.b + 1, xy, sizeof out.b - 1);
	wipe(xy, sizeof xy);
	return out;
}

static bool sum_var(secp256k1_pubkey *sum, secp256k1_pubkey *term, const secp_pk *P, const secp_scalar *k, size_t terms)
{
	const secp256k1_pubkey *at[SECP_TERMS];
	size_t n = 0;

	for (size_t i = 0; i < terms; i++) {
		if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &term[n], P[i].b, sizeof P[i].b)) return false;
		if (k && secp_scalar_is_zero(&k[i])) continue;
		if (k && !secp256k1_ec_pubkey_tweak_mul(secp256k1_context_static, &term[n], k[i].b)) return false;
		at[n] = &term[n];
		n++;
	}
	return n && secp256k1_ec_pubkey_combine(secp256k1_context_static, sum, at, n);
}

/* Points may be secret though scalars are not: parts of an answer, and the answer. */
bool secp_pk_sum_var(secp_pk *out, const secp_pk *P, const secp_scalar *k, size_t terms)
{
	secp256k1_pubkey term[SECP_TERMS], sum;

	ASSERT(terms <= SECP_TERMS);
	const bool finite = sum_var(&sum, term, P, k, terms);
	if (finite) *out = secp_compress(&sum);
	wipe(term, terms * sizeof *term);
	wipe(&sum, sizeof sum);
	return finite;
}
