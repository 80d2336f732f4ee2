/* SPDX-License-Identifier: MIT */
/*
 * lattice/limbs_check.c -- one step of lattice/limbs.h looked at from outside: no transforms, no floating point.
 *
 *   sum over rows r of D_r(psi) K_{r,c}(psi)  =  sum over limbs l of limb_base^l R_{c,l}(psi)   modulo P
 *
 * D_r the digits, K_{r,c} the key with its limbs put together as integers, R_{c,l} the rounded products; all in
 * Z[X]/(X^N + 1), and psi^N = -1.
 */
#include "lattice/limbs_internal.h"
#include "lattice/poly.h"
#include <pthread.h>

#define P ((UINT64_C(1) << 60) - (1 << 14) + 1)
#define PSI UINT64_C(644283108363935541)                     /* of order 4096 modulo P */

static uint64_t power[LIMBS_N];                              /* psi^i                    */
static uint64_t all_powers;                                  /* their sum                */

static uint64_t times(uint64_t a, uint64_t b) { return (uint64_t)((u128)a * b % P); }
static uint64_t plus(uint64_t a, uint64_t b)  { return (a + b) % P; }

static uint64_t residue(i128 x)
{
	const i128 r = x % (i128)P;
	return (uint64_t)(r < 0 ? r + (i128)P : r);
}

static void make(void)
{
	uint64_t x = 1;
	for (unsigned i = 0; i < LIMBS_N; i++, x = times(x, PSI)) {
		power[i] = x;
		all_powers = plus(all_powers, x);
	}
	ASSERT(x == P - 1);
}

static void ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make);
}

/* base^e */
static uint64_t power_of(uint64_t base, unsigned e)
{
	uint64_t x = 1;
	while (e--) x = times(x, base);
	return x;
}

/* ---- the key ------------------------------------------------------------------------------------------------------ */

/*
 * Limbs put together are the word less its dropped bits, from a least number -H on, modulo 2^(bits - dropped).  So word + H is
 * taken, in two halves that products with powers of psi have room for, and H times all powers is subtracted.
 */
static void check(limb_shape s, limb_check *key, const uint64_t *w64, const u128 *w128)
{
	const unsigned bits = s.bits - s.dropped, half = bits / 2;
	const u128 mask = ((u128)1 << half) - 1, all = (mask << (bits - half)) | mask;
	const u128 H = (u128)-limb_least(s);

	ready();
	ASSERT(s.limbs > 1 && s.bits == (w64 ? 64 : 128) && bits % 2 == 0);
	const uint64_t less = times((uint64_t)(H % P), all_powers), upper = power_of(2, half);

	for (size_t p = 0; p < (size_t)limb_rows(s) * (s.k + 1); p++) {
		u128 low = 0, high = 0;                              /* below 2^(54 + 60 + 11) */
		for (unsigned i = 0; i < LIMBS_N; i++) {
			const u128 word = w64 ? w64[p * LIMBS_N + i] : w128[p * LIMBS_N + i];
			const u128 x = ((word >> s.dropped) + H) & all;
			low += (x & mask) * power[i];
			high += (x >> half) * power[i];
		}
		const uint64_t sum = plus((uint64_t)(low % P), times((uint64_t)(high % P), upper));
		key->at[p / (s.k + 1)][p % (s.k + 1)] = plus(sum, P - less);
	}
}

void limbs_check64(limb_shape s, limb_check *key, const uint64_t *rows) { check(s, key, rows, NULL); }
void limbs_check128(limb_shape s, limb_check *key, const u128 *rows)    { check(s, key, NULL, rows); }

/* ---- a step ------------------------------------------------------------------------------------------------------- */

/* Polynomials before the step, of either size. */
typedef struct words { const uint64_t *w64; const u128 *w128; } words;

static u128 word_of(words x, size_t i) { return x.w64 ? x.w64[i] : x.w128[i]; }

/* at[row] = the digits of X^a p - p at psi, where p is polynomial r. */
static void digits_at_psi(uint64_t at[LIMBS_MAX_ROWS], limb_shape s, words before, unsigned r, unsigned a)
{
	i128 sum[MAX_LEVELS] = { 0 };
	int64_t d[MAX_LEVELS];

	for (unsigned i = 0; i < LIMBS_N; i++) {
		const unsigned from = (i + 2 * LIMBS_N - a) % (2 * LIMBS_N);
		const u128 x = word_of(before, (size_t)r * LIMBS_N + from % LIMBS_N);
		const u128 diff = (from < LIMBS_N ? x : 0 - x) - word_of(before, (size_t)r * LIMBS_N + i);
		if (s.bits == 64) digits64(d, (uint64_t)diff, s.decomp);
		else digits128(d, diff, s.decomp);
		for (unsigned l = 0; l < s.decomp.level; l++) sum[l] += d[l] * (i128)power[i];
	}
	for (unsigned l = 0; l < s.decomp.level; l++) at[l * (s.k + 1) + r] = residue(sum[l]);
}

/* Whether polynomial c of acc_b is that before, plus the products. */
static bool added_right(const limb_work *w, unsigned b, unsigned c, words before, const int64_t *product)
{
	const limb_shape s = w->shape;
	const uint64_t *acc = limb_acc(w, b, c);
	const u128 base = s.limb_base;

	for (unsigned i = 0; i < LIMBS_N; i++) {
		u128 sum = 0;
		for (unsigned l = s.limbs; l--;) {
			const i128 limb = product[l * LIMBS_N + i];
			sum = sum * base + (u128)limb;
		}
		sum = (sum << s.dropped) + word_of(before, (size_t)c * LIMBS_N + i);
		if (s.bits == 64 ? (uint64_t)sum != acc[i] : sum != limb_word128(acc, i)) return false;
	}
	return true;
}

static void look_at(limb_look *look, const limb_work *w, unsigned b, unsigned a, words before, const int64_t *products,
                    unsigned piece)
{
	const limb_shape s = w->shape;

	ready();
	ASSERT(s.limbs > 1 && s.bits == (before.w64 ? 64 : 128) && b < w->n && a < 2 * LIMBS_N && piece < 2 * (s.k + 1));
	if (piece <= s.k) {
		digits_at_psi(look->digits, s, before, piece, a);
		return;
	}
	const unsigned c = piece - (s.k + 1);
	const int64_t *product = products + (size_t)c * s.limbs * LIMBS_N;
	uint64_t found = 0;
	for (unsigned l = 0; l < s.limbs; l++) {
		i128 sum = 0;                                            /* below 2^(51 + 60 + 11), if the guard was silent */
		for (unsigned i = 0; i < LIMBS_N; i++) sum += product[l * LIMBS_N + i] * (i128)power[i];
		found = plus(found, times(residue(sum), power_of(s.limb_base, l)));
	}
	look->found[c] = found;
	look->added[c] = added_right(w, b, c, before, product);
}

bool limbs_look_right(const limb_look *look, limb_shape s, const limb_check *key)
{
	for (unsigned c = 0; c <= s.k; c++) {
		uint64_t expected = 0;
		for (unsigned r = 0; r < limb_rows(s); r++) expected = plus(expected, times(look->digits[r], key->at[r][c]));
		if (look->found[c] != expected || !look->added[c]) return false;
	}
	return true;
}

void limbs_look64(limb_look *look, const limb_work *w, unsigned b, unsigned a, const uint64_t *before, const int64_t *products,
                  unsigned piece)
{
	look_at(look, w, b, a, (words){ .w64 = before }, products, piece);
}

void limbs_look128(limb_look *look, const limb_work *w, unsigned b, unsigned a, const u128 *before, const int64_t *products,
                   unsigned piece)
{
	look_at(look, w, b, a, (words){ .w128 = before }, products, piece);
}
