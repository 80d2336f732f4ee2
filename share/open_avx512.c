/* SPDX-License-Identifier: MIT */
/* share/open_avx512.c -- four values at a time. */
#include "base/cpu.h"
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m512i vec;
#define VALUES               4
#define vec_zero             _mm512_setzero_si512
#define vec_same16           _mm512_set1_epi16
#define vec_same32           _mm512_set1_epi32
#define vec_and              _mm512_and_si512
#define vec_or               _mm512_or_si512
#define vec_xor              _mm512_xor_si512
#define vec_add32            _mm512_add_epi32
#define vec_mix_low          _mm512_unpacklo_epi16
#define vec_mix_high         _mm512_unpackhi_epi16
#define vec_dot              _mm512_dpwssd_epi32
#define vec_carry(a)         _mm512_srai_epi32(a, 16)
#define vec_up(low)          _mm512_bslli_epi128(low, 4)
#define vec_up_from(high, low) _mm512_alignr_epi8(high, low, 12)

static inline vec vec_gather(const uint8_t *p, const size_t *at)
{
	vec v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(p + at[0])));
	v = _mm512_inserti64x2(v, _mm_loadu_si128((const __m128i *)(p + at[1])), 1);
	v = _mm512_inserti64x2(v, _mm_loadu_si128((const __m128i *)(p + at[2])), 2);
	return _mm512_inserti64x2(v, _mm_loadu_si128((const __m128i *)(p + at[3])), 3);
}

/* Sums s0, s1 side by side as s0 + 2^16 s1. */
static inline vec vec_pairs(vec a)
{
	const vec upper = _mm512_mul_epi32(_mm512_srli_epi64(a, 32), vec_same32(1 << 16));
	return _mm512_add_epi64(_mm512_mul_epi32(a, vec_same32(1)), upper);
}

static inline void vec_words(int64_t out[VALUES][4], vec low, vec high)
{
	const vec l = vec_pairs(low), h = vec_pairs(high);
	const vec even = _mm512_shuffle_i64x2(l, h, 0x88), odd = _mm512_shuffle_i64x2(l, h, 0xdd);  /* l0 l2 h0 h2, l1 l3 h1 h3 */
	_mm512_storeu_si512(out[0], _mm512_permutex2var_epi64(even, _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13), odd));
	_mm512_storeu_si512(out[2], _mm512_permutex2var_epi64(even, _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15), odd));
}

static inline unsigned vec_wrong(vec bad)
{
	const unsigned sums = _mm512_test_epi32_mask(bad, vec_same32(0xffff));
	unsigned wrong = 0;
	for (unsigned s = 0; s < VALUES; s++) wrong |= (sums >> 4 * s & 15 ? 1u : 0) << s;
	return wrong;
}

#define NAME                 OPEN_AVX512
#define LABEL                "avx512"
#define NEEDS                (CPU_AVX512 | CPU_VNNI)
#include "share/open_x86.inc"
