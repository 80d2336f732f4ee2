/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: for each secret of each dealer the honest shares lie on one polynomial of degree <= t; an honest
 * dealer's secret is what it shared; the others are accused and their sharings zero, or they shared something.
 *
 * The liars deal what they like (Round 1), and put in their broadcasts what they like: as dealers, values and rows of a story
 * of their own (Rounds 3 and 4), as receivers, complaints.
 */
#include <stdlib.h>
#include "tests/mpc/theorem.h"
#include "share/bivar.h"
#include "share/shamir.h"

enum { C = 2, W = 5, MOST_Q = 13 * C };                  /* secrets of a dealer */

typedef struct io { gr secret[C]; share out[MAX_PARTIES * C]; } io;

static party_set dealers;                                /* 0: all */
static party_set dealing_in(unsigned n) { return dealers ? dealers & parties_all(n) : parties_all(n); }

static void input(trial *x, party i, void *arg)
{
	(void)i;
	for (unsigned l = 0; l < C; l++) ((io *)arg)->secret[l] = random_element(x->n, x->k);
}

static err run(session *s, void *arg)
{
	io *v = arg;
	return s->p->vss(s, v->out, dealing_in(s->n), C, v->secret);
}

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, 1 + 3 * bcast_rounds(t); }

static const char *violated(const trial *x)
{
	const ring *R = ring_of(x->k, ring_degree(x->n));
	const party_set accused = x->p[first_of(honest(x))].corrupt;
	share y[MAX_PARTIES + 1];
	gr secret;

	for (party D = 1; D <= x->n; D++) for (unsigned l = 0; l < C; l++) {
		FOR_EACH_IN(i, honest(x)) y[i] = ((io *)x->io[i])->out[(D - 1u) * C + l];
		if (!sim_reconstruct(&secret, R, y, honest(x), x->t)) return "the shares are not on one polynomial of degree t";
		if (has(accused, D) || !has(dealing_in(x->n), D)) {
			FOR_EACH_IN(i, honest(x)) if (!gr_eq_var(y[i].v, GR_ZERO)) return "a caught dealer's sharing is not zero";
		} else if (!has(x->corrupt, D)) {
			if (!gr_eq_var(secret, ((io *)x->io[D])->secret[l])) return "an honest dealer's secret is lost";
		}
	}
	return NULL;
}

static const theorem SHARING = { "verifiable sharing", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

/* ---- liars: their stories ---------------------------------------------------------------------------------------- */

/* What a corrupt dealer gives to each party, claims about F(a_j, a_i) in Round 3, and opens as F_i in Round 4. */
typedef struct story {
	gr F[W * W];
	gr row[MAX_PARTIES + 1][W], col[MAX_PARTIES + 1][W];
	gr open[MAX_PARTIES + 1][W];
	party_set believed;              /* Round 3: claims what P_i's row says for i in it, else P_j's column, else F */
} story;

static struct {
	const trial *x;
	const ring *R;
	story    of[MAX_PARTIES + 1][C];
	bool     complain, other_pads, garble_3, garble_4, short_2, short_3;
	uint8_t *round_2[MAX_PARTIES + 1];       /* what was broadcast, for the list of conflicts */
	size_t   n_2;
	unsigned broadcasts;
} plot;

static void honest_story(story *y)
{
	const trial *x = plot.x;

	*y = (story){ .believed = parties_all(x->n) };
	bivar_sample(y->F, plot.R, x->t, random_element(x->n, x->k), test_rng());
	for (party i = 1; i <= x->n; i++) {
		bivar_row(y->row[i], plot.R, y->F, x->t, i);
		bivar_col(y->col[i], plot.R, y->F, x->t, i);
		memcpy(y->open[i], y->row[i], sizeof y->open[i]);
	}
}

static void random_poly(gr *f) { for (unsigned a = 0; a <= plot.x->t; a++) f[a] = random_element(plot.x->n, plot.x->k); }

/* The polynomial of degree <= t through t + 1 points. */
static void through(gr *f, const party *at, const gr *value)
{
	const ring *R = plot.R;
	const unsigned t = plot.x->t;

	for (unsigned a = 0; a <= t; a++) f[a] = GR_ZERO;
	for (unsigned i = 0; i <= t; i++) {
		gr basis[W] = { GR_ONE }, scale = GR_ONE;
		for (unsigned j = 0, degree = 0; j <= t; j++) {
			if (j == i) continue;
			for (unsigned a = ++degree; a; a--) basis[a] = gr_sub(R, basis[a - 1], gr_times_point(R, at[j], basis[a]));
			basis[0] = gr_neg(R, gr_times_point(R, at[j], basis[0]));
			scale = gr_mul(R, scale, gr_sub(R, gr_point(at[i]), gr_point(at[j])));
		}
		scale = gr_mul(R, value[i], gr_inv(R, scale));
		for (unsigned a = 0; a <= t; a++) f[a] = gr_add(R, f[a], gr_mul(R, scale, basis[a]));
	}
}

/* The first `count` honest parties. */
static party_set some_honest(unsigned count)
{
	party_set w = 0;

	FOR_EACH_IN(i, honest(plot.x)) if (size_of_set(w) < count) add_to(&w, i);
	return w;
}

/* T-VSS: 1 .. n - t victims get rows of nothing; whether these or the others are believed, and what is opened, varies. */
static void deal_to_victims(story *y, unsigned victims, bool believe_them, bool open_wrong)
{
	const party_set v = some_honest(victims);

	FOR_EACH_IN(i, v) {
		random_poly(y->row[i]);
		random_poly(y->col[i]);
		y->col[i][0] = gr_add(plot.R, y->col[i][0], gr_sub(plot.R, gr_eval_at(plot.R, y->row[i], plot.x->t, i),
		                      gr_eval_at(plot.R, y->col[i], plot.x->t, i)));
		if (open_wrong) random_poly(y->open[i]);
	}
	if (!believe_them) y->believed &= ~v;
}

/* Rows, or columns, that are wrong everywhere but where they meet: at the victim's own point. */
static void deal_half_wrong(story *y, unsigned victims, bool rows)
{
	FOR_EACH_IN(i, some_honest(victims)) {
		gr *f = rows ? y->row[i] : y->col[i];
		f[0] = gr_sub(plot.R, f[0], gr_point(i));
		f[1] = gr_add(plot.R, f[1], GR_ONE);
	}
	y->believed = 0;
}

/* Two polynomials, one for each half. */
static void deal_two_halves(story *y)
{
	static story other;
	const party_set half = some_honest((plot.x->n - plot.x->t) / 2);

	honest_story(&other);
	FOR_EACH_IN(i, half) {
		memcpy(y->row[i], other.row[i], sizeof y->row[i]);
		memcpy(y->col[i], other.col[i], sizeof y->col[i]);
	}
	if (plot.x->variant % 2) y->believed = half;
}

/* A victim whose opened row fits only 2t of the happy: wrong by a polynomial that vanishes at t of them. */
static void open_almost(story *y)
{
	const party v = first_of(honest(plot.x));
	gr wrong[W] = { GR_ONE };
	unsigned degree = 0;

	deal_to_victims(y, 1, false, false);
	FOR_EACH_IN(j, honest(plot.x) & ~((party_set)1 << v)) {
		if (degree == plot.x->t) continue;
		for (unsigned a = ++degree; a; a--) wrong[a] = gr_sub(plot.R, wrong[a - 1], gr_times_point(plot.R, j, wrong[a]));
		wrong[0] = gr_neg(plot.R, gr_times_point(plot.R, j, wrong[0]));
	}
	for (unsigned a = 0; a <= plot.x->t; a++) y->open[v][a] = gr_add(plot.R, y->open[v][a], wrong[a]);
}

/*
 * t + 1 honest parties H get rows and columns that fit each other except at their own points, the t others garbage.  These
 * complain, are not believed, and get rows that fit the columns of H: which, by what is wrong at the own points, are no
 * columns of any F.  Needs n = 3t + 1 and t <= 2.
 */
static void deal_apart_on_the_diagonal(story *y)
{
	const trial *x = plot.x;
	const ring *R = plot.R;
	const party_set H = some_honest(x->t + 1);
	party h[W];
	gr value[W];
	unsigned m = 0;

	FOR_EACH_IN(i, H) h[m++] = i;
	FOR_EACH_IN(j, H) {              /* G_j through F_i(a_j), i in H, wrong at a_j itself */
		for (unsigned k = 0; k <= x->t; k++) {
			value[k] = gr_eval_at(R, y->row[h[k]], x->t, j);
			if (h[k] == j) value[k] = gr_add(R, value[k], gr_point(3));
		}
		through(y->col[j], h, value);
	}
	FOR_EACH_IN(i, parties_all(x->n) & ~H) {
		for (unsigned k = 0; k <= x->t; k++) value[k] = gr_eval_at(R, y->col[h[k]], x->t, i);
		through(y->open[i], h, value);
		if (has(x->corrupt, i)) {
			memcpy(y->row[i], y->open[i], sizeof y->row[i]);
			continue;
		}
		random_poly(y->row[i]);
		random_poly(y->col[i]);
		y->col[i][0] = gr_add(R, y->col[i][0], gr_sub(R, gr_eval_at(R, y->row[i], x->t, i), gr_eval_at(R, y->col[i], x->t, i)));
	}
	y->believed = H | x->corrupt;
}

/* ---- liars: how they tell them ----------------------------------------------------------------------------------- */

static size_t all_q(void) { return size_of_set(dealing_in(plot.x->n)) * C; }
static party dealer_of(size_t q)
{
	party_set d = dealing_in(plot.x->n);
	for (size_t k = q / C; k; k--) take_from(&d, first_of(d));
	return first_of(d);
}

/* Round 1: rows and columns after the pads. */
static void rush_deal(void *ctx, sim *s, envelope *held, size_t count)
{
	const size_t e = plot.R->bytes;
	(void)ctx;

	for (size_t k = 0; k < count; k++) {
		envelope *m = &held[k];
		if (m->round != 1) continue;
		uint8_t *p = memcpy(sim_bytes(s, m->body.n), m->body.p, m->body.n);
		m->body.p = p;
		if (plot.other_pads) rng_fill(sim_rng(s), p, all_q() * e);
		p += all_q() * e;
		for (unsigned l = 0; l < C && has(dealing_in(plot.x->n), m->from); l++) {
			const story *y = &plot.of[m->from][l];
			for (unsigned a = 0; a <= plot.x->t; a++, p += e) gr_write(plot.R, p, y->row[m->to][a]);
			for (unsigned a = 0; a <= plot.x->t; a++, p += e) gr_write(plot.R, p, y->col[m->to][a]);
		}
	}
}

static bool conflict_at(size_t q, party i, party j)
{
	const size_t e = plot.R->bytes, n = plot.x->n;

	return memcmp(plot.round_2[i] + (q * n + j - 1u) * 2 * e, plot.round_2[j] + (q * n + i - 1u) * 2 * e + e, e) != 0;
}

/* The dealer's value for the conflict, as its story has it. */
static gr claimed(const story *y, party i, party j)
{
	if (has(y->believed, i)) return gr_eval_at(plot.R, y->row[i], plot.x->t, j);
	if (has(y->believed, j)) return gr_eval_at(plot.R, y->col[j], plot.x->t, i);
	gr row[W];
	bivar_row(row, plot.R, y->F, plot.x->t, i);
	return gr_eval_at(plot.R, row, plot.x->t, j);
}

/* Round 3, in the order of the protocol; only among parties that are still there. */
static void tell_claims(uint8_t *p, const session *s)
{
	const size_t e = plot.R->bytes;
	const party_set L = live(s);

	for (size_t q = 0; q < all_q(); q++) {
		const party D = dealer_of(q);
		if (!has(L, D)) continue;
		FOR_EACH_IN(i, L) FOR_EACH_IN(j, L) {
			if (i == j || !conflict_at(q, i, j) || (s->me != D && s->me != i && s->me != j)) continue;
			if (s->me == D) gr_write(plot.R, p, claimed(&plot.of[D][q % C], i, j));
			else if (plot.garble_3) rng_fill(s->random, p, e);
			p += e;
		}
	}
}

/* Round 4: whose rows are open is recomputed from the claims that were broadcast. */
static party_set open_set[MOST_Q];

static void tell_rows(uint8_t *p, const session *s)
{
	const size_t e = plot.R->bytes;

	for (size_t q = 0; q < all_q(); q++) FOR_EACH_IN(i, open_set[q]) {
		const story *y = &plot.of[s->me][q % C];
		if (dealer_of(q) == s->me) {
			for (unsigned a = 0; a <= plot.x->t; a++, p += e) gr_write(plot.R, p, y->open[i][a]);
		} else if (!has(open_set[q], s->me)) {
			const party D = dealer_of(q);
			if (plot.garble_4) rng_fill(s->random, p, e);
			else if (has(plot.x->corrupt, D))            /* friends confirm */
				gr_write(plot.R, p, gr_eval_at(plot.R, plot.of[D][q % C].open[i], plot.x->t, s->me));
			p += e;
		}
	}
}

static void learn_open_sets(const session *s, const slice *all)
{
	const size_t e = plot.R->bytes;
	size_t at[MAX_PARTIES + 1] = { 0 };
	party_set L = parties_all(plot.x->n);

	for (party i = 1; i <= plot.x->n; i++) if (!plot.round_2[i]) take_from(&L, i);
	memset(open_set, 0, sizeof open_set);
	for (size_t q = 0; q < all_q(); q++) {
		const party D = dealer_of(q);
		if (!has(L, D)) continue;
		FOR_EACH_IN(i, L) FOR_EACH_IN(j, L) {
			gr said[3];
			const party who[3] = { D, i, j };
			if (i == j || !conflict_at(q, i, j)) continue;
			for (unsigned k = 0; k < 3; k++) {
				if (k && who[k] == D) said[k] = said[0];
				else said[k] = all[who[k]].n >= (at[who[k]] + 1) * e ? gr_read(plot.R, all[who[k]].p + at[who[k]]++ * e) : GR_ZERO;
			}
			if (!gr_eq_var(said[1], said[0])) add_to(&open_set[q], i);
			if (!gr_eq_var(said[2], said[0])) add_to(&open_set[q], j);
		}
	}
	for (size_t q = 0; q < all_q(); q++)
		open_set[q] = !has(live(s), dealer_of(q)) || size_of_set(open_set[q] | s->corrupt) > s->t ? 0 : open_set[q] & live(s);
}

static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	const unsigned number = s->broadcasts + 1;
	uint8_t *p;

	TRY(arena_new(&s->arena, &p, mine.n + 1));
	if (mine.n) memcpy(p, mine.p, mine.n);
	if (number == 1 && plot.complain) rng_fill(s->random, p, mine.n);
	if (number == 2) tell_claims(p, s);
	if (number == 3) tell_rows(p, s);
	const bool cut = mine.n && ((number == 1 && plot.short_2) || (number == 2 && plot.short_3));
	TRY(bcast(s, slice_of(p, mine.n - cut), most, all));
	if (number == 1) for (party i = 1; i <= s->n; i++) {
		plot.n_2 = 2 * s->n * all_q() * plot.R->bytes;
		free(plot.round_2[i]);
		plot.round_2[i] = all[i].n == plot.n_2 ? memcpy(malloc(plot.n_2), all[i].p, plot.n_2) : NULL;
	}
	if (number == 2) learn_open_sets(s, all);
	return OK;
}
static const protocols LIAR = { .bcast = lying_bcast, .vss = vss, .open = open_sync };

typedef void (*twist)(story *y, unsigned variant);

static void no_twist(story *y, unsigned v) { (void)y, (void)v; }
static void victims_unbelieved(story *y, unsigned v) { deal_to_victims(y, 1 + v, false, false); }
static void victims_believed(story *y, unsigned v) { deal_to_victims(y, 1 + v, true, false); }
static void victims_cheated(story *y, unsigned v) { deal_to_victims(y, 1 + v, false, true); }
static void wrong_rows(story *y, unsigned v) { deal_half_wrong(y, 1 + v, true); }
static void wrong_columns(story *y, unsigned v) { deal_half_wrong(y, 1 + v, false); }
static void two_halves(story *y, unsigned v) { (void)v, deal_two_halves(y); }
static void almost(story *y, unsigned v) { (void)v, open_almost(y); }
static void diagonal(story *y, unsigned v) { (void)v, deal_apart_on_the_diagonal(y); }

static void begin_plot(trial *x, twist f)
{
	for (party i = 1; i <= MAX_PARTIES; i++) {
		free(plot.round_2[i]);
		plot.round_2[i] = NULL;
	}
	plot.x = x;
	plot.R = ring_of(x->k, ring_degree(x->n));
	FOR_EACH_IN(D, x->corrupt) for (unsigned l = 0; l < C; l++) {
		honest_story(&plot.of[D][l]);
		if (l == 0) f(&plot.of[D][l], x->variant);       /* one bad secret spoils the dealer */
	}
}

/* One liar's dealing, with every number of victims, and all of the other lies at once or not. */
static void tell(sizes c, twist f, unsigned variant, party_set corrupt, bool must_be_caught, bool must_pass)
{
	static uint64_t seed = 500;
	static trial x;                                  /* the plot goes on to look at it */

	x = (trial){ .of = &SHARING, .n = c.n, .t = c.t, .k = 64, .corrupt = corrupt, .seed = ++seed, .variant = variant,
	             .rush = rush_deal, .table = &LIAR, .name = "a story" };

	begin_plot(&x, f);
	trial_must_hold_keep(&x);
	const party_set accused = x.p[first_of(honest(&x))].corrupt;
	if (must_be_caught) assert_int_equal(accused & corrupt & dealing_in(c.n), corrupt & dealing_in(c.n));
	if (must_pass) assert_int_equal(accused, 0);
	trial_end(&x);
}

static int reset(void **state)
{
	(void)state;
	plot.complain = plot.other_pads = plot.garble_3 = plot.garble_4 = plot.short_2 = plot.short_3 = false;
	dealers = 0;
	return 0;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void no_fault_on_the_wire_breaks_a_sharing(void **state)
{
	(void)state;
	sweep(&SHARING, SIZES[0], 600, 200);
	sweep(&SHARING, SIZES[1], 40, 40);
	sweep(&SHARING, SIZES[2], 20, 20);
	dealers = 1 << 2;
	sweep(&SHARING, SIZES[3], 4, 4);
	sweep(&SHARING, SIZES[4], 2, 2);
}

static void up_to_t_victims_get_their_rows_and_with_more_the_dealer_is_caught(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (unsigned v = 0; v < SIZES[c].n - SIZES[c].t; v++) {
		const unsigned t = SIZES[c].t;
		tell(SIZES[c], victims_unbelieved, v, last_parties(SIZES[c].n, 1), v >= t, v < t);
		tell(SIZES[c], victims_believed, v, last_parties(SIZES[c].n, t), false, false);
		tell(SIZES[c], victims_cheated, v, last_parties(SIZES[c].n, 1), true, false);
		tell(SIZES[c], wrong_rows, v, last_parties(SIZES[c].n, 1), v >= t, v < t);
		tell(SIZES[c], wrong_columns, v, last_parties(SIZES[c].n, 1), v >= t, v < t);
	}
	dealers = 1 << 10 | 1 << 13;
	tell(SIZES[3], victims_unbelieved, 2, last_parties(10, 1), false, true);
	tell(SIZES[4], victims_unbelieved, 4, last_parties(13, 1), true, false);
}

/* Two liars and an honest party deal; the liars are the last t.  What must come of each story is as above. */
static void liars_of_large_clusters_fare_no_better(void **state)
{
	static const struct { twist f; unsigned past_t; bool caught, pass, one; } STORIES[] = {
		{ victims_unbelieved, 0, false, true, true }, { victims_unbelieved, 1, true, false, true }, { victims_believed, 1, false, false, false },
		{ victims_cheated, 0, true, false, true }, { wrong_rows, 1, true, false, true }, { wrong_columns, 0, false, true, true },
		{ two_halves, 0, false, false, false }, { almost, 0, true, false, true },
	};

	(void)state;
	for (size_t c = 3; c < COUNT(SIZES); c++) for (size_t k = 0; k < COUNT(STORIES); k++) {
		const unsigned n = SIZES[c].n, t = SIZES[c].t;
		dealers = 1u << n | (STORIES[k].one ? 0 : 1u << (n - 1)) | 1 << 2;
		tell(SIZES[c], STORIES[k].f, t - 1 + STORIES[k].past_t, last_parties(n, STORIES[k].one ? 1 : t), STORIES[k].caught, STORIES[k].pass);
	}
}

static void false_complaints_in_large_clusters_hurt_nobody_honest(void **state)
{
	(void)state;
	for (size_t c = 3; c < COUNT(SIZES); c++) for (unsigned lies = 0; lies < 4; lies++) {
		const sizes k = SIZES[c];
		reset(NULL);
		dealers = 1u << k.n | 1 << 2;
		plot.complain = lies != 1, plot.other_pads = lies == 1, plot.garble_3 = lies == 2, plot.garble_4 = true, plot.short_3 = lies == 3;
		tell(k, lies % 2 ? no_twist : victims_unbelieved, 0, last_parties(k.n, k.t), false, false);
	}
}

static void a_dealer_of_two_polynomials_is_caught_or_shares_one(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (unsigned v = 0; v < 2; v++) {
		tell(SIZES[c], two_halves, v, last_parties(SIZES[c].n, SIZES[c].t), false, false);
		tell(SIZES[c], two_halves, v, parties_all(1), false, false);
	}
}

static void a_row_that_fits_too_few_is_not_taken(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) tell(SIZES[c], almost, 0, last_parties(SIZES[c].n, 1), true, false);
}

static void rows_that_miss_their_own_columns_do_not_pass(void **state)
{
	(void)state;
	dealers = 1 << 4;
	tell((sizes){ 4, 1 }, diagonal, 0, 1 << 4, true, false);
	dealers = 1 << 7;
	tell((sizes){ 7, 2 }, diagonal, 0, 1 << 6 | 1 << 7, true, false);
}

static void false_complaints_hurt_nobody_honest(void **state)
{
	(void)state;
	for (unsigned lies = 1; lies < 32; lies++) {
		plot.complain = lies & 1, plot.other_pads = lies & 2, plot.garble_3 = lies & 4, plot.garble_4 = lies & 8, plot.short_3 = lies & 16;
		for (size_t c = 0; c < 3; c++) {
			const sizes k = SIZES[c];
			if (c == 2 && lies % 5) continue;
			tell(k, lies % 2 ? no_twist : victims_unbelieved, 0, random_parties(k.n, k.t), false, false);
		}
	}
}

static void who_broadcasts_too_little_is_accused(void **state)
{
	(void)state;
	plot.short_2 = true;
	for (size_t c = 0; c < 3; c++) tell(SIZES[c], no_twist, 0, random_parties(SIZES[c].n, SIZES[c].t), true, false);
}

static void honest_dealings_have_no_conflict_between_honest_parties(void **state)
{
	(void)state;
	plot.complain = plot.other_pads = true;
	for (size_t c = 0; c < 3; c++) {
		const sizes k = SIZES[c];
		tell(k, no_twist, 0, last_parties(k.n, k.t), false, false);
		for (size_t q = 0; q < all_q(); q++) {
			const party_set good = parties_all(k.n - k.t);
			if (!has(good, dealer_of(q))) continue;
			FOR_EACH_IN(i, good) FOR_EACH_IN(j, good) if (i != j) assert_false(conflict_at(q, i, j));
		}
	}
}

static void liars_who_know_nothing_of_it_break_no_sharing(void **state)
{
	(void)state;
	try_lies(&SHARING, GENERIC_LIES, COUNT(GENERIC_LIES), 7);
}

static void a_silent_party_is_accused_and_the_rest_share(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		trial x = { .of = &SHARING, .n = SIZES[c].n, .t = SIZES[c].t, .seed = c, .silent = true };
		x.corrupt = random_parties(x.n, x.t);
		trial_must_hold_keep(&x);
		assert_int_equal(x.p[first_of(honest(&x))].corrupt, x.corrupt);
		trial_end(&x);
	}
}

static void sixteen_parties_share_over_the_ring_of_degree_five(void **state)
{
	(void)state;
	dealers = 1 << 1 | 1 << 16;
	tell((sizes){ 16, 4 }, victims_unbelieved, 3, 1 << 16, false, true);
}

/* T-CORRUPTLOCAL: a dealer and receiver whose messages one party alone does not get, in one round or in all. */
static void what_only_one_party_saw_accuses_nobody(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (unsigned last = 1; last < 100; last += 98) {
		const fault f = { FAULT_DROP, .from = 1, .to = 3, .first = 1, .last = last };
		trial x = { .of = &SHARING, .n = SIZES[c].n, .t = SIZES[c].t, .seed = c, .corrupt = 1 << 1, .faults = &f, .fault_count = 1 };
		trial_must_hold_keep(&x);
		assert_int_equal(x.p[3].suspects, 1 << 1);
		assert_int_equal(x.p[2].suspects, 0);
		for (party i = 2; i <= x.n; i++) assert_int_equal(x.p[i].corrupt, 0);
		trial_end(&x);
	}
}

static void it_takes_one_round_and_one_broadcast_when_nobody_complains(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (unsigned k = 64; k <= 128; k += 64) {
		trial x = { .of = &SHARING, .n = SIZES[c].n, .t = SIZES[c].t, .k = k, .seed = c };
		assert_null(trial_run(&x));
		const size_t e = ring_of(k, ring_degree(x.n))->bytes, Q = x.n * C;
		for (party i = 1; i <= x.n; i++) {
			assert_int_equal(x.p[i].rounds, 1 + bcast_rounds(x.t));
			assert_int_equal(x.p[i].bytes, (x.n - 1) * (ENVELOPE_HEADER + e * (Q + 2 * C * (x.t + 1)))
			                                       + bcast_bytes(x.n, x.t, i, 2 * x.n * Q * e));
		}
		trial_end(&x);
	}
}

#define AFTER_RESET(f) cmocka_unit_test_setup(f, reset)
TESTS(
	AFTER_RESET(no_fault_on_the_wire_breaks_a_sharing),
	AFTER_RESET(up_to_t_victims_get_their_rows_and_with_more_the_dealer_is_caught),
	AFTER_RESET(liars_of_large_clusters_fare_no_better),
	AFTER_RESET(false_complaints_in_large_clusters_hurt_nobody_honest),
	AFTER_RESET(a_dealer_of_two_polynomials_is_caught_or_shares_one),
	AFTER_RESET(a_row_that_fits_too_few_is_not_taken),
	AFTER_RESET(rows_that_miss_their_own_columns_do_not_pass),
	AFTER_RESET(false_complaints_hurt_nobody_honest),
	AFTER_RESET(who_broadcasts_too_little_is_accused),
	AFTER_RESET(honest_dealings_have_no_conflict_between_honest_parties),
	AFTER_RESET(liars_who_know_nothing_of_it_break_no_sharing),
	AFTER_RESET(a_silent_party_is_accused_and_the_rest_share),
	AFTER_RESET(sixteen_parties_share_over_the_ring_of_degree_five),
	AFTER_RESET(what_only_one_party_saw_accuses_nobody),
	AFTER_RESET(it_takes_one_round_and_one_broadcast_when_nobody_complains)
)
