/* SPDX-License-Identifier: MIT */
/*
 * share/small.c -- fractions from residues, by Euclid.
 *
 * With 0 < c < 2^128 let (r_i) be the remainders of 2^128 and c, and (q_i) the factors with r_i = +- q_i c modulo 2^128.  If
 * c = p / D modulo 2^128 with |p|, D < 2^63, then p / D is the first pair with r_i < 2^64, up to sign: two such pairs satisfy
 * p q = +- r D, as integers, because both sides are below 2^127.
 */
#include "share/small.h"

u128 inverse_of_odd(u128 a)
{
	u128 y = a;                          /* right modulo 8; each step doubles the bits that are right */

	for (unsigned right = 3; right < 128; right *= 2) y *= 2 - a * y;
	return y;
}

static u128 magnitude(u128 x) { return (i128)x < 0 ? -x : x; }

/* The D of c = p / D with small p and D; some number if there is none. */
static u128 denominator(u128 c)
{
	u128 r0 = -c, r1 = c, q0 = 1, q1 = 1;        /* the first division, of 2^128, begins with one subtraction */

	while (r1 >> 64) {
		const u128 quotient = r0 / r1, r = r0 - quotient * r1, q = q0 + quotient * q1;
		r0 = r1, r1 = r, q0 = q1, q1 = q;
	}
	return q1;
}

bool small_fractions_var(int32_t *w, uint64_t *D, const u128 *c, size_t count, uint32_t bound)
{
	u128 d = 1;

	for (size_t i = 0; i < count; i++) {
		if (magnitude(d * c[i]) > bound) d *= denominator(d * c[i]);
		if (!(d & 1) || d >> 63) return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (magnitude(d * c[i]) > bound) return false;
		w[i] = (int32_t)(uint32_t)(d * c[i]);
	}
	*D = (uint64_t)d;
	return true;
}
