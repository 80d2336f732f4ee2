/* SPDX-License-Identifier: MIT */
/* Nobody lies: what resharing yields, what it costs, and what it tells of old and new shares. */
#include "share/shamir.h"
#include "tests/mpc/reshare_world.h"

static const ring *R(void) { return ring_of(128, WORLD_D); }

static trial run_honest(void)
{
	trial x = world_trial(0);

	trial_must_hold_keep(&x);
	FOR_EACH_IN(i, world_new()) assert_int_equal(((reshare_io *)x.io[i])->failed | ((reshare_io *)x.io[i])->corrupt, 0);
	return x;
}

static void reshares(void)
{
	trial x = run_honest();
	trial_end(&x);
}

/* ---- that it works --------------------------------------------------------------------------------------------------- */

static void the_same_parties_get_new_shares_of_the_same_secrets(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		world_same(SIZES[c].n, SIZES[c].t, 6);
		reshares();
	}
}

static void secrets_go_to_larger_smaller_and_other_sets(void **state)
{
	static const struct { unsigned n1, t1, n2, t2, both; } MOVES[] = {
		{ 4, 1, 4, 1, 0 }, { 4, 1, 4, 1, 3 }, { 4, 1, 7, 2, 0 }, { 4, 1, 7, 2, 4 }, { 7, 2, 4, 1, 0 }, { 7, 2, 4, 1, 2 },
		{ 7, 2, 4, 1, 4 }, { 5, 1, 7, 2, 3 }, { 7, 1, 7, 2, 7 }, { 10, 3, 13, 4, 8 }, { 13, 4, 4, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(MOVES); i++) {
		world_two(MOVES[i].n1, MOVES[i].t1, MOVES[i].n2, MOVES[i].t2, MOVES[i].both, 5);
		reshares();
	}
}

static void the_numbers_of_the_old_set_may_be_in_any_order(void **state)
{
	const reshare_sets mixed = { .n1 = 5, .t1 = 1, .n2 = 4, .t2 = 1, .at = { 0, 6, 3, 7, 1, 5 } };

	(void)state;
	world_sets(mixed, 3);
	reshares();
}

/* One of those who may fail has no share, says so, and gets one; it is not accused. */
static void who_lacks_its_share_gets_a_new_one(void **state)
{
	(void)state;
	for (unsigned w = 0; w < 4; w++) {
		const party_set who = w == 1 ? (party_set)1 << 2 | (party_set)1 << 7 : (party_set)1 << (w + 1);
		if (w < 2) world_same(w ? 7 : 4, w ? 2 : 1, 5);
		else world_two(4, 1, w == 2 ? 5 : 7, w == 2 ? 1 : 2, 4, 5);
		world_lacking(who);
		trial x = world_trial(0);
		trial_must_hold_keep(&x);
		FOR_EACH_IN(i, world_new()) {
			const reshare_io *io = x.io[i];
			assert_int_equal(io->failed, who);
			assert_int_equal(io->corrupt, 0);
		}
		trial_end(&x);
	}
}

static void what_was_reshared_can_be_reshared_again(void **state)
{
	(void)state;
	world_same(4, 1, 2);
	reshares();
	for (unsigned i = 0; i < 4; i++) {
		world_again();
		reshares();
	}
}

static void a_production_key_is_reshared(void **state)
{
	(void)state;
	world_same(4, 1, test_is_short() ? 1000 : WORLD_MOST);
	reshares();
	if (!test_is_long()) return;
	world_same(13, 4, WORLD_MOST);
	reshares();
}

/* ---- what it costs --------------------------------------------------------------------------------------------------- */

/* From the text of reshare.h. */
static size_t bytes_of(party i)
{
	const reshare_sets *x = world();
	const size_t e = R()->bytes, N = world_N(), message = ENVELOPE_HEADER + N * e;
	const size_t each = RESHARE_OPENED / (x->n1 - x->t1 - 1);
	const size_t openings = (N + each - 1) / each;
	const bool old = has(world_old(), i);

	return (x->n1 - (old ? 1u : 0u)) * message + (old ? (x->n2 - 1) * message : 0)
	       + bcast_bytes(x->n2, x->t2, i, 8 + 32 * x->n1)
	       + (x->n2 - 1) * (openings * ENVELOPE_HEADER + (x->n1 - x->t1 - 1) * N * e);
}

static void costs_are_right(void)
{
	trial x = run_honest();

	FOR_EACH_IN(i, world_new()) {
		const reshare_io *io = x.io[i];
		assert_int_equal(io->rounds, reshare_rounds(world(), world_N()));
		assert_int_equal(io->bytes, bytes_of(i));
	}
	trial_end(&x);
}

static void rounds_and_bytes_are_those_of_the_formulas(void **state)
{
	(void)state;
	world_same(4, 1, 3);
	costs_are_right();
	world_same(7, 2, 8);
	costs_are_right();
	world_two(7, 2, 4, 1, 2, 8);
	costs_are_right();
	world_two(4, 1, 7, 2, 0, 8);
	costs_are_right();
	world_same(4, 1, RESHARE_OPENED / 2 + (test_is_short() ? 0 : 1));
	costs_are_right();
	assert_int_equal(reshare_rounds(world(), RESHARE_OPENED / 2), 2 + bcast_rounds(1) + 1);
	assert_int_equal(reshare_rounds(world(), RESHARE_OPENED / 2 + 1), 2 + bcast_rounds(1) + 2);
}

/* ---- what old and new shares tell ------------------------------------------------------------------------------------ */

/* Of bytes that should be uniform: 255 degrees of freedom, six deviations. */
static void must_look_uniform(const uint32_t *histogram)
{
	double total = 0, chi = 0;

	for (unsigned b = 0; b < 256; b++) total += histogram[b];
	for (unsigned b = 0; b < 256; b++) chi += (histogram[b] - total / 256) * (histogram[b] - total / 256) / (total / 256);
	assert_true(chi > 255 - 6 * 22.6 && chi < 255 + 6 * 22.6);
}

static void count_bytes(uint32_t *histogram, gr v)
{
	uint8_t b[GR_MAX_BYTES];

	gr_write(R(), b, v);
	for (size_t k = 0; k < R()->bytes; k++) histogram[b[k]]++;
}

/* f(0) through the new shares of some and the old ones of others. */
static gr mixed(party_set of_new, party_set of_old, size_t l)
{
	gr y[MAX_PARTIES + 1];

	FOR_EACH_IN(i, of_new) y[i] = world_new_share(i, l).v;
	FOR_EACH_IN(j, of_old) y[j] = world_old_share(j, l).v;
	return interpolate_unchecked(R(), y, of_new | of_old);
}

static void old_and_new_shares_together_are_of_nothing(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		const unsigned n = SIZES[c].n, t = SIZES[c].t;
		world_same(n, t, 40);
		trial x = run_honest();
		for (size_t l = 0; l < world_N(); l++) for (unsigned b = 1; b <= t; b++) {
			const party_set some = random_parties(n, t + 1);
			party_set of_old = some;
			while (size_of_set(of_old) > b) take_from(&of_old, first_of(of_old));
			assert_true(gr_eq_var(mixed(some, 0, l), world_secret(l)));
			assert_true(gr_eq_var(mixed(0, some, l), world_secret(l)));
			assert_false(gr_eq_var(mixed(some & ~of_old, of_old, l), world_secret(l)));
		}
		trial_end(&x);
	}
}

/* What lies between the old polynomial and the new one is 0 at 0 and otherwise anything: in each coefficient of each of its
 * shares, and mixed shares miss the secret by anything. */
static void new_shares_differ_from_the_old_ones_by_anything(void **state)
{
	uint32_t differences[256] = { 0 }, misses[256] = { 0 };

	(void)state;
	world_same(7, 2, 600);
	trial x = run_honest();
	for (size_t l = 0; l < world_N(); l++) {
		gr gap[MAX_PARTIES + 1];
		for (party i = 1; i <= 7; i++) gap[i] = gr_sub(R(), world_new_share(i, l).v, world_old_share(i, l).v);
		assert_true(gr_eq_var(interpolate_unchecked(R(), gap, parties_all(3)), GR_ZERO));
		assert_false(gr_eq_var(gap[1], gap[2]));
		for (party i = 1; i <= 2; i++) count_bytes(differences, gap[i]);
		count_bytes(misses, gr_sub(R(), mixed(1 << 1 | 1 << 2, 1 << 3, l), world_secret(l)));
	}
	trial_end(&x);
	must_look_uniform(differences);
	must_look_uniform(misses);
}

/* ---- T-RESHARE: what a member of the new set sees of an old share ------------------------------------------------------ */

static const trial *watched;
static uint8_t seen[MAX_PARTIES + 1][600 * 64];          /* v_j, by the number of P_j */

static err run_and_watch(session *s, void *io)
{
	const session_id route = world_route();

	TRY(world_run(s, io));
	for (size_t i = 0; i < sim_transcript_length(watched->sim); i++) {
		const envelope *e = sim_transcript(watched->sim, i);
		if (e->to == s->me && e->round == 2 && sid_eq_var(&e->sid, &route)) memcpy(seen[e->from], e->body.p, e->body.n);
	}
	return OK;
}

static void masks_cover_every_coefficient_of_an_old_share(void **state)
{
	uint32_t histogram[WORLD_D][256] = { 0 };

	(void)state;
	world_same(4, 1, 600);
	trial x = world_trial(1 << 4);
	x.liar = run_and_watch, watched = &x;
	trial_must_hold_keep(&x);
	for (party j = 1; j <= 3; j++) for (size_t l = 0; l < world_N(); l++) {
		const gr mask = gr_sub(R(), gr_read(R(), seen[j] + l * R()->bytes), world_old_share(j, l).v);
		for (unsigned c = 0; c < WORLD_D; c++)
			for (unsigned b = 0; b < 16; b++) histogram[c][(uint8_t)(mask.c[c] >> 8 * b)]++;
	}
	for (unsigned c = 0; c < WORLD_D; c++) must_look_uniform(histogram[c]);
	trial_end(&x);
}

/* ---- what is agreed on before ------------------------------------------------------------------------------------------ */

static void sets_that_do_not_fit_are_refused(void **state)
{
	reshare_sets x = reshare_same(4, 1);

	(void)state;
	assert_ok(reshare_sets_check(&x));
	x.t1 = 2;
	assert_err(ERR_REQUEST, reshare_sets_check(&x));
	x = reshare_same(4, 1), x.at[2] = 3;
	assert_err(ERR_REQUEST, reshare_sets_check(&x));
	x = reshare_same(4, 1), x.at[2] = 0;
	assert_err(ERR_REQUEST, reshare_sets_check(&x));
	x = reshare_same(4, 1), x.at[2] = 6;                 /* there is no 5 */
	assert_err(ERR_REQUEST, reshare_sets_check(&x));
	x.at[2] = 5;
	assert_ok(reshare_sets_check(&x));
	x.at[2] = MAX_PARTIES + 1;
	assert_err(ERR_REQUEST, reshare_sets_check(&x));
}

static void rings_of_two_degrees_are_refused(void **state)
{
	reshare_sets x = { .n1 = 15, .t1 = 4, .n2 = 16, .t2 = 4 };

	(void)state;
	for (party j = 1; j <= 15; j++) x.at[j] = j;
	assert_err(ERR_UNSUPPORTED, reshare_sets_check(&x));
	x.n2 = 15;
	assert_ok(reshare_sets_check(&x));
}

static void every_term_is_bound(void **state)
{
	hash32 roles[5] = { { { 1 } }, { { 2 } }, { { 3 } }, { { 4 } }, { { 5 } } }, others[5];
	const id32 keys[2] = { { { 1 } }, { { 2 } } }, swapped[2] = { keys[1], keys[0] };
	const reshare_terms base = { .sets = reshare_same(4, 1), .old_role = roles, .new_role = roles, .key = keys, .keys = 2 };
	static reshare_terms v[14];
	id32 of[COUNT(v)];

	(void)state;
	memcpy(others, roles, sizeof others);
	others[3].b[31] = 1;
	for (unsigned i = 0; i < COUNT(v); i++) v[i] = base;
	v[1].request.b[0] = 1, v[2].old_context.b[0] = 1, v[3].new_context.b[0] = 1, v[4].old_epoch.b[0] = 1, v[5].new_epoch.b[0] = 1;
	v[6].old_role = others, v[7].new_role = others;
	v[8].key = swapped, v[9].keys = 1;
	v[10].sets.n1 = 5, v[10].sets.at[5] = 5, v[11].sets.n2 = 5, v[12].sets.t2 = 0;
	v[13].sets.at[1] = 2, v[13].sets.at[2] = 1;
	for (unsigned i = 0; i < COUNT(v); i++) {
		of[i] = reshare_binding(&v[i]);
		for (unsigned k = 0; k < i; k++) assert_false(id_eq_var(&of[i], &of[k]));
	}
	const session_id route[] = { reshare_route(&of[0], 1, 0), reshare_route(&of[0], 1, 1), reshare_route(&of[0], 2, 0),
	                             reshare_route(&of[1], 1, 0) };
	for (unsigned i = 0; i < COUNT(route); i++)
		for (unsigned k = 0; k < i; k++) assert_false(sid_eq_var(&route[i], &route[k]));
}

/* ---- afterwards -------------------------------------------------------------------------------------------------------- */

typedef struct end { hash32 what; party_set done; err result; } end;

static err run_done(session *s, void *arg)
{
	end *v = arg;

	v->result = reshare_done(s, &v->done, &v->what);
	err_clear();
	return OK;
}

static void say_done(unsigned others, err expected)      /* so many say something else */
{
	static sim_party p[8];
	sim *x = NULL;
	end v[8] = { 0 };
	const session_id sid = sim_sid(1);

	assert_ok(sim_new(&x, &(sim_setup){ .n = 7, .t = 2, .seed = others }));
	for (party i = 1; i <= 7; i++) {
		v[i].what.b[0] = i <= others;
		p[i] = (sim_party){ .run = run_done, .arg = &v[i] };
	}
	sim_run(x, p, &sid);
	for (party i = (party)(others + 1); i <= 7; i++) {
		assert_int_equal(v[i].result, expected);
		assert_int_equal(v[i].done, expected == OK ? parties_all(7) & ~parties_all(others) : 0);
	}
	sim_free(&x);
}

static void old_shares_are_superseded_when_enough_parties_say_the_same(void **state)
{
	(void)state;
	say_done(0, OK);
	say_done(2, OK);
	say_done(3, ERR_STATE);
}

TESTS(
	TEST(the_same_parties_get_new_shares_of_the_same_secrets),
	TEST(secrets_go_to_larger_smaller_and_other_sets),
	TEST(the_numbers_of_the_old_set_may_be_in_any_order),
	TEST(who_lacks_its_share_gets_a_new_one),
	TEST(what_was_reshared_can_be_reshared_again),
	TEST(a_production_key_is_reshared),
	TEST(rounds_and_bytes_are_those_of_the_formulas),
	TEST(old_and_new_shares_together_are_of_nothing),
	TEST(new_shares_differ_from_the_old_ones_by_anything),
	TEST(masks_cover_every_coefficient_of_an_old_share),
	TEST(sets_that_do_not_fit_are_refused),
	TEST(rings_of_two_degrees_are_refused),
	TEST(every_term_is_bound),
	TEST(old_shares_are_superseded_when_enough_parties_say_the_same)
)
