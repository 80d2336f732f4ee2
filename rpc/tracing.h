/* SPDX-License-Identifier: MIT */
/*
 * rpc/tracing.h -- what this process did for a request, and how long that took, told to a collector of traces: OTLP over HTTP,
 * in JSON.
 *
 * Telling never waits.  Spans stand in a queue of bounded length; a thread of its own sends them in batches.  What does not
 * fit, and what the collector does not take, is dropped and counted: all works as well without one.  A span holds ids,
 * times and the sentence of a failure, which holds no secret.
 */
#ifndef ARCA_RPC_TRACING_H
#define ARCA_RPC_TRACING_H

#include "base/id.h"
#include "base/trace.h"

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

typedef struct tracing_config {
	const char *endpoint;                /* of the collector; "": there is none                   */
	const char *service, *scope;         /* how it calls this process, and the program            */
	const char *instance;                /* which of them this is; outlives the tracing           */
	int64_t     timeout_ms, delay_ms;    /* of an exchange; until a batch goes that is not full   */
	size_t      room, most;              /* spans that wait; that go at once                      */
} tracing_config;

/* What is wrong with such an endpoint, as a piece of a sentence; NULL: nothing. */
const char *tracing_endpoint_wrong(const char *url);

/* *out stays NULL if there is no collector. */
err  tracing_new(tracing **out, const tracing_config *c);

/* NULL-safe.  What waits is sent first, once. */
void tracing_free(tracing **t);

/* Any thread; nothing if t is NULL or the trace is one that nobody records. */
void tracing_tell(tracing *t, const span *s);

int64_t tracing_now_ns(void);
tracing_counts tracing_counted(tracing *t);

/* The spans as the request that a collector gets. */
void tracing_write(buf *out, const tracing_config *c, const span *s, size_t n);

#endif
