/* SPDX-License-Identifier: MIT */
/*
 * node/refresh.h -- the program of a ceremony in which the parties of a context make a new epoch and share their keys anew
 * in it: new keys for pseudo-random sharing, then, key by key, shares that have nothing to do with the old ones
 * (mpc/reshare.h), each stored as soon as it is there, and in the end the word of n - t parties that they have stored all.
 *
 * What is erased, and when, is the caller's affair: here the old shares are only read.
 *
 * Memory: two shares of one key at a time.
 */
#ifndef ARCA_NODE_REFRESH_H
#define ARCA_NODE_REFRESH_H

#include "mpc/mpc.h"
#include "tkms/key_share.h"

typedef struct refresh {
	id32     epoch;                                  /* the new one */
	unsigned keys;
	uint8_t (*r_A)[PRSS_KEY];                        /* out: what prss_setup gives */
	const sid_record *record;
	hash32   outcome;                                /* the same at all parties that have done the same */
	void    *ctx;
	err    (*load)(void *ctx, key_share *old, unsigned i);             /* the i-th key; freed here */
	err    (*store)(void *ctx, const key_share *fresh, unsigned i);    /* returns when it is on disk */
} refresh;

/* A program of mpc/session.h; arg: a refresh.  After an error nothing that was stored counts. */
err  refresh_run(session *s, void *arg);

#endif
