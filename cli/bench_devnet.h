/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_devnet.h -- a devnet for `arca bench`: nodes as processes of this machine, in a folder of $TMPDIR or /tmp, and what
 * they used of the machine.
 *
 * For rows that need a key and do not measure how it is made, the bench deals one: the two secrets that decrypt big formats,
 * put into the nodes' vaults while they are stopped.  Nothing is published of it, and the bench encrypts with the secret itself.
 */
#ifndef ARCA_CLI_BENCH_DEVNET_H
#define ARCA_CLI_BENCH_DEVNET_H

#include "bench/parties.h"
#include "cli/bench_folder.h"
#include "cli/cluster.h"

typedef struct bench_devnet {
	char      dir[BENCH_DIR];
	cluster   net;
	bench_key key;                     /* if one was dealt */
} bench_devnet;

/* With an epoch, and no key. */
err  bench_devnet_up(bench_devnet *out, unsigned parties, const char *params);
/* The nodes are a delegation KMS, too; one: with a whole key. */
err  bench_devnet_delegation(bench_devnet *out, unsigned parties);
void bench_devnet_down(bench_devnet *d);       /* and removes the folder */

/* A key of production size; the nodes are started anew. */
err  bench_devnet_deal(bench_devnet *d);

/* Somebody who looks at the nodes while a command runs. */
typedef struct bench_watch { void (*look)(void *ctx); void *ctx; int every_ms; } bench_watch;

/* Runs this program with these words, the last NULL, to its end; a signal ends it.  watch may be NULL.  ERR_STATE with its own
 * sentence if it fails. */
err  bench_devnet_arca(const bench_devnet *d, const char *const *words, const bench_watch *watch);

/* Of node i, from 0: the most memory that it ever had in use, pages of files included; and seconds of a core so far. */
err  bench_devnet_memory(double *mib, const bench_devnet *d, size_t i);
err  bench_devnet_spent(double *core_s, const bench_devnet *d, size_t i);

#endif
