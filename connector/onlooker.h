/* SPDX-License-Identifier: MIT */
/*
 * connector/onlooker.h -- the database, asked for whoever watches and cannot wait for it.
 *
 * A server may take a statement and not answer it, and a role may wait for somebody's lock: no call fails then, for hours.  HTTP has as
 * many threads as there are processors, so two who ask for the database's health would keep everybody from liveness and metrics.
 * Here one thread asks, by the connection of those who play no other role, and who watches waits for it as long as he says.  While one
 * question hangs no other one is asked, so watching adds nothing to what hangs.
 *
 * Any thread.
 */
#ifndef ARCA_CONNECTOR_ONLOOKER_H
#define ARCA_CONNECTOR_ONLOOKER_H

#include "connector/queue.h"

typedef struct onlooker onlooker;

/* q is borrowed.  ERR_NOMEM. */
err  onlooker_new(onlooker **out, queue *q);
/* Waits for a question that is under way.  NULL-safe. */
void onlooker_free(onlooker **o);

/* As queue_reached and queue_counts, asked from now on; ERR_IO as well: there was no answer for so long. */
err  onlooker_reached(onlooker *o, int64_t timeout_ms);
err  onlooker_counts(queue_count out[static QUEUE_KINDS], onlooker *o, int64_t timeout_ms);

#endif
