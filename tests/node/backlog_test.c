/* SPDX-License-Identifier: MIT */
/* What a node takes in is what it does in a second: with a clock of the test's own. */
#include "node/backlog.h"
#include "tests/test.h"

enum { SECOND_MS = 1000 };

/* So many are computed, evenly, while something waits all the time. */
static void work_a_second(backlog *b, int64_t *now_ms, size_t items)
{
	backlog_part standing, one;

	backlog_add(&standing, b, BACKLOG_FAST, 1, *now_ms);
	for (size_t i = 0; i < items; i++) {
		backlog_add(&one, b, BACKLOG_FAST, 1, *now_ms + (int64_t)(i * SECOND_MS / items));
		backlog_done(&one, 1, *now_ms + (int64_t)((i + 1) * SECOND_MS / items));
	}
	*now_ms += SECOND_MS;
	backlog_end(&standing, *now_ms);
}

/* How many single ciphertexts are taken in at once; they go again. */
static size_t takes(backlog *b, backlog_lane lane, int64_t now_ms)
{
	enum { MOST = 10000 };
	static backlog_part part[MOST];
	size_t n = 0;

	while (n < MOST && backlog_take(&part[n], b, lane, 1, now_ms) == OK) n++;
	if (n < MOST) assert_non_null(strstr(err_text(), "no more than it does in a second"));
	err_clear();
	for (size_t i = 0; i < n; i++) backlog_end(&part[i], now_ms);
	return n;
}

static void before_anything_is_known_there_is_room_for_two_batches(void **state)
{
	backlog b;

	(void)state;
	backlog_init(&b);
	assert_int_equal(takes(&b, BACKLOG_FAST, 5), BACKLOG_LEAST_FAST);
	assert_int_equal(takes(&b, BACKLOG_SLOW, 5), BACKLOG_LEAST_SLOW);
	assert_int_equal(takes(&b, BACKLOG_FAST, 6), BACKLOG_LEAST_FAST);       /* what was not computed says nothing */
	backlog_free(&b);
}

static void what_is_done_in_a_second_of_work_may_wait_whatever_the_hour(void **state)
{
	static const size_t RATES[] = { 1000, 3000, 700, 10, 5000 };
	int64_t now_ms = 77;
	backlog b;

	(void)state;
	backlog_init(&b);
	for (size_t i = 0; i < COUNT(RATES); i++) {
		work_a_second(&b, &now_ms, RATES[i]);
		assert_int_equal(takes(&b, BACKLOG_FAST, now_ms), size_max(RATES[i], BACKLOG_LEAST_FAST));
		now_ms += 3600 * SECOND_MS;
		assert_int_equal(takes(&b, BACKLOG_FAST, now_ms), size_max(RATES[i], BACKLOG_LEAST_FAST));
		assert_int_equal(takes(&b, BACKLOG_SLOW, now_ms), BACKLOG_LEAST_SLOW);
	}
	backlog_free(&b);
}

static void a_request_that_is_more_than_a_second_of_work_is_taken_in_alone(void **state)
{
	backlog_part large, small;
	backlog b;

	(void)state;
	backlog_init(&b);
	assert_ok(backlog_take(&large, &b, BACKLOG_SLOW, 2048, 1));
	assert_err(ERR_EXHAUSTED, backlog_take(&small, &b, BACKLOG_SLOW, 1, 1));
	backlog_done(&large, 2048 - BACKLOG_LEAST_SLOW, 2);
	assert_err(ERR_EXHAUSTED, backlog_take(&small, &b, BACKLOG_SLOW, 2048, 2));
	backlog_done(&large, 1, 3);
	backlog_done(&large, 2048, 4);                           /* no more than it has */
	backlog_end(&large, 5), backlog_end(&large, 5);
	assert_ok(backlog_take(&small, &b, BACKLOG_SLOW, 1, 5));
	backlog_end(&small, 6);
	backlog_done(NULL, 1, 7), backlog_end(&(backlog_part){ 0 }, 7);
	backlog_free(&b);
}

/* A node that does `rate` a second is asked for ten times as much, then for nothing: what it has taken in is done within a second
 * at its pace, and the next request waits no longer. */
static void an_overload_is_over_a_second_after_its_end(void **state)
{
	static const size_t RATES[] = { 400, 900, 4000 };
	enum { ROOM = 1 << 14, OVERLOAD_S = 20 };
	static backlog_part ring[ROOM];

	(void)state;
	for (size_t r = 0; r < COUNT(RATES); r++) {
		const size_t rate = RATES[r];
		size_t in = 0, out = 0, most = 0;
		backlog b;
		backlog_init(&b);
		for (int64_t ms = 0; ms < OVERLOAD_S * SECOND_MS; ms++) {
			for (size_t k = 0; k < 10 * rate / SECOND_MS + 1; k++)
				if (backlog_take(&ring[in % ROOM], &b, BACKLOG_FAST, 1, ms) == OK) in++;
				else err_clear();
			const size_t due = (size_t)(ms + 1) * rate / SECOND_MS;
			for (; out < due && out < in; out++) backlog_done(&ring[out % ROOM], 1, ms + 1);
			most = size_max(most, in - out);
		}
		assert_int_equal(out, OVERLOAD_S * rate);                /* never idle */
		assert_in_range(most, 1, rate + rate / 100 + 1);
		backlog_free(&b);
	}
}

TESTS(TEST(before_anything_is_known_there_is_room_for_two_batches),
      TEST(what_is_done_in_a_second_of_work_may_wait_whatever_the_hour),
      TEST(a_request_that_is_more_than_a_second_of_work_is_taken_in_alone),
      TEST(an_overload_is_over_a_second_after_its_end))
