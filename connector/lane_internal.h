/* SPDX-License-Identifier: MIT */
/* connector/lane_internal.h -- a lane and its transactions under way: lane.c, lane_send.c, lane_wait.c and lane_watch.c. */
#ifndef ARCA_CONNECTOR_LANE_INTERNAL_H
#define ARCA_CONNECTOR_LANE_INTERNAL_H

#include "connector/lane.h"
#include "connector/nonces.h"
#include "evm/eth_batch.h"
#include "evm/tx.h"

enum { MAX_FLIGHT_HASHES = 8, SELF_TRANSFER_GAS = 60000, MAX_CARGO_REASON = 160 };      /* a delegating wallet runs its executor's receive() */

/* What is known of a response that is under way. */
typedef struct cargo {
	bool      ours;                      /* we hold its lease, until                           */
	int64_t   lease_until_ms;
	int64_t   created_ms;                /* 0: from before a restart, and not picked again yet */
	span      way;                       /* since it was picked; of no trace: from before a restart */
	bool      well;                      /* mined, and the contract took it                    */
	char      reason[MAX_CARGO_REASON];  /* or why not                                         */
} cargo;

/* A transaction that is not mined yet, or not deeply enough. */
typedef struct flight {
	size_t    answers;                   /* responses: one, or as many calls of the executor; 0: it only uses up its number, or delegates */
	queue_ref *response;
	cargo     *cargo;                    /* of each */
	bool      restored;                  /* it stood in the database when the lane started: it may have been said before */
	bool      taken;                     /* by the chain, and counted                           */
	evm_tx    tx;                        /* gas 0: known as bytes only                          */
	buf       data, raw;                 /* raw: as last signed                                 */
	hash32    hash[MAX_FLIGHT_HASHES];   /* the last one, and those it replaced, oldest first   */
	size_t    hashes;
	int64_t   first_ms, said_ms;         /* signed, and said to the chain; said_ms 0: perhaps not */
	bool      waited_for;                /* by the waiter, whom it was given when it was signed */
	unsigned  passed;                    /* how often its number was used but it was not mined  */
	bool      told;                      /* that it is mined, and nobody says what became of its answers */
	bool      beyond;                    /* too many numbers below it are nobody's: it will not be mined */
} flight;

struct lane {
	lane_config c;
	nonces   nonces;
	flight **flight;                     /* window + 1 places */
	size_t   n;
	eth_fees fees;
	int64_t  fees_until_ms, stalled_since_ms, looked_ms;
	bool     delegated, gave_up;         /* the wallet's code is the executor's; it cannot be */
	bool     said_delegation;            /* a transaction that makes it so was taken, and nothing else is known of it */
	bool     crowded;                    /* providers take one at a time of a wallet that delegates */
	unsigned delegations;                /* how often it was tried in vain */
	int64_t  delegated_until_ms;         /* when to look again */
	bool     told_few;                   /* that funds run out */
	bool     told_dear;                  /* that the chain asks for more than may be paid */
	bool     lost_count;                 /* the chain's count is not what we believed: read it before the next */
};

static inline int64_t lane_now(const lane *l) { return clock_now_ms(l->c.clock); }

/* A new one at the end; its number is taken.  NULL: no memory. */
flight *lane_add(lane *l, uint64_t nonce);
void    lane_remove(lane *l, size_t i);

/* The chain took it, as a provider, the waiter or a block shows, whichever is first: it is counted once. */
void    lane_taken(lane *l, flight *f);

/* Room for so many responses, of which nothing is known yet. */
err     lane_carry(flight *f, size_t answers);

/* A response's way begins, with its lease, or ends: why is "" if it ended well.  lane_end_spans: those of all. */
void    lane_begin(const lane *l, flight *f, size_t k, const queue_item *item);
void    lane_end_span(const lane *l, const cargo *c, const char *why);
void    lane_end_spans(const lane *l, const flight *f, const char *why);

/* A transaction of the lane's own, without an answer: with the next number, and paying what is asked now.  It is signed, remembered and
 * said. */
err     lane_send_own(lane *l, const evm_tx *what);

/* lane_batch.c: sees to it that the wallet delegates to the executor, if there is one to delegate to; may several answers go in one
 * transaction now; must nothing be sent before it is known? */
err     lane_delegate(lane *l);
bool    lane_batches(const lane *l);
bool    lane_waits_to_delegate(const lane *l);
/* A delegating transaction was not taken, as by a chain that knows no such thing. */
void    lane_delegation_refused(lane *l, const jrpc_error *why);
/* Which of a mined flight's answers the contracts took. */
err     lane_read_outcome(lane *l, flight *f, const hash32 *mined);

/* Signs f[i]->tx with f[i]->data; the hash goes to the end of f[i]->hash.  As wallet_sign_all: *n is how many, and of how many that is true,
 * the first ones. */
err     lane_sign_all(lane *l, flight *const *f, size_t *n, int64_t until_ms);
err     lane_sign(lane *l, flight *f);

/* Its row of the outbox. */
queue_tx lane_row(const lane *l, const flight *f);

/* Writes, if the role is still ours: ERR_EXISTS, and nothing is written. */
err     lane_keep(lane *l, const queue_change *c, size_t n);

/* Fees of now, read at most once a second; neither is more than most_fee. */
err     lane_fees(lane *l);
/* What is offered for a unit of gas, all in all, at these fees. */
uint64_t lane_fee(const lane *l);

/* Says the bytes of these transactions to the chain, and draws the conclusions: what was certainly not taken is removed, its number
 * given back, and the response is to be tried again.  f is borrowed. */
err     lane_say(lane *l, flight *const *f, size_t n);

/* lane_wait.c: may one be given to the waiter; give it one that was never said; what it says of the last one; is there nothing else that
 * could be learnt by looking? */
bool    lane_may_wait(const lane *l);
void    lane_wait_for(lane *l, flight *f);
void    lane_hear(lane *l);
bool    lane_only_waits(const lane *l);

/* Reads the chain's counts, and which numbers are free.  Flights that a wrong count sent too far are beyond from then on. */
err     lane_count(lane *l);

/* How many numbers a provider says that the wallet has used; more than any has is no answer. */
err     lane_ask_count(uint64_t *out, jrpc *r, const lane *l, eth_at at);

/* The pause before a response is tried again: retry_ms, doubled with each error up to a minute. */
int64_t lane_pause(const lane *l, unsigned errors);

#endif
