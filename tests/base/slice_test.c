/* SPDX-License-Identifier: MIT */
#include "tests/base/freed.h"
#include "tests/test.h"
#include <stdlib.h>

static const char SECRET_BYTES[] = "do not leave me in the heap";
#define A_SECRET slice_of(SECRET_BYTES, sizeof SECRET_BYTES)

static void a_reader_that_was_refused_stays_refused(void **state)
{
	(void)state;
	const uint8_t bytes[3] = { 1, 2, 3 };
	reader r = reader_of(slice_of(bytes, sizeof bytes));

	assert_int_equal(read_u32(&r), 0);
	assert_false(read_ok(&r));
	assert_int_equal(read_u8(&r), 0);
	assert_int_equal(read_bytes(&r, 0).n, 0);
	assert_false(read_done(&r));
}

static void a_reader_ends_exactly_at_the_end(void **state)
{
	(void)state;
	buf b = { 0 };
	buf_put_u8(&b, 7), buf_put_u32(&b, 0xdeadbeef), buf_put_u64(&b, UINT64_MAX), buf_put_u128(&b, (u128)5 << 100);
	reader r = reader_of(buf_slice(&b));

	assert_int_equal(read_u8(&r), 7);
	assert_int_equal(read_u32(&r), 0xdeadbeef);
	assert_true(read_u64(&r) == UINT64_MAX);
	assert_true(read_u128(&r) == (u128)5 << 100);
	assert_true(read_done(&r));
	assert_int_equal(read_u8(&r), 0);
	assert_false(read_ok(&r));
	buf_free(&b);
}

static void nothing_can_be_read_from_nothing(void **state)
{
	(void)state;
	reader r = reader_of((slice){ 0 });

	assert_int_equal(read_bytes(&r, 0).n, 0);
	assert_true(read_done(&r));
	assert_int_equal(read_bytes(&r, SIZE_MAX).n, 0);
	assert_false(read_ok(&r));
}

static void integers_are_little_endian(void **state)
{
	(void)state;
	static const uint8_t WANT[] = { 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
	buf b = { 0 };

	buf_put_u32(&b, 0x01020304);
	buf_put_u64(&b, 0x0102030405060708);
	buf_put_u128(&b, (u128)0x0102030405060708 << 64 | 0x090a0b0c0d0e0f10);
	assert_true(slice_eq_var(buf_slice(&b), slice_of(WANT, sizeof WANT)));
	buf_free(&b);
}

static void what_was_put_is_there_however_it_grew(void **state)
{
	(void)state;
	buf b = { 0 };

	for (unsigned i = 0; i < 3000; i++) buf_printf(&b, "%u,", i);
	const char *at = buf_str(&b);
	for (unsigned i = 0; i < 3000; i++) {
		char *end;
		assert_int_equal(strtoul(at, &end, 10), i);
		at = end + 1;
	}
	assert_int_equal(*at, '\0');
	buf_clear(&b);
	assert_string_equal(buf_str(&b), "");
	buf_printf(&b, "%s", "");
	assert_int_equal(b.n, 0);
	buf_free(&b);
	assert_null(b.p);
}

static void the_search_for_secrets_finds_one(void **state)
{
	(void)state;
	uint8_t *p = malloc(100);

	assert_non_null(p);
	freed_watch(A_SECRET);
	memset(p, 0, 100);
	memcpy(p + 50, SECRET_BYTES, sizeof SECRET_BYTES);
	__asm__ volatile("" :: "r"(p) : "memory");     /* or the copy would be dropped as dead */
	free(p);
	assert_int_equal(freed_dirty(), 1);
}

static void a_buffer_is_wiped_when_freed(void **state)
{
	(void)state;
	buf b = { 0 };

	freed_watch(A_SECRET);
	buf_put_slice(&b, A_SECRET);
	buf_clear(&b);                                 /* what lies beyond the length counts too */
	buf_free(&b);
	assert_int_equal(freed_blocks(), 1);
	assert_int_equal(freed_dirty(), 0);
}

static void a_buffer_that_moves_leaves_nothing_behind(void **state)
{
	(void)state;
	buf b = { 0 };

	freed_watch(A_SECRET);
	buf_put_slice(&b, A_SECRET);
	for (unsigned i = 0; i < 10; i++) buf_reserve(&b, b.room + 1);
	assert_int_equal(freed_blocks(), 10);
	assert_int_equal(freed_dirty(), 0);
	assert_true(slice_eq_var(buf_slice(&b), A_SECRET));
	buf_free(&b);
}

TESTS(TEST(a_reader_that_was_refused_stays_refused),
      TEST(a_reader_ends_exactly_at_the_end),
      TEST(nothing_can_be_read_from_nothing),
      TEST(integers_are_little_endian),
      TEST(what_was_put_is_there_however_it_grew),
      TEST(the_search_for_secrets_finds_one),
      TEST(a_buffer_is_wiped_when_freed),
      TEST(a_buffer_that_moves_leaves_nothing_behind))
