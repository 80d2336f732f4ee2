/* SPDX-License-Identifier: MIT */
#include "connector/nonces.h"
#include "tests/test.h"

static void numbers_count_up(void **state)
{
	(void)state;
	static nonces n;
	nonces_start(&n, 7);
	for (uint64_t i = 7; i < 20; i++) assert_int_equal(nonces_take(&n), i);
}

static void a_number_that_came_back_goes_first_the_lowest_of_them(void **state)
{
	(void)state;
	static nonces n;
	nonces_start(&n, 0);
	for (unsigned i = 0; i < 10; i++) nonces_take(&n);
	nonces_give_back(&n, 5), nonces_give_back(&n, 2), nonces_give_back(&n, 7);
	assert_true(nonces_stalled(&n, 3));
	assert_false(nonces_stalled(&n, 2));
	assert_int_equal(nonces_take(&n), 2);
	assert_int_equal(nonces_take(&n), 5);
	assert_int_equal(nonces_take(&n), 7);
	assert_int_equal(nonces_take(&n), 10);
}

static void what_comes_back_at_the_end_was_never_given_out(void **state)
{
	(void)state;
	static nonces n;
	nonces_start(&n, 0);
	for (unsigned i = 0; i < 4; i++) nonces_take(&n);
	nonces_give_back(&n, 2), nonces_give_back(&n, 3);
	assert_int_equal(n.gaps, 0);
	assert_int_equal(n.next, 2);
	assert_false(nonces_stalled(&n, 100));
}

static void numbers_that_the_chain_has_used_are_nobodys(void **state)
{
	(void)state;
	static nonces n;
	nonces_start(&n, 0);
	for (unsigned i = 0; i < 6; i++) nonces_take(&n);
	nonces_give_back(&n, 1), nonces_give_back(&n, 4);
	nonces_used_below(&n, 3);
	assert_int_equal(nonces_take(&n), 4);
	nonces_used_below(&n, 50);
	assert_int_equal(nonces_take(&n), 50);
	nonces_used_below(&n, 10);
	assert_int_equal(nonces_take(&n), 51);
}

TESTS(TEST(numbers_count_up), TEST(a_number_that_came_back_goes_first_the_lowest_of_them),
      TEST(what_comes_back_at_the_end_was_never_given_out), TEST(numbers_that_the_chain_has_used_are_nobodys))
