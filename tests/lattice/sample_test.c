/* SPDX-License-Identifier: MIT */
/* tests/lattice/sample_test.c -- both distributions, exactly. */
#include "tests/test.h"
#include "lattice/sample.h"
#include "sym/drbg.h"

static void tuniform_has_exactly_its_distribution(void **state)
{
	(void)state;
	/* Every byte string of the right length once: each value must come up in exact proportion. */
	for (unsigned b = 0; b <= 14; b++) {
		const size_t width = tuniform_bytes(b), all = (size_t)1 << (8 * width), end = (size_t)1 << b;
		static unsigned count[(2 << 14) + 1];
		memset(count, 0, sizeof count);
		for (size_t i = 0; i < all; i++) {
			const uint8_t bytes[2] = { (uint8_t)i, (uint8_t)(i >> 8) };
			const int64_t v = tuniform_read(bytes, b);
			assert_true(v >= -(int64_t)end && v <= (int64_t)end);
			count[v + (int64_t)end]++;
		}
		for (size_t v = 0; v <= 2 * end; v++)
			assert_int_equal(count[v], (v == 0 || v == 2 * end ? 1 : 2) * (all / (4 * end)));
	}
}

static void wide_bounds_reach_both_ends_and_ignore_higher_bits(void **state)
{
	(void)state;
	static const unsigned bounds[] = { 17, 30, 43, 45, TUNIFORM_MAX };
	for (size_t i = 0; i < COUNT(bounds); i++) {
		const unsigned b = bounds[i];
		const int64_t end = (int64_t)1 << b;
		uint8_t bytes[8] = { 0 };
		assert_true(tuniform_read(bytes, b) == -end);
		bytes[0] = 1;
		assert_true(tuniform_read(bytes, b) == -end + 1);
		bytes[0] = 2;
		assert_true(tuniform_read(bytes, b) == -end + 1);
		memset(bytes, 0xff, sizeof bytes);
		assert_true(tuniform_read(bytes, b) == end);
		assert_int_equal(tuniform_bytes(b), (b + 9) / 8);
	}
}

static void a_batch_is_the_values_one_by_one(void **state)
{
	(void)state;
	static int64_t batch[1000];
	static uint8_t bytes[3000];
	const slice seed = slice_str("batch");
	AUTO(drbg) d = drbg_from_seed(seed);
	AUTO(drbg) same = drbg_from_seed(seed);
	rng r = drbg_rng(&d), s = drbg_rng(&same);

	sample_tuniform(batch, COUNT(batch), 17, &r);
	rng_fill(&s, bytes, sizeof bytes);
	for (size_t i = 0; i < COUNT(batch); i++) assert_true(batch[i] == tuniform_read(bytes + 3 * i, 17));
}

static void bits_are_low_bits_of_bytes_or_packed_lowest_first(void **state)
{
	(void)state;
	static uint8_t bits[9001], bytes[9001];
	const slice seed = slice_str("bits");
	for (unsigned packed = 0; packed < 2; packed++) {
		AUTO(drbg) d = drbg_from_seed(seed);
		AUTO(drbg) same = drbg_from_seed(seed);
		rng r = drbg_rng(&d), s = drbg_rng(&same);
		if (packed) sample_packed_bits(bits, sizeof bits, &r);
		else sample_bits(bits, sizeof bits, &r);
		rng_fill(&s, bytes, sizeof bytes);
		for (size_t i = 0; i < sizeof bits; i++)
			assert_int_equal(bits[i], packed ? bytes[i / 8] >> (i % 8) & 1 : bytes[i] & 1);
	}
}

TESTS(TEST(tuniform_has_exactly_its_distribution),
      TEST(wide_bounds_reach_both_ends_and_ignore_higher_bits),
      TEST(a_batch_is_the_values_one_by_one),
      TEST(bits_are_low_bits_of_bytes_or_packed_lowest_first))
