/* SPDX-License-Identifier: MIT */
/* base/clock.h -- time is a seam: what waits or stamps takes a clock, so that tests move it by hand. */
#ifndef ARCA_BASE_CLOCK_H
#define ARCA_BASE_CLOCK_H

#include <stdint.h>

typedef struct clock_source {
	void *ctx;
	int64_t (*now_ms)(void *ctx);        /* monotonic */
	int64_t (*unix_ms)(void *ctx);       /* wall clock, since 1970 */
} clock_source;

static inline int64_t clock_now_ms(const clock_source *c) { return c->now_ms(c->ctx); }
static inline int64_t clock_unix_ms(const clock_source *c) { return c->unix_ms(c->ctx); }

const clock_source *clock_system(void);

#endif
