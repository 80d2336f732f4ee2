/* SPDX-License-Identifier: MIT */
/*
 * node/used_sids.h -- which session ids and attempts there have been, on disk before anything comes of them.
 *
 * A session that evaluates PRFs must never run again under its id: values that its predecessor published would then be
 * secrets of the new one.  So every id is recorded, and synced, before the first PRF; the record stays until the epoch is
 * erased.  Attempts at a ceremony are numbered likewise, so that a ceremony that is asked for again is another one.
 *
 *   UsedSession/<epoch>/<sid, zero-padded>            an empty file each
 *   Attempt/<request id>/<operation, then the number>       of what was destroyed: the last, with a mark
 */
#ifndef ARCA_NODE_USED_SIDS_H
#define ARCA_NODE_USED_SIDS_H

#include "mpc/session.h"
#include "vault/vault.h"

typedef struct used_sids { vault *vault; id32 epoch; } used_sids;

/* ERR_EXISTS: it was used before; ERR_IO. */
err  used_sids_use(void *used, const session_id *sid);

/* For session_use_prss; borrows. */
static inline sid_record used_sids_record(used_sids *u) { return (sid_record){ u, used_sids_use }; }

/* All of an epoch, with its other material.  ERR_IO. */
err  used_sids_erase(vault *v, const id32 *epoch);

/* The numbers are stored. */
typedef enum attempted { ATTEMPT_EPOCH = 1, ATTEMPT_DEAL = 2, ATTEMPT_PREPROC = 3, ATTEMPT_KEYGEN = 4,
                         ATTEMPT_DELEGATION = 5, ATTEMPTS } attempted;

/* The highest number that was recorded; 0: none.  And one more, which is on disk when that returns.  ERR_IO, as the others. */
err  attempt_last(uint32_t *out, vault *v, attempted what, const id32 *request);
err  attempt_record(vault *v, attempted what, const id32 *request, uint32_t number);

/* What the ceremony made is destroyed: nothing but the highest number stays, for if the id is ever used again, its attempts
 * must be others. */
err  attempts_bury(vault *v, const id32 *request);

/* Calls each for every ceremony that was attempted and not buried since, with its kind. */
err  attempts_each(vault *v, void (*each)(void *ctx, attempted what, const id32 *request), void *ctx);

#endif
