/* SPDX-License-Identifier: MIT */
/* Sessions on threads.  --wrap=munmap: what their stacks still hold when they are given back. */
#include <sys/mman.h>
#include "tests/test.h"
#include "mpc/runner.h"

static const uint8_t SECRET_BYTES[32] = "a share that nobody may ever see";
static bool leaked;

int __real_munmap(void *p, size_t n);
int __wrap_munmap(void *p, size_t n);
int __wrap_munmap(void *p, size_t n)
{
	const uint8_t *b = (const uint8_t *)p + 4096;            /* the first page is a guard */
	leaked |= n > 4096 && memmem(b, n - 4096, SECRET_BYTES, sizeof SECRET_BYTES);
	return __real_munmap(p, n);
}

static inbox *in;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned running, ended, failed;
static bool go;

static err no_wire(void *ctx, party to, const envelope *e) { (void)ctx, (void)to, (void)e; return OK; }

static session_plan plan_of(uint8_t number)
{
	return (session_plan){ .sid = { { 0x42, number } }, .me = 1, .n = 4, .t = 1, .k = 64, .round_ms = 60000, .random = rng_os(),
	                       .in = in, .out = { NULL, no_wire } };
}

static __attribute__((noinline)) void leave_secret(unsigned depth)
{
	volatile uint8_t here[3000];

	for (unsigned i = 0; i < sizeof here; i++) here[i] = SECRET_BYTES[i % sizeof SECRET_BYTES];
	if (depth) leave_secret(depth - 1);
	here[0] = 1;
}

static err wait_for_go(session *s, void *arg)
{
	uint8_t *p;

	(void)arg;
	leave_secret(20);
	TRY(arena_new(&s->arena, &p, 100));
	pthread_mutex_lock(&lock);
	running++;
	pthread_cond_broadcast(&changed);
	while (!go) pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return OK;
}

static err wait_for_message(session *s, void *arg)
{
	slice m;

	(void)arg;
	next_round(s);
	return mpc_recv(s, 2, &m, MAX_BODY);
}

static void done(void *arg, err e, const session *s)
{
	pthread_mutex_lock(&lock);
	ended++;
	failed += e != OK;
	if (arg) *(bool *)arg = s != NULL;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int setup(void **state)
{
	(void)state;
	running = ended = failed = 0, go = false;
	assert_ok(inbox_new(&in, 1, 4, NULL, wait_system()));
	return 0;
}
static int teardown(void **state) { (void)state; inbox_free(&in); return 0; }

static void let_go(unsigned when_running)
{
	pthread_mutex_lock(&lock);
	while (running < when_running) pthread_cond_wait(&changed, &lock);
	go = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void sessions_run_up_to_the_limit_and_places_are_used_again(void **state)
{
	runner *r = NULL;
	session_plan plan;

	(void)state;
	assert_ok(runner_new(&r, 3));
	for (uint8_t i = 0; i < 3; i++) {
		plan = plan_of(i);
		assert_ok(runner_start(r, &plan, wait_for_go, done, NULL));
	}
	plan = plan_of(9);
	assert_err(ERR_EXHAUSTED, runner_start(r, &plan, wait_for_go, done, NULL));
	assert_int_equal(runner_running(r), 3);
	let_go(3);
	pthread_mutex_lock(&lock);
	while (ended < 3) pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	while (runner_running(r)) sched_yield();
	assert_ok(runner_start(r, &plan, wait_for_go, done, NULL));
	runner_free(&r);
	assert_int_equal(ended, 4);
	assert_int_equal(failed, 0);
	assert_null(r);
	runner_free(&r);
}

static void a_session_that_cannot_open_is_reported(void **state)
{
	runner *r = NULL;
	session_plan plan = plan_of(1);
	bool had_session = true;

	(void)state;
	plan.t = 2;
	assert_ok(runner_new(&r, 1));
	assert_ok(runner_start(r, &plan, wait_for_go, done, &had_session));
	runner_free(&r);
	assert_int_equal(failed, 1);
	assert_false(had_session);
}

static void cancelling_ends_a_session_that_waits(void **state)
{
	runner *r = NULL;
	const session_plan plan = plan_of(1);

	(void)state;
	assert_ok(runner_new(&r, 1));
	assert_ok(runner_start(r, &plan, wait_for_message, done, NULL));
	inbox_cancel_all(in);
	runner_free(&r);
	assert_int_equal(failed, 1);
}

static void nothing_is_left_on_a_stack(void **state)
{
	runner *r = NULL;

	(void)state;
	assert_ok(runner_new(&r, 2));
	for (uint8_t i = 0; i < 2; i++) {
		const session_plan plan = plan_of(i);
		assert_ok(runner_start(r, &plan, wait_for_go, done, NULL));
	}
	let_go(2);
	leaked = false;
	runner_free(&r);
	assert_false(leaked);
}

#define WITH_INBOX(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS(
	WITH_INBOX(sessions_run_up_to_the_limit_and_places_are_used_again),
	WITH_INBOX(a_session_that_cannot_open_is_reported),
	WITH_INBOX(cancelling_ends_a_session_that_waits),
	WITH_INBOX(nothing_is_left_on_a_stack)
)
