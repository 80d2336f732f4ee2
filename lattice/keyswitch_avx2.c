/* SPDX-License-Identifier: MIT */
/* lattice/keyswitch_avx2.c -- lattice/keyswitch_x86.inc with four words a vector. */
#include "lattice/keyswitch.h"
#include "base/cpu.h"
#include <immintrin.h>

enum { LANES = 4, MOST = 4 };

typedef __m256i ivec;

static inline ivec v_zero(void)                          { return _mm256_setzero_si256(); }
static inline ivec v_all(uint64_t x)                     { return _mm256_set1_epi64x((int64_t)x); }
static inline ivec v_load(const uint64_t *x)             { return _mm256_loadu_si256((const ivec *)x); }
static inline void v_store(uint64_t *x, ivec a)          { _mm256_storeu_si256((ivec *)x, a); }
static inline ivec v_xor(ivec a, ivec b)                 { return _mm256_xor_si256(a, b); }
static inline ivec v_and(ivec a, ivec b)                 { return _mm256_and_si256(a, b); }
static inline ivec v_add(ivec a, ivec b)                 { return _mm256_add_epi64(a, b); }
static inline ivec v_sub(ivec a, ivec b)                 { return _mm256_sub_epi64(a, b); }
static inline ivec v_left(ivec a, int n)                 { return _mm256_slli_epi64(a, n); }
static inline ivec v_right(ivec a, int n)                { return _mm256_srli_epi64(a, n); }
static inline ivec v_interleave_low(ivec a, ivec b)      { return _mm256_unpacklo_epi16(a, b); }
static inline ivec v_interleave_high(ivec a, ivec b)     { return _mm256_unpackhi_epi16(a, b); }
static inline ivec v_low_halves(ivec a, ivec b)          { return _mm256_unpacklo_epi64(a, b); }
static inline ivec v_high_halves(ivec a, ivec b)         { return _mm256_unpackhi_epi64(a, b); }

static inline ivec v_multiply_add(ivec sum, ivec a, ivec b)
{
	return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

/* Two neighbouring digits, in every place. */
static inline ivec v_digits(const int16_t *d)
{
	int32_t pair;
	memcpy(&pair, d, sizeof pair);
	return _mm256_set1_epi32(pair);
}

#include "lattice/keyswitch_x86.inc"

const keyswitch_kernel KEYSWITCH_AVX2 = { "avx2", CPU_AVX2, subtract };
