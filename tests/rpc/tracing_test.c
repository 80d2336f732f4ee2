/* SPDX-License-Identifier: MIT */
/* Spans on their way to a collector, which may as well be away. */
#include "rpc/tracing.h"
#include <pthread.h>
#include <unistd.h>
#include "rpc/fetch.h"
#include "tests/rpc/collector.h"
#include "tests/test.h"

static const char CALLER[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
#define CALLERS_TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define CALLERS_SPAN  "00f067aa0ba902b7"

static tracing_config config_for(const char *url, size_t queue)
{
	return (tracing_config){ .endpoint = url, .service = "a \"node\"", .scope = "arca-test", .instance = "node-7", .timeout_ms = 500,
	                         .delay_ms = 5, .room = queue, .most = 2 };
}

static span a_span(const char *why)
{
	span s = { .name = "preproc", .request = {{ 3, [31] = 9 }}, .from_ns = 1700000000000000001, .to_ns = 1700000000000000009 };

	assert_true(trace_read(&s.at, slice_str(CALLER)));
	s.at = trace_below(&s.at, test_rng());
	snprintf(s.why, sizeof s.why, "%s", why);
	return s;
}

/* A collector, and who tells it, under this path, with room for so many spans. */
static tracing *telling(collector *c, const char *below, size_t queue)
{
	tracing *t = NULL;
	char url[64];

	collector_open(c);
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", c->port, below);
	const tracing_config config = config_for(url, queue);
	assert_ok(tracing_new(&t, &config));
	return t;
}

static void a_collector_gets_what_was_told_as_otlp(void **state)
{
	(void)state;
	collector c;
	tracing *t = telling(&c, "", 8);
	char path[64];
	const span s = a_span("");

	tracing_tell(t, &s);
	json_t *request = collector_take(&c, path, "200 OK");
	assert_string_equal(path, "/v1/traces");
	const char *service, *instance, *id;
	assert_int_equal(json_unpack(request, "{s:[{s:{s:[{s:{s:s}},{s:{s:s}}]}}]}", "resourceSpans", "resource", "attributes", "value",
	                             "stringValue", &service, "value", "stringValue", &instance), 0);
	assert_string_equal(service, "a \"node\"");
	assert_string_equal(instance, "node-7");
	json_t *got = json_array_get(spans_of(request), 0);
	assert_string_equal(text_of(got, "traceId"), CALLERS_TRACE);
	assert_string_equal(text_of(got, "parentSpanId"), CALLERS_SPAN);
	assert_int_equal(strlen(text_of(got, "spanId")), 2 * TRACE_SPAN);
	assert_string_equal(text_of(got, "startTimeUnixNano"), "1700000000000000001");
	assert_string_equal(text_of(got, "endTimeUnixNano"), "1700000000000000009");
	assert_null(json_object_get(got, "status"));
	assert_int_equal(json_unpack(got, "{s:[{s:{s:s}}]}", "attributes", "value", "stringValue", &id), 0);
	assert_string_equal(id, "0300000000000000000000000000000000000000000000000000000000000009");
	json_decref(request);
	tracing_free(&t);
	close(c.listener);
}

static void a_failure_is_told_with_its_sentence_and_no_byte_of_it_breaks_the_json(void **state)
{
	(void)state;
	const span s[2] = { a_span("it said \"\x1b[2J\\\" \xff\xc3\xa9\n"), a_span("plain") };
	AUTO(buf) text = { 0 };
	const char *said;
	int code;

	const tracing_config config = config_for("", 8);
	tracing_write(&text, &config, s, COUNT(s));
	json_t *j = json_loads(buf_str(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	assert_int_equal(json_array_size(spans_of(j)), 2);
	assert_int_equal(json_unpack(json_array_get(spans_of(j), 0), "{s:{s:i,s:s}}", "status", "code", &code, "message", &said), 0);
	assert_int_equal(code, 2);
	assert_string_equal(said, "it said \"?[2J\\\" ????");
	json_decref(j);
}

static void a_collector_that_is_away_costs_a_bounded_queue_and_nobody_waits(void **state)
{
	(void)state;
	enum { TOLD = 2000, QUEUE = 8 };
	collector c;
	tracing *t = telling(&c, "/v1/traces", QUEUE);             /* it listens, and says nothing */
	span s = a_span("");

	for (unsigned i = 0; i < TOLD; i++) tracing_tell(t, &s);
	assert_true(tracing_counted(t).dropped >= TOLD - QUEUE - 2);      /* who tells has not waited for room */
	s.at.flags = 0;                                            /* nobody records it */
	const uint64_t dropped = tracing_counted(t).dropped;
	for (unsigned i = 0; i < TOLD; i++) tracing_tell(t, &s);
	assert_true(tracing_counted(t).dropped <= dropped + QUEUE + 2);
	tracing_free(&t);
	tracing_tell(NULL, &s);
	close(c.listener);
}

static void what_a_collector_refuses_is_counted_as_dropped(void **state)
{
	(void)state;
	collector c;
	tracing *t = telling(&c, "/elsewhere", 8);
	char path[64];
	const span s = a_span("");

	tracing_tell(t, &s);
	json_decref(collector_take(&c, path, "503 Busy"));
	assert_string_equal(path, "/elsewhere");
	UNTIL(tracing_counted(t).dropped > 0);
	assert_int_equal(tracing_counted(t).dropped, 1);
	tracing_tell(t, &s);
	json_decref(collector_take(&c, path, "202 Accepted"));
	tracing_free(&t);
	close(c.listener);
}

static void *ask_with_trace(void *arg)
{
	const collector *c = arg;
	const slice json = slice_str("{}");
	AUTO(buf) answer = { 0 };
	char url[64];
	unsigned status;
	trace t;

	assert_true(trace_read(&t, slice_str(CALLER)));
	trace_enter(&t);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/x", c->port);
	assert_ok(fetch_ask(&answer, &status, url, NULL, &json, 100, WAIT_S * 1000));
	return NULL;
}

static void a_question_over_http_carries_the_trace_of_its_thread(void **state)
{
	(void)state;
	collector c;
	pthread_t asker;
	char path[64];

	collector_open(&c);
	assert_int_equal(pthread_create(&asker, NULL, ask_with_trace, &c), 0);
	json_decref(collector_take(&c, path, "200 OK"));
	pthread_join(asker, NULL);
	assert_string_equal(c.traceparent, CALLER);
	close(c.listener);
}

static void an_endpoint_is_a_url_without_a_password(void **state)
{
	(void)state;
	assert_null(tracing_endpoint_wrong("http://127.0.0.1:4318"));
	assert_null(tracing_endpoint_wrong("https://collector/v1/traces"));
	assert_non_null(strstr(tracing_endpoint_wrong("collector:4318"), "no URL"));
	assert_non_null(strstr(tracing_endpoint_wrong("http://me:word@collector"), "leave them out"));
}

TESTS(TEST(a_collector_gets_what_was_told_as_otlp), TEST(a_failure_is_told_with_its_sentence_and_no_byte_of_it_breaks_the_json),
      TEST(a_collector_that_is_away_costs_a_bounded_queue_and_nobody_waits), TEST(what_a_collector_refuses_is_counted_as_dropped),
      TEST(a_question_over_http_carries_the_trace_of_its_thread), TEST(an_endpoint_is_a_url_without_a_password))
