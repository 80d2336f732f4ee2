/* SPDX-License-Identifier: MIT */
/* share/prss_mask_avx512.c -- eight masks side by side. */
#include "base/cpu.h"
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m512i vec;
#define LANES               8
#define WIDTH               4
#define vec_load(p)         _mm512_load_si512(p)
#define vec_store(p, a)     _mm512_store_si512(p, a)
#define vec_same            _mm512_set1_epi64
#define vec_same32          _mm512_set1_epi32
#define vec_add             _mm512_add_epi64
#define vec_sub             _mm512_sub_epi64
#define vec_and             _mm512_and_si512
#define vec_xor             _mm512_xor_si512
#define vec_right(a)        _mm512_srli_epi64(a, 32)
#define vec_left(a)         _mm512_slli_epi64(a, 32)
#define vec_product         _mm512_mul_epi32
#define vec_less(a, b)      _mm512_movm_epi64(_mm512_cmplt_epi64_mask(a, b))

static inline vec vec_four(const uint8_t *p, const size_t *at)
{
	vec v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(p + at[0])));
	v = _mm512_inserti64x2(v, _mm_loadu_si128((const __m128i *)(p + at[2])), 1);
	v = _mm512_inserti64x2(v, _mm_loadu_si128((const __m128i *)(p + at[4])), 2);
	return _mm512_inserti64x2(v, _mm_loadu_si128((const __m128i *)(p + at[6])), 3);
}

static inline void vec_gather(vec *low, vec *high, const uint8_t *p, const size_t *at)
{
	const vec even = vec_four(p, at), odd = vec_four(p, at + 1);
	*low = _mm512_unpacklo_epi64(even, odd), *high = _mm512_unpackhi_epi64(even, odd);
}

#define NAME                PRSS_MASK_AVX512
#define LABEL               "avx512"
#define NEEDS               CPU_AVX512
#include "share/prss_mask_x86.inc"
