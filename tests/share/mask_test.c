/* SPDX-License-Identifier: MIT */
/* tests/share/mask_test.c -- masks of decryptions: wide enough, the same for the same ciphertext, alike in every variant. */
#include "tests/share/prss_keys.h"
#include "tests/ring/elements.h"
#include "base/cpu.h"
#include "share/code.h"
#include "share/prss_mask.h"
#include "share/prss_state.h"
#include "share/shamir.h"
#include "share/small.h"
#include <math.h>

enum { MOST_MASKS = 70 };

#define FOR_EACH_KERNEL(k) \
	for (const prss_mask_kernel *const *at_##k = PRSS_MASK_ALL, *k; (k = *at_##k) != NULL; at_##k++) if (cpu_can(k->needs))

static u128 random_word_128(void) { return (u128)rng_u64(test_rng()) << 64 | rng_u64(test_rng()); }

/* ---- small weights ----------------------------------------------------------------------------------------------------- */

static void small_fractions_are_found_again(void **state)
{
	u128 c[20];
	int32_t w[20], expected[20];
	uint64_t D;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		const uint64_t d = test_below((uint64_t)1 << test_below(30)) * 2 + 1;
		const unsigned bits = 1 + (unsigned)test_below(31);
		for (unsigned i = 0; i < COUNT(c); i++) {
			expected[i] = (int32_t)test_below((uint64_t)1 << bits) - (int32_t)(((uint64_t)1 << bits) / 2);
			c[i] = (u128)(i128)expected[i] * inverse_of_odd(d);
		}
		expected[0] = 1, c[0] = inverse_of_odd(d);           /* so that d is the least denominator */
		assert_true(small_fractions_var(w, &D, c, COUNT(c), INT32_MAX));
		assert_true(D == d && memcmp(w, expected, sizeof w) == 0);
	}
}

static void what_is_no_small_fraction_is_refused(void **state)
{
	static const u128 EDGES[] = { (u128)1 << 127, (u128)1 << 64, (u128)1 << 31, (u128)5 << 90 };
	int32_t w[4];
	uint64_t D;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		const u128 c[4] = { 1, random_word_128(), random_word_128(), (u128)-3 };
		assert_false(small_fractions_var(w, &D, c, 4, INT32_MAX));
	}
	for (unsigned i = 0; i < COUNT(EDGES); i++) assert_false(small_fractions_var(w, &D, &EDGES[i], 1, INT32_MAX));
	for (int64_t v = -101; v <= 101; v++) {
		const u128 c = (u128)(i128)v * inverse_of_odd(7);
		assert_int_equal(small_fractions_var(w, &D, &c, 1, 100), v >= -100 && v <= 100);
	}
}

/* ---- variants ------------------------------------------------------------------------------------------------------------ */

static void assert_all_alike(const prss *p)
{
	static u128 wide[MOST_MASKS * GR_MAX_DEGREE], got[MOST_MASKS * GR_MAX_DEGREE + 1];
	const hash32 h = random_hash();

	for (size_t count = 0; count <= MOST_MASKS; count += 1 + count / 8) {
		const uint32_t first = (uint32_t)rng_u64(test_rng()) >> 1;
		u128 start = random_word_128();
		for (size_t i = 0; i < count * p->d; i++) wide[i] = start + i;
		prss_mask_add_by(NULL, p, wide, &h, first, count);
		FOR_EACH_KERNEL(k) {
			for (size_t i = 0; i <= count * p->d; i++) got[i] = start + i;
			prss_mask_add_by(k, p, got, &h, first, count);
			assert_memory_equal(got, wide, count * p->d * sizeof *wide);
			assert_true(got[count * p->d] == start + count * p->d);
		}
	}
}

static void every_variant_adds_the_mask_that_the_wide_weights_give(void **state)
{
	static const cluster MORE[] = { { 19, 3 }, { 24, 3 }, { 31, 2 }, { 32, 1 } };
	static prss_group g;

	(void)state;
	for (size_t x = 0; x < COUNT(CLUSTERS) + COUNT(MORE); x++) {
		const cluster *c = x < COUNT(CLUSTERS) ? &CLUSTERS[x] : &MORE[x - COUNT(CLUSTERS)];
		const party me = (party)(1 + test_below(c->n));
		group_new(&g, c->n, c->t, (party_set)1 << me);
		assert_true(g.p[me]->small.fit);
		assert_all_alike(g.p[me]);
		group_free(&g);
	}
}

/* The rings of degree 3 and 8 too, whose coefficients come in odd numbers and in fours. */
static void every_variant_serves_every_degree(void **state)
{
	static uint8_t r[MAX_PRSS_SETS][PRSS_KEY];

	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) {
		prss *p = NULL;
		rng_fill(test_rng(), r, sizeof r);
		assert_ok(prss_new(&p, 7, 2, d, 5, &ID_DEFAULT_EPOCH, r));
		assert_true(p->small.fit);
		assert_all_alike(p);
		prss_free(&p);
	}
}

/* Sums of limbs at their extremes: all phi 0 or all ones, weights of one sign and as large as allowed. */
static void no_sum_overflows_at_the_bound(void **state)
{
	enum { ROW = MASK_KEYS * AES_BLOCK, D = 4 };
	static _Alignas(64) uint8_t phi[2 * 8 * ROW], scratch[MASK_SCRATCH];
	static _Alignas(64) int64_t sum[8 * D * MASK_LIMBS];
	static const int64_t none[D * MASK_LIMBS];
	int32_t w[MASK_KEYS * D];
	const int64_t half = (int64_t)1 << 31;

	(void)state;
	for (unsigned ones = 0; ones < 2; ones++) for (int sign = -1; sign <= 1; sign += 2) FOR_EACH_KERNEL(k) {
		for (unsigned i = 0; i < COUNT(w); i++) w[i] = (int32_t)(sign * (half / MASK_KEYS));
		memset(phi, ones ? 0xff : 0, sizeof phi);
		memset(sum, 0x77, sizeof sum);
		k->add(sum, true, scratch, w, D, MASK_KEYS, phi, ROW, k->lanes);
		for (unsigned i = 0; i < D * MASK_LIMBS * k->lanes; i++) {
			const unsigned l = i / k->lanes % MASK_LIMBS;
			const int64_t limb = l == 3 ? (ones ? 65535 : 0) : ones ? half - (l == 0 ? 2 : 1) : -half;
			assert_true(sum[i] == sign * limb * half);
		}

		for (unsigned i = 0; i < D * MASK_LIMBS * k->lanes; i++) sum[i] = ones ? INT64_MAX : 0;     /* v0 overflows, or not */
		k->carry(sum, none, D, k->lanes);
		const u128 v = ones ? (((u128)1 << 63) - 1) * (((u128)1 << 96) + ((u128)1 << 64) + ((u128)1 << 32) + 1) : 0;
		for (unsigned i = 0; i < D * MASK_LIMBS * k->lanes; i += MASK_LIMBS * k->lanes) {
			assert_true((uint64_t)sum[i] == (uint64_t)v);
			assert_true((uint64_t)sum[i + k->lanes] == (uint64_t)(v >> 64));
		}
	}
}

static void where_weights_do_not_fit_the_wide_ones_serve(void **state)
{
	static prss_group g;
	const party_set who = parties_all(5);
	const hash32 h = random_hash();
	u128 w[6][2 * GR_MAX_DEGREE] = { { 0 } };

	(void)state;
	group_new(&g, 32, 2, who);
	for (unsigned b = 0; b < 2; b++) {
		gr y[6];
		FOR_EACH_IN(i, who) {
			assert_false(g.p[i]->small.fit);
			memset(w[i], 0, sizeof w[i]);
			prss_mask_add(g.p[i], w[i], &h, 7, 2);
			y[i] = GR_ZERO;
			for (unsigned c = 0; c < g.d; c++) y[i].c[c] = w[i][b * g.d + c];
		}
		const ring *R = ring_of(128, g.d);
		const gr E = interpolate_unchecked(R, y, 0x0e), again = interpolate_unchecked(R, y, 0x38);
		assert_gr_equal(R, E, again);
		assert_true(gr_is_scalar_var(R, E));
		assert_true((E.c[0] + ((u128)1 << 122)) >> 123 == 0);
	}
	group_free(&g);
}

/* ---- what a mask is ------------------------------------------------------------------------------------------------------ */

/* E of blocks 0 .. count - 1, by opening the shares of all parties of the group, which must agree. */
static void open_masks(i128 *E, const prss_group *g, code *c, const hash32 *h, size_t count)
{
	static u128 w[MOST_PARTIES + 1][MOST_MASKS * GR_MAX_DEGREE];
	gr y[MOST_PARTIES + 1], secret;

	assert_true(count <= MOST_MASKS);
	for (unsigned i = 1; i <= g->n; i++) {
		memset(w[i], 0, sizeof w[i]);
		prss_mask_add(g->p[i], w[i], h, 0, count);
	}
	for (size_t b = 0; b < count; b++) {
		for (unsigned i = 1; i <= g->n; i++) {
			y[i] = GR_ZERO;
			for (unsigned l = 0; l < g->d; l++) y[i].c[l] = w[i][b * g->d + l];
		}
		assert_true(code_decode_var(&secret, NULL, NULL, c, y, parties_all(g->n), g->n - g->t - 1));
		assert_true(gr_is_scalar_var(ring_of(128, g->d), secret));
		E[b] = (i128)secret.c[0];
	}
}

/* In units of 2^110. */
static double unit(i128 E) { return ldexp((double)E, -PRSS_MASK_LOG); }

static void T_NOMASK_a_mask_is_bounded_and_as_wide_as_it_must_be(void **state)
{
	static const unsigned SAMPLES[COUNT(CLUSTERS)] = { 10000, 10000, 10000, 3000, 1500, 500 };
	static prss_group g;
	i128 E[MOST_MASKS];

	(void)state;
	for (size_t x = 0; x < COUNT(CLUSTERS); x++) {
		const unsigned n = CLUSTERS[x].n, t = CLUSTERS[x].t, sets = binomial(n, t);
		double sum = 0, squares = 0;
		size_t samples = 0;
		AUTO(code) *c = NULL;

		group_new(&g, n, t, parties_all(n));
		assert_ok(code_new(&c, ring_of(128, g.d), n, t));
		while (samples < SAMPLES[x]) {
			const hash32 h = random_hash();
			open_masks(E, &g, c, &h, 50);
			for (unsigned b = 0; b < 50; b++, samples++) {
				assert_true(fabs(unit(E[b])) <= 2.0 * sets);
				sum += unit(E[b]), squares += unit(E[b]) * unit(E[b]);
			}
		}
		const double expected = sqrt(2.0 * sets / 3), N = (double)samples;
		const double mean = sum / N, deviation = sqrt(squares / N - mean * mean);
		/* 3 %, and where that is less than 4 sigma of so few samples, 4 sigma. */
		assert_true(fabs(deviation / expected - 1) < fmax(0.03, 4 / sqrt(2 * N)));
		assert_true(fabs(mean) < 5 * expected / sqrt(N));
		assert_true(deviation > ldexp(1, 105 - PRSS_MASK_LOG));
		group_free(&g);
	}
}

static void T_MASK_a_mask_belongs_to_its_ciphertext(void **state)
{
	static prss_group g;
	i128 E[40], again[40];
	AUTO(code) *c = NULL;

	(void)state;
	group_new(&g, 4, 1, parties_all(4));
	assert_ok(code_new(&c, ring_of(128, g.d), 4, 1));
	const hash32 h = random_hash();
	open_masks(E, &g, c, &h, 40);
	for (unsigned i = 1; i <= 4; i++) {                          /* after a restart, in another batch: the same */
		prss_free(&g.p[i]);
		assert_ok(group_join(&g.p[i], &g, (party)i, &ID_DEFAULT_EPOCH));
	}
	open_masks(again, &g, c, &h, 40);
	assert_memory_equal(again, E, sizeof E);
	open_masks(again, &g, c, &h, 7);
	assert_memory_equal(again, E, 7 * sizeof *E);
	for (unsigned a = 0; a < 40; a++)                            /* no two blocks have the same */
		for (unsigned b = 0; b < a; b++) assert_true(fabs(unit(E[a] - E[b])) > ldexp(1, -30));

	double squares = 0;
	unsigned count = 0;
	for (unsigned bit = 0; bit < 256; bit++) {                   /* one bit of h elsewhere: independent */
		hash32 other = h;
		other.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		open_masks(again, &g, c, &other, 4);
		for (unsigned b = 0; b < 4; b++, count++) {
			const double difference = unit(again[b] - E[b]);
			assert_true(fabs(difference) > ldexp(1, -40));
			squares += difference * difference;
		}
	}
	/* Each of the 4 masks is compared with 256 others; it is not random itself, hence the wide bounds. */
	const double mean = squares / count, one = 2.0 * 4 / 3;
	assert_true(mean > one / 2 && mean < 8 * one);

	id32 epoch = ID_DEFAULT_EPOCH;
	epoch.b[0] ^= 1;
	prss_free(&g.p[1]);
	assert_ok(group_join(&g.p[1], &g, 1, &epoch));
	u128 a[GR_MAX_DEGREE] = { 0 }, b[GR_MAX_DEGREE] = { 0 };
	prss_mask_add(g.p[1], a, &h, 0, 1);
	prss_free(&g.p[1]);
	assert_ok(group_join(&g.p[1], &g, 1, &ID_DEFAULT_EPOCH));
	prss_mask_add(g.p[1], b, &h, 0, 1);
	assert_memory_not_equal(a, b, sizeof a);
	group_free(&g);
}

static void masks_do_not_depend_on_the_batch(void **state)
{
	static u128 all[MOST_MASKS * 4], some[MOST_MASKS * 4];
	static prss_group g;
	const hash32 h = random_hash();

	(void)state;
	group_new(&g, 10, 3, 1 << 4);
	memset(all, 0, sizeof all);
	prss_mask_add(g.p[4], all, &h, 1000, MOST_MASKS);
	for (unsigned round = 0; round < 200; round++) {
		const unsigned first = (unsigned)test_below(MOST_MASKS), count = (unsigned)test_below(MOST_MASKS - first + 1);
		memset(some, 0, sizeof some);
		prss_mask_add(g.p[4], some, &h, 1000 + first, count);
		assert_memory_equal(some, all + first * 4, count * 4 * sizeof *all);
	}
	group_free(&g);
}

static void the_last_block_has_a_mask(void **state)
{
	static prss_group g;
	const hash32 h = random_hash();
	u128 both[8] = { 0 }, last[4] = { 0 };

	(void)state;
	group_new(&g, 4, 1, 1 << 1);
	prss_mask_add(g.p[1], both, &h, UINT32_MAX - 1, 2);
	prss_mask_add(g.p[1], last, &h, UINT32_MAX, 1);
	assert_memory_equal(last, both + 4, sizeof last);
	group_free(&g);
}

TESTS(TEST(small_fractions_are_found_again), TEST(what_is_no_small_fraction_is_refused),
      TEST(every_variant_adds_the_mask_that_the_wide_weights_give), TEST(every_variant_serves_every_degree),
      TEST(no_sum_overflows_at_the_bound), TEST(where_weights_do_not_fit_the_wide_ones_serve),
      TEST(T_NOMASK_a_mask_is_bounded_and_as_wide_as_it_must_be), TEST(T_MASK_a_mask_belongs_to_its_ciphertext),
      TEST(masks_do_not_depend_on_the_batch), TEST(the_last_block_has_a_mask))
