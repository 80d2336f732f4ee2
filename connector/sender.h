/* SPDX-License-Identifier: MIT */
/*
 * connector/sender.h -- takes responses out of the database and brings them on chain.
 *
 * One sender at a time works for a database: it holds the name "sender" there, and another one waits until that is let go or
 * runs out.  The hold is no matter of clocks alone: what a sender is about to send it writes in a commit that fails if another has
 * the name by then, so one that was cut off, stopped or misled by its clock, and comes back, does no harm.
 *
 * Responses go first in, first out; those of the gateway's contracts down one lane, those of the host chain's (v0.15) down another.
 * The sender is also who cleans up: it is the only one of its kind.
 *
 * sender_run is a thread's work; a stop ends it once what is under way was looked at, within a second.  What is still under way then
 * is given back, so that the next sender has it at once.
 */
#ifndef ARCA_CONNECTOR_SENDER_H
#define ARCA_CONNECTOR_SENDER_H

#include "connector/lane.h"

enum { SENDER_HOLD_MS = 10000 };                 /* how long a sender that died keeps others waiting */

typedef struct sender_tally {
	atomic_ullong received[QUEUE_KINDS];         /* responses that were picked, by kind         */
	atomic_ullong broken;                        /* rows that could not be read                 */
	atomic_ullong deleted, given_up;             /* by cleaning up                              */
	lane_tally    lane[QUEUE_CHAINS];
	atomic_bool   away[QUEUE_CHAINS];            /* the chain, or the database, failed last time */
	atomic_bool   leads;                         /* it is the one that works                    */
	atomic_ullong under_way;
	histogram     forwarding[QUEUE_KINDS];       /* ms from a response to its transaction's block */
} sender_tally;

typedef struct sender_config {
	queue         *queue;
	queue_bell    *bell;                         /* of the responses' kinds                     */
	const clock_source *clock;
	const lane_config  *lane[QUEUE_CHAINS];      /* tally and queue are filled in; NULL: not this profile's */
	unsigned       batch;
	int64_t        poll_ms, lease_ms, gc_interval_ms, gc_expiry_ms;
	int64_t        gauge_ms;                     /* how often the wallet is looked after         */
	bool           expires;                      /* v0.15: what is older than gc_expiry_ms is given up, nothing is deleted */
	const atomic_bool *stop;
} sender_config;

typedef struct sender sender;
err  sender_new(sender **out, const sender_config *c);
void sender_free(sender **s);
void sender_run(sender *s);

/* One round of sender_run, which waits at most wait_ms for work: for tests. */
void sender_turn(sender *s, int64_t wait_ms);

const sender_tally *sender_tallied(const sender *s);

#endif
