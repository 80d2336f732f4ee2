/* SPDX-License-Identifier: MIT */
/*
 * share/locate.c -- syndromes, and Berlekamp and Massey's algorithm on them.  Minus is plus here.
 *
 * Let a_i be the point of party i and u_i = 1 / product of (a_i - a_l) over the others of G.  The syndromes
 *
 *     s_j = sum over G of z_i u_i a_i^j,    0 <= j < |G| - (D + 1)
 *
 * vanish on right words, so they depend on the errors alone: a sum of L geometric sequences if L places are wrong.  Such
 * a sum satisfies the linear recurrence C_0 s_j + C_1 s_{j-1} + ... + C_L s_{j-L} = 0, where C(x) is the product of
 * 1 - a_b x over the wrong places b.  The shortest recurrence is found one syndrome at a time; its roots are the inverses
 * of the points of the liars.
 */
#include "share/locate.h"

typedef struct recurrence {
	gf       c[MAX_PARTIES + 1];
	unsigned length;
} recurrence;

/* c += factor x^shift b */
static void add_shifted(const gf_field *K, gf *c, gf factor, const gf *b, unsigned shift)
{
	for (unsigned j = shift; j <= MAX_PARTIES; j++) c[j] ^= gf_mul_var(K, factor, b[j - shift]);
}

static recurrence shortest_recurrence(const gf_field *K, const gf *s, unsigned count)
{
	recurrence now = { .c = { 1 } }, old = { .c = { 1 } };    /* old: as it was before the length last grew */
	gf old_miss = 1;
	unsigned since = 1;

	for (unsigned j = 0; j < count; j++, since++) {
		const recurrence before = now;
		gf miss = 0;                                       /* by how much the recurrence fails to say s_j */

		for (unsigned i = 0; i <= now.length; i++) miss ^= gf_mul_var(K, now.c[i], s[j - i]);
		if (!miss) continue;
		add_shifted(K, now.c, gf_mul_var(K, miss, gf_inv_var(K, old_miss)), old.c, since);
		if (2 * now.length > j) continue;
		now.length = j + 1 - now.length;
		old = before, old_miss = miss, since = 0;
	}
	return now;
}

static void make_syndromes(gf *s, unsigned count, const gf_field *K, const gf *z, party_set G)
{
	memset(s, 0, count);
	FOR_EACH_IN(i, G) if (z[i]) {
		gf product = 1, term;

		FOR_EACH_IN(l, G) if (l != i) product = gf_mul_var(K, product, i ^ l);
		term = gf_mul_var(K, z[i], gf_inv_var(K, product));
		for (unsigned j = 0; j < count; j++, term = gf_mul_var(K, term, i)) s[j] ^= term;
	}
}

party_set locate_errors_var(const gf_field *K, unsigned D, const gf *z, party_set G, unsigned at_most)
{
	const unsigned count = size_of_set(G) - (D + 1);
	gf s[MAX_PARTIES];
	recurrence r;
	party_set wrong = 0;

	ASSERT(D + 1 + 2 * at_most <= size_of_set(G));
	make_syndromes(s, count, K, z, G);
	r = shortest_recurrence(K, s, count);
	if (r.length > at_most) return 0;
	FOR_EACH_IN(i, G)
		if (!gf_eval_var(K, r.c, r.length, gf_inv_var(K, i))) add_to(&wrong, i);
	return size_of_set(wrong) == r.length ? wrong : 0;
}
