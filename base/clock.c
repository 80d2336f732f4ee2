/* SPDX-License-Identifier: MIT */
/* base/clock.c -- the system's two clocks. */
#include "base/clock.h"
#include <stddef.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_now(void *ctx)
{
	(void)ctx;
	return read_ms(CLOCK_MONOTONIC);
}

static int64_t system_unix(void *ctx)
{
	(void)ctx;
	return read_ms(CLOCK_REALTIME);
}

const clock_source *clock_system(void)
{
	static const clock_source system = { NULL, system_now, system_unix };
	return &system;
}
