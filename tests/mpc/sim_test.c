/* SPDX-License-Identifier: MIT */
/* The simulator itself: virtual time, one order of events a seed, liars who see first and speak last. */
#include <stdlib.h>
#include "tests/test.h"
#include "sim/faults.h"

static sim_party p[MAX_PARTIES + 1];

static sim *new_sim(unsigned n, unsigned t, party_set corrupt, uint64_t seed)
{
	sim *x = NULL;

	assert_ok(sim_new(&x, &(sim_setup){ .n = n, .t = t, .corrupt = corrupt, .seed = seed, .transcript = true }));
	memset(p, 0, sizeof p);
	return x;
}

static void run_all(sim *x, unsigned n, program run, void *arg, uint64_t sid_number)
{
	const session_id sid = sim_sid(sid_number);

	for (party i = 1; i <= n; i++) p[i] = (sim_party){ .run = run, .arg = arg };
	sim_run(x, p, &sid);
}

/* ---- time ----------------------------------------------------------------------------------------------------------- */

static err say_and_hear(session *s, void *arg)
{
	slice m;

	(void)arg;
	for (unsigned r = 0; r < 3; r++) {
		next_round(s);
		FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_of(&s->me, 1)));
		FOR_EACH_PARTY(j, s) {
			TRY(mpc_recv(s, j, &m, MAX_BODY));
			if (m.n != 1 || m.p[0] != j) return err_fail(ERR_INTERNAL, "something else came");
		}
	}
	return OK;
}

static void no_time_passes_while_anybody_can_go_on(void **state)
{
	sim *x = new_sim(4, 1, 0, 1);

	(void)state;
	run_all(x, 4, say_and_hear, NULL, 1);
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(p[i].result, OK);
		assert_int_equal(p[i].rounds, 3);
		assert_int_equal(p[i].messages, 9);
		assert_int_equal(p[i].bytes, 9 * (ENVELOPE_HEADER + 1));
	}
	assert_int_equal(sim_now_ms(x), 0);
	assert_int_equal(sim_transcript_length(x), 36);
	sim_free(&x);
}

static void delay(void *ctx, sim *x, const envelope *e) { sim_pass_later(x, e, e->from == 1 ? *(int64_t *)ctx : 0); }

static void a_delayed_message_comes_at_its_time(void **state)
{
	int64_t ms = 600;

	(void)state;
	sim *x = new_sim(4, 1, 0, 1);
	sim_set_tap(x, delay, &ms);
	run_all(x, 4, say_and_hear, NULL, 1);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, OK);
	assert_int_equal(sim_now_ms(x), 1200);                   /* party 1 is a round ahead of the others, who wait for it */
	sim_free(&x);

	ms = 1001;
	x = new_sim(4, 1, 0, 1);
	sim_set_tap(x, delay, &ms);
	run_all(x, 4, say_and_hear, NULL, 1);
	for (party i = 2; i <= 4; i++) assert_int_equal(p[i].result, ERR_INTERNAL);
	sim_free(&x);
}

static err wait_for_ever(session *s, void *arg)
{
	slice m;
	party who;

	(void)arg;
	next_round(s);
	return box_take(s->in, &who, &m, &s->arena, MAX_BODY, 1, MSG_ROUND, parties_all(s->n), INT64_MAX);
}

static void when_nothing_can_happen_any_more_all_are_cancelled(void **state)
{
	sim *x = new_sim(4, 1, 0, 1);

	(void)state;
	run_all(x, 4, wait_for_ever, NULL, 1);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, ERR_CANCELLED);
	sim_free(&x);
}

/* ---- order ---------------------------------------------------------------------------------------------------------- */

/* Passes on what came first: the order in which messages are taken decides what is sent. */
static err gossip(session *s, void *arg)
{
	uint8_t heard[64] = { s->me };

	for (unsigned r = 1; r < 12; r++) {
		party_set from = parties_all(s->n);
		next_round(s);
		FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_of(heard, sizeof heard)));
		for (unsigned k = 0; k < s->n - s->t; k++) {
			slice m;
			party who;
			TRY(mpc_recv_any(s, &who, &m, MAX_BODY, MSG_ROUND, from, 0));
			take_from(&from, who);
			for (unsigned i = 0; i < sizeof heard; i++) heard[i] = (uint8_t)(31u * heard[i] + m.p[i] + k);
		}
	}
	memcpy((uint8_t *)arg + 64 * s->me, heard, sizeof heard);
	return OK;
}

static void the_seed_decides_the_order_of_everything(void **state)
{
	static uint8_t heard[11][64 * 8];
	hash32 digest[11];

	(void)state;
	for (unsigned k = 0; k < 11; k++) {
		sim *x = new_sim(7, 2, 1 << 3, k < 10 ? 5 : 6);
		run_all(x, 7, gossip, heard[k], 1);
		digest[k] = sim_transcript_digest(x);
		sim_free(&x);
		if (k && k < 10) assert_memory_equal(digest[k].b, digest[0].b, 32);
		if (k && k < 10) assert_memory_equal(heard[k], heard[0], sizeof heard[0]);
	}
	assert_memory_not_equal(digest[10].b, digest[0].b, 32);
	assert_memory_not_equal(heard[10], heard[0], sizeof heard[0]);
}

/* ---- liars ---------------------------------------------------------------------------------------------------------- */

static unsigned rushes;

/* Each held message tells its receiver what the receiver itself has said in this round, plus one. */
static void tell_back(void *ctx, sim *x, envelope *held, size_t count)
{
	(void)ctx;
	rushes++;
	assert_true(count >= 1);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(held[i].round, held[0].round);
		if (held[i].to == 2 || held[i].to == 5) continue;        /* the corrupt */
		const envelope *said = sim_seen(x, held[i].to, held[i].from, held[i].round, MSG_ROUND);
		assert_non_null(said);
		uint8_t *b = sim_bytes(x, 1);
		b[0] = (uint8_t)(said->body.p[0] + 1);
		held[i].body = slice_of(b, 1);
	}
}

static err hear_myself(session *s, void *arg)
{
	(void)arg;
	for (unsigned r = 0; r < 4; r++) {
		uint8_t mine;
		slice m;
		rng_fill(s->random, &mine, 1);
		next_round(s);
		FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_of(&mine, 1)));
		FOR_EACH_PARTY(j, s) {
			TRY(mpc_recv(s, j, &m, MAX_BODY));
			if ((j == 2 || j == 5) && m.p[0] != (uint8_t)(mine + 1) && s->me != 2 && s->me != 5)
				return err_fail(ERR_INTERNAL, "the liar has not seen what I said");
		}
	}
	return OK;
}

static void the_adversary_sees_the_honest_of_each_round_first(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		sim *x = new_sim(7, 2, 1 << 2 | 1 << 5, seed);
		rushes = 0;
		sim_set_rush(x, tell_back, NULL);
		run_all(x, 7, hear_myself, NULL, 1);
		for (party i = 1; i <= 7; i++) assert_int_equal(p[i].result, OK);
		assert_true(rushes >= 4);
		sim_free(&x);
	}
}

/* A corrupt program that listens first and speaks then. */
static err parrot(session *s, void *arg)
{
	(void)arg;
	for (unsigned r = 0; r < 3; r++) {
		slice m;
		next_round(s);
		FOR_EACH_PARTY(j, s) {
			if (j == s->me) continue;
			TRY(mpc_recv(s, j, &m, MAX_BODY));
			if (!m.p) return err_fail(ERR_INTERNAL, "the honest had not spoken");
			TRY(mpc_send(s, j, slice_of(&s->me, 1)));
		}
	}
	return OK;
}

static void a_program_of_its_own_may_listen_before_it_speaks(void **state)
{
	const session_id sid = sim_sid(1);
	sim *x = new_sim(4, 1, 1 << 3, 1);

	(void)state;
	for (party i = 1; i <= 4; i++) p[i] = (sim_party){ .run = i == 3 ? parrot : say_and_hear };
	sim_run(x, p, &sid);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, OK);
	sim_free(&x);
}

/* Two rounds in a session, two in the next: the adversary decides on each by itself. */
static err speak_only(session *s)
{
	for (unsigned r = 0; r < 2; r++) {
		next_round(s);
		FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_of(&s->me, 1)));
	}
	return OK;
}

static err speak_in_two_sessions(session *s, void *arg)
{
	const session_id sid = sim_sid(2);
	session next;

	(void)arg;
	TRY(speak_only(s));
	err e = session_follow(&next, s, &sid);
	if (e == OK) e = speak_only(&next);
	session_close(&next);
	return e;
}

static void count_one_place(void *ctx, sim *x, envelope *held, size_t count)
{
	(void)ctx, (void)x;
	rushes++;
	assert_int_equal(count, 3);
	for (size_t i = 1; i < count; i++) assert_true(held[i].round == held[0].round && sid_eq_var(&held[i].sid, &held[0].sid));
}

static void the_adversary_decides_on_one_round_of_one_session_at_a_time(void **state)
{
	const session_id sid = sim_sid(1);
	sim *x = new_sim(4, 1, 1 << 3, 1);

	(void)state;
	rushes = 0;
	sim_set_rush(x, count_one_place, NULL);
	for (party i = 1; i <= 4; i++) p[i] = (sim_party){ .run = i == 3 ? speak_in_two_sessions : say_and_hear };
	sim_run(x, p, &sid);
	assert_int_equal(p[3].result, OK);
	assert_int_equal(rushes, 4);
	sim_free(&x);
}

/* ---- faults ---------------------------------------------------------------------------------------------------------- */

static struct { slice got[4][5]; int64_t at[4]; unsigned repeated, contradicts, forged; } seen;

static err two_rounds(session *s, void *arg)
{
	static const char *const TEXT[] = { "", "first of eight bytes", "second of eight byte" };
	static uint8_t store[4][5][1 << 21];

	(void)arg;
	for (unsigned r = 1; r <= 2; r++) {
		next_round(s);
		FOR_EACH_PARTY(j, s) {
			uint8_t m[21];
			memcpy(m, TEXT[r], 20);
			m[20] = j;
			TRY(mpc_send(s, j, slice_of(m, sizeof m)));
		}
		FOR_EACH_PARTY(j, s) {
			slice m;
			TRY(mpc_recv(s, j, &m, MAX_BODY));
			if (s->me != 1) continue;
			if (m.n) memcpy(store[r][j], m.p, m.n);
			seen.got[r][j] = m.p ? slice_of(store[r][j], m.n) : m;
		}
		if (s->me == 1) seen.at[r] = box_now_ms(s->in);
	}
	return OK;
}

/* Party 2's message of round 2 to party 1 meets the fault. */
static slice meet_fault(fault_kind k)
{
	const fault f = { k, .from = 2, .to = 1, .first = 2, .last = 2, .where = 4 };
	faults *tap = calloc(1, sizeof *tap);
	sim *x = new_sim(4, 1, 1 << 2, 1);

	memset(&seen, 0, sizeof seen);
	tap->f = &f, tap->n = 1;
	sim_set_tap(x, faults_tap, tap);
	run_all(x, 4, two_rounds, NULL, 1);
	seen.repeated = (unsigned)inbox_count(sim_inbox(x, 1), 2, INBOX_REPEATED);
	seen.contradicts = (unsigned)inbox_count(sim_inbox(x, 1), 2, INBOX_CONTRADICTS);
	seen.forged = (unsigned)inbox_count(sim_inbox(x, 1), 2, INBOX_FORGED);
	sim_free(&x);
	free(tap);
	assert_int_equal(seen.got[2][3].n, 21);                  /* the others' are as they were */
	return seen.got[2][2];
}

static void every_fault_does_what_it_says(void **state)
{
	static const uint8_t RIGHT[] = "second of eight byte\1";
	const slice right = slice_of(RIGHT, 21);
	slice m;

	(void)state;
	assert_null(meet_fault(FAULT_DROP).p);
	assert_true(slice_eq_var(meet_fault(FAULT_JUST_IN_TIME), right));
	assert_int_equal(seen.at[2], SIM_ROUND_MS - 1);
	assert_true(slice_eq_var(meet_fault(FAULT_TOO_LATE), right));  /* round 1 was quick: its time is not lost */
	assert_true(slice_eq_var(meet_fault(FAULT_REPEAT), right));
	assert_int_equal(seen.repeated, 1);
	assert_true(slice_eq_var(meet_fault(FAULT_CONTRADICT), right));
	assert_int_equal(seen.contradicts, 1);
	m = meet_fault(FAULT_FLIP);
	assert_int_equal(m.n, 21);
	assert_false(slice_eq_var(m, right));
	m = meet_fault(FAULT_HIGH_BIT);
	assert_int_equal(m.p[7], RIGHT[7] ^ 0x80);
	assert_int_equal(m.p[8], RIGHT[8]);
	m = meet_fault(FAULT_ZERO);
	for (size_t i = 0; i < m.n; i++) assert_int_equal(m.p[i], 0);
	assert_int_equal(m.n, 21);
	m = meet_fault(FAULT_GARBAGE);
	assert_int_equal(m.n, 21);
	assert_false(slice_eq_var(m, right));
	assert_int_equal(meet_fault(FAULT_TRUNCATE).n, 20);
	m = meet_fault(FAULT_EMPTY);
	assert_true(m.p && m.n == 0);
	assert_int_equal(meet_fault(FAULT_EXTEND).n, 22);
	assert_int_equal(meet_fault(FAULT_OVERSIZE).n, 21 + (1 << 20));
	m = meet_fault(FAULT_OLD);
	assert_memory_equal(m.p, "first of eight bytes", 20);
	assert_null(meet_fault(FAULT_OTHER_SESSION).p);
	assert_null(meet_fault(FAULT_OTHER_ROUND).p);
	assert_null(meet_fault(FAULT_OTHER_TYPE).p);
	assert_null(meet_fault(FAULT_OTHER_NAME).p);
	assert_int_equal(seen.forged, 1);
	assert_true(slice_eq_var(meet_fault(FAULT_FLOOD), right));
	for (unsigned k = 0; k < FAULT_KINDS; k++) assert_non_null(fault_name((fault_kind)k));
}

static void a_swapped_message_is_meant_for_another(void **state)
{
	const fault f = { FAULT_SWAP, .from = 2, .to = 3 };
	faults *tap = calloc(1, sizeof *tap);
	sim *x = new_sim(4, 1, 1 << 2, 1);

	(void)state;
	tap->f = &f, tap->n = 1;
	sim_set_tap(x, faults_tap, tap);
	run_all(x, 4, two_rounds, NULL, 1);
	bool found = false;
	for (size_t i = 0; i < sim_transcript_length(x); i++) {
		const envelope *e = sim_transcript(x, i);
		if (e->from != 2 || e->to != 3) continue;
		assert_int_equal(e->body.p[20], 1);              /* what party 1 got just before */
		found = true;
	}
	assert_true(found);
	sim_free(&x);
	free(tap);
}

/* ---- several sessions -------------------------------------------------------------------------------------------------- */

static void a_simulation_runs_one_session_after_another_but_none_twice(void **state)
{
	sim *x = new_sim(4, 1, 0, 1);

	(void)state;
	for (uint64_t k = 1; k <= 3; k++) {
		run_all(x, 4, say_and_hear, NULL, k);
		for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, OK);
	}
	run_all(x, 4, say_and_hear, NULL, 2);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, ERR_EXISTS);
	sim_free(&x);
}

static void the_oracle_knows_whether_shares_fit(void **state)
{
	const ring *R = ring_of(64, 4);
	gr f[3], secret;
	share y[8];

	(void)state;
	for (unsigned a = 0; a < 3; a++) f[a] = gr_random(R, test_rng());
	for (unsigned i = 1; i <= 7; i++) y[i].v = gr_eval_at(R, f, 2, i);
	assert_true(sim_reconstruct(&secret, R, y, parties_all(7), 2));
	assert_true(gr_eq_var(secret, f[0]));
	assert_true(sim_reconstruct(&secret, R, y, parties_all(5), 3));
	assert_false(sim_reconstruct(&secret, R, y, parties_all(7), 1));
	y[7].v = gr_add(R, y[7].v, GR_ONE);
	assert_false(sim_reconstruct(&secret, R, y, parties_all(7), 2));
	assert_true(sim_reconstruct(&secret, R, y, parties_all(6), 2));
}

TESTS(
	TEST(no_time_passes_while_anybody_can_go_on),
	TEST(a_delayed_message_comes_at_its_time),
	TEST(when_nothing_can_happen_any_more_all_are_cancelled),
	TEST(the_seed_decides_the_order_of_everything),
	TEST(the_adversary_sees_the_honest_of_each_round_first),
	TEST(a_program_of_its_own_may_listen_before_it_speaks),
	TEST(the_adversary_decides_on_one_round_of_one_session_at_a_time),
	TEST(every_fault_does_what_it_says),
	TEST(a_swapped_message_is_meant_for_another),
	TEST(a_simulation_runs_one_session_after_another_but_none_twice),
	TEST(the_oracle_knows_whether_shares_fit)
)
