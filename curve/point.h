/* SPDX-License-Identifier: MIT */
/*
 * curve/point.h -- sums of points of secp256k1.  The point at infinity has no encoding: a sum that comes to it is refused.
 *
 * Time: secp_pk_times is constant in the scalar and gives a secret.  What ends in _var is of variable time in its scalars, which
 * are public: weights of Lagrange, challenges and answers of proofs.
 */
#ifndef ARCA_CURVE_POINT_H
#define ARCA_CURVE_POINT_H

#include "curve/scalar.h"

/* Terms of one sum, at most. */
enum { SECP_TERMS = 64 };

/* k P.  Requires: P is a point (secp_pk_read). */
secp_pk secp_pk_times(const secp_pk *P, const secp_sk *k);

/* -P */
static inline secp_pk secp_pk_negative(const secp_pk *P)
{
	secp_pk n = *P;
	n.b[0] ^= 1;
	return n;
}

/* *out = sum of k[i] P[i]; k NULL: of the P[i].  False, and out untouched: it is infinity, as it is without terms, or some P[i]
 * is no point. */
[[nodiscard]] bool secp_pk_sum_var(secp_pk *out, const secp_pk *P, const secp_scalar *k, size_t terms);

#endif
