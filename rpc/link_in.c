/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_in.c -- connections that we accept, for what others have to send.
 *
 * A stranger is a connection that has not greeted us.  Strangers are few, and their time is limited; when one more
 * comes the oldest goes, so that a flood of them delays our peers but does not lock them out.  The certificate tells
 * which peer it is; each peer has one connection, and a new one takes the place of the old.
 */
#include "rpc/link_internal.h"
#include "rpc/listen.h"
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 16, TOLD_EVERY_MS = 1000, REST_MS = 100 };

static const uint64_t PLACE_MAX = (uint64_t)1 << 62;

/* ---- who is it ------------------------------------------------------------------------------------------------ */

static err judge(void *conn, const certs_certificate *leaf)
{
	link_conn *c = conn;
	links *l = c->l;
	char name[CERTS_NAME_MAX + 1];
	err e = OK;
	bool named = false;

	TRY(certs_name(name, leaf));
	for (size_t i = 0; i < l->n_peers; i++) {
		link_peer *p = l->peers[i];
		if (strcmp(p->name, name) != 0) continue;
		named = true;
		e = certs_check(leaf, p->ca, p->name, false, link_unix_ms(l));         /* one name may have several CAs */
		if (e != OK) continue;
		TRY(link_approve(l, p, leaf));
		c->peer = p;
		return OK;
	}
	if (!named)
		return err_fail(ERR_REQUEST, "the certificate is that of %s, which is none of our peers; does a context name it?",
		                name);
	return e;
}

static const char *shaken(link_conn *c)
{
	FOR_EACH_LINK(k, &c->l->strangers) {
		link_conn *other = MEMBER_OF(k, link_conn, link);
		if (other != c && other->peer == c->peer && other->state == LINK_GREETING) link_conn_end(other, NULL);
	}
	return NULL;
}

static void turned_away(link_conn *c, const char *why)
{
	links *l = c->l;
	int64_t now = link_now_ms(l);
	char text[LINKS_ERROR_ROOM];

	link_count(&l->refused, 1);
	if (!l->config.on_refused || now < l->refusal_ms) return;
	l->refusal_ms = now + TOLD_EVERY_MS;
	snprintf(text, sizeof text, "a connection from %s%s%s: %s", c->from, c->peer ? ", which is " : "",
	         c->peer ? c->peer->name : "", why);
	l->calling = true;
	l->config.on_refused(l->config.ctx, text);
	l->calling = false;
}

static void leave_strangers(link_conn *c)
{
	if (list_empty(&c->link)) return;
	list_leave(&c->link);
	c->l->n_strangers--;
}

static void gone(link_conn *c, const char *why)
{
	link_peer *p = c->peer;

	if (why && (c->state != LINK_OPEN || c->offended)) turned_away(c, why);
	leave_strangers(c);
	if (p && p->in == c) {
		p->in = NULL;
		p->heard = false;
	}
}

/* ---- what it says --------------------------------------------------------------------------------------------- */

static bool take(void *ctx, links_lane lane, slice frame)
{
	link_peer *p = ctx;
	links *l = p->l;

	l->calling = true;
	bool taken = l->config.on_frame(l->config.ctx, p->number, lane, frame);
	l->calling = false;
	if (!taken) return false;
	link_count(&p->frames_in, 1);
	link_count(&p->bytes_in, frame.n);
	return true;
}

static link_taker taker_of(link_peer *p)
{
	return (link_taker){ take, p };
}

static void put_places(link_conn *c, bool welcome)
{
	link_peer *p = c->peer;
	uint64_t until[LINKS_LANES];

	for (unsigned i = 0; i < LINKS_LANES; i++) {
		link_inflow *f = &p->inflow[i];
		c->told[i] = f->at;
		f->until = until[i] = link_inflow_until(f);
	}
	if (welcome) link_put_welcome(&c->control, c->l->process, c->told, until);
	else link_put_ack(&c->control, c->told, until);
	c->ack_due = false;
	reactor_timer_clear(c->l->reactor, &c->ack_timer);
}

static const char *greet(link_conn *c, const link_record *r)
{
	link_peer *p = c->peer;

	for (unsigned i = 0; i < LINKS_LANES; i++)
		if (r->at[i] > PLACE_MAX) return "its stream begins at a place that cannot be";
	if (p->in) link_conn_end(p->in, NULL);
	if (!p->known || memcmp(p->their_stream, r->id, LINK_ID) != 0)
		for (unsigned i = 0; i < LINKS_LANES; i++) link_inflow_begin(&p->inflow[i], r->at[i]);
	memcpy(p->their_stream, r->id, LINK_ID);
	p->known = true;
	leave_strangers(c);
	p->in = c;
	p->heard = true;
	c->state = LINK_OPEN;
	put_places(c, true);
	reactor_timer_set(c->l->reactor, &c->timer, c->heard_ms + c->l->config.silence_ms);
	return NULL;
}

static const char *record(link_conn *c, const link_record *r)
{
	link_peer *p = c->peer;
	link_taker taker = taker_of(p);

	if ((c->state == LINK_GREETING) != (r->kind == LINK_HELLO)) return "it does not keep to the order of the protocol";
	switch (r->kind) {
	case LINK_HELLO:
		return greet(c, r);
	case LINK_PIECE:
		return link_inflow_piece(&p->inflow[r->lane], r, &taker);
	case LINK_PING:
		link_put_token(&c->control, LINK_PONG, r->token);
		return NULL;
	case LINK_FILLER:
		if (r->last) link_put_token(&c->control, LINK_FILLED, r->token);
		return NULL;
	case LINK_WELCOME:
	case LINK_ACK:
	case LINK_PONG:
	case LINK_FILLED:
		break;
	}
	return "it says what only the accepting side may say";
}

/* Acknowledgements wait a little for others to join them. */
static slice next(link_conn *c)
{
	const link_peer *p = c->peer;
	bool any = false;

	if (c->state != LINK_OPEN) return (slice){ 0 };
	for (unsigned i = 0; i < LINKS_LANES; i++) {
		uint64_t news = p->inflow[i].at - c->told[i];
		any |= news > 0;
		c->ack_due |= news >= LINK_ACK_BYTES;
	}
	if (c->ack_due) put_places(c, false);
	else if (any && !c->ack_timer.on) reactor_timer_set(c->l->reactor, &c->ack_timer, link_now_ms(c->l) + LINK_ACK_MS);
	return (slice){ 0 };
}

static void written(link_conn *c, size_t n)
{
	(void)c, (void)n;
}

static int64_t tick(link_conn *c, const char **why)
{
	int64_t silent = c->heard_ms + c->l->config.silence_ms;
	if (link_now_ms(c->l) >= silent) *why = "it has said nothing for too long";
	return silent;
}

const link_role LINK_ACCEPTED = { true, judge, shaken, record, next, written, tick, gone };

void link_in_offer(link_peer *p)
{
	link_taker taker = taker_of(p);
	bool any = false;

	for (unsigned i = 0; i < LINKS_LANES; i++) any |= link_inflow_offer(&p->inflow[i], &taker);
	if (!any || !p->in) return;
	p->in->ack_due = true;
	link_conn_touch(p->in);
}

void link_in_forget(link_peer *p)
{
	FOR_EACH_LINK(k, &p->l->strangers) {
		link_conn *c = MEMBER_OF(k, link_conn, link);
		if (c->peer == p) link_conn_end(c, NULL);
	}
	if (p->in) link_conn_end(p->in, NULL);
	for (unsigned i = 0; i < LINKS_LANES; i++) link_inflow_free(&p->inflow[i]);
	p->known = false;
}

/* ---- the door ------------------------------------------------------------------------------------------------- */

static void drop_oldest(links *l)
{
	if (l->n_strangers <= l->config.half_open) return;
	link_conn *oldest = MEMBER_OF(l->strangers.after, link_conn, link);
	link_count(&l->half_open_dropped, 1);
	link_conn_end(oldest, NULL);
}

static void enter(links *l, int fd, const struct sockaddr *address, socklen_t n)
{
	char host[64], port[8], from[80];
	bool known = getnameinfo(address, n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0;

	if (known) snprintf(from, sizeof from, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	link_conn *c = link_conn_new(l, &LINK_ACCEPTED, NULL, fd, known ? from : "an unknown address");
	if (!c) return;
	list_append(&l->strangers, &c->link);
	l->n_strangers++;
	drop_oldest(l);
}

static void open_door(void *arg)
{
	links *l = arg;
	if (reactor_watch_set(l->reactor, &l->listener, EPOLLIN) == OK) return;
	err_clear();
	reactor_timer_set(l->reactor, &l->listen_again, link_now_ms(l) + REST_MS);
}

static void knock(void *arg, uint32_t events)
{
	links *l = arg;
	(void)events;

	for (unsigned i = 0; i < ACCEPTS_A_TURN; i++) {
		struct sockaddr_storage a;
		socklen_t n = sizeof a;
		int fd = accept4(l->listener.fd, (struct sockaddr *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			enter(l, fd, (const struct sockaddr *)&a, n);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED) continue;
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) return;
		reactor_watch_clear(l->reactor, &l->listener);       /* out of descriptors: not to be asked in a loop */
		reactor_timer_set(l->reactor, &l->listen_again, link_now_ms(l) + REST_MS);
		return;
	}
}

err link_in_start(links *l)
{
	int fd;

	list_init(&l->strangers);
	TRY(listen_on(&fd, &l->port, l->config.address, l->config.port));
	l->listener = (reactor_watch){ .fd = fd, .ready = knock, .arg = l };
	l->listen_again = (reactor_timer){ .ring = open_door, .arg = l };
	return OK;
}

void link_in_open(links *l)
{
	open_door(l);
}

void link_in_stop(links *l)
{
	reactor_timer_clear(l->reactor, &l->listen_again);
	reactor_watch_clear(l->reactor, &l->listener);
	close(l->listener.fd);
	FOR_EACH_LINK(k, &l->strangers) link_conn_end(MEMBER_OF(k, link_conn, link), NULL);
}
