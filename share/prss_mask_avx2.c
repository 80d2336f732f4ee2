/* SPDX-License-Identifier: MIT */
/* share/prss_mask_avx2.c -- four masks side by side. */
#include "base/cpu.h"
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m256i vec;
#define LANES               4
#define WIDTH               2
#define vec_load(p)         _mm256_load_si256((const vec *)(p))
#define vec_store(p, a)     _mm256_store_si256((vec *)(p), a)
#define vec_same            _mm256_set1_epi64x
#define vec_same32          _mm256_set1_epi32
#define vec_add             _mm256_add_epi64
#define vec_sub             _mm256_sub_epi64
#define vec_and             _mm256_and_si256
#define vec_xor             _mm256_xor_si256
#define vec_right(a)        _mm256_srli_epi64(a, 32)
#define vec_left(a)         _mm256_slli_epi64(a, 32)
#define vec_product         _mm256_mul_epi32
#define vec_less(a, b)      _mm256_cmpgt_epi64(b, a)

static inline vec vec_two(const uint8_t *p, const uint8_t *q)
{
	const __m128i low = _mm_loadu_si128((const __m128i *)p), high = _mm_loadu_si128((const __m128i *)q);
	return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

static inline void vec_gather(vec *low, vec *high, const uint8_t *p, const size_t *at)
{
	const vec even = vec_two(p + at[0], p + at[2]), odd = vec_two(p + at[1], p + at[3]);
	*low = _mm256_unpacklo_epi64(even, odd), *high = _mm256_unpackhi_epi64(even, odd);
}

#define NAME                PRSS_MASK_AVX2
#define LABEL               "avx2"
#define NEEDS               CPU_AVX2
#include "share/prss_mask_x86.inc"
