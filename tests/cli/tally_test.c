/* SPDX-License-Identifier: MIT */
/* tests/cli/tally_test.c -- what is believed of answers, and from how many. */
#include "cli/tally.h"
#include <stdlib.h>
#include "share/shamir.h"
#include "tests/test.h"

typedef struct world { cluster net; tally t; } world;

static world *new_world(unsigned n, unsigned t)
{
	world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->net.mode = "threshold";
	w->net.parties = n;
	w->net.threshold = t;
	w->t.net = &w->net;
	return w;
}

static void free_world(world *w)
{
	tally_free(&w->t);
	free(w);
}

static plaintext number(unsigned x)
{
	return (plaintext){ .type = fhe_type_by_number_var(FHE_UINT16), .bytes = { (uint8_t)x, (uint8_t)(x >> 8) } };
}

static void says(world *w, unsigned from, unsigned x)
{
	const plaintext p = number(x);
	const secp_rsig s = { .b = { (uint8_t)from } };

	tally_value(&w->t, from, &p, &s);
}

static const struct { unsigned n, t; } SIZES[] = { { 1, 0 }, { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 } };

/* ---- public ---------------------------------------------------------------------------------------------------- */

static void a_value_is_believed_from_one_more_than_may_lie(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(SIZES); k++) {
		world *w = new_world(SIZES[k].n, SIZES[k].t);
		plaintext p;
		party_set who;
		for (unsigned i = 1; i <= SIZES[k].t; i++) {
			says(w, SIZES[k].n + 1 - i, 0x1234);
			assert_err(ERR_BUSY, tally_public(&p, &who, &w->t));
		}
		says(w, 1, 0x1234);
		assert_ok(tally_public(&p, &who, &w->t));
		assert_int_equal(size_of_set(who), SIZES[k].t + 1);
		assert_true(p.bytes[0] == 0x34 && p.bytes[1] == 0x12);
		free_world(w);
	}
}

static void liars_are_outvoted_and_named(void **state)
{
	(void)state;
	for (size_t k = 1; k < COUNT(SIZES); k++)
		for (unsigned same = 0; same < 2; same++) {          /* they agree on their lie, or not */
			const unsigned n = SIZES[k].n, t = SIZES[k].t;
			world *w = new_world(n, t);
			plaintext p;
			party_set who;
			for (unsigned i = 1; i <= n; i++) says(w, i, i <= t ? 7 + same * i : 500);
			assert_ok(tally_public(&p, &who, &w->t));
			assert_int_equal(p.bytes[0] | p.bytes[1] << 8, 500);
			assert_int_equal(size_of_set(who), n - t);
			assert_false(has(who, 1));
			tally_blame(&w->t, &p);
			assert_true(tally_who(&w->t, STANDING_WRONG) == parties_all(t));
			free_world(w);
		}
}

static void two_values_with_too_many_behind_each_are_both_refused(void **state)
{
	(void)state;
	world *w = new_world(4, 1);
	plaintext p;
	party_set who;

	for (unsigned i = 1; i <= 4; i++) says(w, i, i <= 2 ? 7 : 8);
	assert_err(ERR_INTERNAL, tally_public(&p, &who, &w->t));
	free_world(w);
}

static void failures_count_for_nothing(void **state)
{
	(void)state;
	world *w = new_world(7, 2);
	plaintext p;
	party_set who;

	tally_note(&w->t, 1, STANDING_ABSENT, "away");
	tally_note(&w->t, 2, STANDING_REFUSED, "no");
	tally_note(&w->t, 3, STANDING_WRONG, "lie");
	says(w, 4, 9);
	says(w, 5, 9);
	assert_err(ERR_BUSY, tally_public(&p, &who, &w->t));
	says(w, 6, 9);
	assert_ok(tally_public(&p, &who, &w->t));
	assert_true(who == ((party_set)7 << 4));
	assert_true(tally_who(&w->t, STANDING_SILENT) == (party_set)1 << 7);
	free_world(w);
}

/* ---- user ------------------------------------------------------------------------------------------------------ */

enum { VALUE = 0xbeef, BLOCKS = 4 };

/* The share vectors of a uint16: four blocks of four bits, two 2-bit blocks each, at 2^123. */
static void deal(world *w)
{
	const unsigned n = (unsigned)w->net.parties, d = ring_degree(n);
	const ring *R = ring_of(128, d);
	gr secret = GR_ZERO;
	share out[MAX_PARTIES + 1];

	for (unsigned i = 0; i < BLOCKS; i++) secret.c[i] = (u128)(VALUE >> (4 * i) & 15) << 123;
	shamir_deal(out, R, n, w->net.threshold, secret, test_rng());
	for (unsigned i = 1; i <= n; i++) {
		buf sealed = { 0 };
		buf_put_u64(&sealed, 1);
		gr_write(R, buf_grow(&sealed, R->bytes), out[i].v);
		tally_share(&w->t, i, &sealed);
		assert_int_equal(sealed.n, 0);
	}
}

static void silence(world *w, unsigned from)
{
	buf_free(&w->t.of[from].share);
	tally_note(&w->t, from, STANDING_SILENT, "");
}

static void lie(world *w, unsigned from)
{
	w->t.of[from].share.p[8 + test_below(16 * BLOCKS)] ^= (uint8_t)(1u << test_below(8));
}

static void gives_value(world *w, const hash32 *link, bool there)
{
	const fhe_type *type = fhe_type_by_number_var(FHE_UINT16);
	plaintext p;

	if (!there) {
		assert_err(ERR_BUSY, tally_user(&p, &w->t, type, link));
		return;
	}
	assert_ok(tally_user(&p, &w->t, type, link));
	assert_int_equal(p.bytes[0] | p.bytes[1] << 8, VALUE);
}

static void a_value_is_put_together_from_a_quorum_of_shares(void **state)
{
	(void)state;
	const hash32 link = { { 1 } };

	for (size_t k = 1; k < COUNT(SIZES); k++) {
		const unsigned n = SIZES[k].n, t = SIZES[k].t;
		world *w = new_world(n, t);
		deal(w);
		gives_value(w, &link, true);
		for (unsigned left = n; left > 2 * t + 1; left--) {
			unsigned gone;
			do gone = 1 + (unsigned)test_below(n);
			while (w->t.of[gone].as == STANDING_SILENT);
			silence(w, gone);
			gives_value(w, &link, true);
		}
		silence(w, first_of(tally_who(&w->t, STANDING_GOOD)));
		gives_value(w, &link, false);
		free_world(w);
	}
}

static void wrong_shares_are_found_and_named(void **state)
{
	(void)state;
	const hash32 link = { { 1 } };

	for (size_t k = 1; k < COUNT(SIZES); k++) {
		const unsigned n = SIZES[k].n, t = SIZES[k].t;
		world *w = new_world(n, t);
		deal(w);
		for (unsigned i = 1; i <= t; i++) lie(w, i);
		gives_value(w, &link, true);
		assert_true(tally_who(&w->t, STANDING_WRONG) == parties_all(t));
		free_world(w);
	}
}

static void a_wrong_share_among_the_first_quorum_is_waited_over(void **state)
{
	(void)state;
	const hash32 link = { { 1 } };
	world *w = new_world(4, 1);

	deal(w);
	lie(w, 2);
	buf last = w->t.of[4].share;
	w->t.of[4].share = (buf){ 0 };
	tally_note(&w->t, 4, STANDING_SILENT, "");
	gives_value(w, &link, false);
	tally_share(&w->t, 4, &last);
	gives_value(w, &link, true);
	assert_true(tally_who(&w->t, STANDING_WRONG) == (party_set)1 << 2);
	free_world(w);
}

TESTS(TEST(a_value_is_believed_from_one_more_than_may_lie), TEST(liars_are_outvoted_and_named),
      TEST(two_values_with_too_many_behind_each_are_both_refused), TEST(failures_count_for_nothing),
      TEST(a_value_is_put_together_from_a_quorum_of_shares), TEST(wrong_shares_are_found_and_named),
      TEST(a_wrong_share_among_the_first_quorum_is_waited_over))
