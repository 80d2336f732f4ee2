/* SPDX-License-Identifier: MIT */
/*
 * The server's side of HTTP/2, frame by frame: one thread, a clock that the test moves, peers that do as they like.
 */
#include "tests/test.h"
#include "rpc/listen.h"
#include "tests/rpc/wire.h"
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a server without sockets ---------------------------------------------------------------------------------- */

static int64_t now_ms;
static int64_t test_now(void *ctx) { (void)ctx; return now_ms; }
static const clock_source TEST_CLOCK = { NULL, test_now, test_now };

static rpc_call *held[64];
static slice held_request;
static unsigned n_held;

static void echo(void *ctx, rpc_call *call, slice request) { (void)ctx; rpc_reply(call, request); }
static void refuse(void *ctx, rpc_call *call, slice request)
{
	(void)ctx;
	rpc_fail_details(call, GRPC_FAILED_PRECONDITION, "100 % Schl\xc3\xbcssel\n\xff", request);
}
static void hold(void *ctx, rpc_call *call, slice request) { (void)ctx; held_request = request; held[n_held++] = call; }
static void count(void *ctx, rpc_call *call, slice request)
{
	char text[32];
	(void)ctx;
	snprintf(text, sizeof text, "%zu", request.n);
	rpc_reply(call, slice_str(text));
}

static const rpc_method METHODS[] = {
	{ "/t.T/Echo", echo, NULL }, { "/t.T/Refuse", refuse, NULL }, { "/t.T/Hold", hold, NULL }, { "/t.T/Count", count, NULL },
};

static reactor *loop;
static rpc_server *server;

static void start(const rpc_limits *limits)
{
	now_ms = 1000000;
	n_held = 0;
	assert_ok(reactor_new(&loop, &TEST_CLOCK));
	assert_ok(server_new(&server, loop, METHODS, COUNT(METHODS), limits));
}

static void assert_no_charge(void)
{
	for (unsigned i = 0; i < H2_CLASSES; i++) assert_int_equal(server->group.buffered[i], 0);
}

static void stop(void)
{
	assert_no_charge();
	assert_int_equal(server->group.n_connections, 0);
	assert_int_equal(server->held, 0);
	rpc_server_free(&server);
	reactor_free(&loop);
}

static void assert_status(const wire *w, uint32_t stream, grpc_status code, const char *says)
{
	seen s;
	wire_see(w, &s, stream);
	assert_string_equal(s.http, "200");
	assert_true(s.ended);
	assert_int_equal(atoi(s.status), code);
	assert_true(s.status[0]);
	if (!strstr(s.message, says)) fail_msg("'%s' does not say '%s'", s.message, says);
	seen_free(&s);
}

static void assert_echoed(const wire *w, uint32_t stream, slice message)
{
	seen s;
	wire_see(w, &s, stream);
	assert_string_equal(s.status, "0");
	assert_true(s.ended);
	assert_int_equal(s.data.n, message.n + FRAME_PREFIX);
	assert_memory_equal(s.data.p + FRAME_PREFIX, message.p, message.n);
	seen_free(&s);
}

/* The server still serves whoever comes next. */
static void assert_alive(void)
{
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Echo", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_str("alive"));
	wire_turn(w);
	assert_echoed(w, 1, slice_str("alive"));
	wire_free(w);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void a_message_split_at_every_byte_comes_back(void **state)
{
	(void)state;
	buf all = { 0 };
	start(NULL);
	raw_hello(&all);
	raw_call(&all, 1, "/t.T/Echo", NULL);
	raw_data(&all, 1, 0, slice_of("\0\0", 2));
	raw_data(&all, 1, 0, (slice){ 0 });
	raw_data(&all, 1, 0, slice_of("\0\0\003a", 4));
	raw_data(&all, 1, END_STREAM, slice_of("bc", 2));
	wire *w = wire_new(server);
	for (size_t i = 0; i < all.n; i++) {
		buf_put(&w->to, all.p + i, 1);
		wire_turn(w);
	}
	assert_echoed(w, 1, slice_str("abc"));
	wire_free(w);
	buf_free(&all);
	stop();
}

static void an_answer_written_a_few_bytes_at_a_time_is_whole(void **state)
{
	(void)state;
	buf message = { 0 };
	start(NULL);
	rng_fill(test_rng(), buf_grow(&message, 60000), 60000);
	wire *w = wire_new(server);
	w->patience = 7;
	raw_hello(&w->to);
	raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 0, 1 << 20);
	raw_call(&w->to, 1, "/t.T/Echo", NULL);
	raw_message(&w->to, 1, END_STREAM, buf_slice(&message));
	raw_call(&w->to, 3, "/t.T/Echo", NULL);
	raw_message(&w->to, 3, END_STREAM, slice_str("second"));
	wire_turn(w);
	assert_echoed(w, 1, buf_slice(&message));
	assert_echoed(w, 3, slice_str("second"));
	wire_free(w);
	buf_free(&message);
	stop();
}

static void a_failure_carries_its_sentence_and_details(void **state)
{
	(void)state;
	seen s;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Refuse", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_of("\x08\x09\xff\xfe", 4));
	wire_turn(w);
	wire_see(w, &s, 1);
	assert_string_equal(s.status, "9");
	assert_string_equal(s.message, "100 %25 Schl%C3%BCssel%0A%EF%BF%BD");
	assert_string_equal(s.details, "CAn//g");
	seen_free(&s);
	wire_free(w);
	stop();
}

static void an_unknown_method_is_unimplemented_before_its_message_came(void **state)
{
	(void)state;
	seen s;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Nothing", NULL);
	wire_turn(w);
	assert_status(w, 1, GRPC_UNIMPLEMENTED, "/t.T/Nothing");
	wire_see(w, &s, 1);
	assert_true(s.reset);                        /* the client need not send the rest */
	assert_int_equal(s.reset_code, NGHTTP2_NO_ERROR);
	seen_free(&s);
	raw_call(&w->to, 3, "/t.T/Echo", NULL);
	raw_message(&w->to, 3, END_STREAM, slice_str("next"));
	wire_turn(w);
	assert_echoed(w, 3, slice_str("next"));
	wire_free(w);
	stop();
}

static void other_content_types_and_methods_get_http_statuses(void **state)
{
	(void)state;
	static const char *const web[][2] = {
		{ ":method", "GET" }, { ":scheme", "http" }, { ":path", "/" }, { ":authority", "test" },
	};
	static const char *const json[][2] = {
		{ ":method", "POST" }, { ":scheme", "http" }, { ":path", "/t.T/Echo" }, { ":authority", "test" },
		{ "content-type", "application/json" },
	};
	static const char *const proto[][2] = {
		{ ":method", "POST" }, { ":scheme", "http" }, { ":path", "/t.T/Echo" }, { ":authority", "test" },
		{ "content-type", "application/grpc+proto" },
	};
	seen s;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_headers(&w->to, 1, END_STREAM, web, COUNT(web));
	raw_headers(&w->to, 3, END_STREAM, json, COUNT(json));
	raw_headers(&w->to, 5, 0, proto, COUNT(proto));
	raw_message(&w->to, 5, END_STREAM, slice_str("x"));
	wire_turn(w);
	wire_see(w, &s, 1);
	assert_string_equal(s.http, "405");
	seen_free(&s);
	wire_see(w, &s, 3);
	assert_string_equal(s.http, "415");
	seen_free(&s);
	assert_echoed(w, 5, slice_str("x"));
	wire_free(w);
	stop();
}

static void a_handler_reads_the_metadata(void **state)
{
	(void)state;
	const char *const trace[2] = { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", trace);
	raw_message(&w->to, 1, END_STREAM, slice_str("x"));
	wire_turn(w);
	assert_int_equal(n_held, 1);
	assert_true(slice_eq_var(rpc_call_traceparent(held[0]), slice_str(trace[1])));
	assert_string_equal(rpc_call_path(held[0]), "/t.T/Hold");
	rpc_reply(held[0], slice_str(""));
	wire_turn(w);
	assert_echoed(w, 1, (slice){ (const uint8_t *)"", 0 });
	wire_free(w);
	stop();
}

static void a_trace_that_is_too_long_is_not_kept(void **state)
{
	(void)state;
	char longest[130];
	memset(longest, '0', sizeof longest - 1);
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	for (uint32_t i = 0; i < 2; i++) {
		longest[129 - i] = '\0';
		raw_call(&w->to, 2 * i + 1, "/t.T/Hold", (const char *const[2]){ "traceparent", longest });
		raw_message(&w->to, 2 * i + 1, END_STREAM, slice_str("x"));
		wire_turn(w);
	}
	assert_int_equal(rpc_call_traceparent(held[0]).n, 0);
	assert_true(slice_eq_var(rpc_call_traceparent(held[1]), slice_str(longest)));
	rpc_reply(held[0], slice_str("")), rpc_reply(held[1], slice_str(""));
	wire_turn(w);
	wire_free(w);
	stop();
}

/* ---- framing and limits ----------------------------------------------------------------------------------------- */

typedef struct bad { slice bytes; grpc_status code; const char *says; } bad;

static void broken_messages_are_answered_and_the_connection_lives(void **state)
{
	(void)state;
	static const bad BAD[] = {
		{ { (const uint8_t *)"", 0 }, GRPC_INTERNAL, "ended before" },
		{ { (const uint8_t *)"\0\0\0", 3 }, GRPC_INTERNAL, "ended before" },
		{ { (const uint8_t *)"\0\0\0\0\004abc", 8 }, GRPC_INTERNAL, "ended before" },
		{ { (const uint8_t *)"\0\0\0\0\002abc", 8 }, GRPC_INTERNAL, "more bytes" },
		{ { (const uint8_t *)"\0\0\0\0\001a\0\0\0\0\001a", 12 }, GRPC_INTERNAL, "more bytes" },
		{ { (const uint8_t *)"\001\0\0\0\001a", 6 }, GRPC_UNIMPLEMENTED, "compressed" },
		{ { (const uint8_t *)"\002\0\0\0\001a", 6 }, GRPC_INTERNAL, "flag byte 2" },
		{ { (const uint8_t *)"\0\377\377\377\377a", 6 }, GRPC_RESOURCE_EXHAUSTED, "4294967295 bytes, the limit is" },
	};
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	for (uint32_t i = 0; i < COUNT(BAD); i++) {
		raw_call(&w->to, 2 * i + 1, "/t.T/Echo", NULL);
		raw_data(&w->to, 2 * i + 1, END_STREAM, BAD[i].bytes);
		wire_turn(w);
		assert_status(w, 2 * i + 1, BAD[i].code, BAD[i].says);
	}
	raw_call(&w->to, 99, "/t.T/Echo", NULL);
	raw_message(&w->to, 99, END_STREAM, slice_str("fine"));
	wire_turn(w);
	assert_echoed(w, 99, slice_str("fine"));
	wire_free(w);
	stop();
}

static void headers_beyond_the_limit_are_refused(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	char longest[5000];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	const char *const extra[2] = { "x-long", longest };
	limits.header_bytes = 4096;
	start(&limits);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Echo", extra);
	raw_message(&w->to, 1, END_STREAM, slice_str("x"));
	wire_turn(w);
	assert_status(w, 1, GRPC_RESOURCE_EXHAUSTED, "4096");
	wire_free(w);
	assert_alive();
	stop();
}

/* Bytes allocated; always 0 where the C library or a sanitizer does not tell. */
static size_t allocated(void)
{
#ifdef __GLIBC__
	return mallinfo2().uordblks;
#else
	return 0;
#endif
}

static void headers_are_not_kept_while_a_call_waits(void **state)
{
	(void)state;
	enum { CALLS = 200 };
	char longest[8001];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	buf_reserve(&w->to, 2 * CALLS * sizeof longest);
	buf_reserve(&w->from, 2 * CALLS * sizeof longest);
	wire_turn(w);
	size_t before = allocated();
	for (uint32_t i = 0; i < CALLS; i++) raw_call(&w->to, 2 * i + 1, "/t.T/Echo", (const char *const[2]){ "x-long", longest });
	wire_turn(w);
	assert_in_range(allocated() - before, 0, CALLS * 3000);
	for (uint32_t i = 0; i < CALLS; i++) raw_message(&w->to, 2 * i + 1, END_STREAM, slice_str("x"));
	wire_turn(w);
	assert_echoed(w, 1, slice_str("x"));
	assert_echoed(w, 2 * CALLS - 1, slice_str("x"));
	wire_free(w);
	stop();
}

static void a_malformed_timeout_is_refused(void **state)
{
	(void)state;
	static const char *const BAD[] = { "5", "S", "5x", "123456789S", "-1S", "1.5S" };
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	for (uint32_t i = 0; i < COUNT(BAD); i++) {
		const char *const extra[2] = { "grpc-timeout", BAD[i] };
		raw_call(&w->to, 2 * i + 1, "/t.T/Echo", extra);
		wire_turn(w);
		assert_status(w, 2 * i + 1, GRPC_INTERNAL, "grpc-timeout");
	}
	wire_free(w);
	stop();
}

static void streams_beyond_the_limit_are_refused(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	seen s;
	limits.streams = 4;
	start(&limits);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	wire_turn(w);
	raw_frame(&w->to, NGHTTP2_SETTINGS, ACK, 0, (slice){ 0 });
	for (uint32_t i = 0; i < 6; i++) {
		raw_call(&w->to, 2 * i + 1, "/t.T/Hold", NULL);
		raw_message(&w->to, 2 * i + 1, END_STREAM, slice_str("x"));
	}
	wire_turn(w);
	assert_int_equal(n_held, 4);
	wire_see(w, &s, 11);
	assert_true(s.reset || s.goaways);
	seen_free(&s);
	for (unsigned i = 0; i < 4; i++) rpc_reply(held[i], slice_str(""));
	wire_free(w);
	assert_alive();
	stop();
}

static void calls_beyond_the_limit_are_told_to_come_later(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.calls = 2;
	start(&limits);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	for (uint32_t i = 0; i < 3; i++) {
		raw_call(&w->to, 2 * i + 1, "/t.T/Hold", NULL);
		raw_message(&w->to, 2 * i + 1, END_STREAM, slice_str("x"));
	}
	wire_turn(w);
	assert_int_equal(n_held, 2);
	assert_status(w, 5, GRPC_RESOURCE_EXHAUSTED, "too many calls");
	for (unsigned i = 0; i < 2; i++) rpc_reply(held[i], slice_str(""));
	wire_turn(w);
	assert_echoed(w, 1, (slice){ (const uint8_t *)"", 0 });
	wire_free(w);
	stop();
}

/* ---- budget and windows ------------------------------------------------------------------------------------------ */

static void announce(wire *w, uint32_t stream, const char *path, size_t size)
{
	uint8_t prefix[FRAME_PREFIX];
	frame_prefix(prefix, size);
	raw_call(&w->to, stream, path, NULL);
	raw_data(&w->to, stream, 0, slice_of(prefix, sizeof prefix));
}

static uint64_t window_of(const wire *w, uint32_t stream)
{
	seen s;
	wire_see(w, &s, stream);
	seen_free(&s);
	return s.window;
}

static void a_window_opens_exactly_for_a_message_that_fits_the_budget(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1 << 20, limits.buffered = 2 << 20, limits.buffered_all = 5 << 20;
	start(&limits);
	uint8_t *zeros = calloc(1, 1 << 20);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	announce(w, 1, "/t.T/Count", 1 << 20);
	announce(w, 3, "/t.T/Count", 1 << 20);               /* does not fit beside the first: parked */
	wire_turn(w);
	assert_int_equal(window_of(w, 1) + H2_FIRST_WINDOW, (1 << 20) + FRAME_PREFIX);
	assert_int_equal(window_of(w, 3), 0);

	raw_data(&w->to, 3, 0, slice_of(zeros, 16384));      /* what the first window lets in is kept */
	for (unsigned i = 0; i < 64; i++) raw_data(&w->to, 1, i == 63 ? END_STREAM : 0, slice_of(zeros, 16384));
	wire_turn(w);
	assert_echoed(w, 1, slice_str("1048576"));
	assert_int_equal(window_of(w, 3) + H2_FIRST_WINDOW, (1 << 20) + FRAME_PREFIX);
	for (unsigned i = 1; i < 64; i++) raw_data(&w->to, 3, i == 63 ? END_STREAM : 0, slice_of(zeros, 16384));
	wire_turn(w);
	assert_echoed(w, 3, slice_str("1048576"));
	free(zeros);
	wire_free(w);
	stop();
}

static void a_connection_that_parks_does_not_hold_up_another(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1 << 20, limits.buffered = 2 << 20, limits.buffered_all = 5 << 20;
	start(&limits);
	wire *w = wire_new(server), *v = wire_new(server);
	raw_hello(&w->to);
	raw_hello(&v->to);
	announce(w, 1, "/t.T/Count", 1 << 20), announce(w, 3, "/t.T/Count", 1 << 20);
	wire_turn(w);
	announce(w, 5, "/t.T/Count", 100000);                /* would fit, but waits behind its elder */
	announce(v, 1, "/t.T/Count", 1 << 20);
	wire_turn(w), wire_turn(v);
	assert_int_equal(window_of(w, 5), 0);
	assert_int_equal(window_of(v, 1) + H2_FIRST_WINDOW, (1 << 20) + FRAME_PREFIX);
	raw_number(&w->to, NGHTTP2_RST_STREAM, 1, NGHTTP2_CANCEL);
	wire_turn(w);
	assert_int_equal(window_of(w, 3) + H2_FIRST_WINDOW, (1 << 20) + FRAME_PREFIX);
	assert_int_equal(window_of(w, 5) + H2_FIRST_WINDOW, 100000 + FRAME_PREFIX);
	wire_free(w);
	wire_free(v);
	stop();
}

static void a_parked_message_that_is_given_up_leaves_no_trace(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1 << 20, limits.buffered = 2 << 20, limits.buffered_all = 5 << 20;
	start(&limits);
	wire *w = wire_new(server), *v = wire_new(server);
	raw_hello(&w->to);
	raw_hello(&v->to);
	for (uint32_t i = 1; i < 8; i += 2) announce(w, i, "/t.T/Count", 1 << 20), announce(v, i, "/t.T/Count", 1 << 20);
	wire_turn(w), wire_turn(v);
	assert_false(list_empty(&server->group.parked));
	raw_number(&w->to, NGHTTP2_RST_STREAM, 3, NGHTTP2_CANCEL);
	raw_data(&w->to, 5, END_STREAM, (slice){ 0 });       /* ends before its message */
	raw_data(&v->to, 5, END_STREAM, (slice){ 0 });
	wire_turn(w), wire_turn(v);
	assert_status(w, 5, GRPC_INTERNAL, "ended before");
	wire_free(w);
	wire_free(v);
	assert_alive();
	stop();
}

static void a_small_message_beyond_the_budget_is_told_to_come_later(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1000, limits.buffered = limits.buffered_all = 4000;      /* a quarter for small ones */
	uint8_t bytes[900] = { 0 };
	start(&limits);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_of(bytes, sizeof bytes));
	raw_call(&w->to, 3, "/t.T/Count", NULL);
	raw_message(&w->to, 3, END_STREAM, slice_of(bytes, sizeof bytes));
	wire_turn(w);
	assert_status(w, 3, GRPC_RESOURCE_EXHAUSTED, "try again later");
	rpc_reply(held[0], slice_of(bytes, sizeof bytes));   /* fits again: the request is no longer needed */
	wire_turn(w);
	assert_echoed(w, 1, slice_of(bytes, sizeof bytes));
	wire_free(w);
	stop();
}

/* A client that says hello and takes no byte of any answer until it opens a stream's window. */
static void close_windows(wire *w)
{
	buf_put_str(&w->to, NGHTTP2_CLIENT_MAGIC);
	raw_frame(&w->to, NGHTTP2_SETTINGS, 0, 0, slice_of("\0\004\0\0\0\0", 6));     /* INITIAL_WINDOW_SIZE 0 */
	wire_turn(w);
}

/* Says hello unless that was done, and makes n calls. */
static void hold_calls(wire *w, unsigned n)
{
	if (w->to.n == 0) raw_hello(&w->to);
	for (uint32_t i = 0; i < n; i++) {
		raw_call(&w->to, 2 * i + 1, "/t.T/Hold", NULL);
		raw_message(&w->to, 2 * i + 1, END_STREAM, slice_str("x"));
	}
	wire_turn(w);
	assert_int_equal(n_held, n);
}

static void an_answer_beyond_the_budget_is_told_to_come_later_and_not_kept(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1000, limits.buffered = limits.buffered_all = 4000;
	uint8_t bytes[900] = { 0 };
	start(&limits);
	wire *w = wire_new(server);
	close_windows(w);
	hold_calls(w, 3);
	for (unsigned i = 0; i < 3; i++) {
		rpc_reply(held[i], slice_of(bytes, sizeof bytes));
		assert_int_equal(server->group.buffered[H2_SMALL], sizeof bytes + 2 - i);   /* at once: one answer, requests */
	}
	wire_turn(w);
	assert_int_equal(server->group.buffered[H2_SMALL], sizeof bytes);
	raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 1, 1 << 20);
	wire_turn(w);
	assert_echoed(w, 1, slice_of(bytes, sizeof bytes));
	assert_status(w, 3, GRPC_RESOURCE_EXHAUSTED, "try again later");
	assert_status(w, 5, GRPC_RESOURCE_EXHAUSTED, "try again later");
	assert_no_charge();
	wire_free(w);
	stop();
}

static void the_budget_of_all_connections_bounds_their_answers_together(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1000, limits.buffered = limits.buffered_all = 4000;
	uint8_t bytes[600] = { 0 };
	start(&limits);
	wire *w = wire_new(server), *v = wire_new(server);
	close_windows(w), close_windows(v);
	hold_calls(w, 1);
	rpc_call *first = held[0];
	n_held = 0;
	hold_calls(v, 1);
	rpc_reply(first, slice_of(bytes, sizeof bytes)), rpc_reply(held[0], slice_of(bytes, sizeof bytes));
	wire_turn(w), wire_turn(v);
	assert_int_equal(server->group.buffered[H2_SMALL], sizeof bytes);
	raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 1, 1 << 20);
	wire_turn(w);
	assert_echoed(w, 1, slice_of(bytes, sizeof bytes));
	assert_status(v, 1, GRPC_RESOURCE_EXHAUSTED, "try again later");
	wire_free(w);
	wire_free(v);
	stop();
}

/* Four take all that four may take, and no answer of theirs is ever read; whoever comes next is answered all the same. */
static void connections_that_take_no_answer_leave_room_for_the_next_one(void **state)
{
	(void)state;
	enum { GREEDY = 4, CALLS = 10, BYTES = 100 };
	rpc_limits limits = rpc_limits_default();
	limits.message = CALLS * BYTES, limits.buffered = 4 * CALLS * BYTES, limits.buffered_all = GREEDY * limits.buffered;
	uint8_t bytes[BYTES] = { 0 };
	wire *greedy[GREEDY];
	start(&limits);
	for (unsigned i = 0; i < GREEDY; i++) {
		wire *w = greedy[i] = wire_new(server);
		close_windows(w);
		for (uint32_t k = 0; k < CALLS; k++) {
			raw_call(&w->to, 2 * k + 1, "/t.T/Echo", NULL);
			raw_message(&w->to, 2 * k + 1, END_STREAM, slice_of(bytes, sizeof bytes));
		}
		wire_turn(w);
		if (i == 0) assert_int_equal(server->group.buffered[H2_SMALL], CALLS * BYTES);      /* one alone has all of its part */
	}
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Echo", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_of(bytes, sizeof bytes));
	wire_turn(w);
	assert_echoed(w, 1, slice_of(bytes, sizeof bytes));
	wire_free(w);
	for (unsigned i = 0; i < GREEDY; i++) wire_free(greedy[i]);
	stop();
}

static void an_answer_nobody_waits_for_is_not_kept(void **state)
{
	(void)state;
	uint8_t bytes[900] = { 0 };
	start(NULL);
	wire *w = wire_new(server);
	hold_calls(w, 2);
	raw_number(&w->to, NGHTTP2_RST_STREAM, 1, NGHTTP2_CANCEL);
	wire_turn(w);
	rpc_reply(held[0], slice_of(bytes, sizeof bytes));
	assert_int_equal(server->group.buffered[H2_SMALL], 2);       /* the requests */
	now_ms += rpc_limits_default().call_ms;
	raw_frame(&w->to, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));
	wire_turn(w);
	assert_int_equal(server->group.buffered[H2_SMALL], 1);
	rpc_reply(held[1], slice_of(bytes, sizeof bytes));
	assert_int_equal(server->group.buffered[H2_SMALL], 1);
	wire_turn(w);
	assert_no_charge();
	wire_free(w);
	stop();
}

static void a_refused_call_gives_its_request_back_before_it_ends(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	hold_calls(w, 1);
	w->stuck = true;
	rpc_fail(held[0], GRPC_NOT_FOUND, "not here");
	wire_turn(w);
	assert_no_charge();
	w->stuck = false;
	wire_turn(w);
	assert_status(w, 1, GRPC_NOT_FOUND, "not here");
	wire_free(w);
	stop();
}

static void an_answer_longer_than_the_limit_becomes_a_failure(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	uint8_t bytes[101] = { 0 };
	limits.message = 100;
	start(&limits);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_str(""));
	wire_turn(w);
	rpc_reply(held[0], slice_of(bytes, sizeof bytes));
	wire_turn(w);
	assert_status(w, 1, GRPC_RESOURCE_EXHAUSTED, "101 bytes, the limit is 100");
	wire_free(w);
	stop();
}

/* ---- time ----------------------------------------------------------------------------------------------------------- */

static void a_passed_deadline_is_answered_and_the_late_answer_dropped(void **state)
{
	(void)state;
	const char *const timeout[2] = { "grpc-timeout", "50m" };
	seen s;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", timeout);
	raw_message(&w->to, 1, END_STREAM, slice_str("request"));
	wire_turn(w);
	now_ms += 49;
	wire_turn(w);
	assert_false(rpc_call_cancelled(held[0]));
	now_ms += 1;
	wire_turn(w);
	assert_status(w, 1, GRPC_DEADLINE_EXCEEDED, "deadline");
	assert_true(rpc_call_cancelled(held[0]));
	assert_true(slice_eq_var(held_request, slice_str("request")));       /* valid until it is answered */
	rpc_reply(held[0], slice_str("late"));
	wire_turn(w);
	wire_see(w, &s, 1);
	assert_int_equal(s.data.n, 0);
	seen_free(&s);
	wire_free(w);
	stop();
}

/* Given 20 ms and answered in time; but they pass before the answer's first byte is written. */
static void an_answer_on_its_way_is_not_cut_off_by_the_deadline(void **state)
{
	(void)state;
	const char *const timeout[2] = { "grpc-timeout", "20m" };
	seen s;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", timeout);
	raw_message(&w->to, 1, END_STREAM, slice_str("request"));
	wire_turn(w);
	rpc_reply(held[0], slice_str("in time"));
	now_ms += 20;
	reactor_turn(server->reactor, 0);            /* the answer, then the timer; the connection's turn comes after */
	wire_turn(w);
	assert_status(w, 1, GRPC_OK, "");
	wire_see(w, &s, 1);
	assert_true(s.ended);
	assert_false(s.reset);
	seen_free(&s);
	assert_no_charge();
	wire_free(w);
	stop();
}

static void a_request_that_stops_half_way_is_given_up(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	announce(w, 1, "/t.T/Echo", 1000);
	wire_turn(w);
	now_ms += rpc_limits_default().receive_ms;
	wire_turn(w);
	assert_status(w, 1, GRPC_DEADLINE_EXCEEDED, "did not arrive");
	assert_no_charge();
	wire_free(w);
	stop();
}

static void an_answer_the_client_does_not_take_is_given_up(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	buf message = { 0 };
	seen s;
	limits.call_ms = limits.untaken_ms / 2;
	start(&limits);
	memset(buf_grow(&message, 200000), 1, 200000);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_str(""));
	wire_turn(w);
	rpc_reply(held[0], buf_slice(&message));
	wire_turn(w);
	wire_see(w, &s, 1);
	assert_int_equal(s.data.n, 65535);                   /* the window the client gave */
	assert_false(s.ended);
	seen_free(&s);
	now_ms += limits.call_ms;
	raw_frame(&w->to, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));      /* still there */
	wire_turn(w);
	wire_see(w, &s, 1);
	assert_true(s.reset);
	assert_int_equal(s.reset_code, NGHTTP2_CANCEL);
	seen_free(&s);
	assert_no_charge();
	wire_free(w);
	buf_free(&message);
	stop();
}

/* Holds a call of w, and answers it with more than the first window lets through. */
static void answer_at_length(wire *w)
{
	buf message = { 0 };

	memset(buf_grow(&message, 200000), 1, 200000);
	hold_calls(w, 1);
	rpc_reply(held[0], buf_slice(&message));
	n_held = 0;
	buf_free(&message);
}

/* Some time passes, in which the peer shows that it lives. */
static void live_on(wire *w, int64_t ms)
{
	now_ms += ms;
	raw_frame(&w->to, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));
	wire_turn(w);
}

static void who_speaks_and_takes_no_answer_is_left(void **state)
{
	(void)state;
	const int64_t untaken_ms = rpc_limits_default().untaken_ms;
	for (unsigned full = 0; full < 2; full++) {
		start(NULL);
		wire *w = wire_new(server);
		raw_hello(&w->to);
		wire_turn(w);
		w->stuck = full;                             /* its socket; or else its window is shut */
		answer_at_length(w);
		wire_turn(w);
		for (unsigned i = 0; i < 3; i++) live_on(w, untaken_ms / 3 - 1);
		assert_false(w->gone);
		live_on(w, 3);
		assert_true(w->gone);
		assert_no_charge();
		wire_free(w);
		stop();
	}
}

static void who_takes_a_byte_at_a_time_is_not_left(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	answer_at_length(w);
	wire_turn(w);
	for (unsigned i = 0; i < 20; i++) {
		raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 0, 1);
		raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 1, 1);
		live_on(w, rpc_limits_default().untaken_ms - 1);
		assert_false(w->gone);
	}
	raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 0, 1 << 20);
	raw_number(&w->to, NGHTTP2_WINDOW_UPDATE, 1, 1 << 20);
	live_on(w, 1);
	assert_status(w, 1, GRPC_OK, "");
	assert_no_charge();
	wire_free(w);
	stop();
}

static void a_silent_peer_is_pinged_and_then_left(void **state)
{
	(void)state;
	const rpc_limits limits = rpc_limits_default();
	seen s;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	wire_turn(w);
	now_ms += limits.keepalive_ms;
	wire_turn(w);
	wire_see(w, &s, 0);
	assert_int_equal(s.pings, 1);
	seen_free(&s);

	now_ms += 1;
	raw_frame(&w->to, NGHTTP2_PING, ACK, 0, slice_of("\0\0\0\0\0\0\0", 8));
	wire_turn(w);
	now_ms += limits.keepalive_wait_ms;
	wire_turn(w);
	assert_false(w->gone);                               /* it answered */

	for (unsigned i = 0; i < 3; i++) now_ms += limits.keepalive_ms, wire_turn(w);
	assert_true(w->gone);
	wire_see(w, &s, 0);
	assert_int_equal(s.goaways, 1);                      /* for one that only stood still: its next call was not taken */
	seen_free(&s);
	wire_free(w);
	stop();
}

static void a_peer_that_never_speaks_http2_is_left(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server), *v = wire_new(server);
	buf_put_str(&v->to, NGHTTP2_CLIENT_MAGIC);
	wire_turn(w);
	now_ms += rpc_limits_default().handshake_ms;
	wire_turn(w), wire_turn(v);
	assert_true(w->gone);
	assert_true(v->gone);
	wire_free(w);
	wire_free(v);
	stop();
}

/* ---- idle connections -------------------------------------------------------------------------------------------------- */

enum { IDLE_MS = 1000 };

static void start_impatient(unsigned connections)
{
	rpc_limits limits = rpc_limits_default();
	limits.idle_ms = IDLE_MS;
	limits.connections = connections;
	start(&limits);
}

static void a_connection_without_calls_is_told_to_go_and_closed(void **state)
{
	(void)state;
	seen s;
	start_impatient(10);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	wire_turn(w);
	now_ms += IDLE_MS - 1;
	raw_call(&w->to, 1, "/t.T/Echo", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_str("x"));
	wire_turn(w);
	now_ms += IDLE_MS - 1;                               /* since the call */
	raw_frame(&w->to, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));      /* is no call */
	wire_turn(w);
	assert_false(w->gone);
	now_ms += 1;
	wire_turn(w);
	wire_see(w, &s, 0);
	assert_int_equal(s.goaways, 1);
	seen_free(&s);
	assert_true(w->gone);
	wire_free(w);
	assert_alive();
	stop();
}

static void a_connection_with_a_call_is_not_idle(void **state)
{
	(void)state;
	start_impatient(10);
	wire *w = wire_new(server);
	hold_calls(w, 1);
	now_ms += 10 * IDLE_MS;
	wire_turn(w);
	assert_false(w->gone);
	rpc_reply(held[0], slice_str("done"));
	wire_turn(w);
	assert_echoed(w, 1, slice_str("done"));
	assert_false(w->gone);
	now_ms += IDLE_MS;
	wire_turn(w);
	assert_true(w->gone);
	wire_free(w);
	stop();
}

static void an_idle_peer_that_does_not_listen_is_closed_as_well(void **state)
{
	(void)state;
	start_impatient(10);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	wire_turn(w);
	w->stuck = true;
	now_ms += IDLE_MS;
	wire_turn(w);
	assert_false(w->gone);
	for (unsigned i = 0; i < 20 && !w->gone; i++) {
		now_ms += 500;
		raw_frame(&w->to, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));
		wire_turn(w);
	}
	assert_true(w->gone);
	wire_free(w);
	stop();
}

static void one_connection_too_many_takes_the_place_of_the_idlest(void **state)
{
	(void)state;
	seen s;
	start_impatient(3);
	wire *busy = wire_new(server);
	hold_calls(busy, 1);
	now_ms += 1;
	wire *first = wire_new(server);
	raw_hello(&first->to);
	wire_turn(first);
	now_ms += 1;
	wire *second = wire_new(server);
	raw_hello(&second->to);
	wire_turn(second);
	now_ms += 1;
	raw_call(&first->to, 1, "/t.T/Echo", NULL);          /* from here on the second is the idlest */
	raw_message(&first->to, 1, END_STREAM, slice_str("x"));
	wire_turn(first);

	wire *third = wire_new(server);
	assert_true(second->gone);
	wire_see(second, &s, 0);
	assert_int_equal(s.goaways, 1);
	seen_free(&s);
	assert_false(busy->gone || first->gone || third->gone);
	raw_call(&first->to, 3, "/t.T/Hold", NULL);
	raw_message(&first->to, 3, END_STREAM, slice_str("x"));
	raw_hello(&third->to);
	raw_call(&third->to, 1, "/t.T/Hold", NULL);
	raw_message(&third->to, 1, END_STREAM, slice_str("x"));
	wire_turn(first), wire_turn(third);
	assert_int_equal(n_held, 3);
	wire *fourth = wire_new(server);                     /* now everybody has a call */
	assert_true(fourth->gone);
	assert_false(busy->gone || first->gone || third->gone);
	for (unsigned i = 0; i < 3; i++) rpc_reply(held[i], slice_str("done"));
	wire_turn(busy), wire_turn(first), wire_turn(third);
	assert_echoed(busy, 1, slice_str("done"));
	assert_echoed(third, 1, slice_str("done"));
	wire_free(busy), wire_free(first), wire_free(second), wire_free(third), wire_free(fourth);
	stop();
}

static void who_does_not_finish_a_request_holds_no_place_for_long(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 1 << 20, limits.buffered = 2 << 20, limits.buffered_all = 5 << 20, limits.connections = 4;
	start(&limits);
	wire *busy = wire_new(server), *parks = wire_new(server), *silent = wire_new(server), *slow = wire_new(server);
	hold_calls(busy, 1);
	raw_hello(&parks->to), raw_hello(&silent->to), raw_hello(&slow->to);
	announce(parks, 1, "/t.T/Hold", 1 << 20), announce(parks, 3, "/t.T/Hold", 1 << 20);     /* the second waits for us */
	raw_call(&silent->to, 1, "/t.T/Hold", NULL);
	announce(slow, 1, "/t.T/Hold", 1);
	wire_turn(parks), wire_turn(silent), wire_turn(slow);
	assert_false(list_empty(&server->group.parked));

	now_ms += 999;                                       /* uploads that go on do not end each other */
	raw_data(&slow->to, 1, END_STREAM, slice_str("x"));
	wire *one = wire_new(server);
	assert_true(one->gone);
	assert_false(busy->gone || parks->gone || silent->gone || slow->gone);
	wire_free(one);
	now_ms += 1;
	wire_turn(slow);
	one = wire_new(server);
	assert_true(silent->gone);
	assert_false(one->gone || busy->gone || parks->gone || slow->gone);
	raw_hello(&one->to);
	raw_call(&one->to, 1, "/t.T/Hold", NULL);
	raw_message(&one->to, 1, END_STREAM, slice_str("x"));
	wire_turn(one);
	now_ms += 1000;
	wire *another = wire_new(server);                    /* what is left waits for us */
	assert_true(another->gone);
	assert_false(one->gone || busy->gone || parks->gone || slow->gone);
	while (n_held) rpc_reply(held[--n_held], slice_str("done"));
	wire_turn(busy), wire_turn(slow), wire_turn(one);
	assert_echoed(busy, 1, slice_str("done"));
	assert_echoed(slow, 1, slice_str("done"));
	assert_echoed(one, 1, slice_str("done"));
	wire_free(busy), wire_free(parks), wire_free(silent), wire_free(slow), wire_free(one), wire_free(another);
	stop();
}

static void who_takes_no_answer_makes_room(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.connections = 2;
	start(&limits);
	wire *deaf = wire_new(server);
	raw_hello(&deaf->to);
	answer_at_length(deaf);
	wire_turn(deaf);
	wire *busy = wire_new(server);
	hold_calls(busy, 1);
	live_on(deaf, 999);
	wire *one = wire_new(server);
	assert_true(one->gone);
	assert_false(deaf->gone || busy->gone);
	wire_free(one);
	live_on(deaf, 1);
	one = wire_new(server);
	assert_true(deaf->gone);
	assert_false(one->gone || busy->gone);
	rpc_reply(held[0], slice_str("done"));
	wire_turn(busy);
	assert_echoed(busy, 1, slice_str("done"));
	wire_free(deaf), wire_free(busy), wire_free(one);
	stop();
}

/* ---- rude peers -------------------------------------------------------------------------------------------------------- */

static void a_reset_stream_cancels_its_call(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_str("x"));
	wire_turn(w);
	assert_false(rpc_call_cancelled(held[0]));
	raw_number(&w->to, NGHTTP2_RST_STREAM, 1, NGHTTP2_CANCEL);
	wire_turn(w);
	assert_true(rpc_call_cancelled(held[0]));
	rpc_fail(held[0], GRPC_CANCELLED, "nobody listens");
	wire_free(w);
	stop();
}

static void a_disconnect_cancels_every_call_of_the_connection(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	for (uint32_t i = 0; i < 3; i++) {
		raw_call(&w->to, 2 * i + 1, "/t.T/Hold", NULL);
		raw_message(&w->to, 2 * i + 1, END_STREAM, slice_str("x"));
	}
	announce(w, 7, "/t.T/Echo", 100000);
	wire_turn(w);
	wire_free(w);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(rpc_call_cancelled(held[i]));
		rpc_reply(held[i], slice_str("late"));
	}
	reactor_turn(loop, 0);
	stop();
}

static void a_call_may_be_answered_after_the_server_is_gone(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_call(&w->to, 1, "/t.T/Hold", NULL);
	raw_message(&w->to, 1, END_STREAM, slice_str("still here"));
	wire_turn(w);
	rpc_server_free(&server);
	reactor_free(&loop);
	assert_true(w->gone);
	assert_true(rpc_call_cancelled(held[0]));
	assert_true(slice_eq_var(held_request, slice_str("still here")));
	rpc_reply(held[0], slice_str("nobody hears it"));
	buf_free(&w->to), buf_free(&w->from), free(w);
}

static void garbage_ends_only_its_own_connection(void **state)
{
	(void)state;
	start(NULL);
	for (unsigned round = 0; round < 300; round++) {
		wire *w = wire_new(server);
		if (test_below(4)) raw_hello(&w->to);
		if (test_below(2)) raw_call(&w->to, 1, "/t.T/Hold", NULL);
		size_t n = (size_t)test_below(200);
		rng_fill(test_rng(), buf_grow(&w->to, n), n);
		if (test_below(2)) raw_message(&w->to, 1, END_STREAM, slice_str("x"));
		wire_turn(w);
		wire_free(w);
		while (n_held) rpc_reply(held[--n_held], slice_str("late"));
		reactor_turn(loop, 0);
	}
	assert_alive();
	stop();
}

static void half_a_frame_and_a_hang_up_leave_nothing_behind(void **state)
{
	(void)state;
	buf all = { 0 };
	start(NULL);
	raw_hello(&all);
	raw_call(&all, 1, "/t.T/Echo", NULL);
	raw_message(&all, 1, END_STREAM, slice_str("twelve bytes"));
	for (size_t cut = 0; cut <= all.n; cut++) {
		wire *w = wire_new(server);
		buf_put(&w->to, all.p, cut);
		wire_turn(w);
		wire_free(w);
	}
	buf_free(&all);
	assert_alive();
	stop();
}

static void a_flood_of_resets_ends_the_connection(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	for (uint32_t i = 0; i < 5000; i++) {
		raw_call(&w->to, 2 * i + 1, "/t.T/Echo", NULL);
		raw_number(&w->to, NGHTTP2_RST_STREAM, 2 * i + 1, NGHTTP2_CANCEL);
	}
	wire_turn(w);
	assert_true(w->gone);
	wire_free(w);
	assert_alive();
	stop();
}

static void a_flood_of_settings_and_pings_ends_the_connection(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	w->stuck = true;                             /* and it does not read what we answer */
	raw_hello(&w->to);
	for (uint32_t i = 0; i < 5000; i++) raw_frame(&w->to, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));
	for (uint32_t i = 0; i < 5000; i++) raw_frame(&w->to, NGHTTP2_SETTINGS, 0, 0, (slice){ 0 });
	wire_turn(w);
	assert_true(w->gone);
	wire_free(w);
	assert_alive();
	stop();
}

static void a_crowd_at_the_door_is_let_in_by_turns(void **state)
{
	(void)state;
	enum { CROWD = 40 };
	int fd[CROWD];

	now_ms = 1000000;
	assert_ok(reactor_new(&loop, &TEST_CLOCK));
	assert_ok(rpc_server_new(&server, loop, "127.0.0.1", 0, METHODS, COUNT(METHODS), NULL));
	for (unsigned i = 0; i < CROWD; i++) assert_ok(connect_to(&fd[i], "127.0.0.1", rpc_server_port(server), 10000));
	reactor_turn(loop, 0);
	assert_in_range(server->group.n_connections, 1, CROWD / 2);
	while (server->group.n_connections < CROWD) reactor_turn(loop, -1);
	for (unsigned i = 0; i < CROWD; i++) close(fd[i]);
	rpc_server_free(&server);
	reactor_free(&loop);
}

/* [CVE-2024-28182]  Frames of headers without a byte, none of which is the last. */
static void headers_that_never_end_end_the_connection(void **state)
{
	(void)state;
	start(NULL);
	wire *w = wire_new(server);
	raw_hello(&w->to);
	raw_frame(&w->to, NGHTTP2_HEADERS, 0, 1, slice_of("\x83", 1));                /* :method POST, of the static table */
	for (unsigned i = 0; i < 10000; i++) raw_frame(&w->to, NGHTTP2_CONTINUATION, 0, 1, (slice){ 0 });
	wire_turn(w);
	assert_true(w->gone);
	wire_free(w);
	assert_alive();
	stop();
}

TESTS(TEST(a_message_split_at_every_byte_comes_back),
      TEST(an_answer_written_a_few_bytes_at_a_time_is_whole),
      TEST(a_failure_carries_its_sentence_and_details),
      TEST(an_unknown_method_is_unimplemented_before_its_message_came),
      TEST(other_content_types_and_methods_get_http_statuses),
      TEST(a_handler_reads_the_metadata),
      TEST(a_trace_that_is_too_long_is_not_kept),
      TEST(broken_messages_are_answered_and_the_connection_lives),
      TEST(headers_beyond_the_limit_are_refused),
      TEST(headers_are_not_kept_while_a_call_waits),
      TEST(a_malformed_timeout_is_refused),
      TEST(streams_beyond_the_limit_are_refused),
      TEST(calls_beyond_the_limit_are_told_to_come_later),
      TEST(a_window_opens_exactly_for_a_message_that_fits_the_budget),
      TEST(a_connection_that_parks_does_not_hold_up_another),
      TEST(a_parked_message_that_is_given_up_leaves_no_trace),
      TEST(a_small_message_beyond_the_budget_is_told_to_come_later),
      TEST(an_answer_beyond_the_budget_is_told_to_come_later_and_not_kept),
      TEST(the_budget_of_all_connections_bounds_their_answers_together),
      TEST(connections_that_take_no_answer_leave_room_for_the_next_one),
      TEST(an_answer_nobody_waits_for_is_not_kept),
      TEST(a_refused_call_gives_its_request_back_before_it_ends),
      TEST(an_answer_longer_than_the_limit_becomes_a_failure),
      TEST(a_passed_deadline_is_answered_and_the_late_answer_dropped),
      TEST(an_answer_on_its_way_is_not_cut_off_by_the_deadline),
      TEST(a_request_that_stops_half_way_is_given_up),
      TEST(an_answer_the_client_does_not_take_is_given_up),
      TEST(who_speaks_and_takes_no_answer_is_left),
      TEST(who_takes_a_byte_at_a_time_is_not_left),
      TEST(a_silent_peer_is_pinged_and_then_left),
      TEST(a_peer_that_never_speaks_http2_is_left),
      TEST(a_connection_without_calls_is_told_to_go_and_closed),
      TEST(a_connection_with_a_call_is_not_idle),
      TEST(an_idle_peer_that_does_not_listen_is_closed_as_well),
      TEST(one_connection_too_many_takes_the_place_of_the_idlest),
      TEST(who_does_not_finish_a_request_holds_no_place_for_long),
      TEST(who_takes_no_answer_makes_room),
      TEST(a_reset_stream_cancels_its_call),
      TEST(a_disconnect_cancels_every_call_of_the_connection),
      TEST(a_call_may_be_answered_after_the_server_is_gone),
      TEST(garbage_ends_only_its_own_connection),
      TEST(half_a_frame_and_a_hang_up_leave_nothing_behind),
      TEST(a_flood_of_resets_ends_the_connection),
      TEST(a_flood_of_settings_and_pings_ends_the_connection),
      TEST(headers_that_never_end_end_the_connection),
      TEST(a_crowd_at_the_door_is_let_in_by_turns))
