/* SPDX-License-Identifier: MIT */
/*
 * connector/announced.h -- who the nodes of a context of the KMS are, as ProtocolConfig announced it (v0.15), believed for the
 * hash that the contract keeps at its finalized block.
 *
 *   a new context    with the one before it, which a node that was not in that one does not know
 *   a new epoch      the context in which it is made: its nodes sign for it, whether or not the gateway knows them yet
 */
#ifndef ARCA_CONNECTOR_ANNOUNCED_H
#define ARCA_CONNECTOR_ANNOUNCED_H

#include "connector/item.h"
#include "connector/reads.h"

typedef struct announced {
	arena       memory;
	kms_context is, before;                  /* of a new context bytes of `is` are the item's; of an epoch there is no `before` */
} announced;

/* Of a new context, or of an epoch's.  ERR_REQUEST: the contract keeps another hash of what the item says; ERR_IO: the chain is
 * away, or does not know enough yet; ERR_NOMEM. */
err  announced_load(announced **out, providers *host, const eth_address *protocol_config, const queue_item *item);
void announced_free(announced **m);              /* NULL-safe */

#endif
