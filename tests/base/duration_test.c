/* SPDX-License-Identifier: MIT */
#include "base/duration.h"
#include "tests/test.h"

static void a_duration_is_the_sum_of_its_parts(void **state)
{
	(void)state;
	static const struct { const char *text; int64_t ms; } KNOWN[] = {
		{ "0s", 0 }, { "500ms", 500 }, { "3s", 3000 }, { "5m", 300000 }, { "24h", 86400000 }, { "1h 30m", 5400000 },
		{ "1h30m", 5400000 }, { "2 h", -1 }, { "1day", 86400000 }, { "2weeks 1sec", 1209601000 }, { "0001s", 1000 },
	};
	for (size_t i = 0; i < COUNT(KNOWN); i++) {
		int64_t ms = -1;
		assert_int_equal(duration_read(&ms, KNOWN[i].text), KNOWN[i].ms >= 0);
		assert_int_equal(ms, KNOWN[i].ms);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	(void)state;
	static const char *const BAD[] = { "", " ", "5", "s", "-1s", "1.5s", "5 s", "5parsecs", "5s 3", "s5", "1S", "99999999999999999999s",
	                                   "9223372036854775807s", "9223372036854775807ms 1ms", "5s,3s" };
	for (size_t i = 0; i < COUNT(BAD); i++) {
		int64_t ms = 7;
		assert_false(duration_read(&ms, BAD[i]));
		assert_int_equal(ms, 7);
	}
}

static void what_is_written_reads_back_as_the_same(void **state)
{
	(void)state;
	static const struct { int64_t ms; const char *text; } KNOWN[] = {
		{ 0, "0ms" }, { 1, "1ms" }, { 1500, "1500ms" }, { 90000, "90s" }, { 3600000, "1h" }, { 86400000, "1d" }, { 604800000, "1w" },
	};
	char text[DURATION_TEXT];
	int64_t ms;
	for (size_t i = 0; i < COUNT(KNOWN); i++) {
		duration_text(text, KNOWN[i].ms);
		assert_string_equal(text, KNOWN[i].text);
		assert_true(duration_read(&ms, text));
		assert_int_equal(ms, KNOWN[i].ms);
	}
	duration_text(text, INT64_MAX);
	assert_true(duration_read(&ms, text));
	assert_int_equal(ms, INT64_MAX);
}

TESTS(TEST(a_duration_is_the_sum_of_its_parts), TEST(what_is_no_duration_is_refused),
      TEST(what_is_written_reads_back_as_the_same))
