/* SPDX-License-Identifier: MIT */
/*
 * share/prss_batch_state.h -- sums over sets in small integers, and the kernels that add them up.
 *
 * With w_A = m f_A(a_i) (share/prss_batch.h) a sum is, in each of the d coefficients,
 *
 *     of zeta(ctr)      sum over A of w_A zeta_A                             one block a key; k = 64: two values in a sum
 *     of chi_j(ctr)     sum over A of w_A chi_A,j = sum over A, l of (X^l w_A) chi_A,j,l      chi_A,j,l the words of chi_A,j
 *
 * In vector kernels, words are 8 (or 4) limbs of 16 bits, moved by 2^15 into the range of signed factors, and one
 * instruction multiplies two limbs of two words by two weights.  The two words are those of X^0 and X^2, or X^1 and X^3, of
 * one key; or zeta of two keys in neighbouring quads.  The four keys of a quad stay side by side in a register, as they come
 * out of AES, until the end.  The sum of all |weights| of a coefficient is at most 2^16 - 1, so no sum of limbs leaves 32
 * bits.
 */
#ifndef ARCA_SHARE_PRSS_BATCH_STATE_H
#define ARCA_SHARE_PRSS_BATCH_STATE_H

#include "share/prss_batch.h"
#include "share/prss_state.h"

enum { BATCH_SUM = 512 /* bytes of a sum, in any kernel */, BATCH_VECTOR_DEGREE = 4 };

typedef enum batch_kind { BATCH_CHI_64, BATCH_CHI_128, BATCH_ZETA_64, BATCH_ZETA_128 } batch_kind;

struct prss_batch {
	const prss *p;
	bool     fit;                        /* there are small weights; otherwise the rest is empty */
	bool     vector;                     /* the tables of vector kernels are there               */
	bool     scaled;                     /* m is not 1                                           */
	gr       unscale;                    /* 1 / m modulo 2^128                                   */
	int16_t *weight;                     /* coefficient c of X^l w_A of key s at [(s d + l) d + c] */
	u128     start[2][GR_MAX_DEGREE];    /* of zeta, of chi: sum of weights, for what limbs were moved by */

	/* Weights of two words side by side, once for each of the four dwords of a key, four keys in 64 bytes:
	 * chi[((quad 2 + l) 4 + c) 16 + ..]    of X^l and X^(l+2)
	 * zeta[(quad / 2 4 + c) 16 + ..]       of the same key of two quads */
	int32_t *chi, *zeta;
};

typedef struct batch_kernel {
	const char *name;
	unsigned needs;
	/*
	 * Adds to `sums` sums, BATCH_SUM bytes apart, what the keys of quads first .. first + quads - 1 add; fresh: to nothing.
	 * block: what AES yields, of the blocks of one sum after those of the other; that of number i and of key s of quad first + q
	 * at [((i quads + q) 4 + s) 16].  first is even.
	 */
	void (*add)(void *sum, size_t sums, bool fresh, const prss_batch *b, batch_kind kind, const uint8_t *block, size_t first,
	            size_t quads);
	/* The words of `sums` sums: of each d, or for ZETA_64 those of the even counter and d of the odd one. */
	void (*total)(u128 *out, const void *sum, size_t sums, const prss_batch *b, batch_kind kind);
} batch_kernel;

/* Blocks of a key in a sum. */
static inline unsigned batch_blocks(batch_kind kind, unsigned d)
{
	return kind == BATCH_CHI_128 ? d : kind == BATCH_CHI_64 ? (d + 1) / 2 : 1;
}

extern const batch_kernel BATCH_PORTABLE, BATCH_AVX2, BATCH_AVX512;
extern const batch_kernel *const BATCH_ALL[];            /* best first; NULL at the end */
bool batch_serves(const batch_kernel *k, const prss_batch *b);
const batch_kernel *batch_chosen(const prss_batch *b);

/* prss_z_many(), przs_many() by this kernel, which serves b; NULL: by the weights as they are, one counter after the other. */
void prss_many_by(const batch_kernel *k, const prss_batch *b, const ring *R, prss_domain domain, void *out,
                  const uint8_t sid[static PRSS_SID], uint64_t first, size_t count);

#endif
