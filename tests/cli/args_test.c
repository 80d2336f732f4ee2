/* SPDX-License-Identifier: MIT */
/* tests/cli/args_test.c -- words to options; what wrong words are answered with is in help.txt. */
#include "cli/args.h"
#include "tests/test.h"

static const option OPTIONS[] = {
	{ "out",    "FILE", REQUIRED, "" },
	{ "type",   "T",    REPEATED, "" },
	{ "value",  "V",    REPEATED, "" },
	{ "number", "N",    OPTIONAL, "" },
	{ "json",   NULL,   OPTIONAL, "" },
	{ "this",   "A",    ONE_OF,   "" },
	{ "that",   "B",    ONE_OF,   "" },
	OPTIONS_END
};

#define WORDS(...) COUNT(((char *const[]){ __VA_ARGS__ })), (char *const[]){ __VA_ARGS__ }

static void options_come_in_two_forms(void **state)
{
	(void)state;
	args a;

	assert_ok(args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x", "--this=y=z", "--json")));
	assert_string_equal(args_text(&a, "out"), "x");
	assert_string_equal(args_text(&a, "this"), "y=z");
	assert_true(args_has(&a, "json"));
	assert_false(args_has(&a, "that"));
	assert_null(args_text(&a, "number"));
	args_free(&a);
}

static void repeated_options_keep_their_order(void **state)
{
	(void)state;
	args a;

	assert_ok(args_read(&a, OPTIONS, NULL, 0, WORDS("--this", "", "--type", "a", "--value", "1", "--type", "b",
	                                                "--out", "-", "--value", "2")));
	assert_int_equal(args_count(&a, "type"), 2);
	assert_string_equal(args_nth(&a, "type", 1), "b");
	assert_null(args_nth(&a, "type", 2));
	assert_string_equal(a.given[1].value, "a");
	assert_string_equal(a.given[2].value, "1");
	args_free(&a);
}

static void plain_words_are_taken_up_to_their_number(void **state)
{
	(void)state;
	args a;

	assert_ok(args_read(&a, OPTIONS, "FILE", 2, WORDS("one", "--out", "x", "--that", "y", "--", "--json")));
	assert_int_equal(a.plains, 2);
	assert_string_equal(a.plain[1], "--json");
	assert_false(args_has(&a, "json"));
	args_free(&a);
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, "FILE", 1, WORDS("one", "two", "--out", "x", "--that", "y")));
}

static void rules_of_the_table_hold(void **state)
{
	(void)state;
	args a;

	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--this", "x")));
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x")));
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x", "--this", "y", "--that", "z")));
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x", "--this", "y", "--out", "z")));
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--this", "y", "--out")));
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--this", "y", "--out", "x", "--json=1")));
	assert_err(ERR_REQUEST, args_read(&a, OPTIONS, NULL, 0, WORDS("--this", "y", "--out", "x", "-v")));
}

static void numbers_are_whole_decimal_and_in_range(void **state)
{
	(void)state;
	static char *const BAD[] = { "", "x", "1x", " 1", "+1", "-1", "0x10", "1.5", "11", "99999999999999999999" };
	int64_t n = 0;
	args a;

	assert_ok(args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x", "--this", "y", "--number", "10")));
	assert_ok(args_number(&n, &a, "number", 0, 10, 3));
	assert_int_equal(n, 10);
	args_free(&a);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		assert_ok(args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x", "--this", "y", "--number", BAD[i])));
		assert_err(ERR_REQUEST, args_number(&n, &a, "number", 0, 10, 3));
		args_free(&a);
	}
	assert_int_equal(n, 10);
	assert_ok(args_read(&a, OPTIONS, NULL, 0, WORDS("--out", "x", "--this", "y")));
	assert_ok(args_number(&n, &a, "number", 0, 10, 3));
	assert_int_equal(n, 3);
	args_free(&a);
}

static void distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(word_distance("", "", 3), 0);
	assert_int_equal(word_distance("kitten", "sitting", 9), 3);
	assert_int_equal(word_distance("kitten", "sitting", 2), 3);
	assert_int_equal(word_distance("abc", "", 9), 3);
	assert_int_equal(word_distance("a-word-that-is-longer-than-any-option-could-be", "a", 5), 6);
	assert_int_equal(word_nearness("key", "keyset"), 1);
	assert_int_equal(word_nearness("xyzzy", "out"), SIZE_MAX);
}

TESTS(TEST(options_come_in_two_forms), TEST(repeated_options_keep_their_order),
      TEST(plain_words_are_taken_up_to_their_number), TEST(rules_of_the_table_hold),
      TEST(numbers_are_whole_decimal_and_in_range), TEST(distance_counts_edits))
