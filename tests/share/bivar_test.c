/* SPDX-License-Identifier: MIT */
/* tests/share/bivar_test.c -- lines and columns of bivariate polynomials. */
#include "tests/share/words.h"
#include "share/bivar.h"

enum { MOST_T = 4 };

static gr value(const ring *R, const gr *F, unsigned t, gr x, gr y)
{
	gr sum = GR_ZERO, power_x = GR_ONE;

	for (unsigned a = 0; a <= t; a++, power_x = gr_mul(R, power_x, x)) {
		gr power = power_x;

		for (unsigned b = 0; b <= t; b++, power = gr_mul(R, power, y))
			sum = gr_add(R, sum, gr_mul(R, power, F[a * (t + 1) + b]));
	}
	return sum;
}

static void rows_and_columns_are_the_polynomial_at_points_and_cross_where_they_should(void **state)
{
	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) for (unsigned k = 64; k <= 128; k += 64) {
		const ring *R = ring_of(k, ring_degree(x->n));
		const unsigned t = x->t;
		gr F[(MOST_T + 1) * (MOST_T + 1)], row[MOST_T + 1], col[MOST_T + 1];

		bivar_sample(F, R, t, gr_random(R, test_rng()), test_rng());
		for (party i = 1; i <= x->n; i++) for (party j = 1; j <= x->n; j++) {
			const gr expected = value(R, F, t, gr_point(j), gr_point(i));

			bivar_row(row, R, F, t, i), bivar_col(col, R, F, t, j);
			assert_true(gr_eq_var(gr_eval(R, row, t, gr_point(j)), expected));
			assert_true(gr_eq_var(gr_eval(R, col, t, gr_point(i)), expected));
		}
	}
}

static void the_secret_is_at_the_origin_and_all_else_is_fresh(void **state)
{
	const ring *R = ring_of(128, 4);
	const gr secret = gr_random(R, test_rng());
	gr F[25], G[25];

	(void)state;
	bivar_sample(F, R, 4, secret, test_rng()), bivar_sample(G, R, 4, secret, test_rng());
	assert_true(gr_eq_var(F[0], secret) && gr_eq_var(G[0], secret));
	for (unsigned i = 1; i < 25; i++) {
		assert_false(gr_eq_var(F[i], G[i]));
		assert_false(gr_is_scalar_var(R, F[i]));
		for (unsigned j = 0; j < i; j++) assert_false(gr_eq_var(F[i], F[j]));
	}
}

static void the_row_values_at_zero_share_the_secret(void **state)
{
	const ring *R = ring_of(64, 4);
	const gr secret = gr_random(R, test_rng());
	gr F[9], row[3], f[3];

	(void)state;
	bivar_sample(F, R, 2, secret, test_rng());
	for (unsigned b = 0; b < 3; b++) f[b] = F[b];            /* F(0, Y) */
	for (party i = 1; i <= 7; i++) {
		bivar_row(row, R, F, 2, i);
		assert_true(gr_eq_var(row[0], gr_eval(R, f, 2, gr_point(i))));
	}
}

TESTS(TEST(rows_and_columns_are_the_polynomial_at_points_and_cross_where_they_should),
	TEST(the_secret_is_at_the_origin_and_all_else_is_fresh), TEST(the_row_values_at_zero_share_the_secret))
