/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/ct.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/pool.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_reader_that_was_refused_stays_refused(void **state)
{
	(void)state;
	const uint8_t bytes[3] = { 1, 2, 3 };
	reader r = reader_of(slice_of(bytes, sizeof bytes));

	assert_int_equal(read_u32(&r), 0);
	assert_false(read_ok(&r));
	assert_int_equal(read_u8(&r), 0);
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

static void secret_memory_is_writable_to_its_last_byte(void **state)
{
	(void)state;
	for (size_t n = 1; n < 10000; n = n * 3 + 1) {
		uint8_t *p;
		assert_ok(secret_alloc((void **)&p, n));
		for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		secret_release(p);
	}
	secret_release(NULL);
}

static void constant_time_predicates_agree_with_the_plain_ones(void **state)
{
	(void)state;
	static const uint64_t edge[] = { 0, 1, 2, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, UINT64_MAX };
	for (unsigned i = 0; i < COUNT(edge); i++) {
		assert_true(ct_is_zero(edge[i]) == (edge[i] == 0 ? UINT64_MAX : 0));
		for (unsigned j = 0; j < COUNT(edge); j++) {
			assert_true(ct_eq(edge[i], edge[j]) == (edge[i] == edge[j] ? UINT64_MAX : 0));
			assert_true(ct_lt(edge[i], edge[j]) == (edge[i] < edge[j] ? UINT64_MAX : 0));
		}
	}
	assert_true(ct_bytes_eq("abc", "abc", 3) == UINT64_MAX);
	assert_true(ct_bytes_eq("abc", "abd", 3) == 0);
}

static void hexadecimal_text_of_the_wrong_length_is_refused(void **state)
{
	(void)state;
	uint8_t b[2] = { 9, 9 };
	char text[5];

	assert_true(hex_read(b, 2, slice_str("0xAbcd")));
	hex_write(text, slice_of(b, 2));
	assert_string_equal(text, "abcd");
	assert_false(hex_read(b, 2, slice_str("abc")));
	assert_false(hex_read(b, 2, slice_str("abcd1")));
	assert_false(hex_read(b, 2, slice_str("abcg")));
	assert_int_equal(b[0], 0xab);
}

static void a_write_once_file_keeps_its_first_bytes(void **state)
{
	(void)state;
	char dir[] = "/tmp/arca-test-XXXXXX", path[64];
	bool existed;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/object", dir);

	assert_ok(file_write_once(path, slice_str("first"), 0644, &existed));
	assert_false(existed);
	assert_ok(file_write_once(path, slice_str("second"), 0644, &existed));
	assert_true(existed);
	buf b = test_read(path);
	assert_true(slice_eq_var(buf_slice(&b), slice_str("first")));
	buf_free(&b);
	assert_ok(file_write_atomic(path, slice_str("third"), 0600));
	b = test_read(path);
	assert_true(slice_eq_var(buf_slice(&b), slice_str("third")));
	buf_free(&b);
	assert_err(ERR_REQUEST, file_read(&b, path, 4));
	unlink(path);
	assert_err(ERR_NOT_FOUND, file_read(&b, path, 4));
	rmdir(dir);
}

static void a_failed_write_names_the_path(void **state)
{
	(void)state;
	assert_true(file_write_atomic("/proc/arca/object", slice_str("x"), 0600) != OK);
	assert_non_null(strstr(err_text(), "/proc/arca/object"));
	err_clear();
}

static void a_device_is_not_replaced_by_a_file(void **state)
{
	(void)state;
	char dir[] = "/tmp/arca-test-XXXXXX", path[64];
	struct stat s;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_err(ERR_REQUEST, file_write_atomic(path, slice_str("x"), 0600));
	assert_int_equal(lstat(path, &s), 0);
	assert_true(S_ISFIFO(s.st_mode));
	unlink(path);
	rmdir(dir);
}

static _Atomic unsigned sum;
static void add(void *ctx, size_t i) { atomic_fetch_add(&sum, (unsigned)i + *(unsigned *)ctx); }

static void a_pool_runs_every_index_once(void **state)
{
	(void)state;
	pool *p = NULL;
	unsigned one = 1;
	assert_ok(pool_new(&p, 3));
	for (unsigned round = 0; round < 50; round++) {
		sum = 0;
		pool_each(p, 100, add, &one);
		assert_int_equal(sum, 4950 + 100);
	}
	pool_free(&p);
	assert_null(p);
}

static err odd_fails(void *ctx, size_t i)
{
	(void)ctx;
	return i % 2 ? err_fail(ERR_REQUEST, "number %zu is odd", i) : OK;
}

static void the_lowest_of_several_failures_is_told(void **state)
{
	(void)state;
	pool *p = NULL;
	assert_ok(pool_new(&p, 3));
	for (unsigned round = 0; round < 50; round++) {
		assert_int_equal(pool_try(p, 100, odd_fails, NULL), ERR_REQUEST);
		assert_string_equal(err_text(), "number 1 is odd");
	}
	assert_ok(pool_try(p, 1, odd_fails, NULL));
	pool_free(&p);
	err_clear();
}

static void an_error_carries_its_sentence_and_context(void **state)
{
	(void)state;
	err e = err_fail(ERR_REQUEST, "byte %d is odd", 3);
	err_context("file %s: ", "x.bin");
	assert_int_equal(e, ERR_REQUEST);
	assert_string_equal(err_text(), "file x.bin: byte 3 is odd");
	err_clear();
	assert_string_equal(err_text(), "");
}

TESTS(TEST(a_reader_that_was_refused_stays_refused),
      TEST(a_reader_ends_exactly_at_the_end),
      TEST(an_arena_refuses_beyond_its_limit_and_says_so),
      TEST(secret_memory_is_writable_to_its_last_byte),
      TEST(constant_time_predicates_agree_with_the_plain_ones),
      TEST(hexadecimal_text_of_the_wrong_length_is_refused),
      TEST(a_write_once_file_keeps_its_first_bytes),
      TEST(a_failed_write_names_the_path),
      TEST(a_device_is_not_replaced_by_a_file),
      TEST(a_pool_runs_every_index_once),
      TEST(the_lowest_of_several_failures_is_told),
      TEST(an_error_carries_its_sentence_and_context))
