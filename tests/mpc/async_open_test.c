/* SPDX-License-Identifier: MIT */
/* Whatever t parties do, the others open the right values; and who was late, restarted or misled finds back. */
#include "tests/mpc/open_net.h"

static const struct { unsigned n, t; } SIZES[] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 } };

/* ---- openings that end ------------------------------------------------------------------------------------------ */

static void honest_parties_open_many_at_once_with_one_record_a_peer(void **state)
{
	(void)state;
	for (unsigned s = 0; s < COUNT(SIZES); s++) {
		net w = net_new(SIZES[s].n, SIZES[s].t, 300, 0);
		net_start(&w, &OPEN_LIMITS);
		for (size_t k = 0; k < w.tasks; k++)
			for (party i = 1; i <= w.n; i++) net_begin(&w, i, k);
		net_deliver(&w);
		assert_all_done(&w, 1);
		for (party i = 1; i <= w.n; i++) {
			const open_counts c = async_open_counts(w.member[i].engine);
			assert_int_equal(c.done, w.tasks);
			assert_int_equal(c.open + c.late + c.early, 0);
			assert_int_equal(c.kept, w.tasks);
			assert_int_equal(w.member[i].sent[OPEN_SHARES], w.tasks);
			assert_int_equal(w.member[i].sent[OPEN_PULL] + w.member[i].sent[OPEN_GONE], 0);
			assert_int_equal(w.member[i].suspects[4], 0);
		}
		net_free(&w);
	}
}

/* Some parties begin before, some after the shares of others have come. */
static void begin_in_any_order(net *w)
{
	for (size_t k = 0; k < w->tasks; k++)
		for (party i = 1; i <= w->n; i++)
			if (test_below(2)) net_begin(w, i, k);
	for (unsigned letters = 0; w->letters && letters < 40; letters++) net_deliver_one(w);
	for (size_t k = 0; k < w->tasks; k++)
		for (party i = 1; i <= w->n; i++)
			if (async_open_begin(w->member[i].engine, &w->task[k].h, share_of(&w->task[k], i), false) == OPEN_FULL) fail();
}

static bool is_always_named(trick x)
{
	return x == ADDS || x == FLIPS_A_HIGH_BIT || x == WRONG_LENGTH || x == GARBAGE || x == ON_ANOTHER_POLYNOMIAL ||
	       x == SENDS_TWICE;
}

static void run_against(unsigned n, unsigned t, trick x)
{
	net w = net_new(n, t, 6, 0);
	party_set liars = 0;

	while (size_of_set(liars) < t) add_to(&liars, (party)(1 + test_below(n)));
	FOR_EACH_IN(i, liars) w.member[i].trick = x == TRICKS ? (trick)(1 + test_below(TRICKS - 1)) : x;
	w.turn_each = test_below(2);
	net_start(&w, &OPEN_LIMITS);
	begin_in_any_order(&w);
	net_deliver(&w);
	assert_all_done(&w, 1);
	net_pass(&w, OPEN_LIMITS.late_ms);
	for (party i = 1; i <= n; i++) {
		if (w.member[i].trick != HONEST) continue;
		assert_int_equal(w.member[i].suspects[4] & ~liars, 0);
		if (is_always_named(x)) assert_int_equal(w.member[i].suspects[4], liars);
		assert_int_equal(async_open_counts(w.member[i].engine).late, 0);
	}
	net_free(&w);
}

static void whatever_t_parties_do_the_others_open_the_right_values_and_accuse_only_them(void **state)
{
	(void)state;
	for (unsigned s = 0; s < COUNT(SIZES); s++)
		for (trick x = ADDS; x <= TRICKS; x++)           /* TRICKS: a mixture */
			for (unsigned again = 0; again < (x == TRICKS ? 12 : 4); again++) run_against(SIZES[s].n, SIZES[s].t, x);
}

static void a_wrong_share_is_named_when_it_comes_after_the_value(void **state)
{
	(void)state;
	net w = net_new(7, 2, 1, 4);
	uint8_t b[OPEN_SHARES_HEAD + MOST * ELEMENT];

	net_start(&w, &OPEN_LIMITS);
	w.lost = true;
	for (party i = 1; i <= 7; i++) net_begin(&w, i, 0);
	open_shares_head_write(b, &w.task[0].h, 4);
	for (party i = 2; i <= 7; i++) {                     /* by hand, to party 1: five honest shares are enough */
		memcpy(b + OPEN_SHARES_HEAD, w.task[0].share[i], 4 * ELEMENT);
		if (i == 6) b[OPEN_SHARES_HEAD + 70] ^= 0x10;
		async_open_message(w.member[1].engine, i, slice_of(b, OPEN_SHARES_HEAD + 4 * ELEMENT));
		async_open_turn(w.member[1].engine, w.now);
		assert_int_equal(w.member[1].done[0], i >= 5);
		assert_int_equal(w.member[1].suspects[OPEN_WRONG_SHARE], i == 7 ? 1u << 6 : 0);
	}
	net_free(&w);

	/* and if the last one never comes, when late_ms are over */
	w = net_new(4, 1, 1, 1);
	net_start(&w, &OPEN_LIMITS);
	w.lost = true;
	net_begin(&w, 1, 0);
	open_shares_head_write(b, &w.task[0].h, 1);
	for (party i = 3; i <= 4; i++) {
		memcpy(b + OPEN_SHARES_HEAD, w.task[0].share[i], ELEMENT);
		async_open_message(w.member[1].engine, i, slice_of(b, OPEN_SHARES_HEAD + ELEMENT));
	}
	async_open_turn(w.member[1].engine, w.now);
	assert_int_equal(w.member[1].done[0], 1);
	b[OPEN_SHARES_HEAD] ^= 1;
	async_open_message(w.member[1].engine, 2, slice_of(b, OPEN_SHARES_HEAD + ELEMENT));
	async_open_turn(w.member[1].engine, w.now + OPEN_LIMITS.late_ms);
	assert_int_equal(w.member[1].suspects[OPEN_WRONG_SHARE], 1u << 2);
	net_free(&w);
}

/* More than t faults: an opening may wait for ever, but it never ends with a wrong value. */
static void a_silent_party_and_a_liar_among_four_open_nothing(void **state)
{
	(void)state;
	for (unsigned again = 0; again < 20; again++) {
		net w = net_new(4, 1, 4, 2);
		w.member[2].trick = SILENT;
		w.member[3].trick = again % 2 ? ADDS : FLIPS_A_HIGH_BIT;
		net_start(&w, &OPEN_LIMITS);
		for (size_t k = 0; k < w.tasks; k++)
			for (party i = 1; i <= w.n; i++) net_begin(&w, i, k);
		net_deliver(&w);
		for (unsigned k = 0; k < 5; k++) net_pass(&w, OPEN_LIMITS.pull_ms);
		assert_all_done(&w, 0);
		assert_int_equal(async_open_counts(w.member[1].engine).open, 4);
		net_free(&w);
	}
}

static void what_comes_out_does_not_depend_on_what_is_decoded_together(void **state)
{
	(void)state;
	for (unsigned together = 0; together < 2; together++) {
		net w = net_new(10, 3, 200, 5);                  /* 1000 elements: several groups */
		w.turn_each = !together;
		w.member[4].trick = TWO_FACED;
		net_start(&w, &OPEN_LIMITS);
		for (size_t k = 0; k < w.tasks; k++)
			for (party i = 1; i <= w.n; i++) net_begin(&w, i, k);
		net_deliver(&w);
		assert_all_done(&w, 1);                          /* on_done compares every value */
		net_free(&w);
	}
}

/* ---- identities ------------------------------------------------------------------------------------------------- */

static void a_party_with_another_ciphertext_is_told_and_not_accused(void **state)
{
	(void)state;
	net w = net_new(4, 1, 2, 2);                             /* party 4 was given the second, the others the first */
	net_start(&w, &OPEN_LIMITS);
	for (party i = 1; i <= 3; i++) net_begin(&w, i, 0);
	net_begin(&w, 4, 1);
	net_deliver(&w);
	for (party i = 1; i <= 3; i++) {
		assert_int_equal(w.member[i].done[0], 1);
		assert_int_equal(w.member[i].suspects[4], 0);
	}
	assert_int_equal(w.member[4].stuck, 0);
	net_pass(&w, OPEN_LIMITS.pull_ms);
	assert_int_equal(w.member[4].stuck, 1);
	assert_int_equal(w.member[4].done[1], 0);
	net_pass(&w, OPEN_LIMITS.pull_ms);
	assert_int_equal(w.member[4].stuck, 1);                  /* told once */
	for (party i = 1; i <= 3; i++) net_begin(&w, i, 1);          /* and it goes on when shares come after all */
	net_deliver(&w);
	assert_int_equal(w.member[4].done[1], 1);
	net_free(&w);
}

static void two_requests_for_one_ciphertext_share_an_opening(void **state)
{
	(void)state;
	net w = net_new(4, 1, 1, 2);
	const task *x = &w.task[0];
	net_start(&w, &OPEN_LIMITS);
	for (party i = 1; i <= 4; i++) net_begin(&w, i, 0);
	assert_int_equal(async_open_begin(w.member[1].engine, &x->h, share_of(x, 1), false), OPEN_JOINED);
	net_deliver(&w);
	assert_all_done(&w, 1);
	assert_int_equal(w.member[1].sent[OPEN_SHARES], 1);

	/* Later the same ciphertext again: the others have forgotten nothing, and nobody else need begin. */
	assert_int_equal(async_open_begin(w.member[1].engine, &x->h, share_of(x, 1), true), OPEN_BEGUN);
	net_deliver(&w);
	assert_int_equal(w.member[1].done[0], 2);
	assert_int_equal(w.member[2].done[0], 1);
	assert_int_equal(w.member[1].suspects[4], 0);
	net_free(&w);
}

/* ---- late, restarted, forgotten --------------------------------------------------------------------------------- */

static void a_party_that_begins_late_uses_what_came_early(void **state)
{
	(void)state;
	net w = net_new(7, 2, 5, 3);
	net_start(&w, &OPEN_LIMITS);
	for (size_t k = 0; k < w.tasks; k++)
		for (party i = 2; i <= w.n; i++) net_begin(&w, i, k);
	net_deliver(&w);
	assert_int_equal(async_open_counts(w.member[1].engine).early, 5);
	for (size_t k = 0; k < w.tasks; k++) net_begin(&w, 1, k);
	net_turn(&w);
	assert_all_done(&w, 1);
	assert_int_equal(w.member[1].sent[OPEN_PULL], 0);
	net_free(&w);
}

static void a_party_asks_again_for_what_it_misses(void **state)
{
	(void)state;
	net w = net_new(4, 1, 1, 1);
	net_start(&w, &OPEN_LIMITS);
	w.lost = true;
	net_begin(&w, 2, 0), net_begin(&w, 3, 0), net_begin(&w, 4, 0);
	w.lost = false;
	net_begin(&w, 1, 0);
	net_deliver(&w);
	assert_int_equal(w.member[1].done[0], 0);
	net_pass(&w, OPEN_LIMITS.pull_ms - 1);
	assert_int_equal(w.member[1].sent[OPEN_PULL], 0);
	net_pass(&w, 1);
	assert_int_equal(w.member[1].sent[OPEN_PULL], 1);
	assert_all_done(&w, 1);
	net_free(&w);
}

static void a_restarted_party_is_answered_from_what_the_others_kept(void **state)
{
	(void)state;
	open_limits limits = OPEN_LIMITS;
	limits.kept = 2;
	net w = net_new(4, 1, 4, 2);
	net_start(&w, &limits);
	for (size_t k = 0; k < w.tasks; k++) {
		for (party i = 1; i <= w.n; i++) net_begin(&w, i, k);
		net_deliver(&w);
	}
	assert_all_done(&w, 1);
	assert_int_equal(async_open_counts(w.member[2].engine).kept, 2);
	async_open_free(&w.member[1].engine);
	net_engine(&w.member[1], &limits);
	for (size_t k = 0; k < w.tasks; k++)
		assert_int_equal(async_open_begin(w.member[1].engine, &w.task[k].h, share_of(&w.task[k], 1), true), OPEN_BEGUN);
	net_deliver(&w);
	for (size_t k = 0; k < w.tasks; k++) assert_int_equal(w.member[1].done[k], k < 2 ? 1 : 2);
	assert_int_equal(w.member[1].stuck, 2);                  /* the two oldest are gone: computing them again helps */
	for (party i = 2; i <= w.n; i++)
		for (size_t k = 0; k < 2; k++) net_begin(&w, i, k);
	net_deliver(&w);
	for (size_t k = 0; k < w.tasks; k++) assert_int_equal(w.member[1].done[k], 2);
	for (party i = 1; i <= w.n; i++) assert_int_equal(w.member[i].suspects[4], 0);
	net_free(&w);
}

static void what_is_dropped_gives_no_value_but_answers_others(void **state)
{
	(void)state;
	net w = net_new(4, 1, 1, 1);
	net_start(&w, &OPEN_LIMITS);
	w.lost = true;
	for (party i = 1; i <= 4; i++) net_begin(&w, i, 0);
	w.lost = false;
	async_open_drop(w.member[1].engine, &w.task[0].h);
	async_open_drop(w.member[1].engine, &w.task[0].h);
	net_pass(&w, OPEN_LIMITS.pull_ms);
	assert_int_equal(w.member[1].done[0], 0);
	for (party i = 2; i <= 4; i++) assert_int_equal(w.member[i].done[0], 1);
	net_free(&w);
}

TESTS(TEST(honest_parties_open_many_at_once_with_one_record_a_peer),
      TEST(whatever_t_parties_do_the_others_open_the_right_values_and_accuse_only_them),
      TEST(a_wrong_share_is_named_when_it_comes_after_the_value),
      TEST(a_silent_party_and_a_liar_among_four_open_nothing),
      TEST(what_comes_out_does_not_depend_on_what_is_decoded_together),
      TEST(a_party_with_another_ciphertext_is_told_and_not_accused),
      TEST(two_requests_for_one_ciphertext_share_an_opening),
      TEST(a_party_that_begins_late_uses_what_came_early),
      TEST(a_party_asks_again_for_what_it_misses),
      TEST(a_restarted_party_is_answered_from_what_the_others_kept),
      TEST(what_is_dropped_gives_no_value_but_answers_others))
