/* SPDX-License-Identifier: MIT */
/*
 * connector/lane.h -- from responses to transactions that are mined, on one chain, by one wallet.
 *
 *   lane_new      the chain's count and the transactions that were under way when we stopped
 *   lane_send     estimate -> sign -> remember (one commit) -> send, each step for all responses at once
 *                 the last one may be given to a waiter, who says when it is mined
 *   lane_watch    mined -> the response is completed, in the commit that says so; lost -> sent again, the same bytes; stuck -> replaced by
 *                 one that pays more
 *
 * What a transaction is worth is asked before each (eth_estimateGas from our address): a contract that has our answer already says
 * so then, and the response is done.  So a response may safely be tried again whenever nothing is known of it.
 *
 * A transaction stands in the database before the chain can know it.  After a crash the same bytes are sent again, and never another
 * with the same number, unless it pays more for the same answer.
 *
 * With an executor the wallet delegates to it first (EIP-7702), and answers that were never refused go several in one transaction.  Only what
 * the executor says it did counts as done; all else is tried again, alone.
 *
 * Whatever a lane writes it writes under its role, in the same commit: a sender that was cut off and comes back writes nothing, and so
 * sends nothing that the one which took its place does not know.  What it wrote before, that one has found in the database.
 *
 * One thread.  Nothing here is secret but the wallet's key, which wallet_sign keeps.
 */
#ifndef ARCA_CONNECTOR_LANE_H
#define ARCA_CONNECTOR_LANE_H

#include <stdatomic.h>
#include "base/histogram.h"
#include "connector/queue.h"
#include "connector/waiter.h"
#include "connector/wallet.h"
#include "evm/providers.h"
#include "rpc/tracing.h"

enum { MAX_LANE_WINDOW = 4096, WEI_A_GWEI = 1000000000 };

/* The reference's steps, in seconds: 0.1 to 30. */
extern const histogram_scale LANE_FORWARDING;

typedef enum lane_registered { LANE_NOT_KNOWN, LANE_REGISTERED, LANE_A_STRANGER } lane_registered;

typedef struct lane_tally {
	atomic_ullong sent, done, refused, failed;
	atomic_ullong waited_for;                    /* whose block came as an answer                                */
	atomic_bool   funds_known;
	atomic_ullong gwei, pays_for;                /* what the wallet has; answers that this pays for, about        */
	atomic_uint   registered;                    /* lane_registered: do the gateway's contracts know the wallet? */
} lane_tally;

typedef struct lane_config {
	queue       *queue;
	const char  *role;                           /* the name under which this process may send (queue_hold) ...  */
	const int64_t *role_until_ms;                /* ... and until when: nothing is said to the chain after that */
	providers   *chain;                          /* of the sender's thread alone                              */
	waiter      *waiter;                         /* of the same chain; NULL: receipts are asked for           */
	wallet      *wallet;
	const clock_source *clock;
	uint64_t     chain_id;
	eth_address  contract[N_KMS_CONTRACTS];
	const eth_address *registry;                 /* GatewayConfig, which knows wallets; NULL: not on this chain, or not named */
	unsigned     window;                         /* transactions that are not mined yet, at most              */
	unsigned     gas_percent;                    /* of the estimate                                           */
	const eth_address *executor;                 /* contracts/Batch.sol, to which the wallet delegates; NULL: each answer goes alone */
	unsigned     per_tx;                         /* answers in one transaction, at most MAX_BATCH_CALLS       */
	uint64_t     most_fee;                       /* wei that a unit of gas may cost, whatever providers say of its price or how long it
	                                              * takes                                                     */
	unsigned     confirmations;                  /* blocks that must stand upon one; 0: it is enough to be in one */
	bool         trace;                          /* ask why a mined one failed                                */
	int64_t      lease_ms;                       /* of responses, as queue_pick was told                      */
	int64_t      retry_ms;                       /* pause of a response that the chain did not take, growing  */
	int64_t      lost_ms, stuck_ms;              /* not mined for so long: sent again; replaced               */
	lane_tally  *tally;
	histogram   *forwarding;                     /* by kind                                                   */
	tracing     *tracing;                        /* is told of responses' ends; NULL: nobody                  */
	const rng   *random;                         /* of spans                                                  */
} lane_config;

typedef struct lane lane;

/* ERR_IO and others of providers_try, or of the queue: try again later. */
err  lane_new(lane **out, const lane_config *c);
void lane_free(lane **l);

/* What is under way is anybody's at once, for the next who sends will find it in the database.  As far as the database can be told. */
void lane_let_go(lane *l);

/* How many more responses it takes now. */
size_t lane_room(const lane *l);
size_t lane_under_way(const lane *l);

/* Responses that were picked, at most lane_room of them.  An error is the database's or the exchange's: what was not sent then was
 * given back, or its lease will run out.  ERR_EXISTS: another process has the role. */
err  lane_send(lane *l, const queue_item *items, size_t n);

/* Reads how the wallet stands, into the tally, and says in the log what an operator must do. */
void lane_look_after_wallet(lane *l);

/* To be called several times a second while something is under way. */
err  lane_watch(lane *l);

#endif
