/* SPDX-License-Identifier: MIT */
/*
 * ring/gr.h -- the Galois rings R = GR(2^k, d) = (Z/2^k)[X] / F(X), k = 64 or 128, d = 3 .. 8.
 *
 * Why a Galois ring and not Z/2^k: Shamir sharing among n parties needs n + 1 points whose pairwise differences are
 * units.  Z/2^k has only two (0 and 1); R has 2^d.  Its residue field R/2 is GF(2^d) (ring/gf.h).
 *
 *   d      3          4          5            6          7          8
 *   F      X^3+X+1    X^4+X+1    X^5+X^2+1    X^6+X+1    X^7+X+1    X^8+X^4+X^3+X+1
 *
 * F has these integer coefficients modulo 2^k, so X^4 = -X - 1 for d = 4: minus signs matter.
 *
 *   element        a_0 + a_1 X + ... + a_{d-1} X^{d-1}, 0 <= a_i < 2^k; always canonical, so equality is of bytes
 *   unit           a mod 2 != 0 in GF(2^d)
 *   gr_point(i)    the 0/1 polynomial whose bits are those of i: party i's point; 0 is where secrets stand
 *   scalar         an element with a_1 = ... = a_{d-1} = 0
 *
 * One type for every ring: protocols are written once, and only vectors of many elements (share/) are laid out for speed.
 * gr_impl.inc is the arithmetic, instantiated for each (k, d).
 *
 * Time: constant in the values of elements, unless the name ends in _var.
 */
#ifndef ARCA_RING_GR_H
#define ARCA_RING_GR_H

#include "base/base.h"

enum { GR_MIN_DEGREE = 3, GR_MAX_DEGREE = 8, GR_MAX_BYTES = 16 * GR_MAX_DEGREE };

/* Coefficients from d on are 0, and so are the high words where k = 64. */
typedef struct gr { u128 c[GR_MAX_DEGREE]; } gr;

typedef struct ring {
	unsigned k, d;
	size_t   bytes;                  /* of an encoded element: d * k / 8 */
	unsigned points;                 /* 2^d                              */
	gr     (*mul)(const gr *a, const gr *b);
	gr     (*dot)(const gr *a, const gr *b, size_t n);
	gr     (*times_point)(unsigned i, const gr *a);
} ring;

/* Requires: k is 64 or 128, 3 <= d <= 8. */
const ring *ring_of(unsigned k, unsigned d);

/* The degree that a cluster of n parties uses: 4 for n <= 15, then the smallest d with 2^d > n.  Requires: 1 <= n < 256. */
unsigned ring_degree(unsigned n);

static const gr GR_ZERO = { { 0 } }, GR_ONE = { { 1 } };

gr   gr_add(const ring *R, gr a, gr b);
gr   gr_sub(const ring *R, gr a, gr b);
gr   gr_neg(const ring *R, gr a);
gr   gr_mul(const ring *R, gr a, gr b);
gr   gr_dot(const ring *R, const gr *a, const gr *b, size_t n);   /* a_0 b_0 + ... + a_{n-1} b_{n-1}, reduced once */
gr   gr_scale(const ring *R, u128 z, gr a);          /* z a, z in Z                                  */
gr   gr_scalar(const ring *R, u128 z);               /* z as an element: z mod 2^k                   */
gr   gr_times_x(const ring *R, gr a);                /* X a: a shift and a few subtractions          */
gr   gr_times_point(const ring *R, unsigned i, gr a);/* gr_point(i) a: shifts and additions; i public */

/* a^-1.  Requires: a is a unit (CHECKed; otherwise the result is meaningless). */
gr   gr_inv(const ring *R, gr a);

/* Requires: i < R->points.  For i != j, gr_point(i) - gr_point(j) is a unit; gr_point(0) = 0. */
gr   gr_point(unsigned i);

bool gr_eq_var(gr a, gr b);
bool gr_is_unit_var(const ring *R, gr a);
bool gr_is_scalar_var(const ring *R, gr a);

/* f_0 + f_1 x + ... + f_deg x^deg, by Horner.  Reads f[0 .. deg].  gr_eval_at: at the point of party i. */
gr   gr_eval(const ring *R, const gr *f, unsigned deg, gr x);
gr   gr_eval_at(const ring *R, const gr *f, unsigned deg, unsigned i);

/* The homomorphism GR(2^128, d) -> GR(2^64, d), coefficient by coefficient; it maps points to points, so a truncated share
 * is a share of the truncated secret. */
gr   gr_narrow(gr a);

/* The residue modulo 2 of a / 2^shift as bits of an integer: an element of GF(2^d).  Public data. */
unsigned gr_residue_var(const ring *R, gr a, unsigned shift);
/* The largest w with 2^w | a; k for 0. */
unsigned gr_valuation_var(const ring *R, gr a);

gr   gr_random(const ring *R, const rng *random);

/* d little-endian words of k bits, coefficient 0 first: R->bytes.  Every string of that length is an element. */
void gr_write(const ring *R, uint8_t *out, gr a);
gr   gr_read(const ring *R, const uint8_t *in);

#endif
