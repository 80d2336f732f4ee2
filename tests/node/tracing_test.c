/* SPDX-License-Identifier: MIT */
/* A request that comes with a trace is followed through the log and to a collector, which may as well be away. */
#include "node/tracing.h"
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hex.h"
#include "rpc/fetch.h"
#include "tests/node/client.h"

enum { WAIT_S = 20 };

static const char CALLER[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
#define CALLERS_TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define CALLERS_SPAN  "00f067aa0ba902b7"

/* ---- a collector: takes one request after the other, each on a connection of its own ---------------------------------- */

typedef struct collector { int listener; unsigned port; char traceparent[TRACE_TEXT]; } collector;

static void collector_open(collector *c)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval wait = { .tv_sec = WAIT_S };
	socklen_t n = sizeof at;

	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(c->listener, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(c->listener, 8), 0);
	assert_int_equal(setsockopt(c->listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	assert_int_equal(getsockname(c->listener, (struct sockaddr *)&at, &n), 0);
	c->port = ntohs(at.sin_port);
}

/* The path and the JSON of the next request; answered with that status. */
static json_t *collector_take(collector *c, char path[static 64], const char *status)
{
	static const char LENGTH[] = "Content-Length: ";
	AUTO(buf) all = { 0 };
	const int s = accept(c->listener, NULL, NULL);
	char piece[4096], answer[128];
	const char *end = NULL, *length = NULL;

	assert_true(s >= 0);
	while (!end || all.n < (size_t)(end + 4 - buf_str(&all)) + strtoul(length + strlen(LENGTH), NULL, 10)) {
		const ssize_t n = recv(s, piece, sizeof piece, 0);
		assert_true(n > 0);
		buf_put(&all, piece, (size_t)n);
		end = strstr(buf_str(&all), "\r\n\r\n");
		length = strstr(buf_str(&all), LENGTH);
	}
	const char *traced = strstr(buf_str(&all), "\r\ntraceparent: ");
	snprintf(c->traceparent, sizeof c->traceparent, "%s", traced ? traced + strlen("\r\ntraceparent: ") : "");
	assert_int_equal(sscanf(buf_str(&all), "POST %63s HTTP/1.1", path), 1);
	assert_non_null(strstr(buf_str(&all), "Content-Type: application/json"));
	json_t *j = json_loads(end + 4, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", status);
	assert_true(send(s, answer, strlen(answer), MSG_NOSIGNAL) > 0);
	close(s);
	return j;
}

static json_t *spans_of(json_t *request)
{
	json_t *spans;

	assert_int_equal(json_unpack(request, "{s:[{s:[{s:o}]}]}", "resourceSpans", "scopeSpans", "spans", &spans), 0);
	return spans;
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

/* ---- alone ------------------------------------------------------------------------------------------------------------ */

static node_config config_for(char *url, int64_t queue)
{
	return (node_config){ .telemetry = { .tracing_endpoint = url, .tracing_service_name = (char *)(uintptr_t)"a \"node\"",
		.tracing_otlp_timeout_ms = 500, .max_queue_size = queue, .max_export_batch_size = 2, .scheduled_delay_ms = 5 } };
}

static span a_span(const char *why)
{
	span s = { .name = "preproc", .request = {{ 3, [31] = 9 }}, .from_ns = 1700000000000000001, .to_ns = 1700000000000000009 };

	assert_true(trace_read(&s.at, slice_str(CALLER)));
	s.at = trace_below(&s.at, test_rng());
	snprintf(s.why, sizeof s.why, "%s", why);
	return s;
}

static void a_collector_gets_what_was_told_as_otlp(void **state)
{
	(void)state;
	collector c;
	tracing *t = NULL;
	char url[64], path[64];
	const span s = a_span("");

	collector_open(&c);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", c.port);
	const node_config config = config_for(url, 8);
	assert_ok(tracing_new(&t, &config, "node-7"));
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

	tracing_write(&text, "x", "y", s, COUNT(s));
	json_t *j = json_loads(buf_str(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	assert_int_equal(json_array_size(spans_of(j)), 2);
	assert_int_equal(json_unpack(json_array_get(spans_of(j), 0), "{s:{s:i,s:s}}", "status", "code", &code, "message", &said), 0);
	assert_int_equal(code, 2);
	assert_string_equal(said, "it said \"?[2J\\\" ????");
	json_decref(j);
}

static void a_collector_that_is_away_costs_a_bounded_queue_and_no_time(void **state)
{
	(void)state;
	enum { TOLD = 2000, QUEUE = 8 };
	collector c;
	tracing *t = NULL;
	char url[64];
	span s = a_span("");

	collector_open(&c);                                        /* it listens, and says nothing */
	snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/traces", c.port);
	const node_config config = config_for(url, QUEUE);
	assert_ok(tracing_new(&t, &config, "node"));
	const int64_t begun = clock_now_ms(clock_system());
	for (unsigned i = 0; i < TOLD; i++) tracing_tell(t, &s);
	assert_true(clock_now_ms(clock_system()) - begun < config.telemetry.tracing_otlp_timeout_ms);
	assert_true(tracing_counted(t).dropped >= TOLD - QUEUE - 2);
	s.at.flags = 0;                                            /* nobody records it */
	const uint64_t dropped = tracing_counted(t).dropped;
	for (unsigned i = 0; i < QUEUE; i++) tracing_tell(t, &s);
	assert_int_equal(tracing_counted(t).dropped, dropped);
	tracing_free(&t);
	tracing_tell(NULL, &s);
	close(c.listener);
}

static void what_a_collector_refuses_is_counted_as_dropped(void **state)
{
	(void)state;
	collector c;
	tracing *t = NULL;
	char url[64], path[64];
	const span s = a_span("");

	collector_open(&c);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/elsewhere", c.port);
	const node_config config = config_for(url, 8);
	assert_ok(tracing_new(&t, &config, "node"));
	tracing_tell(t, &s);
	json_decref(collector_take(&c, path, "503 Busy"));
	assert_string_equal(path, "/elsewhere");
	for (unsigned i = 0; tracing_counted(t).dropped == 0 && i < WAIT_S * 100; i++) usleep(10000);
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

/* ---- a node ------------------------------------------------------------------------------------------------------------- */

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
	TEST(a_collector_gets_what_was_told_as_otlp), TEST(a_failure_is_told_with_its_sentence_and_no_byte_of_it_breaks_the_json),
	TEST(a_collector_that_is_away_costs_a_bounded_queue_and_no_time), TEST(what_a_collector_refuses_is_counted_as_dropped),
	TEST(a_question_over_http_carries_the_trace_of_its_thread),
	TEST_IN_FOLDER(a_request_is_followed_from_its_caller_through_the_log_to_the_collector),
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, __FILE__, tests, COUNT(tests));
}
