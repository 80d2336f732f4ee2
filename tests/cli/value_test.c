/* SPDX-License-Identifier: MIT */
/* tests/cli/value_test.c -- addresses and their checksum; all other values are tested in tests/tkms/plaintext_test.c. */
#include "tests/test.h"
#include "cli/value.h"

static const fhe_type *address(void) { return fhe_type_by_number_var(FHE_ADDRESS); }

/* EIP-55 lists these: capitals only, small only, and two of both. */
static const char *const RIGHT[] = {
	"0x52908400098527886E0F7030069857D2E4169EE7", "0xde709f2102306220921060314715629080e2fb77",
	"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
};

static void addresses_print_with_their_checksum_whatever_case_they_came_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(RIGHT); i++) {
		char text[3][43];
		for (unsigned form = 0; form < 3; form++) {
			AUTO(buf) printed = { 0 };
			plaintext p;
			strcpy(text[form], RIGHT[i]);
			for (char *c = text[form] + 2; *c; c++)
				if (form && *c > '9') *c = (char)(form == 1 ? *c | 0x20 : *c & ~0x20);
			assert_ok(value_parse(&p, address(), slice_str(text[form])));
			value_print(&printed, &p);
			assert_string_equal(buf_str(&printed), RIGHT[i]);
		}
	}
}

static void a_wrong_checksum_is_refused_without_repeating_the_address(void **state)
{
	(void)state;
	for (size_t i = 2; i < COUNT(RIGHT); i++)
		for (size_t at = 2; at < 42; at++) {
			char text[43];
			plaintext p = { 0 };
			strcpy(text, RIGHT[i]);
			if (text[at] <= '9') continue;
			text[at] ^= 0x20;
			assert_int_equal(value_parse(&p, address(), slice_str(text)), ERR_REQUEST);
			assert_null(p.type);
			assert_null(strstr(err_text(), text + 20));
			err_clear();
		}
}

static void an_address_has_all_of_its_digits(void **state)
{
	static const char *const OTHERS[] = {
		"0x1", "5", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae", "0x05aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x0", "00000000000000000000000000000000000000000",
		"000000000000000000000000000000000000000000",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(OTHERS); i++) {
		plaintext p = { 0 };
		assert_int_equal(value_parse(&p, address(), slice_str(OTHERS[i])), ERR_REQUEST);
		assert_null(p.type);
		assert_non_null(strstr(err_text(), "40 hexadecimal digits"));
		err_clear();
	}
}

static void other_values_pass_as_they_are(void **state)
{
	(void)state;
	AUTO(buf) printed = { 0 };
	plaintext p;
	assert_ok(value_parse(&p, fhe_type_by_number_var(FHE_UINT64), slice_str("0xAb")));
	value_print(&printed, &p);
	assert_string_equal(buf_str(&printed), "171");
}

TESTS(TEST(addresses_print_with_their_checksum_whatever_case_they_came_in),
      TEST(an_address_has_all_of_its_digits),
      TEST(a_wrong_checksum_is_refused_without_repeating_the_address),
      TEST(other_values_pass_as_they_are))
