/* SPDX-License-Identifier: MIT */
/* tests/share/shamir_test.c -- dealing, and what may be computed on shares. */
#include "tests/share/words.h"
#include "share/shamir.h"

static void opened(gr *y, const share *s, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) y[i] = s[i].v;
}

static gr secret_of(const ring *R, const share *s, unsigned n, party_set who)
{
	gr y[MOST_PARTIES + 1];

	opened(y, s, n);
	return interpolate_unchecked(R, y, who);
}

static void any_degree_plus_one_shares_give_the_secret_and_fewer_do_not(void **state)
{
	(void)state;
	FOR_EACH_CODE(x, k, D) for (unsigned round = 0; round < 10; round++) {
		const ring *R = ring_of(k, ring_degree(x->n));
		const gr secret = gr_random(R, test_rng());
		share s[MOST_PARTIES + 1];

		shamir_deal(s, R, x->n, D, secret, test_rng());
		assert_true(gr_eq_var(secret_of(R, s, x->n, random_subset(parties_all(x->n), D + 1)), secret));
		assert_true(gr_eq_var(secret_of(R, s, x->n, parties_all(x->n)), secret));
		assert_false(gr_eq_var(secret_of(R, s, x->n, random_subset(parties_all(x->n), D)), secret));
	}
}

static void two_dealings_of_one_secret_have_nothing_in_common(void **state)
{
	share a[5], b[5];

	(void)state;
	shamir_deal(a, ring_of(64, 4), 4, 1, GR_ONE, test_rng());
	shamir_deal(b, ring_of(64, 4), 4, 1, GR_ONE, test_rng());
	for (unsigned i = 1; i <= 4; i++) assert_false(gr_eq_var(a[i].v, b[i].v));
}

/* 15 degrees of freedom: uniform digits exceed 60 once in three million. */
static double chi_square(const unsigned count[16], unsigned total)
{
	double sum = 0;

	for (unsigned i = 0; i < 16; i++) {
		const double expected = total / 16.0, off = count[i] - expected;

		sum += off * off / expected;
	}
	return sum;
}

/*
 * An integer as secret.  Were the coefficients of the polynomial integers too, then s + c X, the share of party 2,
 * would show s as it is, and the share of party 1 would be an integer.
 */
static void T_ZSHARE_the_coefficients_of_shares_of_an_integer_are_uniform(void **state)
{
	enum { DEALINGS = 2000 };

	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned D = 1; D <= 2; D++) {
		const ring *R = ring_of(k, 4);
		unsigned low[5][4][16] = { { { 0 } } }, high[5][4][16] = { { { 0 } } };

		for (unsigned round = 0; round < DEALINGS; round++) {
			share s[5];

			shamir_deal(s, R, 4, D, gr_scalar(R, 1), test_rng());
			for (unsigned i = 1; i <= 4; i++) for (unsigned j = 0; j < 4; j++) {
				low[i][j][s[i].v.c[j] & 15]++;
				high[i][j][s[i].v.c[j] >> (k - 4)]++;
			}
		}
		for (unsigned i = 1; i <= 4; i++) for (unsigned j = 0; j < 4; j++) {
			assert_true(chi_square(low[i][j], DEALINGS) < 60);
			assert_true(chi_square(high[i][j], DEALINGS) < 60);
		}
	}
}

static void weights_give_the_value_anywhere(void **state)
{
	(void)state;
	FOR_EACH_CODE(x, k, D) {
		const ring *R = ring_of(k, ring_degree(x->n));
		const word w = random_word(R, x->n, D);
		const party_set who = random_subset(parties_all(x->n), D + 1);
		const gr at = gr_random(R, test_rng());
		gr weight[MAX_PARTIES + 1], sum = GR_ZERO;

		lagrange_weights(weight, R, who, at);
		FOR_EACH_IN(i, who) sum = gr_add(R, sum, gr_mul(R, weight[i], w.y[i]));
		assert_true(gr_eq_var(sum, gr_eval(R, w.f, D, at)));
	}
}

static void sums_and_multiples_of_shares_are_shares(void **state)
{
	(void)state;
	FOR_EACH_CODE(x, k, D) {
		const ring *R = ring_of(k, ring_degree(x->n));
		const gr a = gr_random(R, test_rng()), b = gr_random(R, test_rng()), z = gr_random(R, test_rng());
		const party_set who = random_subset(parties_all(x->n), D + 1);
		share sa[MOST_PARTIES + 1], sb[MOST_PARTIES + 1], out[MOST_PARTIES + 1];

		shamir_deal(sa, R, x->n, D, a, test_rng()), shamir_deal(sb, R, x->n, D, b, test_rng());
		for (unsigned i = 1; i <= x->n; i++) out[i] = share_add(R, share_scale(R, z, sa[i]), sb[i]);
		assert_true(gr_eq_var(secret_of(R, out, x->n, who), gr_add(R, gr_mul(R, z, a), b)));
		for (unsigned i = 1; i <= x->n; i++) out[i] = share_sub(R, sa[i], sb[i]);
		assert_true(gr_eq_var(secret_of(R, out, x->n, who), gr_sub(R, a, b)));
	}
}

static void the_product_of_shares_of_degree_t_is_a_share_of_degree_2t(void **state)
{
	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const ring *R = ring_of(128, ring_degree(x->n));
		const gr a = gr_random(R, test_rng()), b = gr_random(R, test_rng());
		share sa[MOST_PARTIES + 1], sb[MOST_PARTIES + 1];

		shamir_deal(sa, R, x->n, x->t, a, test_rng()), shamir_deal(sb, R, x->n, x->t, b, test_rng());
		for (unsigned i = 1; i <= x->n; i++) sa[i].v = gr_mul(R, sa[i].v, sb[i].v);
		assert_true(gr_eq_var(secret_of(R, sa, x->n, random_subset(parties_all(x->n), 2 * x->t + 1)), gr_mul(R, a, b)));
	}
}

static void a_narrowed_share_is_a_share_of_the_narrowed_secret(void **state)
{
	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const unsigned d = ring_degree(x->n);
		const gr a = gr_random(ring_of(128, d), test_rng());
		share s[MOST_PARTIES + 1];

		shamir_deal(s, ring_of(128, d), x->n, x->t, a, test_rng());
		for (unsigned i = 1; i <= x->n; i++) s[i] = share_narrow(s[i]);
		assert_true(gr_eq_var(secret_of(ring_of(64, d), s, x->n, random_subset(parties_all(x->n), x->t + 1)), gr_narrow(a)));
	}
}

TESTS(TEST(any_degree_plus_one_shares_give_the_secret_and_fewer_do_not),
	TEST(two_dealings_of_one_secret_have_nothing_in_common),
	TEST(T_ZSHARE_the_coefficients_of_shares_of_an_integer_are_uniform), TEST(weights_give_the_value_anywhere),
	TEST(sums_and_multiples_of_shares_are_shares), TEST(the_product_of_shares_of_degree_t_is_a_share_of_degree_2t),
	TEST(a_narrowed_share_is_a_share_of_the_narrowed_secret))
