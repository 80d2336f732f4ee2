/* SPDX-License-Identifier: MIT */
/* ring/ntt_avx512.c -- ring/ntt_impl.inc with eight lanes (AVX-512).  The operations are those of ntt_avx2.c. */
#include "ring/ntt.h"
#include "base/cpu.h"
#include <immintrin.h>

#define LANES 8

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

/* 0 <= bits < 2^52 put below the exponent of 2^52, and 2^52 + less taken away. */
static inline vec number(ivec bits, double less)
{
	const ivec exponent = _mm512_set1_epi64(0x4330000000000000);
	return v_sub(_mm512_castsi512_pd(_mm512_or_si512(bits, exponent)), v_all(0x1p52 + less));
}

/* -2^51 <= bits < 2^51, added to those of 1.5 * 2^52, and that taken away. */
static inline vec signed_number(ivec bits)
{
	return v_sub(_mm512_castsi512_pd(_mm512_add_epi64(bits, _mm512_set1_epi64(0x4338000000000000))), v_all(0x1.8p52));
}

static inline void v_limbs(vec x[static NTT_LIMBS], const u128 *a, unsigned limbs)
{
	const ivec mask = _mm512_set1_epi64(((int64_t)1 << 47) - 1), sign = _mm512_set1_epi64((int64_t)1 << 33);
	const ivec even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
	const ivec u = _mm512_loadu_si512(a), v = _mm512_loadu_si512(a + 4);
	const ivec low = _mm512_permutex2var_epi64(u, even, v), high = _mm512_permutex2var_epi64(u, odd, v);
	const ivec middle = _mm512_or_si512(_mm512_srli_epi64(low, 47), _mm512_slli_epi64(high, 17));

	x[0] = limbs == 1 ? signed_number(low) : number(_mm512_and_si512(low, mask), 0);
	if (limbs == 2) x[1] = signed_number(middle);
	if (limbs == 3) {
		x[1] = number(_mm512_and_si512(middle, mask), 0);
		x[2] = number(_mm512_xor_si512(_mm512_srli_epi64(high, 30), sign), 0x1p33);
	}
}

#include "ring/ntt_impl.inc"

const ntt_kernel NTT_AVX512 = { "avx512", CPU_AVX512, factor_bytes, scratch_bytes, load, product };
