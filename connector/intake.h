/* SPDX-License-Identifier: MIT */
/*
 * connector/intake.h -- what logs become: a request for a queue, or, where one cannot be read, a log that is set aside with
 * the reason.  So one log that nobody understands never holds up the others.
 *
 * Left out: what a deployment says of itself (the first context).
 */
#ifndef ARCA_CONNECTOR_INTAKE_H
#define ARCA_CONNECTOR_INTAKE_H

#include "base/clock.h"
#include "connector/queue.h"
#include "evm/kms_events.h"

typedef struct intake_chain {
	queue_chain       chain;
	kms_chain_profile profile;
	/* The contracts that are watched on this chain, and whether they are. */
	bool        watched[N_KMS_CONTRACTS];
	eth_address contract[N_KMS_CONTRACTS];
} intake_chain;

/* What is asked for: addresses and first topics, in the arena.  ERR_NOMEM. */
err  intake_filter(eth_address **addresses, size_t *n_addresses, hash32 **topics, size_t *n_topics, arena *a, const intake_chain *c);

/* The kinds of the seed's cursors that are looked for: a bit each. */
uint32_t intake_kinds(const intake_chain *c);

enum { INTAKE_MORE = 3 };

typedef struct intake {
	queue_change   *change;              /* in the order of the logs; there is room for INTAKE_MORE behind */
	const evm_log **log;                 /* of each change */
	size_t   n;
	size_t   received[N_KMS_EVENT_KINDS];
	size_t   set_aside;
} intake;

/* Everything is in the arena or in the logs.  ERR_NOMEM. */
err  intake_read(intake *out, arena *a, const intake_chain *c, const evm_log *log, size_t n, const clock_source *clock,
                 const rng *random);

/* Change i, which the database will not take, becomes a log that is set aside.  False: that is what it was already. */
err  intake_set_aside(bool *possible, intake *in, arena *a, const intake_chain *c, size_t i, const char *reason);

#endif
