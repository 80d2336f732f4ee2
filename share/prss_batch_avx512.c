/* SPDX-License-Identifier: MIT */
/* share/prss_batch_avx512.c -- four keys in a register. */
#include "base/cpu.h"
#include <immintrin.h>

typedef __m512i vec;
#define PARTS              1
#define vec_load(p)        _mm512_load_si512(p)
#define vec_store(p, a)    _mm512_store_si512(p, a)
#define vec_same16         _mm512_set1_epi16
#define vec_xor            _mm512_xor_si512
#define vec_mix_low        _mm512_unpacklo_epi16
#define vec_mix_high       _mm512_unpackhi_epi16
#define vec_dot            _mm512_dpwssd_epi32

static inline __m128i vec_keys(vec a)
{
	const __m256i two = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
	return _mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

#define NAME               BATCH_AVX512
#define LABEL              "avx512"
#define NEEDS              (CPU_AVX512 | CPU_VNNI)
#include "share/prss_batch_x86.inc"
