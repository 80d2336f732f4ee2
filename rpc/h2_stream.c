/* SPDX-License-Identifier: MIT */
/* rpc/h2_stream.c -- streams: budget and windows, what nghttp2 reports, what is submitted. */
#include "rpc/h2_internal.h"
#include <pthread.h>

/* ---- budget -------------------------------------------------------------------------------------------------- */

enum { FIRST_MESSAGE = H2_FIRST_WINDOW - FRAME_PREFIX };       /* the longest that the first window lets in */

/*
 * Small messages, and the beginnings of parked ones, share a quarter of the budget; long ones share the rest.  So long
 * messages never crowd out short ones, and parked ones never keep themselves from being admitted.
 */
static h2_class class_of(size_t n)
{
	return n <= FIRST_MESSAGE ? H2_SMALL : H2_LONG;
}

static size_t part_of(size_t all, h2_class class)
{
	return class == H2_SMALL ? all / 4 : all - all / 4;
}

static bool within(size_t used, size_t more, size_t part)
{
	return more <= part && used <= part - more;
}

/*
 * A server's connection gets no more than it leaves free for all others, so however many of them take all they can and
 * give nothing back, there is something left for the next one.  [Choudhury, Hahne: Dynamic queue length thresholds]
 */
static bool leaves_enough(const h2 *c, h2_class class, size_t more)
{
	const h2_group *g = c->group;
	const size_t part = part_of(g->limits.buffered_all, class);

	return !g->role->server || within(c->buffered[class], more, part - g->buffered[class]);
}

/* Requires: the budget's lock is held; so for the next. */
static bool add(h2_stream *s, h2_class class, size_t n)
{
	h2 *c = s->conn;
	h2_group *g = s->group;

	if (!c || !within(c->buffered[class], n, part_of(g->limits.buffered, class))) return false;
	if (!within(g->buffered[class], n, part_of(g->limits.buffered_all, class)) || !leaves_enough(c, class, n)) return false;
	c->buffered[class] += n, g->buffered[class] += n, s->charged[class] += n;
	return true;
}

static void take_off(h2_stream *s, h2_class class)
{
	if (s->conn) s->conn->buffered[class] -= s->charged[class];
	s->group->buffered[class] -= s->charged[class];
	s->charged[class] = 0;
}

static bool charge(h2_stream *s, h2_class class, size_t n)
{
	pthread_mutex_lock(&s->group->budget);
	bool ok = add(s, class, n);
	pthread_mutex_unlock(&s->group->budget);
	return ok;
}

static void uncharge(h2_stream *s, h2_class class)
{
	pthread_mutex_lock(&s->group->budget);
	take_off(s, class);
	pthread_mutex_unlock(&s->group->budget);
}

/* The message has its memory; now it may come. */
static bool admit(h2_stream *s)
{
	if (!intake_reserve(&s->in, s->in.size)) return false;
	size_t window = s->in.size + FRAME_PREFIX;
	return window <= H2_FIRST_WINDOW ||
	       nghttp2_session_set_local_window_size(s->conn->session, NGHTTP2_FLAG_NONE, s->id, (int32_t)window) == 0;
}

static void refuse(h2_stream *s, grpc_status code, const char *why)
{
	s->deaf = true;
	h2_forget(s);
	s->group->role->refused(s, code, why);
}

void h2_admit_parked(h2_group *g)
{
	FOR_EACH_LINK(l, &g->parked) {
		h2_stream *s = MEMBER_OF(l, h2_stream, parked);
		if (!charge(s, H2_LONG, s->in.size)) continue;
		list_leave(&s->parked);
		uncharge(s, H2_SMALL);
		h2_touch(s->conn);
		if (!admit(s)) h2_reset(s, NGHTTP2_INTERNAL_ERROR);
	}
}

/* Long messages of one connection are admitted in their order; connections do not wait for each other's. */
static bool has_parked(const h2 *c)
{
	FOR_EACH_LINK(l, &c->group->parked)
		if (MEMBER_OF(l, h2_stream, parked)->conn == c) return true;
	return false;
}

/* The length is known: room for all of it, or for what the first window lets in. */
static bool make_room(h2_stream *s)
{
	h2_group *g = s->group;
	h2_class class = class_of(s->in.size);

	if ((class == H2_SMALL || !has_parked(s->conn)) && charge(s, class, s->in.size)) return admit(s);
	if (class == H2_SMALL || !charge(s, H2_SMALL, FIRST_MESSAGE)) return false;
	list_append(&g->parked, &s->parked);
	return intake_reserve(&s->in, FIRST_MESSAGE);
}

void h2_forget(h2_stream *s)
{
	list_leave(&s->parked);
	intake_free(&s->in);
	uncharge(s, H2_SMALL);
	uncharge(s, H2_LONG);
	h2_admit_parked(s->group);
}

bool h2_exchange(h2_stream *s, size_t n)
{
	pthread_mutex_lock(&s->group->budget);
	take_off(s, H2_SMALL);
	take_off(s, H2_LONG);
	bool ok = add(s, class_of(n), n);
	pthread_mutex_unlock(&s->group->budget);
	return ok;
}

/* ---- what nghttp2 reports ------------------------------------------------------------------------------------ */

static void join(h2 *c, h2_stream *s, int32_t id)
{
	s->conn = c;
	s->group = c->group;
	s->id = id;
	list_append(&c->streams, &s->link);
	list_init(&s->parked);
}

static void leave(h2_stream *s)
{
	h2 *c = s->conn;

	/* The group keeps its part until the bytes are freed. */
	pthread_mutex_lock(&s->group->budget);
	for (unsigned class = 0; class < H2_CLASSES; class++) c->buffered[class] -= s->charged[class];
	s->conn = NULL;
	pthread_mutex_unlock(&s->group->budget);
	if (s->answered) c->answers--;
	list_leave(&s->link);
	list_leave(&s->parked);
	if (list_empty(&c->streams)) c->idle_since_ms = reactor_now_ms(c->group->reactor);
}

void h2_stream_closed(h2_stream *s, uint32_t why)
{
	const h2_role *role = s->group->role;
	leave(s);
	role->closed(s, why);
}

bool h2_stream_arrives(const h2_stream *s)
{
	return !s->deaf && list_empty(&s->parked) && nghttp2_session_get_stream_remote_close(s->conn->session, s->id) == 0;
}

static h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	h2 *c = user;
	int32_t id = frame->hd.stream_id;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
	h2_stream *s = c->group->role->opened(c);
	if (!s) return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
	join(c, s, id);
	return nghttp2_session_set_stream_user_data(session, id, s);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
	const h2 *c = user;
	h2_stream *s = stream_of(session, frame->hd.stream_id);
	(void)flags;
	if (s) c->group->role->header(s, slice_of(name, name_n), slice_of(value, value_n));
	return 0;
}

static void take(h2_stream *s, slice data)
{
	char why[FRAME_WHY];
	bool known = intake_knows_size(&s->in);

	grpc_status code = known ? GRPC_OK : intake_prefix(&s->in, &data, why, s->group->limits.message);
	if (code != GRPC_OK)
		refuse(s, code, why);
	else if (!intake_knows_size(&s->in))
		return;
	else if (!known && !make_room(s))
		refuse(s, GRPC_RESOURCE_EXHAUSTED, "the calls in flight fill the memory set aside; try again later");
	else if (!intake_put(&s->in, data))
		refuse(s, GRPC_INTERNAL, "more bytes follow the one message of a unary call");
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *user)
{
	h2_stream *s = stream_of(session, id);
	(void)flags, (void)user;

	/* The connection's window opens at once: what we keep is bounded by the windows of the streams. */
	if (nghttp2_session_consume_connection(session, n) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (s && !s->deaf) take(s, slice_of(p, n));
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	h2 *c = user;
	const h2_role *role = c->group->role;

	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK)) h2_settled(c);
	if (frame->hd.type == NGHTTP2_GOAWAY && role->going) role->going(c);
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
	h2_stream *s = stream_of(session, frame->hd.stream_id);
	if (s && frame->hd.type == NGHTTP2_HEADERS) role->headers_done(s);
	if (s && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) role->finished(s);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	const h2 *c = user;
	h2_stream *s = stream_of(session, id);
	if (!s) return 0;
	h2_stream_closed(s, !c->group->role->server && code == NGHTTP2_REFUSED_STREAM ? H2_UNSENT : code);
	return 0;
}

/* A client's request that was queued when the peer went away. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int why, void *user)
{
	const h2 *c = user;
	h2_stream *s = frame->hd.type == NGHTTP2_HEADERS ? stream_of(session, frame->hd.stream_id) : NULL;
	(void)why;
	if (!s || c->group->role->server) return 0;
	(void)nghttp2_session_set_stream_user_data(session, s->id, NULL);
	h2_stream_closed(s, H2_UNSENT);
	return 0;
}

/* An answer that ends before its request: the client need not send the rest.  [RFC 9113, section 8.1] */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	h2 *c = user;
	int32_t id = frame->hd.stream_id;

	if (!c->group->role->server || frame->hd.type != NGHTTP2_HEADERS) return 0;
	c->out_answers = true;
	if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
	if (nghttp2_session_get_stream_remote_close(session, id) != 0) return 0;
	return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
}

/* Straight from the message into the buffer that is written. */
static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *header, size_t n,
                     nghttp2_data_source *source, void *user)
{
	h2 *c = user;
	h2_stream *s = stream_of(session, frame->hd.stream_id);
	(void)source;
	if (!s) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	uint8_t *p = h2_out_room(c, H2_FRAME_HEADER + n);
	if (!p) return NGHTTP2_ERR_WOULDBLOCK;
	c->out_answers = true;
	memcpy(p, header, H2_FRAME_HEADER);
	outlet_deal(&s->out, p + H2_FRAME_HEADER, n);
	return 0;
}

static nghttp2_session_callbacks *callbacks;

static void callbacks_make(void)
{
	nghttp2_session_callbacks *k;
	ASSERT(nghttp2_session_callbacks_new(&k) == 0);
	nghttp2_session_callbacks_set_on_begin_headers_callback(k, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(k, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(k, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(k, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(k, on_close);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(k, on_not_sent);
	nghttp2_session_callbacks_set_on_frame_send_callback(k, on_sent);
	nghttp2_session_callbacks_set_send_data_callback(k, send_data);
	callbacks = k;
}

const nghttp2_session_callbacks *h2_callbacks(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, callbacks_make);
	return callbacks;
}

/* ---- what is submitted --------------------------------------------------------------------------------------- */

static ssize_t read_out(nghttp2_session *session, int32_t id, uint8_t *p, size_t room, uint32_t *flags,
                        nghttp2_data_source *source, void *user)
{
	const nghttp2_nv done = H2_NV("grpc-status", "0");
	const h2 *c = user;
	h2_stream *s = stream_of(session, id);
	(void)p, (void)source;

	if (!s) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	size_t n = size_min(room, outlet_left(&s->out));
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (n == outlet_left(&s->out)) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (c->group->role->server) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			if (nghttp2_submit_trailer(session, id, &done, 1) != 0)
				return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		}
	}
	return (ssize_t)n;
}

static const nghttp2_data_provider OUT = { .read_callback = read_out };

err h2_request(h2 *c, h2_stream *s, const nghttp2_nv *headers, size_t n)
{
	bool open = c->state == H2_SHAKING || c->state == H2_OPEN;
	if (!open || !nghttp2_session_check_request_allowed(c->session))
		return err_fail(ERR_BUSY, "the connection accepts no new call");
	int32_t id = nghttp2_submit_request(c->session, NULL, headers, n, &OUT, s);
	if (id < 0) return err_fail(ERR_BUSY, "the connection accepts no new call: %s", nghttp2_strerror(id));
	join(c, s, id);
	h2_touch(c);
	return OK;
}

static void respond(h2_stream *s, const nghttp2_nv *headers, size_t n, const nghttp2_data_provider *body)
{
	h2 *c = s->conn;
	int rv = nghttp2_submit_response(c->session, s->id, headers, n, body);
	if (rv != 0) h2_reset(s, NGHTTP2_INTERNAL_ERROR);
	else h2_answer_waits(c, s);
	h2_touch(c);
}

void h2_respond(h2_stream *s, const nghttp2_nv *headers, size_t n)
{
	respond(s, headers, n, &OUT);
}

void h2_respond_only(h2_stream *s, const nghttp2_nv *headers, size_t n)
{
	s->deaf = true;
	respond(s, headers, n, NULL);
}

void h2_reset(h2_stream *s, uint32_t code)
{
	s->deaf = true;
	(void)nghttp2_submit_rst_stream(s->conn->session, NGHTTP2_FLAG_NONE, s->id, code);
	h2_touch(s->conn);
}

void h2_abandon(h2_stream *s, uint32_t code)
{
	h2 *c = s->conn;
	(void)nghttp2_session_set_stream_user_data(c->session, s->id, NULL);
	(void)nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, s->id, code);
	leave(s);
	h2_touch(c);
}
