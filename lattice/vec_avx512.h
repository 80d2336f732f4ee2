/* SPDX-License-Identifier: MIT */
/* lattice/vec_avx512.h -- eight lanes, for fft_impl.inc and limbs_impl.inc (AVX-512).  Operations as in vec_avx2.h. */
#ifndef ARCA_LATTICE_VEC_AVX512_H
#define ARCA_LATTICE_VEC_AVX512_H

#include "base/cpu.h"
#include <immintrin.h>
#include <stdint.h>

#define LANES 8
#define V_FIXED 1
#define VARIANT(name) name##_AVX512
#define VARIANT_NAME "avx512"
#define VARIANT_NEEDS CPU_AVX512

typedef __m512d vec;
typedef __m512i ivec;

static inline vec v_all(double x)              { return _mm512_set1_pd(x); }
static inline vec v_load(const double *x)      { return _mm512_load_pd(x); }
static inline void v_store(double *x, vec a)   { _mm512_store_pd(x, a); }
static inline vec v_add(vec a, vec b)          { return _mm512_add_pd(a, b); }
static inline vec v_sub(vec a, vec b)          { return _mm512_sub_pd(a, b); }
static inline vec v_mul(vec a, vec b)          { return _mm512_mul_pd(a, b); }
static inline vec v_fma(vec a, vec b, vec c)   { return _mm512_fmadd_pd(a, b, c); }
static inline vec v_fms(vec a, vec b, vec c)   { return _mm512_fmsub_pd(a, b, c); }
static inline vec v_fnma(vec a, vec b, vec c)  { return _mm512_fnmadd_pd(a, b, c); }
static inline vec v_min(vec a, vec b)          { return _mm512_min_pd(a, b); }
static inline vec v_max(vec a, vec b)          { return _mm512_max_pd(a, b); }

static inline void v_transpose(vec r[LANES])
{
	vec a[8], b[8];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 8; i += 2) {
		a[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
		a[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
	}
	/* Pairs of numbers, then of pairs, change places between registers at distance 2 and 4. */
#pragma GCC unroll 2
	for (unsigned i = 0; i < 2; i++)
#pragma GCC unroll 2
		for (unsigned h = 0; h < 8; h += 4) {
			b[h + i] = _mm512_shuffle_f64x2(a[h + i], a[h + 2 + i], 0x88);
			b[h + 2 + i] = _mm512_shuffle_f64x2(a[h + i], a[h + 2 + i], 0xdd);
		}
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		r[i] = _mm512_shuffle_f64x2(b[i], b[i + 4], 0x88);
		r[i + 4] = _mm512_shuffle_f64x2(b[i], b[i + 4], 0xdd);
	}
}

/* Numbers of 7 bytes, from byte `first` of a line on, to the tops of lanes: 14 bytes to each quarter, then into their places. */
static inline vec v_fixed(ivec line, short first)
{
	const ivec words = _mm512_add_epi16(_mm512_set1_epi16(first / 2), _mm512_set_epi16(
		28, 27, 26, 25, 24, 23, 22, 21, 21, 20, 19, 18, 17, 16, 15, 14, 14, 13, 12, 11, 10, 9, 8, 7, 7, 6, 5, 4, 3, 2, 1, 0));
	const ivec places = _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 0, 1, 2, 3, 4, 5, 6, -1, 7, 8, 9, 10, 11, 12, 13));
	return _mm512_cvtepi64_pd(_mm512_shuffle_epi8(_mm512_permutexvar_epi16(words, line), places));
}

/* Two lines that overlap: nothing behind the chunk is read. */
static inline void v_load_fixed(vec *re, vec *im, const uint8_t *chunk)
{
	*re = v_fixed(_mm512_loadu_si512(chunk), 0);
	*im = v_fixed(_mm512_loadu_si512(chunk + 48), 8);
}

static inline bool v_any_equal(vec a, double x)
{
	return _mm512_cmp_pd_mask(a, v_all(x), _CMP_EQ_OQ) != 0;
}

static inline ivec i_all(uint64_t x)                 { return _mm512_set1_epi64((int64_t)x); }
static inline ivec i_load(const uint64_t *x)         { return _mm512_loadu_si512(x); }
static inline void i_store(uint64_t *x, ivec a)      { _mm512_storeu_si512(x, a); }
static inline ivec i_add(ivec a, ivec b)             { return _mm512_add_epi64(a, b); }
static inline ivec i_sub(ivec a, ivec b)             { return _mm512_sub_epi64(a, b); }
static inline ivec i_and(ivec a, ivec b)             { return _mm512_and_si512(a, b); }
static inline ivec i_or(ivec a, ivec b)              { return _mm512_or_si512(a, b); }
static inline ivec i_xor(ivec a, ivec b)             { return _mm512_xor_si512(a, b); }
static inline ivec i_right(ivec a, unsigned n)       { return _mm512_srli_epi64(a, n); }
static inline ivec i_left(ivec a, unsigned n)        { return _mm512_slli_epi64(a, n); }
static inline ivec i_less(ivec a, ivec b)            { return _mm512_movm_epi64(_mm512_cmplt_epi64_mask(a, b)); }
static inline ivec i_bits(vec a)                     { return _mm512_castpd_si512(a); }
static inline vec i_vec(ivec a)                      { return _mm512_castsi512_pd(a); }

#endif
