/* SPDX-License-Identifier: MIT */
/* tests/lattice/poly_test.c -- digits and products against their definitions. */
#include "tests/test.h"
#include "lattice/poly.h"
#include <stdlib.h>

static u128 random128(void)
{
	return (u128)rng_u64(test_rng()) << 64 | rng_u64(test_rng());
}

/* Uniform, or near one of the places where a decomposition changes its mind. */
static u128 edgy(decomp dc)
{
	const u128 x = random128();
	switch (test_below(4)) {
	case 0:  return x;
	case 1:  return (u128)test_below(4) << 126 | (u128)((i128)test_below(5) - 2);
	case 2:  return ((u128)1 << (127 - dc.base_log * test_below(dc.level + 1))) + (u128)((i128)test_below(5) - 2);
	default: return x >> (128 - dc.base_log * dc.level - 1) << (128 - dc.base_log * dc.level - 1);
	}
}

static const decomp D64[] = { { 23, 1 }, { 4, 4 }, { 24, 1 }, { 37, 1 }, { 4, 3 }, { 27, 1 }, { 2, 2 }, { 1, 5 } };
static const decomp D128[] = { { 24, 3 }, { 33, 2 }, { 41, 2 }, { 61, 1 }, { 2, 3 }, { 1, 7 } };

static void digits_are_small_and_recompose_to_the_rounded_value(void **state)
{
	(void)state;
	for (unsigned wide = 0; wide < 2; wide++)
		for (size_t c = 0; c < (wide ? COUNT(D128) : COUNT(D64)); c++)
			for (unsigned round = 0; round < 2000; round++) {
				const decomp dc = wide ? D128[c] : D64[c];
				const unsigned w = wide ? 128 : 64, r = dc.base_log * dc.level;
				const u128 x = wide ? edgy(dc) : edgy(dc) >> 64;
				int64_t d[MAX_LEVELS];
				if (wide) digits128(d, x, dc);
				else digits64(d, (uint64_t)x, dc);

				u128 sum = 0;
				for (unsigned j = 0; j < dc.level; j++) {
					assert_true(labs(d[j]) <= (int64_t)1 << (dc.base_log - 1));
					sum += (u128)(i128)d[j] << (w - dc.base_log * (dc.level - j));
				}
				const u128 half = (u128)1 << (w - r - 1), rounded = (x + half) & ~(2 * half - 1);
				assert_true((u128)(sum - rounded) << (128 - w) == 0);
			}
}

/* From an independent evaluator: both kinds of tie, in every base that a parameter set uses. */
static void ties_are_broken_as_agreed(void **state)
{
	(void)state;
	static const struct { unsigned w; decomp dc; uint64_t high, low; int64_t d[4]; } known[] = {
		{ 64, { 4, 4 }, 0x8000000000000000, 0, { 0, 0, 0, 8 } },
		{ 64, { 4, 4 }, 0x7fffffffffffffff, 0, { 0, 0, 0, -8 } },
		{ 64, { 4, 4 }, 0x7fff800000000000, 0, { 0, 0, 0, -8 } },
		{ 64, { 4, 4 }, 0x0008000000000000, 0, { 8, 0, 0, 0 } },
		{ 64, { 4, 4 }, 0x0018000000000000, 0, { -8, 2, 0, 0 } },
		{ 64, { 4, 4 }, 0x0888000000000000, 0, { 8, 8, 8, 0 } },
		{ 64, { 4, 4 }, 0x8888000000000000, 0, { 8, 8, 8, -8 } },
		{ 64, { 4, 4 }, 0x7778000000000000, 0, { -8, -8, -8, 8 } },
		{ 64, { 4, 4 }, 0xffffffffffffffff, 0, { 0, 0, 0, 0 } },
		{ 64, { 4, 4 }, 0x0000800000000000, 0, { 1, 0, 0, 0 } },
		{ 64, { 4, 4 }, 0x00007fffffffffff, 0, { 0, 0, 0, 0 } },
		{ 64, { 23, 1 }, 0x8000000000000000, 0, { 4194304 } },
		{ 64, { 23, 1 }, 0x7fffffffffffffff, 0, { -4194304 } },
		{ 64, { 23, 1 }, 0x8000010000000000, 0, { -4194303 } },
		{ 64, { 37, 1 }, 0x7ffffffffc000000, 0, { -68719476736 } },
		{ 128, { 24, 3 }, 0x8000000000000000, 0x0000000000000000, { 0, 0, 8388608 } },
		{ 128, { 24, 3 }, 0x7fffffffffffffff, 0xffffffffffffffff, { 0, 0, -8388608 } },
		{ 128, { 24, 3 }, 0x8000008000008000, 0x0000000000000000, { 8388608, 8388608, -8388608 } },
		{ 128, { 24, 3 }, 0x7fffff7fffff8000, 0x0000000000000000, { -8388608, -8388608, 8388608 } },
		{ 128, { 24, 3 }, 0x7fffff8000008000, 0x0000000000000000, { 8388608, -8388608, 8388608 } },
		{ 128, { 33, 2 }, 0x7fffffffffffffff, 0xe000000000000000, { 0, -4294967296 } },
		{ 128, { 41, 2 }, 0x8000000000400000, 0x0000000000000000, { 1099511627776, -1099511627776 } },
		{ 128, { 61, 1 }, 0x0000000000000003, 0xffffffffffffffff, { 0 } },
		{ 128, { 61, 1 }, 0x0000000000000004, 0x0000000000000000, { 1 } },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		int64_t d[MAX_LEVELS];
		if (known[i].w == 64) digits64(d, known[i].high, known[i].dc);
		else digits128(d, (u128)known[i].high << 64 | known[i].low, known[i].dc);
		for (unsigned j = 0; j < known[i].dc.level; j++) assert_int_equal(d[j], known[i].d[j]);
	}
}

/* ---- products --------------------------------------------------------------------------------------------------- */

enum { MOST = 64 };

/* Coefficient c of a * b, from the definition: X^N = -1. */
static u128 naive(const u128 *a, const i128 *b, unsigned N, unsigned c)
{
	u128 sum = 0;
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++) {
			if ((i + j) % N != c) continue;
			const u128 term = a[i] * (u128)b[j];
			sum += i + j < N ? term : 0 - term;
		}
	return sum;
}

static void products_agree_with_the_definition(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		const unsigned N = 4u << test_below(5);
		const bool binary = round % 2;
		u128 a[MOST], ext[2 * MOST], acc[MOST], before[MOST];
		uint64_t a64[MOST], ext64[2 * MOST], acc64[MOST];
		i128 b[MOST];
		int64_t d[2 * MOST];
		uint8_t s[MOST];

		for (unsigned i = 0; i < N; i++) {
			a[i] = random128(), before[i] = acc[i] = random128();
			a64[i] = (uint64_t)a[i], acc64[i] = (uint64_t)acc[i];
			b[i] = binary ? (i128)test_below(2) : (i128)test_below((uint64_t)1 << 41) - ((i128)1 << 40);
			s[i] = (uint8_t)(b[i] & 1);
			d[i] = (int64_t)-b[i], d[N + i] = (int64_t)b[i];
		}
		if (binary) {
			poly128_extend(ext, a, N);
			poly128_mul_binary_add(acc, ext, s, N);
			poly64_extend(ext64, a64, N);
			poly64_mul_binary_add(acc64, ext64, s, N);
		} else {
			poly128_mul_digits_add(acc, a, d, N);
			poly64_mul_digits_add(acc64, a64, d, N);
		}
		for (unsigned c = 0; c < N; c++) {
			const u128 expected = before[c] + naive(a, b, N, c);
			assert_true(acc[c] == expected);
			assert_true(acc64[c] == (uint64_t)expected);
		}
	}
}

static void rotation_is_multiplication_by_a_power_of_x(void **state)
{
	(void)state;
	enum { N = 16 };
	u128 a[N], out[N];
	uint64_t a64[N], out64[N];
	for (unsigned i = 0; i < N; i++) a[i] = random128(), a64[i] = (uint64_t)a[i];
	for (unsigned e = 0; e < 2 * N; e++) {
		i128 power[N] = { 0 };
		power[e % N] = e < N ? 1 : -1;
		poly128_rotate_var(out, a, N, e);
		poly64_rotate_var(out64, a64, N, e);
		for (unsigned c = 0; c < N; c++) {
			assert_true(out[c] == naive(a, power, N, c));
			assert_true(out64[c] == (uint64_t)out[c]);
		}
	}
}

static void digits_of_a_polynomial_are_extensions_of_the_digits_of_its_coefficients(void **state)
{
	(void)state;
	enum { N = 8 };
	const decomp dc = { 24, 3 };
	u128 a[N];
	int64_t ext[3 * 2 * N], d[MAX_LEVELS];
	for (unsigned i = 0; i < N; i++) a[i] = edgy(dc);
	poly128_digits(ext, a, N, dc);
	for (unsigned i = 0; i < N; i++) {
		digits128(d, a[i], dc);
		for (unsigned j = 0; j < dc.level; j++) {
			assert_int_equal(ext[2 * N * j + N + i], d[j]);
			assert_int_equal(ext[2 * N * j + i], -d[j]);
		}
	}
}

TESTS(TEST(digits_are_small_and_recompose_to_the_rounded_value),
      TEST(ties_are_broken_as_agreed),
      TEST(products_agree_with_the_definition),
      TEST(rotation_is_multiplication_by_a_power_of_x),
      TEST(digits_of_a_polynomial_are_extensions_of_the_digits_of_its_coefficients))
