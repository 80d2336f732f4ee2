/* SPDX-License-Identifier: MIT */
/* Whoever comes first decides: the one who wants work to end, or the one who can no longer take it back. */
#include <pthread.h>
#include "base/stop.h"
#include "tests/test.h"

static void work_goes_on_until_somebody_asks(void **state)
{
	stop_flag s = { 0 };

	(void)state;
	assert_false(stop_is_asked(&s));
	assert_ok(stop_look(&s));
	assert_true(stop_ask(&s));
	assert_true(stop_ask(&s));
	assert_true(stop_is_asked(&s));
	assert_err(ERR_CANCELLED, stop_look(&s));
	assert_err(ERR_CANCELLED, stop_forbid(&s));
	assert_err(ERR_CANCELLED, stop_forbid(&s));
}

static void what_is_bound_can_no_longer_be_stopped(void **state)
{
	stop_flag s = { 0 };

	(void)state;
	assert_ok(stop_forbid(&s));
	assert_ok(stop_forbid(&s));
	assert_false(stop_ask(&s));
	assert_false(stop_is_asked(&s));
	assert_ok(stop_look(&s));
}

static void work_that_nobody_can_stop_has_no_flag(void **state)
{
	(void)state;
	assert_false(stop_is_asked(NULL));
	assert_ok(stop_look(NULL));
	assert_ok(stop_forbid(NULL));
}

static void *ask(void *s) { return stop_ask(s) ? s : NULL; }

static void one_of_two_at_once_wins(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 200; k++) {
		stop_flag s = { 0 };
		pthread_t t;
		void *asked;
		assert_int_equal(pthread_create(&t, NULL, ask, &s), 0);
		const bool bound = stop_forbid(&s) == OK;
		assert_int_equal(pthread_join(t, &asked), 0);
		assert_true(bound == !asked);
		err_clear();
	}
}

TESTS(TEST(work_goes_on_until_somebody_asks), TEST(what_is_bound_can_no_longer_be_stopped),
      TEST(work_that_nobody_can_stop_has_no_flag), TEST(one_of_two_at_once_wins))
