/* SPDX-License-Identifier: MIT */
/* node/majority.h -- who said the same, in values that were broadcast: hence the same answer at every honest party. */
#ifndef ARCA_NODE_MAJORITY_H
#define ARCA_NODE_MAJORITY_H

#include "mpc/session.h"

/* The largest set of parties that broadcast the same `bytes` bytes; of several, that of the lowest party.  Empty if nobody
 * said so many. */
party_set majority_of(const session *s, const slice *all, size_t bytes);

/* "1, 2, 4" */
void majority_list(char *out, size_t room, party_set of);

#endif
