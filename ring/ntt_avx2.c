/* SPDX-License-Identifier: MIT */
/*
 * ring/ntt_avx2.c -- ring/ntt_impl.inc with four lanes (AVX2 and FMA).
 *
 *   v_fma  a b + c      v_fms  a b - c      v_fnma  c - a b      each rounded once, to nearest
 *   v_transpose         r[i] lane j becomes r[j] lane i
 *   v_limbs             x[0] + x[1] 2^47 + x[2] 2^94 = the next LANES words, read as signed numbers; of parts that they do
 *                       not have, nothing is written
 */
#include "ring/ntt.h"
#include "base/cpu.h"
#include <immintrin.h>

#define LANES 4

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

static inline void v_transpose(vec r[LANES])
{
	const vec a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
	const vec c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
	r[0] = _mm256_permute2f128_pd(a, c, 0x20);
	r[1] = _mm256_permute2f128_pd(b, d, 0x20);
	r[2] = _mm256_permute2f128_pd(a, c, 0x31);
	r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

/* 0 <= bits < 2^52 put below the exponent of 2^52, and 2^52 + less taken away. */
static inline vec number(ivec bits, double less)
{
	const ivec exponent = _mm256_set1_epi64x(0x4330000000000000);
	return v_sub(_mm256_castsi256_pd(_mm256_or_si256(bits, exponent)), v_all(0x1p52 + less));
}

/* -2^51 <= bits < 2^51, added to those of 1.5 * 2^52, and that taken away. */
static inline vec signed_number(ivec bits)
{
	return v_sub(_mm256_castsi256_pd(_mm256_add_epi64(bits, _mm256_set1_epi64x(0x4338000000000000))), v_all(0x1.8p52));
}

static inline void v_limbs(vec x[static NTT_LIMBS], const u128 *a, unsigned limbs)
{
	const ivec mask = _mm256_set1_epi64x(((int64_t)1 << 47) - 1), sign = _mm256_set1_epi64x((int64_t)1 << 33);
	const ivec u = _mm256_loadu_si256((const ivec *)a), v = _mm256_loadu_si256((const ivec *)(a + 2));
	const ivec low = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(u, v), 0xd8);
	const ivec high = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(u, v), 0xd8);
	const ivec middle = _mm256_or_si256(_mm256_srli_epi64(low, 47), _mm256_slli_epi64(high, 17));

	x[0] = limbs == 1 ? signed_number(low) : number(_mm256_and_si256(low, mask), 0);
	if (limbs == 2) x[1] = signed_number(middle);
	if (limbs == 3) {
		x[1] = number(_mm256_and_si256(middle, mask), 0);
		x[2] = number(_mm256_xor_si256(_mm256_srli_epi64(high, 30), sign), 0x1p33);
	}
}

#include "ring/ntt_impl.inc"

const ntt_kernel NTT_AVX2 = { "avx2", CPU_AVX2, factor_bytes, scratch_bytes, load, product };
