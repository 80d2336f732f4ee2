/* SPDX-License-Identifier: MIT */
/*
 * How parties come together when one of them, D, tells each of the others something else, or nothing.  The links, the
 * journal and the clock are this test's own, hence announce.c is included.
 *
 * The parties are threads of which one runs at a time; when all of them wait, time moves to what comes next: the end of a
 * wait, a word that arrives, a moment at which D speaks.
 */
#include "node/announce.c"
#include "tests/test.h"

enum { MOST = 7, WORDS = 4096 };

typedef struct member_here {
	mpc_context context;
	committee   c;
	announcements *a;
	bool     cut[MOST + 1], up[MOST + 1];            /* what we send to it is lost; its link looks well */
	int64_t  delay_ms[MOST + 1];                     /* of what we send to it */
	uint32_t last;                                   /* attempt on disk */
	gathering_plan plan;
	bool     until_there;                            /* who attends waits for the end */
	pthread_t thread;

	enum { UNASKED, READY, RUNNING, WAITING, ENDED } state;      /* UNASKED: until then */
	bool     has_baton;
	pthread_cond_t turn;
	int64_t  until_ms;
	/* how it ended */
	err      e;
	uint32_t attempt;
	int64_t  at_ms;
	char     why[400];
} member_here;

typedef struct word_on_its_way { int64_t at_ms; party from, to; uint8_t bytes[ANNOUNCEMENT_BYTES]; } word_on_its_way;

static struct world {
	unsigned n, t;
	party    D;
	member_here m[MOST + 1];
	party_set asked;
	pthread_mutex_t lock;
	int64_t  now_ms, begin_ms;
	word_on_its_way words[WORDS];
	size_t   word_count;
	void   (*liar)(int64_t since_ms);                /* called each `every_ms`, from the beginning on */
	int64_t  every_ms, liar_ms;
} w;

static const id32 ID = {{ 8, [31] = 1 }};

/* ---- time ------------------------------------------------------------------------------------------------------------ */

static void arrive(void)
{
	for (size_t k = 0; k < w.word_count;) {
		const word_on_its_way x = w.words[k];
		if (x.at_ms > w.now_ms) {
			k++;
			continue;
		}
		memmove(&w.words[k], &w.words[k + 1], (--w.word_count - k) * sizeof x);
		announce_heard(w.m[x.to].a, &w.m[x.to].c, x.from, slice_of(x.bytes, sizeof x.bytes));
	}
}

static bool sleeps(const member_here *m) { return m->state == UNASKED || m->state == WAITING; }

/* False: nobody waits for anything. */
static bool let_time_pass(void)
{
	int64_t next = INT64_MAX;

	FOR_EACH_IN(i, w.asked) if (sleeps(&w.m[i]) && w.m[i].until_ms < next) next = w.m[i].until_ms;
	if (next == INT64_MAX) return false;
	for (size_t k = 0; k < w.word_count; k++) if (w.words[k].at_ms < next) next = w.words[k].at_ms;
	if (w.liar && w.liar_ms < next) next = w.liar_ms;
	if (next > w.now_ms) w.now_ms = next;
	arrive();
	if (w.liar && w.liar_ms <= w.now_ms) {
		w.liar(w.now_ms - w.begin_ms);
		w.liar_ms += w.every_ms;
	}
	FOR_EACH_IN(i, w.asked) if (sleeps(&w.m[i]) && w.m[i].until_ms <= w.now_ms) w.m[i].state = READY;
	return true;
}

/* With the lock, by whoever has the baton: to one that can go on, chosen at random. */
static void hand_on(void)
{
	party_set ready;

	do {
		ready = 0;
		FOR_EACH_IN(i, w.asked) if (w.m[i].state == READY) add_to(&ready, i);
	} while (!ready && let_time_pass());
	if (!ready) return;
	for (uint64_t skip = test_below(size_of_set(ready)); skip; skip--) take_from(&ready, first_of(ready));
	member_here *next = &w.m[first_of(ready)];
	next->state = RUNNING;
	next->has_baton = true;
	pthread_cond_signal(&next->turn);
}

static void await_turn(member_here *m)
{
	while (!m->has_baton) pthread_cond_wait(&m->turn, &w.lock);
	m->has_baton = false;
}

static int64_t world_now(void *ctx) { return (void)ctx, w.now_ms; }

static void world_wait(void *ctx, pthread_cond_t *woken, pthread_mutex_t *held, int64_t until_ms)
{
	member_here *m = ctx;

	(void)woken;
	m->state = WAITING;
	m->until_ms = until_ms;
	pthread_mutex_unlock(held);
	pthread_mutex_lock(&w.lock);
	hand_on();
	await_turn(m);
	pthread_mutex_unlock(&w.lock);
	pthread_mutex_lock(held);
}

static void world_wake(void *ctx, pthread_cond_t *woken)
{
	member_here *m = ctx;

	(void)woken;
	if (m->state == WAITING) m->state = READY;
}

/* ---- in place of links and journal -------------------------------------------------------------------------------- */

void peers_send(committee *c, party to, frame_kind kind, slice head, slice body, int64_t wait_ms)
{
	const party from = c->context->me;
	word_on_its_way *x = &w.words[w.word_count];

	ASSERT(kind == FRAME_ANNOUNCE && head.n == sizeof x->bytes && body.n == 0 && wait_ms == 0 && w.word_count < WORDS);
	if (to >= w.D || w.m[from].cut[to]) return;
	*x = (word_on_its_way){ .at_ms = w.now_ms + w.m[from].delay_ms[to], .from = from, .to = to };
	memcpy(x->bytes, head.p, head.n);
	w.word_count++;
	if (!w.m[from].delay_ms[to]) arrive();
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

static void begin_world_of(unsigned n, unsigned t, int64_t all_ms, int64_t quorum_ms, int64_t away_ms)
{
	w = (struct world){ .n = n, .t = t, .D = (party)n, .lock = PTHREAD_MUTEX_INITIALIZER, .now_ms = 5000, .begin_ms = 5000 };
	for (party i = 1; i <= n; i++) {
		member_here *m = &w.m[i];
		m->context = (mpc_context){ .n = n, .t = t, .me = i };
		m->c.context = &m->context;
		m->state = ENDED;
		pthread_cond_init(&m->turn, NULL);
		assert_ok(announcements_new(&m->a, (wait_source){ m, world_now, world_wait, world_wake }));
		m->plan = (gathering_plan){ .c = &m->c, .what = ATTEMPT_EPOCH, .request = ID, .vault = (vault *)(void *)&m->last,
		                              .all_ms = all_ms, .quorum_ms = quorum_ms, .away_ms = away_ms };
	}
}
static void begin_world(int64_t all_ms, int64_t quorum_ms, int64_t away_ms) { begin_world_of(4, 1, all_ms, quorum_ms, away_ms); }

static void end_world(void)
{
	for (party i = 1; i <= w.n; i++) {
		announcements_free(&w.m[i].a);
		pthread_cond_destroy(&w.m[i].turn);
	}
}

static void *be_asked(void *arg)
{
	member_here *m = arg;

	pthread_mutex_lock(&w.lock);
	await_turn(m);
	pthread_mutex_unlock(&w.lock);
	const bool attends = m->plan.n && m->context.me > m->plan.n;
	m->e = attends ? announce_attend(m->a, &m->attempt, &m->plan, m->until_there) : announce_gather(m->a, &m->attempt, &m->plan);
	m->at_ms = w.now_ms;
	snprintf(m->why, sizeof m->why, "%s", err_text());
	err_clear();
	pthread_mutex_lock(&w.lock);
	m->state = ENDED;
	hand_on();
	pthread_mutex_unlock(&w.lock);
	return NULL;
}

/* It is asked so long after the beginning. */
static void ask_after(party i, int64_t ms)
{
	w.m[i].state = UNASKED;
	w.m[i].until_ms = w.now_ms + ms;
	add_to(&w.asked, i);
}

static void speaks(void (*liar)(int64_t), int64_t every_ms) { w.liar = liar, w.every_ms = every_ms, w.liar_ms = w.now_ms; }

/* Until all that were asked have an answer. */
static void run(void)
{
	w.begin_ms = w.now_ms;
	FOR_EACH_IN(i, w.asked) assert_int_equal(pthread_create(&w.m[i].thread, NULL, be_asked, &w.m[i]), 0);
	pthread_mutex_lock(&w.lock);
	hand_on();
	pthread_mutex_unlock(&w.lock);
	FOR_EACH_IN(i, w.asked) pthread_join(w.m[i].thread, NULL);
	w.asked = 0;
	w.liar = NULL;
}

static void ask(party_set who)
{
	FOR_EACH_IN(i, who) ask_after(i, 0);
	run();
}

static void tell(party from, party to, uint32_t attempt, announced_phase phase)
{
	const announcement a = { ATTEMPT_EPOCH, ID, attempt, phase };
	uint8_t bytes[ANNOUNCEMENT_BYTES];

	announcement_write(bytes, &a);
	announce_heard(w.m[to].a, &w.m[to].c, from, slice_of(bytes, sizeof bytes));
}

/* All but D began the same attempt, within so long of each other. */
static void assert_together(uint32_t attempt, int64_t within_ms)
{
	int64_t first = INT64_MAX, last = 0;

	for (party i = 1; i < w.D; i++) {
		if (w.m[i].e != OK) print_error("party %u: %s\n", i, w.m[i].why);
		assert_int_equal(w.m[i].e, OK);
		assert_int_equal(w.m[i].last, w.m[i].attempt);
		if (attempt) assert_int_equal(w.m[i].attempt, attempt);
		assert_int_equal(w.m[i].attempt, w.m[1].attempt);
		if (w.m[i].at_ms < first) first = w.m[i].at_ms;
		if (w.m[i].at_ms > last) last = w.m[i].at_ms;
	}
	assert_true(last - first <= within_ms);
}

/* ---- D ---------------------------------------------------------------------------------------------------------------- */

static void who_cannot_reach_the_fourth_does_not_begin_before_those_who_can(void **state)
{
	(void)state;
	begin_world(20000, 2500, 200);
	w.m[1].up[w.D] = w.m[3].up[w.D] = true;
	ask(parties_all(3));
	assert_together(1, 0);
	assert_true(w.m[1].at_ms - w.begin_ms >= 2500);  /* for so long is the fourth waited for */
	end_world();
}

static void wait_with_1_alone(int64_t since_ms) { (void)since_ms, tell(w.D, 1, 1, PHASE_WAITING); }
static void begin_with_1_alone(int64_t since_ms) { (void)since_ms, tell(w.D, 1, 1, PHASE_BEGINNING); }

static void who_is_told_more_than_others_does_not_begin_alone(void **state)
{
	(void)state;
	void (*const ways[])(int64_t) = { wait_with_1_alone, begin_with_1_alone };

	for (size_t k = 0; k < COUNT(ways); k++) {
		begin_world(1500, 400, 100);
		speaks(ways[k], 100);
		ask(parties_all(2));
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

/* t parties say to one that they begin, and n - t of the rest are not there: what t + 1 say is an honest word, t are none. */
static void begin_with_1_at_5(int64_t since_ms) { (void)since_ms, tell(w.D, 1, 5, PHASE_BEGINNING); }

static void one_who_begins_elsewhere_is_not_followed(void **state)
{
	(void)state;
	begin_world(20000, 500, 100);
	speaks(begin_with_1_at_5, 100);
	ask(parties_all(3));
	assert_together(1, 0);
	end_world();
}

static void who_tried_alone_before_is_met_at_its_number(void **state)
{
	(void)state;
	begin_world(10000, 500, 100);
	w.m[1].last = 1;
	w.m[3].last = 30;
	ask(parties_all(3));
	assert_together(31, 0);
	end_world();
}

static void lie_low(int64_t since_ms)
{
	(void)since_ms;
	for (party i = 1; i <= 3; i++) tell(w.D, i, 1, PHASE_WAITING);
}

static void who_offers_to_meet_low_and_does_not_come_does_not_keep_the_others_apart(void **state)
{
	(void)state;
	for (unsigned again = 0; again < 20; again++) {
		begin_world(60000, 300, 100);
		w.m[1].last = 1;
		speaks(lie_low, 100);
		ask(parties_all(3));
		assert_together(2, 0);
		end_world();
	}
}

static void who_waits_for_the_fourth_goes_along_when_two_begin(void **state)
{
	(void)state;
	begin_world(20000, 8000, 200);
	w.m[1].up[w.D] = true;
	ask(parties_all(3));
	assert_together(1, 0);
	assert_true(w.m[1].at_ms - w.begin_ms < 1000);
	end_world();
}

/* To each party another number, ever higher. */
static void race(int64_t since_ms)
{
	uint32_t number = (uint32_t)(2 + since_ms / 2 * 3);

	for (party i = 1; i < w.D; i++, number++) tell(w.D, i, number, number % 3 ? PHASE_WAITING : PHASE_BEGINNING);
}

static void who_races_ahead_is_not_followed_for_long(void **state)
{
	(void)state;
	for (uint32_t before = 0; before < 2; before++) {
		begin_world(20000, 500, 100);
		w.m[1].last = before;
		speaks(race, 2);
		ask(parties_all(3));
		assert_together(0, 0);
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
	for (party i = 1; i <= 3; i++) assert_int_equal(w.m[i].e, ERR_STATE);
	end_world();
}

/* ---- a network that takes time ------------------------------------------------------------------------------------------- */

enum { DELAY_MS = 80 };

/* Anything, to anybody. */
static void babble(int64_t since_ms)
{
	(void)since_ms;
	for (party i = 1; i < w.D; i++)
		if (test_below(2)) tell(w.D, i, (uint32_t)(1 + test_below(4)), (announced_phase)(PHASE_WAITING + test_below(2)));
}

/* Helps one party only: to begin what it waits for. */
static void push_one(int64_t since_ms)
{
	(void)since_ms;
	tell(w.D, 1, 1 + w.m[1].last, PHASE_BEGINNING);
}

/* Asked within less than their patience, by words that take up to DELAY_MS, each pair another time.  Of seven, the second
 * liar is silent. */
static void begin_slow_world(unsigned n, unsigned t, bool equal)
{
	begin_world_of(n, t, 120000, 2000, 500);
	w.D = (party)(n == 7 ? 6 : n);
	for (party i = 1; i < w.D; i++) {
		for (party j = 1; j < w.D; j++) w.m[i].delay_ms[j] = (int64_t)test_below(DELAY_MS + 1);
		w.m[i].last = equal ? 2 : (uint32_t)test_below(3);
		w.m[i].up[w.D] = test_below(2);
	}
}

static void run_slow_world(void (*liar)(int64_t))
{
	for (party i = 1; i < w.D; i++) ask_after(i, (int64_t)test_below(400));
	if (liar) speaks(liar, 100);
	run();
}

static const struct { unsigned n, t; } CLUSTERS[] = { { 4, 1 }, { 5, 1 }, { 7, 2 } };

static void all_begin_within_two_delays_of_each_other(void **state)
{
	static void (*const LIARS[])(int64_t) = { NULL, push_one, race, babble };

	(void)state;
	for (unsigned again = 0; again < 20; again++) for (size_t k = 0; k < COUNT(CLUSTERS); k++) for (size_t l = 0; l < COUNT(LIARS); l++) {
		begin_slow_world(CLUSTERS[k].n, CLUSTERS[k].t, again % 2 || LIARS[l] == babble);
		run_slow_world(LIARS[l]);
		assert_together(0, 2 * DELAY_MS);
		end_world();
	}
}

/* Whose numbers differ may be divided by one that says now this and now that; asked again and again they meet. */
static void who_was_divided_meets_when_asked_again(void **state)
{
	(void)state;
	for (unsigned again = 0; again < 30; again++) {
		const unsigned k = again % COUNT(CLUSTERS);
		bool together = false;
		begin_slow_world(CLUSTERS[k].n, CLUSTERS[k].t, false);
		for (unsigned times = 0; times < 20 && !together; times++) {
			run_slow_world(babble);
			together = true;
			for (party i = 1; i < w.D; i++) together &= w.m[i].e == OK && w.m[i].attempt == w.m[1].attempt;
			w.now_ms += 10000;
			w.word_count = 0;
		}
		assert_true(together);
		end_world();
	}
}

/* ---- words of before ---------------------------------------------------------------------------------------------------- */

static void what_was_said_before_one_was_asked_counts_for_nothing(void **state)
{
	(void)state;
	begin_world(1500, 300, 100);
	for (party i = 2; i <= w.n; i++) tell(i, 1, 1, PHASE_BEGINNING);
	ask_after(1, 5);
	run();
	assert_int_equal(w.m[1].e, ERR_STATE);
	assert_int_equal(w.m[1].last, 0);
	assert_non_null(strstr(w.m[1].why, "2, 3, 4 were not heard"));
	end_world();
}

static void one_after_the_other(int64_t since_ms)
{
	if (since_ms == 100) tell(3, 1, 1, PHASE_BEGINNING);
	if (since_ms == 100 + FRESH_MS + 100) tell(2, 1, 1, PHASE_BEGINNING);
	if (since_ms == 2 * FRESH_MS + 500) announcements_cancel(w.m[1].a);
}

static void what_was_said_long_ago_counts_for_nothing(void **state)
{
	(void)state;
	begin_world(20000, 200, 200);
	speaks(one_after_the_other, 100);
	ask(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_CANCELLED);
	assert_int_equal(w.m[1].at_ms - w.begin_ms, 2 * FRESH_MS + 500);
	end_world();
}

static void one_says_there(int64_t since_ms) { if (since_ms == 100) tell(w.D, 1, 1, PHASE_THERE); }
static void two_say_there(int64_t since_ms)
{
	const announcement asked = { ATTEMPT_EPOCH, ID, 1, PHASE_WAITING };

	if (since_ms != 100) return;
	announce_there(&w.m[2].c, 1, &asked);
	announce_there(&w.m[3].c, 1, &asked);
}

static void whoever_missed_it_is_told_that_it_is_there(void **state)
{
	(void)state;
	begin_world(1500, 300, 100);
	speaks(one_says_there, 100);                     /* one may lie */
	ask(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_STATE);
	assert_non_null(strstr(w.m[1].why, "were not heard"));
	speaks(two_say_there, 100);
	ask(parties_all(1));
	assert_int_equal(w.m[1].e, ERR_STATE);
	assert_non_null(strstr(w.m[1].why, "exists at parties 2, 3"));
	assert_int_equal(w.m[1].at_ms - w.begin_ms, 100);
	end_world();
}

/* ---- two sets ----------------------------------------------------------------------------------------------------------- */

static const member NAMES[] = { [5] = { .identity = "five" }, [6] = { .identity = "six" } };

/* Keys go from 3, 4, 5 and 6 to 1, 2, 3 and 4. */
static void begin_two_sets(int64_t all_ms, int64_t quorum_ms, int64_t away_ms)
{
	begin_world_of(6, 1, all_ms, quorum_ms, away_ms);
	for (party i = 1; i <= 6; i++) {
		gathering_plan *g = &w.m[i].plan;
		w.m[i].context.member = NAMES;
		g->n = 4, g->t = 1, g->old = parties_all(6) & ~parties_all(2), g->old_t = 1;
	}
}

static void the_new_set_waits_for_all_but_t_of_the_old_one(void **state)
{
	(void)state;
	begin_two_sets(3000, 500, 100);
	ask(parties_all(4));
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(w.m[i].e, ERR_STATE);
		assert_non_null(strstr(w.m[i].why, "five, six were not heard"));
	}
	end_world();
}

/* The sixth says to one of each set that something else begins. */
static void begin_elsewhere(int64_t since_ms)
{
	(void)since_ms;
	tell(w.D, 1, 7, PHASE_BEGINNING), tell(w.D, 5, 7, PHASE_BEGINNING), tell(w.D, 2, 9, PHASE_WAITING);
}

static void who_attends_begins_as_the_new_set_does_whatever_another_says(void **state)
{
	(void)state;
	begin_two_sets(10000, 500, 100);
	w.m[2].last = w.m[3].last = 3;
	speaks(begin_elsewhere, 100);
	for (party i = 1; i <= 4; i++) ask_after(i, 100 * i);
	ask_after(5, 0);
	run();
	for (party i = 1; i <= 5; i++) {
		if (w.m[i].e != OK) print_error("party %u: %s\n", i, w.m[i].why);
		assert_int_equal(w.m[i].e, OK);
		assert_int_equal(w.m[i].attempt, w.m[1].attempt);
	}
	assert_int_equal(w.m[1].attempt, 4);
	assert_int_equal(w.m[5].last, 0);
	end_world();
}

static void one_says_that_it_is_there(int64_t since_ms)
{
	tell(6, 5, 1, PHASE_THERE), tell(1, 5, 1, PHASE_THERE);
	if (since_ms >= 1500) tell(2, 5, 1, PHASE_THERE);
}

/* One of the new set may lie, and those who leave have no say in it. */
static void who_gave_waits_until_more_than_t_of_the_new_set_are_done(void **state)
{
	(void)state;
	begin_two_sets(3000, 500, 100);
	w.m[5].until_there = true;
	speaks(one_says_that_it_is_there, 100);
	ask((party_set)1 << 5);
	assert_int_equal(w.m[5].e, OK);
	assert_int_equal(w.m[5].attempt, 0);
	assert_in_range(w.m[5].at_ms - w.begin_ms, 1500, 1800);
	end_world();
	begin_two_sets(3000, 500, 100);
	w.m[5].until_there = true;
	ask((party_set)1 << 5);
	assert_int_equal(w.m[5].e, ERR_STATE);
	assert_non_null(strstr(w.m[5].why, "only 0 of the 4 parties of the new set"));
	end_world();
}

TESTS(TEST(who_cannot_reach_the_fourth_does_not_begin_before_those_who_can),
      TEST(who_is_told_more_than_others_does_not_begin_alone),
      TEST(one_who_begins_elsewhere_is_not_followed),
      TEST(who_waits_for_the_fourth_goes_along_when_two_begin),
      TEST(who_offers_to_meet_low_and_does_not_come_does_not_keep_the_others_apart),
      TEST(who_tried_alone_before_is_met_at_its_number),
      TEST(who_races_ahead_is_not_followed_for_long),
      TEST(a_number_beyond_the_window_is_one_party_s_own),
      TEST(all_begin_within_two_delays_of_each_other),
      TEST(who_was_divided_meets_when_asked_again),
      TEST(what_was_said_before_one_was_asked_counts_for_nothing),
      TEST(what_was_said_long_ago_counts_for_nothing),
      TEST(whoever_missed_it_is_told_that_it_is_there),
      TEST(the_new_set_waits_for_all_but_t_of_the_old_one),
      TEST(who_attends_begins_as_the_new_set_does_whatever_another_says),
      TEST(who_gave_waits_until_more_than_t_of_the_new_set_are_done))
