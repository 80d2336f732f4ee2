/* SPDX-License-Identifier: MIT */
/* tests/share/partial_lwe_test.c -- b - <a', s> under shares of s, a' the words of a rounded, in every variant. */
#include "tests/share/words.h"
#include "tests/base/scarce.h"
#include "tests/ring/elements.h"
#include "base/cpu.h"
#include "share/partial_lwe.h"
#include "share/shamir.h"
#include <stdlib.h>

enum { MOST_DIM = 40000, MOST_COUNT = 3 };

#define FOR_EACH_KERNEL(k, d) \
	for (const lwe_kernel *const *at_##k = LWE_ALL, *k; (k = *at_##k) != NULL; at_##k++) if (cpu_can(k->needs) && k->serves(d))

static u128 key[MOST_DIM * GR_MAX_DEGREE], lwe[MOST_COUNT * (MOST_DIM + 1)];

/* To the next multiple of 2^44, by what is left of a division. */
static u128 rounded(u128 a)
{
	const u128 unit = (u128)1 << 44, rest = a % unit;
	return rest < unit / 2 ? a - rest : a + (unit - rest);
}

/* The definition, coefficient by coefficient. */
static void by_hand(u128 *out, unsigned d, size_t dim, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned l = 0; l < d; l++) {
			const u128 *a = lwe + i * (dim + 1);
			u128 v = l ? 0 : a[dim];
			for (size_t j = 0; j < dim; j++) v -= rounded(a[j]) * key[j * d + l];
			out[i * d + l] = v;
		}
}

static void assert_all_alike(unsigned d, size_t dim, size_t count)
{
	u128 expected[MOST_COUNT * GR_MAX_DEGREE], out[MOST_COUNT * GR_MAX_DEGREE + 1];

	by_hand(expected, d, dim, count);
	FOR_EACH_KERNEL(k, d) {
		AUTO(lwe_key_share) *held = NULL;

		assert_ok(lwe_key_share_new_for(k, &held, d, dim, key));
		memset(out, 0x5a, sizeof out);
		const u128 beyond = out[count * d];
		partial_lwe(held, out, lwe, count);
		assert_memory_equal(out, expected, count * d * sizeof *out);
		assert_true(out[count * d] == beyond);
	}
}

static void fill(u128 *out, size_t n, u128 (*word_of)(void)) { for (size_t i = 0; i < n; i++) out[i] = word_of(); }
static u128 any(void)  { return (u128)rng_u64(test_rng()) << 64 | rng_u64(test_rng()); }
static u128 edgy(void) { return edgy_word(128); }
static u128 ones(void) { return ~(u128)0; }
static u128 largest(void) { return ~(u128)0 << 44; }
static u128 nought(void) { return 0; }
/* 2^44 times, or in a key just, 2^52 - 1 + 2^52: in limbs of 52 bits, products of both columns are as large as they can be. */
static u128 full_column(void) { return ((u128)1 << 53) - 1; }
static u128 full_column_above(void) { return (((u128)1 << 53) - 1) << 44; }
/* At, just below and just above the middle between two multiples of 2^44, also next to 2^128. */
static u128 middling(void)
{
	const u128 upper = test_below(2) ? ~(u128)0 : any();
	return upper >> 44 << 44 | (((u128)1 << 43) - 1 + test_below(3));
}

static void every_variant_gives_the_inner_product(void **state)
{
	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++)
		for (size_t dim = 0; dim < 70; dim += 1 + dim / 20) {
			u128 (*const of)(void) = dim % 2 ? any : edgy;
			fill(key, dim * d, of), fill(lwe, MOST_COUNT * (dim + 1), of);
			assert_all_alike(d, dim, MOST_COUNT);
			fill(lwe, MOST_COUNT * (dim + 1), middling);
			assert_all_alike(d, dim, MOST_COUNT);
		}
}

/* Where sums are largest: all words all ones, at the lengths in use and at one beyond which columns are added up in between. */
static void no_column_overflows(void **state)
{
	/* of the mask, of the key: the largest word of a rounded mask is 2^128 - 2^44 */
	static u128 (*const WORDS[][2])(void) = { { any, any }, { largest, ones }, { edgy, edgy }, { nought, nought },
	                                          { middling, ones }, { full_column_above, full_column } };
	static const size_t DIMS[] = { 4096, 6144, MOST_DIM };

	(void)state;
	for (size_t i = 0; i < COUNT(DIMS); i++)
		for (size_t w = 0; w < COUNT(WORDS); w++) {
			const unsigned d = w == 2 ? 5 : 4;
			fill(lwe, DIMS[i] + 1, WORDS[w][0]), fill(key, DIMS[i] * d, WORDS[w][1]);
			assert_all_alike(d, DIMS[i], 1);
		}
}

/* The last ciphertext ends where a page ends, and so does the key. */
static void nothing_beyond_the_ciphertexts_is_read(void **state)
{
	(void)state;
	for (unsigned d = 4; d <= 5; d++) for (size_t dim = 1; dim <= 17; dim++) {
		u128 expected[GR_MAX_DEGREE], out[GR_MAX_DEGREE];
		void *at_end;

		fill(key, dim * d, any), fill(lwe, dim + 1, any);
		by_hand(expected, d, dim, 1);
		assert_ok(secret_alloc(&at_end, (dim + 1) * sizeof *lwe));
		memcpy(at_end, lwe, (dim + 1) * sizeof *lwe);
		FOR_EACH_KERNEL(k, d) {
			AUTO(lwe_key_share) *held = NULL;

			assert_ok(lwe_key_share_new_for(k, &held, d, dim, key));
			partial_lwe(held, out, at_end, 1);
			assert_memory_equal(out, expected, d * sizeof *out);
		}
		secret_release(at_end);
	}
}

static void only_the_lowest_and_the_highest_limbs_meet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 128; i++)
		for (unsigned j = 0; i + j < 130 && j < 128; j++) {
			for (unsigned l = 0; l < 4; l++) key[l] = ((u128)1 << i) - (l % 2);
			lwe[0] = ((u128)1 << j) - (i % 2), lwe[1] = 0;
			assert_all_alike(4, 1, 1);
		}
}

/* Shares of a binary key give shares of the phase with words rounded, and that is near the phase. */
static void partial_results_are_shares_of_a_phase_that_rounding_moved_no_further_than_the_bound(void **state)
{
	enum { DIM = 50 };
	static u128 mine[MOST_PARTIES + 1][DIM * GR_MAX_DEGREE];
	const u128 bound = (u128)DIM << 43;

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const ring *R = ring_of(128, ring_degree(x->n));
		share s[MOST_PARTIES + 1];
		gr y[MOST_PARTIES + 1];
		u128 phase, unrounded;

		fill(lwe, DIM + 1, x->n % 2 ? middling : any);
		phase = unrounded = lwe[DIM];
		for (size_t j = 0; j < DIM; j++) {
			const unsigned bit = (unsigned)test_below(2);
			shamir_deal(s, R, x->n, x->t, gr_scalar(R, bit), test_rng());
			for (unsigned i = 1; i <= x->n; i++) memcpy(&mine[i][j * R->d], s[i].v.c, R->d * sizeof(u128));
			phase -= bit * rounded(lwe[j]);
			unrounded -= bit * lwe[j];
		}
		for (unsigned i = 1; i <= x->n; i++) {
			AUTO(lwe_key_share) *k = NULL;

			assert_ok(lwe_key_share_new(&k, R->d, DIM, mine[i]));
			y[i] = GR_ZERO;
			partial_lwe(k, y[i].c, lwe, 1);
		}
		assert_gr_equal(R, interpolate_unchecked(R, y, random_subset(parties_all(x->n), x->t + 1)), gr_scalar(R, phase));
		assert_true(phase - unrounded + bound <= 2 * bound);
	}
}

/* The bound is reached: every word as far from its multiple as can be, and every bit of the key set. */
static void rounding_moves_a_phase_by_half_a_unit_a_word_at_most(void **state)
{
	enum { DIM = 4096 };

	(void)state;
	for (size_t j = 0; j < DIM; j++) lwe[j] = any() >> 44 << 44 | (u128)1 << 43;
	lwe[DIM] = any();
	for (size_t j = 0; j < DIM * 4; j++) key[j] = j % 4 == 0;
	assert_all_alike(4, DIM, 1);
	AUTO(lwe_key_share) *held = NULL;
	u128 out[4], phase = lwe[DIM];
	for (size_t j = 0; j < DIM; j++) phase -= lwe[j];
	assert_ok(lwe_key_share_new(&held, 4, DIM, key));
	partial_lwe(held, out, lwe, 1);
	assert_true(phase - out[0] == (u128)DIM << 43);
}

static void a_word_is_rounded_to_the_next_multiple(void **state)
{
	const u128 unit = (u128)1 << 44;

	(void)state;
	assert_true(partial_rounded(0) == 0 && partial_rounded(unit / 2 - 1) == 0 && partial_rounded(unit / 2) == unit);
	assert_true(partial_rounded(-(unit / 2) - 1) == -unit && partial_rounded(-(unit / 2)) == 0 && partial_rounded(-(u128)1) == 0);
	for (unsigned i = 0; i < 1000; i++) {
		const u128 a = i % 2 ? any() : middling();
		assert_true(partial_rounded(a) == rounded(a) && partial_rounded(rounded(a)) == rounded(a));
	}
}

static void without_memory_there_is_an_error_and_no_object(void **state)
{
	lwe_key_share *k = NULL;

	(void)state;
	allocations_left = 0;
	const err e = lwe_key_share_new(&k, 4, 10, key);
	allocations_left = -1;
	assert_int_equal(e, ERR_NOMEM);
	assert_null(k);
	err_clear();
	lwe_key_share_free(&k);
}

TESTS(TEST(every_variant_gives_the_inner_product), TEST(no_column_overflows), TEST(nothing_beyond_the_ciphertexts_is_read),
      TEST(only_the_lowest_and_the_highest_limbs_meet),
      TEST(partial_results_are_shares_of_a_phase_that_rounding_moved_no_further_than_the_bound),
      TEST(rounding_moves_a_phase_by_half_a_unit_a_word_at_most), TEST(a_word_is_rounded_to_the_next_multiple),
      TEST(without_memory_there_is_an_error_and_no_object))
