/* SPDX-License-Identifier: MIT */
/* connector/worker_internal.h -- a worker and its tasks: worker.c, worker_pick.c, worker_crew.c, worker_ask.c and worker_settle.c. */
#ifndef ARCA_CONNECTOR_WORKER_INTERNAL_H
#define ARCA_CONNECTOR_WORKER_INTERNAL_H

#include <pthread.h>
#include "connector/fetch.h"
#include "connector/standing.h"
#include "connector/worker.h"

enum { WORKER_THREADS = 128, WORKER_TICK_MS = 250 };

/* What was picked at once: it lives until the last of its requests is done with. */
typedef struct batch { queue_batch b; atomic_uint left; } batch;

typedef struct task {
	struct task *next, *after;               /* waiting; all that are under way */
	struct task **before;
	batch       *of;
	const queue_item *item;
	fetch_from   from;                       /* its ciphertexts */
	epoch_material *takes_over;              /* of a new epoch   */
	announced   *context;                    /* of a new context, or of the epoch's */
	int64_t      lease_until_ms;
} task;

struct worker {
	worker_config c;
	worker_tally  tally;
	checks    *checks;
	buckets   *buckets;
	core      *core;
	standings *standings;
	pthread_t  thread[WORKER_THREADS];
	unsigned   threads;
	pthread_mutex_t lock;                    /* of what follows */
	pthread_cond_t  wake;
	task      *first, **end;                 /* waiting for a thread */
	task      *under_way;
	size_t     n;
	atomic_bool ending;                      /* what is under way is given back */
	ask_signers signers;
	atomic_bool stranger;                    /* somebody else has signed */
	int64_t    picked_ms;                    /* when decryptions were picked last: of the thread that picks */
	int64_t    due_ms[QUEUE_REQUESTS];       /* when the first that was postponed may be picked again; 0: none was */
	coprocessors *attesting;                 /* the picking thread's, as the next */
	bool       told, told_attesting;         /* that they are not known: nothing is picked then, or no decryption */
};

static inline int64_t worker_now(const worker *w) { return clock_now_ms(w->c.clock); }

/* ---- worker_settle.c: what becomes of a request.  From any thread, but not under the lock ------------------------ */

void worker_submit(worker *w, const queue_change *change);
void worker_complete(worker *w, const queue_item *item);
void worker_fail(worker *w, const queue_item *item, const char *why);

/* Later, unless it had its chances.  blameless: what it needs is away, which says nothing against it. */
void worker_postpone(worker *w, const queue_item *item, bool already_sent, bool blameless, const char *why);

/* For others, or for the next start: as if it had not been picked. */
void worker_give_back(worker *w, const queue_item *item, bool sent);

/* The kinds of which something was postponed until now. */
uint32_t worker_come_due(worker *w, int64_t now_ms);

/* ---- worker_ask.c ------------------------------------------------------------------------------------------------ */

/* The task's request from its ciphertexts to what becomes of it: waits for buckets and for the node. */
void worker_ask(worker *w, const task *t);

/* ---- worker_crew.c ----------------------------------------------------------------------------------------------- */

/* As many threads as can be had, up to the limit of tasks. */
void worker_start_crew(worker *w);

/* What is under way has some seconds; the rest is given back, and the threads end. */
void worker_end_crew(worker *w);

/* A task like that, of this item of the batch, for the next thread that is free.  Takes what like holds, but for its coprocessors. */
void worker_start_task(worker *w, batch *b, const queue_item *item, const task *like, int64_t picked_ms);

/* Leases of what is under way that are half over. */
void worker_renew(worker *w);

/* The last one frees it. */
void worker_release_batch(batch *b);

/* How many tasks must be able to start before it is worth while to pick decryptions. */
size_t worker_enough_room(const worker *w);

/* ---- worker_pick.c: of the picking thread alone ------------------------------------------------------------------- */

/* How many of this kind may be picked now. */
size_t worker_room(worker *w, queue_kind kind, int64_t now_ms);

/* Picks up to n, asks the contracts, and begins what may go on.  True if there may be more of this kind. */
bool worker_pick(worker *w, queue_kind kind, size_t n);

#endif
