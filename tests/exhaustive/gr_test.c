/* SPDX-License-Identifier: MIT */
/* tests/exhaustive/gr_test.c -- a ring, shown by looking at all of it. */
#include "tests/exhaustive/tiny.h"

static const ring *const *const RINGS[] = { &GF8, &GF16, &GR4_3 };

#define SAME(a, b) if (!gr_eq_var(a, b)) fail()

static void every_axiom_holds_for_every_triple(void **state)
{
	(void)state;
	for (size_t r = 0; r < COUNT(RINGS); r++) {
		const ring *R = *RINGS[r];
		const unsigned size = elements(R);

		for (unsigned x = 0; x < size; x++) for (unsigned y = 0; y < size; y++) {
			const gr a = element(R, x), b = element(R, y), sum = gr_add(R, a, b), product = gr_mul(R, a, b);

			SAME(sum, gr_add(R, b, a));
			SAME(product, gr_mul(R, b, a));
			SAME(gr_sub(R, sum, b), a);
			SAME(element(R, number_of(R, product)), product);
			for (unsigned z = 0; z < size; z++) {
				const gr c = element(R, z), bc = gr_mul(R, b, c);

				SAME(gr_add(R, sum, c), gr_add(R, a, gr_add(R, b, c)));
				SAME(gr_mul(R, product, c), gr_mul(R, a, bc));
				SAME(gr_mul(R, sum, c), gr_add(R, gr_mul(R, a, c), bc));
			}
		}
	}
}

static void zero_and_one_are_neutral_and_every_element_has_a_negative(void **state)
{
	(void)state;
	for (size_t r = 0; r < COUNT(RINGS); r++) {
		const ring *R = *RINGS[r];

		for (unsigned x = 0; x < elements(R); x++) {
			const gr a = element(R, x);

			SAME(gr_add(R, a, GR_ZERO), a);
			SAME(gr_mul(R, a, GR_ONE), a);
			SAME(gr_mul(R, a, GR_ZERO), GR_ZERO);
			SAME(gr_add(R, a, gr_neg(R, a)), GR_ZERO);
		}
	}
}

static void the_units_are_what_has_an_inverse_and_the_rest_is_a_multiple_of_two(void **state)
{
	(void)state;
	for (size_t r = 0; r < COUNT(RINGS); r++) {
		const ring *R = *RINGS[r];
		unsigned units = 0;

		for (unsigned x = 0; x < elements(R); x++) {
			const gr a = element(R, x);
			unsigned inverses = 0, halves = 0;

			for (unsigned y = 0; y < elements(R); y++) {
				inverses += gr_eq_var(gr_mul(R, a, element(R, y)), GR_ONE);
				halves += gr_eq_var(gr_scale(R, 2, element(R, y)), a);
			}
			assert_int_equal(inverses, gr_is_unit_var(R, a));
			assert_int_equal(halves != 0, !gr_is_unit_var(R, a));
			if (gr_is_unit_var(R, a)) {
				SAME(gr_mul(R, a, gr_inv(R, a)), GR_ONE);
				units++;
			}
		}
		assert_int_equal(units, (R->points - 1) * (elements(R) / R->points));
	}
}

static void the_short_ways_are_products(void **state)
{
	(void)state;
	for (size_t r = 0; r < COUNT(RINGS); r++) {
		const ring *R = *RINGS[r];

		for (unsigned x = 0; x < elements(R); x++) {
			const gr a = element(R, x);

			SAME(gr_times_x(R, a), gr_mul(R, gr_point(2), a));
			for (unsigned i = 0; i < R->points; i++) SAME(gr_times_point(R, i, a), gr_mul(R, gr_point(i), a));
			for (unsigned z = 0; z < 1u << R->k; z++) SAME(gr_scale(R, z, a), gr_mul(R, gr_scalar(R, z), a));
		}
	}
}

static void X_is_a_zero_of_F(void **state)
{
	(void)state;
	for (size_t r = 0; r < COUNT(RINGS); r++) {
		const ring *R = *RINGS[r];
		gr power = GR_ONE;

		for (unsigned i = 0; i < R->d; i++) power = gr_mul(R, power, gr_point(2));
		SAME(gr_add(R, power, gr_add(R, gr_point(2), GR_ONE)), GR_ZERO);
	}
}

static void random_elements_are_elements_and_all_come(void **state)
{
	(void)state;
	for (size_t r = 0; r < COUNT(RINGS); r++) {
		const ring *R = *RINGS[r];
		bool seen[64] = { false };

		for (unsigned round = 0; round < 2000; round++) {
			const gr a = gr_random(R, test_rng());

			assert_in_range(number_of(R, a), 0, elements(R) - 1);
			SAME(element(R, number_of(R, a)), a);
			seen[number_of(R, a)] = true;
		}
		for (unsigned x = 0; x < elements(R); x++) assert_true(seen[x]);
	}
}

TESTS(TEST(every_axiom_holds_for_every_triple), TEST(zero_and_one_are_neutral_and_every_element_has_a_negative),
	TEST(the_units_are_what_has_an_inverse_and_the_rest_is_a_multiple_of_two), TEST(the_short_ways_are_products),
	TEST(X_is_a_zero_of_F), TEST(random_elements_are_elements_and_all_come))
