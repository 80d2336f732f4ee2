/* SPDX-License-Identifier: MIT */
#include "base/hex.h"
#include "tests/test.h"

static void every_byte_is_written_as_two_digits_and_read_again(void **state)
{
	(void)state;
	uint8_t bytes[256], back[256];
	char text[513], want[3];
	buf b = { 0 };

	for (unsigned i = 0; i < 256; i++) bytes[i] = (uint8_t)i;
	hex_write(text, slice_of(bytes, sizeof bytes));
	assert_int_equal(strlen(text), 512);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(want, sizeof want, "%02x", i);
		assert_memory_equal(text + 2 * i, want, 2);
	}
	assert_true(hex_read(back, sizeof back, slice_str(text)));
	assert_memory_equal(back, bytes, sizeof bytes);
	buf_put_str(&b, "0x");
	buf_put_hex(&b, slice_of(bytes, 4));
	assert_string_equal(buf_str(&b), "0x00010203");
	buf_free(&b);
}

static void hexadecimal_text_of_the_wrong_length_is_refused(void **state)
{
	(void)state;
	uint8_t b[2] = { 9, 9 };

	assert_true(hex_read(b, 2, slice_str("0xAbcd")));
	assert_int_equal(b[1], 0xcd);
	assert_false(hex_read(b, 2, slice_str("abc")));
	assert_false(hex_read(b, 2, slice_str("abcd1")));
	assert_false(hex_read(b, 2, slice_str("abcdef")));
	assert_false(hex_read(b, 2, slice_str("0x")));
	assert_false(hex_read(b, 2, slice_str("0x0xabcd")));
	assert_int_equal(b[0], 0xab);
	assert_true(hex_read(b, 0, slice_str("0x")));
}

static void what_is_no_digit_is_refused_wherever_it_stands(void **state)
{
	(void)state;
	static const char *const BAD = "/:@G`g xX-+\n\xff";
	uint8_t b[2] = { 9, 9 };
	buf grown = { 0 };

	for (const char *c = BAD; *c; c++)
		for (unsigned at = 0; at < 4; at++) {
			char text[5] = "1234";
			text[at] = *c;
			assert_false(hex_read(b, 2, slice_str(text)));
			assert_false(hex_read_all(&grown, slice_str(text)));
		}
	assert_int_equal(b[0], 9);
	assert_int_equal(grown.n, 0);
	buf_free(&grown);
}

static void any_even_number_of_digits_is_appended(void **state)
{
	(void)state;
	buf b = { 0 };

	assert_true(hex_read_all(&b, slice_str("")));
	assert_true(hex_read_all(&b, slice_str("0x")));
	assert_int_equal(b.n, 0);
	assert_true(hex_read_all(&b, slice_str("0Xff")));
	assert_true(hex_read_all(&b, slice_str("0001")));
	assert_false(hex_read_all(&b, slice_str("abc")));
	assert_true(slice_eq_var(buf_slice(&b), slice_of("\xff\0\1", 3)));
	buf_free(&b);
}

TESTS(TEST(every_byte_is_written_as_two_digits_and_read_again),
      TEST(hexadecimal_text_of_the_wrong_length_is_refused),
      TEST(what_is_no_digit_is_refused_wherever_it_stands),
      TEST(any_even_number_of_digits_is_appended))
