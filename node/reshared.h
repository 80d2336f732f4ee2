/* SPDX-License-Identifier: MIT */
/*
 * node/reshared.h -- which keys a new epoch may get from the one before it, as this node has them.
 *
 * Either the request names the keys, or they are all that the old epoch has here.
 */
#ifndef ARCA_NODE_RESHARED_H
#define ARCA_NODE_RESHARED_H

#include "node/keys.h"
#include "node/offer.h"

/* What this node can give.  ERR_NOT_FOUND if it lacks a key that the request names; ERR_REQUEST with a sentence if one is not what
 * the request takes it for; ERR_UNSUPPORTED: there are too many.  Requires: r->epoch.reshares. */
err  reshared_offer(offer *out, keys *k, vault *v, const request *r);

/* What this node knows of a key, in whatever epoch; NULL: nothing. */
const key_record *reshared_record(keys *k, const id32 *key);

/* The answer of an epoch that is there: what was signed about keys that came to it by resharing. */
void reshared_reply(buf *out, keys *k, const id32 *epoch);

#endif
