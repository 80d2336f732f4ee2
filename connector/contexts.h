/* SPDX-License-Identifier: MIT */
/*
 * connector/contexts.h -- which contexts of the KMS there are, and which epochs of them (v0.15): requests name one in their extra data,
 * and ProtocolConfig on the host chain knows, at its finalized block.
 *
 * That one is there is believed for a while, or until an event tells that it was destroyed; then requests that name it fail at once.
 * That one is not there is asked again: it may come, for chains are not equally fast.  One that only the latest block has comes, by
 * all that is known, and then it takes as long as it takes until it is final: that is no attempt.  One thread.
 */
#ifndef ARCA_CONNECTOR_CONTEXTS_H
#define ARCA_CONNECTOR_CONTEXTS_H

#include "connector/checks.h"

enum { CONTEXTS_BELIEVED_MS = 30000, CONTEXTS_KNOWN = 64 };

typedef struct contexts contexts;

/* The chain is borrowed.  ERR_NOMEM. */
err  contexts_new(contexts **out, providers *chain, const eth_address *protocol_config, const clock_source *clock);
void contexts_free(contexts **k);

/* Says of each item what stands against it; remembers what events among them destroy.  ERR_NOMEM. */
err  contexts_check(contexts *k, checked *out, const queue_item *items, size_t n);

#endif
