/* SPDX-License-Identifier: MIT */
/*
 * delegate/combiner.h -- answers of a key that nodes share, by one node that asks others: /v0/delegate and /v1/delegate stay as they
 * are.
 *
 * It asks one node more than it needs, its own share being one; one more for each that refuses, lies or is silent for
 * COMBINE_NEXT_MS.  If what is missing is with nodes in another epoch, for a refresh ends at one a little before another, a request
 * of /v0 is asked anew until they are in one.  A part counts if its proof is right.  A wrong one is told to `lied`, with the node's signature under it if it
 * has one: then anybody can see who it was.  After COMBINE_LIMIT_MS, or when nobody is left to ask, the answer is 503.
 *
 * Whoever combines sees the secret, of the requests that it answers, and could seal it to another reader: nodes answer only
 * those combiners that their operators named.
 *
 * Any thread.
 */
#ifndef ARCA_DELEGATE_COMBINER_H
#define ARCA_DELEGATE_COMBINER_H

#include "base/pool.h"
#include "delegate/kms.h"
#include "share/party.h"

enum { COMBINE_NEXT_MS = 500, COMBINE_LIMIT_MS = 5000, COMBINE_LOOK_MS = 50, MAX_COMBINED = 1024 };

/* What convicts a party, if `signature` is of its wallet: it signed DelegateResponseV1(request, Keccak-256(partial)) in the domain of
 * what was asked, and the partial's proof is wrong.  Whoever knows the key of that epoch can see it: the question names the point, and
 * the request is its digest. */
typedef struct combiner_evidence {
	party     who;
	slice     ask;                             /* the question: a frame (ask.h) */
	slice     partial;
	secp_rsig signature;
} combiner_evidence;

typedef struct combiner_parts {
	delegate_kms *kms;
	pool *cores;                               /* where proofs are checked */
	const clock_source *clock;
	void *ctx;                                 /* parties are those who share the key of the chain */
	/* Lost, and no error, if it cannot be reached.  May not block. */
	void (*ask)(void *ctx, uint32_t chain_id, party to, slice frame);
	bool (*is_up)(void *ctx, uint32_t chain_id, party who);
	void (*lied)(void *ctx, const combiner_evidence *e);
	/* The wallet of a party, for the answers of nodes that /v1 hands on; false: not known. */
	bool (*wallet)(void *ctx, eth_address *out, uint32_t chain_id, party who);
} combiner_parts;

typedef struct combiner combiner;

err  combiner_new(combiner **out, const combiner_parts *parts);
/* Everything that waits is answered 503, and so is what comes.  Nobody is asked any more when this returns. */
void combiner_stop(combiner *c);
void combiner_free(combiner **c);              /* NULL-safe.  Requires: it was stopped, and no job of it is in the pool */

/* done is called once, perhaps before this returns, and takes the body. */
typedef void combiner_done(void *arg, unsigned status, buf *body);
void combiner_begin(combiner *c, const delegate_call *call, bool once, combiner_done *done, void *arg);

/* A frame that a party sent (ask.h).  False: it is none. */
bool combiner_take(combiner *c, party from, slice frame);
/* Of which chain's key it is a part; false: of none that is waited for.  Who shares another key may not answer for this one's parties. */
bool combiner_chain_of(combiner *c, uint32_t *chain_id, slice frame);

/* What the thread does every COMBINE_LOOK_MS; for tests. */
void combiner_look(combiner *c);

void combiner_metrics(buf *out, combiner *c);

#endif
