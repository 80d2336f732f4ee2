/* SPDX-License-Identifier: MIT */
/*
 * mpc/agree_random.c -- a random key for each of many sets of parties, known to its members only.    t < n/3
 *
 * Whatever t parties do: the honest members of A get the same key; to t parties outside A it is as good as random, if x, a
 * sharing of degree t, hides a random element.  Nobody can prevent it: there is no honest abort.
 *
 * Cost: 1 round.        key of A = SHAKE256("AGREERND" || x_A as R->bytes bytes)[0..16)
 */
#include "mpc/mpc.h"
#include "sym/dsep.h"

err agree_random(session *s, uint8_t (*key)[PRSS_KEY], const share *x, const party_set *A, size_t m)
{
	IN_SCOPE(s);
	uint8_t *bytes;
	gr *r;

	TRY(arena_new(&s->arena, &r, m));
	TRY(arena_new(&s->arena, &bytes, s->R->bytes));

	/* Everybody tells the members of A its share of x_A. */
	TRY(s->p->open(s, r, NULL, x, A, m, s->t));

	/* They hash what it opens to: 32 bytes at least, of which none is known outside. */
	for (size_t i = 0; i < m; i++) {
		if (!has(A[i], s->me)) continue;
		gr_write(s->R, bytes, r[i]);
		shake256_dsep(*key++, PRSS_KEY, "AGREERND", slice_of(bytes, s->R->bytes));
	}
	return OK;
}
