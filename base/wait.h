/* SPDX-License-Identifier: MIT */
/* base/wait.h -- condition variables that wait until a moment of the system's monotonic clock, which is clock_system's. */
#ifndef ARCA_BASE_WAIT_H
#define ARCA_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline void wait_init(pthread_cond_t *cond)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* False once it is at_ms by clock_system().  Requires: lock is held, cond is from wait_init. */
static inline bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t at_ms)
{
	const struct timespec t = { .tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000 };
	return pthread_cond_timedwait(cond, lock, &t) == 0;
}

#endif
