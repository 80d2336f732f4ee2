/* SPDX-License-Identifier: MIT */
/* node/group_keeper_internal.h -- what the keeper of shared keys is made of: group_keeper.c says when, group_work.c does it. */
#ifndef ARCA_NODE_GROUP_KEEPER_INTERNAL_H
#define ARCA_NODE_GROUP_KEEPER_INTERNAL_H

#include "node/group_keeper.h"
#include "node/group_news.h"
#include "node/group_store.h"

typedef struct kept {
	uint32_t chain_id;
	party    import_from;
	bool     is_elsewhere;                     /* others have the key */
	int64_t  refreshed;                        /* the last slot of refresh_secs that is done or over, since 1970 */
	unsigned turn;                             /* which of the contexts that may have the key is tried next */
	bool     certified, left;                  /* this node has the certificate; and has given its share away.  Under the lock, like */
	id32     context, by;                      /* where the key is, and the ceremony that brought it there */
	id32     key_id;                           /* and the newest certificate's key and epoch */
	uint32_t epoch;
	id32     listens;                          /* to the parties of this context, whom `said_by` have said something: under the lock */
	party_set  said_by;
	group_news said[MAX_PARTIES + 1];
} kept;

struct group_keeper {
	group_keeper_parts p;
	secp           *curve;
	kept            chain[MAX_DELEGATE_CHAINS];        /* ascending */
	pthread_t       thread;
	pthread_mutex_t work;                      /* held during a ceremony: there is one at a time */
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	int64_t         told_ms;                   /* when others were last told where keys are; the thread's own */
	bool            stopping;                  /* under the lock, as is */
	unsigned        movers;                    /* who wait for `work`: they come first */
	stop_flag       pause;                     /* ends the ceremony of the keeper's own thread */
};

/* What is done with a key, in the ids of ceremonies. */
extern const char GROUP_MAKES[], GROUP_IMPORTS[], GROUP_REFRESHES[];
id32 group_request_of(const id32 *context, uint32_t chain_id, const char *operation);

/* What is in the vault, put to use. */
err  group_work_look(group_keeper *k, kept *c);

/* One of the above, in this context.  What others have shown in the ceremony may be new here even if it failed.  Requires: `work`. */
err  group_work_hold(group_keeper *k, kept *c, const mpc_context *in, const char *operation, program run);

/* More parties of that context than can be corrupt say that the key is elsewhere.  Requires: `work`, like what follows. */
err  group_work_fall_behind(group_keeper *k, kept *c, const mpc_context *from, const group_news *news);
/* Says where the key is to the parties of other contexts. */
void group_work_tell(group_keeper *k, const kept *c);

/* Where a first key is made: in the context of the newest epoch, or without one in the configuration's; NULL: nowhere yet. */
const mpc_context *group_work_first_context(group_keeper *k);
/* The turn-th of the contexts where the key may be, its home first, if that is known; NULL: there is none. */
const mpc_context *group_work_context(group_keeper *k, const kept *c);

#endif
