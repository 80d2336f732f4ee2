/* SPDX-License-Identifier: MIT */
/* curve/point.c */
#include "curve/point.h"
#include "curve/secp_internal.h"

secp_pk secp_pk_times(const secp_pk *P, const secp_sk *k)
{
	uint8_t xy[SECP_PK_PLAIN];
	secp_pk out;

	ASSERT(secp_mul(xy, k, slice_of(P->b, sizeof P->b)) == OK);
	out.b[0] = (uint8_t)(2 | (xy[sizeof xy - 1] & 1));
	memcpy(out.b + 1, xy, sizeof out.b - 1);
	wipe(xy, sizeof xy);
	return out;
}

bool secp_pk_sum_var(secp_pk *out, const secp_pk *P, const secp_scalar *k, size_t terms)
{
	const secp256k1_pubkey *at[SECP_TERMS];
	secp256k1_pubkey term[SECP_TERMS], sum;
	size_t n = 0;

	ASSERT(terms <= SECP_TERMS);
	for (size_t i = 0; i < terms; i++) {
		if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &term[n], P[i].b, sizeof P[i].b)) return false;
		if (k && secp_scalar_is_zero(&k[i])) continue;
		if (k && !secp256k1_ec_pubkey_tweak_mul(secp256k1_context_static, &term[n], k[i].b)) return false;
		at[n] = &term[n];
		n++;
	}
	if (!n || !secp256k1_ec_pubkey_combine(secp256k1_context_static, &sum, at, n)) return false;
	*out = secp_compress(&sum);
	return true;
}
