/* SPDX-License-Identifier: MIT */
/*
 * mpc/reshare.c -- resharing: each old share is shared in the new set; a sum of these is a new share.     t1 < n1/3, t2 < n2/3
 *
 * Whatever t1 parties of the old set and t2 of the new one do: (1) the honest of the new set hold shares, of degree t2, of the
 * secrets that the old shares are of; (2) they are independent of the old ones: t1 old shares and t2 new ones say nothing about
 * a secret; (3) who of the old set did not give its share is known to all of the new set; an honest party never is.
 *
 * Notation     P_j, a_j, s_j   the old set, gr_point(j), P_j's share of a secret; Q_i the new set
 *   <x>        a sharing of x by the new set
 *   r_j        random in R, from the new set's PRSS: <r_j> costs no message.  It hides a share, so each of its d coefficients
 *              is random; an integer would leave d - 1 coefficients of the share in the open.
 *   G          the P_j whose v_j the new set agrees on; I the first t1 + 1 of them
 *   m_gj       the weights by which a polynomial of degree t1 has sum over I of m_gj f(a_j) at a_g, and l_j those for f(0)
 *
 * Why Round 4 opens what it opens: <s_g> - sum of m_gj <s_j>, g in G - I, shares what is 0 if all the v_j are right.  These
 * differences are the syndromes of the word (s_j) in another basis: beside zeros for I they are a word with the same errors,
 * which share/code.h decodes.  They say nothing else, since no combination of them is a secret.  If some P_j turn out to be
 * wrong, t1 + 1 others take the place of I: nothing is to be corrected.
 *
 * Departure: nobody broadcasts a v_j.  The members of the new set broadcast digests of those that they got, and whoever lacks one
 * that they agree on gets it from those who have it.  Of an honest P_j all honest Q_i got the same, and say so; so who lacks more
 * than t1 of them is lying.
 * Departure: a v_j on which they do not agree is not there, and does not count as zeros.
 */
#include "mpc/reshare_internal.h"
#include "share/open.h"

enum { AT_ONCE = 256 };              /* masks */

/* ---- what P_j does ------------------------------------------------------------------------------------------------- */

static void words_write(uint8_t *out, const u128 *w, size_t count)
{
	for (size_t i = 0; i < count; i++) store128(out + 16 * i, w[i]);
}

/* v: N elements as they travel. */
static err mask_shares(uint8_t *v, arena *a, const reshare_plan *plan, const slice *got, party_set present)
{
	const reshare_sets *sets = &plan->sets;
	const unsigned d = ring_degree(sets->n2);
	const uint8_t *y[MAX_PARTIES + 1] = { 0 };
	party_set wrong;
	opener *o = NULL;
	u128 *r;

	FOR_EACH_IN(i, present) {
		y[i] = got[i].p;
		DECLASSIFY(got[i].p, got[i].n, "shares told to this party so that it learns its masks");
	}
	TRY(arena_new(a, &r, plan->N * d));
	TRY(opener_new(&o, sets->n2, sets->t2, d));
	const bool opened = open_var(o, r, &wrong, y, present, sets->t2, plan->N);
	opener_free(&o);
	if (!opened)
		return err_fail(ERR_STATE, "masks do not open: of %u parties that get new shares more than %u are at fault or silent",
		                sets->n2, sets->t2);
	for (size_t i = 0; i < plan->N * d; i++) r[i] += plan->old[i];
	words_write(v, r, plan->N * d);
	DECLASSIFY(v, plan->N * d * sizeof *r, "shares behind masks that only their holder knows");
	return OK;
}

/* P_j opens r_j from what the Q_i sent, and sends v_j = r_j + s_j to all of them. */
static err give(crossing *x, arena *a, const reshare_plan *plan, party_set Q, const crossing_wait *wait)
{
	const size_t bytes = plan->N * ring_of(128, ring_degree(plan->sets.n2))->bytes;
	slice got[MAX_PARTIES + 1];
	party_set present = 0;
	uint8_t *v;

	TRY(crossing_gather(x, got, a, Q, bytes, wait));
	FOR_EACH_IN(i, Q) if (got[i].p) add_to(&present, i);
	TRY(arena_new(a, &v, bytes));
	TRY(mask_shares(v, a, plan, got, present));
	crossing_next_round(x);
	FOR_EACH_IN(i, Q) TRY(crossing_send(x, i, slice_of(v, bytes)));
	return OK;
}

err reshare_give(const reshare_giver *g, const reshare_plan *plan)
{
	arena a = arena_with_limit(SESSION_MEMORY);
	__attribute__((cleanup(crossing_close))) crossing x = { 0 };

	TRY(reshare_sets_check(&plan->sets));
	ASSERT(plan->as && plan->sets.at[plan->as] == g->me && g->me > plan->sets.n2);
	TRY(crossing_open(&x, &plan->route, g->me, g->in, g->out));
	crossing_next_round(&x);
	const crossing_wait wait = { crossing_now_ms(&x) + g->patience_ms, plan->sets.t2 + 1, g->round_ms };
	const err e = give(&x, &a, plan, parties_all(plan->sets.n2), &wait);
	arena_free(&a);
	return e;
}

/* ---- Rounds 1 and 2 ------------------------------------------------------------------------------------------------ */

/* N elements, d counters each: sum of X^c <z_c>, z_c random integers, is the sharing that prss_next would make, but sooner. */
static err make_masks(u128 *r, reshare_work *x, uint64_t first)
{
	session *s = x->s;
	IN_SCOPE(s);
	const size_t d = x->R->d;
	u128 *z;

	TRY(arena_new(&s->arena, &z, AT_ONCE * d * d));
	for (size_t from = 0; from < x->plan->N; from += AT_ONCE) {
		const size_t count = size_min(AT_ONCE, x->plan->N - from);
		prss_z_many(x->tables, x->R, z, s->sid.b, first + from * d, count * d);
		for (size_t i = 0; i < count; i++) {
			gr sum = reshare_element(x->R, z + (i * d + d - 1) * d);
			for (size_t c = d - 1; c--;)
				sum = gr_add(x->R, gr_times_x(x->R, sum), reshare_element(x->R, z + (i * d + c) * d));
			memcpy(r + (from + i) * d, sum.c, d * sizeof *r);
		}
	}
	return OK;
}

static err send_masks(reshare_work *x)
{
	session *s = x->s;
	const size_t N = x->plan->N, d = x->R->d;

	TRY(prss_batch_new(&x->tables, s->prss));
	for (party j = 1; j <= x->sets->n1; j++) {
		uint8_t *m;
		if (reshare_is_out(x, j)) continue;
		TRY(arena_new(&s->arena, &x->r[j], N * d));
		TRY(make_masks(x->r[j], x, (j - 1u) * N * d));
		IN_SCOPE(s);
		TRY(arena_new(&s->arena, &m, x->bytes));
		words_write(m, x->r[j], N * d);
		TRY(crossing_send(&x->between, x->sets->at[j], slice_of(m, x->bytes)));
	}
	return OK;
}

static err give_mine(reshare_work *x)
{
	session *s = x->s;
	IN_SCOPE(s);
	const crossing_wait wait = { .until_ms = session_round_ends_ms(s) };

	return give(&x->between, &s->arena, x->plan, live(s), &wait);
}

static err receive_values(reshare_work *x)
{
	session *s = x->s;
	const crossing_wait wait = { .until_ms = session_round_ends_ms(s) };
	slice got[MAX_PARTIES + 1];
	party_set from = 0;

	for (party j = 1; j <= x->sets->n1; j++) if (!reshare_is_out(x, j)) add_to(&from, x->sets->at[j]);
	TRY(crossing_gather(&x->between, got, &s->arena, from, x->bytes, &wait));
	for (party j = 1; j <= x->sets->n1; j++) {
		const party at = x->sets->at[j];
		if (!has(from, at)) continue;
		x->v[j] = got[at];
		DECLASSIFY(got[at].p, got[at].n, "shares behind masks, which all of the new set may know");
		if (!got[at].p && at <= x->sets->n2) suspect(s, at, "gave no share, or one of another length", got[at]);
	}
	return OK;
}

/* ---- the protocol -------------------------------------------------------------------------------------------------- */

bool reshare_is_out(const reshare_work *x, party j)
{
	return has(x->plan->lacking, j) || (x->sets->at[j] <= x->sets->n2 && is_corrupt(x->s, x->sets->at[j]));
}

err reshare_fail(reshare_work *x, party j, const char *why)
{
	if (x->sets->at[j] <= x->sets->n2 && !has(x->plan->lacking, j)) accuse(x->s, x->sets->at[j], why);
	add_to(&x->failed, j);
	if (size_of_set(x->failed) > x->sets->t1)
		return err_fail(ERR_STATE, "more than %u of the %u parties of the old set gave no right share", x->sets->t1, x->sets->n1);
	return within_model(x->s);
}

static void work_free(reshare_work *x)
{
	crossing_close(&x->between);
	prss_batch_free(&x->tables);
	code_free(&x->code);
}

err reshare(session *s, u128 *fresh, party_set *failed, const reshare_plan *plan)
{
	__attribute__((cleanup(work_free))) reshare_work x = { .s = s, .plan = plan, .sets = &plan->sets, .R = s->R };
	IN_SCOPE(s);

	TRY(reshare_sets_check(x.sets));
	ASSERT(s->prss && s->n == x.sets->n2 && s->t == x.sets->t2 && s->R->k == 128 && plan->N);
	ASSERT(!plan->as || (x.sets->at[plan->as] == s->me && !has(plan->lacking, plan->as)));
	if (plan->N > reshare_most(x.sets))
		return err_fail(ERR_UNSUPPORTED, "%zu secrets are more than one resharing takes", plan->N);
	x.bytes = plan->N * s->R->bytes;
	TRY(crossing_open(&x.between, &plan->route, s->me, s->inbox, s->out));

	/* Round 1.  <r_j> from PRSS; the Q_i send P_j their shares of it. */
	next_round(s);                           /* rounds of the session too, so that its clock has them */
	crossing_next_round(&x.between);
	TRY(send_masks(&x));

	/* Round 2.  P_j opens r_j and sends v_j = r_j + s_j to all Q_i. */
	if (plan->as) TRY(give_mine(&x));
	else crossing_next_round(&x.between);
	next_round(s);
	TRY(receive_values(&x));
	s->sent_messages += x.between.sent_messages, s->sent_bytes += x.between.sent_bytes;

	/* Round 3.  Q_i broadcasts digests of the v_j that it got; G: those on which more than t2 agree; who lacks one gets it. */
	TRY(reshare_agree(&x));

	/* Round 4.  <s_j> = v_j - <r_j>.  For g in G - I open <s_g> - sum over I of m_gj <s_j>; who is wrong follows. */
	TRY(reshare_check(&x));

	/* Output.  sum of l_j <s_j> over t1 + 1 P_j that are right. */
	reshare_combine(fresh, &x);
	*failed = x.failed;
	return OK;
}

err reshare_done(session *s, party_set *done, const hash32 *what)
{
	IN_SCOPE(s);
	slice all[MAX_PARTIES + 1];
	party_set same = 0;

	TRY(s->p->bcast(s, hash32_slice(what), sizeof *what, all));
	FOR_EACH_IN(i, live(s)) if (slice_eq_var(all[i], hash32_slice(what))) add_to(&same, i);
	if (size_of_set(same) < s->n - s->t)
		return err_fail(ERR_STATE, "only %u of %u parties say that the new shares are stored", size_of_set(same), s->n);
	*done = same;
	return OK;
}
