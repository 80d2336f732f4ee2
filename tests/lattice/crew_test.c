/* SPDX-License-Identifier: MIT */
/* tests/lattice/crew_test.c -- every piece once, phases one after the other, whoever comes and whoever does not. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "tests/test.h"
#include "lattice/crew.h"

enum { PHASES = 200, MOST_PIECES = 9, DESK = 77 };

typedef struct record {
	size_t   jobs;
	unsigned phase[32];                          /* of each job: written by next alone                  */
	atomic_uint pieces[32][PHASES][MOST_PIECES]; /* how often each was done                             */
	atomic_uint at_once[32];                     /* pieces of the job that are under way                */
	atomic_bool overlap, wrong_desk, called_late;
	atomic_int  desks;                           /* taken and not given back                            */
	unsigned long nap_ns;
} record;

static unsigned pieces_of(size_t job, unsigned phase)
{
	return 1 + (unsigned)((job * 5 + phase * 7) % MOST_PIECES);
}

static unsigned next(void *ctx, size_t job)
{
	record *r = ctx;
	if (r->phase[job] > PHASES) r->called_late = true;
	if (r->at_once[job]) r->overlap = true;
	return r->phase[job]++ == PHASES ? 0 : pieces_of(job, r->phase[job] - 1);
}

static void piece(void *ctx, void *desk, size_t job, unsigned i)
{
	record *r = ctx;
	const unsigned phase = r->phase[job] - 1;

	r->at_once[job]++;
	if (*(const int *)desk != DESK) r->wrong_desk = true;
	r->pieces[job][phase][i]++;
	if (r->nap_ns && i == 0) nanosleep(&(struct timespec){ .tv_nsec = (long)r->nap_ns }, NULL);
	r->at_once[job]--;
}

static void *sit(void *ctx)
{
	int *desk = malloc(sizeof *desk);
	*desk = DESK;
	((record *)ctx)->desks++;
	return desk;
}

static void leave(void *ctx, void *desk)
{
	free(desk);
	((record *)ctx)->desks--;
}

static void *nowhere_to_sit(void *ctx)
{
	(void)ctx;
	return NULL;
}

static void assert_all_done(const record *r)
{
	assert_false(r->overlap);
	assert_false(r->wrong_desk);
	assert_false(r->called_late);
	assert_int_equal(r->desks, 0);
	for (size_t j = 0; j < r->jobs; j++) {
		assert_int_equal(r->phase[j], PHASES + 1);
		for (unsigned phase = 0; phase < PHASES; phase++)
			for (unsigned i = 0; i < MOST_PIECES; i++)
				assert_int_equal(r->pieces[j][phase][i], i < pieces_of(j, phase));
	}
}

static void run(pool *p, size_t jobs, unsigned long nap_ns, void *(*seat)(void *))
{
	record *r = calloc(1, sizeof *r);
	int desk = DESK;

	assert_non_null(r);
	r->jobs = jobs, r->nap_ns = nap_ns;
	const crew_task task = { r, next, piece, seat, leave };
	assert_ok(crew_run(p, &task, jobs, &desk));
	assert_all_done(r);
	free(r);
}

static void every_piece_is_done_once_and_phases_do_not_overlap(void **state)
{
	(void)state;
	static const size_t jobs[] = { 0, 1, 2, 3, 4, 7, 32 };

	for (unsigned threads = 0; threads <= 5; threads++) {
		pool *p = NULL;
		if (threads) assert_ok(pool_new(&p, threads));
		for (size_t i = 0; i < COUNT(jobs); i++) run(p, jobs[i], 0, sit);
		pool_free(&p);
	}
}

/* Somebody is always stopped inside a piece. */
static void a_thread_that_is_stopped_holds_up_only_what_it_has(void **state)
{
	(void)state;
	pool *p;

	assert_ok(pool_new(&p, 4));
	run(p, 2, 20000, sit);
	pool_free(&p);
}

static void threads_without_a_desk_stay_away(void **state)
{
	(void)state;
	pool *p;

	assert_ok(pool_new(&p, 3));
	run(p, 3, 0, nowhere_to_sit);
	pool_free(&p);
}

typedef struct door { pthread_mutex_t lock; pthread_cond_t opened; bool open; } door;

static void wait_at(void *arg)
{
	door *d = arg;
	pthread_mutex_lock(&d->lock);
	while (!d->open) pthread_cond_wait(&d->opened, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

/* ---- who else waits for the pool -------------------------------------------------------------------------------- */

typedef struct passer { record r; pool *p; atomic_bool over, sent, came_in_time; } passer;

static void pass(void *arg)
{
	passer *x = arg;
	x->came_in_time = !x->over;
}

static unsigned next_and_last(void *ctx, size_t job)
{
	passer *x = ctx;
	const unsigned pieces = next(&x->r, job);
	if (pieces == 0) x->over = true;
	return pieces;
}

static void piece_and_passer(void *ctx, void *desk, size_t job, unsigned i)
{
	passer *x = ctx;
	if (x->r.phase[job] > PHASES / 10 && !atomic_exchange(&x->sent, true)) assert_ok(pool_submit(x->p, pass, x, 0));
	piece(&x->r, desk, job, i);
}

static void captain(void *arg)
{
	passer *x = arg;
	const crew_task task = { x, next_and_last, piece_and_passer, sit, leave };
	int desk = DESK;
	assert_ok(crew_run(x->p, &task, 1, &desk));
}

/* The pool has two threads, and the crew both. */
static void helpers_make_way_for_others_who_wait_for_the_pool(void **state)
{
	(void)state;
	passer *x = calloc(1, sizeof *x);

	assert_non_null(x);
	assert_ok(pool_new(&x->p, 2));
	x->r.jobs = 1, x->r.nap_ns = 200000;
	assert_ok(pool_submit(x->p, captain, x, 0));
	while (!x->over) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	pool_free(&x->p);
	assert_all_done(&x->r);
	assert_true(x->came_in_time);
	free(x);
}

/* The helpers' turn comes when everything is over, and the task is gone. */
static void a_busy_pool_delays_nobody(void **state)
{
	(void)state;
	door d = { .open = false };
	pool *p;

	pthread_mutex_init(&d.lock, NULL);
	pthread_cond_init(&d.opened, NULL);
	assert_ok(pool_new(&p, 2));
	for (unsigned i = 0; i < 2; i++) assert_ok(pool_submit(p, wait_at, &d, 0));
	run(p, 3, 0, sit);
	pthread_mutex_lock(&d.lock);
	d.open = true;
	pthread_cond_broadcast(&d.opened);
	pthread_mutex_unlock(&d.lock);
	pool_free(&p);
	pthread_cond_destroy(&d.opened);
	pthread_mutex_destroy(&d.lock);
}

static void run_one(void *ctx, size_t i)
{
	(void)i;
	run(ctx, 2, 0, sit);
}

/* The callers are threads of the pool themselves. */
static void many_crews_share_a_pool(void **state)
{
	(void)state;
	pool *p;

	assert_ok(pool_new(&p, 3));
	pool_each(p, 12, run_one, p);
	pool_free(&p);
}

TESTS(TEST(every_piece_is_done_once_and_phases_do_not_overlap),
      TEST(a_thread_that_is_stopped_holds_up_only_what_it_has),
      TEST(threads_without_a_desk_stay_away),
      TEST(helpers_make_way_for_others_who_wait_for_the_pool),
      TEST(a_busy_pool_delays_nobody),
      TEST(many_crews_share_a_pool))
