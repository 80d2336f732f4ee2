/* SPDX-License-Identifier: MIT */
/* cli/epoch_end.h -- until when a party answers for an epoch that was superseded (node/epoch_grace.h), as its metrics say. */
#ifndef ARCA_CLI_EPOCH_END_H
#define ARCA_CLI_EPOCH_END_H

#include "cli/cluster.h"

/* Seconds since 1970; infinite: until it is destroyed; negative: it is not superseded, or the party does not say. */
double epoch_end(const cluster_party *p, const id32 *epoch);

enum { EPOCH_END_TEXT = 80 };
void epoch_end_text(char out[static EPOCH_END_TEXT], double end);        /* "" if negative */

#endif
