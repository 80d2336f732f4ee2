/* SPDX-License-Identifier: MIT */
/*
 * seal/mlkem_poly.c -- plain arithmetic of R_q, written for reading.
 *
 * No division instruction and no branch meets a coefficient: quotients by q are multiplications, and the last
 * subtraction is masked.  (A division of a secret by the constant q has leaked keys of other programs where the
 * compiler kept the instruction.)
 */
#include "seal/mlkem_poly.h"
#include "base/ct.h"
#include "sym/keccak.h"

enum { Q = MLKEM_Q, N = MLKEM_N };

/* 17^brv(i) mod q, brv = reversal of 7 bits. */
static const uint16_t ZETA[128] = {
	   1, 1729, 2580, 3289, 2642,  630, 1897,  848, 1062, 1919,  193,  797, 2786, 3260,  569, 1746,
	 296, 2447, 1339, 1476, 3046,   56, 2240, 1333, 1426, 2094,  535, 2882, 2393, 2879, 1974,  821,
	 289,  331, 3253, 1756, 1197, 2304, 2277, 2055,  650, 1977, 2513,  632, 2865,   33, 1320, 1915,
	2319, 1435,  807,  452, 1438, 2868, 1534, 2402, 2647, 2617, 1481,  648, 2474, 3110, 1227,  910,
	  17, 2761,  583, 2649, 1637,  723, 2288, 1100, 1409, 2662, 3281,  233,  756, 2156, 3015, 3050,
	1703, 1651, 2789, 1789, 1847,  952, 1461, 2687,  939, 2308, 2437, 2388,  733, 2337,  268,  641,
	1584, 2298, 2037, 3220,  375, 2549, 2090, 1645, 1063,  319, 2773,  757, 2099,  561, 2466, 2594,
	2804, 1092,  403, 1026, 1143, 2150, 2775,  886, 1722, 1212, 1874, 1029, 2110, 2935,  885, 2154,
};

/* floor(x / q).  Requires: x < 2^25.  20642679 = ceil(2^36 / q) exceeds 2^36 / q by less than 1/2, so the product
 * is too large by less than 2^24 < 2^36 / q: never enough to reach the next integer. */
static inline uint32_t div_q(uint32_t x)
{
	return (uint32_t)((uint64_t)x * 20642679 >> 36);
}

static inline uint16_t mod_q(uint32_t x)
{
	return (uint16_t)(x - div_q(x) * Q);
}

/* x mod q.  Requires: x < 2q. */
static inline uint16_t once(uint32_t x)
{
	const uint32_t less = x - Q;
	return (uint16_t)(less + (Q & (uint32_t)ct_mask(less >> 31)));
}

static inline uint16_t add(uint16_t a, uint16_t b) { return once((uint32_t)a + b); }
static inline uint16_t sub(uint16_t a, uint16_t b) { return once((uint32_t)a + Q - b); }
static inline uint16_t mul(uint16_t a, uint16_t b) { return mod_q((uint32_t)a * b); }

void poly_add(poly *f, const poly *g)
{
	for (unsigned i = 0; i < N; i++) f->c[i] = add(f->c[i], g->c[i]);
}

void poly_sub(poly *f, const poly *g)
{
	for (unsigned i = 0; i < N; i++) f->c[i] = sub(f->c[i], g->c[i]);
}

void poly_ntt(poly *f)
{
	unsigned k = 1;

	for (unsigned len = 128; len >= 2; len /= 2)
		for (unsigned start = 0; start < N; start += 2 * len, k++)
			for (unsigned j = start; j < start + len; j++) {
				const uint16_t t = mul(ZETA[k], f->c[j + len]);
				f->c[j + len] = sub(f->c[j], t);
				f->c[j] = add(f->c[j], t);
			}
}

void poly_ntt_inverse(poly *f)
{
	unsigned k = 127;

	for (unsigned len = 2; len <= 128; len *= 2)
		for (unsigned start = 0; start < N; start += 2 * len, k--)
			for (unsigned j = start; j < start + len; j++) {
				const uint16_t t = f->c[j];
				f->c[j] = add(t, f->c[j + len]);
				f->c[j + len] = mul(ZETA[k], sub(f->c[j + len], t));
			}
	for (unsigned i = 0; i < N; i++) f->c[i] = mul(f->c[i], 3303);       /* check: 3303 * 128 % 3329 == 1 */
}

/* (f_0 + f_1 X) += (g_0 + g_1 X)(h_0 + h_1 X) mod X^2 - gamma */
static inline void pair_mul_add(uint16_t *f, const uint16_t *g, const uint16_t *h, uint16_t gamma)
{
	const uint32_t low = (uint32_t)g[0] * h[0] + (uint32_t)mul(g[1], h[1]) * gamma;
	const uint32_t high = (uint32_t)g[0] * h[1] + (uint32_t)g[1] * h[0];
	f[0] = add(f[0], mod_q(low));
	f[1] = add(f[1], mod_q(high));
}

void poly_mul_add(poly *f, const poly *g, const poly *h)
{
	for (unsigned i = 0; i < N; i += 4) {
		const uint16_t gamma = ZETA[64 + i / 4];
		pair_mul_add(f->c + i, g->c + i, h->c + i, gamma);
		pair_mul_add(f->c + i + 2, g->c + i + 2, h->c + i + 2, (uint16_t)(Q - gamma));
	}
}

void poly_sample_var(poly *f, const uint8_t rho[static 32], uint8_t i, uint8_t j)
{
	uint8_t three[3];
	xof x = xof_shake128();

	xof_absorb(&x, slice_of(rho, 32));
	xof_absorb(&x, slice_of((uint8_t[]){ j, i }, 2));
	for (unsigned n = 0; n < N; ) {
		xof_squeeze(&x, three, sizeof three);
		const unsigned low = three[0] | (three[1] & 15u) << 8, high = three[1] >> 4 | (unsigned)three[2] << 4;
		if (low < Q) f->c[n++] = (uint16_t)low;
		if (high < Q && n < N) f->c[n++] = (uint16_t)high;
	}
}

/* The number of ones among the lowest 3 bits. */
static inline uint32_t ones(uint32_t x)
{
	return (x & 1) + (x >> 1 & 1) + (x >> 2 & 1);
}

void poly_noise(poly *f, unsigned eta, const uint8_t key[static 32], uint8_t nonce)
{
	uint8_t bits[64 * 3 + 1] = { 0 };                     /* one more: each read takes two bytes */
	xof x = xof_shake256();

	ASSERT(eta == 2 || eta == 3);
	xof_absorb(&x, slice_of(key, 32));
	xof_absorb(&x, slice_of(&nonce, 1));
	xof_squeeze(&x, bits, 64 * (size_t)eta);
	const uint32_t mask = (1u << eta) - 1;
	for (unsigned i = 0; i < N; i++) {
		const unsigned at = 2 * eta * i;
		const uint32_t w = (bits[at / 8] | (uint32_t)bits[at / 8 + 1] << 8) >> at % 8;
		f->c[i] = once(Q + ones(w & mask) - ones(w >> eta & mask));
	}
	wipe(bits, sizeof bits);
	wipe(&x, sizeof x);
}

void poly_encode(uint8_t *out, unsigned d, const poly *f)
{
	uint32_t held = 0;
	unsigned bits = 0;

	for (unsigned i = 0; i < N; i++) {
		held |= (uint32_t)f->c[i] << bits;
		for (bits += d; bits >= 8; bits -= 8, held >>= 8) *out++ = (uint8_t)held;
	}
}

void poly_decode(poly *f, unsigned d, const uint8_t *in)
{
	uint32_t held = 0;
	unsigned bits = 0;

	for (unsigned i = 0; i < N; i++) {
		for (; bits < d; bits += 8) held |= (uint32_t)*in++ << bits;
		const uint32_t x = held & ((1u << d) - 1);
		f->c[i] = once(x);                                        /* below 4096 < 2q */
		held >>= d, bits -= d;
	}
}

bool poly_encoding_canonical_var(const uint8_t *in)
{
	for (unsigned i = 0; i < N / 2; i++, in += 3)
		if ((in[0] | (in[1] & 15) << 8) >= Q || (in[1] >> 4 | in[2] << 4) >= Q) return false;
	return true;
}

void poly_compress(poly *f, unsigned d)
{
	for (unsigned i = 0; i < N; i++)
		f->c[i] = (uint16_t)(div_q(((uint32_t)f->c[i] << d) + Q / 2) & ((1u << d) - 1));
}

void poly_decompress(poly *f, unsigned d)
{
	for (unsigned i = 0; i < N; i++)
		f->c[i] = (uint16_t)(((uint32_t)f->c[i] * Q + (1u << (d - 1))) >> d);
}
