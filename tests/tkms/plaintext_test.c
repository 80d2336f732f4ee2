/* SPDX-License-Identifier: MIT */
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

TESTS(TEST(values_print_as_they_were_written),
      TEST(a_value_that_does_not_fit_is_refused))
