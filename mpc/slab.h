/* SPDX-License-Identifier: MIT */
/*
 * mpc/slab.h -- the bodies of some rows of a public key, opened from shares of secret keys and noise.            t < n/3
 *
 * Whatever t parties do: all honest parties learn the same bodies, which are those of what is shared, and t parties nothing else.
 * A liar can make it slow, for the rest of the session.
 *
 * Cost: 1 round with an element to each party for d coefficients; if there are products a broadcast of one byte besides.  Once
 * somebody lied about products, or says that somebody did: triples (mpc/triples.h) and 2 rounds a slab, with two elements more
 * for each word that has a product.
 */
#ifndef ARCA_MPC_SLAB_H
#define ARCA_MPC_SLAB_H

#include "mpc/open_words.h"
#include "mpc/row_shares.h"
#include "mpc/triples.h"
#include "share/prss_batch.h"

/* One part's slabs in one session, whose ring is that of the part, and whose PRSS serves nothing else. */
typedef struct slab_maker {
	session          *s;
	const row_shares *rows;
	const prss_batch *tables;            /* of s->prss                    */
	row_shares_work  *work;
	prss_counters     next;
	bool              careful;           /* from now on: triples          */
	uint64_t          by_triples;        /* so many slabs took them       */
	word_opener       linear, product;   /* of words of degree t, 2t      */
} slab_maker;

err  slab_maker_init(slab_maker *x, session *s, const row_shares *rows, const prss_batch *tables);
void slab_maker_free(slab_maker *x);

/*
 * bodies: as row_slab_unpack_var.  noise: this party's shares, an element for each coefficient of each row.  All parties make
 * the same slabs in the same order.  ERR_STATE as within_model.
 */
err  slab_open(slab_maker *x, uint8_t *bodies, const void *noise, row_slab slab);

#endif
