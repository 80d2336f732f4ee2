/* SPDX-License-Identifier: MIT */
/*
 * node/group_keeper.h -- sees to it that each chain whose key the nodes share has one: a thread of its own.
 *
 * A chain without a key gets one: as soon as enough parties are there, all together generate it (delegate/group_ceremony.h); or, if
 * one of them has a key that they are to share, it deals that.  Every delegation.refresh_secs, counted from 1970 so that all nodes come
 * at the same time, they get new shares of it, and the old ones are erased; a node that has lost its share, or was not there before,
 * gets one then.  With a new epoch whose keys come from another the key goes to its parties (delegate/group_move.h), who may be others:
 * who is no more among them erases what it has, and who was away meanwhile does so when it is told (group_news.h).  What a ceremony made
 * is in use (delegate/kms.h) once its certificate is on disk; at a start, so is the newest that is there.
 *
 * A ceremony that fails is tried again; meanwhile the key answers as before.
 */
#ifndef ARCA_NODE_GROUP_KEEPER_H
#define ARCA_NODE_GROUP_KEEPER_H

#include "delegate/group_record.h"
#include "delegate/kms.h"
#include "node/cluster.h"

typedef struct group_keeper group_keeper;

/* A chain whose key is shared; import_from: the party that has it whole, 0: nobody. */
typedef struct shared_chain { uint32_t id; party import_from; } shared_chain;

/* Everything outlives it. */
typedef struct group_keeper_parts {
	cluster      *cluster;
	delegate_kms *kms;
	const signer *wallet;
	const rng    *random;
	const shared_chain *chain;
	size_t        chains;
	int64_t       refresh_secs;                /* 0: never */
	void *ctx;
	/* A key is in use now; who its parties are.  in: their context, NULL if this node does not know it any more. */
	void (*made)(void *ctx, const group_record *r, const mpc_context *in);
	void (*imported)(void *ctx, uint32_t chain_id);    /* and by the certificate on disk nobody needs it whole */
} group_keeper_parts;

/* Puts what is in the vault to use, and begins.  ERR_STATE: a share in the vault cannot be read; ERR_REQUEST: who is to deal a key is no
 * party, or has none. */
err  group_keeper_start(group_keeper **out, const group_keeper_parts *parts);
/* Ends a ceremony that runs; once.  NULL-safe, like what follows. */
void group_keeper_stop(group_keeper *k);
void group_keeper_free(group_keeper **k);

/*
 * With a new epoch that gets keys from parties of another context, or of the same: so does it the chains' keys.  Blocks until more of the
 * new parties than can be corrupt have them for good, and this one, if it is one of them; after an error the keys may still be with the old
 * parties, which is for the next epoch to change.  Any thread but the links'.  Requires: r->epoch.reshares.
 */
err  group_keeper_move(group_keeper *k, const crossed *x, const request *r);

/* Whether what a ceremony of this context would make is there, or was taken elsewhere.  The links' thread. */
bool group_keeper_has(group_keeper *k, const id32 *context, const id32 *request);
/* What another party says of where a key is (group_news.h).  False: it is nothing of the kind.  The links' thread. */
bool group_keeper_hear(group_keeper *k, const mpc_context *in, party from, slice news);
/* Do parties of this context share a key, with this node?  *chain_id: of which chain. */
bool group_keeper_lives_in(group_keeper *k, const id32 *context, uint32_t *chain_id);

#endif
