/* SPDX-License-Identifier: MIT */
/*
 * lattice/poly.h -- polynomials in Z_q[X]/(X^N + 1) with q = 2^64 or 2^128, and the digits of their coefficients.
 *
 * One idea carries the products: the extension of a polynomial a is the array of 2N coefficients (-a, a).  In it
 *
 *     X^j * a  =  ext[N - j .. 2N - j)        for 0 <= j <= N,
 *
 * so a product is a sum of windows, without a wrap-around in any inner loop.
 *
 * Digits.  With base 2^B and l levels, x in Z_q (w bits) is rounded to its r = B*l top bits, read as a signed number,
 * and written as sum of d_j 2^(w - B*j), j = 1..l, with |d_j| <= 2^(B-1).  Everything that has levels is stored with
 * the highest j (smallest weight) first, digits too: d[0] is d_l.
 */
#ifndef ARCA_LATTICE_POLY_H
#define ARCA_LATTICE_POLY_H

#include "lattice/params.h"

enum { MAX_LEVELS = 8 };

/* A small signed number in Z_q. */
static inline uint64_t mod64(int64_t d) { return (uint64_t)d; }
static inline u128 mod128(int64_t d) { return (u128)(i128)d; }

/* d[0 .. level).  Requires: 0 < base_log * level < w, base_log < 64, level <= MAX_LEVELS. */
void digits64(int64_t *d, uint64_t x, decomp dc);
void digits128(int64_t *d, u128 x, decomp dc);

/* ext[0 .. 2N) = (-a, a) */
void poly64_extend(uint64_t *ext, const uint64_t *a, unsigned N);
void poly128_extend(u128 *ext, const u128 *a, unsigned N);

/* acc += a * s, where ext extends a and s has coefficients 0 and 1.  Requires: N is a multiple of 4. */
void poly64_mul_binary_add(uint64_t *acc, const uint64_t *ext, const uint8_t *s, unsigned N);
void poly128_mul_binary_add(u128 *acc, const u128 *ext, const uint8_t *s, unsigned N);

/* acc += a * d, where ext extends the small signed d. */
void poly64_mul_digits_add(uint64_t *acc, const uint64_t *a, const int64_t *ext, unsigned N);
void poly128_mul_digits_add(u128 *acc, const u128 *a, const int64_t *ext, unsigned N);

/* The digits of all coefficients, as the extensions of `level` polynomials: level x 2N, highest j first. */
void poly64_digits(int64_t *ext, const uint64_t *a, unsigned N, decomp dc);
void poly128_digits(int64_t *ext, const u128 *a, unsigned N, decomp dc);

/* out = X^e * a.  Requires: e < 2N; out and a do not overlap. */
void poly64_rotate_var(uint64_t *out, const uint64_t *a, unsigned N, unsigned e);
void poly128_rotate_var(u128 *out, const u128 *a, unsigned N, unsigned e);

#endif
