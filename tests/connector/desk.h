/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/desk.h -- a sender with its database and wallet, before a chain that is not there (fake_chain.h), in a time that
 * goes when it is told.
 */
#ifndef ARCA_TESTS_CONNECTOR_DESK_H
#define ARCA_TESTS_CONNECTOR_DESK_H

#include "connector/sender.h"
#include "tests/connector/fake_chain.h"

enum { LEASE_MS = 60000, HOLD_MS = SENDER_HOLD_MS + 1, LOST_MS = 5000, STUCK_MS = 20000, RETRY_MS = 500, GAUGE_MS = 30000, WINDOW = 16, BATCH = 4, MOST_FEE = 100000 };

extern int64_t    time_ms, wall_jump_ms;               /* the steady clock, and how far the wall clock is ahead of it */
extern fake_chain chain;
extern tracing   *desk_tracing;                        /* of desks opened from now on; NULL: none */

extern const struct store_driver *desk_driver;         /* under the database; NULL: none of ours */
extern bool       desk_traces;
extern bool       desk_batches;                        /* up to BATCH answers in one transaction */
extern bool       desk_waits;                          /* for the last transaction of several */
extern unsigned   desk_confirmations;                  /* that a transaction needs; 0: none */
extern jrpc_transport *desk_first;                      /* is asked before the chain; NULL: nobody */

/* Of each test: a database of its own, and a fresh chain. */
int desk_set_up(void **state);
int desk_tear_down(void **state);

typedef struct desk { queue *q; queue_bell *bell; providers *chain; wallet *wallet; waiter *waiter; sender *s; const clock_source *clock; } desk;

void desk_open(desk *d);
void desk_open_by(desk *d, connector_config *keys, char **environment);   /* the wallet that these name */

/* As kill -9 does it: nothing is said to anybody. */
void desk_drop(desk *d);

/* As a signal does it: what is under way is given back. */
void desk_stop(desk *d);

/* n requests come in and are answered, from the number `first` on; the trace of number i is 01..i, its event's span 02..i. */
void answer_requests(desk *d, unsigned first, unsigned n);

queue_count counted(desk *d, queue_kind kind);
queue_found found(desk *d, unsigned i);                /* the response to request i */
uint64_t    done(desk *d);

void turns(desk *d, unsigned n, int64_t step_ms);

/* Blocks come until so many are completed. */
void until_done(desk *d, uint64_t want);

#endif
