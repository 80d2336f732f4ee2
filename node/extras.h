/* SPDX-License-Identifier: MIT */
/*
 * node/extras.h -- what parties have beside the keys whose shares they give: decompression keys, and key sets that were added to
 * keys (node/keys.h).  A file each, of which nothing is secret and no share is needed, so nobody waits for anybody: what more than t
 * parties of the old set offer, one honest among them, is taken by whoever lacks it, once the epoch is there.  What cannot be had
 * is tried again with the next epoch.
 *
 * They are written as offers are (offer.h), each with its one file.
 */
#ifndef ARCA_NODE_EXTRAS_H
#define ARCA_NODE_EXTRAS_H

#include "node/engine.h"
#include "node/contexts.h"
#include "node/offer.h"

/* What this node has; of more than an offer holds, the first by id. */
err  extras_of(offer *out, keys *k, vault *v);

/* said[1..n]: what each wrote, {NULL, 0} if nothing.  What is malformed counts for nothing. */
void extras_choose(offer *out, const slice *said, unsigned n, unsigned t);

/* Takes what this node lacks of them, from the storage of these parties; signed for the request's domain, and answered for.  What
 * fails is in the log. */
void extras_take(const engine *e, const request *r, const offer *heard, const mpc_context *from);

#endif
