/* SPDX-License-Identifier: MIT */
/* tests/tkms/plaintext_test.c -- values as text. */
#include "tests/test.h"
#include "tkms/encrypt.h"

static const fhe_type *type(const char *name)
{
	const fhe_type *t = fhe_type_by_name_var(slice_str(name));
	assert_non_null(t);
	return t;
}

/* What the text becomes when it is read as that type and printed again. */
static void reads_and_prints(const char *type_name, const char *text, const char *printed)
{
	plaintext p;
	buf out = { 0 };
	assert_ok(plaintext_parse(&p, type(type_name), slice_str(text)));
	plaintext_print(&out, &p);
	assert_string_equal(buf_str(&out), printed);
	buf_free(&out);
}

static void values_print_as_they_were_written(void **state)
{
	(void)state;
	reads_and_prints("bool", "true", "true");
	reads_and_prints("bool", "0", "false");
	reads_and_prints("uint8", "255", "255");
	reads_and_prints("uint8", "0xA7", "167");
	reads_and_prints("uint64", "18446744073709551615", "18446744073709551615");
	reads_and_prints("uint128", "340282366920938463463374607431768211455", "340282366920938463463374607431768211455");
	reads_and_prints("uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639935",
	                 "115792089237316195423570985008687907853269984665640564039457584007913129639935");
	reads_and_prints("uint256", "0", "0");
	reads_and_prints("address", "0x00112233445566778899AAbbccddeeff01234567", "0x00112233445566778899aabbccddeeff01234567");
}

static void a_value_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	plaintext p;
	static const struct { const char *type, *text; } bad[] = {
		{ "bool", "2" }, { "bool", "yes" }, { "bool", "" }, { "uint8", "256" }, { "uint8", "0x100" }, { "uint8", "-1" },
		{ "uint8", "1e3" }, { "uint8", "0x" }, { "uint16", "65536" }, { "uint64", "18446744073709551616" },
		{ "address", "0x010000000000000000000000000000000000000000" }, { "uint8", "12a" },
		{ "uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639936" },
		{ "uint256", "9999999999999999999999999999999999999999999999999999999999999999999999999999999999" },
	};
	for (unsigned i = 0; i < COUNT(bad); i++)
		assert_err(ERR_REQUEST, plaintext_parse(&p, type(bad[i].type), slice_str(bad[i].text)));
}

static void sentences_tell_type_and_length_but_never_the_value(void **state)
{
	(void)state;
	plaintext p;
	static const struct { const char *type, *text, *sentence; } bad[] = {
		{ "uint8", "733", "the value (a text of length 3) does not fit in uint8, which has 8 bits" },
		{ "bool", "7", "the value (a text of length 1) does not fit in bool, which has 1 bit" },
		{ "uint64", "secret-733", "character 1 of 10 of the value makes it no uint64" },
		{ "uint64", "733z", "character 4 of 4 of the value makes it no uint64" },
	};
	for (unsigned i = 0; i < COUNT(bad); i++) {
		assert_int_equal(plaintext_parse(&p, type(bad[i].type), slice_str(bad[i].text)), ERR_REQUEST);
		assert_non_null(strstr(err_text(), bad[i].sentence));
		assert_null(strstr(err_text(), "733"));
	}
	err_clear();
}

TESTS(TEST(values_print_as_they_were_written),
      TEST(a_value_that_does_not_fit_is_refused),
      TEST(sentences_tell_type_and_length_but_never_the_value))
