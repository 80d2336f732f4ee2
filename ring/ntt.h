/* SPDX-License-Identifier: MIT */
/*
 * ring/ntt.h -- sums of products of polynomials modulo 2^128, exact, where one factor of each is used many times.
 *
 *   out_c = a_0 s_{0,c} + .. + a_{k-1} s_{k-1,c}   in Z/2^128[X] / (X^N + 1),   c = 0 .. d-1
 *
 * a: k polynomials that come once, any words; s: k d polynomials, the factor, loaded beforehand.  Of each out_c a window of
 * coefficients is wanted.
 *
 * The definition is the schoolbook sum (ntt_portable.c).  The fast kernels read the words as signed numbers, so that the
 * sums are integers of a known size, and compute these modulo as many primes of 47 bits as that size asks for, by
 * number-theoretic transforms; the numbers modulo p are integers in double precision, and every step is exact.
 * doc/notes/packed-ntt.md has the bounds.
 *
 * Any words take six primes.  Who knows that they are small says so, and pays less: two primes for words of 64 bits times
 * bits, three for words of 128 bits times bits, four for those times digits of 24 bits.
 *
 * Cost of a fast kernel with P primes: P (k + d) transforms, those of the second kind only as far as the window asks; the
 * factor takes 8 P k d N bytes.  Time: constant in the values of a and s; the window and the shape are public.
 */
#ifndef ARCA_RING_NTT_H
#define ARCA_RING_NTT_H

#include "base/base.h"

/* Made by ntt_shape_for(). */
typedef struct ntt_shape {
	unsigned k, N, d;
	unsigned primes;
	unsigned a_limbs, s_limbs;                           /* parts of 47 bits that the words have */
} ntt_shape;

enum { NTT_MAX_K = 9, NTT_MAX_D = 8, NTT_MAX_N = 2048, NTT_PRIMES = 6, NTT_LIMBS = 3, NTT_ALIGN = 64 };

/* k <= NTT_MAX_K, d <= NTT_MAX_D, neither 0; N = 256, 512, 1024 or 2048. */
bool ntt_shape_ok(ntt_shape shape);

/*
 * The cheapest shape for words that, as signed numbers, are at most 2^a_log and 2^s_log in size: NTT_ANY for all of 128
 * bits, 63 for those of 64 (sign-extended), 23 for digits of 24 bits, 0 for bits.  Requires: a_log, s_log <= NTT_ANY.
 *
 * A product that is wanted modulo 2^w only may take both factors modulo 2^w, as the signed numbers nearest to 0.
 */
enum { NTT_ANY = 127 };
ntt_shape ntt_shape_for(unsigned k, unsigned N, unsigned d, unsigned a_log, unsigned s_log);

typedef struct ntt_kernel {
	const char *name;
	unsigned    needs;                                   /* base/cpu.h */
	size_t    (*factor_bytes)(ntt_shape);
	size_t    (*scratch_bytes)(ntt_shape);               /* may be 0 */

	/* factor: made of s[(j N + i) d + c] = coefficient i of s_{j,c}.  Wipes what it leaves in scratch. */
	void      (*load)(ntt_shape, void *factor, void *scratch, const u128 *s);

	/* out[i d + c] = coefficient first + i of out_c, i < count.  a[j N + i] = coefficient i of a_j.  Wipes what depends on
	 * s in scratch.  Requires: first + count <= N. */
	void      (*product)(ntt_shape, u128 *out, void *scratch, const void *factor, const u128 *a, unsigned first,
	                     unsigned count);
} ntt_kernel;

/* A factor belongs to the kernel that loaded it.  factor and scratch are aligned to NTT_ALIGN. */
extern const ntt_kernel NTT_PORTABLE, NTT_AVX2, NTT_AVX512;
extern const ntt_kernel *const NTT_ALL[];                /* best first, the portable one last, then NULL */
const ntt_kernel *ntt_chosen(void);

/* out = X^-e a, e < N: coefficient e of a comes first, what is moved past the end returns with the other sign. */
void ntt_rotate_down(u128 *out, const u128 *a, unsigned N, unsigned e);

#endif
