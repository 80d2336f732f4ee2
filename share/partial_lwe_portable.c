/* SPDX-License-Identifier: MIT */
/* share/partial_lwe_portable.c -- the definition: words rounded, and multiplied by the compiler. */
#include "share/partial_lwe.h"

static bool serves(unsigned d) { return d >= GR_MIN_DEGREE; }

static size_t bytes(unsigned d, size_t dim) { return dim * d * sizeof(u128); }

static void pack(void *key, unsigned d, size_t dim, const u128 *words) { memcpy(key, words, dim * d * sizeof *words); }

static void dot(u128 *out, const void *key, unsigned d, size_t dim, const u128 *a)
{
	const u128 *s = key;

	for (unsigned l = 0; l < d; l++) out[l] = 0;
	for (size_t i = 0; i < dim; i++, s += d)
		for (unsigned l = 0; l < d; l++) out[l] += partial_rounded(a[i]) * s[l];
}

const lwe_kernel LWE_PORTABLE = { "portable", 0, serves, bytes, pack, dot };
