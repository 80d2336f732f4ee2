/* SPDX-License-Identifier: MIT */
/* tests/ring/ntt_test.c -- every kernel of ring/ntt.h against the schoolbook sum, where its bounds are tightest too. */
#include <stdlib.h>
#include "tests/test.h"
#include "base/cpu.h"
#include "ring/ntt_tables.h"

#define FOR_EACH_KERNEL(f) for (const ntt_kernel *const *at_ = NTT_ALL, *f; (f = *at_) != NULL; at_++) if (cpu_can(f->needs))

static const u128 TOP = (u128)1 << 127;

/* A factor, the polynomials that it meets, and what they make according to the definition. */
typedef struct product {
	ntt_shape shape;
	u128     *a, *s, *right;                 /* right: room for the whole result, N d words */
} product;

static void *room(size_t bytes)
{
	void *p = aligned_alloc(NTT_ALIGN, (bytes + NTT_ALIGN) / NTT_ALIGN * NTT_ALIGN);
	assert_non_null(p);
	return p;
}

static ntt_shape any(unsigned k, unsigned N, unsigned d) { return ntt_shape_for(k, N, d, NTT_ANY, NTT_ANY); }

static product product_new(ntt_shape s)
{
	const size_t words = (size_t)s.k * s.N;
	product p = { s, room(words * 16), room(words * s.d * 16), room((size_t)s.N * s.d * 16) };
	rng_fill(test_rng(), p.a, words * 16);
	rng_fill(test_rng(), p.s, words * s.d * 16);
	return p;
}

/* The same with words from -2^a_log up to 2^a_log - 1, and so on. */
static product product_of_small_words(unsigned k, unsigned N, unsigned d, unsigned a_log, unsigned s_log)
{
	product p = product_new(ntt_shape_for(k, N, d, a_log, s_log));
	for (unsigned i = 0; i < k * N; i++) p.a[i] = (u128)((i128)p.a[i] >> (127 - a_log));
	for (unsigned i = 0; i < k * N * d; i++) p.s[i] = (u128)((i128)p.s[i] >> (127 - s_log));
	return p;
}

static void product_free(product *p)
{
	free(p->a), free(p->s), free(p->right);
}

/* The scratch that a kernel gets is full of NaNs. */
static void *dirty_scratch(const ntt_kernel *f, ntt_shape s)
{
	void *p = room(f->scratch_bytes(s));
	memset(p, 0xff, f->scratch_bytes(s));
	return p;
}

static void run(const ntt_kernel *f, u128 *out, const product *p, unsigned first, unsigned count)
{
	void *factor = room(f->factor_bytes(p->shape)), *scratch = dirty_scratch(f, p->shape);
	f->load(p->shape, factor, scratch, p->s);
	memset(scratch, 0xff, f->scratch_bytes(p->shape));
	f->product(p->shape, out, scratch, factor, p->a, first, count);
	free(factor), free(scratch);
}

/* Windows of the result, by all kernels. */
static void check_window(const product *p, unsigned first, unsigned count)
{
	const size_t bytes = (size_t)count * p->shape.d * 16;
	u128 *right = room(bytes), *got = room(bytes);

	run(&NTT_PORTABLE, right, p, first, count);
	FOR_EACH_KERNEL(f) {
		memset(got, 0xee, bytes);
		run(f, got, p, first, count);
		if (memcmp(got, right, bytes))
			fail_msg("%s differs: k %u N %u d %u, %u primes, limbs %u and %u, first %u count %u", f->name, p->shape.k, p->shape.N,
			         p->shape.d, p->shape.primes, p->shape.a_limbs, p->shape.s_limbs, first, count);
	}
	free(right), free(got);
}

static void the_portable_kernel_multiplies_by_the_book(void **state)
{
	product p = product_new(any(2, 256, 3));
	u128 out[3 * 256];

	(void)state;
	run(&NTT_PORTABLE, out, &p, 0, 256);
	memset(p.right, 0, sizeof out);
	for (unsigned j = 0; j < 2; j++)
		for (unsigned x = 0; x < 256; x++)
			for (unsigned y = 0; y < 256; y++)
				for (unsigned c = 0; c < 3; c++) {
					const u128 term = p.a[256 * j + x] * p.s[(256 * j + y) * 3 + c];
					p.right[(x + y) % 256 * 3 + c] += x + y < 256 ? term : -term;
				}
	assert_memory_equal(out, p.right, sizeof out);
	product_free(&p);
}

static void every_kernel_gives_the_schoolbook_sum_in_every_shape(void **state)
{
	(void)state;
	for (unsigned d = 1; d <= NTT_MAX_D; d++)
		for (unsigned k = 1; k <= NTT_MAX_K; k++) {
			product p = product_new(any(k, 256, d));
			check_window(&p, 0, k == 1 || k == NTT_MAX_K ? 256 : 20);
			product_free(&p);
		}
	for (unsigned d = 4; d <= NTT_MAX_D; d++) {
		product p = product_new(any(6, 1024, d));
		check_window(&p, 0, d == 4 ? 128 : 32);
		product_free(&p);
	}
	product p = product_new(any(1, 1024, 4)), q = product_new(any(8, 1024, 1));
	check_window(&p, 0, 1024);
	check_window(&q, 0, 1024);
	product_free(&p), product_free(&q);
}

/* Key generation, decryption of packed lists, external products: and all of 512 and 2048, of which log2 is odd. */
static void small_words_and_large_polynomials_give_the_schoolbook_sum(void **state)
{
	static const struct { unsigned k, N, d, a_log, s_log, primes; } SHAPE[] = {
		{ 1, 2048, 1, 63, 0, 2 }, { 4, 256, 1, 63, 0, 2 }, { 2, 2048, 1, 127, 0, 3 }, { 6, 1024, 1, 127, 0, 3 },
		{ 2, 2048, 2, 23, 63, 3 }, { 9, 2048, 3, 23, 127, 4 }, { 6, 1024, 4, 95, 95, 5 }, { 9, 2048, 8, 127, 127, 6 },
		{ 9, 512, 2, 127, 127, 6 }, { 1, 512, 4, 47, 94, 4 }, { 3, 512, 1, 20, 10, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(SHAPE); i++) {
		product p = product_of_small_words(SHAPE[i].k, SHAPE[i].N, SHAPE[i].d, SHAPE[i].a_log, SHAPE[i].s_log);
		assert_int_equal(p.shape.primes, SHAPE[i].primes);
		check_window(&p, 0, 12);
		check_window(&p, p.shape.N - 13, 13);
		if (p.shape.k * p.shape.d <= 2) check_window(&p, 0, p.shape.N);
		product_free(&p);
	}
}

static bool below_power(unsigned x, int log) { return log > 31 || (log > 0 && x < 1u << log); }

static void the_number_of_primes_is_the_least_that_holds_the_sums(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= NTT_MAX_K; k++)
		for (unsigned N = 256; N <= NTT_MAX_N; N *= 2)
			for (unsigned a = 0; a <= NTT_ANY; a++)
				for (unsigned s = 0; s <= NTT_ANY; s++) {
					const ntt_shape shape = ntt_shape_for(k, N, 1, a, s);
					const int left = 47 * (int)shape.primes - (int)(a + s) - 1;
					assert_true(shape.k == k && shape.N == N && shape.d == 1);
					assert_true(below_power(k * N, left) && (shape.primes == 1 || !below_power(k * N, left - 47)));
					assert_int_equal(shape.a_limbs, a <= 47 ? 1 : a <= 94 ? 2 : 3);
					assert_int_equal(shape.s_limbs, s <= 47 ? 1 : s <= 94 ? 2 : 3);
				}
}

/* 7 x 1024 is next below a power of two, so that these sums fill 7/8 of what their primes can hold. */
static void the_largest_sums_of_either_sign_fit_their_primes(void **state)
{
	static const struct { unsigned N, a_log, s_log, primes; } SHAPE[] = {
		{ 1024, 33, 0, 1 }, { 1024, 47, 33, 2 }, { 2048, 63, 16, 2 }, { 1024, 127, 0, 3 }, { 1024, 87, 87, 4 },
		{ 2048, 94, 79, 4 }, { 1024, 94, 127, 5 }, { 512, 127, 95, 5 }, { 2048, 127, 127, 6 },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(SHAPE); i++)
		for (unsigned sign = 0; sign < 4; sign++) {
			product p = product_of_small_words(7, SHAPE[i].N, 1, SHAPE[i].a_log, SHAPE[i].s_log);
			const unsigned N = p.shape.N;
			const u128 x = (u128)1 << SHAPE[i].a_log, y = (u128)1 << SHAPE[i].s_log;
			assert_int_equal(p.shape.primes, SHAPE[i].primes);
			for (unsigned j = 0; j < 7 * N; j++) p.a[j] = sign & 1 ? -x : x, p.s[j] = sign & 2 ? -y : y;
			check_window(&p, N - 4, 4);
			check_window(&p, 0, 2);
			for (unsigned j = 0; j < 7 * N; j++) p.a[j] = (j % N != 0) == (sign & 1) ? x : -x;
			check_window(&p, 0, 2);
			product_free(&p);
		}
}

static void any_window_is_cut_from_the_same_result(void **state)
{
	static const unsigned AT[] = { 0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 192, 255, 256 };
	static const unsigned FAR[] = { 0, 1, 16, 64, 200, 256, 257, 511, 1000, 1023, 1024 };
	product p = product_new(any(1, 256, 4)), q = product_new(any(2, 1024, 1)), v = product_of_small_words(1, 512, 1, 63, 0);
	u128 *out = room(1024 * 16);

	(void)state;
	run(&NTT_PORTABLE, p.right, &p, 0, 256);
	run(&NTT_PORTABLE, q.right, &q, 0, 1024);
	run(&NTT_PORTABLE, v.right, &v, 0, 512);
	FOR_EACH_KERNEL(f) {
		for (unsigned i = 0; i < COUNT(AT); i++)
			for (unsigned j = i; j < COUNT(AT); j++) {
				run(f, out, &p, AT[i], AT[j] - AT[i]);
				assert_memory_equal(out, p.right + 4 * AT[i], (AT[j] - AT[i]) * 4 * 16);
			}
		for (unsigned i = 0; i < COUNT(FAR); i++)
			for (unsigned j = i; j < COUNT(FAR); j++) {
				run(f, out, &q, FAR[i], FAR[j] - FAR[i]);
				assert_memory_equal(out, q.right + FAR[i], (FAR[j] - FAR[i]) * 16);
				if (FAR[j] > 512) continue;
				run(f, out, &v, FAR[i], FAR[j] - FAR[i]);
				assert_memory_equal(out, v.right + FAR[i], (FAR[j] - FAR[i]) * 16);
			}
	}
	free(out);
	product_free(&p), product_free(&q), product_free(&v);
}

/* Words at the ends of the signed range, and sums in which they all meet with the same sign: coefficient N - 1 of constant
 * polynomials, and coefficient 0 where the words of a but the first change sign. */
static void extreme_words_in_all_combinations_stay_exact(void **state)
{
	const u128 edge[] = { 0, 1, (u128)1 << 63, ((u128)1 << 64) - 1, TOP - 1, TOP, TOP + 1, -(u128)1 };

	(void)state;
	for (unsigned shape = 0; shape < 3; shape++) {
		product p = product_new(any(shape == 1 ? 6 : shape == 2 ? 8 : 1, shape ? 1024 : 256, shape == 2 ? 1 : 4));
		const unsigned N = p.shape.N, words = p.shape.k * N;

		for (unsigned x = 0; x < COUNT(edge); x++)
			for (unsigned y = 0; y < COUNT(edge); y++) {
				if (shape && (x < 4 || y < 4)) continue;
				for (unsigned i = 0; i < words; i++) p.a[i] = edge[x];
				for (unsigned i = 0; i < words * p.shape.d; i++) p.s[i] = edge[y];
				check_window(&p, N - 4, 4);
				check_window(&p, 0, 2);
				for (unsigned i = 0; i < words; i++) p.a[i] = i % N ? -edge[x] : edge[x];
				check_window(&p, 0, 4);
			}
		product_free(&p);
	}
}

static void random_choices_of_extreme_words_stay_exact(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		product p = product_new(any(round % 3 ? 1 : 6, round % 3 ? 256 : 1024, 4));
		const unsigned words = p.shape.k * p.shape.N;
		for (unsigned i = 0; i < words; i++) p.a[i] = TOP - test_below(2);
		for (unsigned i = 0; i < words * 4; i++) p.s[i] = TOP - test_below(round % 2 ? 3 : 2);
		check_window(&p, (unsigned)test_below(p.shape.N - 40), 40);
		product_free(&p);
	}
}

/* Single coefficients and runs: inputs that are nearly all zeros. */
static void monomials_turn_the_factor(void **state)
{
	product p = product_new(any(1, 256, 3));
	u128 got[3 * 256];

	(void)state;
	FOR_EACH_KERNEL(f)
		for (unsigned e = 0; e < 256; e += 15) {
			memset(p.a, 0, 256 * 16);
			p.a[e] = 1;
			run(f, got, &p, 0, 256);
			for (unsigned i = 0; i < 256 * 3; i++)
				assert_true(got[i] == (i / 3 >= e ? p.s[i - 3 * e] : -p.s[i + 3 * (256 - e)]));
		}
	product_free(&p);
}

static void words_may_lie_anywhere(void **state)
{
	enum { N = 256, D = 4 };
	product p = product_new(any(1, N, D));
	u128 *a = room((N + 4) * 16), *s = room((N * D + 4) * 16), *out = room((N * D + 4) * 16);

	(void)state;
	run(&NTT_PORTABLE, p.right, &p, 0, N);
	FOR_EACH_KERNEL(f)
		for (unsigned shift = 0; shift < 4; shift++) {
			product moved = { p.shape, a + shift, s + (shift + 1) % 4, NULL };
			memcpy(moved.a, p.a, N * 16), memcpy(moved.s, p.s, N * D * 16);
			run(f, out + (shift + 2) % 4, &moved, 0, N);
			assert_memory_equal(out + (shift + 2) % 4, p.right, N * D * 16);
		}
	free(a), free(s), free(out);
	product_free(&p);
}

/* What a product leaves in scratch is the same for any two factors, and loading leaves nothing. */
static void check_traces(product p, product q)
{
	u128 *out = room((size_t)p.shape.d * 256 * 16);

	memcpy(q.a, p.a, p.shape.k * p.shape.N * 16);
	FOR_EACH_KERNEL(f) {
		const size_t n = f->scratch_bytes(p.shape);
		uint8_t *left = dirty_scratch(f, p.shape), *other = dirty_scratch(f, p.shape), *zero = room(n);
		void *factor = room(f->factor_bytes(p.shape));

		memset(zero, 0, n);
		f->load(p.shape, factor, left, p.s);
		assert_memory_equal(left, zero, n);
		f->product(p.shape, out, left, factor, p.a, 5, 250);
		f->load(p.shape, factor, other, q.s);
		f->product(p.shape, out, other, factor, q.a, 5, 250);
		assert_memory_equal(left, other, n);
		free(left), free(other), free(zero), free(factor);
	}
	free(out);
	product_free(&p), product_free(&q);
}

static void no_trace_of_the_factor_stays_in_scratch(void **state)
{
	(void)state;
	check_traces(product_new(any(2, 256, 4)), product_new(any(2, 256, 4)));
	check_traces(product_of_small_words(1, 512, 1, 63, 0), product_of_small_words(1, 512, 1, 63, 0));
	check_traces(product_of_small_words(1, 256, 1, 23, 127), product_of_small_words(1, 256, 1, 23, 127));
}

/* The same bits on every machine, from every compiler: FNV-1a of products of words that a counter makes. */
static void T_SNSFP_every_variant_has_the_known_digest(void **state)
{
	const u128 FACTOR = (u128)0x2360ed051fc65da4 << 64 | 0x4385df649fccf645;
	product p = product_new(any(6, 1024, 4));
	u128 *out = room(100 * 4 * 16), x = 1;

	(void)state;
	for (unsigned i = 0; i < 6 * 1024; i++) p.a[i] = x = x * FACTOR + 0x5851f42d4c957f2d;
	for (unsigned i = 0; i < 6 * 1024 * 4; i++) p.s[i] = x = x * FACTOR + 1;
	FOR_EACH_KERNEL(f) {
		uint64_t digest = 0xcbf29ce484222325;
		run(f, out, &p, 40, 100);
		for (unsigned i = 0; i < 100 * 4; i++)
			for (unsigned b = 0; b < 128; b += 8) digest = (digest ^ (uint8_t)(out[i] >> b)) * 0x100000001b3;
		if (digest != 0x34af8edf50d0e726) fail_msg("%s: %016llx", f->name, (unsigned long long)digest);
	}
	free(out);
	product_free(&p);
}

static void turning_a_polynomial_changes_the_sign_of_what_comes_round(void **state)
{
	u128 a[8], out[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) a[i] = 10 + i;
	for (unsigned e = 0; e < 8; e++) {
		ntt_rotate_down(out, a, 8, e);
		for (unsigned i = 0; i < 8; i++) assert_true(out[i] == (i + e < 8 ? a[i + e] : -a[i + e - 8]));
	}
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static uint64_t mul(uint64_t a, uint64_t b, uint64_t p) { return (uint64_t)((u128)a * b % p); }

/* The constant as it would be in [0, p); its companion must be the nearest double to w / p, and w the smaller of two. */
static uint64_t constant(const double w[2], uint64_t p)
{
	assert_true(w[0] > -(double)p / 2 && w[0] < (double)p / 2 && w[1] == w[0] / (double)p);
	return w[0] < 0 ? p - (uint64_t)-w[0] : (uint64_t)w[0];
}

/* What brings prime i back together with the others of the first few. */
static void check_remainder(const ntt_tables *t, unsigned i, unsigned primes)
{
	const ntt_prime *q = &t->prime[i];
	const uint64_t p = (uint64_t)q->p;
	uint64_t others = 1;
	u128 Q = 1, sum = 0;

	for (unsigned m = 0; m < primes; m++) {
		if (m != i) others = mul(others, (uint64_t)t->prime[m].p % p, p);
		Q *= (uint64_t)t->prime[m].p;
		sum += t->prime[m].cofactor[primes];
	}
	for (unsigned size = 0; size < NTT_SIZES; size++)
		assert_int_equal(mul(constant(q->scale[primes][size], p), mul((uint64_t)256 << size, others, p), p), 1);
	assert_true(q->cofactor[primes] * p == Q && t->Q[primes] == Q && t->bias[primes] == sum - Q);
}

static void the_constants_of_the_transforms_are_roots_of_minus_one(void **state)
{
	static double store[NTT_TILES_DOUBLES];
	static ntt_tables t;

	(void)state;
	for (unsigned lanes = 4; lanes <= 8; lanes += 4) {
		ntt_tables_make(&t, store, lanes);
		for (unsigned i = 0; i < NTT_PRIMES; i++) {
			const ntt_prime *q = &t.prime[i];
			const uint64_t p = (uint64_t)q->p;

			assert_true(constant(q->gap, p) == ((uint64_t)1 << 47) % p);
			for (unsigned primes = i + 1; primes <= NTT_PRIMES; primes++) check_remainder(&t, i, primes);
			for (unsigned r = 1; r < NTT_ROOTS; r++) {
				const uint64_t w = constant(q->root[r], p), up = r == 1 ? p - 1 : constant(q->root[r / 2], p);
				assert_int_equal(mul(w, w, p), r == 1 || r % 2 == 0 ? up : p - up);
				assert_int_equal(mul(w, constant(q->root_inv[r], p), p), 1);
			}
		}
	}
}

TESTS(TEST(the_portable_kernel_multiplies_by_the_book), TEST(every_kernel_gives_the_schoolbook_sum_in_every_shape),
      TEST(small_words_and_large_polynomials_give_the_schoolbook_sum),
      TEST(the_number_of_primes_is_the_least_that_holds_the_sums), TEST(the_largest_sums_of_either_sign_fit_their_primes),
      TEST(any_window_is_cut_from_the_same_result), TEST(extreme_words_in_all_combinations_stay_exact),
      TEST(random_choices_of_extreme_words_stay_exact), TEST(monomials_turn_the_factor), TEST(words_may_lie_anywhere),
      TEST(no_trace_of_the_factor_stays_in_scratch), TEST(T_SNSFP_every_variant_has_the_known_digest),
      TEST(turning_a_polynomial_changes_the_sign_of_what_comes_round),
      TEST(the_constants_of_the_transforms_are_roots_of_minus_one))
