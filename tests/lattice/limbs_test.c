/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/limbs_test.c -- external products against the schoolbook, for every kernel, shape and size of a batch.
 *
 * A trial is a GGSW, and eight accumulators, each with its rotation, before and after the step as the definition has it.
 * Words of 64 bits are kept as u128 too.
 */
#include "tests/test.h"
#include "lattice/limbs_internal.h"
#include "lattice/poly.h"
#include "base/cpu.h"
#include <math.h>
#include <stdlib.h>

enum { N = LIMBS_N, PAGE = 4096 };

typedef struct trial {
	limb_shape shape;
	unsigned   a[LIMBS_BATCH];
	u128      *rows, *before, *after;                        /* before and after: [b][k + 1][N] */
} trial;

static void *memory(size_t bytes)
{
	void *p = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
	assert_non_null(p);
	return p;
}

static u128 random_word(void) { return (u128)rng_u64(test_rng()) << 64 | rng_u64(test_rng()); }

static u128 in_shape(u128 x, limb_shape s) { return s.bits == 64 ? (uint64_t)x : x; }
static size_t polys(limb_shape s) { return s.k + 1; }

static uint64_t *narrow(const u128 *x, size_t n)
{
	uint64_t *out = memory(n * sizeof *out);
	for (size_t i = 0; i < n; i++) out[i] = (uint64_t)x[i];
	return out;
}

/* ---- what words may be -------------------------------------------------------------------------------------------- */

typedef u128 source(limb_shape s, unsigned i);

static u128 any(limb_shape s, unsigned i) { (void)s, (void)i; return random_word(); }
static u128 nothing(limb_shape s, unsigned i) { (void)s, (void)i; return 0; }

/* On a tie, or next to one, in some of the places of the digits and in the rounding; and where the range ends. */
static u128 ties(limb_shape s, unsigned i)
{
	const unsigned B = s.decomp.base_log, low = s.bits - B * s.decomp.level;
	u128 x = 0;

	(void)i;
	for (unsigned l = 0; l < s.decomp.level; l++) {
		const uint64_t half = (uint64_t)1 << (B - 1);
		const uint64_t kinds[] = { half, half - 1, half + 1, 0, 1, 2 * half - 1, test_below(2 * half) };
		x |= (u128)kinds[test_below(COUNT(kinds))] << (low + l * B);
	}
	const u128 rest = (u128)1 << (low - 1), last = random_word() & (2 * rest - 1);
	const u128 rests[] = { 0, rest, rest - 1, rest + 1, 2 * rest - 1, last };
	return x | rests[test_below(COUNT(rests))];
}

/* All digits as large as they can be, with one sign or both. */
static u128 largest(limb_shape s, unsigned i)
{
	u128 x = 0;
	(void)i;
	for (unsigned l = 0; l < s.decomp.level; l++)
		x += (((u128)1 << (s.decomp.base_log - 1)) - 1) << (s.bits - (l + 1) * s.decomp.base_log);
	return x;
}

static u128 largest_of_any_sign(limb_shape s, unsigned i) { return test_below(2) ? largest(s, i) : 0 - largest(s, i); }

/* Limbs put together. */
static u128 word_of_limbs(limb_shape s, bool low(void))
{
	const bool wide = s.bits == 128;
	u128 x = 0;

	for (unsigned l = s.limbs; l--;) x = x * s.limb_base + (low() ? 0 - (u128)(s.limb_base / 2) : s.limb_base / 2 - wide);
	return x << s.dropped;
}

static bool always(void) { return true; }
static bool sometimes(void) { return test_below(2); }

/* All limbs as large as they can be, with one sign or both. */
static u128 lowest_limbs(limb_shape s, unsigned i) { (void)i; return word_of_limbs(s, always); }
static u128 extreme_limbs(limb_shape s, unsigned i) { (void)i; return word_of_limbs(s, sometimes); }

static u128 top_bit(limb_shape s, unsigned i) { (void)i; return (u128)1 << (s.bits - 1); }

/* ---- trials ------------------------------------------------------------------------------------------------------- */

/* acc with X acc - acc = x, but for coefficient 0, which then is what it is. */
static void with_difference(u128 *acc, limb_shape s, source *x)
{
	acc[0] = in_shape(random_word(), s);
	for (unsigned i = 1; i < N; i++) acc[i] = in_shape(acc[i - 1] - x(s, i), s);
}

static void school(trial *t, unsigned b)
{
	const limb_shape s = t->shape;
	const size_t k1 = polys(s), level = s.decomp.level;
	int64_t *digits = memory(k1 * level * 2 * N * sizeof *digits);
	u128 *diff = memory(2 * N * sizeof *diff), *after = t->after + b * k1 * N;

	for (size_t r = 0; r < k1; r++) {
		const u128 *p = t->before + (b * k1 + r) * N;
		poly128_rotate_var(diff, p, N, t->a[b]);
		for (unsigned i = 0; i < N; i++) diff[i] -= p[i];
		if (s.bits == 64) {
			uint64_t *narrowed = narrow(diff, N);
			poly64_digits(digits + r * level * 2 * N, narrowed, N, s.decomp);
			free(narrowed);
		} else poly128_digits(digits + r * level * 2 * N, diff, N, s.decomp);
	}
	memcpy(after, t->before + b * k1 * N, k1 * N * sizeof *after);
	for (size_t j = 0; j < level; j++)
		for (size_t r = 0; r < k1; r++)
			for (size_t c = 0; c < k1; c++)
				poly128_mul_digits_add(after + c * N, t->rows + ((j * k1 + r) * k1 + c) * N, digits + (r * level + j) * 2 * N, N);
	for (size_t i = 0; i < k1 * N; i++) after[i] = in_shape(after[i], s);
	free(digits);
	free(diff);
}

/* The kinds of digits take turns over the accumulators: random ones under any rotation, others made for X^1. */
static trial trial_new(limb_shape s, source *key, source *const kinds[4], unsigned count)
{
	const size_t k1 = polys(s), words = (size_t)limb_rows(s) * k1 * N;
	trial t = { .shape = s, .rows = memory(words * 16), .before = memory(LIMBS_BATCH * k1 * N * 16),
		.after = memory(LIMBS_BATCH * k1 * N * 16) };

	for (size_t i = 0; i < words; i++) t.rows[i] = in_shape(key(s, (unsigned)(i % N)), s) >> s.dropped << s.dropped;
	for (unsigned b = 0; b < count; b++) {
		t.a[b] = kinds[b % 4] == any ? (unsigned)test_below(2 * N) : 1;
		for (size_t c = 0; c < k1; c++) {
			u128 *p = t.before + (b * k1 + c) * N;
			if (kinds[b % 4] != any) with_difference(p, s, kinds[b % 4]);
			else for (unsigned i = 0; i < N; i++) p[i] = in_shape(random_word(), s);
		}
		school(&t, b);
	}
	return t;
}

static void trial_free(trial *t)
{
	free(t->rows);
	free(t->before);
	free(t->after);
}

/* ---- a kernel at work --------------------------------------------------------------------------------------------- */

typedef struct bench { const limb_kernel *kernel; limb_work *work; uint8_t *key; bool fits; void *scratch; } bench;

static bench bench_new(const limb_kernel *k, const trial *t, unsigned batch)
{
	bench b = { .kernel = k, .key = memory(k->key_bytes(t->shape)), .scratch = memory(LIMBS_SCRATCH) };
	const size_t words = (size_t)limb_rows(t->shape) * polys(t->shape) * N;

	assert_ok(limbs_work_new(&b.work, k, t->shape, batch));
	if (t->shape.bits == 128) b.fits = k->load128(t->shape, b.key, b.scratch, t->rows);
	else {
		uint64_t *rows = narrow(t->rows, words);
		b.fits = k->load64(t->shape, b.key, b.scratch, rows);
		free(rows);
	}
	return b;
}

static void bench_free(bench *b)
{
	limbs_work_free(&b->work);
	free(b->key);
	free(b->scratch);
}

static void put(bench *e, unsigned b, const u128 *polynomials, limb_shape s)
{
	for (unsigned c = 0; c <= s.k; c++) {
		if (s.bits == 128) limbs_put128(e->work, b, c, polynomials + c * N);
		else {
			uint64_t *p = narrow(polynomials + c * N, N);
			limbs_put64(e->work, b, c, p);
			free(p);
		}
	}
}

static void get(u128 *p, const bench *e, unsigned b, unsigned c, limb_shape s)
{
	uint64_t *narrowed;
	if (s.bits == 128) {
		limbs_get128(p, e->work, b, c);
		return;
	}
	narrowed = memory(N * sizeof *narrowed);
	limbs_get64(narrowed, e->work, b, c);
	for (unsigned i = 0; i < N; i++) p[i] = narrowed[i];
	free(narrowed);
}

static bool is(const bench *e, unsigned b, const u128 *polynomials, limb_shape s)
{
	u128 *p = memory(N * sizeof *p);
	bool same = true;
	for (unsigned c = 0; c <= s.k; c++) {
		get(p, e, b, c, s);
		same = same && memcmp(p, polynomials + c * N, N * sizeof *p) == 0;
	}
	free(p);
	return same;
}

/* One step for accumulators first .. first + n of the trial, whose pieces come in some order. */
static void step(bench *e, const trial *t, unsigned first, unsigned n)
{
	const limb_kernel *k = e->kernel;
	const unsigned k1 = t->shape.k + 1, cut = (unsigned)test_below(k->chunks + 1);

	const limb_ahead none = { NULL, NULL };

	limbs_use(e->work, n);
	const bool together = limbs_columns(e->work) == k1 && first % 2;
	for (unsigned b = 0; b < n; b++) {
		put(e, b, t->before + (size_t)(first + b) * k1 * N, t->shape);
		limbs_guard_reset(e->work, b);
	}
	for (unsigned i = n * k1; i--;) k->turn(e->work, e->scratch, i / k1, i % k1, t->a[first + i / k1], none);
	for (unsigned c = 0; c < k1; c++) {
		k->multiply(e->work, e->scratch, e->key, c, cut, k->chunks - cut);
		k->multiply(e->work, e->scratch, e->key, c, 0, cut);
		if (together) continue;
		for (unsigned i = LIMBS_HALVES * n; i--;) k->add(e->work, e->scratch, i / LIMBS_HALVES, c, i % LIMBS_HALVES, none);
	}
	for (unsigned i = together ? n * k1 * LIMBS_HALVES : 0; i--;) {
		const char *key = (const char *)e->key;
		const limb_ahead next = { key, key + 100 };                       /* changes nothing */
		k->add(e->work, e->scratch, i / LIMBS_HALVES / k1, i / LIMBS_HALVES % k1, i % LIMBS_HALVES, next);
	}
}

/* The step of accumulator 0; its sums may be gone. */
static void take_back(bench *e, const trial *t)
{
	const bool there = limbs_columns(e->work) == polys(t->shape);

	for (unsigned c = 0; c <= t->shape.k; c++) {
		if (!there) e->kernel->multiply(e->work, e->scratch, e->key, c, 0, e->kernel->chunks);
		e->kernel->take_back(e->work, e->scratch, 0, c);
	}
}

#define EACH_KERNEL(k) (const limb_kernel *const *k = LIMBS_ALL; *k; k++) if (cpu_can((*k)->needs))

/* ---- tests -------------------------------------------------------------------------------------------------------- */

/* What the guard lets pass is right; and with a calm key it lets everything pass, whatever the digits are. */
static void steps_are_those_of_the_definition(limb_shape s, source *key, bool calm, source *const kinds[4], unsigned count)
{
	static const unsigned sizes[] = { 1, 2, 3, 5, 8, 7 };
	trial t = trial_new(s, key, kinds, count);

	for EACH_KERNEL(k) {
		bench e = bench_new(*k, &t, LIMBS_BATCH);
		for (unsigned i = 0; i < COUNT(sizes); i++) {
			const unsigned n = sizes[i] < count ? sizes[i] : count, first = (unsigned)test_below(count - n + 1);
			if ((*k)->needs == CPU_PORTABLE && i % 3) continue;
			step(&e, &t, first, n);
			for (unsigned b = 0; b < n; b++) {
				const bool passes = e.fits && limbs_guard(e.work, b) < LIMBS_GUARD;
				assert_true(passes || !calm);
				assert_true(!passes || is(&e, b, t.after + (size_t)(first + b) * polys(s) * N, s));
			}
		}
		bench_free(&e);
	}
	trial_free(&t);
}

static void the_exact_step_of_64_bits_is_the_schoolbook_s(void **state)
{
	(void)state;
	source *const calm[] = { any, ties, any, ties }, *const kinds[] = { any, ties, largest_of_any_sign, largest };

	steps_are_those_of_the_definition(LIMBS_EXACT64, any, true, calm, 8);
	steps_are_those_of_the_definition(LIMBS_EXACT64, extreme_limbs, false, kinds, 8);
	steps_are_those_of_the_definition(LIMBS_EXACT64, top_bit, false, kinds, 8);
	steps_are_those_of_the_definition(LIMBS_EXACT64, lowest_limbs, false, kinds, 8);
}

static void the_step_of_the_squash_is_the_schoolbook_s(void **state)
{
	(void)state;
	source *const kinds[] = { any, ties, largest_of_any_sign, nothing };

	steps_are_those_of_the_definition(LIMBS_SQUASH, any, true, kinds, 8);
	steps_are_those_of_the_definition(LIMBS_SQUASH, extreme_limbs, false, kinds, 3);
}

static void the_step_in_floating_point_is_near(void **state)
{
	(void)state;
	source *const kinds[] = { any, ties, largest_of_any_sign, nothing };
	trial t = trial_new(LIMBS_FLOAT64, any, kinds, 4);
	u128 *p = memory(N * sizeof *p);

	for EACH_KERNEL(k) {
		bench e = bench_new(*k, &t, 4);
		step(&e, &t, 0, 4);
		for (unsigned b = 0; b < 4; b++)
			for (unsigned c = 0; c < 2; c++) {
				get(p, &e, b, c, t.shape);
				for (unsigned i = 0; i < N; i++) {
					const int64_t off = (int64_t)(uint64_t)(p[i] - t.after[(b * 2 + c) * N + i]);
					assert_true(off > -((int64_t)1 << 44) && off < (int64_t)1 << 44);
				}
			}
		bench_free(&e);
	}
	free(p);
	trial_free(&t);
}

/* Nine rows of 2048 digits of 2^23 and limbs of 2^17 that all agree in sign: 2^54, three times beyond what is rounded well. */
static void the_guard_speaks_where_products_are_too_large_and_the_step_can_be_taken_back(void **state)
{
	(void)state;
	source *const kinds[] = { largest, largest, largest, largest };
	trial t = trial_new(LIMBS_SQUASH, lowest_limbs, kinds, 1);

	for EACH_KERNEL(k) {
		bench e = bench_new(*k, &t, 1);
		step(&e, &t, 0, 1);
		assert_true(limbs_guard(e.work, 0) >= LIMBS_GUARD);
		take_back(&e, &t);
		assert_true(is(&e, 0, t.before, t.shape));
		limbs_guard_reset(e.work, 0);
		assert_true(limbs_guard(e.work, 0) <= 0);
		bench_free(&e);
	}
	trial_free(&t);
}

/* A number of the sums far too large, at any of the places that are rounded together: the guard speaks. */
static void the_guard_sees_every_coefficient(void **state)
{
	(void)state;
	source *const kinds[] = { nothing, nothing, nothing, nothing };
	trial t = trial_new(LIMBS_EXACT64, nothing, kinds, 1);
	const limb_ahead none = { NULL, NULL };

	for EACH_KERNEL(k) {
		bench e = bench_new(*k, &t, 1);
		for (unsigned i = 0; i < N; i += 1 + (unsigned)test_below(100)) {
			step(&e, &t, 0, 1);
			assert_true(limbs_guard(e.work, 0) <= 0);
			limb_sum(e.work, 0, 1)[fft_place(1, i)] = 7.75;
			for (unsigned half = 0; half < LIMBS_HALVES; half++) (*k)->add(e.work, e.scratch, 0, 1, half, none);
			assert_true(limbs_guard(e.work, 0) >= LIMBS_GUARD);
		}
		bench_free(&e);
	}
	trial_free(&t);
}

/* All lowest limbs alike: the spectrum has 1303.8 times as much in one place, and the range of fixed point ends below 2^25. */
static int64_t the_limb;
static u128 same_limb(limb_shape s, unsigned i) { (void)i; return (u128)(i128)the_limb << s.dropped; }

static void numbers_in_fixed_point_are_right_to_the_end_of_their_range_and_what_is_beyond_is_told(void **state)
{
	(void)state;
	static const struct { int64_t limb; bool fits; } edges[] = {
		{ 0, true }, { 1, true }, { -1, true }, { 25735, true }, { -25735, true }, { 25737, false }, { -25737, false },
		{ (1 << 17) - 1, false }, { -(1 << 17), false },
	};
	source *const kinds[] = { any, any, any, any };

	for (unsigned i = 0; i < COUNT(edges); i++) {
		the_limb = edges[i].limb;
		trial t = trial_new(LIMBS_SQUASH, same_limb, kinds, 1);
		for EACH_KERNEL(k) {
			bench e = bench_new(*k, &t, 1);
			assert_int_equal(e.fits, edges[i].fits || !e.kernel->fixed);
			step(&e, &t, 0, 1);
			if (e.fits) assert_true(limbs_guard(e.work, 0) < LIMBS_GUARD && is(&e, 0, t.after, t.shape));
			bench_free(&e);
		}
		trial_free(&t);
	}
}

static void a_step_can_be_taken_back_with_any_shape(void **state)
{
	(void)state;
	const limb_shape shapes[] = { LIMBS_SQUASH, LIMBS_EXACT64, LIMBS_FLOAT64 };
	source *const kinds[] = { any, any, any, any };

	for (unsigned i = 0; i < COUNT(shapes); i++) {
		trial t = trial_new(shapes[i], any, kinds, LIMBS_BATCH);
		for EACH_KERNEL(k) {
			bench e = bench_new(*k, &t, LIMBS_BATCH);
			step(&e, &t, 0, 1);
			assert_false(is(&e, 0, t.before, t.shape));
			take_back(&e, &t);
			assert_true(is(&e, 0, t.before, t.shape));
			step(&e, &t, 0, LIMBS_BATCH);
			take_back(&e, &t);
			assert_true(is(&e, 0, t.before, t.shape));
			bench_free(&e);
		}
		trial_free(&t);
	}
}

/* A random key leaves nine standard deviations below the guard: seen in a step are some five of them. */
static void the_guard_is_calm_with_random_keys(void **state)
{
	(void)state;
	const struct { limb_shape shape; double least, most; } seen[] = {
		{ LIMBS_SQUASH, 0.05, 0.19 }, { LIMBS_EXACT64, 0.1, 0.35 },
	};
	source *const kinds[] = { any, any, any, any };

	for (unsigned i = 0; i < COUNT(seen); i++) {
		trial t = trial_new(seen[i].shape, any, kinds, 1);
		for EACH_KERNEL(k) {
			bench e = bench_new(*k, &t, 1);
			step(&e, &t, 0, 1);
			assert_true(limbs_guard(e.work, 0) > seen[i].least && limbs_guard(e.work, 0) < seen[i].most);
			bench_free(&e);
		}
		trial_free(&t);
	}
}

static bool right(const bench *e, const trial *t, unsigned b, const limb_check *check)
{
	const size_t words = polys(t->shape) * N;
	const u128 *wide = t->before + b * words;
	int64_t *products = memory(LIMBS_PRODUCTS * sizeof *products);
	limb_look look;

	assert_int_equal(limbs_columns(e->work), t->shape.k + 1);
	for (unsigned c = 0; c <= t->shape.k; c++)
		e->kernel->products(e->work, e->scratch, b, c, products + c * t->shape.limbs * N);
	if (t->shape.bits == 128) {
		for (unsigned i = 2 * (t->shape.k + 1); i--;) limbs_look128(&look, e->work, b, t->a[b], wide, products, i);
	} else {
		uint64_t *before = narrow(wide, words);
		for (unsigned i = 2 * (t->shape.k + 1); i--;) limbs_look64(&look, e->work, b, t->a[b], before, products, i);
		free(before);
	}
	free(products);
	return limbs_look_right(&look, t->shape, check);
}

static void check_of(limb_check *check, const trial *t)
{
	const size_t words = (size_t)limb_rows(t->shape) * polys(t->shape) * N;
	if (t->shape.bits == 128) limbs_check128(t->shape, check, t->rows);
	else {
		uint64_t *rows = narrow(t->rows, words);
		limbs_check64(t->shape, check, rows);
		free(rows);
	}
}

static void the_sampled_check_accepts_right_steps_and_no_others(void **state)
{
	(void)state;
	const limb_shape shapes[] = { LIMBS_SQUASH, LIMBS_EXACT64 };
	source *const kinds[] = { any, ties, any, any };

	for (unsigned i = 0; i < COUNT(shapes); i++) {
		trial t = trial_new(shapes[i], any, kinds, 2);
		limb_check check, other;
		check_of(&check, &t);
		for EACH_KERNEL(k) {
			bench e = bench_new(*k, &t, 2);
			u128 *p = memory(polys(t.shape) * N * sizeof *p);
			step(&e, &t, 0, 2);
			assert_true(right(&e, &t, 0, &check) && right(&e, &t, 1, &check));

			/* One bit of what came out; then one of the key as it should be. */
			memcpy(p, t.after, polys(t.shape) * N * sizeof *p);
			p[N + test_below(N)] ^= (u128)1 << test_below(t.shape.bits);
			put(&e, 0, p, t.shape);
			assert_false(right(&e, &t, 0, &check));
			other = check;
			other.at[test_below(limb_rows(t.shape))][test_below(polys(t.shape))] ^= 1;
			assert_false(right(&e, &t, 1, &other));

			/* One number of the key as it is used. */
			const size_t each = t.shape.bits == 128 && e.kernel->fixed ? LIMBS_FIXED_BYTES : sizeof(double);
			e.key[(test_below(e.kernel->key_bytes(t.shape) / each) + 1) * each - 2] ^= 1;
			step(&e, &t, 0, 2);
			assert_false(right(&e, &t, 0, &check) || right(&e, &t, 1, &check));
			free(p);
			bench_free(&e);
		}
		trial_free(&t);
	}
}

static void a_rotation_starts_with_the_table_turned(void **state)
{
	(void)state;
	const unsigned turns[] = { 0, 1, 7, 8, 9, N - 1, N, N + 1, 2 * N - 1, (unsigned)test_below(2 * N) };
	const limb_shape shapes[] = { LIMBS_SQUASH, LIMBS_EXACT64 };
	u128 *lut = memory(N * sizeof *lut), *turned = memory(N * sizeof *lut), *p = memory(N * sizeof *lut);
	limb_work *w = NULL;

	for (unsigned i = 0; i < COUNT(shapes); i++) {
		const limb_shape s = shapes[i];
		assert_ok(limbs_work_new(&w, limbs_chosen(), s, 2));
		const bench e = { .work = w };
		for (unsigned j = 0; j < COUNT(turns); j++) {
			for (unsigned n = 0; n < N; n++) lut[n] = in_shape(random_word(), s);
			uint64_t *narrowed = narrow(lut, N);
			if (s.bits == 128) limbs_start128(w, 1, lut, turns[j]);
			else limbs_start64(w, 1, narrowed, turns[j]);
			free(narrowed);
			poly128_rotate_var(turned, lut, N, turns[j]);
			for (unsigned c = 0; c <= s.k; c++) {
				get(p, &e, 1, c, s);
				for (unsigned n = 0; n < N; n++) assert_true(p[n] == (c == s.k ? in_shape(turned[n], s) : 0));
			}
		}
		limbs_work_free(&w);
	}
	free(lut);
	free(turned);
	free(p);
}

TESTS(
	TEST(the_exact_step_of_64_bits_is_the_schoolbook_s),
	TEST(the_step_of_the_squash_is_the_schoolbook_s),
	TEST(the_step_in_floating_point_is_near),
	TEST(the_guard_speaks_where_products_are_too_large_and_the_step_can_be_taken_back),
	TEST(numbers_in_fixed_point_are_right_to_the_end_of_their_range_and_what_is_beyond_is_told),
	TEST(a_step_can_be_taken_back_with_any_shape),
	TEST(the_guard_is_calm_with_random_keys),
	TEST(the_guard_sees_every_coefficient),
	TEST(the_sampled_check_accepts_right_steps_and_no_others),
	TEST(a_rotation_starts_with_the_table_turned),
)
