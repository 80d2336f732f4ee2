/* SPDX-License-Identifier: MIT */
/* rpc/link_conn.c -- a connection of either kind: TLS, records in, records out, its end. */
#include "rpc/link_internal.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READS_A_TURN = 32, WRITES_A_TURN = 32,       /* of a record of TLS each; then others have a turn */
	UNSENT = 128 << 10,                          /* bytes that the kernel holds ready: urgent frames wait behind them */
};

const char *link_conn_why(link_conn *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->why, sizeof c->why, format, args);
	va_end(args);
	return c->why;
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

static void conn_free(link_conn *c)
{
	if (c->in) wipe(c->in, LINK_IN_ROOM);
	free(c->in);
	buf_free(&c->control);
	buf_free(&c->control_out);
	buf_free(&c->filler);
	free(c);
}

/* Of a connection that came, once it is known whose it is. */
static void count_wire(link_conn *c)
{
	const uint64_t n = tls_bytes_out(c->t);

	if (!c->peer) return;
	link_count(&c->peer->wire_out, n - c->wire_counted);
	c->wire_counted = n;
}

void link_conn_end(link_conn *c, const char *why)
{
	if (c->state == LINK_ENDED) return;
	count_wire(c);
	reactor_timer_clear(c->l->reactor, &c->timer);
	reactor_timer_clear(c->l->reactor, &c->ack_timer);
	reactor_watch_clear(c->l->reactor, &c->watch);
	c->role->gone(c, why);
	c->state = LINK_ENDED;
	c->t->ops->finish(c->t);
	c->t->ops->close(c->t);
	c->t = NULL;
	if (!c->touched) conn_free(c);               /* otherwise its task, already posted, does */
}

/* Why the transport is of no use any more. */
static const char *broken(link_conn *c, io what)
{
	if (what == IO_END) return "the other side closed the connection";
	const char *why = tls_why(c->t);
	return link_conn_why(c, "%s", why[0] ? why : "the connection was cut");
}

/* ---- bytes in ------------------------------------------------------------------------------------------------- */

static const char *understand(link_conn *c)
{
	size_t at = 0;
	const char *why = NULL;

	while (!why) {
		link_record r;
		link_read got = link_record_read(&r, slice_of(c->in + at, c->in_n - at));
		if (got == LINK_PARTIAL) break;
		if (got == LINK_MALFORMED) {
			why = "it sent what is not a record of this protocol";
			break;
		}
		why = c->role->record(c, &r);
		at += r.size;
	}
	c->offended = why;
	memmove(c->in, c->in + at, c->in_n - at);
	c->in_n -= at;
	return why;
}

/* A buffer that is nearly full holds a whole record, so that there is room after it was understood. */
static const char *pull(link_conn *c)
{
	const char *why;

	for (unsigned i = 0; i < READS_A_TURN; i++) {
		size_t n = 0;
		c->read_waits = c->t->ops->read(c->t, c->in + c->in_n, LINK_IN_ROOM - c->in_n, &n);
		if (c->read_waits == IO_WAIT_READ || c->read_waits == IO_WAIT_WRITE) return NULL;
		if (c->read_waits != IO_DONE) return broken(c, c->read_waits);
		c->heard_ms = link_now_ms(c->l);
		c->in_n += n;
		if (c->in_n > LINK_IN_ROOM - LINK_RECORD_MAX && (why = understand(c))) return why;
	}
	link_conn_touch(c);                          /* libssl may hold bytes that the descriptor does not show */
	return NULL;
}

/* ---- bytes out ------------------------------------------------------------------------------------------------ */

/* Control records first, then the role's, which may find that there is a control record to write. */
static bool choose(link_conn *c)
{
	c->writing = c->control.n ? (slice){ 0 } : c->role->next(c);
	c->writing_control = c->writing.n == 0;
	if (c->writing_control) {
		buf spare = c->control_out;
		c->control_out = c->control;
		c->control = spare;
		buf_clear(&c->control);
		c->writing = buf_slice(&c->control_out);
	}
	return c->writing.n > 0;
}

static const char *push(link_conn *c)
{
	for (unsigned i = 0; i < WRITES_A_TURN; i++) {
		size_t n = 0;
		if (c->writing.n == 0 && !choose(c)) return NULL;
		c->write_waits = c->t->ops->write(c->t, &n, c->writing.p, c->writing.n);
		if (c->write_waits == IO_WAIT_READ || c->write_waits == IO_WAIT_WRITE) return NULL;
		if (c->write_waits != IO_DONE) return broken(c, c->write_waits);
		if (!c->writing_control) c->role->written(c, n);
		if (c->peer) link_count(&c->peer->writes, 1);
		c->writing.p += n, c->writing.n -= n;
	}
	link_conn_touch(c);
	return NULL;
}

/* ---- turns ---------------------------------------------------------------------------------------------------- */

static const char *shake(link_conn *c)
{
	io hands = c->t->ops->shake(c->t);
	c->read_waits = hands;
	if (hands == IO_WAIT_READ || hands == IO_WAIT_WRITE) return NULL;
	if (hands != IO_DONE) return broken(c, hands);
	c->state = LINK_GREETING;
	c->heard_ms = link_now_ms(c->l);
	return c->role->shaken(c);
}

static const char *pump(link_conn *c)
{
	const char *why = NULL, *bad;

	if (c->state == LINK_SHAKING) why = shake(c);
	if (why || c->state == LINK_SHAKING) return why;
	why = pull(c);
	bad = understand(c);                         /* also what came just before the end */
	if (bad) return bad;
	if (!why) why = push(c);
	if (why || c->control.n <= LINK_CONTROL_ROOM) return why;
	c->offended = true;
	return "it does not read our answers";
}

/* After a turn: what to wait for, or the end. */
static void settle(link_conn *c, const char *why)
{
	uint32_t events = c->read_waits == IO_WAIT_WRITE ? EPOLLOUT : EPOLLIN;

	count_wire(c);
	if (!why) {
		if (c->writing.n) events |= c->write_waits == IO_WAIT_READ ? EPOLLIN : EPOLLOUT;
		if (reactor_watch_set(c->l->reactor, &c->watch, events) == OK) return;
		why = link_conn_why(c, "%s", err_text());
		err_clear();
	}
	link_conn_end(c, why);
}

static void turn(link_conn *c)
{
	settle(c, pump(c));
}

void link_conn_flush(link_conn *c)
{
	if (c->state == LINK_OPEN && c->writing.n == 0) settle(c, push(c));
}

static void ready(void *arg, uint32_t events)
{
	(void)events;
	turn(arg);
}

static void touched(void *arg)
{
	link_conn *c = arg;
	c->touched = false;
	if (c->state == LINK_ENDED) conn_free(c);
	else turn(c);
}

void link_conn_touch(link_conn *c)
{
	if (c->touched) return;
	c->touched = true;
	reactor_post(c->l->reactor, &c->task, touched, c);
}

/* Until it is open its time is limited; then the role's. */
static void ring(void *arg)
{
	link_conn *c = arg;
	const char *why = NULL;

	if (c->state != LINK_OPEN) {
		link_conn_end(c, c->state == LINK_SHAKING ? "the handshake took too long" : "it did not greet in time");
		return;
	}
	int64_t next = c->role->tick(c, &why);
	if (why) link_conn_end(c, why);
	else reactor_timer_set(c->l->reactor, &c->timer, next);
}

static void ring_ack(void *arg)
{
	link_conn *c = arg;
	c->ack_due = true;
	link_conn_touch(c);
}

/* ---- the beginning -------------------------------------------------------------------------------------------- */

link_conn *link_conn_new(links *l, const link_role *role, link_peer *peer, int fd, const char *from)
{
	const int unsent = UNSENT;
	link_conn *c = calloc(1, sizeof *c);

	if (c) {
		c->in = malloc(LINK_IN_ROOM);
		c->site = (tls_site){ l->tls, role->judge, c, NULL };
	}
	if (!c || !c->in || tls_make(&c->site, &c->t, fd, role->server) != OK) {
		err_clear();
		if (c) conn_free(c);
		close(fd);
		return NULL;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
	c->l = l;
	c->role = role;
	c->peer = peer;
	list_init(&c->link);
	snprintf(c->from, sizeof c->from, "%s", from);
	c->born_ms = c->heard_ms = link_now_ms(l);
	c->watch = (reactor_watch){ .fd = fd, .ready = ready, .arg = c };
	c->timer = (reactor_timer){ .ring = ring, .arg = c };
	c->ack_timer = (reactor_timer){ .ring = ring_ack, .arg = c };
	reactor_timer_set(l->reactor, &c->timer, c->born_ms + l->config.handshake_ms);
	link_conn_touch(c);
	return c;
}
