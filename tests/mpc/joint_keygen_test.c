/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: the honest end with the same bodies, byte for byte those of the secrets they share and of the noise they
 * took, each sample once; nobody honest is accused or suspected.
 */
#include <stdlib.h>
#include "lattice/keygen.h"
#include "lattice/sample.h"
#include "tests/mpc/key_oracle.h"
#include "tests/mpc/theorem.h"

/* A few rows of every kind, in both rings. */
static const lat_params TINY = {
	.name = "tiny", .n = 2, .k = 1, .N = 256, .lwe_noise = 45, .glwe_noise = 17,
	.pbs = { .base_log = 23, .level = 1 }, .ks = { .base_log = 4, .level = 1 }, .ms = { .kind = MS_DRIFT, .zeros = 5 },
	.pke = { .n = 256, .noise = 17, .cast = { .base_log = 4, .level = 1 } },
	.comp = { .br = { .base_log = 23, .level = 1 }, .pks = { .base_log = 4, .level = 1 }, .k = 3, .N = 1, .noise = 43 },
	.sns = { .k = 2, .N = 256, .noise = 30, .br = { .base_log = 24, .level = 1 }, .ms = { .kind = MS_CENTERED_MEAN } },
	.snscomp = { .pks = { .base_log = 41, .level = 1 }, .k = 2, .N = 1, .noise = 3 },
};
enum { PRODUCT_ROWS = 3 + 2 + 2 * 2 + 2 };     /* that have a product */

/* ---- a run --------------------------------------------------------------------------------------------------------- */

static world them;
static uint64_t by_triples[MAX_PARTIES + 1], told[MAX_PARTIES + 1], told_of[MAX_PARTIES + 1];

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	const party me = *(const party *)ctx;

	assert_true(done > told[me] && done <= of);
	told[me] = done, told_of[me] = of;
}

static err run(session *s, void *arg)
{
	member *m = arg;
	joint_keygen_job job = world_keygen_job(m->w, m->me);
	const progress told_to = { &m->me, tell };

	job.by_triples = &by_triples[m->me], job.told = &told_to;
	return joint_keygen(s, &m->set, &job);
}

static const work_sizes USUAL = { .lanes = 2, .slab = 128 };

static void cluster_of(unsigned n, unsigned t)
{
	them.size = USUAL;
	if (them.n == n && them.t == t) return;
	if (them.n) world_free(&them);
	world_new(&them, &TINY, n, t);
	them.size = USUAL;
	world_deal(&them);
}

static void count(void *ctx, sim *s, const envelope *e)
{
	play *x = ctx;

	if (e->from != e->to) x->bytes[e->from] += ENVELOPE_HEADER + e->body.n;
	sim_pass(s, e);
}

static trial *generic;               /* what a lie of theorem.h gets; NULL: the play */
static faults *on_wire;                 /* what happens on it; NULL: nothing            */

static void play_it(play *x)
{
	const session_id sid = sim_sid(x->session);
	world *w = x->w = &them;

	world_forget_generation(w);
	memset(told, 0, sizeof told);
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
	assert_ok(sim_new(&x->sim, &(sim_setup){ .n = w->n, .t = w->t, .k = 128, .corrupt = x->corrupt, .seed = x->session }));
	if (on_wire) sim_set_tap(x->sim, faults_tap, on_wire);
	else sim_set_tap(x->sim, count, x);
	if (x->rush) sim_set_rush(x->sim, x->rush, generic ? (void *)generic : x);
	x->p = calloc(w->n + 1u, sizeof *x->p);
	assert_non_null(x->p);
	for (party i = 1; i <= w->n; i++) {
		const bool lies = has(x->corrupt, i);
		x->p[i] = (sim_party){ .run = lies && x->silent ? NULL : lies && x->liar ? x->liar : run, .arg = &w->m[i],
		                       .p = lies ? x->table : NULL };
	}
	sim_run(x->sim, x->p, &sid);
}

/* The theorem. */
static void must_hold(play *x)
{
	secret_keys keys;

	play_it(x);
	const char *what = sim_complaint(them.n, x->corrupt, x->p);
	if (what) print_error("n=%u t=%u corrupt=%llx session=%llu variant=%u: %s: %s\n", them.n, them.t,
	                      (unsigned long long)x->corrupt, (unsigned long long)x->session, x->variant, what,
	                      x->p[first_of(honest_of(x))].text);
	assert_null(what);
	oracle_whole_key(&keys, x);
	secret_keys_free(&keys);
	FOR_EACH_IN(i, honest_of(x)) {
		assert_int_equal(x->p[i].suspects & ~x->corrupt, 0);
		assert_int_equal(told[i], told_of[i]);
		assert_int_equal(by_triples[i], by_triples[first_of(honest_of(x))]);
	}
#ifdef ARCA_CHECKS
	assert_int_equal(prss_ledger_reused(), 0);
#endif
}

/* ---- nobody lies ----------------------------------------------------------------------------------------------------- */

/* A generator that gives out what sample_tuniform makes this noise of. */
typedef struct replay { const i128 *e; unsigned b; size_t at; } replay;

static void replay_fill(void *ctx, uint8_t *out, size_t n)
{
	replay *r = ctx;

	for (size_t i = 0; i < n; i++, r->at++) {
		if (r->at == tuniform_bytes(r->b)) r->at = 0, r->e++;
		const i128 top = (i128)1 << r->b;
		const u128 bits = *r->e == top ? (u128)(4 * top - 1) : (u128)(2 * (*r->e + top));
		out[i] = (uint8_t)(bits >> 8 * r->at);
	}
}

/* A dealer who has these secrets, this noise and this seed makes these bodies. */
static void assert_as_dealt(const play *x)
{
	secret_keys keys;

	oracle_secrets(&keys, x->w, honest_of(x));
	for (unsigned need = SECRETS; need < them.plan.needs; need++) {
		const key_part part = them.plan.need[need].part;
		const part_shape s = part_shape_of(&TINY, part);
		const seeded_part *made = &them.m[first_of(honest_of(x))].set.part[part];
		i128 *e = oracle_samples(&them, need, honest_of(x));
		replay r = { e, s.noise, 0 };
		uint8_t *right = malloc(part_body_bytes(s));
		assert_non_null(right);
		assert_ok(keygen_rows(right, &keys, part, &made->seed, 0, s.rows, &(rng){ &r, replay_fill }));
		assert_memory_equal(made->bodies.p, right, part_body_bytes(s));
		free(right);
		free(e);
	}
	secret_keys_free(&keys);
}

static joint_keygen_cost cost_of_cluster(void)
{
	const joint_keygen_job job = world_keygen_job(&them, 1);
	return joint_keygen_costs(&job, them.n, them.d);
}

static uint64_t bytes_of(const joint_keygen_cost *cost, party i)
{
	return cost->bytes + (them.n - 1) * (cost->messages * ENVELOPE_HEADER + cost->meetings * (ENVELOPE_HEADER + 1)) +
	       cost->votes * bcast_bytes(them.n, them.t, i, 1);
}

static void an_honest_run_costs_what_is_said_and_makes_what_a_dealer_would(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES) + !test_is_short(); c++) {
		const unsigned n = c < COUNT(SIZES) ? SIZES[c].n : 19, t = c < COUNT(SIZES) ? SIZES[c].t : 3;      /* and d = 5 */
		play x = { .session = 10 + c };
		cluster_of(n, t);
		must_hold(&x);
		assert_as_dealt(&x);
		const joint_keygen_cost cost = cost_of_cluster();
		assert_int_equal(cost.zeros[0] + cost.zeros[1], PRODUCT_ROWS * ((TINY.N + them.d - 1) / them.d));
		for (party i = 1; i <= n; i++) {
			assert_int_equal(x.bytes[i], bytes_of(&cost, i));
			assert_int_equal(x.p[i].suspects | x.p[i].corrupt, 0);
			assert_int_equal(by_triples[i], 0);
		}
		play_end(&x);
	}
}

static void long_lanes_meet(void **state)
{
	uint64_t meetings = 0;

	(void)state;
	cluster_of(4, 1);
	them.size = (work_sizes){ .lanes = 1, .slab = 1 };       /* a row, or d of a single coefficient */
	const joint_keygen_cost cost = cost_of_cluster();
	play x = { .session = 40 };
	must_hold(&x);
	for (unsigned need = SECRETS; need < them.plan.needs; need++) {
		const part_shape s = part_shape_of(&TINY, them.plan.need[need].part);
		meetings += ((s.body == 1 ? (s.rows + 3) / 4 : s.rows) - 1) / MEET_EVERY;
	}
	assert_int_equal(cost.meetings, meetings);
	for (party i = 1; i <= 4; i++) assert_int_equal(x.bytes[i], bytes_of(&cost, i));
	play_end(&x);
}

/* The seed is the element that the keys of PRSS give for the sub-session, which hangs on the session's id. */
static void T_SEED_the_seed_is_drawn_by_all_and_another_one_in_another_session(void **state)
{
	uint8_t seed[2][PUBLIC_SEED_BYTES];

	(void)state;
	cluster_of(4, 1);
	for (unsigned k = 0; k < 2; k++) {
		const ring *R = ring_of(128, them.d);
		const session_id sid = sim_sid(30 + k), sub = sid_sub(&sid, 0);
		play x = { .session = 30 + k };
		share y[MAX_PARTIES + 1];
		uint8_t bytes[GR_MAX_BYTES];
		gr v;
		must_hold(&x);
		FOR_EACH_IN(i, parties_all(2)) y[i] = prss_next(them.group->p[i], R, sub.b, 0);
		assert_true(sim_reconstruct(&v, R, y, parties_all(2), 1));
		gr_write(R, bytes, v);
		memcpy(seed[k], bytes, PUBLIC_SEED_BYTES);
		for (key_part part = 0; part < KEY_PARTS; part++) {
			const mask_seed m = keygen_masks(&TINY, seed[k], part);
			const seeded_part *made = &them.m[1].set.part[part];
			if (made->bodies.n) assert_memory_equal(made->seed.xof, m.xof, m.xof_n);
		}
		play_end(&x);
	}
	assert_memory_not_equal(seed[0], seed[1], PUBLIC_SEED_BYTES);
}

static err take_records(void *ctx, unsigned need, uint64_t first, size_t count, void *element)
{
	const member *m = ctx;
	const preproc_source from = world_keygen_job(m->w, m->me).from;
	const uint64_t samples = m->w->plan.need[need].samples;

	assert_true(first % 1024 == 0 && (count % 1024 == 0 || first + count == samples));
	return from.take(from.ctx, need, first, count, element);
}

static err run_with_records(session *s, void *arg)
{
	member *m = arg;
	joint_keygen_job job = world_keygen_job(m->w, m->me);

	job.slab = 300, job.from.take = take_records, job.from.record = 1024;
	return joint_keygen(s, &m->set, &job);
}

static void what_is_taken_begins_where_a_record_of_the_source_does(void **state)
{
	(void)state;
	cluster_of(4, 1);
	play x = { .session = 35, .liar = run_with_records };
	secret_keys keys;

	x.corrupt = parties_all(4);                              /* in name only: it is what all run */
	play_it(&x);
	x.corrupt = 0;
	assert_null(sim_complaint(4, 0, x.p));
	oracle_whole_key(&keys, &x);
	secret_keys_free(&keys);
	play_end(&x);
}

/* ---- liars who know the protocol ----------------------------------------------------------------------------------- */

/* In haste, of the first slab of each lane; in votes; of triples; and with care, about factors and about words. */
enum { SENT_RIGHT, SENT_LINEAR, SENT_PRODUCT, SENT_TO_ONE, SENT_CODEWORD, SENT_NOTHING, SENT_SHORT, SENT_GARBAGE, SENDING };
enum { VOTED_RIGHT, VOTED_BAD, VOTED_GOOD, VOTED_NOTHING, VOTING };
enum { TOLD_RIGHT, TOLD_CODEWORD, TOLD_GARBAGE, TOLD_SHORT, TOLD_AND_OUTPUTS, TELLING };
enum { CARED_RIGHT, CARED_ONE_BIT, CARED_GARBAGE, CARED_NOTHING, CARING };
static unsigned sending, voting, telling, caring;
static const play *now;

static void all_right(void) { sending = SENT_RIGHT, voting = VOTED_RIGHT, telling = TOLD_RIGHT, caring = CARED_RIGHT; }

static const key_part PRODUCTS[] = { PART_DECOMP_BSK, PART_BSK, PART_SNS_BSK, PART_OPRF_BSK };

/* The first slab of a lane of a part with products. */
typedef struct place { bool found; part_shape shape; size_t row; } place;

enum { ROWS = 2 };                   /* of a slab */

static place place_of(const session_id *sid)
{
	const session_id all = sim_sid(now->session);

	for (unsigned p = 0; p < COUNT(PRODUCTS); p++) for (unsigned l = 0; l < them.size.lanes; l++) {
		const session_id sub = sid_sub(&all, 1 + PRODUCTS[p] * them.size.lanes + l);
		if (sid_eq_var(sid, &sub)) return (place){ true, part_shape_of(&TINY, PRODUCTS[p]), l * ROWS };
	}
	return (place){ 0 };
}

/* The first word of its first row with or without a product. */
static size_t first_word(const place *w, bool product)
{
	size_t row = w->row;

	while ((row % (w->shape.k + 1) < w->shape.k) != product) row++;
	return (row - w->row) * ((w->shape.N + them.d - 1) / them.d);
}

/* An error of all liars that vanishes on 2t of the honest. */
static void add_codeword(const ring *R, party liar, uint8_t *at)
{
	party_set zero = honest_of(now);
	gr error = GR_ONE;

	while (size_of_set(zero) > 2 * them.t) take_from(&zero, first_of(zero));
	FOR_EACH_IN(j, zero) error = gr_mul(R, error, gr_sub(R, gr_point(liar), gr_point(j)));
	gr_write(R, at, gr_add(R, gr_read(R, at), gr_scale(R, 6, error)));
}

static void lie_in_haste(sim *s, envelope *e, uint8_t *p, const place *w)
{
	const ring *R = ring_of(w->shape.bits, them.d);
	const size_t linear = first_word(w, false) * R->bytes, product = first_word(w, true) * R->bytes;

	if (sending == SENT_LINEAR && linear < e->body.n) p[linear + 5 * R->bytes] ^= 1;
	if (sending == SENT_PRODUCT) p[product + 7 * R->bytes + e->from] ^= 2;
	if (sending == SENT_TO_ONE && e->to == first_of(honest_of(now))) p[product + 9 * R->bytes] ^= 0x80;
	if (sending == SENT_CODEWORD) add_codeword(R, e->from, p + product + 3 * R->bytes);
	if (sending == SENT_NOTHING) e->to = 0;
	if (sending == SENT_SHORT) e->body.n--;
	if (sending == SENT_GARBAGE) rng_fill(sim_rng(s), p, e->body.n);
}

static void rush_words(void *ctx, sim *s, envelope *held, size_t count)
{
	/* After haste and a vote, and the triples: factors, then words. */
	const uint64_t factors = 1 + 2 * bcast_rounds(them.t) + 1;

	(void)ctx;
	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		const place w = place_of(&e->sid);
		if (!w.found || e->type != MSG_ROUND || e->body.n < 512) continue;
		uint8_t *p = memcpy(sim_bytes(s, e->body.n), e->body.p, e->body.n);
		e->body.p = p;
		if (e->round == 1) lie_in_haste(s, e, p, &w);
		if (e->round != factors && e->round != factors + 1) continue;
		if (caring == CARED_ONE_BIT) p[e->body.n / 2] ^= 1;
		if (caring == CARED_GARBAGE) rng_fill(sim_rng(s), p, e->body.n);
		if (caring == CARED_NOTHING) e->to = 0;
	}
}

static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t BAD = 0, GOOD = 1;
	const size_t outputs = (size_t)prss_held(s->prss) * (3 + s->t) * s->R->bytes;
	uint8_t *p;

	if (mine.n == 1 && voting == VOTED_BAD) mine.p = &BAD;
	if (mine.n == 1 && voting == VOTED_GOOD) mine.p = &GOOD;
	if (mine.n == 1 && voting == VOTED_NOTHING) mine.n = 0;
	TRY(arena_new(&s->arena, &p, mine.n + 1));
	if (mine.n) memcpy(p, mine.p, mine.n);
	const bool words = mine.n > 1 && mine.n != outputs;
	if (words && (telling == TOLD_CODEWORD || telling == TOLD_AND_OUTPUTS)) add_codeword(s->R, s->me, p + 2 * s->R->bytes);
	if (words && telling == TOLD_GARBAGE) rng_fill(s->random, p, mine.n);
	if (words && telling == TOLD_SHORT) mine.n--;
	if (mine.n == outputs && telling == TOLD_AND_OUTPUTS) for (size_t i = 0; i < mine.n; i += 64) p[i] ^= 1;
	return bcast(s, slice_of(p, mine.n), most, all);
}
static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = open_sync };

static void lie_so(play *x, party_set corrupt)
{
	static uint64_t number = 1000;

	*x = (play){ .session = ++number, .corrupt = corrupt, .rush = rush_words, .table = &LYING,
	             .variant = 1000 * sending + 100 * voting + 10 * telling + caring };
	now = x;
	must_hold(x);
}

static party_set accused(const play *x) { return x->p[first_of(honest_of(x))].corrupt; }

/* What only the shares of products in haste can show is in dispute for all slabs or for none. */
static void assert_triples(const play *x, bool used)
{
	const joint_keygen_cost cost = cost_of_cluster();
	assert_int_equal(by_triples[first_of(honest_of(x))], used ? cost.votes : 0);
}

static void words_of_degree_t_need_no_agreement(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		play x;
		cluster_of(SIZES[c].n, SIZES[c].t);
		all_right(), sending = SENT_LINEAR;
		lie_so(&x, random_parties(them.n, them.t));
		assert_triples(&x, false);
		FOR_EACH_IN(i, honest_of(&x)) assert_int_equal(x.p[i].suspects, x.corrupt);
		assert_int_equal(accused(&x), 0);
		play_end(&x);
	}
}

/* One liar alone is told, once the body is known; several may hide behind each other, and then nobody is. */
static void who_alone_lies_about_a_product_is_suspected_and_never_accused(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		play x;
		cluster_of(SIZES[c].n, SIZES[c].t);
		all_right(), sending = SENT_PRODUCT;
		lie_so(&x, random_parties(them.n, 1));
		assert_triples(&x, them.n == 3 * them.t + 1);
		FOR_EACH_IN(i, honest_of(&x)) assert_int_equal(x.p[i].suspects, x.corrupt);
		assert_int_equal(accused(&x), 0);
		play_end(&x);
	}
}

static void T_MISCORRECT_errors_that_look_right_to_a_decoder_change_no_body(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		play x;
		if (SIZES[c].n == 10 || (SIZES[c].n == 13 && test_is_short())) continue;
		cluster_of(SIZES[c].n, SIZES[c].t);
		all_right(), sending = SENT_CODEWORD, telling = TOLD_CODEWORD;
		lie_so(&x, random_parties(them.n, them.t));
		const bool tight = them.n == 3 * them.t + 1;
		assert_int_equal(by_triples[first_of(honest_of(&x))], tight ? 3 : 0);
		assert_int_equal(accused(&x), tight ? x.corrupt : 0);            /* for their triples, which they broadcast: */
		play_end(&x);                                                    /* the parts after that are made without them */
	}
}

static void T_LOCALOK_what_one_party_saw_decides_for_all(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		play x;
		cluster_of(SIZES[c].n, SIZES[c].t);
		all_right(), sending = SENT_TO_ONE, voting = VOTED_GOOD;
		lie_so(&x, random_parties(them.n, 1));
		assert_triples(&x, them.n == 3 * them.t + 1);
		FOR_EACH_IN(i, honest_of(&x)) assert_int_equal(x.p[i].suspects, i == first_of(honest_of(&x)) ? x.corrupt : 0);
		play_end(&x);
	}
}

static void who_says_that_all_is_bad_costs_time_and_no_more(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (voting = VOTED_BAD; voting <= VOTED_NOTHING; voting += 2) {
		const unsigned vote = voting;
		play x;
		cluster_of(SIZES[c].n, SIZES[c].t);
		all_right(), voting = vote;
		lie_so(&x, random_parties(them.n, them.t));
		assert_triples(&x, true);
		FOR_EACH_IN(i, honest_of(&x)) assert_int_equal(x.p[i].suspects, 0);
		assert_int_equal(accused(&x), 0);
		play_end(&x);
	}
	all_right();
}

static void whatever_liars_send_vote_and_tell_the_bodies_are_right(void **state)
{
	const unsigned ways = test_is_short() ? 7 : 2;

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		unsigned which = (unsigned)c;
		cluster_of(SIZES[c].n, SIZES[c].t);
		for (unsigned a = 0; a < SENDING; a++) for (unsigned b = 0; b < VOTING; b++) for (unsigned d = 0; d < TELLING; d++) {
			const bool wrong = d != TOLD_RIGHT && (b == VOTED_BAD || b == VOTED_NOTHING);
			play x;
			if (++which % (test_is_long() ? 1 : ways * (c ? 16 : 3))) continue;
			sending = a, voting = b, telling = d, caring = d == TOLD_RIGHT ? a % CARING : CARED_RIGHT;
			lie_so(&x, random_parties(them.n, them.t));
			if (wrong) assert_int_equal(accused(&x), x.corrupt);         /* who lies in public is named */
			if (d == TOLD_RIGHT) assert_int_equal(accused(&x), 0);       /* and nobody for anything else */
			play_end(&x);
		}
	}
	all_right();
}

static void lies_about_factors_change_nothing(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (unsigned k = CARED_ONE_BIT; k < CARING; k++) {
		play x;
		cluster_of(SIZES[c].n, SIZES[c].t);
		all_right(), voting = VOTED_BAD, caring = k;
		lie_so(&x, random_parties(them.n, them.t));
		assert_triples(&x, true);
		FOR_EACH_IN(i, honest_of(&x)) assert_int_equal(x.p[i].suspects, x.corrupt);
		assert_int_equal(accused(&x), 0);
		play_end(&x);
	}
	all_right();
}

/* ---- who is not there ------------------------------------------------------------------------------------------------ */

static unsigned crash_at;            /* a need */

static err take_and_crash(void *ctx, unsigned need, uint64_t first, size_t count, void *element)
{
	const member *m = ctx;
	const keygen_need *what = &m->w->plan.need[need];
	const size_t e = what->k / 8 * m->w->d;

	if (need == crash_at && first) return err_fail(ERR_IO, "the disk is gone");
	memcpy(element, m->sample[need] + first * e, count * e);
	return OK;
}

static err crash(session *s, void *arg)
{
	member *m = arg;
	joint_keygen_job job = world_keygen_job(m->w, m->me);

	job.from.take = take_and_crash;
	return joint_keygen(s, &m->set, &job);
}

static void who_crashes_or_is_silent_is_done_without(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (unsigned k = 0; k < 3; k++) {
		play x = { .session = 500 + 3 * c + k, .silent = k == 0, .liar = crash };
		if (SIZES[c].n >= 10 && (k || test_is_short() || SIZES[c].n == 13)) continue;
		cluster_of(SIZES[c].n, SIZES[c].t);
		x.corrupt = random_parties(them.n, them.t);
		crash_at = SECRETS + (k == 1 ? PART_DECOMP_BSK : PART_SNS_BSK);
		must_hold(&x);
		assert_int_equal(accused(&x), x.corrupt);                        /* found silent in a broadcast */
		play_end(&x);
	}
}

static void liars_who_know_nothing_of_it_spoil_nothing(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) for (size_t l = 0; l < COUNT(GENERIC_LIES); l++) {
		const lie *a = &GENERIC_LIES[l];
		play x = { .session = 700 + 10 * c + l, .silent = a->silent, .rush = a->rush };
		trial as = { .n = SIZES[c].n, .t = SIZES[c].t, .k = 128, .variant = (unsigned)test_below(6) };
		if (c == 2 && (l % 2 || test_is_short())) continue;
		cluster_of(SIZES[c].n, SIZES[c].t);
		as.corrupt = x.corrupt = random_parties(them.n, them.t);
		generic = &as;
		must_hold(&x);
		play_end(&x);
	}
	generic = NULL;
}

static void no_fault_on_the_wire_spoils_it(void **state)
{
	const unsigned runs = test_is_long() ? 600 : test_is_short() ? 10 : 40;

	(void)state;
	for (unsigned k = 0; k < runs; k++) {
		const sizes c = SIZES[k % 4 == 0 ? 2 : k % 2];
		fault f = { .kind = (fault_kind)(k % FAULT_KINDS), .where = (unsigned)test_below(9) };
		play x = { .session = 2000 + k, .variant = k % FAULT_KINDS };
		cluster_of(c.n, c.t);
		f.from = (party)(1 + test_below(c.n)), f.to = (party)(test_below(2) ? 1 + test_below(c.n) : 0);
		f.first = test_below(3) ? 1 + test_below(12) : 0, f.last = test_below(2) ? f.first : f.first + test_below(12);
		x.corrupt = (party_set)1 << f.from;
		on_wire = calloc(1, sizeof *on_wire);
		assert_non_null(on_wire);
		on_wire->f = &f, on_wire->n = 1;
		must_hold(&x);
		free(on_wire);
		on_wire = NULL;
		play_end(&x);
	}
}

/* ---- our world fails --------------------------------------------------------------------------------------------------- */

static void what_the_source_says_ends_it_and_leaves_no_share_of_a_key(void **state)
{
	(void)state;
	cluster_of(4, 1);
	crash_at = SECRETS + PART_DECOMP_BSK;
	play x = { .session = 900, .corrupt = parties_all(4), .liar = crash };
	play_it(&x);
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(x.p[i].result, ERR_IO);
		assert_string_equal(x.p[i].text, "the disk is gone");
		for (secret_id id = 0; id < SECRETS; id++)
			for (size_t w = 0; w < secret_length(&TINY, id) * them.d; w++) assert_true(them.m[i].word[id][w] == 0);
	}
	play_end(&x);
}

static int after(void **state)
{
	(void)state;
	if (them.n) world_free(&them);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_honest_run_costs_what_is_said_and_makes_what_a_dealer_would), TEST(long_lanes_meet),
		TEST(T_SEED_the_seed_is_drawn_by_all_and_another_one_in_another_session), TEST(words_of_degree_t_need_no_agreement),
		TEST(who_alone_lies_about_a_product_is_suspected_and_never_accused),
		TEST(T_MISCORRECT_errors_that_look_right_to_a_decoder_change_no_body), TEST(T_LOCALOK_what_one_party_saw_decides_for_all),
		TEST(who_says_that_all_is_bad_costs_time_and_no_more), TEST(lies_about_factors_change_nothing),
		TEST(whatever_liars_send_vote_and_tell_the_bodies_are_right), TEST(who_crashes_or_is_silent_is_done_without),
		TEST(liars_who_know_nothing_of_it_spoil_nothing), TEST(no_fault_on_the_wire_spoils_it),
		TEST(what_is_taken_begins_where_a_record_of_the_source_does), TEST(what_the_source_says_ends_it_and_leaves_no_share_of_a_key),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), NULL, after);
}
