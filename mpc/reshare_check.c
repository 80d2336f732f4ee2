/* SPDX-License-Identifier: MIT */
/*
 * mpc/reshare_check.c -- shares of shares: which of them are right, and what becomes of them.
 *
 * Notation as in mpc/reshare.c.  What goes by P_j is in the order of G; I are its first t1 + 1.
 */
#include "mpc/reshare_internal.h"
#include "share/shamir.h"

enum { MOST_BASE = 5 };              /* t1 + 1: C(n,t) <= MAX_PRSS_SETS and 3t < n keep t below 5 */

static party_set first_members(party_set of, unsigned count)
{
	party_set out = 0;

	while (count--) add_to(&out, first_of(of & ~out));
	return out;
}

static unsigned differences(const reshare_work *x) { return size_of_set(x->G) - x->sets->t1 - 1; }

static err make_weights(reshare_work *x)
{
	const party_set I = first_members(x->G, x->sets->t1 + 1);
	gr weight[MAX_PARTIES + 1], *m;

	TRY(arena_new(&x->s->arena, &x->m, differences(x) * (x->sets->t1 + 1u)));
	m = x->m;
	FOR_EACH_IN(g, x->G & ~I) {
		lagrange_weights(weight, x->R, I, gr_point(g));
		FOR_EACH_IN(j, I) *m++ = weight[j];
	}
	return code_new(&x->code, x->R, x->sets->n1, x->sets->t1);
}

/* This party's share of secret l's s_j: v_j - <r_j>. */
static gr share_of_share(const reshare_work *x, party j, size_t l)
{
	return gr_sub(x->R, gr_read(x->R, x->v[j].p + l * x->R->bytes), reshare_element(x->R, &x->r[j][l * x->R->d]));
}

static void make_differences(share *out, const reshare_work *x, size_t l)
{
	const unsigned w = x->sets->t1 + 1;
	gr word[MAX_PARTIES];
	unsigned k = 0;

	FOR_EACH_IN(j, x->G) word[k++] = share_of_share(x, j, l);
	for (unsigned g = w; g < k; g++) out[g - w].v = gr_sub(x->R, word[g], gr_dot(x->R, &x->m[(g - w) * w], word, w));
	wipe(word, sizeof word);
}

/* Whoever is wrong besides those of whom it is known. */
static err find_wrong(reshare_work *x, const gr *difference)
{
	const party_set I = first_members(x->G, x->sets->t1 + 1), left = x->G & ~x->failed;
	gr y[MAX_PARTIES + 1], secret;
	party_set wrong;

	FOR_EACH_IN(j, I) y[j] = GR_ZERO;
	FOR_EACH_IN(j, x->G & ~I) y[j] = *difference++;
	if (!code_decode_var(&secret, NULL, &wrong, x->code, y, left, x->sets->t1 - size_of_set(x->failed)))
		return err_fail(ERR_STATE, "more than %u of the %u parties of the old set gave no right share", x->sets->t1, x->sets->n1);
	FOR_EACH_IN(j, wrong) TRY(reshare_fail(x, j, "gave a wrong share"));
	return OK;
}

static err check_some(reshare_work *x, size_t from, size_t count)
{
	session *s = x->s;
	IN_SCOPE(s);
	const size_t each = differences(x);
	share *mine;
	gr *opened;

	TRY(arena_new(&s->arena, &mine, count * each));
	TRY(arena_new(&s->arena, &opened, count * each));
	for (size_t l = 0; l < count; l++) make_differences(&mine[l * each], x, from + l);
	TRY(s->p->open(s, opened, NULL, mine, NULL, count * each, s->t));
	for (size_t l = 0; l < count; l++) {
		bool wrong = false;
		for (size_t g = 0; g < each; g++) wrong |= !gr_eq_var(opened[l * each + g], GR_ZERO);
		if (wrong) TRY(find_wrong(x, &opened[l * each]));
	}
	return OK;
}

err reshare_check(reshare_work *x)
{
	const size_t N = x->plan->N, each = RESHARE_OPENED / (x->sets->n1 - x->sets->t1 - 1);

	TRY(make_weights(x));
	for (size_t l = 0; l < N; l += each) TRY(check_some(x, l, size_min(each, N - l)));
	return OK;
}

void reshare_combine(u128 *fresh, const reshare_work *x)
{
	const party_set I = first_members(x->G & ~x->failed, x->sets->t1 + 1);
	gr by_party[MAX_PARTIES + 1], weight[MOST_BASE], word[MOST_BASE];
	unsigned k = 0;

	ASSERT(x->sets->t1 < MOST_BASE);
	lagrange_weights(by_party, x->R, I, GR_ZERO);
	FOR_EACH_IN(j, I) weight[k++] = by_party[j];
	for (size_t l = 0; l < x->plan->N; l++) {
		k = 0;
		FOR_EACH_IN(j, I) word[k++] = share_of_share(x, j, l);
		const gr sum = gr_dot(x->R, weight, word, k);
		memcpy(&fresh[l * x->R->d], sum.c, x->R->d * sizeof(u128));
	}
	wipe(word, sizeof word);
}
