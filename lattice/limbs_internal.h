/* SPDX-License-Identifier: MIT */
/*
 * lattice/limbs_internal.h -- what the kernels of lattice/limbs.h work on; for them and limbs.c only.
 *
 *   accumulators   [b][c][low words, high words], each part of PART_WORDS.  Low words of 128 bits have their top bit flipped,
 *                  so that comparing them as signed numbers orders them.  In front of the N words stand the last ones with
 *                  the other sign, as many as a vector has: a window that begins in the middle of a vector is X^a acc
 *   digits         spectra, [chunk][row][b], rows in the order of the key
 *   key            spectra, [c][chunk][limb][row], of doubles or numbers in fixed point
 *   sums           polynomials on the way back, of which the levels inside units are done, or all of them but the last two,
 *                  [b][c modulo columns][limb]
 */
#ifndef ARCA_LATTICE_LIMBS_INTERNAL_H
#define ARCA_LATTICE_LIMBS_INTERNAL_H

#include "lattice/limbs.h"
#include "lattice/fft.h"
#include <math.h>

#define SHAPE_SQUASH  { .bits = 128, .k = 2, .decomp = { 24, 3 }, .dropped = 20, .limbs = 6, .limb_base = 1 << 18 }
#define SHAPE_EXACT64 { .bits = 64, .k = 1, .decomp = { 23, 1 }, .dropped = 0, .limbs = 3, .limb_base = 5 << 19 }
#define SHAPE_FLOAT64 { .bits = 64, .k = 1, .decomp = { 23, 1 }, .dropped = 0, .limbs = 1, .limb_base = 0 }

enum {
	PART_FRONT = 8, PART_WORDS = PART_FRONT + LIMBS_N + 24,     /* not a power of two apart */
	POLY_DOUBLES = FFT_DOUBLES + 32,                            /* in scratch               */
	LIMBS_LEVELS = 3
};
#define LOW_FLIP ((uint64_t)1 << 63)

/* What add found in half a polynomial, squared; each on a line of the cache of its own. */
typedef struct limb_guard { _Alignas(64) double worst; } limb_guard;

struct limb_work {
	const limb_kernel *kernel;
	limb_shape shape;
	unsigned   batch, n, columns;
	uint64_t  *acc;
	double    *digits, *sums;
	limb_guard guard[LIMBS_BATCH][(LIMBS_MAX_K + 1) * LIMBS_HALVES];
};

static inline uint64_t *limb_acc(const limb_work *w, unsigned b, unsigned c)
{
	return w->acc + ((size_t)b * (w->shape.k + 1) + c) * (w->shape.bits / 64) * PART_WORDS + PART_FRONT;
}

static inline double *limb_sum(const limb_work *w, unsigned b, unsigned c)
{
	return w->sums + ((size_t)b * w->columns + c % w->columns) * w->shape.limbs * POLY_DOUBLES;
}

/* Coefficient i. */
static inline u128 limb_word128(const uint64_t *acc, unsigned i)
{
	return (u128)acc[PART_WORDS + i] << 64 | (acc[i] ^ LOW_FLIP);
}

static inline void limb_set128(uint64_t *acc, ptrdiff_t i, u128 x)
{
	acc[i] = (uint64_t)x ^ LOW_FLIP;
	acc[PART_WORDS + i] = (uint64_t)(x >> 64);
}

/* A few lines more of what was asked for, or a few too many. */
static inline __attribute__((always_inline)) void limb_fetch(limb_ahead *what)
{
	if (what->at >= what->end) return;
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) __builtin_prefetch(what->at + 64 * i, 0, 2);
	what->at += 4 * 64;
}

/*
 * A word of the key, as signed numbers from -limb_base / 2 to limb_base / 2.  With 64 bits they are put together the word as a
 * signed number; the third limb has room for what 2^64 is more than 2 limb_base^3 / 2 is.  With 128 they are in [-limb_base / 2,
 * limb_base / 2) each, modulo 2^108.
 */
void limb_cut(int64_t *limb, u128 word, limb_shape s);

/* The spectrum of a polynomial in memory as fft.h says, in the order of the tree's leaves, made with the longest numbers that
 * there are and rounded once.  For keys: slow, of half the error of what is quick.  room: LIMB_SLOW_ROOM bytes. */
enum { LIMB_SLOW_ROOM = 2 * FFT_POINTS * sizeof(long double) };
void limb_slow_spectrum(double re[FFT_POINTS], double im[FFT_POINTS], void *room, const double *poly, unsigned lanes);

/*
 * Numbers of a key in fixed point: signed, FIXED_ONE to a unit, of 56 bits, the lowest byte first.  A spectrum of random limbs of 18
 * bits has a deviation of 2^21.2; the range ends just below 2^25.
 */
#define FIXED_ONE 0x1p30
#define FIXED_MOST (0x1p55 - 4)

/* x, or the number of the range next to it; false if x is beyond. */
static inline bool limb_fix(int64_t *out, double x)
{
	const double scaled = x * FIXED_ONE;
	const bool fits = scaled <= FIXED_MOST && scaled >= -FIXED_MOST;

	*out = (int64_t)(fits ? rint(scaled) : scaled > 0 ? FIXED_MOST : -FIXED_MOST);
	return fits;
}

/* The least number that limbs put together are. */
static inline i128 limb_least(limb_shape s)
{
	i128 least = 0;

	if (s.bits == 64) return -((i128)1 << 63);
	for (unsigned l = 0; l < s.limbs; l++) least = least * s.limb_base - s.limb_base / 2;
	return least;
}

/* Puts the last words in front, negated. */
static inline void limb_wrap(uint64_t *acc, unsigned bits)
{
	for (unsigned i = 0; i < PART_FRONT; i++) {
		const unsigned last = LIMBS_N - PART_FRONT + i;
		if (bits == 64) acc[(ptrdiff_t)i - PART_FRONT] = 0 - acc[last];
		else limb_set128(acc, (ptrdiff_t)i - PART_FRONT, 0 - limb_word128(acc, last));
	}
}

#endif
