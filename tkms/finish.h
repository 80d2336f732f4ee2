/* SPDX-License-Identifier: MIT */
/*
 * tkms/finish.h -- from opened elements to the plaintext.
 *
 * An opened coefficient is y = v 2^123 + e + E with |e| <= 2^70 and |E| <= 2 C 2^110, C = C(n, t).  e is the
 * ciphertext's noise with what rounding its mask adds (share/partial.h).  v, of four bits under a clear padding bit, is
 * y / 2^123 rounded.  Refused, with no value:
 *
 *   noise      y is further than 2 C 2^110 + 2^70 from the nearest multiple of 2^123
 *   padding    v is 16 .. 31
 *   form       a coefficient of the last element that holds no block is not 0
 *
 * All honest parties open the same y, so in public decryption they reach the same verdict; in user decryption the user does.
 *
 * Time: constant in y; only the verdict is declassified.  What was opened to a user is the user's secret.
 */
#ifndef ARCA_TKMS_FINISH_H
#define ARCA_TKMS_FINISH_H

#include "share/party.h"
#include "tkms/decrypt.h"

typedef enum block_verdict { BLOCK_GOOD, BLOCK_NOISE, BLOCK_PADDING } block_verdict;

/* 2 C 2^110 + 2^70.  Requires: C <= MAX_PRSS_SETS, so that it is below 2^122. */
u128 noise_bound(unsigned C);

/* *v = the nearest multiple, modulo 32. */
block_verdict finish_block(unsigned *v, u128 y, u128 bound);

/* y: elements * d opened words.  ERR_REQUEST with a sentence if it is refused, or if so many elements are not what a value
 * of this type has; *out is then untouched. */
err finish_value(plaintext *out, const fhe_type *type, unsigned n, unsigned t, unsigned d, const u128 *y, size_t elements);

#endif
