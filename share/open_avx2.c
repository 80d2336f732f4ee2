/* SPDX-License-Identifier: MIT */
/* share/open_avx2.c -- two values at a time. */
#include "base/cpu.h"
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m256i vec;
#define VALUES               2
#define vec_zero             _mm256_setzero_si256
#define vec_same16           _mm256_set1_epi16
#define vec_same32           _mm256_set1_epi32
#define vec_and              _mm256_and_si256
#define vec_or               _mm256_or_si256
#define vec_xor              _mm256_xor_si256
#define vec_add32            _mm256_add_epi32
#define vec_mix_low          _mm256_unpacklo_epi16
#define vec_mix_high         _mm256_unpackhi_epi16
#define vec_dot(sum, a, w)   _mm256_add_epi32(sum, _mm256_madd_epi16(a, w))
#define vec_carry(a)         _mm256_srai_epi32(a, 16)
#define vec_up(low)          _mm256_slli_si256(low, 4)
#define vec_up_from(high, low) _mm256_alignr_epi8(high, low, 12)

static inline vec vec_gather(const uint8_t *p, const size_t *at)
{
	const __m128i first = _mm_loadu_si128((const __m128i *)(p + at[0])), second = _mm_loadu_si128((const __m128i *)(p + at[1]));
	return _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
}

/* Sums s0, s1 side by side as s0 + 2^16 s1. */
static inline vec vec_pairs(vec a)
{
	const vec upper = _mm256_mul_epi32(_mm256_srli_epi64(a, 32), vec_same32(1 << 16));
	return _mm256_add_epi64(_mm256_mul_epi32(a, vec_same32(1)), upper);
}

static inline void vec_words(int64_t out[VALUES][4], vec low, vec high)
{
	const vec l = vec_pairs(low), h = vec_pairs(high);
	_mm256_storeu_si256((vec *)out[0], _mm256_permute2x128_si256(l, h, 0x20));
	_mm256_storeu_si256((vec *)out[1], _mm256_permute2x128_si256(l, h, 0x31));
}

static inline unsigned vec_wrong(vec bad)
{
	const vec right = _mm256_cmpeq_epi32(vec_and(bad, vec_same32(0xffff)), vec_zero());
	const unsigned bytes = ~(unsigned)_mm256_movemask_epi8(right);
	return (bytes & 0xffff ? 1 : 0) | (bytes >> 16 ? 2 : 0);
}

#define NAME                 OPEN_AVX2
#define LABEL                "avx2"
#define NEEDS                CPU_AVX2
#include "share/open_x86.inc"
