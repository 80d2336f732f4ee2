/* SPDX-License-Identifier: MIT */
/* What a node tells of a key that it makes, and what of it is believed. */
#include "cli/key_watch.h"
#include "node/key_progress.h"
#include "tests/test.h"

static int64_t now;
static int64_t read_clock(void *ctx) { return (void)ctx, now; }

static void what_a_node_prints_is_what_is_read(void **state)
{
	(void)state;
	const clock_source clock = { .now_ms = read_clock };
	const id32 key = {{ 4 }};
	key_progress all = KEY_PROGRESS_INIT;
	AUTO(buf) text = { 0 };

	key_progress_print(&text, &all);
	assert_int_equal(text.n, 0);
	key_step step = key_step_begin(&all, &clock, &KEY_MADE, &key);
	const progress told = key_step_progress(&step);
	now += 100000;                                           /* before its first word it may wait for others */
	progress_tell(&told, 0, 1200);
	now += 1500;
	progress_tell(&told, 300, 1200);
	buf_put_str(&text, "# arca_key_ratio is below\nnot_arca_key_ratio{step=\"dealt\"} 1\n");
	key_progress_print(&text, &all);
	const key_step_seen seen = key_step_read(buf_str(&text));
	assert_string_equal(seen.step, "made");
	assert_true(seen.done > 0.249 && seen.done < 0.251);
	assert_true(seen.left_s > 4.4 && seen.left_s < 4.6);
	key_step_end(&step);
	buf_clear(&text);
	key_progress_print(&text, &all);
	assert_int_equal(text.n, 0);
}

static void an_estimate_waits_until_there_is_something_to_estimate_from(void **state)
{
	(void)state;
	const clock_source clock = { .now_ms = read_clock };
	const id32 key = {{ 4 }};
	key_progress all = KEY_PROGRESS_INIT;
	AUTO(buf) text = { 0 };

	key_step step = key_step_begin(&all, &clock, &KEY_RECEIVED, &key);
	const progress told = key_step_progress(&step);
	progress_tell(&told, 1, 1200);
	key_progress_print(&text, &all);
	const key_step_seen seen = key_step_read(buf_str(&text));
	assert_string_equal(seen.step, "received");
	assert_true(seen.left_s < 0);
}

static void whatever_else_a_node_says_is_no_progress(void **state)
{
	(void)state;
	static const char *const OTHER[] = {
		"", "arca_key_ratio 0.5", "arca_key_ratio{step=\"made\"} 1.5", "arca_key_ratio{step=\"made\"} nan", "arca_key_ratio{step=\"made\"}",
		"arca_key_ratio{step=\"\"} 0.5", "arca_key_ratio{step=\"\033[31m\"} 0.5", "arca_key_ratio{step=\"averyverylongname\"} 0.5",
		"arca_key_ratio{step=\"made\"} -0.5", "<html>",
	};

	for (size_t i = 0; i < COUNT(OTHER); i++) assert_string_equal(key_step_read(OTHER[i]).step, "");
	const key_step_seen s = key_step_read("arca_key_ratio{step=\"made\"} 0.5\narca_key_seconds_left{step=\"made\"} 1e300\n");
	assert_string_equal(s.step, "made");
	assert_true(s.left_s < 0);
}

TESTS(TEST(what_a_node_prints_is_what_is_read), TEST(an_estimate_waits_until_there_is_something_to_estimate_from),
      TEST(whatever_else_a_node_says_is_no_progress))
