/* SPDX-License-Identifier: MIT */
/*
 * lattice/vec_avx2.h -- four lanes, for fft_impl.inc and limbs_impl.inc (AVX2 and FMA).
 *
 *   v_fma  a b + c      v_fms  a b - c      v_fnma  c - a b      each rounded once, to nearest
 *   v_transpose         r[i] lane j becomes r[j] lane i
 *   v_any_equal         whether some lane of a is x
 *   v_load_fixed        L real and L imaginary parts from a chunk of 14 L bytes: signed numbers of 56 bits, the lowest byte first,
 *                       times 2^8, rounded once.  Only where V_FIXED: with AVX2 it would cost more than shorter keys spare
 *   i_less              all ones where a < b, as signed numbers
 *   i_bits, i_vec       the same 64 bits
 */
#ifndef ARCA_LATTICE_VEC_AVX2_H
#define ARCA_LATTICE_VEC_AVX2_H

#include "base/cpu.h"
#include <immintrin.h>
#include <stdint.h>

#define LANES 4
#define V_FIXED 0
#define VARIANT(name) name##_AVX2
#define VARIANT_NAME "avx2"
#define VARIANT_NEEDS CPU_AVX2

typedef __m256d vec;
typedef __m256i ivec;

static inline vec v_all(double x)              { return _mm256_set1_pd(x); }
static inline vec v_load(const double *x)      { return _mm256_load_pd(x); }
static inline void v_store(double *x, vec a)   { _mm256_store_pd(x, a); }
static inline vec v_add(vec a, vec b)          { return _mm256_add_pd(a, b); }
static inline vec v_sub(vec a, vec b)          { return _mm256_sub_pd(a, b); }
static inline vec v_mul(vec a, vec b)          { return _mm256_mul_pd(a, b); }
static inline vec v_fma(vec a, vec b, vec c)   { return _mm256_fmadd_pd(a, b, c); }
static inline vec v_fms(vec a, vec b, vec c)   { return _mm256_fmsub_pd(a, b, c); }
static inline vec v_fnma(vec a, vec b, vec c)  { return _mm256_fnmadd_pd(a, b, c); }
static inline vec v_min(vec a, vec b)          { return _mm256_min_pd(a, b); }
static inline vec v_max(vec a, vec b)          { return _mm256_max_pd(a, b); }

static inline void v_transpose(vec r[LANES])
{
	const vec a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
	const vec c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
	r[0] = _mm256_permute2f128_pd(a, c, 0x20);
	r[1] = _mm256_permute2f128_pd(b, d, 0x20);
	r[2] = _mm256_permute2f128_pd(a, c, 0x31);
	r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

static inline bool v_any_equal(vec a, double x)
{
	return _mm256_movemask_pd(_mm256_cmp_pd(a, v_all(x), _CMP_EQ_OQ)) != 0;
}

static inline ivec i_all(uint64_t x)                 { return _mm256_set1_epi64x((int64_t)x); }
static inline ivec i_load(const uint64_t *x)         { return _mm256_loadu_si256((const ivec *)x); }
static inline void i_store(uint64_t *x, ivec a)      { _mm256_storeu_si256((ivec *)x, a); }
static inline ivec i_add(ivec a, ivec b)             { return _mm256_add_epi64(a, b); }
static inline ivec i_sub(ivec a, ivec b)             { return _mm256_sub_epi64(a, b); }
static inline ivec i_and(ivec a, ivec b)             { return _mm256_and_si256(a, b); }
static inline ivec i_or(ivec a, ivec b)              { return _mm256_or_si256(a, b); }
static inline ivec i_xor(ivec a, ivec b)             { return _mm256_xor_si256(a, b); }
static inline ivec i_right(ivec a, unsigned n)       { return _mm256_srli_epi64(a, (int)n); }
static inline ivec i_left(ivec a, unsigned n)        { return _mm256_slli_epi64(a, (int)n); }
static inline ivec i_less(ivec a, ivec b)            { return _mm256_cmpgt_epi64(b, a); }
static inline ivec i_bits(vec a)                     { return _mm256_castpd_si256(a); }
static inline vec i_vec(ivec a)                      { return _mm256_castsi256_pd(a); }

#endif
