/* SPDX-License-Identifier: MIT */
/* cli/resharing.h -- an epoch that gets the keys of another: of the same parties, or of others, who are asked as well. */
#ifndef ARCA_CLI_RESHARING_H
#define ARCA_CLI_RESHARING_H

#include "cli/cli.h"
#include "cli/cluster.h"

typedef struct resharing_job {
	cli    *c;
	const cluster *net;                  /* who shall have the keys; its context is that of the new epoch */
	const cluster *old;                  /* who has them; NULL: the same */
	id32    old_context, from, epoch;
	int64_t timeout_ms;
} resharing_job;

/* *who: of the new set, who has the epoch; *keys: how many it has.  Who only gives and says that it failed is named on stderr, and
 * the exit code is EXIT_PARTLY. */
err  resharing_run(party_set *who, size_t *keys, double *seconds, const resharing_job *j);

#endif
