/* SPDX-License-Identifier: MIT */
/*
 * connector/coprocessors.h -- who the coprocessors are, as the gateway's configuration has them: whose attestations count, how many
 * must say the same, and in which buckets they say it.
 *
 * A list is never changed once it was read: whoever works with it holds it, and the next one takes its place beside.
 */
#ifndef ARCA_CONNECTOR_COPROCESSORS_H
#define ARCA_CONNECTOR_COPROCESSORS_H

#include <stdatomic.h>
#include "evm/providers.h"

enum { MAX_COPROCESSORS = 64 };

typedef struct coprocessors {
	atomic_uint holders;
	size_t      threshold;                     /* 1 to signers: so many must say the same */
	size_t      signers, buckets;
	eth_address signer[MAX_COPROCESSORS];
	char       *bucket[MAX_COPROCESSORS];      /* URLs; who has none is left out          */
} coprocessors;

/* Held by the caller.  ERR_IO: the chain is away.  ERR_STATE: the configuration asks for more than all, or for nobody, to agree, and
 * nothing can be believed until it is right; ERR_REQUEST: there is no such contract. */
err  coprocessors_load(coprocessors **out, providers *gateway, const eth_address *gateway_config);

coprocessors *coprocessors_hold(coprocessors *c);
void          coprocessors_release(coprocessors **c);          /* NULL-safe */

bool coprocessors_has(const coprocessors *c, const eth_address *who);

#endif
