/* SPDX-License-Identifier: MIT */
/* tests/ring/gf_test.c -- the residue fields against the rings that they are residues of. */
#include "tests/test.h"
#include "ring/gf.h"
#include "ring/gr.h"

static void products_are_those_of_the_ring_modulo_two(void **state)
{
	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) {
		const gf_field *K = gf_of(d);
		const ring *R = ring_of(64, d);

		assert_int_equal(K->d, d);
		assert_int_equal(K->size, R->points);
		for (unsigned a = 0; a < K->size; a++)
			for (unsigned b = 0; b < K->size; b++)
				assert_int_equal(gf_mul_var(K, (gf)a, (gf)b), gr_residue_var(R, gr_mul(R, gr_point(a), gr_point(b)), 0));
	}
}

static void everything_but_zero_has_an_inverse(void **state)
{
	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++)
		for (unsigned a = 1; a < gf_of(d)->size; a++)
			assert_int_equal(gf_mul_var(gf_of(d), (gf)a, gf_inv_var(gf_of(d), (gf)a)), 1);
}

static void a_polynomial_is_the_sum_of_its_terms(void **state)
{
	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) {
		const gf_field *K = gf_of(d);

		for (unsigned x = 0; x < K->size; x++) {
			gf f[5], sum = 0, power = 1;

			for (unsigned a = 0; a < COUNT(f); a++, power = gf_mul_var(K, power, (gf)x)) {
				f[a] = (gf)test_below(K->size);
				sum ^= gf_mul_var(K, f[a], power);
			}
			assert_int_equal(gf_eval_var(K, f, COUNT(f) - 1, (gf)x), sum);
		}
	}
}

TESTS(TEST(products_are_those_of_the_ring_modulo_two), TEST(everything_but_zero_has_an_inverse),
	TEST(a_polynomial_is_the_sum_of_its_terms))
