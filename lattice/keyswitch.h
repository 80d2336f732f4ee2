/* SPDX-License-Identifier: MIT */
/*
 * lattice/keyswitch.h -- from one LWE key to another, and down to Z/2N: what stands before every blind rotation.
 *
 *   keyswitch         out = (0, .., 0, b) - sum_i sum_j digit_j(a_i) * row(i, j)
 *   modulus switch    round(x) = ((x + 2^(63-L)) mod 2^64) >> (64-L), 2^L = 2N
 *
 * A key of production has 60 MB, so it is read once for many ciphertexts: a block of rows stays in the cache while each
 * batch of ciphertexts passes it.  Products of a digit of few bits and a word are exact modulo 2^64 in every variant, so
 * all give the same bits.  The rows are split over threads where ciphertexts are few; sums of whole numbers do not care.
 *
 * Everything here works on public data.
 */
#ifndef ARCA_LATTICE_KEYSWITCH_H
#define ARCA_LATTICE_KEYSWITCH_H

#include "base/pool.h"
#include "lattice/keys.h"
#include "lattice/ciphertext.h"

/* One ciphertext, as the formula is.  out: to-dimension + 1 words; in: from-dimension + 1 words. */
void keyswitch_var(uint64_t *out, const uint64_t *in, const key_rows *ksk);

/* The same of all ciphertexts of `in`, in memory of the caller.  ERR_NOMEM. */
err  keyswitch_all_var(lwe64_run out, lwe64_run in, const key_rows *ksk, pool *p);

/*
 * out[0 .. dim] = the rounded mask and body, in [0, 2N).
 *
 *   MS_CENTERED_MEAN  the body is first moved by the mean of the rounding errors:
 *                     e_i = round(a_i) * 2^(64-L) - a_i, H = sum trunc(e_i / 2), D = sum (2 trunc(e_i / 2) - e_i),
 *                     body += H - trunc(D / 2) - 2^(63-L)
 *   MS_DRIFT          as MS_STANDARD: nodes skip the search among encryptions of zero.  For the test set it would never
 *                     start: with dim = 1 and 2N = 512 the measure is at most (3 + 9.8) * 2^53 < 2^57, below 2^58.
 */
void modulus_switch_var(uint32_t *out, const uint64_t *ct, unsigned dim, unsigned N, ms_kind kind);

/* Of every ciphertext of a run: out has in.count x (in.dim + 1) words, as a blind rotation takes them. */
void modulus_switch_all_var(uint32_t *out, lwe64_run in, unsigned N, ms_kind kind);

/* ---- the kernel: rows of a key times digits of few bits ------------------------------------------------------------ */

enum {
	KEYSWITCH_INPUTS = 8,                 /* mask words whose rows make a block                     */
	KEYSWITCH_ROWS   = 64,                /* of a block at most                                     */
	KEYSWITCH_BATCH  = 8,                 /* ciphertexts that pass a block together                 */
	KEYSWITCH_BITS   = 8                  /* the largest base_log for which digits are small enough */
};

typedef struct keyswitch_kernel {
	const char *name;
	unsigned    needs;                    /* base/cpu.h */

	/* acc[b * width + c] -= sum over r < rows of digit[b * KEYSWITCH_ROWS + r] * row[r * width + c], for b < batch and
	 * c < width.  Requires: rows is even, at most KEYSWITCH_ROWS; |digit| <= 2^(KEYSWITCH_BITS - 1). */
	void (*subtract)(uint64_t *acc, unsigned batch, const int16_t *digit, const uint64_t *row, unsigned rows, size_t width);
} keyswitch_kernel;

extern const keyswitch_kernel KEYSWITCH_PORTABLE, KEYSWITCH_AVX2, KEYSWITCH_AVX512;
extern const keyswitch_kernel *const KEYSWITCH_ALL[];         /* best first, the portable one last, then NULL */
const keyswitch_kernel *keyswitch_chosen(void);

/*
 * acc (count x width words) -= the digits of inputs mask words of count ciphertexts times their rows, by the kernel or,
 * where digits are larger, by plain products.  word[i * stride]: where the first of the words of ciphertext i stands.
 * Requires: inputs <= KEYSWITCH_INPUTS.
 */
void keyswitch_block_var(uint64_t *acc, size_t count, const uint64_t *word, size_t stride, unsigned inputs,
                         const uint64_t *row, size_t width, decomp dc);

#endif
