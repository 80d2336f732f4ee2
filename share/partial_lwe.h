/* SPDX-License-Identifier: MIT */
/*
 * share/partial_lwe.h -- inner products of public words, rounded, and shared ones, modulo 2^128 in each coefficient: the
 * kernels of the LWE form of share/partial.h.  Each lays the key out as it wants to read it.
 *
 * a' = 2^44 x for a number x of 84 bits, so a' s modulo 2^128 is 2^44 (x s modulo 2^84), where s counts modulo 2^84 only.
 */
#ifndef ARCA_SHARE_PARTIAL_LWE_H
#define ARCA_SHARE_PARTIAL_LWE_H

#include "share/partial.h"

typedef struct lwe_kernel {
	const char *name;
	unsigned needs;
	bool   (*serves)(unsigned d);
	size_t (*bytes)(unsigned d, size_t dim);             /* of the key; a multiple of 64 bytes is aligned to 64 */
	void   (*pack)(void *key, unsigned d, size_t dim, const u128 *words);
	/* out[l] = sum of partial_rounded(a[i]) times coefficient l of share i. */
	void   (*dot)(u128 *out, const void *key, unsigned d, size_t dim, const u128 *a);
} lwe_kernel;

extern const lwe_kernel LWE_PORTABLE, LWE_AVX2, LWE_AVX512;
extern const lwe_kernel *const LWE_ALL[];                /* best first; NULL at the end */
const lwe_kernel *lwe_kernel_chosen(unsigned d);

/* lwe_key_share_new() for this kernel. */
err lwe_key_share_new_for(const lwe_kernel *k, lwe_key_share **out, unsigned d, size_t dim, const u128 *words);

#endif
