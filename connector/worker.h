/* SPDX-License-Identifier: MIT */
/*
 * connector/worker.h -- takes requests out of the database, has the nodes of the KMS answer them, and puts the answers there.
 *
 *   check        what may be decrypted is for the chain to say: the contracts are asked, for a whole batch in one message
 *   fetch        ciphertexts from the coprocessors' buckets, which count only if their digest is the one on chain, or the one that enough
 *                coprocessors attest (v0.15)
 *   ask          the request goes to a node, and its result is waited for
 *   verify       the node's signature, over what a contract will see: a wrong one costs no gas
 *   finish       the answer is stored and the request completed, in one commit
 *
 * What fails may fail otherwise later: then the request is pending again, after a pause that grows; decryptions are given up after
 * max_decryption_attempts passes, and epochs after twenty.  A chain or a node that is away is no attempt.  What can never succeed fails at
 * once, with its reason.  Leases are renewed while a request is worked on, and given back at the end.  Any number of workers may share a database.
 */
#ifndef ARCA_CONNECTOR_WORKER_H
#define ARCA_CONNECTOR_WORKER_H

#include <stdatomic.h>
#include "base/histogram.h"
#include "connector/bucket.h"
#include "connector/checks.h"
#include "connector/queue.h"
#include "rpc/tracing.h"

typedef struct worker_tally {
	atomic_ullong received[QUEUE_REQUESTS], received_errors[QUEUE_REQUESTS];
	atomic_ullong sent[QUEUE_REQUESTS], sent_errors[QUEUE_REQUESTS];               /* to nodes */
	atomic_ullong polled[QUEUE_REQUESTS], polled_errors[QUEUE_REQUESTS];
	atomic_ullong fetched, fetch_errors;                                           /* ciphertexts */
	bucket_tally  buckets;
	atomic_ullong check_errors[CHECK_TYPES];                                       /* what held requests up, or ended them */
	atomic_ullong wrong_signatures, cache_hits;
	atomic_ullong under_way;
	histogram     latency[QUEUE_REQUESTS];                                         /* ms from a decryption's event to its answer */
} worker_tally;

/* The reference's steps, in seconds: 0.01 to 30. */
extern const histogram_scale WORKER_LATENCY;

typedef struct worker_config {
	queue          *queue;
	queue_bell     *bell;                        /* of the requests' kinds                 */
	const connector_config *config;
	const clock_source *clock;
	const rng      *random;                      /* of several threads                     */
	tracing        *tracing;                     /* is told of each request; NULL: nobody  */
	const atomic_bool *stop;
} worker_config;

typedef struct worker worker;

/* ERR_REQUEST: what the configuration says cannot be (an endpoint, a URL).  Nothing is connected yet. */
err  worker_new(worker **out, const worker_config *c);
void worker_free(worker **w);

/* A thread's work, which has threads of its own, until *stop; then what is under way is waited for a few seconds, and given back. */
void worker_run(worker *w);

const worker_tally *worker_tallied(const worker *w);

/* Do the nodes answer (gRPC health)?  Appends to *why what does not.  From any thread; waits at most timeout_ms. */
bool worker_healthy(buf *why, worker *w, int64_t timeout_ms);

#endif
