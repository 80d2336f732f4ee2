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

static product product_new(unsigned k, unsigned N, unsigned d)
{
	const size_t words = (size_t)k * N;
	product p = { { k, N, d }, room(words * 16), room(words * d * 16), room((size_t)N * d * 16) };
	rng_fill(test_rng(), p.a, words * 16);
	rng_fill(test_rng(), p.s, words * d * 16);
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
			fail_msg("%s differs: k %u N %u d %u first %u count %u", f->name, p->shape.k, p->shape.N, p->shape.d, first, count);
	}
	free(right), free(got);
}

static void the_portable_kernel_multiplies_by_the_book(void **state)
{
	product p = product_new(2, 256, 3);
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
			product p = product_new(k, 256, d);
			check_window(&p, 0, k == 1 || k == NTT_MAX_K ? 256 : 20);
			product_free(&p);
		}
	for (unsigned d = 4; d <= NTT_MAX_D; d++) {
		product p = product_new(6, 1024, d);
		check_window(&p, 0, d == 4 ? 128 : 32);
		product_free(&p);
	}
	product p = product_new(1, 1024, 4), q = product_new(8, 1024, 1);
	check_window(&p, 0, 1024);
	check_window(&q, 0, 1024);
	product_free(&p), product_free(&q);
}

static void any_window_is_cut_from_the_same_result(void **state)
{
	static const unsigned AT[] = { 0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 192, 255, 256 };
	static const unsigned FAR[] = { 0, 1, 16, 64, 200, 256, 257, 511, 1000, 1023, 1024 };
	product p = product_new(1, 256, 4), q = product_new(2, 1024, 1);
	u128 *out = room(1024 * 16);

	(void)state;
	run(&NTT_PORTABLE, p.right, &p, 0, 256);
	run(&NTT_PORTABLE, q.right, &q, 0, 1024);
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
			}
	}
	free(out);
	product_free(&p), product_free(&q);
}

/* Words at the ends of the signed range, and sums in which they all meet with the same sign: coefficient N - 1 of constant
 * polynomials, and coefficient 0 where the words of a but the first change sign. */
static void extreme_words_in_all_combinations_stay_exact(void **state)
{
	const u128 edge[] = { 0, 1, (u128)1 << 63, ((u128)1 << 64) - 1, TOP - 1, TOP, TOP + 1, -(u128)1 };

	(void)state;
	for (unsigned shape = 0; shape < 3; shape++) {
		product p = product_new(shape == 1 ? 6 : shape == 2 ? 8 : 1, shape ? 1024 : 256, shape == 2 ? 1 : 4);
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
		product p = product_new(round % 3 ? 1 : 6, round % 3 ? 256 : 1024, 4);
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
	product p = product_new(1, 256, 3);
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
	product p = product_new(1, N, D);
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
static void no_trace_of_the_factor_stays_in_scratch(void **state)
{
	product p = product_new(2, 256, 4), q = product_new(2, 256, 4);
	u128 *out = room(4 * 256 * 16);

	(void)state;
	memcpy(q.a, p.a, 2 * 256 * 16);
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

/* The same bits on every machine, from every compiler: FNV-1a of products of words that a counter makes. */
static void T_SNSFP_every_variant_has_the_known_digest(void **state)
{
	const u128 FACTOR = (u128)0x2360ed051fc65da4 << 64 | 0x4385df649fccf645;
	product p = product_new(6, 1024, 4);
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

static void the_constants_of_the_transforms_are_roots_of_minus_one(void **state)
{
	static double store[NTT_TILES_DOUBLES];
	static ntt_tables t;
	u128 Q = 1;

	(void)state;
	for (unsigned lanes = 4; lanes <= 8; lanes += 4) {
		ntt_tables_make(&t, store, lanes);
		Q = 1;
		for (unsigned i = 0; i < NTT_PRIMES; i++) {
			const ntt_prime *q = &t.prime[i];
			const uint64_t p = (uint64_t)q->p;
			uint64_t others = 1;

			Q *= p;
			assert_true(constant(q->gap, p) == ((uint64_t)1 << 47) % p);
			for (unsigned m = 0; m < NTT_PRIMES; m++)
				if (m != i) others = mul(others, (uint64_t)t.prime[m].p % p, p);
			assert_int_equal(mul(constant(q->scale[0], p), mul(256, others, p), p), 1);
			assert_int_equal(mul(constant(q->scale[1], p), mul(1024, others, p), p), 1);
			assert_true(q->cofactor * p == t.Q);
			for (unsigned r = 1; r < NTT_ROOTS; r++) {
				const uint64_t w = constant(q->root[r], p), up = r == 1 ? p - 1 : constant(q->root[r / 2], p);
				assert_int_equal(mul(w, w, p), r == 1 || r % 2 == 0 ? up : p - up);
				assert_int_equal(mul(w, constant(q->root_inv[r], p), p), 1);
			}
		}
		assert_true(Q == t.Q);
	}
}

TESTS(TEST(the_portable_kernel_multiplies_by_the_book), TEST(every_kernel_gives_the_schoolbook_sum_in_every_shape),
      TEST(any_window_is_cut_from_the_same_result), TEST(extreme_words_in_all_combinations_stay_exact),
      TEST(random_choices_of_extreme_words_stay_exact), TEST(monomials_turn_the_factor), TEST(words_may_lie_anywhere),
      TEST(no_trace_of_the_factor_stays_in_scratch), TEST(T_SNSFP_every_variant_has_the_known_digest),
      TEST(turning_a_polynomial_changes_the_sign_of_what_comes_round),
      TEST(the_constants_of_the_transforms_are_roots_of_minus_one))
