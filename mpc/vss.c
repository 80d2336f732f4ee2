/* SPDX-License-Identifier: MIT */
/*
 * mpc/vss.c -- verifiable secret sharing: many dealers, c secrets each, in the same rounds.            [GIKR01], t < n/3
 *
 * Whatever t parties do: (1) for each secret the honest shares lie on one polynomial of degree <= t; (2) if its dealer D is
 * honest, the value at 0 is D's secret, and t parties learn nothing about it.  A caught D is added to s->corrupt, and its
 * sharings are zero.
 *
 * Cost: 1 round + 1 broadcast; a second broadcast if somebody complained, a third if a complaint was justified.
 *
 * Notation     P_i party i, a_i = gr_point(i); all of this for each secret q, whose dealer is D
 *   F(X,Y)     D's polynomial, degree <= t in X and in Y, F(0,0) = secret
 *   F_i, G_i   F_i(X) = F(X,a_i), G_i(Y) = F(a_i,Y); hence F_i(a_j) = G_j(a_i) for all i, j
 *   r_ij       P_i's pad towards P_j: keeps F_i(a_j) hidden in Round 2
 *
 * Departure: a P_i whose own row and column do not meet (F_i(a_i) != G_i(a_i)) takes both for zero.  With t + 1 honest
 * parties left happy, the t other points of each row would not fix it.
 * Departure: parties known to be corrupt count as unhappy, and nothing is opened because of them.
 */
#include "mpc/mpc.h"
#include "share/bivar.h"

enum { MAX_WIDTH = 5 };              /* C(n,t) <= MAX_PRSS_SETS and 3t < n keep t below 5: C(16,5) = 4368 */

typedef struct conflict { size_t q; party i, j; } conflict;      /* a_ij != b_ji in secret q */

typedef struct batch {
	session  *s;
	unsigned  n, t, w;               /* w = t + 1 coefficients                          */
	party_set dealers;               /* as of the start; those not in s->corrupt count  */
	party     dealer[MAX_PARTIES];   /* in order                                        */
	size_t    c, Q;                  /* secrets of a dealer, of all                     */
	gr       *F;                     /* [l w^2]: mine                                   */
	gr       *Fi, *Gi;               /* [q w]                                           */
	gr       *r_to, *r_from;         /* [q n + j - 1]                                   */
	conflict *conflicts;
	size_t    conflict_count;
	party_set *unhappy;              /* [q]                                             */
} batch;

static party dealer_of(const batch *b, size_t q) { return b->dealer[q / b->c]; }
static bool  in_play(const batch *b, size_t q) { return !is_corrupt(b->s, dealer_of(b, q)); }
static bool  i_deal(const batch *b, size_t q) { return dealer_of(b, q) == b->s->me; }
static gr   *mine(const batch *b, size_t q) { return &b->F[q % b->c * b->w * b->w]; }

static err batch_new(batch *b, session *s, party_set dealers, size_t c)
{
	*b = (batch){ .s = s, .n = s->n, .t = s->t, .w = s->t + 1, .dealers = dealers & live(s), .c = c };
	unsigned count = 0;
	ASSERT(b->w <= MAX_WIDTH);
	FOR_EACH_IN(D, b->dealers) b->dealer[count++] = D;
	b->Q = count * c;
	TRY(arena_new(&s->arena, &b->F, has(b->dealers, s->me) ? c * b->w * b->w : 0));
	TRY(arena_new(&s->arena, &b->Fi, b->Q * b->w));
	TRY(arena_new(&s->arena, &b->Gi, b->Q * b->w));
	TRY(arena_new(&s->arena, &b->r_to, b->Q * b->n));
	TRY(arena_new(&s->arena, &b->r_from, b->Q * b->n));
	TRY(arena_new(&s->arena, &b->unhappy, b->Q));
	return OK;
}

/* A broadcast of elements, so many from each party: what has another length is accused. */
static err broadcast(batch *b, slice *all, const msg *m, const size_t *count)
{
	session *s = b->s;
	size_t most = 0;

	FOR_EACH_IN(i, live(s)) most = size_max(most, count[i]);
	TRY(s->p->bcast(s, msg_slice(m), most * s->R->bytes, all));
	FOR_EACH_IN(i, live(s))
		if (!is_elements(s, all[i], count[i])) accuse(s, i, "broadcast something else than VSS asks for");
	return OK;
}

/* ---- Round 1 ----------------------------------------------------------------------------------------------------- */

static size_t deals(const batch *b, party i) { return has(b->dealers, i) ? 2 * b->c * b->w : 0; }

static err send_rows_and_pads(batch *b, party j)
{
	gr poly[MAX_WIDTH];
	msg m;

	TRY(msg_new(b->s, &m, b->Q + deals(b, b->s->me)));
	for (size_t q = 0; q < b->Q; q++) put(&m, b->r_to[q * b->n + j - 1]);
	for (size_t q = 0; q < b->Q; q++) if (i_deal(b, q)) {
		bivar_row(poly, b->s->R, mine(b, q), b->t, j);
		put_n(&m, poly, b->w);
		bivar_col(poly, b->s->R, mine(b, q), b->t, j);
		put_n(&m, poly, b->w);
	}
	wipe(poly, sizeof poly);
	return mpc_send(b->s, j, msg_slice(&m));
}

/* What does not come, or not in the right form, stays 0: a default, not an error. */
static err receive_rows_and_pads(batch *b, party i)
{
	session *s = b->s;
	const size_t count = b->Q + deals(b, i);
	slice m;

	TRY(mpc_recv(s, i, &m, count * s->R->bytes));
	if (m.p && !is_elements(s, m, count)) suspect(s, i, "dealt something else than VSS asks for", m);
	for (size_t q = 0; q < b->Q; q++) b->r_from[q * b->n + i - 1] = nth(s, m, count, q);
	size_t at = b->Q;
	for (size_t q = 0; q < b->Q; q++) if (dealer_of(b, q) == i) {
		gr *Fi = &b->Fi[q * b->w], *Gi = &b->Gi[q * b->w];
		for (unsigned a = 0; a < b->w; a++) {
			Fi[a] = nth(s, m, count, at + a);
			Gi[a] = nth(s, m, count, at + b->w + a);
		}
		at += 2 * b->w;
		gr gap = gr_sub(s->R, gr_eval_at(s->R, Fi, b->t, s->me), gr_eval_at(s->R, Gi, b->t, s->me));
		DECLASSIFY(&gap, sizeof gap, "0, if the dealer is honest");
		if (gr_eq_var(gap, GR_ZERO)) continue;
		suspect(s, i, "dealt a row and a column that do not meet", m);
		memset(Fi, 0, b->w * sizeof *Fi);
		memset(Gi, 0, b->w * sizeof *Gi);
	}
	return OK;
}

static err deal(batch *b, const gr *secret)
{
	session *s = b->s;

	for (size_t q = 0; q < b->Q; q++) if (i_deal(b, q)) bivar_sample(mine(b, q), s->R, b->t, secret[q % b->c], s->random);
	for (size_t k = 0; k < b->Q * b->n; k++) b->r_to[k] = gr_random(s->R, s->random);
	next_round(s);
	FOR_EACH_IN(j, live(s)) TRY(send_rows_and_pads(b, j));
	FOR_EACH_IN(i, live(s)) TRY(receive_rows_and_pads(b, i));
	return OK;
}

/* ---- Round 2 ----------------------------------------------------------------------------------------------------- */

static err broadcast_masked(batch *b, slice *all)
{
	const ring *R = b->s->R;
	size_t count[MAX_PARTIES + 1];
	msg m;

	FOR_EACH_PARTY(i, b) count[i] = 2 * b->n * b->Q;
	TRY(msg_new(b->s, &m, 2 * b->n * b->Q));
	for (size_t q = 0; q < b->Q; q++) FOR_EACH_PARTY(j, b) {
		put(&m, gr_add(R, gr_eval_at(R, &b->Fi[q * b->w], b->t, j), b->r_to[q * b->n + j - 1]));
		put(&m, gr_add(R, gr_eval_at(R, &b->Gi[q * b->w], b->t, j), b->r_from[q * b->n + j - 1]));
	}
	return broadcast(b, all, &m, count);
}

/* The bytes of a_ij and of b_ij. */
static const uint8_t *a_of(const batch *b, const slice *all, size_t q, party i, party j)
{
	return all[i].p + (q * b->n + j - 1u) * 2 * b->s->R->bytes;
}
static const uint8_t *b_of(const batch *b, const slice *all, size_t q, party i, party j)
{
	return a_of(b, all, q, i, j) + b->s->R->bytes;
}

static size_t list_conflicts(const batch *b, const slice *all, conflict *out)
{
	const party_set L = live(b->s);
	size_t count = 0;

	for (size_t q = 0; q < b->Q; q++) if (in_play(b, q))
		FOR_EACH_IN(i, L) FOR_EACH_IN(j, L) {
			if (i == j || !memcmp(a_of(b, all, q, i, j), b_of(b, all, q, j, i), b->s->R->bytes)) continue;
			if (out) out[count] = (conflict){ q, i, j };
			count++;
		}
	return count;
}

/* ---- Round 3 ----------------------------------------------------------------------------------------------------- */

/* What P claims F(a_j, a_i) to be; it is the dealer, P_i or P_j. */
static gr claim(const batch *b, const conflict *x)
{
	const ring *R = b->s->R;
	gr row[MAX_WIDTH], v;

	if (!i_deal(b, x->q) && b->s->me == x->i) return gr_eval_at(R, &b->Fi[x->q * b->w], b->t, x->j);
	if (!i_deal(b, x->q)) return gr_eval_at(R, &b->Gi[x->q * b->w], b->t, x->i);
	bivar_row(row, R, mine(b, x->q), b->t, x->i);
	v = gr_eval_at(R, row, b->t, x->j);
	wipe(row, sizeof row);
	return v;
}

static bool claims(const batch *b, party i, const conflict *x) { return i == dealer_of(b, x->q) || i == x->i || i == x->j; }

static err broadcast_claims(batch *b, slice *all)
{
	session *s = b->s;
	size_t count[MAX_PARTIES + 1] = { 0 }, at[MAX_PARTIES + 1] = { 0 };
	msg m;

	FOR_EACH_PARTY(i, b) for (size_t k = 0; k < b->conflict_count; k++) count[i] += claims(b, i, &b->conflicts[k]);
	TRY(msg_new(s, &m, count[s->me]));
	for (size_t k = 0; k < b->conflict_count; k++)
		if (claims(b, s->me, &b->conflicts[k])) put(&m, claim(b, &b->conflicts[k]));
	TRY(broadcast(b, all, &m, count));

	for (size_t k = 0; k < b->conflict_count; k++) {
		const conflict *x = &b->conflicts[k];
		gr said[MAX_PARTIES + 1];
		FOR_EACH_PARTY(i, b) if (claims(b, i, x)) said[i] = nth(s, all[i], count[i], at[i]++);
		const gr d = said[dealer_of(b, x->q)];
		if (!gr_eq_var(said[x->i], d)) add_to(&b->unhappy[x->q], x->i);
		if (!gr_eq_var(said[x->j], d)) add_to(&b->unhappy[x->q], x->j);
	}
	for (size_t q = 0; q < b->Q; q++)
		if (in_play(b, q) && size_of_set(b->unhappy[q] | s->corrupt) > b->t)
			accuse(s, dealer_of(b, q), "dealt what more than t parties deny");
	return OK;
}

/* ---- Round 4 ----------------------------------------------------------------------------------------------------- */

/* The unhappy of q whose rows are to be opened. */
static party_set to_open(const batch *b, size_t q) { return in_play(b, q) ? b->unhappy[q] & live(b->s) : 0; }

static size_t opens(const batch *b, const party_set *open, party i)
{
	size_t count = 0;

	for (size_t q = 0; q < b->Q; q++) {
		if (i == dealer_of(b, q)) count += size_of_set(open[q]) * b->w;
		else if (!has(open[q], i)) count += size_of_set(open[q]);
	}
	return count;
}

/* Whether enough of the happy agree with the row that D opens for P_i; it then is P_i's. */
static bool row_is_good(batch *b, size_t q, party i, party_set happy, const gr *row, const gr *column)
{
	const ring *R = b->s->R;
	unsigned agree = 0;

	FOR_EACH_IN(j, happy) agree += j == dealer_of(b, q) || gr_eq_var(gr_eval_at(R, row, b->t, j), column[j]);
	if (agree < 2 * b->t + 1) return false;
	if (b->s->me == i) memcpy(&b->Fi[q * b->w], row, b->w * sizeof *row);
	return true;
}

static err open_rows(batch *b, slice *all)
{
	session *s = b->s;
	size_t count[MAX_PARTIES + 1] = { 0 }, at[MAX_PARTIES + 1] = { 0 };
	party_set *open;
	gr row[MAX_WIDTH], column[MAX_PARTIES + 1];
	msg m;

	TRY(arena_new(&s->arena, &open, b->Q));
	for (size_t q = 0; q < b->Q; q++) open[q] = to_open(b, q);
	FOR_EACH_PARTY(i, b) count[i] = opens(b, open, i);
	TRY(msg_new(s, &m, count[s->me]));
	for (size_t q = 0; q < b->Q; q++) FOR_EACH_IN(i, open[q]) {
		if (i_deal(b, q)) {
			bivar_row(row, s->R, mine(b, q), b->t, i);
			put_n(&m, row, b->w);
		} else if (!has(open[q], s->me)) {
			put(&m, gr_eval_at(s->R, &b->Gi[q * b->w], b->t, i));
		}
	}
	TRY(broadcast(b, all, &m, count));

	for (size_t q = 0; q < b->Q; q++) FOR_EACH_IN(i, open[q]) {
		const party D = dealer_of(b, q);
		for (unsigned a = 0; a < b->w; a++) row[a] = nth(s, all[D], count[D], at[D]++);
		FOR_EACH_PARTY(j, b) if (j != D && !has(open[q], j)) column[j] = nth(s, all[j], count[j], at[j]++);
		if (in_play(b, q) && !row_is_good(b, q, i, live(s) & ~b->unhappy[q], row, column))
			accuse(s, D, "opened a row that too few parties confirm");
	}
	return OK;
}

/* ---- the protocol ------------------------------------------------------------------------------------------------ */

err vss(session *s, share *out, party_set dealers, size_t c, const gr *secret)
{
	IN_SCOPE(s);
	slice all[MAX_PARTIES + 1];
	bool open = false;
	batch b;

	TRY(batch_new(&b, s, dealers, c));

	/* Round 1.  D picks F, sends F_j, G_j to each P_j.  P_i sends a random r_ij to each P_j. */
	TRY(deal(&b, secret));

	/* Round 2.  P_i broadcasts a_ij = F_i(a_j) + r_ij and b_ij = G_i(a_j) + r_ji, for all j. */
	TRY(broadcast_masked(&b, all));
	b.conflict_count = list_conflicts(&b, all, NULL);

	/* Round 3.  For each a_ij != b_ji: P_i broadcasts F_i(a_j), P_j G_j(a_i), D F(a_j,a_i).  Whoever differs from D is
	 *           unhappy; D is caught if more than t are.  (A branch on what was broadcast: all honest parties take it.) */
	if (b.conflict_count) {
		TRY(arena_new(&s->arena, &b.conflicts, b.conflict_count));
		list_conflicts(&b, all, b.conflicts);
		TRY(broadcast_claims(&b, all));
	}

	/* Round 4.  For each unhappy P_i: D broadcasts F_i, each happy P_j G_j(a_i).  If 2t + 1 of the happy, D among them,
	 *           agree, P_i takes this F_i; otherwise D is caught. */
	for (size_t q = 0; q < b.Q; q++) open |= to_open(&b, q) != 0;
	if (open) TRY(open_rows(&b, all));

	/* Output.  F_i(0); zero if D was caught. */
	memset(out, 0, s->n * c * sizeof *out);
	for (size_t q = 0; q < b.Q; q++) if (in_play(&b, q)) out[(dealer_of(&b, q) - 1u) * c + q % c].v = b.Fi[q * b.w];
	return within_model(s);
}
