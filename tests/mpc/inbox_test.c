/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "tests/base/freed.h"
#include "tests/test.h"
#include "mpc/inbox.h"

/* Time for one thread: waiting makes it pass. */
static int64_t now_ms;
static unsigned waits;
static int64_t fake_now(void *ctx) { (void)ctx; return now_ms; }
static void fake_wait(void *ctx, pthread_cond_t *woken, pthread_mutex_t *held, int64_t until_ms)
{
	(void)ctx, (void)woken, (void)held;
	waits++;
	assert_true(until_ms > now_ms && until_ms < INT64_MAX);
	now_ms = until_ms;
}
static void fake_wake(void *ctx, pthread_cond_t *woken) { (void)ctx, (void)woken; }
static const wait_source FAKE = { NULL, fake_now, fake_wait, fake_wake };

enum { N = 4, ME = 2 };
static const inbox_limits SMALL = { .sessions = 3, .early_sessions = 4, .early_bytes = 2000, .peer_bytes = 5000, .early_ms = 1000 };

static inbox *in;
static arena memory;

static int setup(void **state)
{
	(void)state;
	now_ms = 100, waits = 0;
	memory = arena_with_limit(1 << 20);
	assert_ok(inbox_new(&in, ME, N, &SMALL, FAKE));
	return 0;
}
static int teardown(void **state)
{
	(void)state;
	inbox_free(&in);
	arena_free(&memory);
	return 0;
}

static session_id sid_number(uint64_t i)
{
	session_id s;

	store64(s.b, (i + 1) * 0x9e3779b97f4a7c15u);             /* like hashes, whose first bytes tell them apart */
	store64(s.b + 8, i);
	return s;
}

static inbox_verdict put_bytes(uint64_t sid, uint64_t round, party from, const void *p, size_t n)
{
	return inbox_put(in, from, &(envelope){ sid_number(sid), round, from, ME, MSG_ROUND, slice_of(p, n) });
}
static inbox_verdict put(uint64_t sid, uint64_t round, party from, const char *text)
{
	return put_bytes(sid, round, from, text, strlen(text));
}

static box *open_number(uint64_t sid)
{
	box *x = NULL;
	const session_id id = sid_number(sid);

	assert_ok(box_open(&x, in, &id));
	return x;
}

/* Takes; the text must be this one, NULL: nothing. */
static void take(box *x, uint64_t round, party from, const char *text)
{
	slice body;
	party who;

	assert_ok(box_take(x, &who, &body, &memory, MAX_BODY, round, MSG_ROUND, (party_set)1 << from, now_ms + 10));
	assert_int_equal(who, text ? from : 0);
	if (!text) assert_null(body.p);
	else assert_true(body.p && slice_eq_var(body, slice_str(text)));
}

static void a_message_reaches_its_session_round_and_type(void **state)
{
	box *x = open_number(1), *y = open_number(2);
	slice body;
	party who;

	(void)state;
	assert_int_equal(put(1, 1, 3, "one"), INBOX_KEPT);
	assert_int_equal(put(1, 2, 3, "two"), INBOX_KEPT);
	assert_int_equal(put(2, 1, 3, "other"), INBOX_KEPT);
	assert_int_equal(put(1, 1, 4, ""), INBOX_KEPT);
	take(x, 2, 3, "two");
	take(x, 1, 3, "one");
	take(x, 1, 4, "");
	take(y, 1, 3, "other");
	take(y, 1, 4, NULL);
	const envelope value = { sid_number(1), 1, 3, ME, MSG_VALUE, slice_str("value") };
	assert_int_equal(inbox_put(in, 3, &value), INBOX_KEPT);
	take(x, 1, 3, NULL);                                     /* taken already: once is enough */
	assert_ok(box_take(x, &who, &body, &memory, MAX_BODY, 1, MSG_VALUE, 1 << 3, now_ms));
	assert_int_equal(who, 3);
	box_close(&x), box_close(&y);
}

static void nothing_comes_after_the_deadline_and_not_before(void **state)
{
	box *x = open_number(1);

	(void)state;
	take(x, 1, 3, NULL);
	assert_int_equal(now_ms, 110);
	assert_int_equal(waits, 1);
	box_close(&x);
}

static void of_several_the_first_to_arrive_is_taken_first(void **state)
{
	box *x = open_number(1);
	static const party ORDER[] = { 4, 1, 3 };
	slice body;
	party who;

	(void)state;
	for (unsigned i = 0; i < 3; i++) put(1, 1, ORDER[i], "m");
	for (unsigned i = 0; i < 3; i++) {
		assert_ok(box_take(x, &who, &body, &memory, MAX_BODY, 1, MSG_ROUND, parties_all(N), now_ms));
		assert_int_equal(who, ORDER[i]);
	}
	box_close(&x);
}

static void the_first_message_counts_and_a_different_second_is_kept_as_evidence(void **state)
{
	box *x = open_number(1);
	contradiction found[2];

	(void)state;
	assert_int_equal(put(1, 1, 3, "yes"), INBOX_KEPT);
	assert_int_equal(put(1, 1, 3, "yes"), INBOX_REPEATED);
	assert_int_equal(put(1, 1, 3, "no"), INBOX_CONTRADICTS);
	take(x, 1, 3, "yes");
	assert_int_equal(put(1, 1, 3, "No"), INBOX_CONTRADICTS);     /* after it was taken, too */
	assert_int_equal(box_contradictions(x, found, 2), 2);
	assert_int_equal(found[0].from, 3);
	assert_int_equal(found[0].round, 1);
	assert_true(hash32_eq_var(found[0].first, found[1].first));
	assert_false(hash32_eq_var(found[0].second, found[1].second));
	for (unsigned i = 0; i < 2 * MAX_CONTRADICTIONS; i++) put_bytes(1, 1, 3, &i, sizeof i);
	assert_int_equal(box_contradictions(x, found, 0), MAX_CONTRADICTIONS);
	assert_int_equal(inbox_count(in, 3, INBOX_CONTRADICTS), 2 + 2 * MAX_CONTRADICTIONS);
	box_close(&x);
}

static void nobody_speaks_for_others(void **state)
{
	envelope e = { sid_number(1), 1, 3, ME, MSG_ROUND, slice_str("m") };

	(void)state;
	assert_int_equal(inbox_put(in, 4, &e), INBOX_FORGED);    /* says 3 over the connection of 4 */
	e.to = 1;
	assert_int_equal(inbox_put(in, 3, &e), INBOX_FORGED);    /* to somebody else */
	e.to = ME, e.type = MSG_OPENING + 1;
	assert_int_equal(inbox_put(in, 3, &e), INBOX_FORGED);
	e.type = 0;
	assert_int_equal(inbox_put(in, 3, &e), INBOX_FORGED);
	assert_int_equal(inbox_count(in, 4, INBOX_FORGED), 1);
	assert_int_equal(inbox_count(in, 3, INBOX_FORGED), 3);
}

static void early_messages_wait_for_their_session(void **state)
{
	(void)state;
	assert_int_equal(put(1, 1, 3, "early"), INBOX_KEPT);
	assert_int_equal(put(1, 2, 3, "earlier"), INBOX_KEPT);
	box *x = open_number(1);
	take(x, 1, 3, "early");
	take(x, 2, 3, "earlier");
	box_close(&x);
}

static void early_sessions_of_a_peer_are_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SMALL.early_sessions; i++) assert_int_equal(put(i, 1, 3, "m"), INBOX_KEPT);
	assert_int_equal(inbox_sessions_of(in).early, SMALL.early_sessions);
	assert_int_equal(inbox_sessions_of(in).open, 0);
	assert_int_equal(put(9, 1, 3, "m"), INBOX_FULL);
	assert_int_equal(put(0, 2, 3, "m"), INBOX_KEPT);         /* not another session */
	assert_int_equal(put(9, 1, 4, "m"), INBOX_KEPT);         /* not another's quota */
	assert_int_equal(put(9, 1, 3, "m"), INBOX_FULL);
	box *x = open_number(0);
	assert_int_equal(put(9, 1, 3, "m"), INBOX_KEPT);         /* one is early no more */
	box_close(&x);
}

static void early_bytes_of_a_peer_are_counted(void **state)
{
	static const uint8_t LONG[1500];

	(void)state;
	assert_int_equal(put_bytes(1, 1, 3, LONG, sizeof LONG), INBOX_KEPT);
	assert_int_equal(put_bytes(1, 2, 3, LONG, sizeof LONG), INBOX_FULL);
	box *x = open_number(1);
	assert_int_equal(put_bytes(1, 2, 3, LONG, sizeof LONG), INBOX_KEPT);
	assert_int_equal(put_bytes(2, 1, 3, LONG, sizeof LONG), INBOX_KEPT);
	box_close(&x);
}

static void early_messages_expire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SMALL.early_sessions; i++) put(i, 1, 3, "m");
	now_ms += SMALL.early_ms - 1;
	assert_int_equal(put(9, 1, 3, "m"), INBOX_FULL);
	now_ms++;
	assert_int_equal(put(9, 1, 3, "m"), INBOX_KEPT);
	box *x = open_number(0);
	take(x, 1, 3, NULL);
	box_close(&x);

	static const uint8_t LONG[1500];                         /* and their bytes are free again */
	for (unsigned i = 20; i < 23; i++, now_ms += SMALL.early_ms) assert_int_equal(put_bytes(i, 1, 4, LONG, sizeof LONG), INBOX_KEPT);
}

/* P_3 writes to a session long before it begins: P_4's messages for it live as long as if P_3 had not. */
static void an_early_message_lives_its_own_time_whoever_wrote_before(void **state)
{
	(void)state;
	put(1, 1, 3, "old");
	now_ms += SMALL.early_ms / 2;
	put(2, 1, 3, "between");
	now_ms += SMALL.early_ms / 2 - 1;
	put(1, 1, 4, "young");
	put(1, 2, 3, "no younger for that");
	now_ms++;
	for (unsigned i = 20; i < 23; i++) assert_int_equal(put(i, 1, 3, "m"), INBOX_KEPT);     /* the place of session 1 is free */
	assert_int_equal(put(23, 1, 3, "m"), INBOX_FULL);
	now_ms += SMALL.early_ms / 2;                            /* now that of session 2 */
	assert_int_equal(put(23, 1, 3, "m"), INBOX_KEPT);
	box *x = open_number(1);
	take(x, 1, 4, "young");
	take(x, 1, 3, NULL);
	take(x, 2, 3, NULL);
	box_close(&x);

	put(3, 1, 3, "old");                                     /* and the young one does not live for ever, either */
	now_ms += SMALL.early_ms - 1;
	put(3, 1, 4, "young");
	now_ms += SMALL.early_ms;
	x = open_number(3);
	take(x, 1, 4, NULL);
	box_close(&x);
}

static void bytes_of_a_peer_are_counted_until_their_round_is_over(void **state)
{
	static const uint8_t LONG[2000];
	box *x = open_number(1);

	(void)state;
	assert_int_equal(put_bytes(1, 1, 3, LONG, sizeof LONG), INBOX_KEPT);
	assert_int_equal(put_bytes(1, 2, 3, LONG, sizeof LONG), INBOX_KEPT);
	assert_int_equal(put_bytes(1, 3, 3, LONG, sizeof LONG), INBOX_FULL);
	assert_int_equal(put_bytes(1, 3, 4, LONG, sizeof LONG), INBOX_KEPT);
	box_begin_round(x, 2);
	assert_int_equal(put_bytes(1, 3, 3, LONG, sizeof LONG), INBOX_KEPT);
	box_close(&x);
	x = open_number(2);
	for (unsigned r = 1; r <= 2; r++) assert_int_equal(put_bytes(2, r, 3, LONG, sizeof LONG), INBOX_KEPT);
	box_close(&x);
}

static void rounds_that_are_over_or_far_away_are_refused(void **state)
{
	box *x = open_number(1);

	(void)state;
	assert_int_equal(put(1, INBOX_AHEAD, 3, "m"), INBOX_KEPT);
	assert_int_equal(put(1, INBOX_AHEAD + 1, 3, "m"), INBOX_FAR);
	box_begin_round(x, 5);
	assert_int_equal(put(1, INBOX_AHEAD + 5, 3, "m"), INBOX_KEPT);
	assert_int_equal(put(1, INBOX_AHEAD + 6, 3, "m"), INBOX_FAR);
	assert_int_equal(put(1, UINT64_MAX, 3, "m"), INBOX_FAR);
	assert_int_equal(put(1, 4, 3, "m"), INBOX_LATE);
	assert_int_equal(put(7, INBOX_AHEAD + 1, 3, "m"), INBOX_FAR);        /* of a session not open, too */
	box_close(&x);
}

static void a_session_that_is_over_stays_over(void **state)
{
	box *x = open_number(1), *y = NULL;
	const session_id id = sid_number(1);

	(void)state;
	assert_err(ERR_EXISTS, box_open(&y, in, &id));
	box_close(&x);
	assert_null(x);
	assert_int_equal(put(1, 1, 3, "m"), INBOX_LATE);
	assert_err(ERR_EXISTS, box_open(&y, in, &id));
	for (unsigned i = 100; i < 1100; i++) {                  /* also after many others */
		y = open_number(i);
		box_close(&y);
	}
	assert_int_equal(put(1, 1, 3, "m"), INBOX_LATE);
}

static void not_more_sessions_are_open_than_allowed(void **state)
{
	box *x[3], *y = NULL;
	const session_id id = sid_number(9);

	(void)state;
	for (unsigned i = 0; i < 3; i++) x[i] = open_number(i);
	assert_err(ERR_EXHAUSTED, box_open(&y, in, &id));
	for (unsigned i = 0; i < 3; i++) box_close(&x[i]);
	x[0] = open_number(9);
	box_close(&x[0]);
}

static void a_full_arena_is_an_error(void **state)
{
	static const uint8_t LONG[2000];
	box *x = open_number(1);
	arena tiny = arena_with_limit(1000);
	slice body;
	party who;

	(void)state;
	put_bytes(1, 1, 3, LONG, sizeof LONG);
	assert_err(ERR_NOMEM, box_take(x, &who, &body, &tiny, MAX_BODY, 1, MSG_ROUND, 1 << 3, now_ms));
	assert_int_equal(who, 0);
	arena_free(&tiny);
	box_close(&x);
}

static void a_cancelled_session_waits_no_more(void **state)
{
	box *x = open_number(1), *y = open_number(2);
	const session_id one = sid_number(1), none = sid_number(5);
	slice body;
	party who;

	(void)state;
	assert_true(inbox_cancel(in, &one));
	assert_false(inbox_cancel(in, &none));
	put(1, 1, 3, "m");
	assert_err(ERR_CANCELLED, box_take(x, &who, &body, &memory, MAX_BODY, 1, MSG_ROUND, 1 << 3, now_ms));
	take(y, 1, 3, NULL);
	inbox_cancel_all(in);
	assert_err(ERR_CANCELLED, box_take(y, &who, &body, &memory, MAX_BODY, 1, MSG_ROUND, 1 << 3, now_ms));
	box_close(&x);
	x = open_number(3);
	assert_err(ERR_CANCELLED, box_take(x, &who, &body, &memory, MAX_BODY, 1, MSG_ROUND, 1 << 3, now_ms));
	box_close(&x), box_close(&y);
}

/* Their rounds over, their session closed, or never opened: messages hold shares. */
static void messages_are_wiped_when_they_go(void **state)
{
	static const char SECRET_TEXT[] = "the share of somebody";
	box *x = open_number(1);

	(void)state;
	for (unsigned r = 1; r <= 3; r++) put(1, r, 3, SECRET_TEXT);
	put(2, 1, 3, SECRET_TEXT);
	freed_watch(slice_str(SECRET_TEXT));
	box_begin_round(x, 3);
	assert_int_equal(freed_blocks(), 2);
	box_close(&x);
	assert_true(freed_blocks() >= 3);
	inbox_free(&in);
	assert_true(freed_blocks() >= 4);
	assert_int_equal(freed_dirty(), 0);
	freed_watch((slice){ 0 });
}

/* ---- with threads and the real clock ------------------------------------------------------------------------------ */

enum { SESSIONS = 6, ROUNDS = 40 };

static void *peer_main(void *arg)
{
	const party from = (party)(uintptr_t)arg;

	for (uint64_t r = 1; r <= ROUNDS; r++)
		for (uint64_t s = 0; s < SESSIONS; s++)
			while (put_bytes(s, r, from, &r, sizeof r) == INBOX_FAR) sched_yield();
	return NULL;
}

static void *session_main(void *arg)
{
	const session_id id = sid_number((uintptr_t)arg);
	arena a = arena_with_limit(1 << 20);
	box *x = NULL;
	uintptr_t right = 0;

	ASSERT(box_open(&x, in, &id) == OK);
	for (uint64_t r = 1; r <= ROUNDS; r++) {
		box_begin_round(x, r);
		for (party from = 1; from <= N; from++) {
			slice body;
			party who;
			if (from == ME) continue;
			/* Odd rounds by name, even ones by arrival. */
			const party_set of = r % 2 ? (party_set)1 << from : parties_all(N);
			ASSERT(box_take(x, &who, &body, &a, MAX_BODY, r, MSG_ROUND, of, box_now_ms(x) + 60000) == OK);
			right += who && body.n == 8 && load64(body.p) == r;
		}
	}
	box_close(&x);
	arena_free(&a);
	return (void *)right;
}

static void threads_put_and_take_at_the_same_time(void **state)
{
	pthread_t peers[N + 1], sessions[SESSIONS];

	(void)state;
	inbox_free(&in);
	assert_ok(inbox_new(&in, ME, N, NULL, wait_system()));
	for (uintptr_t s = 0; s < SESSIONS; s++) pthread_create(&sessions[s], NULL, session_main, (void *)s);
	for (uintptr_t i = 1; i <= N; i++) if (i != ME) pthread_create(&peers[i], NULL, peer_main, (void *)i);
	for (unsigned s = 0; s < SESSIONS; s++) {
		void *right;
		pthread_join(sessions[s], &right);
		assert_int_equal((uintptr_t)right, ROUNDS * (N - 1));
	}
	for (unsigned i = 1; i <= N; i++) if (i != ME) pthread_join(peers[i], NULL);
}

static void *cancelled_main(void *arg)
{
	arena a = arena_with_limit(1 << 10);
	slice body;
	party who;
	err e = box_take(arg, &who, &body, &a, MAX_BODY, 1, MSG_ROUND, 1 << 3, INT64_MAX);

	arena_free(&a);
	err_clear();
	return (void *)(uintptr_t)(e == ERR_CANCELLED);
}

static void cancelling_wakes_a_waiting_thread(void **state)
{
	const session_id id = sid_number(1);
	pthread_t t;
	box *x = NULL;
	void *cancelled;

	(void)state;
	inbox_free(&in);
	assert_ok(inbox_new(&in, ME, N, NULL, wait_system()));
	assert_ok(box_open(&x, in, &id));
	pthread_create(&t, NULL, cancelled_main, x);
	assert_true(inbox_cancel(in, &id));
	pthread_join(t, &cancelled);
	assert_non_null(cancelled);
	box_close(&x);
}

static void the_real_clock_ends_a_wait(void **state)
{
	const session_id id = sid_number(1);
	box *x = NULL;
	slice body;
	party who;

	(void)state;
	inbox_free(&in);
	assert_ok(inbox_new(&in, ME, N, NULL, wait_system()));
	assert_ok(box_open(&x, in, &id));
	const int64_t until = box_now_ms(x) + 20;
	assert_ok(box_take(x, &who, &body, &memory, MAX_BODY, 1, MSG_ROUND, 1 << 3, until));
	assert_int_equal(who, 0);
	assert_true(box_now_ms(x) >= until);
	box_close(&x);
}

/* Nobody answers; how long did it take to find out?  Round r, of party 3. */
static int64_t waited_for_nothing(box *x, uint64_t round, int64_t patience)
{
	const int64_t began = now_ms;
	slice body;
	party who;

	assert_ok(box_take(x, &who, &body, &memory, MAX_BODY, round, MSG_ROUND, 1 << 3, now_ms + patience));
	assert_int_equal(who, 0);
	return now_ms - began;
}

static void when_enough_others_are_ahead_nobody_is_waited_for_long_and_never_twice(void **state)
{
	box *x = open_number(1);

	(void)state;
	box_hurry(x, 2, 20);
	assert_int_equal(waited_for_nothing(x, 1, 1000), 1000);
	assert_int_equal(put(1, 2, 1, "ahead"), INBOX_KEPT);     /* one: that may be a liar */
	assert_int_equal(waited_for_nothing(x, 1, 1000), 1000);
	assert_int_equal(put(1, 3, 4, "ahead"), INBOX_KEPT);
	assert_int_equal(waited_for_nothing(x, 1, 5), 5);        /* never longer than without that */
	assert_int_equal(waited_for_nothing(x, 1, 1000), 15);
	assert_int_equal(waited_for_nothing(x, 1, 1000), 0);
	box_begin_round(x, 2);
	assert_int_equal(waited_for_nothing(x, 2, 1000), 1000);  /* the others are here, and not ahead */
	assert_int_equal(put(1, 3, 1, "ahead"), INBOX_KEPT);
	assert_int_equal(put(1, 2, 3, "late"), INBOX_KEPT);
	take(x, 2, 3, "late");                                   /* what has come counts, whoever was given up */
	box_begin_round(x, 3);
	assert_int_equal(put(1, 4, 1, "ahead"), INBOX_KEPT);
	assert_int_equal(put(1, 4, 4, "ahead"), INBOX_KEPT);
	assert_int_equal(waited_for_nothing(x, 3, 1000), 0);
	box_close(&x);
}

#define WITH_INBOX(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS(
	WITH_INBOX(a_message_reaches_its_session_round_and_type),
	WITH_INBOX(nothing_comes_after_the_deadline_and_not_before),
	WITH_INBOX(when_enough_others_are_ahead_nobody_is_waited_for_long_and_never_twice),
	WITH_INBOX(of_several_the_first_to_arrive_is_taken_first),
	WITH_INBOX(the_first_message_counts_and_a_different_second_is_kept_as_evidence),
	WITH_INBOX(nobody_speaks_for_others),
	WITH_INBOX(early_messages_wait_for_their_session),
	WITH_INBOX(early_sessions_of_a_peer_are_counted),
	WITH_INBOX(early_bytes_of_a_peer_are_counted),
	WITH_INBOX(early_messages_expire),
	WITH_INBOX(an_early_message_lives_its_own_time_whoever_wrote_before),
	WITH_INBOX(bytes_of_a_peer_are_counted_until_their_round_is_over),
	WITH_INBOX(rounds_that_are_over_or_far_away_are_refused),
	WITH_INBOX(a_session_that_is_over_stays_over),
	WITH_INBOX(not_more_sessions_are_open_than_allowed),
	WITH_INBOX(a_full_arena_is_an_error),
	WITH_INBOX(a_cancelled_session_waits_no_more),
	WITH_INBOX(messages_are_wiped_when_they_go),
	WITH_INBOX(threads_put_and_take_at_the_same_time),
	WITH_INBOX(cancelling_wakes_a_waiting_thread),
	WITH_INBOX(the_real_clock_ends_a_wait)
)
