/* SPDX-License-Identifier: MIT */
/*
 * connector/core.h -- the nodes of the KMS, asked over gRPC.
 *
 * A request belongs to one shard, chosen by its id; a shard has one node, or the same one behind several endpoints, of which the next
 * is asked when one is away.  Sending is done once it was acknowledged, or the node knows it already; then the result is asked
 * for until it is there, or its time is up.
 *
 *   DONE      the answer, not yet believed (connector/ask.h)
 *   AWAY      the node cannot be reached, is full, or is not ready yet: nothing that the request is to blame for
 *   LATER     the node failed at it, has forgotten it, or lacks what may still come: it is sent anew, for a node starts again what
 *             failed
 *   NEVER     the node refuses it, or failed at a key generation, whose preprocessing is gone with it
 *   ABORTED   the node was told to give it up
 *
 * Of a new epoch nothing goes on chain, but it is there only when the node says so: an acknowledgement alone would be lost with the
 * others' nodes being away.  Whoever is told to end what is not there has ended it.
 *
 * Any number of threads.
 */
#ifndef ARCA_CONNECTOR_CORE_H
#define ARCA_CONNECTOR_CORE_H

#include "connector/ask.h"

typedef enum core_outcome { CORE_DONE, CORE_AWAY, CORE_LATER, CORE_NEVER, CORE_ABORTED } core_outcome;

typedef struct core_counts { unsigned sent, sent_errors, polled, polled_errors; } core_counts;

typedef struct core core;

/* ERR_REQUEST: an endpoint is no http://host:port. */
err  core_new(core **out, const connector_config *c);
void core_free(core **k);

/*
 * *sent: the node knows the request already; becomes true once it does, and false again if it has forgotten it.  request is what
 * ask_write made.  answer is appended to for CORE_DONE of kinds that have one; otherwise why has the node's words.
 */
core_outcome core_ask(core *k, buf *answer, buf *why, bool *sent, core_counts *counts, const queue_item *item, slice request);

/* Which shard the item's request goes to; and what its node says of the keys that it has: answer is appended to for CORE_DONE. */
unsigned     core_shard(const core *k, const queue_item *item);
core_outcome core_key_material(core *k, buf *answer, buf *why, const queue_item *item);

/* Ends the calls under way, whose requests are for LATER, and all that come after.  Repeated until nobody asks any more, for one who
 * is just connecting is not seen.  From any thread. */
void core_stop(core *k);

/* Does every shard answer a health check?  Appends to *why who does not. */
bool core_healthy(core *k, buf *why, int64_t timeout_ms);

#endif
