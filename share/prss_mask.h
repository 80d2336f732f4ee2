/* SPDX-License-Identifier: MIT */
/*
 * share/prss_mask.h -- sums of masks by small weights, in vectors of masks.
 *
 * Let w_A / D = f_A(gr_point(i)) with small integers (share/small.h), and phi = phi_A(2 block) + phi_A(2 block + 1) + 2^111, a
 * number of 112 bits and no sign.  Its limbs of 32 bits, of which the lower three are moved by 2^31 into the range of signed
 * factors, are multiplied by w_A and added up over all sets in 64 bits:
 *
 *     sum_l = sum over A of w_A limb_l(phi_A)               |limb| <= 2^31, and sum |w_A| <= 2^31 is required
 *     <E>_i = (sum over l < 4 of (start_l + sum_l) 2^32l) / D
 *
 * in each of the d coefficients.  The start puts right what was lifted and moved, (sum of w_A)(2^31 + 2^63 + 2^95 - 2^111), and
 * keeps the lower two words from being negative.
 */
#ifndef ARCA_SHARE_PRSS_MASK_H
#define ARCA_SHARE_PRSS_MASK_H

#include "share/prss.h"
#include "sym/aes_many.h"

enum { MASK_LIMBS = 4, MASK_KEYS = 32 /* at a time */, MASK_SCRATCH = MASK_KEYS * 128 };

typedef struct prss_mask_weights {
	bool     fit;                        /* there are such integers; otherwise the rest is empty */
	u128     D_inverse;
	int64_t  start[GR_MAX_DEGREE * MASK_LIMBS];
	int32_t *w;                          /* of key s, coefficient c, at [s d + c] */
} prss_mask_weights;

/* weight: held elements of GR(2^128, d).  ERR_NOMEM. */
err  prss_mask_weights_new(prss_mask_weights *out, const gr *weight, unsigned held, unsigned d);
void prss_mask_weights_free(prss_mask_weights *W);

/*
 * Masks lie in groups of `lanes` side by side; limb l of coefficient c of mask m at
 *
 *     sum[((m / lanes * d + c) * 4 + l) * lanes + m % lanes]
 */
typedef struct prss_mask_kernel {
	const char *name;
	unsigned    needs, lanes;            /* lanes: at most 8 */
	/*
	 * Adds what these keys add to the sums of `count` masks; first: to nothing.  phi: two rows a mask, each of a block a key,
	 * `row` bytes apart.  scratch: MASK_SCRATCH bytes.  scratch, sum: aligned to 64.  Requires: keys <= MASK_KEYS.
	 */
	void (*add)(int64_t *sum, bool first, uint8_t *scratch, const int32_t *w, unsigned d, size_t keys, const uint8_t *phi,
	            size_t row, size_t count);
	/* Replaces limbs 0 and 1 by the words v0, v1 of the sum of (start_l + sum_l) 2^32l, which is v0 + 2^64 v1 modulo 2^128. */
	void (*carry)(int64_t *sum, const int64_t *start, unsigned d, size_t count);
} prss_mask_kernel;

extern const prss_mask_kernel PRSS_MASK_PORTABLE, PRSS_MASK_AVX2, PRSS_MASK_AVX512;
extern const prss_mask_kernel *const PRSS_MASK_ALL[];    /* best first; NULL at the end */
const prss_mask_kernel *prss_mask_chosen(void);

/* prss_mask_add() by this kernel; NULL: by the weights as they are, 128 bits wide. */
void prss_mask_add_by(const prss_mask_kernel *k, const prss *p, u128 *w, const hash32 *h, uint32_t first, size_t count);

#endif
