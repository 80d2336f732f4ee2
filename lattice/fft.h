/* SPDX-License-Identifier: MIT */
/*
 * lattice/fft.h -- products in R[X]/(X^2048 + 1) by complex transforms in double precision.
 *
 * The ring is C[X]/(X^1024 - i): coefficients j and j + 1024 of a polynomial are the two parts of one complex coefficient.
 * Then, as X^2h - w^2 = (X^h - w)(X^h + w), block by block down to 1024 polynomials of degree 0, the spectrum.  There is no
 * twisting beforehand and no sorting afterwards; backwards the same way up, and the result is 1024 times too large.
 *
 * Blocks are the nodes of a binary tree: node 1 is everything, X^1024 - i, and 2t and 2t + 1 are the halves of t.  A node
 * belongs to X^m - e^(2 pi i turn(t)); turn(1) = 1/4, turn(2t) = turn(t) / 2, turn(2t + 1) = turn(t) / 2 + 1/2.  Its w is
 * e^(2 pi i turn(2t)); that of its sibling t + 1, t even, is i w.
 *
 * In memory numbers stand in chunks of L, L real parts and L imaginary parts: a line of the cache, or two; L is the number of
 * lanes of the kernel.  A polynomial is FFT_DOUBLES doubles, its chunks one after the other, with a gap behind each unit of 64
 * points that keeps what passes take together off each other in the cache (fft_place).  A spectrum has no gaps, and leaf
 * 1024 + L^2 g + L i + j of the tree is lane i of chunk L g + j.
 */
#ifndef ARCA_LATTICE_FFT_H
#define ARCA_LATTICE_FFT_H

#include "base/base.h"

enum {
	FFT_N = 2048, FFT_POINTS = 1024, FFT_UNIT = 64,
	FFT_UNIT_DOUBLES = 2 * FFT_UNIT + 8, FFT_DOUBLES = FFT_POINTS / FFT_UNIT * FFT_UNIT_DOUBLES
};

/* Where coefficient i of a polynomial stands, i < FFT_N. */
static inline unsigned fft_place(unsigned lanes, unsigned i)
{
	const unsigned p = i % FFT_POINTS;
	return p / FFT_UNIT * FFT_UNIT_DOUBLES + p % FFT_UNIT / lanes * 2 * lanes + p % lanes + i / FFT_POINTS * lanes;
}

/* The kernels of lattice/limbs.h use the transform in pieces (fft_impl.inc); this is the whole of it. */
typedef struct fft_kernel {
	const char *name;
	unsigned    needs;                                      /* base/cpu.h */
	unsigned    lanes;                                      /* L          */
	void      (*forward)(double *spectrum, double *poly);   /* poly is lost; both aligned to 64 */
	void      (*backward)(double *poly, const double *spectrum);
} fft_kernel;

extern const fft_kernel FFT_PORTABLE, FFT_AVX2, FFT_AVX512;
extern const fft_kernel *const FFT_ALL[];                   /* best first, the portable one last, then NULL */
const fft_kernel *fft_chosen(void);

/* A fraction of the circle, exact.  Requires: 0 < t < 2048. */
double fft_turn(unsigned t);

/*
 * Constants for kernels with L lanes.  A radix-4 step at node t takes w^2, w, w^3, with w that of node 2t: six doubles.  With
 * L = 4 or 8, what remains below blocks of L^2 points is done in registers; the record of such a tile has the constants for
 * its node, padded to 2 L doubles, then those of its L descendants lane by lane.  With 8 lanes, two more numbers each: the w
 * of 4t and of 4t + 2.
 */
enum { FFT_HEADS = 512, FFT_TILE_4 = 8 + 6 * 4, FFT_TILE_8 = 16 + 10 * 8 };

typedef struct fft_tables {
	_Alignas(64) double head[FFT_HEADS][8];
	_Alignas(64) double tile[64 * FFT_TILE_4];              /* 64 for L = 4, 16 for L = 8 */
} fft_tables;

const fft_tables *fft_tables_for(unsigned lanes);           /* 1, 4 or 8 */

#endif
