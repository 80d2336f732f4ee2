/* SPDX-License-Identifier: MIT */
/*
 * lattice/crew.h -- jobs of many short phases, done by whoever has time.
 *
 * A job is a row of phases; a phase is a number of pieces in any order; all pieces of a phase are done before the next one
 * begins.  A blind rotation has thousands of phases of some hundred microseconds, so threads meet by counting, not by
 * sleeping: they take pieces off a row, wait a moment spinning, then give way, then sleep in short naps.  Of two threads one
 * takes them from the first on, the other from the last: pieces that stand at the same place should want the same memory.
 *
 * Nobody is counted on.  Threads come and go between two pieces and the caller alone can finish everything, so a pool that is
 * busy elsewhere costs speed and nothing more; only a thread that is stopped inside a piece holds the others up.  Helpers make
 * way for other jobs of the pool after some milliseconds, and come back behind them.
 *
 * At most as many jobs are under way as there are threads; who finds none to begin helps where fewest are.
 */
#ifndef ARCA_LATTICE_CREW_H
#define ARCA_LATTICE_CREW_H

#include "base/pool.h"

typedef struct crew_task {
	void *ctx;

	/* The pieces of the phase that comes next in job j, at most 65,535; 0: the job is done.  Called by one thread at a time, with
	 * all that was done in the phases before it in sight.  Not called any more after 0. */
	unsigned (*next)(void *ctx, size_t job);

	/* desk: what this thread works with, from sit. */
	void (*piece)(void *ctx, void *desk, size_t job, unsigned i);

	/* A desk for a thread, given back when it leaves.  NULL: there is none, and the thread does not take part.  The caller
	 * of crew_run brings its own. */
	void *(*sit)(void *ctx);
	void (*leave)(void *ctx, void *desk);
} crew_task;

/* Returns when all jobs are done.  p may be NULL.  `desk` is the caller's.  ERR_NOMEM before anything was begun. */
err crew_run(pool *p, const crew_task *task, size_t jobs, void *desk);

#endif
