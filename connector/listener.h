/* SPDX-License-Identifier: MIT */
/*
 * connector/listener.h -- follows one chain and writes down every request that its contracts make.
 *
 *   read the head; read the logs of the next blocks up to it; requests, logs that could not be read, and how far we are go to
 *   the database in one commit; again at once while there is more, else after a pause
 *
 * A crash between reading and writing means reading again; what is known already is not stored twice.  Any number of
 * listeners may follow one chain into one database.
 *
 * A chain may take blocks back.  The names of the blocks where ranges ended are kept: when the next block does not stand
 * on the last one, the highest that still stands is looked for, requests above it that are not completed are erased, and
 * reading goes on from there.  Where the chain offers it, following finalized blocks or some blocks behind the head avoids that.
 *
 * A listener never gives up: after some failures in a row it says that it is stalled, and tries less often.
 *
 * A provider that has thrown away the blocks that come next is named once, with what to do; others are asked, and where none keeps
 * them the listener is stalled at once and tries every half minute.
 */
#ifndef ARCA_CONNECTOR_LISTENER_H
#define ARCA_CONNECTOR_LISTENER_H

#include "connector/follow.h"
#include "connector/intake.h"
#include "evm/providers.h"
#include "rpc/tracing.h"

enum { LISTENER_STALLED_MS = 5000, LISTENER_GONE_MS = 30000, LISTENER_COMMIT = 4096, MAX_LISTENER_REASON = 512 };

/* Where it writes: connector/queue.h, or what a test puts in its place. */
typedef struct listener_store {
	void *ctx;
	err (*cursor)(void *ctx, bool *known, uint64_t *block, queue_chain chain);
	err (*blocks)(void *ctx, queue_block *out, size_t *n, queue_chain chain);
	err (*apply)(void *ctx, queue_change *c, size_t n, size_t *bad);
} listener_store;
listener_store listener_store_of(queue *q);

typedef struct listener_config {
	intake_chain   chain;
	const char    *name;                 /* for the log: "gateway" */
	bool           finalized;            /* follows finalized blocks; otherwise the latest, less the confirmations */
	uint64_t       confirmations;
	const uint64_t *from;                /* the block to begin with at each start, also if it passes over some; NULL: where it was, or at the head */
	uint64_t       range;                /* blocks asked for at once, at the most */
	int64_t        poll_ms;              /* the pause when there is nothing more */
	unsigned       max_errors;           /* in a row, before it is stalled */
	providers     *providers;            /* taken, also by a failure */
	listener_store store;
	const clock_source *clock;
	const rng     *random;
	tracing       *tracing;              /* is told of requests that are new; NULL: nobody */
} listener_config;

typedef struct listener listener;
err  listener_new(listener **out, const listener_config *config);      /* ERR_NOMEM */

/* A thread of its own.  listener_free ends it: what it was reading is read again another time.  Providers that are being asked
 * should be told to stop as well (jrpc_http_config.stop). */
err  listener_start(listener *l);
void listener_free(listener **l);

/* One step; listener_start does nothing but call it, and pause. */
typedef enum listener_step { LISTENER_AGAIN, LISTENER_IDLE, LISTENER_FAILED } listener_step;
listener_step listener_tick(listener *l);
int64_t       listener_pause_ms(const listener *l, listener_step s);

/* How it stands, from any thread. */
typedef struct listener_view {
	bool     stalled;                    /* max_errors failures in a row, or more */
	unsigned errors_in_row;
	uint64_t next, head;                 /* the next block to read; the last head that was seen */
	uint64_t received[N_KMS_EVENT_KINDS];
	uint64_t errors, set_aside, reorgs;
	uint64_t pruned;                     /* answers of providers that do not keep the blocks any more */
	bool     gone;                       /* none keeps the next ones */
	int64_t  worked_ms;                  /* monotonic: when it last did what it should; 0: never */
	char     reason[MAX_LISTENER_REASON];        /* of the last failure; "" after a success */
} listener_view;
void listener_look(listener *l, listener_view *out);

/* Appends metrics by the reference's names; profile and chain decide which counter of errors there is. */
void listener_metrics(buf *out, listener *l);

#endif
