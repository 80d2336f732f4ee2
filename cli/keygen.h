/* SPDX-License-Identifier: MIT */
/* cli/keygen.h -- a key set made by a cluster, and verified before anybody speaks of it. */
#ifndef ARCA_CLI_KEYGEN_H
#define ARCA_CLI_KEYGEN_H

#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/verify.h"

/* Production parameters take long where only portable code runs. */
enum { KEYGEN_TIMEOUT_S = 6 * 3600 };

/* What key is wanted. */
typedef struct key_wish {
	const lat_params *params;
	const key_kind   *kind;
	bool        insecure;                /* by the dealer (kms-service 1.5) */
	bool        uses_existing, keeps_tag, copies;
	id32        existing;                /* uses_existing: whose secrets it has, with keeps_tag whose tag, and with copies under whose
	                                      * id its key set is published, too */
	id32        from, to;                /* of a kind that leads from one key set to another */
} key_wish;

typedef struct made_key {
	id32        prep, key;
	key_digests digests;
	double      preprocessing_s, keygen_s;
} made_key;

/*
 * Preprocessing, then generation, under fresh ids, at every node.  Verifies the signatures on both results, and that all are
 * about the same files; then downloads the published files of each node and compares them with the signed digests.
 */
err keygen_run(made_key *out, cli *c, const cluster *net, const key_wish *wish, int64_t timeout_ms);

#endif
