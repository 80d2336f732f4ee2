/* SPDX-License-Identifier: MIT */
/* A request that comes with a trace is followed through the log and to a collector. */
#include <jansson.h>
#include <unistd.h>
#include "tests/node/client.h"
#include "tests/rpc/collector.h"

static const char CALLER[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
#define CALLERS_TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define CALLERS_SPAN  "00f067aa0ba902b7"

/* The spans of this span's trace that are named so in the log: how many lines there are. */
static unsigned lines_with(const char *log, const char *what, char span_id[static 2 * TRACE_SPAN + 1])
{
	unsigned lines = 0;

	for (const char *line = log, *end; (end = strchr(line, '\n')); line = end + 1) {
		json_t *j = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(j);
		const char *trace_id = json_string_value(json_object_get(j, "trace_id"));
		if (trace_id && !strcmp(trace_id, CALLERS_TRACE) && strstr(text_of(j, "message"), what)) {
			snprintf(span_id, 2 * TRACE_SPAN + 1, "%s", text_of(j, "span_id"));
			lines++;
		}
		json_decref(j);
	}
	return lines;
}

static void a_request_is_followed_from_its_caller_through_the_log_to_the_collector(void **state)
{
	char url[64], path[64], first[2 * TRACE_SPAN + 1] = "", last[2 * TRACE_SPAN + 1] = "", log[512];
	collector c;
	child node;
	trace caller;
	const trace none = { 0 };
	id32 prep = fresh_id(3);
	buf answer = { 0 };

	collector_open(&c);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", c.port);
	child_write_config(*state, NULL);
	setenv("ARCA_NODE__TELEMETRY__LOG_FORMAT", "json", 1);
	setenv("ARCA_NODE__TELEMETRY__TRACING_ENDPOINT", url, 1);
	child_start(&node, *state);
	assert_true(trace_read(&caller, slice_str(CALLER)));
	trace_enter(&caller);
	assert_int_equal(start_preproc(&node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&node, &answer, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	trace_enter(&none);

	json_t *request = collector_take(&c, path, "200 OK");
	assert_string_equal(path, "/v1/traces");
	json_t *whole = json_array_get(spans_of(request), 0), *work = json_array_get(spans_of(request), 1);
	assert_string_equal(text_of(whole, "traceId"), CALLERS_TRACE);
	assert_string_equal(text_of(whole, "parentSpanId"), CALLERS_SPAN);
	assert_string_equal(text_of(work, "traceId"), CALLERS_TRACE);
	assert_string_equal(text_of(work, "parentSpanId"), text_of(whole, "spanId"));
	assert_string_equal(text_of(work, "name"), "work");

	assert_int_equal(child_stop(&node), 0);
	snprintf(log, sizeof log, "%s/node.log", (char *)*state);
	buf text = test_read(log);
	assert_int_equal(lines_with(buf_str(&text), "started", first), 1);
	assert_int_equal(lines_with(buf_str(&text), "done in", last), 1);
	assert_string_equal(first, text_of(whole, "spanId"));
	assert_string_equal(last, first);
	json_decref(request);
	buf_free(&text);
	buf_free(&answer);
	unsetenv("ARCA_NODE__TELEMETRY__LOG_FORMAT");
	unsetenv("ARCA_NODE__TELEMETRY__TRACING_ENDPOINT");
	close(c.listener);
}

static const struct CMUnitTest tests[] = {
	TEST_IN_FOLDER(a_request_is_followed_from_its_caller_through_the_log_to_the_collector),
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, __FILE__, tests, COUNT(tests));
}
