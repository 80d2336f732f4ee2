/* SPDX-License-Identifier: MIT */
/* connector/lane_internal.h -- a lane and its transactions under way: lane.c, lane_send.c and lane_watch.c. */
#ifndef ARCA_CONNECTOR_LANE_INTERNAL_H
#define ARCA_CONNECTOR_LANE_INTERNAL_H

#include "connector/lane.h"
#include "connector/nonces.h"
#include "evm/eth_batch.h"
#include "evm/tx.h"

enum { MAX_FLIGHT_HASHES = 8, SELF_TRANSFER_GAS = 21000 };

/* A transaction that is not mined yet, or not deeply enough. */
typedef struct flight {
	bool      answers;                   /* a response; false: it only uses up its number      */
	queue_ref response;
	bool      ours;                      /* we hold the response's lease, until                 */
	int64_t   lease_until_ms;
	int64_t   created_ms;                /* the response; 0: from before a restart, and not picked again yet */
	evm_tx    tx;                        /* gas 0: from before a restart, known as bytes only   */
	buf       data, raw;                 /* raw: as last signed                                 */
	hash32    hash[MAX_FLIGHT_HASHES];   /* the last one, and those it replaced, oldest first   */
	size_t    hashes;
	int64_t   first_ms, said_ms;         /* signed, and said to the chain; said_ms 0: perhaps not */
	unsigned  passed;                    /* how often its number was used but it was not mined  */
	span      way;                       /* since the response was picked; of no trace: from before a restart */
} flight;

struct lane {
	lane_config c;
	nonces   nonces;
	flight **flight;                     /* window + 1 places */
	size_t   n;
	eth_fees fees;
	int64_t  fees_until_ms, stalled_since_ms;
	bool     told_few;                   /* that funds run out */
	bool     lost_count;                 /* the chain's count is not what we believed: read it before the next */
};

static inline int64_t lane_now(const lane *l) { return clock_now_ms(l->c.clock); }

/* A new one at the end; its number is taken.  NULL: no memory. */
flight *lane_add(lane *l, uint64_t nonce);
void    lane_remove(lane *l, size_t i);

/* The response's way begins, or ends: why is "" if it ended well. */
void    lane_begin(const lane *l, flight *f, const queue_item *item);
void    lane_end_span(const lane *l, const flight *f, const char *why);

/* Signs f->tx with f->data; the hash goes to the end of f->hash. */
err     lane_sign(lane *l, flight *f);

/* Its row of the outbox. */
queue_tx lane_row(const lane *l, const flight *f);

/* Fees of now, read at most once a second. */
err     lane_fees(lane *l);

/* Says the bytes of these transactions to the chain, and draws the conclusions: what was certainly not taken is removed, its number
 * given back, and the response is to be tried again.  f is borrowed. */
err     lane_say(lane *l, flight *const *f, size_t n);

/* Reads the chain's counts, and which numbers are free. */
err     lane_count(lane *l);

/* The pause before a response is tried again: retry_ms, doubled with each error up to a minute. */
int64_t lane_pause(const lane *l, unsigned errors);

#endif
