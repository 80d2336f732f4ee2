/* SPDX-License-Identifier: MIT */
/* Linked with --wrap=pthread_join: pool_free has closed the pool when it first joins. */
#include "base/pool.h"
#include "tests/test.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static _Atomic unsigned sum;
static void add(void *ctx, size_t i) { atomic_fetch_add(&sum, (unsigned)i + *(unsigned *)ctx); }

static void a_pool_runs_every_index_once(void **state)
{
	(void)state;
	pool *p = NULL;
	unsigned one = 1;

	assert_ok(pool_new(&p, 3));
	for (unsigned round = 0; round < 50; round++) {
		sum = 0;
		pool_each(p, 100, add, &one);
		assert_int_equal(sum, 4950 + 100);
	}
	pool_free(&p);
	assert_null(p);
	pool_free(&p);
	sum = 0;
	pool_each(NULL, 100, add, &one);
	assert_int_equal(sum, 4950 + 100);
}

typedef struct nested { pool *p; unsigned one; } nested;
static void add_inside(void *ctx, size_t i)
{
	nested *n = ctx;
	(void)i;
	pool_each(n->p, 10, add, &n->one);
}

static void a_loop_inside_a_loop_ends_even_when_every_thread_is_busy(void **state)
{
	(void)state;
	nested n = { .one = 1 };

	for (unsigned threads = 1; threads < 4; threads++) {
		assert_ok(pool_new(&n.p, threads));
		sum = 0;
		pool_each(n.p, 20, add_inside, &n);
		assert_int_equal(sum, 20 * (45 + 10));
		pool_free(&n.p);
	}
}

static err odd_fails(void *ctx, size_t i)
{
	(void)ctx;
	return i % 2 ? err_fail(ERR_REQUEST, "number %zu is odd", i) : OK;
}

static void the_lowest_of_several_failures_is_told(void **state)
{
	(void)state;
	pool *p = NULL;

	assert_ok(pool_new(&p, 3));
	for (unsigned round = 0; round < 50; round++) {
		assert_int_equal(pool_try(p, 100, odd_fails, NULL), ERR_REQUEST);
		assert_string_equal(err_text(), "number 1 is odd");
	}
	assert_ok(pool_try(p, 1, odd_fails, NULL));
	pool_free(&p);
	err_clear();
}

/* ---- a pool of one thread, which waits at a gate ---------------------------------------------------------------- */

static sem_t reached, gate;
static bool open_when_joined;
static unsigned ran[8], n_ran;

int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
	if (open_when_joined) sem_post(&gate);
	return __real_pthread_join(thread, result);
}

static void wait_at_gate(void *arg)
{
	(void)arg;
	sem_post(&reached);
	while (sem_wait(&gate)) {}
}

static void note(void *arg) { ran[n_ran++] = *(unsigned *)arg; }

static pool *waiting_pool(void)
{
	pool *p = NULL;

	n_ran = 0;
	sem_init(&reached, 0, 0);
	sem_init(&gate, 0, 0);
	assert_ok(pool_new(&p, 1));
	assert_ok(pool_submit(p, wait_at_gate, NULL, 0));
	while (sem_wait(&reached)) {}
	return p;
}

static void no_more_jobs_wait_than_the_submitter_allows(void **state)
{
	(void)state;
	static unsigned number[] = { 0, 1, 2, 3 };
	pool *p = waiting_pool();

	assert_int_equal(pool_waiting(p), 0);
	assert_ok(pool_submit(p, note, &number[0], 2));
	assert_ok(pool_submit(p, note, &number[1], 2));
	assert_err(ERR_EXHAUSTED, pool_submit(p, note, &number[2], 2));
	assert_err(ERR_EXHAUSTED, pool_submit(p, note, &number[2], 1));
	assert_int_equal(pool_waiting(p), 2);
	assert_ok(pool_submit(p, note, &number[2], 3));
	assert_ok(pool_submit(p, note, &number[3], 0));
	sem_post(&gate);
	pool_free(&p);
	assert_int_equal(n_ran, 4);
}

static void freeing_a_pool_runs_what_waits_in_its_order(void **state)
{
	(void)state;
	static unsigned number[] = { 0, 1, 2, 3, 4, 5 };
	pool *p = waiting_pool();

	for (unsigned i = 0; i < COUNT(number); i++) assert_ok(pool_submit(p, note, &number[i], 0));
	assert_int_equal(pool_waiting(p), COUNT(number));
	open_when_joined = true;
	pool_free(&p);
	open_when_joined = false;
	assert_int_equal(n_ran, COUNT(number));
	for (unsigned i = 0; i < COUNT(number); i++) assert_int_equal(ran[i], i);
}

static _Atomic unsigned generations;
static void submit_another(void *arg)
{
	pool *p = *(pool **)arg;
	if (atomic_fetch_add(&generations, 1) < 20) assert_int_equal(pool_submit(p, submit_another, arg, 0), OK);
}

static void a_job_may_submit_jobs_while_the_pool_is_freed(void **state)
{
	(void)state;
	pool *p = waiting_pool(), *same = p;

	generations = 0;
	assert_ok(pool_submit(p, submit_another, &same, 0));
	open_when_joined = true;
	pool_free(&p);
	open_when_joined = false;
	assert_int_equal(generations, 21);
}

TESTS(TEST(a_pool_runs_every_index_once),
      TEST(a_loop_inside_a_loop_ends_even_when_every_thread_is_busy),
      TEST(the_lowest_of_several_failures_is_told),
      TEST(no_more_jobs_wait_than_the_submitter_allows),
      TEST(freeing_a_pool_runs_what_waits_in_its_order),
      TEST(a_job_may_submit_jobs_while_the_pool_is_freed))
