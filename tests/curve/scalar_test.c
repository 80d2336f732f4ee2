/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "curve/point.h"

static const char ORDER[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

static secp *curve;
static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static bool same(secp_scalar a, secp_scalar b) { return memcmp(a.b, b.b, sizeof a.b) == 0; }

/* q - x. */
static secp_scalar below_q(uint64_t x)
{
	const secp_scalar zero = secp_scalar_of(0), less = secp_scalar_of(x);

	return secp_scalar_sub(&zero, &less);
}

/* 0, 1, 2, q - 1, q - 2, and at random. */
static secp_scalar some_scalar(unsigned i)
{
	return i < 3 ? secp_scalar_of(i) : i < 5 ? below_q(i - 2) : secp_scalar_random(test_rng());
}

static void scalars_are_a_field(void **state)
{
	const secp_scalar zero = secp_scalar_of(0), one = secp_scalar_of(1);

	(void)state;
	for (unsigned i = 0; i < 9; i++) for (unsigned j = 0; j < 9; j++) for (unsigned k = 0; k < 9; k++) {
		const secp_scalar a = some_scalar(i), b = some_scalar(j), c = some_scalar(k);
		const secp_scalar ab = secp_scalar_mul(&a, &b), ac = secp_scalar_mul(&a, &c), b_c = secp_scalar_add(&b, &c);
		const secp_scalar a_b = secp_scalar_add(&a, &b), back = secp_scalar_sub(&a_b, &b), ab_c = secp_scalar_mul(&ab, &c);
		const secp_scalar bc = secp_scalar_mul(&b, &c);

		assert_true(same(a_b, secp_scalar_add(&b, &a)) && same(ab, secp_scalar_mul(&b, &a)) && same(back, a));
		assert_true(same(secp_scalar_mul(&a, &b_c), secp_scalar_add(&ab, &ac)));
		assert_true(same(secp_scalar_add(&a_b, &c), secp_scalar_add(&a, &b_c)) && same(ab_c, secp_scalar_mul(&a, &bc)));
		assert_true(same(secp_scalar_add(&a, &zero), a) && same(secp_scalar_mul(&a, &one), a));
		assert_true(same(secp_scalar_mul(&a, &zero), zero) && same(secp_scalar_sub(&a, &a), zero));
	}
}

static void every_scalar_but_0_has_an_inverse(void **state)
{
	const secp_scalar zero = secp_scalar_of(0);

	(void)state;
	assert_true(same(secp_scalar_inv(&zero), zero));
	for (unsigned i = 1; i < 20; i++) {
		const secp_scalar a = some_scalar(i), inverse = secp_scalar_inv(&a);
		assert_true(same(secp_scalar_mul(&a, &inverse), secp_scalar_of(1)));
	}
}

static void only_numbers_below_the_order_are_read_and_others_are_reduced(void **state)
{
	uint8_t q[32], most[32];
	secp_scalar a = secp_scalar_of(7);

	(void)state;
	assert_true(hex_read(q, 32, slice_str(ORDER)));
	memset(most, 0xff, sizeof most);
	assert_false(secp_scalar_read(&a, q));
	assert_false(secp_scalar_read(&a, most));
	assert_true(same(a, secp_scalar_of(7)));
	assert_true(same(secp_scalar_reduce(q), secp_scalar_of(0)));
	q[31]++;
	assert_true(same(secp_scalar_reduce(q), secp_scalar_of(1)));
	q[31] -= 2;
	assert_true(secp_scalar_read(&a, q));
	assert_true(same(a, below_q(1)) && same(secp_scalar_reduce(q), a));
	/* 2^256 - 1 - q, by hand: the complement of q. */
	const secp_scalar r = secp_scalar_reduce(most);
	q[31]++;
	for (unsigned i = 0; i < 32; i++) assert_int_equal(r.b[i], (uint8_t)~q[i]);
}

static void no_scalar_but_0_is_refused_as_a_key(void **state)
{
	secp_sk sk;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		const secp_scalar a = some_scalar(i);
		assert_int_equal(secp_sk_of_scalar(&sk, &a), i != 0);
		if (i) assert_true(same(secp_scalar_of_sk(&sk), a));
		assert_int_equal(secp_scalar_is_zero(&a), i ? 0 : UINT64_MAX);
	}
}

/* ---- points ------------------------------------------------------------------------------------------------------ */

static secp_pk point_of(const secp_scalar *a)
{
	secp_sk sk;

	assert_true(secp_sk_of_scalar(&sk, a));
	return secp_pk_of(curve, &sk);
}

static void sums_of_points_are_sums_of_scalars(void **state)
{
	(void)state;
	for (unsigned terms = 1; terms <= 9; terms++) {
		secp_scalar k[9], sum = secp_scalar_of(0), plain = sum;
		secp_pk P[9], out;
		for (unsigned i = 0; i < terms; i++) {
			const secp_scalar x = some_scalar(3 + i);
			k[i] = some_scalar((i + terms) % 9);
			P[i] = point_of(&x);
			const secp_scalar product = secp_scalar_mul(&k[i], &x);
			sum = secp_scalar_add(&sum, &product);
			plain = secp_scalar_add(&plain, &x);
		}
		const bool finite = !secp_scalar_is_zero(&sum);
		assert_int_equal(secp_pk_sum_var(&out, P, k, terms), finite);
		if (finite) {
			const secp_pk expected = point_of(&sum);
			assert_memory_equal(&out, &expected, sizeof out);
		}
		assert_true(secp_pk_sum_var(&out, P, NULL, terms) == !secp_scalar_is_zero(&plain));
	}
}

static void a_secret_multiple_is_the_public_one(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 20; i++) {
		const secp_scalar x = secp_scalar_random(test_rng()), k = some_scalar(i);
		const secp_pk P = point_of(&x);
		secp_pk expected;
		secp_sk sk;
		assert_true(secp_sk_of_scalar(&sk, &k) && secp_pk_sum_var(&expected, &P, &k, 1));
		const secp_pk out = secp_pk_times(&P, &sk);
		assert_memory_equal(&out, &expected, sizeof out);
	}
}

static void infinity_and_what_is_no_point_are_refused(void **state)
{
	const secp_scalar x = secp_scalar_random(test_rng()), zero = secp_scalar_of(0);
	const secp_pk P = point_of(&x), both[] = { P, secp_pk_negative(&P) };
	const secp_pk minus[] = { both[1] };
	secp_pk out = P, none = { { 5 } };

	(void)state;
	assert_false(secp_pk_sum_var(&out, both, NULL, 2));
	assert_false(secp_pk_sum_var(&out, both, NULL, 0));
	assert_false(secp_pk_sum_var(&out, &P, &zero, 1));
	assert_false(secp_pk_sum_var(&out, &none, NULL, 1));
	assert_memory_equal(&out, &P, sizeof out);
	const secp_scalar m = secp_scalar_sub(&zero, &x);
	const secp_pk expected = point_of(&m);
	assert_memory_equal(&minus[0], &expected, sizeof expected);
}

static const struct CMUnitTest tests[] = {
	TEST(scalars_are_a_field), TEST(every_scalar_but_0_has_an_inverse),
	TEST(only_numbers_below_the_order_are_read_and_others_are_reduced), TEST(no_scalar_but_0_is_refused_as_a_key),
	TEST(sums_of_points_are_sums_of_scalars), TEST(a_secret_multiple_is_the_public_one),
	TEST(infinity_and_what_is_no_point_are_refused),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
