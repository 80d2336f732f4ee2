/* SPDX-License-Identifier: MIT */
#include "base/trace.h"
#include <pthread.h>
#include "base/pool.h"
#include "tests/test.h"

/* The example of the W3C's recommendation. */
static const char KNOWN[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static void a_traceparent_is_read_and_written_as_it_was(void **state)
{
	(void)state;
	char again[TRACE_TEXT];
	trace t;

	assert_true(trace_read(&t, slice_str(KNOWN)));
	assert_int_equal(t.id[0], 0x4b);
	assert_int_equal(t.span[7], 0xb7);
	assert_int_equal(t.flags, TRACE_SAMPLED);
	assert_true(trace_is_any(&t));
	trace_write(again, &t);
	assert_string_equal(again, KNOWN);
}

static void a_later_version_is_read_as_far_as_it_is_known(void **state)
{
	(void)state;
	char text[80], again[TRACE_TEXT];
	trace t;

	snprintf(text, sizeof text, "cc%s-more", KNOWN + 2);
	assert_true(trace_read(&t, slice_str(text)));
	trace_write(again, &t);
	assert_string_equal(again, KNOWN);
	snprintf(text, sizeof text, "cc%s.more", KNOWN + 2);
	assert_false(trace_read(&t, slice_str(text)));
	snprintf(text, sizeof text, "%s-more", KNOWN);
	assert_false(trace_read(&t, slice_str(text)));
}

static void what_is_not_well_formed_is_no_trace(void **state)
{
	(void)state;
	static const char *const BAD[] = {
		"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
		"00-0x4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
	};
	trace t;

	for (size_t i = 0; i < COUNT(BAD); i++) {
		t.id[0] = 1;
		assert_false(trace_read(&t, slice_str(BAD[i])));
		assert_false(trace_is_any(&t));
	}
	/* Every character that is one of another kind; in the last field all digits are allowed. */
	for (size_t i = 0; i < sizeof KNOWN - 1; i++) {
		char text[sizeof KNOWN];
		memcpy(text, KNOWN, sizeof KNOWN);
		text[i] = text[i] == '-' ? '0' : '-';
		assert_false(trace_read(&t, slice_str(text)));
	}
}

static void a_span_below_another_is_in_its_trace(void **state)
{
	(void)state;
	const trace none = { 0 };
	trace t;

	assert_true(trace_read(&t, slice_str(KNOWN)));
	const trace a = trace_below(&t, test_rng()), b = trace_below(&t, test_rng());
	assert_memory_equal(a.id, t.id, sizeof t.id);
	assert_memory_equal(a.above, t.span, sizeof t.span);
	assert_memory_not_equal(a.span, t.span, sizeof t.span);
	assert_memory_not_equal(a.span, b.span, sizeof t.span);
	assert_int_equal(a.flags, t.flags);
	t = trace_below(&none, test_rng());
	assert_false(trace_is_any(&t));
}

static void *look(void *arg)
{
	*(trace *)arg = trace_current();
	return NULL;
}

static void look_job(void *arg) { look(arg); }

static void a_thread_has_its_own_and_a_job_that_of_whoever_submitted_it(void **state)
{
	(void)state;
	const trace none = { 0 };
	trace t, seen;
	pthread_t other;
	pool *p;

	assert_true(trace_read(&t, slice_str(KNOWN)));
	const trace before = trace_enter(&t);
	assert_false(trace_is_any(&before));
	assert_int_equal(pthread_create(&other, NULL, look, &seen), 0);
	pthread_join(other, NULL);
	assert_false(trace_is_any(&seen));

	assert_ok(pool_new(&p, 1));
	assert_ok(pool_submit(p, look_job, &seen, 0));
	pool_free(&p);
	assert_memory_equal(&seen, &t, sizeof t);

	seen = trace_enter(&none);
	assert_memory_equal(&seen, &t, sizeof t);
	trace_of_process(&t);
	seen = trace_current();
	assert_memory_equal(&seen, &t, sizeof t);
	trace_of_process(&none);
}

TESTS(TEST(a_traceparent_is_read_and_written_as_it_was),
      TEST(a_later_version_is_read_as_far_as_it_is_known),
      TEST(what_is_not_well_formed_is_no_trace),
      TEST(a_span_below_another_is_in_its_trace),
      TEST(a_thread_has_its_own_and_a_job_that_of_whoever_submitted_it))
