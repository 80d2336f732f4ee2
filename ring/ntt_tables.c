/* SPDX-License-Identifier: MIT */
/* ring/ntt_tables.c -- the constants of the transforms, computed once.  All of it is public. */
#include "ring/ntt_tables.h"

/* check: 2^47 - gap are the six largest primes of the form 4096 m + 1 below 2^47 (doc/notes/packed-ntt.md) */
static const uint32_t GAP[NTT_PRIMES] = { 81919, 102399, 229375, 266239, 311295, 438271 };

static const uint64_t TWO_47 = (uint64_t)1 << NTT_PRIME_BITS;

static uint64_t mul(uint64_t a, uint64_t b, uint64_t p) { return (uint64_t)((u128)a * b % p); }

static uint64_t power(uint64_t a, uint64_t e, uint64_t p)
{
	uint64_t r = 1;
	for (; e; e >>= 1, a = mul(a, a, p))
		if (e & 1) r = mul(r, a, p);
	return r;
}

static uint64_t inverse(uint64_t a, uint64_t p) { return power(a, p - 2, p); }

/* An element of order 2 N: its N-th power is -1. */
static uint64_t turn(unsigned N, uint64_t p)
{
	for (uint64_t g = 2;; g++) {
		const uint64_t z = power(g, (p - 1) / (2 * N), p);
		if (power(z, N, p) == p - 1) return z;
	}
}

static void put(double out[2], uint64_t w, uint64_t p)
{
	out[0] = w > p / 2 ? -(double)(p - w) : (double)w;
	out[1] = out[0] / (double)p;
}

/* root[i] = z^e, e = the bits of i mirrored: N/2, N/4, N/2 + N/4, N/8, .. for i = 1, 2, 3, 4, ..; z of order 2 N, N the largest. */
static void mirror(uint64_t root[static NTT_MAX_N], uint64_t z, uint64_t p)
{
	root[0] = 1;
	for (unsigned top = 1; top < NTT_MAX_N; top *= 2) {
		const uint64_t step = power(z, NTT_MAX_N / 2 / top, p);
		for (unsigned i = 0; i < top; i++) root[top + i] = mul(root[i], step, p);
	}
}

/* Record number T: across the registers, then in the lanes. */
static double *tile(double *out, const uint64_t *root, unsigned T, unsigned lanes, uint64_t p)
{
	for (unsigned nb = 1; nb < lanes; nb *= 2)
		for (unsigned b = 0; b < nb; b++, out += 2) put(out, root[nb * T + b], p);
	out += 2;
	for (unsigned nb = 1; nb < lanes; nb *= 2)
		for (unsigned b = 0; b < nb; b++, out += 2 * lanes)
			for (unsigned l = 0; l < lanes; l++) {
				double pair[2];
				put(pair, root[nb * (lanes * T + l) + b], p);
				out[l] = pair[0], out[lanes + l] = pair[1];
			}
	return out;
}

/* Those for the smallest N up to those for the largest; the places before stay empty. */
static double *tiles(double *out, const uint64_t *root, unsigned lanes, uint64_t p)
{
	const unsigned first = NTT_MIN_N / (lanes * lanes), end = 2 * NTT_MAX_N / (lanes * lanes);

	out += (size_t)first * NTT_TILE_DOUBLES(lanes);
	for (unsigned T = first; T < end; T++) out = tile(out, root, T, lanes, p);
	return out;
}

static double *prime_make(ntt_prime *q, double *store, uint64_t root[static NTT_MAX_N], uint64_t p, unsigned lanes)
{
	const uint64_t z = turn(NTT_MAX_N, p);

	q->p = (double)p;
	q->p_inv = 1 / (double)p;
	put(q->gap, TWO_47 - p, p);

	mirror(root, z, p);
	for (unsigned i = 0; i < NTT_ROOTS; i++) put(q->root[i], root[i], p);
	q->tiles = store, store = tiles(store, root, lanes, p);

	mirror(root, inverse(z, p), p);
	for (unsigned i = 0; i < NTT_ROOTS; i++) put(q->root_inv[i], root[i], p);
	q->tiles_inv = store, store = tiles(store, root, lanes, p);
	return store;
}

/* What depends on how many primes there are. */
static void remainder_make(ntt_tables *t, unsigned primes)
{
	u128 Q = 1, bias = 0;

	for (unsigned i = 0; i < primes; i++) {
		ntt_prime *q = &t->prime[i];
		const uint64_t p = TWO_47 - GAP[i];
		uint64_t residue = 1;                            /* of the cofactor */

		q->cofactor[primes] = 1;
		for (unsigned m = 0; m < primes; m++) {
			const uint64_t other = TWO_47 - GAP[m];
			if (m == i) continue;
			residue = mul(residue, other % p, p);
			q->cofactor[primes] *= other;
		}
		for (unsigned size = 0; size < NTT_SIZES; size++)
			put(q->scale[primes][size], inverse(mul((uint64_t)NTT_MIN_N << size, residue, p), p), p);
		Q *= p;
		bias += q->cofactor[primes];
	}
	t->Q[primes] = Q;
	t->bias[primes] = bias - Q;
}

void ntt_tables_make(ntt_tables *t, double *store, unsigned lanes)
{
	for (unsigned i = 0; i < NTT_PRIMES; i++)
		store = prime_make(&t->prime[i], store, t->scratch, TWO_47 - GAP[i], lanes);
	for (unsigned primes = 1; primes <= NTT_PRIMES; primes++) remainder_make(t, primes);
}
