/* SPDX-License-Identifier: MIT */
/* tests/share/party_test.c -- sets of parties, and which clusters there can be. */
#include "tests/test.h"
#include "share/party.h"
#include <limits.h>

static void a_set_is_what_was_put_into_it(void **state)
{
	party_set s = 0;

	(void)state;
	add_to(&s, 3), add_to(&s, 1), add_to(&s, 63), add_to(&s, 3);
	assert_int_equal(size_of_set(s), 3);
	assert_true(has(s, 1) && has(s, 3) && has(s, 63) && !has(s, 0) && !has(s, 2));
	assert_int_equal(first_of(s), 1);
	take_from(&s, 1), take_from(&s, 2);
	assert_int_equal(first_of(s), 3);
	assert_int_equal(first_of(0), 0);
	for (unsigned n = 1; n <= MAX_PARTIES; n++) {
		assert_int_equal(size_of_set(parties_all(n)), n);
		assert_true(!has(parties_all(n), 0) && has(parties_all(n), 1) && has(parties_all(n), (party)n));
	}
}

static void members_come_in_ascending_order_and_break_ends_the_walk(void **state)
{
	const party expected[] = { 2, 5, 40, 63 };
	party_set s = 0;
	unsigned seen = 0, until = 0;

	(void)state;
	for (size_t i = COUNT(expected); i--;) add_to(&s, expected[i]);
	FOR_EACH_IN(i, s) assert_int_equal(i, expected[seen++]);
	assert_int_equal(seen, 4);
	FOR_EACH_IN(i, s) {
		if (i == 40) break;
		until++;
	}
	assert_int_equal(until, 2);
	FOR_EACH_IN(i, 0) fail();
}

static void binomials_are_those_of_pascal_and_saturate(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 30; n++) for (unsigned t = 1; t < n; t++)
		assert_int_equal(binomial(n, t), binomial(n - 1, t - 1) + binomial(n - 1, t));
	assert_int_equal(binomial(5, 0), 1);
	assert_int_equal(binomial(5, 6), 0);
	assert_int_equal(binomial(63, 31), UINT_MAX);
}

static void a_cluster_has_more_than_3t_parties_and_not_too_many_sets(void **state)
{
	const struct { unsigned n, t; } good[] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 }, { 16, 4 }, { 19, 3 }, { 24, 3 },
	                                           { 63, 2 } };
	const struct { unsigned n, t; } bad[] = { { 4, 0 }, { 1, 0 }, { 3, 1 }, { 6, 2 }, { 16, 5 }, { 25, 3 }, { 64, 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) assert_true(parties_allowed(good[i].n, good[i].t));
	for (size_t i = 0; i < COUNT(bad); i++) assert_false(parties_allowed(bad[i].n, bad[i].t));
}

TESTS(TEST(a_set_is_what_was_put_into_it), TEST(members_come_in_ascending_order_and_break_ends_the_walk),
	TEST(binomials_are_those_of_pascal_and_saturate), TEST(a_cluster_has_more_than_3t_parties_and_not_too_many_sets))
