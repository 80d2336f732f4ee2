/* SPDX-License-Identifier: MIT */
#include "base/id.h"
#include "tests/test.h"

#define DIGITS "0123456789abcdef"
#define TEXT DIGITS DIGITS DIGITS DIGITS
#define ZEROS "0000000000000000"

/* Nothing is written, and the sentence begins with the name of the field. */
static void refused(const char *text)
{
	id32 id, before;

	memset(&id, 0xa5, sizeof id);
	before = id;
	assert_int_equal(id_parse(&id, "request_id", slice_str(text)), ERR_REQUEST);
	assert_int_equal(strncmp(err_text(), "request_id ", 11), 0);
	assert_true(id_eq_var(&id, &before));
	err_clear();
}

static void accepted(const char *text)
{
	id32 id;
	char back[ID_TEXT];

	assert_ok(id_parse(&id, "request_id", slice_str(text)));
	id_text(back, &id);
	assert_string_equal(back, TEXT);
}

static void an_id_is_read_in_either_case_with_0x_and_blanks_around(void **state)
{
	(void)state;
	accepted(TEXT);
	accepted("0x" TEXT);
	accepted("0X" TEXT);
	accepted(" \t\n\v\f\r" TEXT " \t\n\v\f\r");
	accepted(" 0x" TEXT "\n");
	accepted("0123456789ABCDEF" "0123456789abcdef" "0123456789AbCdEf" DIGITS);
}

static void what_has_not_64_digits_is_no_id(void **state)
{
	(void)state;
	refused("");
	refused(" \n");
	refused("0x");
	refused(DIGITS DIGITS DIGITS "0123456789abcde");
	refused(TEXT "0");
	refused(TEXT "00");
	refused("0x0x" TEXT);
	refused("0 x" TEXT);
	refused(DIGITS DIGITS " " DIGITS DIGITS);
	refused(DIGITS DIGITS DIGITS "0123456789abcdeg");
	refused(DIGITS DIGITS DIGITS "0123456789abcd\xff" "f");
	for (size_t n = 0; n < 64; n++) {
		char text[65] = TEXT;
		text[n] = '\0';
		refused(text);
	}
}

static void the_zero_id_is_nobodys(void **state)
{
	(void)state;
	id32 zero = { 0 };

	refused(ZEROS ZEROS ZEROS ZEROS);
	refused("0x" ZEROS ZEROS ZEROS ZEROS);
	assert_true(id_is_zero_var(&zero));
	for (unsigned i = 0; i < sizeof zero.b; i++) {
		id32 one = { 0 };
		one.b[i] = 1;
		assert_false(id_is_zero_var(&one));
		assert_false(id_eq_var(&one, &zero));
	}
	id32 least;
	assert_ok(id_parse(&least, "key_id", slice_str(ZEROS ZEROS ZEROS "0000000000000001")));
	assert_int_equal(least.b[31], 1);
}

static void the_defaults_are_context_one_and_epoch_one(void **state)
{
	(void)state;
	char text[ID_TEXT];

	id_text(text, &ID_DEFAULT_CONTEXT);
	assert_string_equal(text, "07000000000000" "00" ZEROS ZEROS "0000000000000001");
	id_text(text, &ID_DEFAULT_EPOCH);
	assert_string_equal(text, "08000000000000" "00" ZEROS ZEROS "0000000000000001");
}

TESTS(TEST(an_id_is_read_in_either_case_with_0x_and_blanks_around),
      TEST(what_has_not_64_digits_is_no_id),
      TEST(the_zero_id_is_nobodys),
      TEST(the_defaults_are_context_one_and_epoch_one))
