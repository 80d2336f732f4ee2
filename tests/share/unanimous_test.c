/* SPDX-License-Identifier: MIT */
/* tests/share/unanimous_test.c -- words in which all agree are opened, others are not, whoever is wrong and wherever. */
#include <stdlib.h>
#include "tests/share/words.h"
#include "tests/base/scarce.h"
#include "tests/ring/elements.h"
#include "share/code.h"
#include "share/unanimous.h"

enum { VALUES = 5 };

/* Words as they travel, one byte off alignment. */
typedef struct sent {
	uint8_t bytes[MOST_PARTIES + 1][1 + VALUES * GR_MAX_BYTES];
	word    w[VALUES];
	const uint8_t *y[MAX_PARTIES + 1];
} sent;
static sent s;

static void send_all(const ring *R, unsigned n, unsigned D)
{
	for (unsigned v = 0; v < VALUES; v++) {
		s.w[v] = random_word(R, n, D);
		for (unsigned i = 1; i <= n; i++) gr_write(R, s.bytes[i] + 1 + v * R->bytes, s.w[v].y[i]);
	}
	for (unsigned i = 1; i <= n; i++) s.y[i] = s.bytes[i] + 1;
}

static void assert_opened(const ring *R, const unanimous *x)
{
	uint8_t out[(VALUES + 1) * GR_MAX_BYTES] __attribute__((aligned(16)));

	memset(out, 0x33, sizeof out);
	assert_true(unanimous_open_var(x, out, s.y, VALUES));
	for (unsigned v = 0; v < VALUES; v++) {
		uint8_t right[GR_MAX_BYTES];
		gr_write(R, right, s.w[v].f[0]);
		assert_memory_equal(out + v * R->bytes, right, R->bytes);
	}
	for (unsigned i = 0; i < R->bytes; i++) assert_int_equal(out[VALUES * R->bytes + i], 0x33);
}

static void words_that_agree_are_opened(void **state)
{
	(void)state;
	FOR_EACH_CODE(x, k, D) {
		const ring *R = ring_of(k, ring_degree(x->n));
		for (unsigned round = 0; round < 6; round++) {
			const party_set who = random_subset(parties_all(x->n), (unsigned)(D + 1 + test_below(x->n - D)));
			AUTO(unanimous) *e = NULL;
			assert_ok(unanimous_new(&e, R, D, who));
			send_all(R, x->n, D);
			assert_opened(R, e);
		}
	}
}

static void every_degree_of_the_ring_is_served(void **state)
{
	(void)state;
	FOR_EACH_RING(R) {
		AUTO(unanimous) *e = NULL;
		assert_ok(unanimous_new(&e, R, 4, parties_all(7)));
		send_all(R, 7, 4);
		assert_opened(R, e);
	}
}

/* One bit of one share of one value, wherever it is. */
static void T_DETECT_one_bit_of_one_share_is_noticed(void **state)
{
	uint8_t out[VALUES * GR_MAX_BYTES] __attribute__((aligned(16)));

	(void)state;
	FOR_EACH_CODE(x, k, D) {
		const ring *R = ring_of(k, ring_degree(x->n));
		AUTO(unanimous) *e = NULL;
		assert_ok(unanimous_new(&e, R, D, parties_all(x->n)));
		send_all(R, x->n, D);
		for (unsigned i = 1; i <= x->n; i++) for (unsigned round = 0; round < 20; round++) {
			const size_t bit = test_below(VALUES * R->bytes * 8);
			s.bytes[i][1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(unanimous_open_var(e, out, s.y, VALUES));
			s.bytes[i][1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_opened(R, e);
	}
}

/* t liars whose error vanishes on 2t honest points, which a decoder that corrects would follow. */
static void T_MISCORRECT_a_liars_codeword_is_not_opened(void **state)
{
	uint8_t out[VALUES * GR_MAX_BYTES] __attribute__((aligned(16)));

	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const ring *R = ring_of(k, ring_degree(x->n));
		AUTO(unanimous) *e = NULL;
		assert_ok(unanimous_new(&e, R, 2 * x->t, parties_all(x->n)));
		for (unsigned liars = 1; liars <= x->t; liars++) {
			send_all(R, x->n, 2 * x->t);
			const party_set who = random_subset(parties_all(x->n), liars);
			lie_by_a_codeword(&s.w[2], who, random_subset(parties_all(x->n) & ~who, 2 * x->t));
			for (unsigned i = 1; i <= x->n; i++) gr_write(R, s.bytes[i] + 1 + 2 * R->bytes, s.w[2].y[i]);
			assert_false(unanimous_open_var(e, out, s.y, VALUES));
		}
	}
}

static void without_memory_there_is_an_error(void **state)
{
	(void)state;
	for (allocations_left = 0;; allocations_left++) {
		AUTO(unanimous) *e = NULL;
		const int left = allocations_left;
		const err r = unanimous_new(&e, ring_of(64, 4), 2, parties_all(4));
		allocations_left = -1;
		if (r == OK) {
			assert_int_equal(left, 2);
			return;
		}
		assert_int_equal(r, ERR_NOMEM);
		assert_null(e);
		err_clear();
		allocations_left = left;
	}
}

TESTS(TEST(words_that_agree_are_opened), TEST(every_degree_of_the_ring_is_served),
      TEST(T_DETECT_one_bit_of_one_share_is_noticed), TEST(T_MISCORRECT_a_liars_codeword_is_not_opened), TEST(without_memory_there_is_an_error))
