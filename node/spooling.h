/* SPDX-License-Identifier: MIT */
/*
 * node/spooling.h -- the preprocessing of a joint key generation in a spool of the vault: a stream for each need of its plan.
 *
 * The tag holds what must be the same when it is used as when it was made: parameters, options, and the committee.
 */
#ifndef ARCA_NODE_SPOOLING_H
#define ARCA_NODE_SPOOLING_H

#include "mpc/joint_keygen.h"
#include "mpc/key_preproc.h"
#include "node/request.h"
#include "vault/spool.h"

/* Of degree d for party `me` of n, of which t may be corrupt. */
typedef struct spool_owner { unsigned n, t, d; party me; } spool_owner;

typedef struct spool_plan { keygen_plan keygen; spool_shape shape; uint8_t tag[32]; } spool_plan;

/* *out stays where it is: the shape borrows from it. */
void spooling_plan(spool_plan *out, const lat_params *params, const keyset_config *keyset, const spool_owner *of);

/* Both borrow the spool. */
preproc_sink   spooling_sink(spool *s);
preproc_source spooling_source(spool *s);

#endif
