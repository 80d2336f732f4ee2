/* SPDX-License-Identifier: MIT */
/*
 * mpc/joint_keygen.h -- a whole key set, made by n parties none of which ever has a key: from preprocessing
 * (mpc/key_preproc.h) to the published bodies and each party's shares of the seven secrets.                 t < n/3
 *
 * Whatever t parties do: all honest parties end with the same seed, which nobody could choose or foresee, and the same bodies,
 * byte for byte: those of the seed's masks, of the secrets that they share, and of the noise that was taken.  Nothing else about
 * secrets and noise is opened.
 *
 * Masks follow from the seed; parts are made in the order of their masks, slab by slab (mpc/slab.h), `lanes` slabs side by side.
 * Lane l of part p is the sub-session 1 + p lanes + l in the ring of the part; the seed is opened in sub-session 0.
 *
 * Cost when nobody lies: an element in a message to all for d coefficients, and a broadcast of one byte for each slab of a
 * bootstrap key.  Memory: about lanes * slab * (d + 2 n + 4) elements.
 */
#ifndef ARCA_MPC_JOINT_KEYGEN_H
#define ARCA_MPC_JOINT_KEYGEN_H

#include "base/progress.h"
#include "lattice/keygen.h"
#include "mpc/keygen_plan.h"
#include "mpc/lanes.h"
#include "share/prss_batch.h"

/* Where the preprocessing comes from.  Every sample is taken once, and is gone from there before it is used. */
typedef struct preproc_source {
	void *ctx;
	/* Samples first .. first + count - 1 of plan->need[need], as they were put.  From several threads. */
	err (*take)(void *ctx, unsigned need, uint64_t first, size_t count, void *element);
	/* What is taken begins at a multiple of so many samples, if a slab can hold as many; 0: anywhere.  The same at all
	 * parties. */
	size_t record;
} preproc_source;

enum { KEYGEN_SLAB_MOST = 1 << 16 };

typedef struct joint_keygen_job {
	const keygen_plan *plan;
	const prss_batch *tables;            /* of the epoch's prss */
	const sid_record *record;
	preproc_source from;
	u128    *const *word;                /* [SECRETS]: filled with this party's shares: secret_length() elements of GR(2^128, d);
	                                      * those of secrets that the plan does not make are there already, and may be of
	                                      * different sets; NULL: no part of the plan needs this one                             */
	uint8_t *const *where;               /* [KEY_PARTS]: filled with the bodies, part_body_bytes() each; NULL: not in the plan   */
	unsigned lanes;                      /* slabs side by side; the same at all parties */
	size_t   slab;                       /* elements of a message, about, at most KEYGEN_SLAB_MOST; the same too */
	bool     in_turn;                    /* lanes one after the other: for simulations  */
	const progress *told;                /* bytes of bodies; may be NULL                */
	uint64_t *by_triples;                /* may be NULL: slabs that took triples, because somebody lied or said so */
} joint_keygen_job;

/*
 * *set: the public set, whose bodies are where they were put.  ERR_STATE as within_model; what the source says.  After a
 * failure `word` is wiped, and what was taken is lost.  Requires: s has no other sub-sessions.
 */
err  joint_keygen(session *s, seeded_keyset *set, const joint_keygen_job *job);

/* When nobody lies.  [0]: in rings of 64 bits, [1]: of 128. */
typedef struct joint_keygen_cost {
	uint64_t opened[2], zeros[2];        /* elements; zero sharings of degree 2t                       */
	uint64_t messages, votes, meetings;  /* messages of shares to each other party; broadcasts of a byte; rounds of a byte */
	uint64_t bytes;                      /* of the shares that a party sends, to all others together   */
} joint_keygen_cost;
joint_keygen_cost joint_keygen_costs(const joint_keygen_job *job, unsigned n, unsigned d);

#endif
