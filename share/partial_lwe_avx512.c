/* SPDX-License-Identifier: MIT */
/*
 * share/partial_lwe_avx512.c -- eight words of the mask side by side, by products of 52 bits (IFMA), for every d.
 *
 * With x = x_0 + x_1 2^52 and s alike, x s modulo 2^84 has two columns: the lower half (52 bits) of x_0 s_0, and the upper half
 * of x_0 s_0 with the lower halves of x_0 s_1 and x_1 s_0.  The second column counts modulo 2^32: sums may overflow.  The first
 * has a term below 2^52 a word: 4096 words a lane stay below 2^64, then they are added up.
 *
 * The key: for eight words at a time, coefficient after coefficient, two limbs of eight.
 */
#include "base/cpu.h"
#include "share/partial_lwe.h"
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

typedef __m512i vec;

enum { LANES = 8, LIMBS = 2, RUN = 4096 };

static const uint64_t LIMB = ((uint64_t)1 << 52) - 1;

static bool serves(unsigned d) { return d >= GR_MIN_DEGREE; }

static size_t eights(size_t dim) { return (dim + LANES - 1) / LANES; }

static size_t bytes(unsigned d, size_t dim) { return eights(dim) * d * LIMBS * sizeof(vec); }

static void pack(void *key, unsigned d, size_t dim, const u128 *words)
{
	uint64_t *s = key;                   /* zero where there is no word */

	for (size_t i = 0; i < dim; i++)
		for (unsigned l = 0; l < d; l++)
			for (unsigned j = 0; j < LIMBS; j++)
				s[((i / LANES * d + l) * LIMBS + j) * LANES + i % LANES] = (uint64_t)(words[i * d + l] >> 52 * j) & LIMB;
}

/* The limbs of a'[0 .. 8) / 2^44, of which those from n on are 0. */
INLINE void to_limbs(vec limb[static LIMBS], const u128 *a, size_t n)
{
	const vec half = _mm512_set1_epi64((long long)1 << (PARTIAL_DROPPED - 1)), one = _mm512_set1_epi64(1);
	const vec even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
	const unsigned present = n >= LANES ? 0xffff : (1u << 2 * n) - 1;
	const vec a0 = _mm512_maskz_loadu_epi64((__mmask8)present, a);
	const vec a1 = _mm512_maskz_loadu_epi64((__mmask8)(present >> 8), a + 4);
	const vec low = _mm512_add_epi64(_mm512_permutex2var_epi64(a0, even, a1), half);
	vec high = _mm512_permutex2var_epi64(a0, odd, a1);

	high = _mm512_mask_add_epi64(high, _mm512_cmplt_epu64_mask(low, half), high, one);
	limb[0] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(low, PARTIAL_DROPPED), _mm512_slli_epi64(high, 64 - PARTIAL_DROPPED)),
	                           _mm512_set1_epi64((long long)LIMB));
	limb[1] = _mm512_srli_epi64(high, 52 + PARTIAL_DROPPED - 64);
}

/* Adds the products of words first .. last - 1 and coefficients 0 .. width - 1, over 2^44, to out; last - first <= 8 RUN. */
INLINE void multiply(u128 *out, const vec *key, unsigned width, unsigned d, size_t first, size_t last, const u128 *a)
{
	vec c0[4], c1[4], more[4];

	for (unsigned l = 0; l < width; l++) c0[l] = c1[l] = more[l] = _mm512_setzero_si512();
	for (size_t i = first; i < last; i += LANES) {
		vec x[LIMBS];
		const vec *s = key + i / LANES * d * LIMBS;

		to_limbs(x, a + i, last - i);
		for (unsigned l = 0; l < width; l++, s += LIMBS) {
			const vec s0 = _mm512_load_si512(s), s1 = _mm512_load_si512(s + 1);
			c0[l] = _mm512_madd52lo_epu64(c0[l], x[0], s0);
			c1[l] = _mm512_madd52hi_epu64(c1[l], x[0], s0);
			more[l] = _mm512_madd52lo_epu64(more[l], x[0], s1);
			c1[l] = _mm512_madd52lo_epu64(c1[l], x[1], s0);
		}
	}
	for (unsigned l = 0; l < width; l++) {
		uint64_t column[LIMBS][LANES];
		_mm512_storeu_si512(column[0], c0[l]);
		_mm512_storeu_si512(column[1], _mm512_add_epi64(c1[l], more[l]));
		for (unsigned j = 0; j < LIMBS; j++)
			for (unsigned i = 0; i < LANES; i++) out[l] += (u128)column[j][i] << 52 * j;
		wipe(column, sizeof column);
	}
}

static void dot(u128 *out, const void *key, unsigned d, size_t dim, const u128 *a)
{
	for (unsigned l = 0; l < d; l++) out[l] = 0;
	for (size_t first = 0; first < dim; first += LANES * RUN) {
		const size_t last = size_min(dim, first + LANES * RUN);
		unsigned l = 0;
		for (; l + 4 <= d; l += 4) multiply(out + l, (const vec *)key + l * LIMBS, 4, d, first, last, a);
		for (; l < d; l++) multiply(out + l, (const vec *)key + l * LIMBS, 1, d, first, last, a);
	}
	for (unsigned l = 0; l < d; l++) out[l] <<= PARTIAL_DROPPED;
}

const lwe_kernel LWE_AVX512 = { "avx512", CPU_AVX512 | CPU_IFMA, serves, bytes, pack, dot };
