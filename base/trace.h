/* SPDX-License-Identifier: MIT */
/*
 * base/trace.h -- which request a thread works on, as the W3C calls it: a trace, which passes through many services, and in
 * it a span, what one of them does.
 *
 *   traceparent     00-<trace: 32 digits>-<span: 16 digits>-<flags: 2 digits>
 *
 * A thread has at most one at a time.  Every line that it logs names it (log.h), and every call that it makes of another
 * service carries it.  Ids are public, for correlation only: nothing is decided by them.
 */
#ifndef ARCA_BASE_TRACE_H
#define ARCA_BASE_TRACE_H

#include "base/base.h"

enum { TRACE_ID = 16, TRACE_SPAN = 8, TRACE_TEXT = 56 /* with the final zero */, TRACE_SAMPLED = 1 };

/* id zero: none. */
typedef struct trace {
	uint8_t id[TRACE_ID], span[TRACE_SPAN], above[TRACE_SPAN];     /* above: the span that asked for this one; zero: none */
	uint8_t flags;
} trace;

/* A traceparent of this or a later version; false if it is not well-formed, and then *out is none. */
bool trace_read(trace *out, slice traceparent);
void trace_write(char out[static TRACE_TEXT], const trace *t);

bool trace_is_any(const trace *t);

/* A new span below `above`; none below none. */
trace trace_below(const trace *above, const rng *random);

/* The thread's from now on; returns the one before, to be set again. */
trace trace_enter(const trace *t);

/* The thread's, or that of the process where the thread has none. */
trace trace_current(void);

/* Of a program that does one thing.  Before there are threads. */
void trace_of_process(const trace *t);

#endif
