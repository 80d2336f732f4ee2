/* SPDX-License-Identifier: MIT */
/*
 * connector/waiter.h -- one transaction at a time is said by eth_sendRawTransactionSync (EIP-7966), whose answer comes with the block.
 *
 * Who sends does not wait for it: a thread of the waiter does, on connections of its own, and wakes the sender.  A lane gives it the last
 * of the transactions that it has to say; once that one is mined, so are those before it.  Whether a provider has the method is found
 * out by using it, once a provider; one that has not is told by eth_sendRawTransaction, at once.
 */
#ifndef ARCA_CONNECTOR_WAITER_H
#define ARCA_CONNECTOR_WAITER_H

#include "evm/providers.h"

/* Providers answer without a receipt after 20 to 30 seconds; one that says nothing at all is left after so long. */
enum { WAITER_TIMEOUT_MS = 40000 };

typedef enum waiter_end {
	WAITER_NOTHING,                      /* none ended since it was asked                                    */
	WAITER_MINED,                        /* it is in a block                                                 */
	WAITER_TAKEN,                        /* a provider has it, and says no more                              */
	WAITER_REFUSED,                      /* to be said the usual way, which tells why                        */
	WAITER_UNKNOWN,                      /* it may have come through, or not                                 */
} waiter_end;

typedef struct waiter waiter;

/* Takes the chain, also by a failure; its providers' stop ends a call that is under way.  wake is called on the waiter's thread. */
err  waiter_new(waiter **out, providers **chain, void (*wake)(void *ctx), void *ctx);
/* Waits for the call that is under way. */
void waiter_free(waiter **w);

/* Has it nothing to do, and is there a provider that may have the method? */
bool waiter_is_free(waiter *w);

/* Requires: waiter_is_free.  raw is copied. */
void waiter_say(waiter *w, slice raw);

/* The one that was said last, once: *hash is its. */
waiter_end waiter_ended(waiter *w, hash32 *hash);

/* Is this one being waited for? */
bool waiter_has(waiter *w, const hash32 *hash);

#endif
