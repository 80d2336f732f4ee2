/* SPDX-License-Identifier: MIT */
/*
 * base/pool.h -- a pool of cores for kernels and jobs, at nice +10 so that sockets stay quick.
 *
 * Jobs run in the order of their submission, each with the trace (trace.h) of the thread that submitted it.  A job may submit
 * further jobs.  pool_free waits for every submitted job.
 */
#ifndef ARCA_BASE_POOL_H
#define ARCA_BASE_POOL_H

#include <stddef.h>
#include "base/err.h"

typedef struct pool pool;

err  pool_new(pool **out, unsigned threads);          /* 0: one a core */
void pool_free(pool **p);

/* ERR_EXHAUSTED when `most` jobs are waiting already (0: no bound). */
err  pool_submit(pool *p, void (*run)(void *arg), void *arg, size_t most);

/* Runs body(ctx, i) for i = 0 .. count-1 on the pool's threads and the caller's; returns when all are done.
 * With p == NULL everything runs on the caller's thread. */
void pool_each(pool *p, size_t count, void (*body)(void *ctx, size_t i), void *ctx);

/*
 * pool_each for bodies that can fail: runs all of them in any case, and returns the failure of the lowest index with its
 * sentence, which otherwise would stay with the thread on which it happened.
 */
err  pool_try(pool *p, size_t count, err (*body)(void *ctx, size_t i), void *ctx);

size_t   pool_waiting(pool *p);
unsigned pool_threads(const pool *p);

#endif
