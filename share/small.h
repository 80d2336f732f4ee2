/* SPDX-License-Identifier: MIT */
/*
 * share/small.h -- weights of interpolation as small integers over one odd denominator.
 *
 * The points of parties are polynomials with coefficients 0 and 1, so a weight of interpolation is, in the ring Z[X] / F(X)
 * with denominators, a short polynomial over a small odd number; modulo 2^128 the same weight looks like any element.  Here
 * the fractions are found again, so that 32-bit multiplications do the work of 128-bit ones.
 */
#ifndef ARCA_SHARE_SMALL_H
#define ARCA_SHARE_SMALL_H

#include "base/base.h"

/*
 * True: D is odd, D c[i] = w[i] modulo 2^128 and |w[i]| <= bound for all i < count.  False: there are none; w and D are
 * meaningless then.  Requires: bound < 2^31.  Time: variable; weights are public.
 */
bool small_fractions_var(int32_t *w, uint64_t *D, const u128 *c, size_t count, uint32_t bound);

/* 1 / a modulo 2^128.  Requires: a is odd. */
u128 inverse_of_odd(u128 a);

#endif
