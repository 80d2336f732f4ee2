/* SPDX-License-Identifier: MIT */
/* ring/ntt_portable.c -- the definition of ring/ntt.h: the factor is the words, the product the schoolbook sum. */
#include "ring/ntt.h"

static size_t factor_bytes(ntt_shape s) { return (size_t)s.k * s.N * s.d * sizeof(u128); }
static size_t scratch_bytes(ntt_shape s) { (void)s; return 0; }

static void load(ntt_shape s, void *factor, void *scratch, const u128 *words)
{
	(void)scratch;
	ASSERT(ntt_shape_ok(s));
	memcpy(factor, words, factor_bytes(s));
}

/* Coefficient b of X^i a is a_(b - i), or -a_(N + b - i) where i > b. */
static void product(ntt_shape s, u128 *out, void *scratch, const void *factor, const u128 *a, unsigned first,
                    unsigned count)
{
	(void)scratch;
	ASSERT(ntt_shape_ok(s) && first <= s.N && count <= s.N - first);
	memset(out, 0, (size_t)count * s.d * sizeof *out);
	for (unsigned b = first; b < first + count; b++, out += s.d) {
		const u128 *word = factor;
		for (unsigned j = 0; j < s.k; j++)
			for (unsigned i = 0; i < s.N; i++, word += s.d) {
				const u128 x = i <= b ? a[j * s.N + b - i] : -a[j * s.N + s.N + b - i];
				for (unsigned c = 0; c < s.d; c++) out[c] += x * word[c];
			}
	}
}

const ntt_kernel NTT_PORTABLE = { "portable", 0, factor_bytes, scratch_bytes, load, product };
