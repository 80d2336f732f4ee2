/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "evm/abi_coder.h"

/* (uint256, bytes, (uint256, address)[], ((bytes), int32)) */
static void write_all(buf *out, slice content, size_t n)
{
	const eth_address a = { { 1, 2, 3 } };
	abi_frame f = abi_tuple(out, 4);

	abi_put_u64(&f, 77);
	abi_put_bytes(&f, content);
	abi_frame list = abi_put_list(&f, n, 2);
	for (size_t i = 0; i < n; i++) {
		abi_put_u64(&list, i);
		abi_put_address(&list, &a);
	}
	abi_frame pair = abi_put_tuple(&f, 2);
	abi_frame inner = abi_put_tuple(&pair, 1);
	abi_put_bytes(&inner, content);
	abi_put_u64(&pair, 5);
}

static void what_is_written_is_read(void **state)
{
	uint8_t content[70];

	(void)state;
	rng_fill(test_rng(), content, sizeof content);
	for (size_t n = 0; n < sizeof content; n++) {
		AUTO(buf) out = { 0 };
		size_t count;

		write_all(&out, slice_of(content, n), n);
		abi_reader r = abi_reader_of(buf_slice(&out));
		abi_part p = abi_top(&r);
		assert_int_equal(abi_next_u64(&p, 77), 77);
		assert_true(slice_eq_var(abi_next_bytes(&p, n), slice_of(content, n)));
		abi_part list = abi_next_list(&p, &count, 2, n);
		assert_int_equal(count, n);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(abi_next_u64(&list, UINT64_MAX), i);
			assert_int_equal(abi_next_address(&list).b[2], 3);
		}
		abi_part pair = abi_next_tuple(&p), inner = abi_next_tuple(&pair);
		assert_true(slice_eq_var(abi_next_bytes(&inner, n), slice_of(content, n)));
		assert_int_equal(abi_next_i32(&pair), 5);
		assert_true(abi_ok(&r));
	}
}

static void read_all(abi_reader *r)
{
	size_t count;
	abi_part p = abi_top(r);
	(void)abi_next_u64(&p, 100);
	(void)abi_next_bytes(&p, 40);
	abi_part list = abi_next_list(&p, &count, 2, 3);
	for (size_t i = 0; i < count; i++) (void)abi_next(&list), (void)abi_next_address(&list);
	abi_part pair = abi_next_tuple(&p), inner = abi_next_tuple(&pair);
	(void)abi_next_bytes(&inner, 40);
	(void)abi_next_i32(&pair);
}

static void every_shorter_prefix_is_refused(void **state)
{
	AUTO(buf) out = { 0 };

	(void)state;
	write_all(&out, slice_str("0123456789012345678901234567890123456789"), 3);
	for (size_t n = 0; n <= out.n; n++) {
		abi_reader r = abi_reader_of(slice_of(out.p, n));
		read_all(&r);
		assert_int_equal(abi_ok(&r), n + 24 >= out.n);         /* the padding of the last member may be missing */
	}
}

/* A word that is changed is a number, an offset, a length or an address: whatever it becomes, reading stays inside. */
static void changed_words_are_refused_or_read(void **state)
{
	AUTO(buf) out = { 0 };
	static const uint64_t VALUES[] = { 0, 1, 31, 32, 33, 64, 1000, UINT32_MAX, UINT64_MAX - 31, UINT64_MAX };
	unsigned refused = 0;

	(void)state;
	write_all(&out, slice_str("abc"), 2);
	for (size_t at = 0; at < out.n; at += ABI_WORD)
		for (size_t v = 0; v < COUNT(VALUES); v++) {
			AUTO(buf) changed = { 0 };
			const abi_word w = abi_u64(VALUES[v]);
			buf_put_slice(&changed, buf_slice(&out));
			memcpy(changed.p + at, w.b, sizeof w.b);
			abi_reader r = abi_reader_of(buf_slice(&changed));
			read_all(&r);
			refused += !abi_ok(&r);
		}
	assert_true(refused > 50);
}

static void numbers_and_addresses_out_of_range_are_refused(void **state)
{
	uint8_t word[32] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		memset(word, 0, sizeof word);
		word[i] = 1;
		abi_reader r = abi_reader_of(slice_of(word, 32));
		abi_part p = abi_top(&r);
		(void)abi_next_address(&p);
		assert_int_equal(abi_ok(&r), i >= 12);
		r = abi_reader_of(slice_of(word, 32)), p = abi_top(&r);
		(void)abi_next_u64(&p, UINT64_MAX);
		assert_int_equal(abi_ok(&r), i >= 24);
		r = abi_reader_of(slice_of(word, 32)), p = abi_top(&r);
		(void)abi_next_bool(&p);
		assert_int_equal(abi_ok(&r), i == 31);
		r = abi_reader_of(slice_of(word, 32)), p = abi_top(&r);
		(void)abi_next_i32(&p);
		assert_int_equal(abi_ok(&r), i >= 28);
	}
	memset(word, 0xff, sizeof word);
	abi_reader r = abi_reader_of(slice_of(word, 32));
	abi_part p = abi_top(&r);
	assert_int_equal(abi_next_i32(&p), -1);
	assert_true(abi_ok(&r));
}

/* A list of lists that all point to one place would make much of little. */
static void content_that_is_used_twice_is_refused(void **state)
{
	enum { N = 20 };
	AUTO(buf) out = { 0 };
	size_t n, m, read = 0;

	(void)state;
	abi_frame f = abi_tuple(&out, 1), list = abi_put_list(&f, N, 1);
	for (unsigned i = 0; i < N; i++) abi_put_u64(&list, N * ABI_WORD);
	abi_frame shared = abi_tuple(&out, N + 1);
	abi_put_u64(&shared, N);
	abi_reader r = abi_reader_of(buf_slice(&out));
	abi_part p = abi_top(&r), outer = abi_next_list(&p, &n, 1, N);
	for (size_t i = 0; i < n && abi_ok(&r); i++) {
		abi_part inner = abi_next_list(&outer, &m, 1, N);
		for (size_t k = 0; k < m && abi_ok(&r); k++) (void)abi_next(&inner), read++;
	}
	assert_false(abi_ok(&r));
	assert_true(read <= 2 * N);
}

TESTS(TEST(what_is_written_is_read), TEST(every_shorter_prefix_is_refused), TEST(changed_words_are_refused_or_read),
      TEST(numbers_and_addresses_out_of_range_are_refused), TEST(content_that_is_used_twice_is_refused))
