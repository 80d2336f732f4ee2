/* SPDX-License-Identifier: MIT */
/*
 * rpc/conn.c -- the client: callers' threads dial and wait, the reactor's thread does everything between.
 *
 * A call is a structure on its caller's stack.  The reactor has it from the moment it is posted until it is marked
 * done, and always marks it done, at the latest when its time is up.
 */
#include "rpc/conn.h"
#include "base/trace.h"
#include "base/wait.h"
#include "rpc/h2.h"
#include "rpc/listen.h"
#include <stdlib.h>
#include <unistd.h>

enum { ATTEMPTS = 3 };                       /* of a call that the server did not look at */

struct rpc_conn {
	h2_group group;
	reactor *reactor;
	bool     own_reactor;
	char    *host, *authority;
	unsigned port;

	pthread_mutex_t lock;                /* guards what follows, and `done` of calls */
	pthread_cond_t  changed;
	h2  *up;                             /* takes calls; older connections may still be ending theirs */
	bool dialling;
};

typedef struct call {
	h2_stream   stream;                  /* the first field */
	rpc_conn   *conn;
	const char *path;
	slice       request;
	trace       traced;                  /* whoever calls, if that is known */
	int64_t     deadline_ms;
	reactor_timer timer;
	reactor_task  task;

	unsigned   http_status;
	bool       has_status, unsent;
	rpc_status status;
	intake     answer;

	pthread_cond_t ended;
	bool done;
} call;

static call *call_of(h2_stream *s)
{
	return MEMBER_OF(s, call, stream);
}

__attribute__((format(printf, 3, 4)))
static void set_status(call *k, grpc_status code, const char *format, ...)
{
	va_list args;
	if (k->has_status) return;           /* the first word counts */
	k->has_status = true;
	k->status.code = code;
	va_start(args, format);
	vsnprintf(k->status.message, sizeof k->status.message, format, args);
	va_end(args);
}

static void end_call(call *k)
{
	rpc_conn *c = k->conn;

	reactor_timer_clear(c->reactor, &k->timer);
	if (k->stream.group) {
		k->answer = k->stream.in;            /* moved to the caller */
		k->stream.in = (intake){ 0 };
		h2_forget(&k->stream);
	}
	pthread_mutex_lock(&c->lock);
	k->done = true;
	pthread_cond_signal(&k->ended);
	pthread_mutex_unlock(&c->lock);
}

/* ---- what the connection reports ------------------------------------------------------------------------------ */

static void header(h2_stream *s, slice name, slice value)
{
	call *k = call_of(s);
	char digits[8] = "";

	if (name.n == 7 && value.n < sizeof digits && slice_eq_var(name, slice_str(":status"))) {
		memcpy(digits, value.p, value.n);
		k->http_status = (unsigned)strtoul(digits, NULL, 10);
	} else if (!k->has_status && slice_eq_var(name, slice_str("grpc-status"))) {
		memcpy(digits, value.p, size_min(value.n, sizeof digits - 1));
		unsigned long code = value.n ? strtoul(digits, NULL, 10) : GRPC_UNKNOWN;
		k->has_status = true;
		k->status.code = code < GRPC_STATUS_COUNT ? (grpc_status)code : GRPC_UNKNOWN;
	} else if (slice_eq_var(name, slice_str("grpc-message")) && !k->status.message[0]) {
		grpc_message_decode(k->status.message, value);
	}
}

static void headers_done(h2_stream *s)
{
	(void)s;
}

static void refused(h2_stream *s, grpc_status code, const char *why)
{
	set_status(call_of(s), code, "%s", why);
	h2_reset(s, NGHTTP2_CANCEL);
}

static void finished(h2_stream *s)
{
	if (outlet_left(&s->out)) h2_reset(s, NGHTTP2_CANCEL);       /* it does not want the rest of the request */
}

/* [gRPC over HTTP/2: HTTP status codes, error codes] */
static void status_of_http(call *k)
{
	grpc_status code = GRPC_UNKNOWN;
	switch (k->http_status) {
	case 400: code = GRPC_INTERNAL; break;
	case 401: code = GRPC_UNAUTHENTICATED; break;
	case 403: code = GRPC_PERMISSION_DENIED; break;
	case 404: code = GRPC_UNIMPLEMENTED; break;
	case 429: case 502: case 503: case 504: code = GRPC_UNAVAILABLE; break;
	}
	set_status(k, code, "the server answered with HTTP status %u", k->http_status);
}

static void closed(h2_stream *s, uint32_t why)
{
	call *k = call_of(s);
	bool whole = intake_complete(&s->in);

	k->unsent = why == H2_UNSENT && !k->has_status;
	if (k->has_status && k->status.code == GRPC_OK && !whole) {
		k->has_status = false;
		set_status(k, GRPC_INTERNAL, "the answer ended before its message did");
	}
	if (why == H2_UNSENT) set_status(k, GRPC_UNAVAILABLE, "the server accepts no new calls");
	if (why == H2_LOST) set_status(k, GRPC_UNAVAILABLE, "the connection was lost before the answer came");
	if (why == NGHTTP2_CANCEL) set_status(k, GRPC_CANCELLED, "the server cancelled the call");
	if (why == NGHTTP2_ENHANCE_YOUR_CALM) set_status(k, GRPC_RESOURCE_EXHAUSTED, "the server asks for fewer calls");
	if (why != NGHTTP2_NO_ERROR)
		set_status(k, GRPC_INTERNAL, "the server reset the call: %s", nghttp2_http2_strerror(why));
	if (k->http_status && k->http_status != 200) status_of_http(k);
	set_status(k, GRPC_INTERNAL, "the server ended the call without a status");
	end_call(k);
}

static void forget_up(h2 *c)
{
	rpc_conn *conn = h2_group_of(c)->owner;
	pthread_mutex_lock(&conn->lock);
	if (conn->up == c) conn->up = NULL;
	pthread_mutex_unlock(&conn->lock);
}

static void down(h2_group *g, h2 *c)
{
	(void)g;
	forget_up(c);
}

static const h2_role CLIENT_ROLE = {
	.server = false, .header = header, .headers_done = headers_done, .refused = refused, .finished = finished,
	.closed = closed, .going = forget_up, .down = down,
};

/* ---- dialling: on a caller's thread --------------------------------------------------------------------------- */

typedef struct adoption { rpc_conn *c; transport *t; err e; } adoption;

static void adopt(void *arg)
{
	adoption *a = arg;
	h2 *fresh = NULL;
	a->e = h2_open(&a->c->group, &fresh, a->t);
	if (a->e != OK) {
		err_clear();
		return;
	}
	pthread_mutex_lock(&a->c->lock);
	a->c->up = fresh;
	pthread_mutex_unlock(&a->c->lock);
}

static err dial(rpc_conn *c, int64_t timeout_ms)
{
	adoption a = { .c = c };
	int fd;

	TRY(connect_to(&fd, c->host, c->port, timeout_ms));
	err e = TRANSPORT_PLAIN.make(TRANSPORT_PLAIN.ctx, &a.t, fd, false);
	if (e != OK) {
		close(fd);
		return e;
	}
	reactor_run(c->reactor, adopt, &a);
	if (a.e != OK) return err_fail(a.e, "no memory for a connection");
	return OK;
}

/* One thread dials, the others wait for it. */
static err bring_up(rpc_conn *c, int64_t deadline_ms)
{
	err e = OK;

	pthread_mutex_lock(&c->lock);
	for (bool in_time = true; c->dialling && in_time; ) in_time = wait_until(&c->changed, &c->lock, deadline_ms);
	bool late = c->dialling, dialling = !late && !c->up;
	if (dialling) c->dialling = true;
	pthread_mutex_unlock(&c->lock);
	if (late) return err_fail(ERR_IO, "cannot connect to %s: no connection in time", c->authority);
	if (!dialling) return OK;

	int64_t left = deadline_ms - reactor_now_ms(c->reactor);
	if (left > c->group.limits.handshake_ms) left = c->group.limits.handshake_ms;
	e = dial(c, left);
	pthread_mutex_lock(&c->lock);
	c->dialling = false;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return e;
}

/* ---- a call --------------------------------------------------------------------------------------------------- */

static void ring(void *arg)
{
	call *k = arg;
	set_status(k, GRPC_DEADLINE_EXCEEDED, "no answer came in time");
	h2_abandon(&k->stream, NGHTTP2_CANCEL);
	end_call(k);
}

/* On the reactor's thread. */
static void begin(void *arg)
{
	call *k = arg;
	rpc_conn *c = k->conn;
	char timeout[16], traceparent[TRACE_TEXT] = "";
	int64_t left = k->deadline_ms - reactor_now_ms(c->reactor);

	if (left <= 0) {
		set_status(k, GRPC_DEADLINE_EXCEEDED, "the time was up before the call was sent");
		end_call(k);
		return;
	}
	grpc_timeout_write(timeout, left);
	const size_t traced = trace_is_any(&k->traced);
	if (traced) trace_write(traceparent, &k->traced);
	const nghttp2_nv headers[] = {
		H2_NV(":method", "POST"), H2_NV(":scheme", "http"),
		H2_NV(":path", k->path), H2_NV(":authority", c->authority),
		H2_NV("te", "trailers"), H2_NV("content-type", "application/grpc"), H2_NV("user-agent", "arca"),
		H2_NV("grpc-timeout", timeout), H2_NV("traceparent", traceparent),
	};
	outlet_set(&k->stream.out, k->request);
	if (!c->up || h2_request(c->up, &k->stream, headers, COUNT(headers) - 1 + traced) != OK) {
		err_clear();
		k->unsent = true;
		set_status(k, GRPC_UNAVAILABLE, "the server accepts no new calls");
		end_call(k);
		return;
	}
	reactor_timer_set(c->reactor, &k->timer, k->deadline_ms);
}

static void attempt(call *k)
{
	rpc_conn *c = k->conn;

	k->stream = (h2_stream){ 0 };
	k->http_status = 0;
	k->has_status = k->unsent = k->done = false;
	k->status = (rpc_status){ 0 };
	reactor_post(c->reactor, &k->task, begin, k);
	pthread_mutex_lock(&c->lock);
	while (!k->done) pthread_cond_wait(&k->ended, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

static void run(call *k)
{
	rpc_conn *c = k->conn;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		intake_free(&k->answer);
		err e = bring_up(c, k->deadline_ms);
		if (e != OK) {
			bool late = reactor_now_ms(c->reactor) >= k->deadline_ms;
			k->has_status = false;
			set_status(k, late ? GRPC_DEADLINE_EXCEEDED : GRPC_UNAVAILABLE, "%s", err_text());
			err_clear();
			return;
		}
		attempt(k);
		if (!k->unsent) return;
	}
}

static void give(buf *response, intake *answer)
{
	if (!response->p && answer->bytes) {
		*response = (buf){ answer->bytes, answer->got, answer->room };
		*answer = (intake){ 0 };
	} else {
		buf_put_slice(response, intake_message(answer));
	}
}

err rpc_conn_call(rpc_conn *c, buf *response, rpc_status *status, const char *path, slice request, int64_t timeout_ms)
{
	call k = { .conn = c, .path = path, .request = request, .traced = trace_current() };

	ASSERT(!reactor_here(c->reactor));
	k.deadline_ms = reactor_now_ms(c->reactor) + timeout_ms;
	k.timer = (reactor_timer){ .ring = ring, .arg = &k };
	pthread_cond_init(&k.ended, NULL);
	if (request.n > c->group.limits.message)
		set_status(&k, GRPC_RESOURCE_EXHAUSTED, "the request has %zu bytes, the limit is %zu", request.n,
		           c->group.limits.message);
	else
		run(&k);
	pthread_cond_destroy(&k.ended);
	if (k.status.code == GRPC_OK) give(response, &k.answer);
	intake_free(&k.answer);
	if (status) *status = k.status;
	if (k.status.code == GRPC_OK) return OK;
	return err_fail(grpc_status_to_err(k.status.code), "%s from %s: %s: %s", path, c->authority,
	                grpc_status_name(k.status.code), k.status.message);
}

/* ---- life ----------------------------------------------------------------------------------------------------- */

err rpc_conn_new(rpc_conn **out, reactor *r, const char *host, unsigned port, const rpc_limits *limits)
{
	rpc_limits all = limits ? *limits : rpc_limits_default();
	rpc_conn *c = calloc(1, sizeof *c);

	all.buffered_all = all.buffered;
	if (c) {
		pthread_mutex_init(&c->lock, NULL);
		wait_init(&c->changed);
		c->host = strdup(host);
		c->port = port;
		const char *form = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
		if (asprintf(&c->authority, form, host, port) < 0) c->authority = NULL;
		c->reactor = r;
		h2_group_init(&c->group, &CLIENT_ROLE, c, r, &all);
	}
	if (!c || !c->host || !c->authority) {
		if (c) rpc_conn_free(&c);
		return err_fail(ERR_NOMEM, "no memory for a connection");
	}
	if (!r) {
		err e = reactor_new(&c->reactor, NULL);
		if (e == OK) {
			c->own_reactor = true;
			c->group.reactor = c->reactor;
			e = reactor_start(c->reactor);
		}
		if (e != OK) {
			rpc_conn_free(&c);
			return e;
		}
	}
	*out = c;
	return OK;
}

static void end_all(void *arg)
{
	rpc_conn *c = arg;
	FOR_EACH_LINK(l, &c->group.connections) h2_end(h2_of_link(l));
}

void rpc_conn_drop(rpc_conn *c)
{
	reactor_run(c->reactor, end_all, c);
}

void rpc_conn_free(rpc_conn **cp)
{
	rpc_conn *c = *cp;
	if (!c) return;
	if (c->reactor) {
		reactor_run(c->reactor, end_all, c);
		reactor_settle(c->reactor);
	}
	if (c->own_reactor) reactor_free(&c->reactor);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	h2_group_done(&c->group);
	free(c->host);
	free(c->authority);
	free(c);
	*cp = NULL;
}
