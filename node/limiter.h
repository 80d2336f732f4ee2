/* SPDX-License-Identifier: MIT */
/*
 * node/limiter.h -- how much may run at once: a pool of tokens from which every request takes its price while it runs.
 *
 * A limit on concurrency, not on a rate.  All nodes of a cluster must use equal numbers, or one refuses what the others
 * run.  Any thread.
 */
#ifndef ARCA_NODE_LIMITER_H
#define ARCA_NODE_LIMITER_H

#include "node/config.h"
#include "node/requests.h"

typedef struct limiter {
	int64_t price[REQUEST_KINDS], tokens;
	_Atomic int64_t taken;
} limiter;

void limiter_init(limiter *l, const node_config *c);

/* ERR_EXHAUSTED at once when the tokens do not suffice. */
err  limiter_take(limiter *l, request_kind kind);
void limiter_give(limiter *l, request_kind kind);

#endif
