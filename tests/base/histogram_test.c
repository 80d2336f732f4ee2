/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"
#include "tests/test.h"

static const histogram_scale SECONDS = { 1000, 3, { 10, 500, 2000 } }, BYTES = { 1, 2, { 1, 4 } };

static void each_step_counts_what_is_not_above_it(void **state)
{
	static const uint64_t SEEN[] = { 0, 10, 11, 500, 501, 2000, 2001, 90000 };
	histogram h = { 0 };
	AUTO(buf) text = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(SEEN); i++) histogram_add(&h, &SECONDS, SEEN[i]);
	histogram_print(&text, "took_seconds", "kind=\"x\"", &h, &SECONDS);
	assert_string_equal(buf_str(&text),
		"took_seconds_bucket{kind=\"x\",le=\"0.01\"} 2\ntook_seconds_bucket{kind=\"x\",le=\"0.5\"} 4\n"
		"took_seconds_bucket{kind=\"x\",le=\"2\"} 6\ntook_seconds_bucket{kind=\"x\",le=\"+Inf\"} 8\n"
		"took_seconds_sum{kind=\"x\"} 95.023\ntook_seconds_count{kind=\"x\"} 8\n");
}

static void without_a_label_there_are_no_braces_around_nothing(void **state)
{
	histogram h = { 0 };
	AUTO(buf) text = { 0 };

	(void)state;
	histogram_add(&h, &BYTES, 5);
	histogram_print(&text, "bytes", "", &h, &BYTES);
	assert_string_equal(buf_str(&text), "bytes_bucket{le=\"1\"} 0\nbytes_bucket{le=\"4\"} 0\nbytes_bucket{le=\"+Inf\"} 1\nbytes_sum 5\nbytes_count 1\n");
}

TESTS(TEST(each_step_counts_what_is_not_above_it), TEST(without_a_label_there_are_no_braces_around_nothing))
