/* SPDX-License-Identifier: MIT */
/*
 * share/tuniform.h -- shared noise from shared bits.
 *
 * TUniform(b) are the integers from -2^b to 2^b, the inner ones with probability 2^-(b+1), the two ends with half of that.
 * With b + 2 random bits
 *
 *     e = -2^b + bit_(b+1) + sum over j <= b of 2^j bit_j
 *
 * has that distribution, and is linear in the bits: no message.
 */
#ifndef ARCA_SHARE_TUNIFORM_H
#define ARCA_SHARE_TUNIFORM_H

#include "share/share.h"

static inline unsigned tuniform_bits(unsigned b) { return b + 2; }

/* e: count elements, from count tuniform_bits(b) of them in bit, those of a sample side by side, bit_0 first; elements as in
 * share/prss_batch.h.  e may be bit.  Requires: b + 1 < R->k.  Time: constant in shares. */
void tuniform_from_bits(const ring *R, void *e, const void *bit, unsigned b, size_t count);

#endif
