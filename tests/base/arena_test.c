/* SPDX-License-Identifier: MIT */
#include "tests/base/freed.h"
#include "tests/test.h"

static void an_arena_refuses_beyond_its_limit_and_says_so(void **state)
{
	(void)state;
	arena a = arena_with_limit(4096);
	uint64_t *p;

	assert_ok(arena_new(&a, &p, 256));
	for (unsigned i = 0; i < 256; i++) assert_true(p[i] == 0);
	assert_err(ERR_NOMEM, arena_new(&a, &p, 512));
	assert_err(ERR_NOMEM, arena_new(&a, &p, SIZE_MAX / 4));
	assert_ok(arena_new(&a, &p, 256));
	arena_free(&a);
	assert_ok(arena_new(&a, &p, 512));
	arena_free(&a);
}

static void what_is_handed_out_is_zero_aligned_and_apart(void **state)
{
	(void)state;
	arena a = arena_with_limit(1 << 22);
	uint8_t *p[300];

	for (unsigned i = 0; i < COUNT(p); i++) {
		const size_t n = 1 + test_below(9000);
		p[i] = arena_try(&a, n);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 64, 0);
		for (size_t j = 0; j < n; j++) assert_int_equal(p[i][j], 0);
		memset(p[i], (int)(i % 255) + 1, n);
	}
	for (unsigned i = 0; i < COUNT(p); i++) assert_int_equal(p[i][0], i % 255 + 1);
	arena_free(&a);
}

static void an_arena_is_wiped_when_freed(void **state)
{
	(void)state;
	static const char SECRET_BYTES[] = "do not leave me in the heap";
	arena a = arena_with_limit(1 << 22);

	freed_watch(slice_of(SECRET_BYTES, sizeof SECRET_BYTES));
	for (size_t n = 64; n <= 1 << 20; n *= 4) {
		uint8_t *p = arena_try(&a, n);
		assert_non_null(p);
		memcpy(p, SECRET_BYTES, sizeof SECRET_BYTES);
		memcpy(p + n - sizeof SECRET_BYTES, SECRET_BYTES, sizeof SECRET_BYTES);
	}
	arena_free(&a);
	assert_true(freed_blocks() > 1);
	assert_int_equal(freed_dirty(), 0);
	arena_free(&a);
}

TESTS(TEST(an_arena_refuses_beyond_its_limit_and_says_so),
      TEST(what_is_handed_out_is_zero_aligned_and_apart),
      TEST(an_arena_is_wiped_when_freed))
