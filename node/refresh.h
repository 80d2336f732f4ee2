/* SPDX-License-Identifier: MIT */
/*
 * node/refresh.h -- the program of a ceremony in which the parties of a context make a new epoch and get shares of keys in it,
 * from parties of the same context or of another: which keys there are (offering.h); their published files, for whoever lacks
 * them; new keys for pseudo-random sharing; then, key by key, shares that have nothing to do with the old ones (mpc/reshare.h),
 * with which a value under the published key is decrypted (joint_try.h), each stored as soon as it is there; and in the end the
 * word of n - t parties that they have stored all.  Shares that do not decrypt are not stored, and the old epoch stays.
 *
 * A party of the old set that has not all of the keys gives none, counts as one of the t1 that may fail, and is not accused.
 *
 * What is erased, and when, is the caller's affair: here the old shares are only read.
 *
 * Memory: two shares of one key at a time.
 */
#ifndef ARCA_NODE_REFRESH_H
#define ARCA_NODE_REFRESH_H

#include "node/crossed.h"
#include "node/offering.h"
#include "tkms/key_share.h"

typedef struct refresh {
	const crossed *sets;
	const request *request;
	uint32_t attempt;                                /* of the ceremony */
	const offer *mine;                               /* what this party can give; NULL: nothing */
	const offer *extras;                             /* and beside keys (extras.h); not NULL if mine is not */
	offer   *agreed, *heard;                         /* out; heard: extras */
	uint8_t (*r_A)[PRSS_KEY];                        /* out: what prss_setup gives */
	const sid_record *record;
	void *ctx;
	err (*lacks)(void *ctx, bool *out, const offer *x);                        /* as offering.h */
	err (*fetch)(void *ctx, const offer *x);                                   /* those files; within refresh_fetch_ms */
	err (*load)(void *ctx, key_share *old, const offered_key *k);              /* freed here */
	err (*try)(void *ctx, session *s, const key_share *fresh, const prss *masks, unsigned i);    /* of agreed key i: it decrypts */
	err (*store)(void *ctx, const key_share *fresh, const offered_key *k);     /* returns when it is on disk */
} refresh;

/* How long files may take. */
int64_t refresh_fetch_ms(const offer *x);

/* A program of mpc/session.h, for a party of the new set; arg: a refresh.  After an error nothing that was stored counts. */
err  refresh_run(session *s, void *arg);

/* For a party of the old set only: gives what it has.  Requires: x->mine. */
err  refresh_give(const refresh *x, const reshare_giver *g);

/* What both sets mean, the keys not yet among it: the ceremony's terms. */
id32 refresh_binding(const crossed *sets, const request *r, const offer *keys);

#endif
