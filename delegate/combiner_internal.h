/* SPDX-License-Identifier: MIT */
/*
 * delegate/combiner_internal.h -- what the combiner is made of: combiner.c has the table of requests, from beginning to end;
 * combiner_asks.c knows whom to ask, and combiner_parts.c what answers are worth and what they make up.
 */
#ifndef ARCA_DELEGATE_COMBINER_INTERNAL_H
#define ARCA_DELEGATE_COMBINER_INTERNAL_H

#include "delegate/combiner.h"
#include "delegate/kms_internal.h"

typedef struct pending {
	uint64_t number;                           /* what frames call it: its slot, and how often that was used before */
	unsigned holders;                          /* under the lock, as everything that changes */
	bool     ended;
	kms_question q;
	kms_group *group;
	party_set asked, arrived, heard;           /* this node among all, if it has a share; arrived: and perhaps not judged yet */
	party_set elsewhere;                       /* of those heard, who is in another epoch */
	group_partial good[MAX_PARTIES];           /* secret */
	secp_rsig signature[MAX_PARTIES];          /* of the node whose good[i] it is; of our own: none */
	unsigned goods;
	int64_t  next_ms, limit_ms;
	combiner_done *done;
	void    *arg;
} pending;

struct combiner {
	combiner_parts p;
	pthread_mutex_t lock;
	pthread_cond_t  bell;
	pthread_t thread;
	bool      stopping;
	pending  *slot[MAX_COMBINED];
	uint64_t  used[MAX_COMBINED];
	unsigned  waiting, turn;                   /* turn: whom the next request asks first */
	_Atomic uint64_t asks, goods, wrong, refused, late, unanswered;
};

/* ---- whom to ask: under the lock ------------------------------------------------------------------------------------- */

ask_frame combiner_question(const pending *p);
/* This node's own part needs no proof. */
void combiner_add_own(pending *p);
/* Asks `more` others.  False: there are not so many. */
bool combiner_ask_more(combiner *c, pending *p, unsigned more);
/* Nobody is left to ask or to wait for. */
bool combiner_is_hopeless(combiner *c, const pending *p);
/*
 * Is it asked between two epochs, that of this node and that of others, so that nobody who can be reached is going to give what is
 * missing?  It will be one epoch soon.  Not of a request that names an epoch itself.
 */
bool combiner_is_between(combiner *c, const pending *p);
/* From the beginning, in the epoch that is now.  Requires: combiner_is_between, and `number` is a fresh one. */
void combiner_ask_anew(combiner *c, pending *p, uint64_t number);

/* ---- what answers are worth ---------------------------------------------------------------------------------------------- */

/* Is this the part of `from`?  If not, it is told to `lied`. */
bool combiner_part_is_right(group_partial *out, const combiner *c, const pending *p, party from, const ask_answer *a);
/* What a node signed of a part is handed on only if it is right. */
bool combiner_part_is_signed(const combiner *c, const pending *p, party from, const ask_answer *a);
/* Appends the answer that T + 1 right parts make up.  ERR_REQUEST: they make up none, for the point was not one that anybody encrypts to. */
err  combiner_make_answer(buf *body, const combiner *c, const pending *p);

#endif
