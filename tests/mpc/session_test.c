/* SPDX-License-Identifier: MIT */
/* What the session engine promises to every protocol, mostly with parties that run small programs in the simulator. */
#include <pthread.h>
#include "mpc/lanes.h"
#include "tests/base/freed.h"
#include "tests/test.h"
#include "sim/faults.h"

static sim *net;
static sim_party p[5];

static void run_all(const sim_setup *setup, program run, void *arg)
{
	const session_id sid = sim_sid(1);

	memset(p, 0, sizeof p);
	assert_ok(sim_new(&net, setup));
	for (party i = 1; i <= 4; i++) p[i] = (sim_party){ .run = run, .arg = arg };
	sim_run(net, p, &sid);
	sim_free(&net);
}
static const sim_setup FOUR = { .n = 4, .t = 1, .seed = 1 };

static inbox *home;
static err no_wire(void *ctx, party to, const envelope *e) { (void)ctx, (void)to, (void)e; return OK; }

static session_plan plan_of(unsigned n, unsigned t, party me)
{
	return (session_plan){ .sid = sim_sid(3), .me = me, .n = n, .t = t, .k = 64, .round_ms = 10, .random = test_rng(), .in = home,
	                       .out = { NULL, no_wire } };
}

static int setup(void **state) { (void)state; assert_ok(inbox_new(&home, 1, 4, NULL, wait_system())); return 0; }
static int teardown(void **state) { (void)state; inbox_free(&home); return 0; }

static void a_session_needs_a_cluster_that_can_be(void **state)
{
	static const struct { unsigned n, t; party me; } BAD[] = { { 4, 0, 1 }, { 3, 1, 1 }, { 6, 2, 1 }, { 4, 1, 0 }, { 4, 1, 5 }, { 16, 5, 1 } };
	session s;

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		const session_plan plan = plan_of(BAD[i].n, BAD[i].t, BAD[i].me);
		assert_err(ERR_REQUEST, session_open(&s, &plan));
		session_close(&s);
	}
}

static void an_id_serves_one_session(void **state)
{
	const session_plan plan = plan_of(4, 1, 1);
	session s, again;

	(void)state;
	assert_ok(session_open(&s, &plan));
	assert_err(ERR_EXISTS, session_open(&again, &plan));
	session_close(&again);
	session_close(&s);
	session_close(&s);
	assert_err(ERR_EXISTS, session_open(&again, &plan));
	session_close(&again);
}

/* ---- PRSS --------------------------------------------------------------------------------------------------------- */

static session *in_use;
static unsigned recorded;
static err record(void *ctx, const session_id *sid)
{
	assert_true(sid_eq_var(sid, &in_use->sid));
	assert_null(in_use->prss);                               /* nothing can be evaluated before the record is there */
	recorded++;
	return *(err *)ctx == OK ? OK : err_fail(*(err *)ctx, "no record");
}

static void a_session_has_prss_only_after_its_id_is_recorded(void **state)
{
	const session_plan plan = plan_of(4, 1, 1);
	const prss *keys = (const prss *)&plan;                  /* only its address is looked at */
	err outcome = ERR_IO;
	const sid_record to = { &outcome, record };
	session s;

	(void)state;
	assert_ok(session_open(&s, &plan));
	in_use = &s;
	assert_err(ERR_IO, session_use_prss(&s, keys, &to));
	assert_null(s.prss);
	outcome = ERR_EXISTS;
	assert_err(ERR_EXISTS, session_use_prss(&s, keys, &to));
	assert_null(s.prss);
	outcome = OK;
	assert_ok(session_use_prss(&s, keys, &to));
	assert_ptr_equal(s.prss, keys);
	assert_int_equal(recorded, 3);
	session_close(&s);
}

/* ---- messages ------------------------------------------------------------------------------------------------------ */

static void what_is_not_the_expected_elements_is_zero(void **state)
{
	const session_plan plan = plan_of(4, 1, 1);
	uint8_t bytes[65] = { 7 };
	session s;

	(void)state;
	assert_ok(session_open(&s, &plan));
	bytes[32] = 9;
	assert_true(is_elements(&s, slice_of(bytes, 64), 2));
	assert_true(gr_eq_var(nth(&s, slice_of(bytes, 64), 2, 1), gr_scalar(s.R, 9)));
	for (size_t n = 0; n <= 65; n++) if (n != 64) assert_true(gr_eq_var(nth(&s, slice_of(bytes, n), 2, 0), GR_ZERO));
	assert_false(is_elements(&s, (slice){ 0 }, 0));          /* nothing is not the empty message */
	assert_true(is_elements(&s, slice_of(bytes, 0), 0));
	session_close(&s);
}

static void a_message_that_is_too_long_is_not_sent(void **state)
{
	const session_plan plan = plan_of(4, 1, 1);
	session s;

	(void)state;
	assert_ok(session_open(&s, &plan));
	next_round(&s);
	uint8_t *p_long = NULL;
	assert_ok(arena_new(&s.arena, &p_long, MAX_BODY + 1));
	assert_err(ERR_UNSUPPORTED, mpc_send(&s, 2, slice_of(p_long, MAX_BODY + 1)));
	assert_ok(mpc_send(&s, 2, slice_of(p_long, MAX_BODY)));
	assert_int_equal(s.sent_bytes, MAX_BODY + ENVELOPE_HEADER);
	session_close(&s);
}

static err talk_to_myself(session *s, void *arg)
{
	slice m;

	(void)arg;
	next_round(s);
	TRY(mpc_send(s, s->me, slice_str("note")));
	TRY(mpc_recv(s, s->me, &m, MAX_BODY));
	return slice_eq_var(m, slice_str("note")) && s->sent_bytes == 0 ? OK : ERR_INTERNAL;
}

static void messages_to_oneself_arrive_and_cost_nothing(void **state)
{
	(void)state;
	run_all(&FOUR, talk_to_myself, NULL);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, OK);
}

/* ---- the clock ------------------------------------------------------------------------------------------------------ */

/* Party 1 is silent in rounds 2 and 4: the deadlines are those of the sum, not of each round. */
static err slow_rounds(session *s, void *arg)
{
	int64_t *ended = arg;

	for (unsigned r = 1; r <= 4; r++) {
		slice m;
		next_round(s);
		if (r == 3) session_allow(s, 500);
		FOR_EACH_PARTY(j, s) if (s->me != 1 || r % 2) TRY(mpc_send(s, j, slice_str("m")));
		FOR_EACH_PARTY(j, s) TRY(mpc_recv(s, j, &m, MAX_BODY));
		if (s->me == 2) ended[r] = box_now_ms(s->in);
	}
	return OK;
}

static void time_that_fast_rounds_leave_is_there_for_slow_ones(void **state)
{
	int64_t ended[5] = { 0 };

	(void)state;
	run_all(&FOUR, slow_rounds, ended);
	assert_int_equal(ended[1], 0);
	assert_int_equal(ended[2], 2 * SIM_ROUND_MS);
	assert_int_equal(ended[3], 2 * SIM_ROUND_MS);
	assert_int_equal(ended[4], 4 * SIM_ROUND_MS + 500);
	assert_int_equal(p[2].suspects, 1 << 1);
	assert_int_equal(p[2].corrupt, 0);                       /* T-CORRUPTLOCAL */
}

/* ---- blame ---------------------------------------------------------------------------------------------------------- */

static err accuse_and_go_on(session *s, void *arg)
{
	slice m;

	next_round(s);
	accuse(s, 4, "for a test");
	accuse(s, 4, "once is enough");
	FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_str("m")));
	FOR_EACH_PARTY(j, s) {
		TRY(mpc_recv(s, j, &m, MAX_BODY));
		if ((m.p == NULL) != (j == 4)) return ERR_INTERNAL;
	}
	if (s->sent_messages != 2 || box_now_ms(s->in) != 0) return ERR_INTERNAL;
	if (*(bool *)arg) accuse(s, 3, "one too many");
	next_round(s);
	return mpc_recv(s, 2, &m, MAX_BODY);
}

static void the_corrupt_are_neither_written_to_nor_waited_for(void **state)
{
	bool more = false;

	(void)state;
	run_all(&FOUR, accuse_and_go_on, &more);
	for (party i = 1; i <= 3; i++) assert_int_equal(p[i].result, OK);
	assert_int_equal(p[1].evidence_count, 2);                /* the accusation; that P2 said nothing in the end */
	assert_true(p[1].evidence[0].agreed && p[1].evidence[0].who == 4);
	assert_string_equal(p[1].evidence[0].why, "for a test");
	assert_false(p[1].evidence[1].agreed);
}

static void more_than_t_proven_liars_end_the_session(void **state)
{
	bool more = true;

	(void)state;
	run_all(&FOUR, accuse_and_go_on, &more);
	for (party i = 1; i <= 3; i++) assert_int_equal(p[i].result, ERR_STATE);
}

static void suspicions_leave_room_for_accusations(void **state)
{
	static char reasons[200][2];
	const session_plan plan = plan_of(4, 1, 1);
	session s;

	(void)state;
	assert_ok(session_open(&s, &plan));
	for (unsigned i = 0; i < COUNT(reasons); i++) suspect(&s, 2, reasons[i], slice_str("m"));
	assert_true(s.evidence_count < MAX_EVIDENCE);
	accuse(&s, 3, "proven");
	assert_string_equal(s.evidence[s.evidence_count - 1].why, "proven");
	session_close(&s);
}

static err one_exchange(session *s, void *arg)
{
	slice m;

	(void)arg;
	next_round(s);
	FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, slice_str("message")));
	FOR_EACH_PARTY(j, s) TRY(mpc_recv(s, j, &m, MAX_BODY));
	return OK;
}

static void contradictions_become_evidence(void **state)
{
	const fault f = { FAULT_CONTRADICT, .from = 3, .to = 1 };
	faults *tap = test_calloc(1, sizeof *tap);
	const session_id sid = sim_sid(1);

	(void)state;
	tap->f = &f, tap->n = 1;
	assert_ok(sim_new(&net, &FOUR));
	sim_set_tap(net, faults_tap, tap);
	for (party i = 1; i <= 4; i++) p[i] = (sim_party){ .run = one_exchange };
	sim_run(net, p, &sid);
	sim_free(&net);
	assert_int_equal(p[1].suspects, 1 << 3);
	assert_int_equal(p[1].evidence_count, 1);
	assert_int_equal(p[2].evidence_count, 0);
	test_free(tap);
}

/* ---- stopping ------------------------------------------------------------------------------------------------------- */

static stop_flag asked;

/* Party 3 is asked after the first round; it goes no further, nor does any part of its session. */
static err two_rounds(session *s, void *arg)
{
	void *const none = NULL;
	const lane_plan part = { .lanes = 1, .first = 1, .k = 64, .run = one_exchange, .arg = &none, .in_turn = true };

	(void)arg;
	TRY(one_exchange(s, NULL));
	if (s->me == 3) {
		s->stop = &asked;
		box_heed(s->in, s->stop);
		if (!stop_ask(&asked) || mpc_lanes(s, &part) != ERR_CANCELLED) return ERR_INTERNAL;
		const session_id sid = sid_sub(&s->sid, 2);
		session next;
		TRY(session_follow(&next, s, &sid));
		const err e = one_exchange(&next, NULL);
		session_close(&next);
		if (e != ERR_CANCELLED) return ERR_INTERNAL;
	}
	next_round(s);
	FOR_EACH_PARTY(j, s) TRY(mpc_recv(s, j, &(slice){ 0 }, MAX_BODY));
	return OK;
}

static void to_the_others_one_that_is_stopped_falls_silent(void **state)
{
	(void)state;
	asked = (stop_flag){ 0 };
	run_all(&FOUR, two_rounds, NULL);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, i == 3 ? ERR_CANCELLED : OK);
	assert_non_null(strstr(p[3].text, "abort"));
	assert_true(has(p[1].suspects, 3));
}

static void *ask(void *arg) { return stop_ask(arg) ? arg : NULL; }

/* By the clock: its round would last for an hour. */
static void who_waits_is_stopped_soon(void **state)
{
	session_plan plan = plan_of(4, 1, 1);
	stop_flag stop = { 0 };
	pthread_t other;
	session s;
	slice m;

	(void)state;
	plan.round_ms = 3600 * 1000, plan.stop = &stop;
	assert_ok(session_open(&s, &plan));
	next_round(&s);
	assert_int_equal(pthread_create(&other, NULL, ask, &stop), 0);
	assert_err(ERR_CANCELLED, mpc_recv(&s, 2, &m, MAX_BODY));
	assert_int_equal(pthread_join(other, NULL), 0);
	session_close(&s);
}

/* ---- scopes and followers -------------------------------------------------------------------------------------------- */

static err in_a_scope(session *s)
{
	IN_SCOPE(s);
	uint8_t *big;

	return arena_new(&s->arena, &big, SESSION_MEMORY / 2 + 1);
}

static void what_a_scope_allocated_is_free_again(void **state)
{
	const session_plan plan = plan_of(4, 1, 1);
	session s;
	uint8_t *before = NULL;

	(void)state;
	assert_ok(session_open(&s, &plan));
	assert_ok(arena_new(&s.arena, &before, 100));
	before[99] = 5;
	const size_t used = s.arena.used;
	for (unsigned i = 0; i < 3; i++) assert_ok(in_a_scope(&s));
	assert_int_equal(s.arena.used, used);
	assert_int_equal(before[99], 5);
	session_close(&s);
}

static const uint8_t SECRET_BYTES[] = "twenty-four secret bytes";

static void put_secret_in_a_scope(session *s)
{
	IN_SCOPE(s);
	uint8_t *p_in;

	assert_ok(arena_new(&s->arena, &p_in, sizeof SECRET_BYTES));
	memcpy(p_in, SECRET_BYTES, sizeof SECRET_BYTES);
}

static void what_a_scope_or_a_session_held_is_wiped(void **state)
{
	const session_plan plan = plan_of(4, 1, 1);
	session s;
	uint8_t *p_in = NULL;

	(void)state;
	assert_ok(session_open(&s, &plan));
	freed_watch(slice_of(SECRET_BYTES, sizeof SECRET_BYTES));
	put_secret_in_a_scope(&s);
	assert_int_equal(freed_blocks(), 1);
	assert_int_equal(freed_dirty(), 0);
	assert_ok(arena_new(&s.arena, &p_in, sizeof SECRET_BYTES));
	memcpy(p_in, SECRET_BYTES, sizeof SECRET_BYTES);
	session_close(&s);
	assert_true(freed_blocks() > 1);
	assert_int_equal(freed_dirty(), 0);
	freed_watch((slice){ 0 });
}

static err follow(session *s, void *arg)
{
	const session_id sid = sid_sub(&s->sid, 1);
	session next;

	(void)arg;
	accuse(s, 4, "for a test");
	TRY(session_follow(&next, s, &sid));
	err e = one_exchange(&next, NULL);
	if (e == OK && (next.corrupt != 1 << 4 || next.round != 1)) e = ERR_INTERNAL;
	session_close(&next);
	return e;
}

static void the_next_session_knows_who_is_corrupt(void **state)
{
	(void)state;
	run_all(&FOUR, follow, NULL);
	for (party i = 1; i <= 3; i++) assert_int_equal(p[i].result, OK);
}

#define WITH_INBOX(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS(
	WITH_INBOX(a_session_needs_a_cluster_that_can_be),
	WITH_INBOX(an_id_serves_one_session),
	WITH_INBOX(a_session_has_prss_only_after_its_id_is_recorded),
	WITH_INBOX(what_is_not_the_expected_elements_is_zero),
	WITH_INBOX(a_message_that_is_too_long_is_not_sent),
	TEST(messages_to_oneself_arrive_and_cost_nothing),
	TEST(time_that_fast_rounds_leave_is_there_for_slow_ones),
	TEST(the_corrupt_are_neither_written_to_nor_waited_for),
	TEST(more_than_t_proven_liars_end_the_session),
	WITH_INBOX(suspicions_leave_room_for_accusations),
	TEST(contradictions_become_evidence),
	TEST(to_the_others_one_that_is_stopped_falls_silent),
	WITH_INBOX(who_waits_is_stopped_soon),
	WITH_INBOX(what_a_scope_allocated_is_free_again),
	WITH_INBOX(what_a_scope_or_a_session_held_is_wiped),
	TEST(the_next_session_knows_who_is_corrupt)
)
