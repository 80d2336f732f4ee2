/* SPDX-License-Identifier: MIT */
/* Nobody can make a party that opens shares hold, send or compute without bound; and bytes are read strictly. */
#include "tests/mpc/open_net.h"

/* ---- quotas ----------------------------------------------------------------------------------------------------- */

static void send_early(async_open *o, party from, uint32_t elements)
{
	uint8_t b[OPEN_SHARES_HEAD + MAX_OPEN_ELEMENTS * ELEMENT] = { 0 };
	hash32 h;
	rng_fill(test_rng(), h.b, sizeof h.b);
	open_shares_head_write(b, &h, elements);
	async_open_message(o, from, slice_of(b, OPEN_SHARES_HEAD + elements * ELEMENT));
}

static void early_shares_have_a_quota_a_peer_and_an_end(void **state)
{
	(void)state;
	open_limits limits = OPEN_LIMITS;
	limits.early = 100;
	limits.early_bytes = 100000;
	net w = net_new(4, 1, 1, 1);
	net_start(&w, &limits);
	async_open *o = w.member[1].engine;

	for (unsigned k = 0; k < 1000; k++) send_early(o, 2, 1);
	assert_int_equal(async_open_counts(o).early, 100);
	assert_int_equal(async_open_counts(o).dropped_early, 900);
	for (unsigned k = 0; k < 1000; k++) send_early(o, 3, MAX_OPEN_ELEMENTS);         /* 4 KB each: bytes are the limit */
	const size_t large = async_open_counts(o).early - 100;
	assert_in_range(large, 1, 100000 / (MAX_OPEN_ELEMENTS * ELEMENT));

	/* Party 4 is not hurt by what 2 and 3 do, and its early share counts. */
	net_begin(&w, 4, 0);
	net_begin(&w, 3, 0);
	net_deliver(&w);
	net_begin(&w, 1, 0);
	net_deliver(&w);
	assert_int_equal(async_open_counts(o).early, 100 + large);
	assert_int_equal(w.member[4].done[0], 1);

	/* What was used is given back: party 4 has its whole quota again. */
	const uint64_t dropped = async_open_counts(o).dropped_early;
	for (unsigned k = 0; k < 100; k++) send_early(o, 4, 1);
	assert_int_equal(async_open_counts(o).dropped_early, dropped);
	assert_int_equal(async_open_counts(o).early, 200 + large);

	async_open_turn(o, w.now + limits.early_ms - 1);
	assert_int_equal(async_open_counts(o).early, 200 + large);
	async_open_turn(o, w.now + limits.early_ms);
	assert_int_equal(async_open_counts(o).early, 0);
	for (unsigned k = 0; k < 1000; k++) send_early(o, 2, 1);                         /* the quota is given back */
	assert_int_equal(async_open_counts(o).early, 100);
	net_free(&w);
}

static void an_early_share_has_its_own_time(void **state)
{
	(void)state;
	net w = net_new(4, 1, 1, 1);
	uint8_t b[OPEN_SHARES_HEAD + ELEMENT];
	net_start(&w, &OPEN_LIMITS);
	async_open *o = w.member[1].engine;

	open_shares_head_write(b, &w.task[0].h, 1);
	for (party i = 2; i <= 3; i++) {                         /* 3 sends when the time of 2's is almost over */
		memcpy(b + OPEN_SHARES_HEAD, w.task[0].share[i], ELEMENT);
		async_open_message(o, i, slice_of(b, sizeof b));
		async_open_turn(o, w.now += OPEN_LIMITS.early_ms - 1);
		assert_int_equal(async_open_counts(o).early, 1);
	}
	net_begin(&w, 1, 0);
	async_open_turn(o, w.now);
	assert_int_equal(w.member[1].done[0], 1);
	net_free(&w);
}

static void openings_and_kept_shares_are_bounded(void **state)
{
	(void)state;
	open_limits limits = OPEN_LIMITS;
	limits.openings = 3, limits.late = 1, limits.kept_bytes = 2000;
	net w = net_new(4, 1, 20, 2);
	net_start(&w, &limits);
	for (size_t k = 0; k < 3; k++) net_begin(&w, 1, k);
	assert_int_equal(async_open_begin(w.member[1].engine, &w.task[3].h, share_of(&w.task[3], 1), false), OPEN_FULL);
	for (size_t k = 0; k < w.tasks; k++) {
		for (party i = k < 3 ? 2 : 1; i <= 3; i++) net_begin(&w, i, k);                  /* 4 never begins: all are late */
		net_deliver(&w);
		for (party i = 1; i <= 3; i++) {
			const open_counts c = async_open_counts(w.member[i].engine);
			assert_int_equal(c.open, i == 1 && k < 2 ? 2 - k : 0);
			assert_in_range(c.late, 0, 1);
			assert_in_range(c.kept, 0, 2000 / (2 * ELEMENT));
		}
	}
	for (party i = 1; i <= 3; i++) assert_int_equal(async_open_counts(w.member[i].engine).done, w.tasks);
	net_free(&w);
}

static void questions_are_answered_so_often_and_no_more(void **state)
{
	(void)state;
	open_limits limits = OPEN_LIMITS;
	limits.answers = 10;
	net w = net_new(4, 1, 1, 1);
	uint8_t known[OPEN_HEAD], unknown[OPEN_HEAD];
	const hash32 nobodys = { { 7 } };

	net_start(&w, &limits);
	w.lost = true;
	net_begin(&w, 1, 0);
	open_head_write(known, OPEN_PULL, &w.task[0].h);
	open_head_write(unknown, OPEN_PULL, &nobodys);
	for (unsigned k = 0; k < 50; k++) async_open_message(w.member[1].engine, 2, slice_of(k % 2 ? known : unknown, OPEN_HEAD));
	assert_int_equal(w.member[1].sent[OPEN_SHARES], 1 + 5);
	assert_int_equal(w.member[1].sent[OPEN_GONE], 5);
	async_open_message(w.member[1].engine, 3, slice_of(known, OPEN_HEAD));
	assert_int_equal(w.member[1].sent[OPEN_SHARES], 1 + 6);
	async_open_turn(w.member[1].engine, w.now + limits.pull_ms);
	async_open_message(w.member[1].engine, 2, slice_of(known, OPEN_HEAD));
	assert_int_equal(w.member[1].sent[OPEN_SHARES], 1 + 7);
	net_free(&w);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static void repeated_shares_are_nothing_and_different_ones_are_evidence(void **state)
{
	(void)state;
	for (unsigned begun = 0; begun < 2; begun++) {
		net w = net_new(4, 1, 1, 1);
		uint8_t b[OPEN_SHARES_HEAD + ELEMENT];
		net_start(&w, &OPEN_LIMITS);
		w.lost = true;
		if (begun) net_begin(&w, 1, 0);
		open_shares_head_write(b, &w.task[0].h, 1);
		memcpy(b + OPEN_SHARES_HEAD, w.task[0].share[2], ELEMENT);
		for (unsigned k = 0; k < 3; k++) async_open_message(w.member[1].engine, 2, slice_of(b, sizeof b));
		assert_int_equal(w.member[1].suspects[4], 0);
		b[sizeof b - 1] ^= 1;
		for (unsigned k = 0; k < 3; k++) async_open_message(w.member[1].engine, 2, slice_of(b, sizeof b));
		assert_int_equal(w.member[1].told, 1);
		assert_int_equal(w.member[1].suspects[OPEN_TWO_SHARES], 1u << 2);
		assert_int_equal(w.member[1].suspects[4], 1u << 2);
		net_free(&w);
	}
}

static void malformed_records_name_their_sender_and_end_the_message(void **state)
{
	(void)state;
	net w = net_new(4, 1, 2, 1);
	uint8_t good[OPEN_SHARES_HEAD + ELEMENT], b[3 * sizeof good];
	net_start(&w, &OPEN_LIMITS);
	async_open *o = w.member[1].engine;
	open_shares_head_write(good, &w.task[0].h, 1);

	for (size_t n = 1; n < sizeof good; n++) {               /* cut anywhere */
		w.member[1].suspects[4] = 0;
		async_open_message(o, 2, slice_of(good, n));
		assert_int_equal(w.member[1].suspects[4], 1u << 2);
	}
	static const uint32_t counts[] = { 0, 2, MAX_OPEN_ELEMENTS + 1, UINT32_MAX };
	for (unsigned k = 0; k < COUNT(counts); k++) {
		w.member[1].suspects[4] = 0;
		store32(good + OPEN_HEAD, counts[k]);
		async_open_message(o, 3, slice_of(good, sizeof good));
		assert_int_equal(w.member[1].suspects[4], 1u << 3);
	}
	assert_int_equal(async_open_counts(o).early, 0);

	/* Records before the malformed one count, those behind it do not. */
	open_shares_head_write(good, &w.task[0].h, 1);
	memcpy(b, good, sizeof good);
	memset(b + sizeof good, 0xff, sizeof good);
	memcpy(b + 2 * sizeof good, good, sizeof good);
	b[2 * sizeof good + 1] ^= 1;
	async_open_message(o, 4, slice_of(b, sizeof b));
	assert_int_equal(async_open_counts(o).early, 1);
	async_open_message(o, 4, slice_of(b, 0));
	net_free(&w);
}

TESTS(TEST(early_shares_have_a_quota_a_peer_and_an_end),
      TEST(an_early_share_has_its_own_time),
      TEST(openings_and_kept_shares_are_bounded),
      TEST(questions_are_answered_so_often_and_no_more),
      TEST(repeated_shares_are_nothing_and_different_ones_are_evidence),
      TEST(malformed_records_name_their_sender_and_end_the_message))
