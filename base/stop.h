/* SPDX-License-Identifier: MIT */
/*
 * base/stop.h -- does somebody want long work to end, and may it still?
 *
 *   going   --stop_ask-->      asked    the work looks at it wherever it waits, and ends with ERR_CANCELLED
 *   going   --stop_forbid-->   bound    others are told of what was made, or it is being stored: it comes to its end
 *
 * One of the two comes first, whichever thread says it; so nothing is both given up and given out.
 */
#ifndef ARCA_BASE_STOP_H
#define ARCA_BASE_STOP_H

#include <stdatomic.h>
#include "base/err.h"

enum { STOP_GOING, STOP_ASKED, STOP_BOUND };
typedef struct stop_flag { _Atomic int at; } stop_flag;  /* all zero: going */

/* The others take NULL for work that nobody can stop. */
static inline bool stop_is_asked(const stop_flag *s) { return s && atomic_load(&s->at) == STOP_ASKED; }

/* False: it is too late.  Again: as before. */
static inline bool stop_ask(stop_flag *s)
{
	int was = STOP_GOING;
	return atomic_compare_exchange_strong(&s->at, &was, STOP_ASKED) || was == STOP_ASKED;
}

static inline err stop_look(const stop_flag *s)
{
	return stop_is_asked(s) ? err_fail(ERR_CANCELLED, "aborted, as was asked") : OK;
}

/* ERR_CANCELLED: it was asked for before.  Again: as before. */
static inline err stop_forbid(stop_flag *s)
{
	int was = STOP_GOING;
	if (!s || atomic_compare_exchange_strong(&s->at, &was, STOP_BOUND)) return OK;
	return stop_look(s);
}

#endif
