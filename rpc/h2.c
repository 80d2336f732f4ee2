/* SPDX-License-Identifier: MIT */
/*
 * rpc/h2.c -- the life of a connection: handshake, pumping bytes both ways, keepalive, going away.
 *
 * What nghttp2 reports of streams is in rpc/h2_stream.c.
 */
#include "rpc/h2_internal.h"
#include <stdlib.h>
#include <sys/epoll.h>

enum {
	OUT_ROOM = 64 << 10,         /* bytes to be written; filled only from empty, so nothing is ever moved */
	READS_A_TURN = 8,            /* then the other connections have a turn */
	CONNECTION_WINDOW = 64 << 20,
	LINGER_MS = 2000,
	STALLED_MS = 1000,           /* shorter, and uploads that go on would end each other's */
	MAX_SETTINGS_ENTRIES = 32,
	MAX_OUTBOUND_ACK = 1000,
	RESETS_AT_ONCE = 1000, RESETS_A_SECOND = 33,
};

h2_group *h2_group_of(h2 *c)
{
	return c->group;
}

h2 *h2_of_link(list *l)
{
	return MEMBER_OF(l, h2, link);
}

void h2_group_init(h2_group *g, const h2_role *role, void *owner, reactor *r, const rpc_limits *limits)
{
	g->role = role;
	g->owner = owner;
	g->reactor = r;
	g->limits = *limits;
	pthread_mutex_init(&g->budget, NULL);
	list_init(&g->connections);
	list_init(&g->parked);
}

void h2_group_done(h2_group *g)
{
	pthread_mutex_destroy(&g->budget);
}

/* ---- the end ------------------------------------------------------------------------------------------------- */

static void h2_free(h2 *c)
{
	free(c->out);
	free(c);
}

void h2_end(h2 *c)
{
	h2_group *g = c->group;

	ASSERT(!c->inside && c->state != H2_ENDED);
	c->state = H2_ENDED;
	reactor_timer_clear(g->reactor, &c->timer);
	reactor_watch_clear(g->reactor, &c->watch);
	FOR_EACH_LINK(l, &c->streams) h2_stream_closed(MEMBER_OF(l, h2_stream, link), H2_LOST);
	nghttp2_session_del(c->session);
	c->transport->ops->close(c->transport);
	list_leave(&c->link);
	g->n_connections--;
	g->role->down(g, c);
	if (!c->touched) h2_free(c);                 /* otherwise its task, already posted, does */
}

/* Nothing is left to say.  The peer may still be sending: closing now could make its system throw away what it has
 * not read yet, so we wait for its end. */
static void linger(h2 *c)
{
	c->state = H2_LINGERING;
	c->transport->ops->finish(c->transport);
	reactor_timer_set(c->group->reactor, &c->timer, reactor_now_ms(c->group->reactor) + LINGER_MS);
}

/* ---- bytes in ------------------------------------------------------------------------------------------------ */

/* False: the connection is of no use any more. */
static bool pull(h2 *c)
{
	h2_group *g = c->group;

	for (unsigned i = 0; i < READS_A_TURN; i++) {
		size_t n = 0;
		c->read_waits = c->transport->ops->read(c->transport, g->scratch, sizeof g->scratch, &n);
		if (c->read_waits == IO_END || c->read_waits == IO_BROKEN) return false;
		if (c->read_waits != IO_DONE) return true;
		c->heard_ms = reactor_now_ms(g->reactor);
		if (c->state == H2_LINGERING) continue;

		c->inside = true;
		ssize_t used = nghttp2_session_mem_recv(c->session, g->scratch, n);
		c->inside = false;
		if (used < 0) return false;
	}
	h2_touch(c);
	return true;
}

/* ---- bytes out ----------------------------------------------------------------------------------------------- */

uint8_t *h2_out_room(h2 *c, size_t n)
{
	if (n > OUT_ROOM - c->out_n) return NULL;
	uint8_t *p = c->out + c->out_n;
	c->out_n += n;
	return p;
}

static bool fill(h2 *c)
{
	bool ok = true;

	c->inside = true;
	while (OUT_ROOM - c->out_n >= H2_FRAME_ROOM) {
		const uint8_t *p;
		ssize_t n = nghttp2_session_mem_send(c->session, &p);
		if (n == 0) break;
		uint8_t *to = n < 0 ? NULL : h2_out_room(c, (size_t)n);
		ok = to;                             /* headers of ours are far shorter than the room */
		if (!ok) break;
		memcpy(to, p, (size_t)n);
	}
	c->inside = false;
	return ok;
}

/* False: the connection is of no use any more. */
static bool push(h2 *c)
{
	for (;;) {
		if (c->out_at == c->out_n) {
			c->out_at = c->out_n = 0;
			c->out_answers = false;
			if (!fill(c)) return false;
			if (c->out_n == 0) break;
		}
		size_t n = 0;
		c->write_waits = c->transport->ops->write(c->transport, &n, c->out + c->out_at, c->out_n - c->out_at);
		if (c->write_waits == IO_END || c->write_waits == IO_BROKEN) return false;
		if (c->write_waits != IO_DONE) return true;
		c->out_at += n;
		if (c->out_answers) c->taken_ms = reactor_now_ms(c->group->reactor);
	}
	if (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session)) linger(c);
	return true;
}

static bool pump(h2 *c)
{
	if (c->state == H2_SHAKING) {
		io hands = c->transport->ops->shake(c->transport);
		c->read_waits = hands == IO_WAIT_WRITE ? IO_WAIT_WRITE : IO_WAIT_READ;
		if (hands == IO_WAIT_READ || hands == IO_WAIT_WRITE) return true;
		if (hands != IO_DONE) return false;
		c->state = H2_OPEN;
	}
	return pull(c) && (c->state != H2_OPEN || push(c));
}

static void turn(h2 *c)
{
	if (pump(c)) {
		bool out_left = c->out_at < c->out_n;
		uint32_t events = c->read_waits == IO_WAIT_WRITE ? EPOLLOUT : EPOLLIN;
		if (out_left && c->state == H2_OPEN) events |= c->write_waits == IO_WAIT_READ ? EPOLLIN : EPOLLOUT;
		if (c->watch.fd < 0 || reactor_watch_set(c->group->reactor, &c->watch, events) == OK) return;
		err_clear();
	}
	h2_end(c);
}

static void ready(void *arg, uint32_t events)
{
	(void)events;
	turn(arg);
}

static void touched(void *arg)
{
	h2 *c = arg;
	c->touched = false;
	if (c->state == H2_ENDED) h2_free(c);
	else turn(c);
}

void h2_touch(h2 *c)
{
	if (c->touched) return;
	c->touched = true;
	reactor_post(c->group->reactor, &c->task, touched, c);
}

/* ---- keepalive and idling ------------------------------------------------------------------------------------ */

/* The earliest time at which this connection may have been without a call for too long. */
static int64_t idle_until(const h2 *c)
{
	const h2_group *g = c->group;
	if (!g->role->server) return INT64_MAX;
	return (list_empty(&c->streams) ? c->idle_since_ms : reactor_now_ms(g->reactor)) + g->limits.idle_ms;
}

/* Is there more of an answer than the peer took?  It may be its socket that is full, or a window that it keeps shut. */
static bool answers_wait(const h2 *c)
{
	return c->answers > 0 || (c->out_answers && c->out_at < c->out_n);
}

/* Pings that are answered, or calls that go on coming, are no sign that it will take what waits for it. */
static int64_t untaken_until(const h2 *c)
{
	const h2_group *g = c->group;
	return g->role->server && answers_wait(c) ? c->taken_ms + g->limits.untaken_ms : INT64_MAX;
}

/* GOAWAY, and the end soon after, whether or not the peer reads it. */
static void part(h2 *c)
{
	c->parting = true;
	reactor_timer_set(c->group->reactor, &c->timer, reactor_now_ms(c->group->reactor) + LINGER_MS);
	h2_go_away(c);
}

/* The end, with a GOAWAY as far as one goes at once: a peer that reads it knows which calls to make again elsewhere. */
static void leave(h2 *c)
{
	if (c->state == H2_OPEN && nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR) == 0) (void)push(c);
	h2_end(c);
}

/* Rings at at_ms, or earlier to look whether the connection is idle or leaves its answers where they are. */
static void look_again(h2 *c, int64_t at_ms)
{
	const int64_t idle_ms = idle_until(c), untaken_ms = untaken_until(c);

	if (idle_ms < at_ms) at_ms = idle_ms;
	if (untaken_ms < at_ms) at_ms = untaken_ms;
	reactor_timer_set(c->group->reactor, &c->timer, at_ms);
}

/* One timer: until the first SETTINGS the handshake's, then the keepalive's, the idle limit's and that of answers, in the end the
 * lingering's.  An answer does not set it: it rings while the keepalive lasts, and then looks at when the answer is due. */
static void ring(void *arg)
{
	h2 *c = arg;
	h2_group *g = c->group;
	const rpc_limits *limits = &g->limits;
	int64_t now = reactor_now_ms(g->reactor);

	if (!c->settled || c->state != H2_OPEN || c->parting) {
		h2_end(c);
		return;
	}
	if (c->pinged && c->heard_ms < c->pinged_ms) {
		leave(c);                            /* not even an acknowledgement: it is away, or stands still and comes back */
		return;
	}
	c->pinged = false;
	if (now >= untaken_until(c)) {
		leave(c);
		return;
	}
	if (now >= idle_until(c)) {
		part(c);
		return;
	}
	int64_t quiet_until = c->heard_ms + limits->keepalive_ms;
	bool idle = !g->role->server && list_empty(&c->streams);     /* a client without calls leaves servers be */
	if (now < quiet_until || idle) {
		look_again(c, now < quiet_until ? quiet_until : now + limits->keepalive_ms);
		return;
	}
	if (nghttp2_submit_ping(c->session, NGHTTP2_FLAG_NONE, NULL) != 0) {
		h2_end(c);
		return;
	}
	c->pinged = true;
	c->pinged_ms = now;
	reactor_timer_set(g->reactor, &c->timer, now + limits->keepalive_wait_ms);
	h2_touch(c);
}

void h2_settled(h2 *c)
{
	const h2_group *g = c->group;
	if (c->settled) return;
	c->settled = true;
	if (c->state == H2_OPEN) look_again(c, reactor_now_ms(g->reactor) + g->limits.keepalive_ms);
}

void h2_answer_waits(h2 *c, h2_stream *s)
{
	if (!answers_wait(c)) c->taken_ms = reactor_now_ms(c->group->reactor);
	s->answered = true;
	c->answers++;
}

void h2_go_away(h2 *c)
{
	if (c->state != H2_OPEN && c->state != H2_SHAKING) return;
	int32_t last = nghttp2_session_get_last_proc_stream_id(c->session);
	if (nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0) == 0) h2_touch(c);
	else h2_end(c);
}

static h2 *idlest(h2_group *g)
{
	h2 *found = NULL;

	FOR_EACH_LINK(l, &g->connections) {
		h2 *c = h2_of_link(l);
		if (list_empty(&c->streams) && (!found || c->idle_since_ms < found->idle_since_ms)) found = c;
	}
	return found;
}

/* Since when all streams wait for the peer: to send its request, or to take its answer.  INT64_MAX: one waits for us. */
static int64_t stalled_since(const h2 *c)
{
	int64_t since = INT64_MIN;

	FOR_EACH_LINK(l, &c->streams) {
		const h2_stream *s = MEMBER_OF(l, h2_stream, link);
		if (!s->answered && !h2_stream_arrives(s)) return INT64_MAX;
		const int64_t moved_ms = s->answered ? c->taken_ms : c->heard_ms;
		if (moved_ms > since) since = moved_ms;
	}
	return since;
}

/* Its calls have begun and do not come, or were answered and it does not take that: a client can make them again. */
static h2 *most_stalled(h2_group *g)
{
	const int64_t latest = reactor_now_ms(g->reactor) - STALLED_MS;
	int64_t least = INT64_MAX;
	h2 *found = NULL;

	FOR_EACH_LINK(l, &g->connections) {
		h2 *c = h2_of_link(l);
		const int64_t since = stalled_since(c);
		if (since <= latest && since < least) found = c, least = since;
	}
	return found;
}

bool h2_drop_idlest(h2_group *g)
{
	h2 *c = idlest(g);

	if (!c) c = most_stalled(g);
	if (!c) return false;
	leave(c);
	return true;
}

/* ---- the beginning ------------------------------------------------------------------------------------------- */

static bool session_new(h2 *c)
{
	const h2_group *g = c->group;
	const rpc_limits *limits = &g->limits;
	nghttp2_option *o;
	int rv;

	if (nghttp2_option_new(&o) != 0) return false;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_max_settings(o, MAX_SETTINGS_ENTRIES);
	nghttp2_option_set_max_outbound_ack(o, MAX_OUTBOUND_ACK);
	nghttp2_option_set_stream_reset_rate_limit(o, RESETS_AT_ONCE, RESETS_A_SECOND);
	rv = g->role->server ? nghttp2_session_server_new2(&c->session, h2_callbacks(), c, o)
	                     : nghttp2_session_client_new2(&c->session, h2_callbacks(), c, o);
	nghttp2_option_del(o);
	if (rv != 0) return false;

	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, g->role->server ? limits->streams : 0 },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->header_bytes },
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
	};
	size_t n = g->role->server ? 2 : 3;          /* a server has no say in pushing */
	return nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, n) == 0 &&
	       nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) == 0;
}

err h2_open(h2_group *g, h2 **out, transport *t)
{
	h2 *c = calloc(1, sizeof *c);
	if (c) {
		c->group = g;
		c->transport = t;
		c->out = malloc(OUT_ROOM);
		list_init(&c->streams);
	}
	if (!c || !c->out || !session_new(c)) {
		if (c) nghttp2_session_del(c->session), h2_free(c);
		t->ops->close(t);
		return err_fail(ERR_NOMEM, "no memory for a connection");
	}
	c->heard_ms = c->idle_since_ms = reactor_now_ms(g->reactor);
	c->timer = (reactor_timer){ .ring = ring, .arg = c };
	c->watch = (reactor_watch){ .fd = t->fd, .ready = ready, .arg = c };
	reactor_timer_set(g->reactor, &c->timer, c->heard_ms + g->limits.handshake_ms);
	list_append(&g->connections, &c->link);
	g->n_connections++;
	h2_touch(c);
	if (out) *out = c;
	return OK;
}
