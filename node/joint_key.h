/* SPDX-License-Identifier: MIT */
/*
 * node/joint_key.h -- the two protocols of a key that never exists anywhere, as programs of ceremonies.
 *
 *   preprocessing    terms, then random bits and noise into a spool (mpc/key_preproc.h)
 *   generation       terms, then the public bodies and this party's shares (mpc/joint_keygen.h); the two published files,
 *                    of which the key set's may be a ServerKey, the same at all parties (tkms/server_key.h);
 *                    a trial of 64 encryptions that all parties decrypt together (tkms/joint_trial.h); and that n - t
 *                    parties have the same files and have seen them work (new_key.h)
 *
 * A decompression key between two key sets is generated in the same way, from shares of a secret of each: one part, one file,
 * and a trial that leads through both sets.
 *
 * Whatever does not come to the end leaves nothing but a used-up preprocessing.
 */
#ifndef ARCA_NODE_JOINT_KEY_H
#define ARCA_NODE_JOINT_KEY_H

#include "node/new_key.h"
#include "tkms/decompression.h"
#include "node/spooling.h"
#include "node/terms.h"

/* What both have in common; everything is borrowed. */
typedef struct joint_setup {
	share_holder holder;                             /* of the key, or of its preprocessing */
	const prss  *masks;                              /* of the epoch */
	const prss_batch *tables;                        /* the same, for many values at once */
	const sid_record *record;
	spool_plan   plan;
	terms        wanted;
	spool       *spool;                              /* to be filled, or used up */
} joint_setup;

typedef struct joint_preproc {
	joint_setup setup;
	const progress *told;                            /* bits */
} joint_preproc;

typedef struct joint_key {
	joint_setup setup;
	pool       *cores;
	id32        tag;                                 /* of the files */
	slice       public_key;                          /* the file of an older key that this one has, too; empty: a new one is made */
	decompression_files *between;                    /* the files of two key sets, which a decompression key shall connect, and
	                                                  * the place for its own; NULL: a key set is made */
	new_key     mine;                                /* a draft for the key (set) is in it, and shares of secrets that exist */
	draft      *plain;                               /* CompressedNone: for the ServerKey that takes its place; else NULL */
	const progress *told;                            /* bytes of the key set's bodies */
} joint_key;

/* Sizes of messages, numbers of lanes: what all parties must have in common, for terms_of. */
slice joint_numbers(void);

/* Programs of mpc/session.h; arg: one of these. */
err  joint_preproc_run(session *s, void *arg);
err  joint_key_run(session *s, void *arg);

#endif
