/* SPDX-License-Identifier: MIT */
/* tests/share/bits_test.c -- random bits: shares of bits, of the right ones, hidden by what is opened. */
#include "tests/share/prss_keys.h"
#include "tests/ring/elements.h"
#include "share/bits.h"
#include "share/unanimous.h"
#include "share/shamir.h"
#include <math.h>

enum { MOST_BITS = 400 };

typedef struct party_bits { u128 a[MOST_BITS * GR_MAX_DEGREE], word[MOST_BITS]; } party_bits;
static party_bits all[14];

static gr element(const ring *R, const void *words, size_t i)
{
	gr v = GR_ZERO;

	for (unsigned c = 0; c < R->d; c++)
		v.c[c] = R->k == 64 ? ((const uint64_t *)words)[i * R->d + c] : ((const u128 *)words)[i * R->d + c];
	return v;
}

/* The i-th of everybody's elements; false: they are not on a polynomial of degree <= D. */
static bool reconstruct(gr *secret, const ring *R, const prss_group *g, size_t offset, size_t i, unsigned D)
{
	gr y[MAX_PARTIES + 1], other;
	party_set last = parties_all(g->n) & ~parties_all(g->n - D - 1);

	for (party j = 1; j <= g->n; j++) y[j] = element(R, (uint8_t *)&all[j] + offset, i);
	*secret = interpolate_unchecked(R, y, parties_all(D + 1));
	other = interpolate_unchecked(R, y, last);
	return gr_eq_var(*secret, other);
}

#define A offsetof(party_bits, a)
#define V offsetof(party_bits, word)

static const uint8_t SID[PRSS_SID] = { 1, 2, 3 };

/* What all parties do, and what is opened. */
static void make_words(const prss_group *g, const ring *R, uint64_t first, size_t bits)
{
	for (party i = 1; i <= g->n; i++) {
		AUTO(prss_batch) *b = NULL;
		assert_ok(prss_batch_new(&b, g->p[i]));
		bits_words(b, R, all[i].a, all[i].word, SID, first, bits);
	}
}

static void open_words(void *opened, const prss_group *g, const ring *R, size_t bits)
{
	const uint8_t *y[MAX_PARTIES + 1];
	AUTO(unanimous) *x = NULL;

	for (party i = 1; i <= g->n; i++) y[i] = (const uint8_t *)all[i].word;
	assert_ok(unanimous_new(&x, R, 2 * g->t, parties_all(g->n)));
	assert_true(unanimous_open_var(x, opened, y, bits / R->d));
}

static void bits_are_the_lowest_of_what_was_random(void **state)
{
	static u128 opened[MOST_BITS];
	static gr a[MOST_BITS];
	static prss_group g;

	(void)state;
	for (size_t x = 0; x < 5; x++) for (unsigned k = 64; k <= 128; k += 64) {
		group_new(&g, CLUSTERS[x].n, CLUSTERS[x].t, parties_all(CLUSTERS[x].n));
		const ring *R = ring_of(k, g.d);
		const size_t bits = MOST_BITS / R->d * R->d;
		const uint64_t first = R->d * test_below(1 << 20);
		make_words(&g, R, first, bits);
		for (size_t i = 0; i < bits; i++) {
			assert_true(reconstruct(&a[i], R, &g, A, i, g.t));
			assert_true(gr_is_scalar_var(R, a[i]));
		}
		open_words(opened, &g, R, bits);
		for (size_t i = 0; i < bits; i++) {
			const gr v = gr_add(R, gr_mul(R, a[i], a[i]), a[i]), got = element(R, opened, i / R->d);
			assert_true(got.c[i % R->d] == v.c[0]);
		}
		for (party i = 1; i <= g.n; i++) assert_true(bits_solve(R, all[i].a, opened, bits));
		for (size_t i = 0; i < bits; i++) {
			gr b;
			assert_true(reconstruct(&b, R, &g, A, i, g.t));
			assert_gr_equal(R, b, gr_scalar(R, a[i].c[0] & 1));
		}
		group_free(&g);
	}
}

/* The zero sharing makes what is sent uniform: without it the shares of V would tell more than V. */
static void T_PRZS_what_is_sent_is_the_product_and_a_fresh_zero(void **state)
{
	static prss_group g;

	(void)state;
	for (size_t x = 0; x < 4; x++) for (unsigned k = 64; k <= 128; k += 64) {
		group_new(&g, CLUSTERS[x].n, CLUSTERS[x].t, parties_all(CLUSTERS[x].n));
		const ring *R = ring_of(k, g.d);
		make_words(&g, R, 8 * R->d, 4 * R->d);
		for (party i = 1; i <= g.n; i++) for (unsigned e = 0; e < 4; e++) {
			gr a[GR_MAX_DEGREE];
			for (unsigned j = 0; j < R->d; j++) a[j] = prss_z_next(g.p[i], R, SID, (8 + e) * R->d + j).v;
			const gr right = bits_word_of(R, a, przs_next(g.p[i], R, SID, 8 + e).v);
			assert_gr_equal(R, element(R, all[i].word, e), right);
			assert_false(gr_eq_var(right, bits_word_of(R, a, GR_ZERO)));
		}
		group_free(&g);
	}
}

/* All even numbers modulo 2^16, and edges: b = a mod 2 for both roots, with the arithmetic of the ring. */
static void every_even_number_is_solved(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) {
		const ring *R = ring_of(k, d);
		for (unsigned round = 0; round < 70000; round += d == 4 ? 1 : 101) {
			const gr a = gr_scalar(R, round < 65536 ? round : edgy_word(k));
			const gr v = gr_add(R, gr_mul(R, a, a), a);
			uint64_t narrow[GR_MAX_DEGREE] = { (uint64_t)a.c[0] }, narrow_v = (uint64_t)v.c[0];
			u128 wide[GR_MAX_DEGREE] = { a.c[0] }, wide_v = v.c[0];
			assert_true(k == 64 ? bits_solve(R, narrow, &narrow_v, 1) : bits_solve(R, wide, &wide_v, 1));
			const gr b = element(R, k == 64 ? (void *)narrow : wide, 0);
			if (!gr_eq_var(b, gr_scalar(R, a.c[0] & 1))) fail_msg("k = %u, d = %u, round %u", k, d, round);
		}
	}
}

static void T_BITS_an_odd_word_is_refused_and_changes_nothing(void **state)
{
	static u128 a[8 * 4], before[8 * 4];

	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned i = 0; i < 8; i++) {
		uint8_t words[8 * 16];
		rng_fill(test_rng(), words, sizeof words);
		rng_fill(test_rng(), a, sizeof a);
		for (unsigned j = 0; j < 8; j++) words[j * k / 8] &= 0xfe;
		words[i * k / 8] |= 1;
		memcpy(before, a, sizeof a);
		assert_false(bits_solve(ring_of(k, 4), a, words, 8));
		assert_memory_equal(a, before, sizeof a);
	}
}

/* Against the figure: r by trying all digits, b = (a - r) / (-1 - 2r). */
static void solving_is_what_the_figure_says(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned round = 0; round < 300; round++) {
		const ring *R = ring_of(k, 4);
		const u128 x = edgy_word(k), mask = ~(u128)0 >> (128 - k), v = (x * x + x) & mask;
		const gr a = gr_random(R, test_rng());
		u128 r = 0;
		for (unsigned bit = 1; bit < k; bit++)
			if ((((r * r + r) ^ v) >> bit) & 1) r |= (u128)1 << bit;
		assert_true(((r * r + r - v) & mask) == 0);
		const gr denominator = gr_scalar(R, -(u128)1 - 2 * r);
		const gr right = gr_mul(R, gr_sub(R, a, gr_scalar(R, r)), gr_inv(R, denominator));
		u128 wide[4];
		uint64_t narrow[4], narrow_v = (uint64_t)v;
		for (unsigned c = 0; c < 4; c++) wide[c] = a.c[c], narrow[c] = (uint64_t)a.c[c];
		assert_true(k == 64 ? bits_solve(R, narrow, &narrow_v, 1) : bits_solve(R, wide, &v, 1));
		assert_gr_equal(R, element(R, k == 64 ? (void *)narrow : wide, 0), right);
	}
}

/* Chi-square with one degree of freedom for bits, and three for neighbours. */
static void bits_are_even_and_independent(void **state)
{
	static u128 opened[MOST_BITS];
	static prss_group g;
	double count[4] = { 0 }, chi = 0, total = 0;
	unsigned before = 0;

	(void)state;
	group_new(&g, 4, 1, parties_all(4));
	const ring *R = ring_of(64, 4);
	for (unsigned batch = 0; batch < 50; batch++) {
		make_words(&g, R, batch * MOST_BITS, MOST_BITS);
		open_words(opened, &g, R, MOST_BITS);
		for (party i = 1; i <= 4; i++) assert_true(bits_solve(R, all[i].a, opened, MOST_BITS));
		for (size_t i = 0; i < MOST_BITS; i++) {
			gr b;
			assert_true(reconstruct(&b, R, &g, A, i, 1));
			count[2 * before + (unsigned)b.c[0]]++, total++;
			before = (unsigned)b.c[0];
		}
	}
	for (unsigned i = 0; i < 4; i++) chi += (count[i] - total / 4) * (count[i] - total / 4) / (total / 4);
	assert_true(chi < 30);                           /* one in a million; three degrees of freedom */
	group_free(&g);
}

TESTS(TEST(bits_are_the_lowest_of_what_was_random), TEST(T_PRZS_what_is_sent_is_the_product_and_a_fresh_zero),
      TEST(every_even_number_is_solved), TEST(T_BITS_an_odd_word_is_refused_and_changes_nothing),
      TEST(solving_is_what_the_figure_says), TEST(bits_are_even_and_independent))
