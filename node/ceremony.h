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
#include "node/crossed.h"

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
	const crossed *sets;                     /* a key goes from one set to another: it is the new one's ceremony; NULL: of all `with` */
	uint32_t   *attempt;                     /* set before run; may be NULL */
	const prss *prss;                        /* of the epoch, if the protocol draws from it; NULL: it does not */
	program     run;
	void       *arg;
	stop_flag  *stop;                        /* ends it, wherever it is; NULL: nobody does.  To the others, this party falls silent */
} ceremony_plan;

/* What ended the ceremony is what the program returned, or why it did not come to that. */
err ceremony_run(const ceremony_tools *t, const ceremony_plan *p);

/* For a node that is in the old set only: waits until the new one begins (*attempt is 0 if it is done already), or is done.  As
 * announce_attend. */
err ceremony_attend(const ceremony_tools *t, const ceremony_plan *p, uint32_t *attempt, bool until_done);

/* How long a round may take. */
int64_t ceremony_round_ms(const ceremony_tools *t);

#endif
