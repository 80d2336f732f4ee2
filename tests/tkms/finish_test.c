/* SPDX-License-Identifier: MIT */
/* From opened words to values: the bound to the unit, padding, and the shape of values. */
#include "tests/test.h"
#include "lattice/ciphertext.h"
#include "tkms/finish.h"

static u128 block(unsigned v)
{
	return (u128)v << DELTA_LOG_128;
}

static const struct { unsigned n, t, C; } COMMITTEE[] = {
	{ 4, 1, 4 }, { 5, 1, 5 }, { 7, 2, 21 }, { 10, 3, 120 }, { 13, 4, 715 }, { 16, 4, 1820 }, { 24, 3, 2024 },
};

static void the_bound_is_that_of_the_masks_and_the_noise(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(COMMITTEE); i++) {
		u128 bound = (u128)1 << 70;
		for (unsigned A = 0; A < COMMITTEE[i].C; A++) bound += (u128)1 << 111;
		assert_int_equal(binomial(COMMITTEE[i].n, COMMITTEE[i].t), COMMITTEE[i].C);
		assert_true(noise_bound(COMMITTEE[i].C) == bound);
		assert_true(bound < (u128)1 << 122);
	}
	assert_true(noise_bound(MAX_PRSS_SETS) < (u128)1 << 122);
}

/* Masks at their extremes and noise of 2^70: accepted; one unit more, on either side of any value: refused. */
static void a_coefficient_is_accepted_at_the_bound_and_refused_one_above(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(COMMITTEE); i++) {
		const u128 bound = noise_bound(COMMITTEE[i].C);
		for (unsigned v = 0; v < 32; v++) {
			const block_verdict inside = v < 16 ? BLOCK_GOOD : BLOCK_PADDING;
			const u128 accepted[] = { 0, 1, -(u128)1, bound - 1, bound, -bound, 1 - bound };
			const u128 refused[] = { bound + 1, -(bound + 1), ((u128)1 << 122) - 1, -((u128)1 << 122) };
			unsigned got;
			for (unsigned k = 0; k < COUNT(accepted); k++) {
				assert_int_equal(finish_block(&got, block(v) + accepted[k], bound), inside);
				assert_int_equal(got, v);
			}
			for (unsigned k = 0; k < COUNT(refused); k++)
				assert_int_equal(finish_block(&got, block(v) + refused[k], bound), BLOCK_NOISE);
		}
	}
}

static u128 distance(u128 a, u128 b)
{
	const u128 x = a - b;
	return x >> 127 ? -x : x;
}

static void verdicts_are_those_of_a_plain_search(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 20000; k++) {
		const u128 bound = noise_bound(COMMITTEE[test_below(COUNT(COMMITTEE))].C);
		u128 y;
		unsigned nearest = 0, got;
		rng_fill(test_rng(), &y, sizeof y);
		if (test_below(2)) y = block((unsigned)test_below(32)) + (y >> (6 + test_below(3))) * (test_below(2) ? 1 : -(u128)1);
		for (unsigned v = 1; v < 32; v++)
			if (distance(y, block(v)) < distance(y, block(nearest))) nearest = v;
		const block_verdict want = distance(y, block(nearest)) > bound ? BLOCK_NOISE : nearest >= 16 ? BLOCK_PADDING : BLOCK_GOOD;
		assert_int_equal(finish_block(&got, y, bound), want);
		if (want != BLOCK_NOISE) assert_int_equal(got, nearest);
	}
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static const fhe_type *type_of(int number)
{
	return fhe_type_by_number_var(number);
}

static void values_are_put_together_from_the_low_end(void **state)
{
	(void)state;
	static const int number[] = { FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_UINT64, FHE_UINT128, FHE_ADDRESS, FHE_UINT256 };
	for (unsigned k = 0; k < COUNT(number); k++)
		for (unsigned d = 3; d <= 8; d++) {
			const fhe_type *type = type_of(number[k]);
			const unsigned blocks = type->blocks / 2, elements = (blocks + d - 1) / d;
			uint8_t bytes[FHE_MAX_BYTES] = { 0 };
			u128 y[FHE_MAX_BYTES * 2 + 8] = { 0 };
			plaintext p;
			rng_fill(test_rng(), bytes, type->bytes);
			for (unsigned i = 0; i < blocks; i++)
				y[i] = block(bytes[i / 2] >> 4 * (i % 2) & 15) + test_below(1000) - 500;
			assert_ok(finish_value(&p, type, 13, 4, d, y, elements));
			assert_ptr_equal(p.type, type);
			assert_memory_equal(p.bytes, bytes, sizeof bytes);
			assert_err(ERR_REQUEST, finish_value(&p, type, 13, 4, d, y, elements + 1));
			if (elements > 1) assert_err(ERR_REQUEST, finish_value(&p, type, 13, 4, d, y, elements - 1));
		}
}

static void a_bool_is_true_if_its_two_bits_are_not_both_clear(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 16; v++) {
		plaintext p;
		assert_ok(finish_value(&p, type_of(FHE_BOOL), 4, 1, 4, (u128[4]){ block(v) }, 1));
		assert_int_equal(p.bytes[0], v % 4 != 0);
	}
}

static void nothing_is_given_if_any_coefficient_is_wrong(void **state)
{
	(void)state;
	const u128 bound = noise_bound(4);
	for (unsigned at = 0; at < 16; at++) {
		const struct { u128 y; const char *word; } wrong[] = {
			{ block(3) + bound + 1, "noise" }, { block(16), "padding" }, { block(31) - bound, "padding" } };
		for (unsigned k = 0; k < COUNT(wrong); k++) {
			u128 y[16] = { 0 };
			plaintext p = { .bytes = { 42 } };
			y[at] = wrong[k].y;
			assert_int_equal(finish_value(&p, type_of(FHE_UINT64), 4, 1, 4, y, 4), ERR_REQUEST);
			assert_non_null(strstr(err_text(), wrong[k].word));
			assert_true(p.type == NULL && p.bytes[0] == 42);
			err_clear();
		}
	}
	for (unsigned at = 2; at < 4; at++)                      /* uint8: two blocks, two coefficients to spare */
		for (unsigned bit = 0; bit < 128; bit += 127) {
			u128 y[4] = { 0 };
			plaintext p;
			y[at] = (u128)1 << bit;
			assert_err(ERR_REQUEST, finish_value(&p, type_of(FHE_UINT8), 4, 1, 4, y, 1));
		}
}

TESTS(TEST(the_bound_is_that_of_the_masks_and_the_noise),
      TEST(a_coefficient_is_accepted_at_the_bound_and_refused_one_above),
      TEST(verdicts_are_those_of_a_plain_search),
      TEST(values_are_put_together_from_the_low_end),
      TEST(a_bool_is_true_if_its_two_bits_are_not_both_clear),
      TEST(nothing_is_given_if_any_coefficient_is_wrong))
