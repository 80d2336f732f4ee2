/* SPDX-License-Identifier: MIT */
/*
 * node/desk.h -- where a request that was understood is taken in, sent to work, and its outcome recorded.
 *
 *   api  --struct request-->  desk  --pool-->  engine  --response-->  desk: journal, table, waiters
 *
 * A decryption is on disk before it is acknowledged, and if the node is killed the next start goes on with it: what a party
 * opens hangs on the ciphertext alone, so that a second time gives nothing away.  Order at the end of a request: the
 * outcome is on disk, then in the table, then with whoever waits.  A request that was taken in always ends: whatever
 * happens to its job, the table learns of it.
 *
 * Any thread may call anything.
 */
#ifndef ARCA_NODE_DESK_H
#define ARCA_NODE_DESK_H

#include "node/backlog.h"
#include "node/engine.h"
#include "node/journal.h"
#include "node/limiter.h"
#include "node/metrics.h"
#include "rpc/tracing.h"

typedef struct desk desk;

/* Everything is owned by others and outlives the desk. */
typedef struct desk_parts {
	const engine *engine;
	requests     *table;
	journal      *journal;
	limiter      *limiter;
	backlog      *backlog;               /* of decryptions                       */
	metrics      *metrics;
	pool         *cores;                 /* decryptions                          */
	pool         *ceremonies;            /* key generations and epochs           */
	pool         *clerks;                /* who records ends, many at once; NULL: whoever did the work */
	tracing      *tracing;               /* NULL: nobody                         */
} desk_parts;

/* ERR_NOMEM. */
err  desk_new(desk **out, const desk_parts *parts);
void desk_free(desk **d);                    /* NULL-safe; requires: idle */

/*
 * Puts into the table what the stored keys and epochs and the journal's consumptions tell: finished key generations with
 * their responses, used preprocessings, epochs, and as failed the ceremonies that a stop interrupted.  Once, after
 * journal_open.  ERR_IO.
 */
err  desk_restore(desk *d);

/*
 * Takes the price for a request of this kind; the desk keeps it until the request ends.  desk_leave gives it back when
 * the request does not come to desk_submit.  ERR_EXHAUSTED: too few tokens are free.
 */
err  desk_enter(desk *d, request_kind kind);
void desk_leave(desk *d, request_kind kind);

/* Goes on with the decryptions that a stop interrupted.  Once, after desk_restore, when the engine can work.  ERR_IO. */
err  desk_resume(desk *d);

/*
 * Takes the request in and sends it to work; message: what it was parsed from.  On OK *r is taken; on an error it stays the
 * caller's, who leaves.  ERR_EXISTS, ERR_EXHAUSTED as requests_start; ERR_EXHAUSTED as backlog_take; for a key generation the
 * errors of its preprocessing; ERR_IO when it cannot be written down; ERR_BUSY when the node is stopping.
 */
err  desk_submit(desk *d, request **r, slice message);

/*
 * Ends the preprocessing of this id, or the key generation that uses it up, if one of them waits or runs: soon after, the
 * request has failed with ERR_CANCELLED, and nothing of it is left.  ERR_NOT_FOUND: neither does, or it is past the point from
 * which it comes to its end.
 */
err  desk_abort(desk *d, const id32 *preproc);

/* Nothing is taken in any more. */
void desk_close(desk *d);

/* Waits until no job runs; false if that takes longer.  And: how many requests wait or run. */
bool desk_wait_idle(desk *d, int64_t timeout_ms);
size_t desk_running(desk *d);

#endif
