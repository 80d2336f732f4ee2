/* SPDX-License-Identifier: MIT */
/*
 * node/offering.h -- the first rounds of a resharing: which keys are there, who has them, who needs files.
 *
 * Every party of the old set offers what it has to every party of the new one.  An offer that t1 + 1 make the same is one of
 * honest parties.  Each of the new set broadcasts a digest of the one that most make, of those that it was asked for; with
 * n2 - t2 equal ones the new set goes on, and whoever takes another one is out and knows why.  A party of the old set whose offer
 * this is not gives nothing, but may get.  What is offered beside keys (extras.h) is counted by each for itself.
 *
 * No PRF is evaluated here: what is agreed on goes into the routes and into the outcome of what follows.
 *
 *   crossing   round 1: one byte of each of the new set to whoever is in the old set only; 2: offers, of keys and of extras; 3: the
 *              digest, back to them
 *   broadcast  digest of an offer (32), or 0 | u8 flags
 */
#ifndef ARCA_NODE_OFFERING_H
#define ARCA_NODE_OFFERING_H

#include "mpc/reshare.h"
#include "node/offer.h"

typedef struct offering {
	const reshare_sets *sets;
	session_id route;
	party      as;                           /* P_as; 0: not in the old set */
	const offer *mine;                       /* NULL: nothing */
	const offer *extras;                     /* likewise (extras.h); not NULL if mine is not */
	const request *request;
	void      *ctx;
	err      (*lacks)(void *ctx, bool *out, const offer *x);       /* does this node lack a file of these? */

	offer     *agreed;                       /* out, as the rest */
	offer     *heard;                        /* extras that more than t1 have */
	bool       gives;                        /* this party has what is agreed on */
	party_set  lacking;                      /* of the old set: those in the new one too that do not have it */
	bool       fetching;                     /* somebody lacks a file */
} offering;

/* For a party of the new set.  ERR_STATE with a sentence: it is out, or nobody goes on. */
err  offering_run(session *s, offering *x);

/* For a party that is in the old set only: until the new one has said that it takes what this party has.  patience_ms: for t2 + 1
 * of them to speak. */
err  offering_give(const reshare_giver *g, const offering *x);

#endif
