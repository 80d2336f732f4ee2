/* SPDX-License-Identifier: MIT */
/*
 * tkms/partial.h -- a party's part of a threshold decryption (version 1, noise flooding).
 *
 * For every block (a, b) of a squashed ciphertext with identity h:
 *
 *     c = b - <a', s>_me + <E>_me              s: the shared key; E: the mask of this block (share/prss.h), |E| <= 2 C 2^110;
 *                                              a': the words of a, rounded to multiples of 2^44 (share/partial.h)
 *
 * and d blocks travel in one element, Y = c_0 + X c_1 + .. + X^{d-1} c_{d-1}: opened, its coefficients are the masked phases
 * of the blocks.  Noise of at most 2^70, with what rounding adds, is drowned by the mask, of which no T parties know all terms.
 *
 * In public decryption the elements are sent to all parties (mpc/async_open.h) and finished by each (tkms/finish.h).  In user
 * decryption they go to the user alone, signcrypted (tkms/reconstruct.h).  Masks have no Check: a wrong share is found by
 * decoding.
 *
 * Time: constant in key shares and masks.
 */
#ifndef ARCA_TKMS_PARTIAL_H
#define ARCA_TKMS_PARTIAL_H

#include "share/prss.h"
#include "tkms/identity.h"

/* This party's masked shares of one ciphertext. */
typedef struct masked {
	hash32   h;
	uint32_t blocks, elements;       /* m and ceil(m / d) */
	uint8_t *bytes;                  /* elements * d words of 128 bits, little-endian: as they travel, in the arena */
} masked;

static inline uint32_t elements_of(uint32_t blocks, unsigned d) { return (blocks + d - 1) / d; }

/*
 * out[i] from ct[i], i < count.  Many at once keep key shares and masks in the caches; what comes out for one never depends
 * on the others.  The arena holds scratch as well: its owner wipes it by arena_free.  ERR_NOMEM if it is too small.
 * Requires: ct[i] conforms to key->params; `masks` are those of the holder's epoch.
 */
err partial_decrypt(masked *out, arena *a, const online_key *key, const prss *masks, decrypt_operation operation,
                    const squashed *ct, size_t count);

/* Bytes that partial_decrypt takes from the arena for that many blocks in `count` ciphertexts, at most. */
size_t partial_decrypt_memory(unsigned d, size_t blocks, size_t count);

#endif
