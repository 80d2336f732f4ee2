/* SPDX-License-Identifier: MIT */
/*
 * node/ceremony.h -- protocols in rounds, from being asked to the last round:
 *
 *   come together   node/announce.h; fixes the attempt
 *   hello           a session whose id only routes; gives the ceremony's own id, with a fresh nonce in it (mpc/sid.h)
 *   record          that id, on disk (node/used_sids.h)
 *   session         the ceremony's protocol
 *
 * Blocks its thread throughout.
 */
#ifndef ARCA_NODE_CEREMONY_H
#define ARCA_NODE_CEREMONY_H

#include "mpc/runner.h"
#include "node/announce.h"

typedef struct ceremony_tools {
	announcements *announcements;
	vault         *vault;
	const node_config *config;
	const rng     *random;
} ceremony_tools;

typedef struct ceremony_plan {
	attempted   what;
	const char *operation;                   /* of the session id */
	id32        request, epoch;
	const id32 *terms;                       /* in the session id for the request, standing for all that it means; NULL: its id */
	committee  *with;
	const prss *prss;                        /* of the epoch, if the protocol draws from it; NULL: it does not */
	program     run;
	void       *arg;
} ceremony_plan;

/* What ended the ceremony is what the program returned, or why it did not come to that. */
err ceremony_run(const ceremony_tools *t, const ceremony_plan *p);

#endif
