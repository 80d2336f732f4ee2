/* SPDX-License-Identifier: MIT */
/*
 * rpc/call.c -- one call at the server: its headers, its deadline, its handler, its answer.
 *
 *   headers -> message -> handler -> answer            the usual way
 *   headers -> answer                                  refused: path, limits, content type, framing, time
 *
 * After the first answer everything later is dropped: a handler's answer after the deadline, bytes after a refusal.
 */
#include "rpc/server_internal.h"
#include <stdlib.h>

enum { MAX_DETAILS = 4096, MAX_TRACEPARENT = 128 };          /* the present version of the latter has 55 */
enum { TAKING_MS = 5000 };               /* to take an answer, even if the deadline passes meanwhile: a reset in its
                                          * stead would look like a call that the client itself cancelled */

struct rpc_call {
	h2_stream   stream;                  /* the first field */
	rpc_server *server;
	const rpc_method *method;
	unsigned    references;              /* the stream's and the handler's */

	size_t header_bytes;                 /* seen; what follows is all that is kept of them */
	char  *path;                         /* until the method is found */
	char   traceparent[MAX_TRACEPARENT];
	size_t traceparent_n;
	bool   headers_came, post, grpc, broken_timeout;
	int64_t timeout_ms;                  /* the client's; -1: none */
	int64_t deadline_ms;
	reactor_timer timer;

	_Atomic bool cancelled;
	bool answered;                       /* an answer was submitted: the reactor's to know */

	grpc_status  code;                   /* the handler's answer */
	buf          reply, message, details;
	size_t       reply_size;
	bool         reply_fits;             /* and is charged; otherwise it was not copied */
	reactor_task task;
};

static rpc_call *call_of(h2_stream *s)
{
	return MEMBER_OF(s, rpc_call, stream);
}

/* ---- answering ----------------------------------------------------------------------------------------------- */

static void will_answer(rpc_call *call)
{
	reactor *r = call->server->reactor;
	const int64_t taken_by = reactor_now_ms(r) + TAKING_MS;

	call->answered = true;
	reactor_timer_set(r, &call->timer, call->deadline_ms > taken_by ? call->deadline_ms : taken_by);
}

static void answer_http(rpc_call *call, const char *status)
{
	const nghttp2_nv headers[] = { H2_NV(":status", status) };
	will_answer(call);
	h2_respond_only(&call->stream, headers, COUNT(headers));
}

static void answer_failure(rpc_call *call, grpc_status code, const char *message, const char *details)
{
	buf text = { 0 };
	char number[16];

	snprintf(number, sizeof number, "%d", (int)code);
	grpc_message_encode(&text, message);
	nghttp2_nv headers[] = {
		H2_NV(":status", "200"),
		H2_NV("content-type", "application/grpc"),
		H2_NV("grpc-status", number),
		H2_NV("grpc-message", buf_str(&text)),
		H2_NV("grpc-status-details-bin", details),
	};
	will_answer(call);
	h2_respond_only(&call->stream, headers, COUNT(headers) - (details[0] ? 0 : 1));
	buf_free(&text);
}

static void answer_message(rpc_call *call)
{
	const nghttp2_nv headers[] = { H2_NV(":status", "200"), H2_NV("content-type", "application/grpc") };
	will_answer(call);
	outlet_set(&call->stream.out, buf_slice(&call->reply));
	h2_respond(&call->stream, headers, COUNT(headers));
}

static void answer_unfit(rpc_call *call)
{
	size_t limit = call->server->group.limits.message;
	char text[128] = "the answers in flight fill the memory set aside; try again later";

	if (call->reply_size > limit)
		snprintf(text, sizeof text, "the answer has %zu bytes, the limit is %zu", call->reply_size, limit);
	answer_failure(call, GRPC_RESOURCE_EXHAUSTED, text, "");
}

/* ---- the end of a call --------------------------------------------------------------------------------------- */

static void call_free(rpc_call *call)
{
	rpc_server *s = call->server;
	intake_free(&call->stream.in);
	buf_free(&call->reply);
	buf_free(&call->message);
	buf_free(&call->details);
	free(call->path);
	free(call);
	server_release(s);
}

static void call_drop(rpc_call *call)
{
	if (--call->references) return;
	h2_forget(&call->stream);
	call_free(call);
}

/* On the reactor's thread: the handler has answered. */
static void answer(void *arg)
{
	rpc_call *call = arg;
	rpc_server *s = call->server;
	bool awaited = call->stream.conn && !call->answered;

	if (awaited && call->reply_fits) {
		answer_message(call);
		h2_admit_parked(&s->group);
	} else {
		buf_free(&call->reply);
		h2_forget(&call->stream);
		if (awaited && call->code == GRPC_OK) answer_unfit(call);
		else if (awaited) answer_failure(call, call->code, buf_str(&call->message), buf_str(&call->details));
	}
	server_count(s, &s->held, -1);
	call_drop(call);
}

/* On the handler's thread. */
static void submit(rpc_call *call)
{
	rpc_server *s = call->server;

	pthread_mutex_lock(&s->lock);
	bool closed = s->closed;
	if (!closed) reactor_post(s->reactor, &call->task, answer, call);
	pthread_mutex_unlock(&s->lock);
	if (closed) call_free(call);
}

void rpc_reply(rpc_call *call, slice message)
{
	bool sendable = message.n <= call->server->group.limits.message && !rpc_call_cancelled(call);

	call->code = GRPC_OK;
	call->reply_size = message.n;
	call->reply_fits = sendable && h2_exchange(&call->stream, message.n);
	if (call->reply_fits) buf_put_slice(&call->reply, message);
	intake_free(&call->stream.in);               /* not before: message may lie in it */
	submit(call);
}

/* Without padding, as gRPC prefers it. */
static void put_base64(buf *out, slice bytes)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = size_min(bytes.n - i, 3);
		uint32_t x = 0;
		for (size_t k = 0; k < 3; k++) x = x << 8 | (k < n ? bytes.p[i + k] : 0);
		for (size_t k = 0; k <= n; k++) buf_put_u8(out, (uint8_t)digit[x >> (18 - 6 * k) & 63]);
	}
}

void rpc_fail_details(rpc_call *call, grpc_status code, const char *message, slice details)
{
	ASSERT(code != GRPC_OK && (unsigned)code < GRPC_STATUS_COUNT);
	call->code = code;
	buf_put_str(&call->message, message);
	if (details.n <= MAX_DETAILS) put_base64(&call->details, details);
	submit(call);
}

void rpc_fail(rpc_call *call, grpc_status code, const char *message)
{
	rpc_fail_details(call, code, message, (slice){ 0 });
}

void rpc_fail_err(rpc_call *call, err e)
{
	char text[MAX_GRPC_MESSAGE];
	snprintf(text, sizeof text, "%s", err_text()[0] ? err_text() : err_name(e));
	err_clear();
	rpc_fail(call, grpc_status_of_err(e), text);
}

/* ---- what a handler may ask ---------------------------------------------------------------------------------- */

bool rpc_call_cancelled(const rpc_call *call)
{
	return atomic_load(&call->cancelled);
}

const char *rpc_call_path(const rpc_call *call)
{
	return call->method->path;
}

slice rpc_call_traceparent(const rpc_call *call)
{
	return slice_of(call->traceparent, call->traceparent_n);
}

/* ---- what the connection reports ------------------------------------------------------------------------------ */

static void ring(void *arg)
{
	rpc_call *call = arg;
	if (call->answered) {
		h2_reset(&call->stream, NGHTTP2_CANCEL);       /* the client does not take its answer */
		return;
	}
	bool handed = call->references > 1;
	atomic_store(&call->cancelled, true);
	answer_failure(call, GRPC_DEADLINE_EXCEEDED, handed ? "the deadline passed before there was an answer"
	                                                    : "the request did not arrive in time", "");
}

static h2_stream *opened(h2 *c)
{
	rpc_server *s = h2_group_of(c)->owner;
	rpc_call *call = calloc(1, sizeof *call);
	if (!call) return NULL;
	call->server = s;
	call->references = 1;
	call->timeout_ms = -1;
	call->timer = (reactor_timer){ .ring = ring, .arg = call };
	atomic_fetch_add(&s->references, 1);
	reactor_timer_set(s->reactor, &call->timer, reactor_now_ms(s->reactor) + s->group.limits.receive_ms);
	return &call->stream;
}

static bool is_grpc(slice type)
{
	static const char want[] = "application/grpc";
	const size_t n = sizeof want - 1;
	return type.n >= n && memcmp(type.p, want, n) == 0 && (type.n == n || type.p[n] == '+' || type.p[n] == ';');
}

static void keep_traceparent(rpc_call *call, slice value)
{
	if (call->traceparent_n || value.n > sizeof call->traceparent) return;
	if (value.n) memcpy(call->traceparent, value.p, value.n);
	call->traceparent_n = value.n;
}

static void header(h2_stream *stream, slice name, slice value)
{
	rpc_call *call = call_of(stream);

	call->header_bytes += name.n + value.n;
	if (call->headers_came || call->header_bytes > call->server->group.limits.header_bytes) return;
	if (slice_eq_var(name, slice_str(":path")) && !call->path) call->path = strndup((const char *)value.p, value.n);
	else if (slice_eq_var(name, slice_str(":method"))) call->post = slice_eq_var(value, slice_str("POST"));
	else if (slice_eq_var(name, slice_str("content-type"))) call->grpc = is_grpc(value);
	else if (slice_eq_var(name, slice_str("grpc-timeout")))
		call->broken_timeout = !grpc_timeout_read(&call->timeout_ms, value);
	else if (slice_eq_var(name, slice_str("traceparent"))) keep_traceparent(call, value);
}

static void judge_headers(rpc_call *call)
{
	rpc_server *s = call->server;
	const rpc_limits *limits = &s->group.limits;
	char text[256];

	if (call->header_bytes > limits->header_bytes) {
		snprintf(text, sizeof text, "the headers have more than %u bytes", limits->header_bytes);
		answer_failure(call, GRPC_RESOURCE_EXHAUSTED, text, "");
		return;
	}
	if (!call->post || !call->grpc || !call->path) {
		answer_http(call, call->post ? "415" : "405");
		return;
	}
	if (call->broken_timeout) {
		answer_failure(call, GRPC_INTERNAL, "the grpc-timeout header is malformed", "");
		return;
	}
	call->method = server_method(s, call->path);
	if (!call->method) {
		snprintf(text, sizeof text, "there is no method %.200s here", call->path);
		answer_failure(call, GRPC_UNIMPLEMENTED, text, "");
		return;
	}
	int64_t now = reactor_now_ms(s->reactor), allowed = limits->call_ms;
	if (call->timeout_ms >= 0 && call->timeout_ms < allowed) allowed = call->timeout_ms;
	call->deadline_ms = now + allowed;
	if (allowed > limits->receive_ms) allowed = limits->receive_ms;
	reactor_timer_set(s->reactor, &call->timer, now + allowed);
}

static void headers_done(h2_stream *stream)
{
	rpc_call *call = call_of(stream);

	if (call->headers_came) return;              /* trailers of a request mean nothing to us */
	call->headers_came = true;
	judge_headers(call);
	free(call->path);
	call->path = NULL;
}

static void refused(h2_stream *stream, grpc_status code, const char *why)
{
	rpc_call *call = call_of(stream);
	if (!call->answered) answer_failure(call, code, why, "");
}

static void finished(h2_stream *stream)
{
	rpc_call *call = call_of(stream);
	rpc_server *s = call->server;

	if (call->answered) return;
	if (!intake_complete(&stream->in)) {
		answer_failure(call, GRPC_INTERNAL, "the request ended before its message did", "");
		return;
	}
	if (s->held >= s->group.limits.calls) {      /* held is written by this thread only */
		answer_failure(call, GRPC_RESOURCE_EXHAUSTED, "too many calls are in flight; try again later", "");
		return;
	}
	server_count(s, &s->held, 1);
	call->references++;
	reactor_timer_set(s->reactor, &call->timer, call->deadline_ms);
	call->method->handler(call->method->ctx, call, intake_message(&stream->in));
}

static void closed(h2_stream *stream, uint32_t why)
{
	rpc_call *call = call_of(stream);
	(void)why;
	atomic_store(&call->cancelled, true);
	reactor_timer_clear(call->server->reactor, &call->timer);
	call_drop(call);
}

const h2_role SERVER_ROLE = {
	.server = true, .opened = opened, .header = header, .headers_done = headers_done, .refused = refused,
	.finished = finished, .closed = closed, .down = server_connection_down,
};
