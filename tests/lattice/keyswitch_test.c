/* SPDX-License-Identifier: MIT */
/* tests/lattice/keyswitch_test.c -- every variant of the kernel, whole keyswitches in batches and ranges of rows. */
#include "tests/test.h"
#include <stdlib.h>
#include "base/cpu.h"
#include "lattice/keyswitch.h"
#include "lattice/poly.h"

/* ---- the kernel -------------------------------------------------------------------------------------------------- */

enum { MOST_WIDTH = 67 };

typedef struct sample {
	uint64_t acc[KEYSWITCH_BATCH * MOST_WIDTH], row[KEYSWITCH_ROWS * MOST_WIDTH];
	int16_t  digit[KEYSWITCH_BATCH * KEYSWITCH_ROWS];
} sample;

static void random_sample(sample *x)
{
	rng_fill(test_rng(), x, sizeof *x);
	for (size_t i = 0; i < COUNT(x->digit); i++) x->digit[i] = (int16_t)(x->digit[i] % (1 << (KEYSWITCH_BITS - 1)));
}

/* Words and digits at the ends of their ranges: the sums of the chunks are as large as they get. */
static void extreme_sample(sample *x, unsigned which)
{
	static const uint64_t words[] = { 0, UINT64_MAX, 0x8000800080008000, 0x7fff7fff7fff7fff, 0x8000000000000000 };
	const int16_t most = 1 << (KEYSWITCH_BITS - 1);

	for (size_t i = 0; i < COUNT(x->row); i++) x->row[i] = words[which % COUNT(words)];
	for (size_t i = 0; i < COUNT(x->digit); i++) x->digit[i] = which / COUNT(words) % 2 ? most : (int16_t)-most;
	memset(x->acc, 0, sizeof x->acc);
}

static void assert_variants_agree(const sample *x, unsigned batch, unsigned rows, size_t width)
{
	static sample expected, got;

	expected = *x;
	KEYSWITCH_PORTABLE.subtract(expected.acc, batch, x->digit, x->row, rows, width);
	for (const keyswitch_kernel *const *k = KEYSWITCH_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		got = *x;
		(*k)->subtract(got.acc, batch, got.digit, got.row, rows, width);
		assert_memory_equal(got.acc, expected.acc, sizeof got.acc);
	}
}

static void all_variants_give_the_same_words(void **state)
{
	(void)state;
	static sample x;
	static const size_t widths[] = { 1, 2, 3, 4, 5, 7, 8, 9, 16, 23, 64, 67 };
	static const unsigned rows[] = { 2, 8, 24, 32, 64 };

	for (unsigned batch = 1; batch <= KEYSWITCH_BATCH; batch++)
		for (size_t w = 0; w < COUNT(widths); w++) {
			random_sample(&x);
			assert_variants_agree(&x, batch, rows[test_below(COUNT(rows))], widths[w]);
		}
	for (unsigned which = 0; which < 10; which++) {
		extreme_sample(&x, which);
		assert_variants_agree(&x, KEYSWITCH_BATCH, KEYSWITCH_ROWS, MOST_WIDTH);
	}
}

/* ---- whole keyswitches --------------------------------------------------------------------------------------------- */

/* A key of random words. */
static void random_key(key_rows *key, unsigned dim, unsigned to, decomp dc)
{
	*key = (key_rows){ .shape = { .kind = KIND_KSK, .bits = 64, .decomp = dc, .k = to, .N = 1, .rows = dim * dc.level,
	                              .mask = to, .body = 1 } };
	const size_t words = key->shape.rows * (to + 1);
	uint64_t *w = malloc(words * sizeof *w);
	assert_non_null(w);
	rng_fill(test_rng(), w, words * sizeof *w);
	key->w64 = w;
}

static void many_at_once_are_what_each_is_alone(void **state)
{
	(void)state;
	static const struct { unsigned dim, to; decomp dc; } shape[] = {
		{ 256, 37, { 4, 4 } }, { 261, 40, { 4, 4 } }, { 64, 13, { 4, 3 } }, { 19, 5, { 7, 1 } },     /* small digits   */
		{ 256, 1, { 37, 1 } }, { 20, 9, { 9, 2 } }, { 5, 3, { 12, 5 } },                             /* and large ones */
	};
	static const size_t counts[] = { 1, 2, 7, 8, 9, 24, 25, 33 };
	pool *cores;

	assert_ok(pool_new(&cores, 3));
	for (size_t s = 0; s < COUNT(shape); s++)
		for (size_t c = 0; c < COUNT(counts); c++) {
			AUTO(arena) a = arena_with_limit((size_t)1 << 24);
			lwe64_run in = { counts[c], shape[s].dim, NULL }, out = { counts[c], shape[s].to, NULL };
			uint64_t *one;
			key_rows key;
			random_key(&key, shape[s].dim, shape[s].to, shape[s].dc);
			assert_ok(arena_new(&a, &in.w, in.count * (in.dim + 1)));
			assert_ok(arena_new(&a, &out.w, out.count * (out.dim + 1)));
			assert_ok(arena_new(&a, &one, out.dim + 1));
			rng_fill(test_rng(), in.w, in.count * (in.dim + 1) * sizeof *in.w);
			assert_ok(keyswitch_all_var(out, in, &key, c % 2 ? cores : NULL));
			for (size_t i = 0; i < in.count; i++) {
				keyswitch_var(one, lwe64_at(in, i), &key);
				assert_memory_equal(lwe64_at(out, i), one, (out.dim + 1) * sizeof *one);
			}
			free((void *)key.w64);
		}
	pool_free(&cores);
}

TESTS(TEST(all_variants_give_the_same_words),
      TEST(many_at_once_are_what_each_is_alone))
