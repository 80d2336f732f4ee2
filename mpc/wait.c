/* SPDX-License-Identifier: MIT */
/* mpc/wait.c -- waiting by the system's monotonic clock. */
#include <time.h>
#include "base/clock.h"
#include "mpc/inbox.h"

static int64_t now(void *ctx)
{
	(void)ctx;
	return clock_now_ms(clock_system());
}

static void wait_until(void *ctx, pthread_cond_t *woken, pthread_mutex_t *held, int64_t until_ms)
{
	(void)ctx;
	if (until_ms == INT64_MAX) {
		pthread_cond_wait(woken, held);
		return;
	}
	const struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
	pthread_cond_timedwait(woken, held, &until);
}

static void wake(void *ctx, pthread_cond_t *woken)
{
	(void)ctx;
	pthread_cond_broadcast(woken);
}

wait_source wait_system(void) { return (wait_source){ NULL, now, wait_until, wake }; }
