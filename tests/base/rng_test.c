/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

static void count(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;
	for (size_t i = 0; i < n; i++) out[i] = (*next)++;
}

static void eight_bytes_make_a_little_endian_number(void **state)
{
	(void)state;
	uint8_t next = 1;
	const rng counting = { &next, count };

	assert_true(rng_u64(&counting) == 0x0807060504030201);
	assert_int_equal(next, 9);
}

static void the_system_fills_every_byte_and_never_the_same(void **state)
{
	(void)state;
	uint8_t seen[600] = { 0 }, again[600];

	/* 40 draws leave a given byte zero with a chance of 2^-320. */
	for (unsigned i = 0; i < 40; i++) {
		rng_fill(rng_os(), again, sizeof again);
		for (size_t j = 0; j < sizeof seen; j++) seen[j] |= again[j];
	}
	for (size_t j = 0; j < sizeof seen; j++) assert_true(seen[j] != 0);
	rng_fill(rng_os(), seen, sizeof seen);
	assert_memory_not_equal(seen, again, sizeof seen);
}

TESTS(TEST(eight_bytes_make_a_little_endian_number),
      TEST(the_system_fills_every_byte_and_never_the_same))
