/* SPDX-License-Identifier: MIT */
/*
 * ring/ntt_tables.h -- six primes and their roots of unity, for the kernels of ring/ntt.h only.
 *
 * p = 2^47 - gap with p = 1 mod 4096, the six largest; a shape takes the first few of them, Q is their product.  Numbers
 * modulo p are integers in doubles, negative ones too, lazily reduced; a constant w is kept as the pair { w, w / p } with
 * |w| < p / 2.
 *
 * Transforms.  X^2h - w^2 = (X^h - w)(X^h + w), from X^N + 1 down to N polynomials of degree 1.  The w of block b among nb
 * blocks is root[nb + b]; as a turn of a circle its angle is the mirrored fraction 1/4, 1/8, 3/8, 1/16, .. and so does not
 * depend on N.  A level multiplies the upper half of each block by w, and adds it to and subtracts it from the lower half.
 * Back, the difference of the halves is multiplied by w^-1, from root_inv.
 *
 * Tiles.  A kernel with L lanes does the last 2 log2 L levels on tiles of L x L numbers in registers: log2 L levels across
 * the registers, a transposition, and log2 L levels again.  A tile's record has its roots in the order of use: L - 1 pairs for
 * the first half, one pair unused, and L - 1 pairs of vectors of L for the second; 2 L^2 doubles.  Tile g of the N / L^2 tiles
 * has record N / L^2 + g: so all N share them.
 */
#ifndef ARCA_RING_NTT_TABLES_H
#define ARCA_RING_NTT_TABLES_H

#include "ring/ntt.h"

enum { NTT_PRIME_BITS = 47, NTT_MIN_N = 256, NTT_SIZES = 4, NTT_ROOTS = 128 };

/* Which of the sizes 256, 512, 1024, 2048. */
static inline unsigned ntt_size(unsigned N) { return N == 256 ? 0 : N == 512 ? 1 : N == 1024 ? 2 : 3; }

typedef struct ntt_prime {
	double p, p_inv;                             /* fl(1 / p)                                                       */
	double gap[2];                               /* 2^47 modulo p                                                   */
	/* By the number of primes that are taken, where this one is among them: */
	double scale[NTT_PRIMES + 1][NTT_SIZES][2];  /* (N Q/p)^-1 modulo p                                             */
	u128   cofactor[NTT_PRIMES + 1];             /* Q / p modulo 2^128                                              */

	double root[NTT_ROOTS][2], root_inv[NTT_ROOTS][2];
	const double *tiles, *tiles_inv;             /* records, from number 256 / L^2 on                               */
} ntt_prime;

typedef struct ntt_tables {
	ntt_prime prime[NTT_PRIMES];
	u128      Q[NTT_PRIMES + 1];                 /* modulo 2^128, by the number of primes                           */
	u128      bias[NTT_PRIMES + 1];              /* the sum of their cofactors minus Q                              */
	uint64_t  scratch[NTT_MAX_N];                /* while they are made                                             */
} ntt_tables;

/* The records of the tiles go to store: NTT_TILES_DOUBLES. */
#define NTT_TILE_DOUBLES(lanes) (2 * (lanes) * (lanes))
#define NTT_TILES_DOUBLES (NTT_PRIMES * 2 * (4 * NTT_MAX_N))
void ntt_tables_make(ntt_tables *t, double *store, unsigned lanes);

#endif
