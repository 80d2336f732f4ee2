/* SPDX-License-Identifier: MIT */
/*
 * share/share.h -- values that n parties hold together, and the algebra on them; nothing here sends anything.
 *
 * A sharing of degree D of a secret s in R = GR(2^k, d) is a polynomial f of degree <= D over R with f(0) = s; party i holds
 * f(gr_point(i)).  D is t (the number of corrupt parties tolerated) or 2t (after a product).
 *
 * Read in this order:
 *   party.h     parties and sets of them
 *   shamir.h    dealing, Lagrange weights
 *   code.h      decoding words in which some shares are wrong, and the rule by which a result is accepted
 *   bivar.h     bivariate polynomials, for verifiable sharing
 *   prss.h      shares of random values that cost no message
 *   open.h      many values opened at once
 *   prss_batch.h, unanimous.h, bits.h, tuniform.h     random bits and noise, many at a time
 *   partial.h   a party's part of decrypting LWE and GLWE ciphertexts under a shared key
 *
 * Secret types.  A share is not a gr: the way back to a gr leads through an opening.
 */
#ifndef ARCA_SHARE_SHARE_H
#define ARCA_SHARE_SHARE_H

#include "ring/gr.h"
#include "share/party.h"

typedef struct share { gr v; } share;

static inline share share_add(const ring *R, share a, share b) { return (share){ gr_add(R, a.v, b.v) }; }
static inline share share_sub(const ring *R, share a, share b) { return (share){ gr_sub(R, a.v, b.v) }; }
static inline share share_scale(const ring *R, gr public_factor, share a) { return (share){ gr_mul(R, public_factor, a.v) }; }
static inline share share_narrow(share a) { return (share){ gr_narrow(a.v) }; }

#endif
