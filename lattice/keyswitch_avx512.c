/* SPDX-License-Identifier: MIT */
/* lattice/keyswitch_avx512.c -- lattice/keyswitch_x86.inc with eight words a vector. */
#include "lattice/keyswitch.h"
#include "base/cpu.h"
#include <immintrin.h>

enum { LANES = 8, MOST = 8 };

typedef __m512i ivec;

static inline ivec v_zero(void)                          { return _mm512_setzero_si512(); }
static inline ivec v_all(uint64_t x)                     { return _mm512_set1_epi64((int64_t)x); }
static inline ivec v_load(const uint64_t *x)             { return _mm512_loadu_si512(x); }
static inline void v_store(uint64_t *x, ivec a)          { _mm512_storeu_si512(x, a); }
static inline ivec v_xor(ivec a, ivec b)                 { return _mm512_xor_si512(a, b); }
static inline ivec v_and(ivec a, ivec b)                 { return _mm512_and_si512(a, b); }
static inline ivec v_add(ivec a, ivec b)                 { return _mm512_add_epi64(a, b); }
static inline ivec v_sub(ivec a, ivec b)                 { return _mm512_sub_epi64(a, b); }
static inline ivec v_left(ivec a, int n)                 { return _mm512_slli_epi64(a, (unsigned)n); }
static inline ivec v_right(ivec a, int n)                { return _mm512_srli_epi64(a, (unsigned)n); }
static inline ivec v_interleave_low(ivec a, ivec b)      { return _mm512_unpacklo_epi16(a, b); }
static inline ivec v_interleave_high(ivec a, ivec b)     { return _mm512_unpackhi_epi16(a, b); }
static inline ivec v_low_halves(ivec a, ivec b)          { return _mm512_unpacklo_epi64(a, b); }
static inline ivec v_high_halves(ivec a, ivec b)         { return _mm512_unpackhi_epi64(a, b); }

static inline ivec v_multiply_add(ivec sum, ivec a, ivec b)
{
	return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

/* Two neighbouring digits, in every place. */
static inline ivec v_digits(const int16_t *d)
{
	int32_t pair;
	memcpy(&pair, d, sizeof pair);
	return _mm512_set1_epi32(pair);
}

#include "lattice/keyswitch_x86.inc"

const keyswitch_kernel KEYSWITCH_AVX512 = { "avx512", CPU_AVX512, subtract };
