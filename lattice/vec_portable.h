/* SPDX-License-Identifier: MIT */
/* lattice/vec_portable.h -- one lane, for fft_impl.inc and limbs_impl.inc: plain C.  The operations are those of vec_avx2.h,
 * except that a product is rounded before something is added. */
#ifndef ARCA_LATTICE_VEC_PORTABLE_H
#define ARCA_LATTICE_VEC_PORTABLE_H

#include "base/cpu.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 1
#define V_FIXED 1
#define VARIANT(name) name##_PORTABLE
#define VARIANT_NAME "portable"
#define VARIANT_NEEDS CPU_PORTABLE

typedef double vec;
typedef uint64_t ivec;

static inline vec v_all(double x)              { return x; }
static inline vec v_load(const double *x)      { return *x; }
static inline void v_store(double *x, vec a)   { *x = a; }
static inline vec v_add(vec a, vec b)          { return a + b; }
static inline vec v_sub(vec a, vec b)          { return a - b; }
static inline vec v_mul(vec a, vec b)          { return a * b; }
static inline vec v_fma(vec a, vec b, vec c)   { return a * b + c; }
static inline vec v_fms(vec a, vec b, vec c)   { return a * b - c; }
static inline vec v_fnma(vec a, vec b, vec c)  { return c - a * b; }
static inline vec v_min(vec a, vec b)          { return a < b ? a : b; }
static inline vec v_max(vec a, vec b)          { return a > b ? a : b; }
static inline void v_transpose(vec r[LANES])   { (void)r; }

static inline vec v_fixed(const uint8_t *x)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < 7; i++) bits |= (uint64_t)x[i] << (8 * i + 8);
	return (double)(int64_t)bits;
}

static inline void v_load_fixed(vec *re, vec *im, const uint8_t *chunk)
{
	*re = v_fixed(chunk);
	*im = v_fixed(chunk + 7);
}

static inline bool v_any_equal(vec a, double x) { return a >= x && a <= x; }

static inline ivec i_all(uint64_t x)                 { return x; }
static inline ivec i_load(const uint64_t *x)         { return *x; }
static inline void i_store(uint64_t *x, ivec a)      { *x = a; }
static inline ivec i_add(ivec a, ivec b)             { return a + b; }
static inline ivec i_sub(ivec a, ivec b)             { return a - b; }
static inline ivec i_and(ivec a, ivec b)             { return a & b; }
static inline ivec i_or(ivec a, ivec b)              { return a | b; }
static inline ivec i_xor(ivec a, ivec b)             { return a ^ b; }
static inline ivec i_right(ivec a, unsigned n)       { return a >> n; }
static inline ivec i_left(ivec a, unsigned n)        { return a << n; }
static inline ivec i_less(ivec a, ivec b)            { return (int64_t)a < (int64_t)b ? ~(uint64_t)0 : 0; }

static inline ivec i_bits(vec a)
{
	ivec b;
	memcpy(&b, &a, sizeof b);
	return b;
}

static inline vec i_vec(ivec a)
{
	vec b;
	memcpy(&b, &a, sizeof b);
	return b;
}

#endif
