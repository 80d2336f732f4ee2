/* SPDX-License-Identifier: MIT */
/*
 * node/ddec.h -- threshold decryption at a party: many requests at once, no thread of their own.
 *
 *   request --items--> queue --batch--> partials on the cores --+-- public: opened with the others, finished --+-- signed
 *                                                               +-- user: signcrypted for the user ------------+
 *
 * Items of all requests wait in one queue.  They leave it in batches of one key, epoch and operation: at once if nothing
 * else runs, else within a millisecond or when there are many.  What comes out for an item never depends on its company: its
 * mask hangs on the ciphertext alone (tkms/identity.h).
 *
 * A public item's masked shares go to all parties, as one record among others of one frame, and are opened without rounds
 * (mpc/async_open.h): n - t honest answers suffice, whatever t parties do.  If they do not come, because too few were asked
 * or were given another ciphertext, the request fails after network_timeout.  A party that missed shares asks for them.
 *
 *   ddec.c          requests: taken in, ended
 *   ddec_batch.c    the queue, batches, partials
 *   ddec_open.c     openings: messages in, shares out, coalesced; the one thread that decodes
 */
#ifndef ARCA_NODE_DDEC_H
#define ARCA_NODE_DDEC_H

#include "node/engine.h"
#include "node/epochs.h"
#include "node/peers.h"

typedef struct ddec ddec;

/* Owned by others and valid as long as the decryptions are. */
typedef struct ddec_parts {
	const engine *engine;                    /* keys, signer, cores, randomness, clock */
	epochs       *epochs;
	const node_seams *seams;                 /* NULL: none */
	int64_t       timeout_ms;                /* of an opening */
	unsigned      threads;                   /* of the cores  */
} ddec_parts;

err  ddec_new(ddec **out, const ddec_parts *parts);      /* ERR_NOMEM */

/* Ends the thread.  Requires: no request runs.  NULL-safe. */
void ddec_stop(ddec *d);
/* Requires: no more messages come. */
void ddec_free(ddec **d);

/* Where the parties of a context are found; from peers_join on. */
void ddec_use_peers(ddec *d, peers *p);

/* Begins; on OK `ended` is called once, on a thread of the pool, and *r stays the caller's until then. */
err  ddec_submit(ddec *d, const request *r, work_ended *ended, void *ctx);

/* The links' thread: records of openings from a party; false if too many of its are waiting. */
bool ddec_message(ddec *d, committee *c, party from, slice records);

typedef struct ddec_counts { uint64_t queued, opening, batches, items, opened; } ddec_counts;
ddec_counts ddec_counts_of(ddec *d);

#endif
