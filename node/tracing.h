/* SPDX-License-Identifier: MIT */
/*
 * node/tracing.h -- what this node did for a request, and how long that took, told to a collector of traces: OTLP over HTTP,
 * in JSON.
 *
 * Telling never waits.  Spans stand in a queue of bounded length; a thread of its own sends them in batches.  What does not
 * fit, and what the collector does not take, is dropped and counted: a node works as well without one.  A span holds ids,
 * times and the sentence of a failure, which holds no secret.
 */
#ifndef ARCA_NODE_TRACING_H
#define ARCA_NODE_TRACING_H

#include "base/id.h"
#include "base/trace.h"
#include "node/config.h"

typedef struct tracing tracing;

enum { MAX_SPAN_REASON = 200 };

typedef struct span {
	trace       at;
	const char *name;                    /* a constant */
	id32        request;
	int64_t     from_ns, to_ns;          /* since 1970 */
	char        why[MAX_SPAN_REASON];    /* it failed; "" if not */
} span;

typedef struct tracing_counts { uint64_t sent, dropped; } tracing_counts;

/* *out stays NULL if the configuration names no collector.  instance: which node this is; it outlives the tracing. */
err  tracing_new(tracing **out, const node_config *c, const char *instance);

/* NULL-safe.  What waits is sent first, once. */
void tracing_free(tracing **t);

/* Any thread; nothing if t is NULL or the trace is one that nobody records. */
void tracing_tell(tracing *t, const span *s);

int64_t tracing_now_ns(void);
tracing_counts tracing_counted(tracing *t);

/* The spans as the request that a collector gets. */
void tracing_write(buf *out, const char *service, const char *instance, const span *s, size_t n);

#endif
