/* SPDX-License-Identifier: MIT */
/*
 * mpc/prss_setup.c -- the keys r_A from which shares of random values grow without messages (share/prss.h).   t < n/3
 *
 * Whatever t parties do: the honest members of each set A of n - t parties get the same r_A, and t parties outside A know
 * nothing of it.  It cannot be prevented.
 *
 * Cost: a VSS of c secrets from each of n dealers, and 1 round; c = ceil(C / (n - t)), C = C(n,t) sets.
 *
 * Notation
 *   <s_il>     the l-th secret of P_i, 0 <= l < c
 *   <t_lj>     sum over i of a_i^j <s_il>, 0 <= j < n - t, a_i = gr_point(i): the secrets of any n - t honest dealers
 *              enter through an invertible matrix, so these are random to everybody, whatever the others dealt
 */
#include "mpc/mpc.h"

static share extract(const session *s, const share *x, size_t c, size_t l, unsigned j)
{
	share sum = { GR_ZERO };

	FOR_EACH_PARTY(i, s) {
		gr v = x[(i - 1u) * c + l].v;
		for (unsigned k = 0; k < j; k++) v = gr_times_point(s->R, i, v);
		sum = share_add(s->R, sum, (share){ v });
	}
	return sum;
}

err prss_setup(session *s, uint8_t (*r)[PRSS_KEY])
{
	IN_SCOPE(s);
	const size_t C = binomial(s->n, s->t), each = s->n - s->t, c = (C + each - 1) / each;
	party_set *A;
	share *x, *random;
	gr *secret;

	TRY(arena_new(&s->arena, &A, C));
	TRY(arena_new(&s->arena, &secret, c));
	TRY(arena_new(&s->arena, &x, s->n * c));
	TRY(arena_new(&s->arena, &random, C));
	prss_sets(A, s->n, s->t);

	/* Every party shares c random elements. */
	for (size_t l = 0; l < c; l++) secret[l] = gr_random(s->R, s->random);
	TRY(s->p->vss(s, x, live(s), c, secret));

	/* <t_lj> for the (l (n - t) + j)-th set. */
	for (size_t i = 0; i < C; i++) random[i] = extract(s, x, c, i / each, (unsigned)(i % each));

	/* Each set learns the element that is its own, and makes a key of it. */
	return agree_random(s, r, random, A, C);
}
