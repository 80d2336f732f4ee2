/* SPDX-License-Identifier: MIT */
/*
 * lattice/crew.c -- one word a job says what is left: the phase, and which of its pieces nobody has taken.
 *
 * Pieces are taken from both ends of the row, by every other thread from the upper one: so a thread has the same end of it in
 * every phase, and finds in its own cache what it left there.  The one that finishes the last piece of a phase asks for the
 * next phase and writes the word anew; meanwhile the others find a row without pieces, which means: wait.
 */
#include "lattice/crew.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/cpu.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
	PIECE_BITS = 16, PIECES_MAX = (1 << PIECE_BITS) - 1, SPINS = 400, YIELDS = 100, NAP_NS = 50000,
	TURN_MS = 3                             /* how long others in the pool's queue wait for a helper */
};

typedef enum job_state { WAITING, UNDER_WAY, DONE } job_state;

typedef struct job {
	_Alignas(64) _Atomic uint64_t row;      /* phase << 32 | first << 16 | end: pieces first .. end - 1 are left */
	_Atomic unsigned unfinished;            /* pieces of this phase */
	job_state state;                        /* these two under the lock */
	unsigned  members;
} job;

typedef struct crew {
	crew_task task;
	pool    *p;
	pthread_mutex_t lock;
	pthread_cond_t  left;
	_Atomic unsigned references;
	size_t   jobs, begun, under_way, most;
	unsigned present;                       /* helpers who may touch the task */
	job      job[];
} crew;

static void crew_release(crew *c)
{
	if (atomic_fetch_sub(&c->references, 1) != 1) return;
	pthread_cond_destroy(&c->left);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* ---- one job ----------------------------------------------------------------------------------------------------- */

#define ALL_DONE UINT32_MAX                     /* instead of a phase */

static uint64_t row_of(uint64_t phase, unsigned first, unsigned end)
{
	return phase << (2 * PIECE_BITS) | (uint64_t)first << PIECE_BITS | end;
}

static uint64_t phase_of(uint64_t row)
{
	return row >> (2 * PIECE_BITS);
}

static void pause_a_moment(void)
{
#if CPU_X86
	__builtin_ia32_pause();
#endif
}

static void wait_for_phase_after(job *j, uint64_t phase)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	for (unsigned i = 0; phase_of(atomic_load_explicit(&j->row, memory_order_acquire)) == phase; i++) {
		if (i < SPINS) pause_a_moment();
		else if (i < SPINS + YIELDS) sched_yield();
		else nanosleep(&nap, NULL);
	}
}

/* By the one thread that may: whoever began the job or finished the last piece of a phase. */
static void next_phase(crew *c, size_t i)
{
	job *j = &c->job[i];
	const unsigned pieces = c->task.next(c->task.ctx, i);
	ASSERT(pieces <= PIECES_MAX);
	const uint64_t phase = pieces ? phase_of(atomic_load_explicit(&j->row, memory_order_relaxed)) + 1 : ALL_DONE;

	if (pieces == 0) {
		pthread_mutex_lock(&c->lock);
		j->state = DONE;
		c->under_way--;
		pthread_mutex_unlock(&c->lock);
	}
	atomic_store_explicit(&j->unfinished, pieces, memory_order_relaxed);
	atomic_store_explicit(&j->row, row_of(phase, 0, pieces), memory_order_release);
}

/* A helper's stay; the caller of crew_run has none, and works until all is done. */
typedef struct stay { int64_t until; bool over; } stay;

/* Whoever waits for a thread of the pool is not to wait until all jobs are done. */
static bool should_leave(const crew *c, stay *mine)
{
	if (mine && !mine->over && clock_now_ms(clock_system()) >= mine->until) mine->over = pool_waiting(c->p) > 0;
	return mine && mine->over;
}

/* A piece of the row that was seen; false if another thread was quicker. */
static bool take(job *j, uint64_t seen, bool upper, unsigned *piece)
{
	const unsigned first = seen >> PIECE_BITS & PIECES_MAX, end = seen & PIECES_MAX;
	const uint64_t less = upper ? row_of(phase_of(seen), first, end - 1) : row_of(phase_of(seen), first + 1, end);

	*piece = upper ? end - 1 : first;
	return atomic_compare_exchange_strong_explicit(&j->row, &seen, less, memory_order_acq_rel, memory_order_relaxed);
}

static void work_on(crew *c, size_t i, bool upper, void *desk, stay *mine)
{
	job *j = &c->job[i];
	unsigned piece;

	while (!should_leave(c, mine)) {
		const uint64_t seen = atomic_load_explicit(&j->row, memory_order_acquire);
		if (phase_of(seen) == ALL_DONE) return;
		if ((seen >> PIECE_BITS & PIECES_MAX) == (seen & PIECES_MAX)) {
			wait_for_phase_after(j, phase_of(seen));
			continue;
		}
		if (!take(j, seen, upper, &piece)) continue;
		c->task.piece(c->task.ctx, desk, i, piece);
		if (atomic_fetch_sub_explicit(&j->unfinished, 1, memory_order_acq_rel) == 1) next_phase(c, i);
	}
}

/* ---- all jobs ---------------------------------------------------------------------------------------------------- */

/* The job to work on, under the lock: one to begin if so many may be under way, else the one with the fewest members. */
static bool choose(crew *c, size_t *i, bool *begin)
{
	*begin = c->begun < c->jobs && c->under_way < c->most;
	if (*begin) {
		*i = c->begun++;
		c->under_way++;
		c->job[*i].state = UNDER_WAY;
		return true;                            /* no pieces yet: who comes now waits for the first phase */
	}
	bool found = false;
	for (size_t k = 0; k < c->begun; k++) {
		if (c->job[k].state != UNDER_WAY || (found && c->job[k].members >= c->job[*i].members)) continue;
		*i = k;
		found = true;
	}
	return found;
}

static void work(crew *c, void *desk, stay *mine)
{
	size_t i = 0;
	bool begin;

	pthread_mutex_lock(&c->lock);
	while (!should_leave(c, mine) && choose(c, &i, &begin)) {
		const bool upper = c->job[i].members++ % 2;
		pthread_mutex_unlock(&c->lock);
		if (begin) next_phase(c, i);
		work_on(c, i, upper, desk, mine);
		pthread_mutex_lock(&c->lock);
		c->job[i].members--;
	}
	pthread_mutex_unlock(&c->lock);
}

static bool all_done(const crew *c)
{
	return c->begun == c->jobs && c->under_way == 0;
}

/* The task's memory is the caller's: a helper that comes when all is done touches the crew and nothing else. */
static void help(void *arg)
{
	crew *c = arg;
	stay mine = { .until = clock_now_ms(clock_system()) + TURN_MS };

	pthread_mutex_lock(&c->lock);
	const bool late = all_done(c);
	c->present += !late;
	pthread_mutex_unlock(&c->lock);
	if (!late) {
		void *desk = c->task.sit(c->task.ctx);
		if (desk) {
			work(c, desk, &mine);
			c->task.leave(c->task.ctx, desk);
		}
		pthread_mutex_lock(&c->lock);
		c->present--;
		pthread_cond_signal(&c->left);
		pthread_mutex_unlock(&c->lock);
	}
	if (mine.over && pool_submit(c->p, help, c, 0) == OK) return;       /* behind those who wait */
	err_clear();
	crew_release(c);
}

err crew_run(pool *p, const crew_task *task, size_t jobs, void *desk)
{
	const unsigned threads = p ? pool_threads(p) : 1;

	if (jobs == 0) return OK;
	crew *c = aligned_alloc(64, sizeof *c + jobs * sizeof c->job[0]);
	if (!c) return err_fail(ERR_NOMEM, "no memory to share work among threads");
	memset(c, 0, sizeof *c + jobs * sizeof c->job[0]);
	c->task = *task, c->p = p, c->jobs = jobs, c->most = threads, c->references = 1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->left, NULL);
	for (unsigned i = 1; i < threads; i++) {
		atomic_fetch_add(&c->references, 1);
		if (pool_submit(p, help, c, 0) == OK) continue;
		atomic_fetch_sub(&c->references, 1);
		err_clear();
		break;
	}
	work(c, desk, NULL);
	pthread_mutex_lock(&c->lock);
	while (c->present) pthread_cond_wait(&c->left, &c->lock);
	pthread_mutex_unlock(&c->lock);
	crew_release(c);
	return OK;
}
