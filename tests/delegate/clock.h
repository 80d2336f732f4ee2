/* SPDX-License-Identifier: MIT */
/* tests/delegate/clock.h -- a clock that a test sets: seconds since 1970 and since the start are one. */
#ifndef ARCA_TESTS_DELEGATE_CLOCK_H
#define ARCA_TESTS_DELEGATE_CLOCK_H

#include "base/clock.h"

typedef struct set_clock { clock_source source; int64_t s; } set_clock;

static int64_t set_clock_ms(void *ctx) { return ((set_clock *)ctx)->s * 1000; }

/* c stays where it is. */
static inline const clock_source *set_clock_at(set_clock *c, int64_t s)
{
	*c = (set_clock){ { c, set_clock_ms, set_clock_ms }, s };
	return &c->source;
}

#endif
