/* SPDX-License-Identifier: MIT */
#include "base/ct.h"
#include "tests/test.h"

static void constant_time_predicates_agree_with_the_plain_ones(void **state)
{
	(void)state;
	static const uint64_t EDGE[] = { 0, 1, 2, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, UINT64_MAX };

	for (unsigned i = 0; i < COUNT(EDGE); i++) {
		assert_true(ct_is_zero(EDGE[i]) == (EDGE[i] == 0 ? UINT64_MAX : 0));
		for (unsigned j = 0; j < COUNT(EDGE); j++) {
			assert_true(ct_lt(EDGE[i], EDGE[j]) == (EDGE[i] < EDGE[j] ? UINT64_MAX : 0));
			assert_true(ct_select(UINT64_MAX, EDGE[i], EDGE[j]) == EDGE[i]);
			assert_true(ct_select(0, EDGE[i], EDGE[j]) == EDGE[j]);
		}
	}
	assert_true(ct_mask(0) == 0);
	assert_true(ct_mask(1) == UINT64_MAX);
}

static void a_difference_in_any_bit_of_any_byte_is_seen(void **state)
{
	(void)state;
	uint8_t a[19], b[19];

	rng_fill(test_rng(), a, sizeof a);
	memcpy(b, a, sizeof b);
	assert_true(ct_bytes_eq(a, b, sizeof a) == UINT64_MAX);
	assert_true(ct_bytes_eq(a, b, 0) == UINT64_MAX);
	for (unsigned bit = 0; bit < 8 * sizeof a; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(ct_bytes_eq(a, b, sizeof a) == 0);
		b[bit / 8] = a[bit / 8];
	}
}

static void bytes_move_under_a_full_mask_only(void **state)
{
	(void)state;
	uint8_t out[5] = "keep", other[5] = "take";

	ct_bytes_move(0, out, other, sizeof out);
	assert_string_equal((char *)out, "keep");
	ct_bytes_move(UINT64_MAX, out, other, sizeof out);
	assert_string_equal((char *)out, "take");
}

TESTS(TEST(constant_time_predicates_agree_with_the_plain_ones),
      TEST(a_difference_in_any_bit_of_any_byte_is_seen),
      TEST(bytes_move_under_a_full_mask_only))
