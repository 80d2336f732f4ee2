/* SPDX-License-Identifier: MIT */
/*
 * How four parties come together when one of them, D = 4, tells each of the others something else, or nothing.  The links
 * and the journal are this test's own, hence announce.c is included.
 */
#include <unistd.h>
#include "node/announce.c"
#include "tests/test.h"

enum { N = 4, T = 1, D = 4 };

typedef struct member_here {
	mpc_context context;
	committee   c;
	announcements *a;
	bool     cut[N + 1], up[N + 1];                  /* what we send to it is lost; its link looks well */
	uint32_t last;                                   /* attempt on disk */
	gathering_plan plan;
	pthread_t thread;
	/* how it ended */
	err      e;
	uint32_t attempt;
	int64_t  at_ms;
	char     why[400];
} member_here;

static struct world { member_here m[N + 1]; _Atomic bool over; } w;

static const id32 ID = {{ 8, [31] = 1 }};

/* ---- in place of links and journal -------------------------------------------------------------------------------- */

void peers_send(committee *c, party to, frame_kind kind, slice head, slice body, int64_t wait_ms)
{
	const party from = c->context->me;

	ASSERT(kind == FRAME_ANNOUNCE && body.n == 0 && wait_ms == 0);
	if (to != D && !w.m[from].cut[to]) announce_heard(w.m[to].a, &w.m[to].c, from, head);
}

bool peers_is_up(committee *c, party who) { return w.m[c->context->me].up[who]; }

void peers_blame(committee *c, party who, const char *why)
{
	(void)c, (void)who, (void)why;
	abort();                                         /* nothing here is malformed */
}

err attempt_last(uint32_t *out, vault *v, attempted what, const id32 *request)
{
	(void)what, (void)request;
	*out = *(const uint32_t *)(const void *)v;
	return OK;
}

err attempt_record(vault *v, attempted what, const id32 *request, uint32_t number)
{
	(void)what, (void)request;
	*(uint32_t *)(void *)v = number;
	return OK;
}

/* ---- the world ------------------------------------------------------------------------------------------------------ */

static void begin_world(int64_t all_ms, int64_t quorum_ms, int64_t away_ms)
{
	w = (struct world){ 0 };
	for (party i = 1; i <= N; i++) {
		member_here *m = &w.m[i];
		m->context = (mpc_context){ .n = N, .t = T, .me = i };
		m->c.context = &m->context;
		assert_ok(announcements_new(&m->a));
		m->plan = (gathering_plan){ &m->c, ATTEMPT_EPOCH, ID, (vault *)(void *)&m->last, all_ms, quorum_ms, away_ms };
	}
}

static void end_world(void)
{
	for (party i = 1; i <= N; i++) announcements_free(&w.m[i].a);
}

static void *be_asked(void *arg)
{
	member_here *m = arg;

	m->e = announce_gather(m->a, &m->attempt, &m->plan);
	m->at_ms = clock_now_ms(clock_system());
	snprintf(m->why, sizeof m->why, "%s", err_text());
	err_clear();
	return NULL;
}

static void ask(party_set who)
{
	FOR_EACH_IN(i, who) assert_int_equal(pthread_create(&w.m[i].thread, NULL, be_asked, &w.m[i]), 0);
}

static void wait_for_all(party_set who)
{
	FOR_EACH_IN(i, who) pthread_join(w.m[i].thread, NULL);
}

static void tell(party from, party to, uint32_t attempt, announced_phase phase)
{
	const announcement a = { ATTEMPT_EPOCH, ID, attempt, phase };
	uint8_t bytes[ANNOUNCEMENT_BYTES];

	announcement_write(bytes, &a);
	announce_heard(w.m[to].a, &w.m[to].c, from, slice_of(bytes, sizeof bytes));
}

/* All of 1, 2, 3 began the same attempt, and none long before another. */
static void assert_together(uint32_t attempt)
{
	int64_t first = INT64_MAX, last = 0;

	for (party i = 1; i <= 3; i++) {
		if (w.m[i].e != OK) print_error("party %u: %s\n", i, w.m[i].why);
		assert_int_equal(w.m[i].e, OK);
		assert_int_equal(w.m[i].last, w.m[i].attempt);
		if (attempt) assert_int_equal(w.m[i].attempt, attempt);
		assert_int_equal(w.m[i].attempt, w.m[1].attempt);
		if (w.m[i].at_ms < first) first = w.m[i].at_ms;
		if (w.m[i].at_ms > last) last = w.m[i].at_ms;
	}
	assert_true(last - first < 1000);
}

/* ---- D ---------------------------------------------------------------------------------------------------------------- */

static void who_cannot_reach_the_fourth_does_not_begin_before_those_who_can(void **state)
{
	(void)state;
	begin_world(20000, 2500, 200);
	w.m[1].up[D] = w.m[3].up[D] = true;
	ask(parties_all(3));
	wait_for_all(parties_all(3));
	assert_together(1);
	end_world();
}

static void *wait_with_1_alone(void *arg)
{
	(void)arg;
	for (; !w.over; usleep(100000)) tell(D, 1, 1, PHASE_WAITING);
	return NULL;
}

static void *begin_with_1_alone(void *arg)
{
	(void)arg;
	for (; !w.over; usleep(100000)) tell(D, 1, 1, PHASE_BEGINNING);
	return NULL;
}

static void who_is_told_more_than_others_does_not_begin_alone(void **state)
{
	(void)state;
	void *(*const ways[])(void *) = { wait_with_1_alone, begin_with_1_alone };

	for (size_t k = 0; k < COUNT(ways); k++) {
		pthread_t liar;
		begin_world(1500, 400, 100);
		assert_int_equal(pthread_create(&liar, NULL, ways[k], NULL), 0);
		ask(parties_all(2));
		wait_for_all(parties_all(2));
		w.over = true;
		pthread_join(liar, NULL);
		for (party i = 1; i <= 2; i++) {
			assert_int_equal(w.m[i].e, ERR_STATE);
			assert_int_equal(w.m[i].last, 0);
		}
		assert_non_null(strstr(w.m[1].why, "3 were not heard"));
		assert_non_null(strstr(w.m[2].why, "only 1, 2 began"));
		assert_non_null(strstr(w.m[2].why, "3, 4 were not heard"));
		end_world();
	}
}

static void who_tried_alone_before_is_met_at_its_number(void **state)
{
	(void)state;
	begin_world(10000, 500, 100);
	w.m[1].last = 1;
	w.m[3].last = 30;
	ask(parties_all(3));
	wait_for_all(parties_all(3));
	assert_together(31);
	end_world();
}

static void *lie_low(void *arg)
{
	(void)arg;
	for (; !w.over; usleep(100000))
		for (party i = 1; i <= 3; i++) tell(D, i, 1, PHASE_WAITING);
	return NULL;
}

static void who_offers_to_meet_low_and_does_not_come_does_not_keep_the_others_apart(void **state)
{
	(void)state;
	pthread_t liar;

	begin_world(60000, 300, 100);
	w.m[1].last = 1;
	assert_int_equal(pthread_create(&liar, NULL, lie_low, NULL), 0);
	ask(parties_all(3));
	wait_for_all(parties_all(3));
	w.over = true;
	pthread_join(liar, NULL);
	assert_together(2);
	end_world();
}

static void who_waits_for_the_fourth_goes_along_when_two_begin(void **state)
{
	(void)state;
	const int64_t asked_ms = clock_now_ms(clock_system());

	begin_world(20000, 8000, 200);
	w.m[1].up[D] = true;
	ask(parties_all(3));
	wait_for_all(parties_all(3));
	assert_together(1);
	assert_true(w.m[1].at_ms - asked_ms < 4000);
	end_world();
}

/* To each party another number, ever higher. */
static void *race(void *arg)
{
	uint32_t number = 2;

	(void)arg;
	for (; !w.over; usleep(2000))
		for (party i = 1; i <= 3; i++, number++) tell(D, i, number, number % 3 ? PHASE_WAITING : PHASE_BEGINNING);
	return NULL;
}

static void who_races_ahead_is_not_followed_for_long(void **state)
{
	(void)state;
	for (uint32_t before = 0; before < 2; before++) {
		pthread_t liar;
		begin_world(20000, 500, 100);
		w.m[1].last = before;
		assert_int_equal(pthread_create(&liar, NULL, race, NULL), 0);
		ask(parties_all(3));
		wait_for_all(parties_all(3));
		w.over = true;
		pthread_join(liar, NULL);
		assert_together(0);
		assert_true(w.m[1].last <= 2 + WINDOW);
		end_world();
	}
}

static void a_number_beyond_the_window_is_one_party_s_own(void **state)
{
	(void)state;
	begin_world(1200, 300, 100);
	w.m[1].last = 100;
	ask(parties_all(3));
	wait_for_all(parties_all(3));
	for (party i = 1; i <= 3; i++) assert_int_equal(w.m[i].e, ERR_STATE);
	end_world();
}

/* ---- words of before ---------------------------------------------------------------------------------------------------- */

static void what_was_said_before_one_was_asked_counts_for_nothing(void **state)
{
	(void)state;
	begin_world(1500, 300, 100);
	for (party i = 2; i <= N; i++) tell(i, 1, 1, PHASE_BEGINNING);
	usleep(5000);
	ask(parties_all(1));
	wait_for_all(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_STATE);
	assert_int_equal(w.m[1].last, 0);
	assert_non_null(strstr(w.m[1].why, "2, 3, 4 were not heard"));
	end_world();
}

static void what_was_said_long_ago_counts_for_nothing(void **state)
{
	(void)state;
	begin_world(20000, FRESH_MS + 1500, FRESH_MS + 1500);
	ask(parties_all(1));
	usleep(100000);
	tell(3, 1, 1, PHASE_BEGINNING);
	usleep((FRESH_MS + 500) * 1000);
	tell(2, 1, 1, PHASE_BEGINNING);
	usleep(2500000);
	announcements_cancel(w.m[1].a);
	wait_for_all(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_CANCELLED);
	end_world();
}

static void whoever_missed_it_is_told_that_it_is_there(void **state)
{
	(void)state;
	const announcement asked = { ATTEMPT_EPOCH, ID, 1, PHASE_WAITING };

	begin_world(1500, 300, 100);
	ask(parties_all(1));
	usleep(50000);
	tell(D, 1, 1, PHASE_THERE);                      /* one may lie */
	wait_for_all(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_STATE);
	assert_non_null(strstr(w.m[1].why, "were not heard"));
	ask(parties_all(1));
	usleep(50000);
	announce_there(&w.m[2].c, 1, &asked);
	announce_there(&w.m[3].c, 1, &asked);
	wait_for_all(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_STATE);
	assert_non_null(strstr(w.m[1].why, "exists at parties 2, 3"));
	end_world();
}

TESTS(TEST(who_cannot_reach_the_fourth_does_not_begin_before_those_who_can),
      TEST(who_is_told_more_than_others_does_not_begin_alone),
      TEST(who_waits_for_the_fourth_goes_along_when_two_begin),
      TEST(who_offers_to_meet_low_and_does_not_come_does_not_keep_the_others_apart),
      TEST(who_tried_alone_before_is_met_at_its_number),
      TEST(who_races_ahead_is_not_followed_for_long),
      TEST(a_number_beyond_the_window_is_one_party_s_own),
      TEST(what_was_said_before_one_was_asked_counts_for_nothing),
      TEST(what_was_said_long_ago_counts_for_nothing),
      TEST(whoever_missed_it_is_told_that_it_is_there))
