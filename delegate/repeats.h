/* SPDX-License-Identifier: MIT */
/*
 * delegate/repeats.h -- which requests of the first form have come before.
 *
 * What a gateway has signed for /v0 names neither a time nor a number, so whoever has seen it can send it again for ever.  The answer is
 * for the same reader, and gateways do send again, so it is answered as before; but that it comes often is worth knowing, and is counted.
 * The last few tens of thousands of requests are known, and none of before a start.
 *
 * Any thread.
 */
#ifndef ARCA_DELEGATE_REPEATS_H
#define ARCA_DELEGATE_REPEATS_H

#include "sym/sha2.h"

typedef struct repeats repeats;

/* ERR_NOMEM. */
err  repeats_new(repeats **out);
void repeats_free(repeats **r);                /* NULL-safe */

/* Has this one come before?  From now on it has. */
bool repeats_has(repeats *r, const hash32 *request);

#endif
