/* SPDX-License-Identifier: MIT */
/* cli/keygen.h -- a key set made by a cluster, and verified before anybody speaks of it. */
#ifndef ARCA_CLI_KEYGEN_H
#define ARCA_CLI_KEYGEN_H

#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/verify.h"

/* Production parameters take long where only portable code runs. */
enum { KEYGEN_TIMEOUT_S = 6 * 3600 };

typedef struct made_key {
	id32        prep, key;
	key_digests digests;
	double      preprocessing_s, keygen_s;
	bool        insecure;                /* party 1 had it whole */
} made_key;

/*
 * Preprocessing, then generation, under fresh ids, at every node.  Verifies the signatures on both results, and that all are
 * about the same files; then downloads the two published files of each node and compares them with the signed digests.
 * insecure: by the dealer (kms-service 1.5).
 */
err keygen_run(made_key *out, cli *c, const cluster *net, const lat_params *params, bool insecure, int64_t timeout_ms);

#endif
