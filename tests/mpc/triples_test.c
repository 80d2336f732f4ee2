/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: the honest end with as many triples as they wanted, the same ones, with xy = x y, of the values that PRSS
 * yields counter by counter; only those of a Check are missing, at most one for each liar who was found.
 */
#include "mpc/triples.h"
#include "tests/mpc/bcast_liars.h"
#include "tests/mpc/prss_theorem.h"

enum { CALLS = 3, MOST = 11 };
static const size_t WANTED[CALLS] = { 6, 11, 3 };

typedef struct io { triple out[CALLS][MOST]; prss_counters next; } io;

static const trial *now;

static void input(trial *x, party i, void *arg)
{
	(void)arg;
	now = x;
#ifdef ARCA_CHECKS
	if (i == 1) prss_ledger_reset();
#endif
	(void)i;
}

static err run(session *s, void *arg)
{
	io *v = arg;

	for (unsigned c = 0; c < CALLS; c++) TRY(triples(s, v->out[c], WANTED[c], &v->next));
	return OK;
}

/* A batch of each call; and once for each liar a Check, and a batch for what it lost. */
static unsigned most_rounds(unsigned n, unsigned t)
{
	(void)n;
	return (CALLS + 2 * t) * bcast_rounds(t);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------ */

static gr ideal(const trial *x, uint64_t ctr)
{
	const session_id sid = sim_sid(1 + x->seed);
	share y[MAX_PARTIES + 1];
	gr a;

	FOR_EACH_IN(i, parties_all(x->t + 1)) y[i] = prss_next(group.p[i], ring_of_trial(x), sid.b, ctr);
	ASSERT(sim_reconstruct(&a, ring_of_trial(x), y, parties_all(x->t + 1), x->t));
	return a;
}

typedef struct opened { gr x, y, xy; } opened;

static bool reconstruct(opened *out, const trial *x, unsigned call, size_t k)
{
	const ring *R = ring_of_trial(x);
	static share a[MAX_PARTIES + 1], b[MAX_PARTIES + 1], ab[MAX_PARTIES + 1];

	FOR_EACH_IN(i, honest(x)) {
		const triple *z = &((io *)x->io[i])->out[call][k];
		a[i] = z->x, b[i] = z->y, ab[i] = z->xy;
	}
	return sim_reconstruct(&out->x, R, a, honest(x), x->t) && sim_reconstruct(&out->y, R, b, honest(x), x->t) &&
	       sim_reconstruct(&out->xy, R, ab, honest(x), x->t);
}

static unsigned lost;                /* triples that the last trial lost */

static const char *call_violated(const trial *x, unsigned call, prss_counters *at)
{
	const unsigned accused = size_of_set(x->p[first_of(honest(x))].corrupt);
	size_t k = 0;

	while (k < WANTED[call]) {
		const size_t m = WANTED[call] - k;
		for (size_t i = 0; i < m; i++) {
			opened z;
			if (k < WANTED[call] && !reconstruct(&z, x, call, k)) return "shares of a triple are not on one polynomial";
			if (k < WANTED[call] && gr_eq_var(z.x, ideal(x, at->psi + i)) && gr_eq_var(z.y, ideal(x, at->psi + m + i))) {
				if (!gr_eq_var(z.xy, gr_mul(ring_of_trial(x), z.x, z.y))) return "xy is not x y";
				k++;
			} else if (++lost > accused) {
				return "triples are not those of the counters";
			}
		}
		at->psi += 3 * m, at->chi += m;
	}
	return NULL;
}

static const char *violated(const trial *x)
{
	prss_counters at = { 0 };

	lost = 0;
#ifdef ARCA_CHECKS
	if (prss_ledger_reused()) return "an input of a PRF served twice";
#endif
	for (unsigned c = 0; c < CALLS; c++) {
		const char *what = call_violated(x, c, &at);
		if (what) return what;
	}
	FOR_EACH_IN(i, honest(x)) {
		const io *v = x->io[i];
		if (v->next.psi != at.psi || v->next.chi != at.chi) return "a party has other counters";
	}
	return NULL;
}

static const theorem TRIPLES = { "triples", sizeof(io), input, run, most_rounds, violated, group.p, NULL };

/* ---- liars who know the protocol ----------------------------------------------------------------------------------- */

enum { TOLD_RIGHT, TOLD_CODEWORD, TOLD_GARBAGE, TOLD_SHORT, TOLD_AND_OUTPUTS, TOLD_OUTPUTS_SHORT, TELLING };
static unsigned telling;             /* of these */
static unsigned spoilt;              /* the number of the call */

static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	uint8_t *p;
	const bool words = mine.n == WANTED[spoilt] * s->R->bytes, outputs = mine.n > MOST * s->R->bytes;

	TRY(arena_new(&s->arena, &p, mine.n + 1));
	memcpy(p, mine.p, mine.n);
	if (words && (telling == TOLD_CODEWORD || telling == TOLD_AND_OUTPUTS || telling == TOLD_OUTPUTS_SHORT))
		add_codeword(now, s->me, p + s->R->bytes);
	if (words && telling == TOLD_GARBAGE) rng_fill(s->random, p, mine.n);
	if (words && telling == TOLD_SHORT) mine.n--;
	if (outputs && telling == TOLD_AND_OUTPUTS) for (size_t i = 0; i < mine.n; i += 64) p[i] ^= 1;
	if (outputs && telling == TOLD_OUTPUTS_SHORT) mine.n /= 2;
	return bcast(s, slice_of(p, mine.n), most, all);
}
static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = open_sync };

static void T_MISCORRECT_whatever_liars_broadcast_triples_come_and_they_are_named(void **state)
{
	static uint64_t seed = 5000;

	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (telling = 0; telling < TELLING; telling++) {
		const unsigned n = SIZES[c].n, t = SIZES[c].t;
		if (n >= 10 && telling % 2 != n % 2) continue;
		spoilt = telling % CALLS;
		trial x = { .of = &TRIPLES, .n = n, .t = t, .k = telling % 2 ? 64 : 128, .seed = ++seed, .corrupt = random_parties(n, t),
		            .table = &LYING, .name = "broadcast", .variant = telling };
		must_hold(&x);
		assert_int_equal(x.p[first_of(honest(&x))].corrupt, telling == TOLD_RIGHT ? 0 : x.corrupt);
		if (telling == TOLD_RIGHT || telling == TOLD_SHORT || n > 3 * t + 1) assert_int_equal(lost, 0);
		else assert_in_range(lost, 1, t);
		trial_end(&x);
	}
	telling = TOLD_RIGHT;
}

/* What was lost is made again behind the batch, and the next calls begin where the first one ended. */
static void T_COUNTER_a_lost_triple_moves_all_parties_alike(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		telling = TOLD_CODEWORD, spoilt = 0;
		trial x = { .of = &TRIPLES, .n = SIZES[c].n, .t = SIZES[c].t, .k = 64, .seed = 50 + c, .table = &LYING,
		            .corrupt = random_parties(SIZES[c].n, SIZES[c].t), .name = "spoil" };
		must_hold(&x);
		const io *v = x.io[first_of(honest(&x))];
		assert_int_equal(lost, x.n > 3 * x.t + 1 ? 0 : 1);
		assert_int_equal(v->next.chi, WANTED[0] + lost + WANTED[1] + WANTED[2]);
		assert_int_equal(v->next.psi, 3 * v->next.chi);
		trial_end(&x);
	}
	telling = TOLD_RIGHT;
}

/* ---- liars of the layers below, faults, crashes -------------------------------------------------------------------- */

static err crash(session *s, void *arg)
{
	io *v = arg;

	TRY(triples(s, v->out[0], WANTED[0], &v->next));
	return err_fail(ERR_INTERNAL, "crash");
}

static void a_party_that_crashes_or_is_silent_is_done_without(void **state)
{
	(void)state;
	try_crash_and_silence(&TRIPLES, crash, &lost);
}

static void no_fault_on_the_wire_spoils_it(void **state)
{
	(void)state;
	try_faults_on_the_wire(&TRIPLES, 300, 40, 20);
}

static void liars_who_know_nothing_of_it_spoil_nothing(void **state)
{
	(void)state;
	try_generic_lies(&TRIPLES, 4, 128);
}

/* ---- nobody lies ----------------------------------------------------------------------------------------------------- */

static void an_honest_run_is_one_broadcast_a_batch(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (unsigned k = 64; k <= 128; k += 64) {
		trial x = { .of = &TRIPLES, .n = SIZES[c].n, .t = SIZES[c].t, .k = k, .seed = 90 + c };
		must_hold(&x);
		for (party i = 1; i <= x.n; i++) {
			size_t bytes = 0;
			for (unsigned call = 0; call < CALLS; call++) bytes += bcast_bytes(x.n, x.t, i, WANTED[call] * ring_of_trial(&x)->bytes);
			assert_int_equal(x.p[i].rounds, CALLS * bcast_rounds(x.t));
			assert_int_equal(x.p[i].bytes, bytes);
			assert_int_equal(x.p[i].suspects, 0);
		}
		assert_int_equal(lost, 0);
		trial_end(&x);
	}
}

/* T-PRZS: without a zero sharing what is opened has t coefficients less to hide behind.  Here the word, minus v, is x y as two
 * polynomials of degree t multiplied; with the zero it is not. */
static err sees_word(session *s, slice mine, size_t most, slice *all);
static share seen_word[MAX_PARTIES + 1];
static const protocols SEEING = { .bcast = sees_word, .vss = vss, .open = open_sync };

static err sees_word(session *s, slice mine, size_t most, slice *all)
{
	if (mine.n == WANTED[0] * s->R->bytes) seen_word[s->me].v = gr_read(s->R, mine.p);
	return bcast(s, mine, most, all);
}

static err run_seen(session *s, void *arg)
{
	s->p = &SEEING;
	return run(s, arg);
}

static void T_PRZS_what_is_opened_is_hidden_by_a_zero_sharing(void **state)
{
	theorem of = TRIPLES;
	gr difference;

	(void)state;
	of.run = run_seen;
	trial x = { .of = &of, .n = 4, .t = 1, .k = 64, .seed = 4 };
	must_hold(&x);
	const ring *R = ring_of_trial(&x);
	const session_id sid = sim_sid(1 + x.seed);
	for (party i = 1; i <= 4; i++) {
		const triple *z = &((io *)x.io[i])->out[0][0];
		const share v = prss_next(group.p[i], R, sid.b, 2 * WANTED[0]);
		seen_word[i].v = gr_sub(R, seen_word[i].v, gr_add(R, gr_mul(R, z->x.v, z->y.v), v.v));
	}
	assert_true(sim_reconstruct(&difference, R, seen_word, parties_all(4), 2));
	assert_true(gr_eq_var(difference, GR_ZERO));
	assert_false(sim_reconstruct(&difference, R, seen_word, parties_all(4), 1));
	trial_end(&x);
}

TESTS(TEST(an_honest_run_is_one_broadcast_a_batch), TEST(T_PRZS_what_is_opened_is_hidden_by_a_zero_sharing),
      TEST(T_MISCORRECT_whatever_liars_broadcast_triples_come_and_they_are_named), TEST(T_COUNTER_a_lost_triple_moves_all_parties_alike),
      TEST(a_party_that_crashes_or_is_silent_is_done_without), TEST(liars_who_know_nothing_of_it_spoil_nothing),
      TEST(no_fault_on_the_wire_spoils_it))
