/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "delegate/oaep.h"

enum { MOST = 1024 };

static void fill_with_sevens(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
}

static const rng SEVENS = { NULL, fill_with_sevens };

/* 0, 1, 2 ... */
static slice counted(uint8_t bytes[static 256], size_t n)
{
	for (unsigned i = 0; i < 256; i++) bytes[i] = (uint8_t)i;
	return slice_of(bytes, n);
}

/* By Python's hashlib and the ten lines of RFC 8017, 7.1.1 and B.2.1. */
static void blocks_are_as_the_rfc_makes_them(void **state)
{
	static const struct { size_t n, secret; const char *hash; } KNOWN[] = {
		{ 256, 32, "345e02d70129ad0afbe31f90b90dcd1471ccdd385c9b8a5740f0a43c48e43e76" },
		{ 256, 190, "f5c859c663c491e50edc77459a217894ccce7fbfb86c9ff3203cd8715c11569e" },
		{ 257, 0, "7870c430519b12b2581258376eb727274965627b98f0759c9e7ae4eb9b3cd46e" },
		{ MOST, 102, "bfc5ca38572f0b41752d663cf1f3a0f0cb2440b6754a96719f0b1d0b9f02f07c" },
	};
	uint8_t bytes[256], block[MOST], hash[32];

	(void)state;
	for (size_t i = 0; i < COUNT(KNOWN); i++) {
		oaep_pad(block, KNOWN[i].n, counted(bytes, KNOWN[i].secret), &SEVENS);
		const hash32 got = sha256(slice_of(block, KNOWN[i].n));
		assert_true(hex_read(hash, sizeof hash, slice_str(KNOWN[i].hash)));
		assert_memory_equal(got.b, hash, sizeof hash);
	}
}

static void a_secret_is_masked_with_fresh_bytes_each_time(void **state)
{
	uint8_t bytes[256], a[256], b[256];
	unsigned same = 0;

	(void)state;
	oaep_pad(a, sizeof a, counted(bytes, 32), test_rng());
	oaep_pad(b, sizeof b, counted(bytes, 32), test_rng());
	assert_int_equal(a[0] | b[0], 0);
	for (size_t i = 1; i < sizeof a; i++) same += a[i] == b[i];
	assert_true(same < 16);                                /* of 255, one in 256 */
}

TESTS(TEST(blocks_are_as_the_rfc_makes_them), TEST(a_secret_is_masked_with_fresh_bytes_each_time))
