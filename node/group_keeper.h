/* SPDX-License-Identifier: MIT */
/*
 * node/group_keeper.h -- sees to it that each chain whose key the nodes share has one: a thread of its own.
 *
 * A chain without a key gets one: as soon as enough parties are there, all together generate it (delegate/group_ceremony.h).  Every
 * delegation.refresh_secs, counted from 1970 so that all nodes come at the same time, they get new shares of it, and the old ones are
 * erased; a node that has lost its share, or was not there before, gets one then.  What a ceremony made is in use (delegate/kms.h)
 * once its certificate is on disk; at a start, so is the newest that is there.
 *
 * A ceremony that fails is tried again; meanwhile the key answers as before.
 */
#ifndef ARCA_NODE_GROUP_KEEPER_H
#define ARCA_NODE_GROUP_KEEPER_H

#include "delegate/group_record.h"
#include "delegate/kms.h"
#include "node/cluster.h"

typedef struct group_keeper group_keeper;

/* Everything outlives it.  chain: those whose keys are shared. */
typedef struct group_keeper_parts {
	cluster      *cluster;
	const mpc_context *context;
	delegate_kms *kms;
	const signer *wallet;
	const rng    *random;
	const uint32_t *chain;
	size_t        chains;
	int64_t       refresh_secs;                /* 0: never */
	void *ctx;
	void (*made)(void *ctx, const group_record *r);    /* a key is in use now; who its parties are */
} group_keeper_parts;

/* Puts what is in the vault to use, and begins.  ERR_STATE: a share in the vault cannot be read. */
err  group_keeper_start(group_keeper **out, const group_keeper_parts *parts);
/* Ends a ceremony that runs.  NULL-safe. */
void group_keeper_stop(group_keeper **k);

#endif
