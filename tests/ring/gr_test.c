/* SPDX-License-Identifier: MIT */
/* tests/ring/gr_test.c -- Galois rings against known answers, their axioms, and the definitions of what is done faster. */
#include "tests/kat/kat.h"
#include "tests/ring/elements.h"

enum { ROUNDS = 300 };

static gr kat_element(const kat *k, const ring *R, const char *name)
{
	uint8_t bytes[GR_MAX_BYTES];

	kat_bytes(k, name, bytes, R->bytes);
	return gr_read(R, bytes);
}

static void T_SIGN_products_inverses_and_values_are_those_of_another_program(void **state)
{
	kat k = kat_open("gr.kat");
	unsigned records = 0;

	(void)state;
	for (; kat_next(&k); records++) {
		uint8_t kd[2], point;

		kat_bytes(&k, "ring", kd, 2), kat_bytes(&k, "point", &point, 1);
		const ring *R = ring_of(kd[0], kd[1]);
		const gr a = kat_element(&k, R, "a"), b = kat_element(&k, R, "b"), f[3] = { a, b, kat_element(&k, R, "c") };

		assert_gr_equal(R, gr_mul(R, a, b), kat_element(&k, R, "a.b"));
		assert_gr_equal(R, gr_inv(R, a), kat_element(&k, R, "1/a"));
		assert_gr_equal(R, gr_times_x(R, a), kat_element(&k, R, "x.a"));
		assert_gr_equal(R, gr_times_point(R, point, a), kat_element(&k, R, "point.a"));
		assert_gr_equal(R, gr_eval(R, f, 2, gr_point(point)), kat_element(&k, R, "f.point"));
		assert_gr_equal(R, gr_eval_at(R, f, 2, point), kat_element(&k, R, "f.point"));
	}
	assert_int_equal(records, 36);
	kat_close(&k);
}

static gr power_of_x(const ring *R, unsigned e)
{
	gr y = GR_ONE;

	while (e--) y = gr_mul(R, y, gr_point(2));
	return y;
}

static void T_SIGN_X_is_a_zero_of_F_in_every_ring(void **state)
{
	static const struct { unsigned d, exponents[5]; } F[] = {
		{ 3, { 3, 1, 0, 0 } }, { 4, { 4, 1, 0, 0 } }, { 5, { 5, 2, 0, 0 } }, { 6, { 6, 1, 0, 0 } }, { 7, { 7, 1, 0, 0 } },
		{ 8, { 8, 4, 3, 1, 0 } },
	};

	(void)state;
	FOR_EACH_RING(R) {
		const size_t terms = R->d == 8 ? 5 : 3;
		gr sum = GR_ZERO;

		assert_int_equal(F[R->d - 3].d, R->d);
		for (size_t i = 0; i < terms; i++) sum = gr_add(R, sum, power_of_x(R, F[R->d - 3].exponents[i]));
		assert_gr_equal(R, sum, GR_ZERO);
	}
}

static void T_SIGN_X_to_the_fourth_is_minus_X_minus_one(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) {
		const ring *R = ring_of(k, 4);
		const u128 minus_one = ~(u128)0 >> (128 - k);

		assert_gr_equal(R, power_of_x(R, 4), ((gr){ { minus_one, minus_one } }));
		assert_gr_equal(R, gr_times_x(R, power_of_x(R, 3)), ((gr){ { minus_one, minus_one } }));
	}
}

static void the_axioms_hold(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < ROUNDS; round++) {
		const gr a = edgy_element(R), b = edgy_element(R), c = edgy_element(R);

		assert_gr_equal(R, gr_add(R, a, b), gr_add(R, b, a));
		assert_gr_equal(R, gr_add(R, gr_add(R, a, b), c), gr_add(R, a, gr_add(R, b, c)));
		assert_gr_equal(R, gr_add(R, a, GR_ZERO), a);
		assert_gr_equal(R, gr_add(R, a, gr_neg(R, a)), GR_ZERO);
		assert_gr_equal(R, gr_sub(R, a, b), gr_add(R, a, gr_neg(R, b)));
		assert_gr_equal(R, gr_mul(R, a, b), gr_mul(R, b, a));
		assert_gr_equal(R, gr_mul(R, gr_mul(R, a, b), c), gr_mul(R, a, gr_mul(R, b, c)));
		assert_gr_equal(R, gr_mul(R, a, GR_ONE), a);
		assert_gr_equal(R, gr_mul(R, a, gr_add(R, b, c)), gr_add(R, gr_mul(R, a, b), gr_mul(R, a, c)));
	}
}

static void the_short_ways_are_products(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < ROUNDS; round++) {
		const gr a = edgy_element(R);
		const u128 z = edgy_word(128);
		const unsigned i = (unsigned)test_below(R->points);
		gr f[7], g[7], sum = GR_ZERO;

		assert_gr_equal(R, gr_times_x(R, a), gr_mul(R, gr_point(2), a));
		assert_gr_equal(R, gr_times_point(R, i, a), gr_mul(R, gr_point(i), a));
		assert_gr_equal(R, gr_scale(R, z, a), gr_mul(R, gr_scalar(R, z), a));
		for (unsigned j = 0; j < 7; j++) {
			f[j] = edgy_element(R), g[j] = edgy_element(R);
			assert_gr_equal(R, gr_dot(R, f, g, j), sum);
			sum = gr_add(R, sum, gr_mul(R, f[j], g[j]));
		}
	}
}

static void a_polynomial_is_the_sum_of_its_terms(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned deg = 0; deg < 6; deg++) {
		const unsigned i = (unsigned)test_below(R->points);
		gr f[6], sum = GR_ZERO, power = GR_ONE;

		for (unsigned a = 0; a <= deg; a++, power = gr_mul(R, power, gr_point(i))) {
			f[a] = edgy_element(R);
			sum = gr_add(R, sum, gr_mul(R, f[a], power));
		}
		assert_gr_equal(R, gr_eval(R, f, deg, gr_point(i)), sum);
		assert_gr_equal(R, gr_eval_at(R, f, deg, i), sum);
		assert_gr_equal(R, gr_eval_at(R, f, deg, 0), f[0]);
	}
}

static void a_unit_times_its_inverse_is_one(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < ROUNDS; round++) {
		const gr a = edgy_unit(R), y = gr_inv(R, a);

		assert_gr_equal(R, gr_mul(R, a, y), GR_ONE);
		assert_gr_equal(R, gr_inv(R, y), a);
	}
}

static void a_unit_is_what_is_not_zero_modulo_two(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < ROUNDS; round++) {
		const gr a = edgy_element(R);

		assert_int_equal(gr_is_unit_var(R, a), gr_residue_var(R, a, 0) != 0);
		assert_false(gr_is_unit_var(R, gr_scale(R, 2, a)));
	}
}

static void points_differ_by_units(void **state)
{
	(void)state;
	FOR_EACH_RING(R) {
		assert_int_equal(R->points, 1u << R->d);
		assert_gr_equal(R, gr_point(0), GR_ZERO);
		assert_gr_equal(R, gr_point(1), GR_ONE);
		for (unsigned i = 0; i < R->points; i++)
			for (unsigned j = 0; j < i; j++)
				assert_true(gr_is_unit_var(R, gr_sub(R, gr_point(i), gr_point(j))));
	}
}

static void narrowing_is_a_homomorphism_that_keeps_points(void **state)
{
	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) {
		const ring *wide = ring_of(128, d), *R = ring_of(64, d);

		for (unsigned i = 0; i < R->points; i++) assert_gr_equal(R, gr_narrow(gr_point(i)), gr_point(i));
		for (unsigned round = 0; round < ROUNDS; round++) {
			const gr a = edgy_element(wide), b = edgy_element(wide);

			assert_gr_equal(R, gr_narrow(gr_add(wide, a, b)), gr_add(R, gr_narrow(a), gr_narrow(b)));
			assert_gr_equal(R, gr_narrow(gr_mul(wide, a, b)), gr_mul(R, gr_narrow(a), gr_narrow(b)));
		}
	}
}

static void residues_are_digits_and_the_valuation_is_the_first_digit_that_is_not_zero(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < 50; round++) {
		const unsigned w = (unsigned)test_below(R->k);
		const gr a = edgy_element(R), shifted = gr_scale(R, (u128)1 << w, edgy_unit(R));
		gr sum = GR_ZERO;

		for (unsigned digit = 0; digit < R->k; digit++)
			sum = gr_add(R, sum, gr_scale(R, (u128)1 << digit, gr_point(gr_residue_var(R, a, digit))));
		assert_gr_equal(R, sum, a);
		assert_int_equal(gr_valuation_var(R, shifted), w);
		assert_int_not_equal(gr_residue_var(R, shifted, w), 0);
		assert_int_equal(gr_valuation_var(R, GR_ZERO), R->k);
	}
}

static void scalars_are_integers(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < ROUNDS; round++) {
		const u128 x = edgy_word(128), y = edgy_word(128);
		gr a = gr_scalar(R, x);

		assert_true(gr_is_scalar_var(R, a));
		assert_gr_equal(R, gr_mul(R, a, gr_scalar(R, y)), gr_scalar(R, x * y));
		a.c[1 + test_below(R->d - 1)] = 1;
		assert_false(gr_is_scalar_var(R, a));
	}
}

static void bytes_are_little_endian_words_and_every_string_is_an_element(void **state)
{
	(void)state;
	FOR_EACH_RING(R) for (unsigned round = 0; round < 50; round++) {
		uint8_t in[GR_MAX_BYTES], out[GR_MAX_BYTES];
		const unsigned word = R->k / 8;

		assert_int_equal(R->bytes, R->d * word);
		rng_fill(test_rng(), in, R->bytes);
		const gr a = gr_read(R, in);

		for (unsigned i = 0; i < R->d; i++)
			for (unsigned b = 0; b < word; b++) assert_int_equal((uint8_t)(a.c[i] >> 8 * b), in[i * word + b]);
		assert_gr_equal(R, a, a);
		gr_write(R, out, a);
		assert_memory_equal(in, out, R->bytes);
	}
}

static void equality_sees_every_bit(void **state)
{
	(void)state;
	FOR_EACH_RING(R) {
		const gr a = edgy_element(R);

		assert_true(gr_eq_var(a, a));
		for (unsigned i = 0; i < R->d; i++)
			for (unsigned bit = 0; bit < R->k; bit++) {
				gr b = a;

				b.c[i] ^= (u128)1 << bit;
				assert_false(gr_eq_var(a, b));
			}
	}
}

static void random_elements_have_every_bit_both_ways(void **state)
{
	(void)state;
	FOR_EACH_RING(R) {
		gr zeros = GR_ZERO, ones = GR_ZERO;

		for (unsigned round = 0; round < 64; round++) {
			const gr a = gr_random(R, test_rng());

			assert_gr_equal(R, a, a);
			for (unsigned i = 0; i < R->d; i++) ones.c[i] |= a.c[i], zeros.c[i] |= ~a.c[i];
		}
		for (unsigned i = 0; i < R->d; i++)
			assert_true((ones.c[i] & zeros.c[i]) << (128 - R->k) == ~(u128)0 << (128 - R->k));
	}
}

static void a_cluster_of_n_has_points_enough(void **state)
{
	(void)state;
	assert_int_equal(ring_degree(1), 4);
	assert_int_equal(ring_degree(15), 4);
	assert_int_equal(ring_degree(16), 5);
	assert_int_equal(ring_degree(31), 5);
	assert_int_equal(ring_degree(32), 6);
	assert_int_equal(ring_degree(64), 7);
	assert_int_equal(ring_degree(128), 8);
	assert_int_equal(ring_degree(255), 8);
	for (unsigned n = 1; n < 256; n++) assert_true(ring_of(64, ring_degree(n))->points > n);
}

TESTS(TEST(T_SIGN_products_inverses_and_values_are_those_of_another_program), TEST(T_SIGN_X_is_a_zero_of_F_in_every_ring),
	TEST(T_SIGN_X_to_the_fourth_is_minus_X_minus_one), TEST(the_axioms_hold), TEST(the_short_ways_are_products),
	TEST(a_polynomial_is_the_sum_of_its_terms), TEST(a_unit_times_its_inverse_is_one),
	TEST(a_unit_is_what_is_not_zero_modulo_two), TEST(points_differ_by_units),
	TEST(narrowing_is_a_homomorphism_that_keeps_points),
	TEST(residues_are_digits_and_the_valuation_is_the_first_digit_that_is_not_zero), TEST(scalars_are_integers),
	TEST(bytes_are_little_endian_words_and_every_string_is_an_element), TEST(equality_sees_every_bit),
	TEST(random_elements_have_every_bit_both_ways), TEST(a_cluster_of_n_has_points_enough))
