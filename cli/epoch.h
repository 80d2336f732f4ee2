/* SPDX-License-Identifier: MIT */
/* cli/epoch.h -- epochs of a context: set up together by its parties. */
#ifndef ARCA_CLI_EPOCH_H
#define ARCA_CLI_EPOCH_H

#include "cli/cli.h"
#include "cli/cluster.h"

enum { EPOCH_TIMEOUT_S = 600 };

/* The first of its kind: the parties of the cluster's context agree on the keys of their pseudo-random sharing. */
err  epoch_run(party_set *who, double *seconds, cli *c, const cluster *net, const id32 *epoch, int64_t timeout_ms);

#endif
