/* SPDX-License-Identifier: MIT */
/* tests/rpc/collector.h -- a collector of traces: takes one request after the other, each on a connection of its own. */
#ifndef ARCA_TESTS_RPC_COLLECTOR_H
#define ARCA_TESTS_RPC_COLLECTOR_H

#include <jansson.h>
#include "rpc/tracing.h"

enum { WAIT_S = 60 };

typedef struct collector { int listener; unsigned port; char traceparent[TRACE_TEXT]; } collector;

void collector_open(collector *c);                 /* close(c->listener) ends it */

/* The path and the JSON of the next request; answered with that status. */
json_t *collector_take(collector *c, char path[static 64], const char *status);

/* One that tells it each span at once. */
tracing *tracing_to(const collector *c);

json_t *spans_of(json_t *request);
const char *text_of(json_t *object, const char *key);

#endif
