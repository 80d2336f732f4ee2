/* SPDX-License-Identifier: MIT */
/*
 * lattice/ciphertext.h -- ciphertexts as arrays of integers; the bytes of TFHE-rs are in tfhers/.
 *
 *   LWE     (a_0 .. a_{dim-1}, b)   phase = b - <a, s>
 *   GLWE    (A_0 .. A_{k-1}, B)     polynomials of N coefficients, lowest degree first
 *
 * A block carries 4 bits (2 of message, 2 of carry) under one padding bit: v is encoded as v * 2^59 in 64 bits, as
 * v * 2^123 in 128 bits.  A value of many bits is a run of blocks, least significant first.
 *
 * The arrays belong to whoever made them, usually an arena.
 */
#ifndef ARCA_LATTICE_CIPHERTEXT_H
#define ARCA_LATTICE_CIPHERTEXT_H

#include "lattice/params.h"

enum { DELTA_LOG_64 = 59, DELTA_LOG_128 = 123 };

/* count x (dim + 1) words, mask before body. */
typedef struct lwe64_run  { size_t count; unsigned dim; uint64_t *w; } lwe64_run;
typedef struct lwe128_run { size_t count; unsigned dim; u128 *w; } lwe128_run;

static inline uint64_t *lwe64_at(lwe64_run r, size_t i) { return r.w + i * (r.dim + 1); }
static inline u128 *lwe128_at(lwe128_run r, size_t i) { return r.w + i * (r.dim + 1); }

/* One GLWE ciphertext of which only the first `bodies` body coefficients are kept: k*N mask words, then bodies words.
 * 64-bit ones hold the multiples of 2^(64 - storage_bits) that they were rounded to. */
typedef struct packed64  { unsigned k, N, bodies; uint64_t *w; } packed64;
typedef struct packed128 { unsigned k, N, bodies; u128 *w; } packed128;

/* What a client encrypts: ceil(count / n) masks of n words, then count bodies.  Body i belongs to mask i / n. */
typedef struct compact_list {
	unsigned  n;
	size_t    count;
	bool      paired;               /* each body carries two blocks, low + 4 * high; else one */
	uint64_t *masks, *bodies;
} compact_list;

#endif
