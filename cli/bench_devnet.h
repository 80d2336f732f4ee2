/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_devnet.h -- a devnet for `arca bench`: nodes as processes of this machine, with a key of production size.
 *
 * Where parties do not make such keys yet, the bench deals one: the two secrets that decrypt big formats, put into the
 * nodes' vaults while they are stopped.  Nothing is published of it, and the bench encrypts with the secret itself.
 */
#ifndef ARCA_CLI_BENCH_DEVNET_H
#define ARCA_CLI_BENCH_DEVNET_H

#include "bench/parties.h"
#include "cli/cluster.h"

typedef struct bench_devnet {
	char      dir[64];
	cluster   net;
	bench_key key;
} bench_devnet;

err  bench_devnet_up(bench_devnet *out, unsigned parties);
void bench_devnet_down(bench_devnet *d);       /* and removes the folder */

#endif
