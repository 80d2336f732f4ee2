/* SPDX-License-Identifier: MIT */
/*
 * node/reshared.h -- which keys a new epoch gets from the one before it, and what all parties must have in common for that.
 *
 * Either the request names the keys, or they are all that the old epoch has here.  Their order is that of their ids, so parties
 * that mean the same have the same binding (mpc/reshare.h); one that has other keys meets nobody, and is told so.
 */
#ifndef ARCA_NODE_RESHARED_H
#define ARCA_NODE_RESHARED_H

#include "mpc/reshare.h"
#include "node/contexts.h"
#include "node/keys.h"
#include "node/request.h"

typedef struct reshared_keys {
	unsigned n;
	const key_record *key[MAX_RESHARED_KEYS];        /* of the table, and as long as it is there */
} reshared_keys;

/* ERR_NOT_FOUND, or ERR_REQUEST with a sentence if a key is not what the request takes it for.  Requires: r->epoch.reshares. */
err  reshared_keys_of(reshared_keys *out, keys *k, const request *r);

/* The same parties, before and after. */
id32 reshared_binding(const reshared_keys *x, const mpc_context *c, const request *r);

/* Of the binding and of what is published: the same at all parties that have done the same. */
hash32 reshared_outcome(const reshared_keys *x, const id32 *binding);

/* The answer of an epoch that is there: what was signed about keys that came to it by resharing. */
void reshared_reply(buf *out, keys *k, const id32 *epoch);

#endif
