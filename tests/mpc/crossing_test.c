/* SPDX-License-Identifier: MIT */
/* Messages between two sets: what comes, what does not, and until when one waits; time is a number here. */
#include "mpc/crossing.h"
#include "tests/test.h"

enum { ME = 9, ALL = 12, SIZE = 40 };
static const session_id SID = { { 7 } };

typedef struct post { party to; uint64_t round; size_t n; } post;
static post posted[16];
static unsigned posts;
static int64_t now_ms;

/* Nobody else runs: waiting is letting time pass. */
static int64_t now(void *ctx) { return (void)ctx, now_ms; }
static void wait_until(void *ctx, pthread_cond_t *woken, pthread_mutex_t *held, int64_t until_ms)
{
	(void)ctx, (void)woken, (void)held;
	now_ms = until_ms;
}
static void wake(void *ctx, pthread_cond_t *woken) { (void)ctx, (void)woken; }

static err keep(void *ctx, party to, const envelope *e)
{
	(void)ctx;
	assert_int_equal(e->from, ME);
	posted[posts++] = (post){ to, e->round, e->body.n };
	return OK;
}

typedef struct place { inbox *in; crossing x; arena a; } place;

static void open_place(place *p)
{
	now_ms = 1000, posts = 0;
	*p = (place){ .a = arena_with_limit(1 << 20) };
	assert_ok(inbox_new(&p->in, ME, ALL, NULL, (wait_source){ NULL, now, wait_until, wake }));
	assert_ok(crossing_open(&p->x, &SID, ME, p->in, (wire){ NULL, keep }));
	crossing_next_round(&p->x);
}

static void close_place(place *p)
{
	crossing_close(&p->x);
	crossing_close(&p->x);
	inbox_free(&p->in);
	arena_free(&p->a);
}

static void arrives(place *p, party from, uint64_t round, size_t n)
{
	static const uint8_t bytes[2 * SIZE] = { 1, 2, 3 };

	inbox_put(p->in, from, &(envelope){ .sid = SID, .round = round, .from = from, .to = ME, .type = MSG_ROUND, .body = { bytes, n } });
}

static party_set who_came(const slice *got, party_set from)
{
	party_set out = 0;

	FOR_EACH_IN(i, from) if (got[i].p) add_to(&out, i);
	return out;
}

static void all_that_comes_in_the_right_length_is_there(void **state)
{
	slice got[MAX_PARTIES + 1];
	place p;

	(void)state;
	open_place(&p);
	arrives(&p, 3, 1, SIZE), arrives(&p, 1, 1, SIZE), arrives(&p, 2, 1, SIZE - 1), arrives(&p, 4, 1, 2 * SIZE), arrives(&p, 5, 1, 0);
	arrives(&p, 6, 2, SIZE);
	assert_ok(crossing_gather(&p.x, got, &p.a, parties_all(6), SIZE, &(crossing_wait){ .until_ms = 1500 }));
	assert_int_equal(who_came(got, parties_all(6)), 1 << 1 | 1 << 3);
	assert_int_equal(got[1].n, SIZE);
	assert_int_equal(now_ms, 1500);                      /* for 6, who spoke of another round */
	crossing_next_round(&p.x);
	assert_ok(crossing_gather(&p.x, got, &p.a, 1 << 6, SIZE, &(crossing_wait){ .until_ms = 2000 }));
	assert_int_equal(who_came(got, 1 << 6), 1 << 6);
	assert_int_equal(now_ms, 1500);
	close_place(&p);
}

static void once_enough_have_come_the_others_are_not_waited_for_so_long(void **state)
{
	slice got[MAX_PARTIES + 1];
	place p;

	(void)state;
	for (unsigned come = 0; come <= 4; come++) {
		open_place(&p);
		for (party i = 1; i <= come; i++) arrives(&p, i, 1, SIZE);
		assert_ok(crossing_gather(&p.x, got, &p.a, parties_all(4), SIZE, &(crossing_wait){ 9000, 2, 100 }));
		assert_int_equal(who_came(got, parties_all(4)), parties_all(come));
		assert_int_equal(now_ms, come == 4 ? 1000 : come >= 2 ? 1100 : 9000);
		close_place(&p);
	}
}

static void a_patience_that_ends_sooner_is_not_made_longer(void **state)
{
	slice got[MAX_PARTIES + 1];
	place p;

	(void)state;
	open_place(&p);
	arrives(&p, 1, 1, SIZE);
	assert_ok(crossing_gather(&p.x, got, &p.a, parties_all(2), SIZE, &(crossing_wait){ 1050, 1, 100 }));
	assert_int_equal(now_ms, 1050);
	close_place(&p);
}

static void what_is_sent_is_counted_except_to_oneself(void **state)
{
	static uint8_t long_one[MAX_BODY + 1];
	slice got[MAX_PARTIES + 1];
	place p;

	(void)state;
	open_place(&p);
	assert_ok(crossing_send(&p.x, 3, slice_of(long_one, SIZE)));
	assert_ok(crossing_send(&p.x, ME, slice_of(long_one, SIZE)));
	assert_err(ERR_UNSUPPORTED, crossing_send(&p.x, 4, slice_of(long_one, sizeof long_one)));
	assert_int_equal(posts, 1);
	assert_int_equal(posted[0].to, 3);
	assert_int_equal(posted[0].round, 1);
	assert_int_equal(p.x.sent_messages, 1);
	assert_int_equal(p.x.sent_bytes, ENVELOPE_HEADER + SIZE);
	assert_ok(crossing_gather(&p.x, got, &p.a, 1 << ME, SIZE, &(crossing_wait){ .until_ms = 1500 }));
	assert_int_equal(got[ME].n, SIZE);
	close_place(&p);
}

static void a_crossing_that_is_over_does_not_open_again(void **state)
{
	crossing again = { 0 };
	place p;

	(void)state;
	open_place(&p);
	crossing_close(&p.x);
	assert_err(ERR_EXISTS, crossing_open(&again, &SID, ME, p.in, (wire){ NULL, keep }));
	close_place(&p);
}

TESTS(
	TEST(all_that_comes_in_the_right_length_is_there),
	TEST(once_enough_have_come_the_others_are_not_waited_for_so_long),
	TEST(a_patience_that_ends_sooner_is_not_made_longer),
	TEST(what_is_sent_is_counted_except_to_oneself),
	TEST(a_crossing_that_is_over_does_not_open_again)
)
