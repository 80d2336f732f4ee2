/* SPDX-License-Identifier: MIT */
/* share/shamir.h -- Shamir's sharing over a Galois ring. */
#ifndef ARCA_SHARE_SHAMIR_H
#define ARCA_SHARE_SHAMIR_H

#include "share/share.h"

/*
 * out[i] = f(gr_point(i)) for i = 1 .. n, f uniform over R of degree <= degree with f(0) = secret.  The coefficients are
 * uniform in R even when the secret is an integer: integers there would let a single share tell of the secret.
 * Requires: n < R->points; out has n + 1 places, out[0] is untouched.
 */
void shamir_deal(share *out, const ring *R, unsigned n, unsigned degree, gr secret, const rng *random);

/* weight[i], i in `who`: sum of weight[i] f(gr_point(i)) = f(at) for every f of degree < |who|.  Public.
 * Requires: weight has MAX_PARTIES + 1 places. */
void lagrange_weights(gr *weight, const ring *R, party_set who, gr at);

/* f(0) from exactly the shares of `who` (y by party number), with no check at all: for tests and oracles. */
gr   interpolate_unchecked(const ring *R, const gr *y, party_set who);

#endif
