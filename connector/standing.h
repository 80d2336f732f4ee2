/* SPDX-License-Identifier: MIT */
/*
 * connector/standing.h -- what a node says of a key that it has: did one party have it whole when it was made, and which epochs
 * have it.  GetKeyMaterialAvailability tells, in a field of ours.
 *
 * Marks never change, and epochs seldom do: what was told is kept until it is forgotten.  Any number of threads.
 */
#ifndef ARCA_CONNECTOR_STANDING_H
#define ARCA_CONNECTOR_STANDING_H

#include "connector/core.h"

enum { MAX_STANDINGS = 64 };                   /* kept; of more keys those are asked for again that were asked for longest ago */

typedef struct key_standing {
	bool there;                                /* the node has it */
	bool insecure;                             /* a dealer knew it, as the node says in any epoch */
	bool in_default;                           /* requests that name no epoch find it */
	id32 oldest, newest;                       /* of its epochs; zero: it is not there */
} key_standing;

/* Of all keys together if key_id is NULL.  ERR_REQUEST: the answer is none. */
err standing_read(key_standing *out, const id32 *key_id, slice answer);

typedef struct standings standings;
err  standings_new(standings **out);          /* ERR_NOMEM */
void standings_free(standings **s);

/* Asks the node of the item's shard unless it is known, for all keys together (NULL) always.  DONE: *out is filled; otherwise why has
 * the reason. */
core_outcome standings_find(standings *s, key_standing *out, buf *why, core *k, const queue_item *item, const id32 *key_id);

/* The next one asks again. */
void standings_forget(standings *s, const id32 *key_id);

#endif
