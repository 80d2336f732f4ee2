/* SPDX-License-Identifier: MIT */
/* share/prss_batch_avx2.c -- two keys in a register. */
#include "base/cpu.h"
#include <immintrin.h>

typedef __m256i vec;
#define PARTS              2
#define vec_load(p)        _mm256_load_si256((const vec *)(p))
#define vec_store(p, a)    _mm256_store_si256((vec *)(p), a)
#define vec_same16         _mm256_set1_epi16
#define vec_xor            _mm256_xor_si256
#define vec_mix_low        _mm256_unpacklo_epi16
#define vec_mix_high       _mm256_unpackhi_epi16
#define vec_dot(sum, a, w) _mm256_add_epi32(sum, _mm256_madd_epi16(a, w))
#define vec_keys(a)        _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1))

#define NAME               BATCH_AVX2
#define LABEL              "avx2"
#define NEEDS              CPU_AVX2
#include "share/prss_batch_x86.inc"
