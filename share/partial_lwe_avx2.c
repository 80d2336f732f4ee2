/* SPDX-License-Identifier: MIT */
/*
 * share/partial_lwe_avx2.c -- the four coefficients of GR(2^128, 4) side by side, by products of 32 bits.
 *
 * With a' = 2^44 x0 + 2^64 x1 + 2^96 x2, limbs of 20, 32 and 32 bits, and s = s0 + 2^32 s1 + 2^64 s2, the product modulo 2^128
 * has five columns:
 *
 *     x0 s0          at 44    below 2^52: what 128 of them add to 32 bits stays below 2^64, then it is carried to the third
 *     x1 s0          at 64    counts modulo 2^64
 *     x0 s1          at 76    modulo 2^52
 *     x2 s0 + x1 s1  at 96    modulo 2^32
 *     x0 s2          at 108   modulo 2^20
 *
 * so sums of 64 bits do.  Words are rounded four at a time, and then they lie in the order 0, 2, 1, 3.  So they do in the key,
 * which is 96 bytes for two words, each part for four coefficients: s0 and s1 of the first word, those of the second, the s2
 * of both.
 */
#include "base/cpu.h"
#include "share/partial_lwe.h"
#include <immintrin.h>

enum { D = 4, FOUR = 4, PAIR = 3, RUN = 128 };           /* vectors of a pair; words that are rounded at once */
_Static_assert(PARTIAL_DROPPED + 20 == 64, "x0 is what a word's lower half keeps");

typedef __m256i vec;

static bool serves(unsigned d) { return d == D; }

/* In pairs, of which two are a multiple of 64 bytes. */
static size_t bytes(unsigned d, size_t dim) { (void)d; return (dim + FOUR - 1) / FOUR * 2 * PAIR * sizeof(vec); }

static void pack(void *key, unsigned d, size_t dim, const u128 *words)
{
	static const unsigned PLACE[FOUR] = { 0, 2, 1, 3 };
	uint32_t (*pair)[PAIR][2 * D] = key;                     /* zero where there is no word */

	for (size_t i = 0; i < dim; i++)
		for (unsigned l = 0; l < D; l++) {
			const u128 s = words[i * d + l];
			const size_t at = i / FOUR * FOUR + PLACE[i % FOUR];
			pair[at / 2][at % 2][2 * l] = (uint32_t)s;
			pair[at / 2][at % 2][2 * l + 1] = (uint32_t)(s >> 32);
			pair[at / 2][2][2 * l + at % 2] = (uint32_t)(s >> 64);
		}
}

/* Words in the order of the key. */
typedef struct limbs { struct { uint32_t x1, x2; } upper[RUN]; struct { uint32_t x0, zero; } lower[RUN]; } limbs;

static inline void round_four(limbs *x, size_t at, const u128 a[static FOUR])
{
	const vec u = _mm256_loadu_si256((const vec *)a), v = _mm256_loadu_si256((const vec *)(a + 2));
	const vec low = _mm256_unpacklo_epi64(u, v), high = _mm256_unpackhi_epi64(u, v);
	const vec sum = _mm256_add_epi64(low, _mm256_set1_epi64x((long long)1 << (PARTIAL_DROPPED - 1)));
	const vec carry = _mm256_srli_epi64(_mm256_andnot_si256(sum, low), 63);

	_mm256_storeu_si256((vec *)&x->upper[at], _mm256_add_epi64(high, carry));
	_mm256_storeu_si256((vec *)&x->lower[at], _mm256_srli_epi64(sum, PARTIAL_DROPPED));
}

/* How many limbs there are then: a multiple of four, zero where there is no word. */
static inline size_t round_words(limbs *x, const u128 *a, size_t n)
{
	size_t at = 0;

	for (; at + FOUR <= n; at += FOUR) round_four(x, at, a + at);
	if (at == n) return n;
	u128 last[FOUR] = { 0 };
	memcpy(last, a + at, (n - at) * sizeof *a);
	round_four(x, at, last);
	return at + FOUR;
}

typedef struct columns { vec at44, at64, at76, at96, at108; } columns;

/* Of each 64 bits of a and b the lower half counts. */
static inline void add_product(vec *sum, vec a, vec b) { *sum = _mm256_add_epi64(*sum, _mm256_mul_epu32(a, b)); }

static inline void add_products(columns *c, const limbs *x, size_t i, vec s0, vec s2)
{
	const vec x0 = _mm256_set1_epi32((int)x->lower[i].x0), x1 = _mm256_set1_epi32((int)x->upper[i].x1);
	const vec x2 = _mm256_set1_epi32((int)x->upper[i].x2), s1 = _mm256_srli_epi64(s0, 32);

	add_product(&c->at44, x0, s0);
	add_product(&c->at64, x1, s0);
	add_product(&c->at76, x0, s1);
	add_product(&c->at96, x2, s0);
	add_product(&c->at96, x1, s1);
	add_product(&c->at108, x0, s2);
}

static void carry(columns *c)
{
	c->at76 = _mm256_add_epi64(c->at76, _mm256_srli_epi64(c->at44, 32));
	c->at44 = _mm256_and_si256(c->at44, _mm256_set1_epi64x(0xffffffff));
}

static void dot(u128 *out, const void *key, unsigned d, size_t dim, const u128 *a)
{
	const vec *s = key, zero = _mm256_setzero_si256();
	columns c = { zero, zero, zero, zero, zero };
	limbs x;

	(void)d;
	for (size_t first = 0; first < dim; first += RUN) {
		const size_t n = round_words(&x, a + first, size_min(RUN, dim - first));

		for (size_t i = 0; i < n; i += 2, s += PAIR) {
			const vec s2 = _mm256_load_si256(s + 2);
			add_products(&c, &x, i, _mm256_load_si256(s), s2);
			add_products(&c, &x, i + 1, _mm256_load_si256(s + 1), _mm256_srli_epi64(s2, 32));
		}
		carry(&c);
	}

	uint64_t v[5][D];
	_mm256_storeu_si256((vec *)v[0], c.at44), _mm256_storeu_si256((vec *)v[1], c.at64);
	_mm256_storeu_si256((vec *)v[2], c.at76), _mm256_storeu_si256((vec *)v[3], c.at96);
	_mm256_storeu_si256((vec *)v[4], c.at108);
	for (unsigned l = 0; l < D; l++)
		out[l] = ((u128)v[0][l] << 44) + ((u128)v[1][l] << 64) + ((u128)v[2][l] << 76) + ((u128)v[3][l] << 96) +
		         ((u128)v[4][l] << 108);
	wipe(v, sizeof v);
}

const lwe_kernel LWE_AVX2 = { "avx2", CPU_AVX2, serves, bytes, pack, dot };
