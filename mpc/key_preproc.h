/* SPDX-License-Identifier: MIT */
/*
 * mpc/key_preproc.h -- what a joint key generation consumes, made beforehand: shares of the secret keys' bits and of all noise
 * (mpc/keygen_plan.h), from random bits (mpc/random_bits.h).
 *
 * Lanes side by side (mpc/lanes.h), first for the needs of the ring of 64 bits, then for those of 128.  A lane is one session,
 * in the ring of what it makes; the needs of a ring are cut into chunks, which go to the lanes in turn.  Sub-sessions of s:
 * 0 .. lanes - 1, and lanes .. 2 lanes - 1.
 */
#ifndef ARCA_MPC_KEY_PREPROC_H
#define ARCA_MPC_KEY_PREPROC_H

#include "base/progress.h"
#include "mpc/keygen_plan.h"
#include "mpc/lanes.h"
#include "share/prss_batch.h"

enum { PREPROC_CHUNK = 1 << 16 };                    /* samples; a multiple of any record of a spool */

typedef struct preproc_sink {
	void *ctx;
	/*
	 * Samples first .. first + count - 1 of plan->need[need]: elements of its ring, as in share/prss_batch.h; wiped
	 * afterwards.  From several threads; a chunk comes from one, in order and without gaps.
	 */
	err (*put)(void *ctx, unsigned need, uint64_t first, size_t count, const void *element);
} preproc_sink;

typedef struct preproc_job {
	const keygen_plan *plan;
	const prss_batch *tables;            /* of the epoch's prss */
	const sid_record *record;
	preproc_sink to;
	unsigned lanes;                      /* side by side; the same at all parties           */
	size_t   chunk;                      /* PREPROC_CHUNK, or less in tests: the same too   */
	size_t   batch;                      /* bits of an opening, at most; a multiple of d    */
	bool     in_turn;                    /* lanes one after the other: for simulations      */
	const progress *told;                /* bits; may be NULL                               */
} preproc_job;

/* A program of mpc/session.h is made of this.  ERR_STATE as within_model; what the sink says. */
err  key_preproc(session *s, const preproc_job *job);

/* Bytes that P_n sends when nobody lies; kings of broadcasts, the first t + 1, send some more a batch.  Of the job: plan,
 * lanes, chunk, batch. */
uint64_t key_preproc_bytes(const preproc_job *job, unsigned n, unsigned t, unsigned d);

#endif
