/* SPDX-License-Identifier: MIT */
/*
 * cli/ticker.h -- one line on stderr for work that takes seconds: what, how much, how long still.
 *
 * Silent unless stderr is a terminal and the command does not speak JSON.
 */
#ifndef ARCA_CLI_TICKER_H
#define ARCA_CLI_TICKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ticker {
	const char *what;
	int64_t began_ms;
	bool    shown;
} ticker;

ticker ticker_begin(const char *what, bool quiet);

/* done of all parts; the rest is estimated from the time so far. */
void ticker_parts(const ticker *t, size_t done, size_t all);

/* The time so far; and of a step of which somebody else tells, how much of it is done (0 to 1) and how long it may still
 * take (below 0: not known). */
void ticker_time(const ticker *t);
void ticker_step(const ticker *t, const char *step, double done, double left_s);

/* Clears the line. */
void ticker_end(const ticker *t);

/* Since the beginning. */
double ticker_seconds(const ticker *t);

#endif
