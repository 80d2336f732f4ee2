/* SPDX-License-Identifier: MIT */
/*
 * share/partial.h -- a party's part of decrypting: p = b - <a', s> with a shared key s and a public ciphertext (a, b).
 *
 *   one LWE ciphertext        an inner product of dim words with dim shares
 *   a list in one GLWE        a product of polynomials, for all its blocks together, by an exact number-theoretic transform
 *
 * a' are the words of the mask, rounded to multiples of 2^44, so that a product is one of 84 bits.  Rounding is a part of the
 * function and the same for all parties.  With a binary key it moves a phase by at most dim 2^43, below 2^56, where noise of
 * 2^70 is allowed (doc/notes/rounded-masks.md).  A list is rounded as it stands, before any of its blocks is taken out.
 *
 * All arithmetic is modulo 2^128 in each of the d coefficients, exact; every variant gives the same bits.
 *
 * Time: constant in the shares.
 */
#ifndef ARCA_SHARE_PARTIAL_H
#define ARCA_SHARE_PARTIAL_H

#include "share/share.h"

enum { PARTIAL_DROPPED = 44, PARTIAL_KEPT = 128 - PARTIAL_DROPPED };

/* a' = the multiple of 2^44 next to a, modulo 2^128; halfway, the upper one. */
static inline u128 partial_rounded(u128 a)
{
	return (a + ((u128)1 << (PARTIAL_DROPPED - 1))) >> PARTIAL_DROPPED << PARTIAL_DROPPED;
}

/* ---- LWE form -------------------------------------------------------------------------------------------------- */

typedef struct lwe_key_share lwe_key_share;          /* dim shares in guarded memory */

/* words: dim elements of GR(2^128, d), coefficient 0 first; copied.  ERR_NOMEM.  Requires: dim <= LWE_MAX_DIM. */
enum { LWE_MAX_DIM = 1 << 24 };
err  lwe_key_share_new(lwe_key_share **out, unsigned d, size_t dim, const u128 *words);
void lwe_key_share_free(lwe_key_share **k);

/* out[i d .. i d + d) = the share of phase of ciphertext i.  lwe: count rows of dim mask words and the body. */
void partial_lwe(const lwe_key_share *k, u128 *out, const u128 *lwe, size_t count);

/* ---- GLWE form ------------------------------------------------------------------------------------------------- */

typedef struct glwe_key_share glwe_key_share;        /* k polynomials of N shares each, transformed, in guarded memory */

/* words: k * N elements, polynomial after polynomial, lowest degree first; copied.  ERR_NOMEM.  Requires: ntt_shape_ok
 * (ring/ntt.h): N = 256 or 1024, k <= 8. */
err  glwe_key_share_new(glwe_key_share **out, unsigned d, unsigned k, unsigned N, const u128 *words);
void glwe_key_share_free(glwe_key_share **key);

/*
 * out[i d ..] = the share of the phase of block first + i, i < count, of B - sum A'_j S_j.  mask: the k * N words of the list;
 * body: words of the blocks, body[i] that of block first + i.  Few blocks are computed one by one, many together: the caller
 * need not choose.  Any thread.  Requires: first + count <= N.
 */
void partial_packed(const glwe_key_share *key, u128 *out, const u128 *mask, const u128 *body, unsigned first, size_t count);

#endif
