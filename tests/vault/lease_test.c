/* SPDX-License-Identifier: MIT */
/* One holder at a time, by the store's clock. */
#include "tests/vault/far_memory.h"
#include "vault/lease.h"

typedef struct world { memory *m; far_store store; clock_source clock; } world;

static void begin(world *w)
{
	w->m = memory_new();
	w->store = memory_store(w->m), w->clock = memory_clock(w->m);
}

/* One host is one owner. */
static err take(lease **l, const world *w, const char *host)
{
	uint8_t owner[LEASE_OWNER] = { 0 };

	memcpy(owner, host, strlen(host));
	return lease_take(l, &w->store, owner, host, &w->clock);
}

static void a_lease_is_held_while_it_is_renewed(void **state)
{
	lease *l = NULL, *other = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	for (unsigned i = 0; i < 10; i++) {
		assert_ok(lease_check(l));
		assert_err(ERR_BUSY, take(&other, &w, "two"));
		memory_pass(w.m, LEASE_RENEW_S);
		assert_ok(lease_renew(l));
	}
	memory_pass(w.m, LEASE_S - LEASE_MARGIN_S - 1);
	assert_ok(lease_check(l));
	memory_pass(w.m, 1);
	assert_err(ERR_STATE, lease_check(l));
	assert_ok(lease_renew(l));                         /* nobody wanted it */
	assert_ok(lease_check(l));
	lease_free(&l);
	assert_int_equal(memory_count(w.m), 0);
	memory_free(w.m);
}

static void what_ended_is_taken_and_its_holder_told(void **state)
{
	lease *l = NULL, *other = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	memory_pass(w.m, LEASE_S);
	assert_ok(take(&other, &w, "two"));
	assert_err(ERR_STATE, lease_renew(l));
	assert_err(ERR_STATE, lease_check(l));
	assert_err(ERR_STATE, lease_renew(l));
	lease_free(&l);
	assert_ok(lease_renew(other));
	lease_free(&other);
	memory_free(w.m);
}

/* It died, and its folder is not locked any more. */
static void its_own_is_taken_at_once(void **state)
{
	lease *l = NULL, *again = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	memory_pass(w.m, 1);
	assert_ok(take(&again, &w, "one"));
	memory_pass(w.m, 1);
	assert_err(ERR_STATE, lease_renew(l));
	assert_ok(lease_renew(again));
	lease_free(&again), lease_free(&l);
	memory_free(w.m);
}

/* The users' clocks differ from the store's by decades, and one stands still. */
static void only_the_clock_of_the_store_counts(void **state)
{
	lease *l = NULL, *other = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	w.m->now_ms += 3600 * 1000;
	assert_err(ERR_BUSY, take(&other, &w, "two"));
	assert_err(ERR_STATE, lease_check(l));
	w.m->date_s += LEASE_S;
	assert_ok(take(&other, &w, "two"));
	lease_free(&other), lease_free(&l);
	memory_free(w.m);
}

static void a_machine_that_slept_longer_than_the_lease_writes_nothing_more(void **state)
{
	lease *l = NULL, *other = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	w.m->date_s += LEASE_S, w.m->slept_ms += LEASE_S * 1000;
	assert_ok(take(&other, &w, "two"));
	assert_err(ERR_STATE, lease_check(l));
	assert_err(ERR_STATE, lease_refresh(l));           /* not put off: it asks */
	assert_ok(lease_check(other));
	lease_free(&l), lease_free(&other);

	assert_ok(take(&l, &w, "one"));                    /* and where nobody came it goes on */
	w.m->date_s += 10 * LEASE_S, w.m->slept_ms += 10 * LEASE_S * 1000;
	assert_err(ERR_STATE, lease_check(l));
	assert_ok(lease_refresh(l));
	assert_ok(lease_check(l));
	assert_err(ERR_BUSY, take(&other, &w, "two"));     /* what it wrote is in the store's time, of which it missed some */
	w.m->slept_ms -= 3600 * 1000;                      /* its clock is put back: that makes no lease longer */
	assert_ok(lease_check(l));
	memory_pass(w.m, LEASE_S);
	assert_err(ERR_STATE, lease_check(l));
	lease_free(&l);
	memory_free(w.m);
}

static void a_renewal_whose_answer_was_lost_is_recognised(void **state)
{
	lease *l = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	memory_pass(w.m, 5);
	memory_harm(w.m, 1, HARM_AFTER, false);
	assert_err(ERR_IO, lease_renew(l));
	assert_ok(lease_check(l));
	assert_ok(lease_renew(l));
	memory_pass(w.m, 10);
	memory_harm(w.m, 1, HARM_BEFORE, false);
	assert_err(ERR_IO, lease_renew(l));
	assert_ok(lease_renew(l));
	lease_free(&l);
	memory_free(w.m);
}

static void a_store_without_conditions_is_refused(void **state)
{
	lease *l = NULL;
	world w;
	(void)state;

	begin(&w);
	w.m->conditions = CONDITIONS_IGNORED;
	assert_err(ERR_UNSUPPORTED, take(&l, &w, "one"));
	w.m->conditions = CONDITIONS_UNKNOWN;
	assert_err(ERR_UNSUPPORTED, take(&l, &w, "one"));
	assert_int_equal(memory_count(w.m), 0);
	memory_free(w.m);
}

static void what_is_no_lease_is_left_alone(void **state)
{
	lease *l = NULL;
	far_stamp stamp;
	world w;
	(void)state;

	begin(&w);
	assert_ok(memory_put(w.m, &stamp, LEASE_NAME, slice_str("mine"), FAR_IF_NONE, NULL));
	assert_err(ERR_STATE, take(&l, &w, "one"));
	assert_int_equal(memory_find(w.m, LEASE_NAME)->n, 4);
	memory_free(w.m);
}

#define OWNER "000102030405060708090a0b0c0d0e0f"

static void its_text_is_read_strictly(void **state)
{
	static const char *const WRONG[] = { "", "arca-lease 1 ", "arca-lease 2 " OWNER " 7 h\n", "arca-lease 1 " OWNER " 7 h", "arca-lease 1 " OWNER "  7 h\n",
		"arca-lease 1 " OWNER " -7 h\n", "arca-lease 1 " OWNER " 7 \n", "arca-lease 1 " OWNER " 7 h h\n", "arca-lease 1 " OWNER " 7h\n",
		"arca-lease 1 " OWNER " 7 h\n\n", "arca-lease 1 x" OWNER " 7 h\n", "arca-lease 1 " OWNER " 7 \x01\n" };
	lease_text t;
	(void)state;

	assert_ok(lease_read(&t, slice_str("arca-lease 1 " OWNER " 1700000000 node-1.example\n")));
	assert_string_equal(t.owner, OWNER);
	assert_string_equal(t.host, "node-1.example");
	assert_int_equal(t.until_s, 1700000000);
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, lease_read(&t, slice_str(WRONG[i])));
}

static void note(void *ctx, err e)
{
	unsigned *times = ctx;
	assert_true((e == OK) == (err_text()[0] == '\0'));
	times[e == OK]++;
}

/* A store that is away for a while, and another node. */
static void who_keeps_it_is_told_when_it_is_lost_and_regained(void **state)
{
	lease *l = NULL, *other = NULL;
	unsigned times[2] = { 0 };
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	lease_tell(l, note, times);
	assert_int_equal(lease_turn(l), LEASE_RENEW_S);
	memory_harm(w.m, 1, HARM_BEFORE, true);
	for (unsigned i = 0; i < LEASE_S / LEASE_AGAIN_S; i++) {
		memory_pass(w.m, LEASE_AGAIN_S);
		assert_int_equal(lease_turn(l), LEASE_AGAIN_S);
	}
	assert_true(times[0] == 1 && times[1] == 0);
	memory_harm(w.m, 0, HARM_NONE, false);
	assert_int_equal(lease_turn(l), LEASE_RENEW_S);
	assert_true(times[0] == 1 && times[1] == 1);
	memory_pass(w.m, LEASE_S);
	assert_ok(take(&other, &w, "two"));
	(void)lease_turn(l);
	(void)lease_turn(l);
	assert_true(times[0] == 2 && times[1] == 1);
	lease_free(&l), lease_free(&other);
	memory_free(w.m);
}

static void its_thread_ends_when_it_is_freed(void **state)
{
	lease *l = NULL;
	world w;
	(void)state;

	begin(&w);
	assert_ok(take(&l, &w, "one"));
	assert_ok(lease_keep(l));
	lease_free(&l);
	memory_free(w.m);
}

TESTS(TEST(a_lease_is_held_while_it_is_renewed), TEST(what_ended_is_taken_and_its_holder_told), TEST(its_own_is_taken_at_once), TEST(only_the_clock_of_the_store_counts),
	TEST(a_machine_that_slept_longer_than_the_lease_writes_nothing_more),
      TEST(a_renewal_whose_answer_was_lost_is_recognised), TEST(a_store_without_conditions_is_refused), TEST(what_is_no_lease_is_left_alone),
      TEST(its_text_is_read_strictly), TEST(who_keeps_it_is_told_when_it_is_lost_and_regained), TEST(its_thread_ends_when_it_is_freed))
