/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "rpc/reactor.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <unistd.h>

static int64_t now_ms;
static int64_t test_now(void *ctx) { (void)ctx; return now_ms; }
static const clock_source TEST_CLOCK = { NULL, test_now, test_now };

enum { TIMERS = 200 };
static reactor_timer timers[TIMERS];
static unsigned rung;
static int64_t last_rung;

static void ring(void *arg)
{
	const reactor_timer *t = arg;
	assert_true(t->at_ms >= last_rung);
	assert_true(t->at_ms <= now_ms);
	last_rung = t->at_ms;
	rung++;
}

static void timers_ring_in_order_however_they_were_set_moved_and_cleared(void **state)
{
	(void)state;
	reactor *r;
	assert_ok(reactor_new(&r, &TEST_CLOCK));
	for (unsigned round = 0; round < 20; round++) {
		unsigned live = 0;
		now_ms = last_rung = 0, rung = 0;
		for (unsigned i = 0; i < TIMERS; i++) {
			timers[i] = (reactor_timer){ .ring = ring, .arg = &timers[i] };
			reactor_timer_set(r, &timers[i], 1 + (int64_t)test_below(1000));
		}
		for (unsigned i = 0; i < 2 * TIMERS; i++) {
			reactor_timer *t = &timers[test_below(TIMERS)];
			if (test_below(2)) reactor_timer_clear(r, t);
			else reactor_timer_set(r, t, 1 + (int64_t)test_below(1000));
		}
		for (unsigned i = 0; i < TIMERS; i++) live += timers[i].on;
		while (now_ms < 1000) now_ms += (int64_t)test_below(50), reactor_turn(r, 0);
		assert_int_equal(rung, live);
		for (unsigned i = 0; i < TIMERS; i++) assert_false(timers[i].on);
	}
	reactor_free(&r);
}

static reactor_watch twins[2];
static reactor *twins_reactor;
static unsigned twins_seen;

static void clear_both(void *arg, uint32_t events)
{
	(void)arg, (void)events;
	twins_seen++;
	reactor_watch_clear(twins_reactor, &twins[0]);
	reactor_watch_clear(twins_reactor, &twins[1]);
}

static void a_watch_cleared_by_another_is_not_delivered(void **state)
{
	(void)state;
	int pipes[2][2];
	assert_ok(reactor_new(&twins_reactor, NULL));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(write(pipes[i][1], "x", 1), 1);
		twins[i] = (reactor_watch){ .fd = pipes[i][0], .ready = clear_both };
		assert_ok(reactor_watch_set(twins_reactor, &twins[i], EPOLLIN));
	}
	reactor_turn(twins_reactor, 0);
	assert_int_equal(twins_seen, 1);
	reactor_turn(twins_reactor, 0);
	assert_int_equal(twins_seen, 1);
	for (unsigned i = 0; i < 2; i++) close(pipes[i][0]), close(pipes[i][1]);
	reactor_free(&twins_reactor);
}

enum { POSTERS = 4, POSTS = 5000 };
static reactor *shared;
static unsigned sum, wrong, last[POSTERS];
typedef struct post { reactor_task t; unsigned from, number; } post;
static post posts[POSTERS][POSTS];

static void add(void *arg)
{
	const post *p = arg;
	if (!reactor_here(shared) || last[p->from] != p->number) wrong++;      /* in the order of posting */
	last[p->from]++;
	sum++;
}

static void *post_many(void *arg)
{
	unsigned from = (unsigned)(uintptr_t)arg;
	for (unsigned i = 0; i < POSTS; i++) {
		posts[from][i] = (post){ .from = from, .number = i };
		reactor_post(shared, &posts[from][i].t, add, &posts[from][i]);
	}
	return NULL;
}

static void read_sum(void *arg) { *(unsigned *)arg = sum; }

static void tasks_of_many_threads_all_run_on_the_reactor(void **state)
{
	(void)state;
	pthread_t thread[POSTERS];
	unsigned seen = 0;
	assert_ok(reactor_new(&shared, NULL));
	assert_ok(reactor_start(shared));
	assert_false(reactor_here(shared));
	for (uintptr_t i = 0; i < POSTERS; i++) assert_int_equal(pthread_create(&thread[i], NULL, post_many, (void *)i), 0);
	for (unsigned i = 0; i < POSTERS; i++) pthread_join(thread[i], NULL);
	reactor_run(shared, read_sum, &seen);
	assert_int_equal(seen, POSTERS * POSTS);
	assert_int_equal(wrong, 0);
	reactor_free(&shared);
	assert_null(shared);
}

static void tasks_posted_before_the_end_have_run_at_the_end(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		sum = 0, memset(last, 0, sizeof last);
		assert_ok(reactor_new(&shared, NULL));
		assert_ok(reactor_start(shared));
		for (unsigned i = 0; i < 10; i++) {
			posts[0][i] = (post){ .number = i };
			reactor_post(shared, &posts[0][i].t, add, &posts[0][i]);
		}
		reactor_free(&shared);
		assert_int_equal(sum, 10);
		assert_int_equal(wrong, 0);
	}
}

TESTS(TEST(timers_ring_in_order_however_they_were_set_moved_and_cleared),
      TEST(a_watch_cleared_by_another_is_not_delivered),
      TEST(tasks_of_many_threads_all_run_on_the_reactor),
      TEST(tasks_posted_before_the_end_have_run_at_the_end))
