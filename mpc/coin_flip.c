/* SPDX-License-Identifier: MIT */
/*
 * mpc/coin_flip.c -- a public random element.                                                       t < n/3
 *
 * Whatever t parties do: all honest parties get the same element; it is uniform, and nobody knows anything about it before
 * the last round, when every contribution has long been fixed.  It cannot be prevented either.
 *
 * Cost: that of one VSS with n dealers, and 1 round.
 */
#include "mpc/mpc.h"

err coin_flip(session *s, gr *coin)
{
	IN_SCOPE(s);
	gr *mine;
	share *x, *sum;

	TRY(arena_new(&s->arena, &mine, 1));
	TRY(arena_new(&s->arena, &x, s->n));
	TRY(arena_new(&s->arena, &sum, 1));

	/* Every party shares a random element: one of them is honest. */
	*mine = gr_random(s->R, s->random);
	TRY(s->p->vss(s, x, live(s), 1, mine));

	/* The coin is the sum of what was shared; a dealer who was caught has shared 0. */
	FOR_EACH_PARTY(i, s) *sum = share_add(s->R, *sum, x[i - 1]);
	return s->p->open(s, coin, NULL, sum, NULL, 1, s->t);
}
