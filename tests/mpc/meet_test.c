/* SPDX-License-Identifier: MIT */
/*
 * Long sessions in which parties meet: whatever t liars withhold, delay or repeat, no honest party takes another one for silent,
 * and nobody silent costs more than the patience since the last meeting.
 */
#include "sim/faults.h"
#include "tests/test.h"

enum { STEPS = 48, ROUNDS_A_STEP = 3, MOST_FAULTS = 40 };

typedef struct talk { bool meets; party_set missed; } talk;

/* Rounds in which all speak, and one in which only a king does. */
static err step(session *s, talk *v, unsigned number)
{
	for (unsigned r = 0; r < ROUNDS_A_STEP; r++) {
		const party king = r == 1 ? (party)(1 + number % s->n) : 0;
		slice m;

		next_round(s);
		if (!king || king == s->me) FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_str("word")));
		FOR_EACH_PARTY(j, s) {
			if (king && j != king) continue;
			TRY(mpc_recv(s, j, &m, 100));
			if (!m.p) add_to(&v->missed, j);
		}
	}
	return OK;
}

static err talk_long(session *s, void *arg)
{
	talk *v = arg;

	for (unsigned i = 0; i < STEPS; i++) {
		if (v->meets && i && i % MEET_EVERY == 0) TRY(meet(s));
		TRY(step(s, v, i));
	}
	return OK;
}

typedef struct run { sim_party p[MAX_PARTIES + 1]; talk io[MAX_PARTIES + 1]; int64_t ended_ms; } run;

/* All messages take their time, and those of faults (FAULT_DROP) for ever. */
enum { LATENCY_MS = SIM_ROUND_MS / 5 };

static void slowly(void *ctx, sim *x, const envelope *e)
{
	const faults *all = ctx;

	for (size_t i = 0; i < all->n; i++) {
		const fault *f = &all->f[i];
		if (e->from == f->from && (!f->to || e->to == f->to) && e->round >= f->first && e->round <= f->last) return;
	}
	sim_pass_later(x, e, LATENCY_MS);
}

/* Nobody honest takes another honest party for silent. */
static void run_with(run *x, unsigned n, unsigned t, party_set corrupt, bool meets, const fault *f, size_t count, uint64_t seed,
                     sim_tap tap)
{
	const sim_setup setup = { .n = n, .t = t, .corrupt = corrupt, .seed = seed };
	const session_id sid = sim_sid(seed);
	static faults all;
	sim *net = NULL;

	all = (faults){ .f = f, .n = count };
	memset(x, 0, sizeof *x);
	for (party i = 1; i <= n; i++) {
		x->io[i].meets = meets;
		x->p[i] = (sim_party){ .run = talk_long, .arg = &x->io[i] };
	}
	assert_ok(sim_new(&net, &setup));
	sim_set_tap(net, tap, &all);
	sim_run(net, x->p, &sid);
	x->ended_ms = 0;
	FOR_EACH_IN(i, parties_all(n) & ~corrupt) {
		assert_ok(x->p[i].result);
		assert_int_equal(x->io[i].missed & ~corrupt, 0);
		if (x->p[i].ended_ms > x->ended_ms) x->ended_ms = x->p[i].ended_ms;
	}
	sim_free(&net);
}

static fault random_fault(party_set corrupt, unsigned n)
{
	static const fault_kind KINDS[] = { FAULT_DROP, FAULT_DROP, FAULT_JUST_IN_TIME, FAULT_TOO_LATE, FAULT_REPEAT, FAULT_OTHER_ROUND };
	const unsigned rounds = STEPS * ROUNDS_A_STEP + (STEPS - 1) / MEET_EVERY;
	fault f = { .kind = KINDS[test_below(COUNT(KINDS))], .to = (party)test_below(n + 1) };

	do f.from = (party)(1 + test_below(n)); while (!has(corrupt, f.from));
	f.first = 1 + test_below(rounds);
	f.last = f.first + (test_below(2) ? 0 : test_below(rounds));
	return f;
}

static void no_honest_party_is_taken_for_silent_whatever_liars_withhold(void **state)
{
	static const struct { unsigned n, t; } SIZES[] = { { 4, 1 }, { 5, 1 }, { 7, 2 } };
	const unsigned runs = test_is_long() ? 2000 : test_is_short() ? 20 : 150;
	fault f[MOST_FAULTS];
	static run x;

	(void)state;
	for (unsigned k = 0; k < runs; k++) {
		const unsigned n = SIZES[k % COUNT(SIZES)].n, t = SIZES[k % COUNT(SIZES)].t;
		const size_t count = 1 + test_below(MOST_FAULTS);
		party_set corrupt = 0;
		while (size_of_set(corrupt) < t) add_to(&corrupt, (party)(1 + test_below(n)));
		for (size_t i = 0; i < count; i++) f[i] = random_fault(corrupt, n);
		run_with(&x, n, t, corrupt, true, f, count, 1000 + k, faults_tap);
	}
}

/* A victim hears nothing of the liar from some round on, all others everything. */
static void a_victim_that_a_liar_withholds_from_is_waited_for(void **state)
{
	static run x;

	(void)state;
	for (unsigned first = 1; first < 60; first += 7) {
		const fault f = { .kind = FAULT_DROP, .from = 4, .to = 1, .first = first, .last = 1000 };
		run_with(&x, 4, 1, 1 << 4, true, &f, 1, first, faults_tap);
		assert_true(has(x.io[1].missed, 4));
		assert_true(x.ended_ms < (STEPS * ROUNDS_A_STEP + STEPS / MEET_EVERY) * SIM_ROUND_MS);
	}
}

/* The liar holds 1 back just before a meeting, to which it comes for 2 only: 1 and 3 leave it a round's time later. */
static void those_who_leave_a_meeting_late_are_waited_for(void **state)
{
	enum { MEETING = MEET_EVERY * ROUNDS_A_STEP + 1 };
	static const fault F[] = {
		{ .kind = FAULT_DROP, .from = 4, .to = 1, .first = MEETING - 1, .last = MEETING },
		{ .kind = FAULT_DROP, .from = 4, .to = 3, .first = MEETING, .last = MEETING },
	};
	static run x;

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) run_with(&x, 4, 1, 1 << 4, true, F, COUNT(F), seed, slowly);
}

/* Somebody is silent in the last two steps: that costs the patience since the last meeting, or, without any, all there was. */
static void who_falls_silent_costs_the_patience_since_the_last_meeting(void **state)
{
	const int64_t since = ((MEET_EVERY + 2) * ROUNDS_A_STEP + 2) * (meet_spread(1) + 1) * SIM_ROUND_MS;
	static run x;

	(void)state;
	for (unsigned meets = 0; meets < 2; meets++) {
		const uint64_t late = STEPS * ROUNDS_A_STEP + meets * ((STEPS - 1) / MEET_EVERY) - 2 * ROUNDS_A_STEP;
		const fault f = { .kind = FAULT_DROP, .from = 4, .first = late, .last = 1000 };
		run_with(&x, 4, 1, 1 << 4, meets, &f, 1, 1, faults_tap);
		if (meets) assert_true(x.ended_ms <= since);
		else assert_true(x.ended_ms >= (int64_t)late * SIM_ROUND_MS);
	}
}

TESTS(
	TEST(no_honest_party_is_taken_for_silent_whatever_liars_withhold), TEST(a_victim_that_a_liar_withholds_from_is_waited_for),
	TEST(those_who_leave_a_meeting_late_are_waited_for), TEST(who_falls_silent_costs_the_patience_since_the_last_meeting),
)
