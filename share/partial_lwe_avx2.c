/* SPDX-License-Identifier: MIT */
/*
 * share/partial_lwe_avx2.c -- the four coefficients of GR(2^128, 4) side by side, by products of 32 bits.
 *
 * With a = sum a_i 2^32i and s alike, the product modulo 2^128 has four columns, a_i s_j with i + j = 0 .. 3:
 *
 *     0, 1    products are added up modulo 2^64, and so are their upper halves: the sum of at most 2^32 products is
 *             2^32 (sum of upper halves) + the sum of lower halves, and the latter is below 2^64
 *     2       counts modulo 2^64: sums may overflow
 *     3       counts modulo 2^32: two multiplications of 32 bits each give two products
 *
 * The key is 64 bytes a word of the mask: the lower halves of the four coefficients, then the upper halves.
 */
#include "base/cpu.h"
#include "share/partial_lwe.h"
#include <immintrin.h>

enum { D = 4 };

typedef __m256i vec;

static bool serves(unsigned d) { return d == D; }

static size_t bytes(unsigned d, size_t dim) { return dim * d * sizeof(u128); }

static void pack(void *key, unsigned d, size_t dim, const u128 *words)
{
	uint64_t *s = key;

	for (size_t i = 0; i < dim; i++, s += 2 * D)
		for (unsigned l = 0; l < D; l++) {
			s[l] = (uint64_t)words[i * d + l];
			s[D + l] = (uint64_t)(words[i * d + l] >> 64);
		}
}

static inline vec halves_swapped(vec a) { return _mm256_shuffle_epi32(a, 0xb1); }

static void dot(u128 *out, const void *key, unsigned d, size_t dim, const u128 *a)
{
	const vec *s = key;
	vec sum0 = _mm256_setzero_si256(), upper0 = sum0, sum1 = sum0, upper1 = sum0, sum2 = sum0, sum3 = sum0;

	(void)d;
	for (size_t i = 0; i < dim; i++) {
		const uint64_t low = (uint64_t)a[i], high = (uint64_t)(a[i] >> 64);
		const vec a01 = _mm256_set1_epi64x((long long)low), a23 = _mm256_set1_epi64x((long long)high);
		const vec a10 = halves_swapped(a01), a32 = halves_swapped(a23);
		const vec s01 = _mm256_load_si256(s + 2 * i), s23 = _mm256_load_si256(s + 2 * i + 1), s1 = _mm256_srli_epi64(s01, 32);

		const vec p00 = _mm256_mul_epu32(a01, s01), p10 = _mm256_mul_epu32(a10, s01), p01 = _mm256_mul_epu32(a01, s1);
		sum0 = _mm256_add_epi64(sum0, p00), upper0 = _mm256_add_epi64(upper0, _mm256_srli_epi64(p00, 32));
		sum1 = _mm256_add_epi64(sum1, p10), upper1 = _mm256_add_epi64(upper1, _mm256_srli_epi64(p10, 32));
		sum1 = _mm256_add_epi64(sum1, p01), upper1 = _mm256_add_epi64(upper1, _mm256_srli_epi64(p01, 32));

		const vec p20 = _mm256_mul_epu32(a23, s01), p11 = _mm256_mul_epu32(a10, s1), p02 = _mm256_mul_epu32(a01, s23);
		sum2 = _mm256_add_epi64(sum2, _mm256_add_epi64(_mm256_add_epi64(p20, p11), p02));

		/* a3 s0 beside a2 s1, and a1 s2 beside a0 s3 */
		const vec p30 = _mm256_mullo_epi32(a32, s01), p12 = _mm256_mullo_epi32(a10, s23);
		sum3 = _mm256_add_epi32(sum3, _mm256_add_epi32(p30, p12));
	}

	uint64_t c[6][D];
	_mm256_storeu_si256((vec *)c[0], sum0), _mm256_storeu_si256((vec *)c[1], upper0);
	_mm256_storeu_si256((vec *)c[2], sum1), _mm256_storeu_si256((vec *)c[3], upper1);
	_mm256_storeu_si256((vec *)c[4], sum2), _mm256_storeu_si256((vec *)c[5], sum3);
	for (unsigned l = 0; l < D; l++) {
		const u128 column0 = ((u128)c[1][l] << 32) + (c[0][l] - (c[1][l] << 32));
		const u128 column1 = ((u128)c[3][l] << 32) + (c[2][l] - (c[3][l] << 32));
		out[l] = column0 + (column1 << 32) + ((u128)c[4][l] << 64) + ((u128)(c[5][l] + (c[5][l] >> 32)) << 96);
	}
	wipe(c, sizeof c);
}

const lwe_kernel LWE_AVX2 = { "avx2", CPU_AVX2, serves, bytes, pack, dot };
