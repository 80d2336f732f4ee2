/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_out.c -- the connection that we dial, for what we have to send.
 *
 * Lanes share it in rounds: in each round urgent frames come first, and each lane may send some bytes.  So urgent
 * frames wait for one slice of another lane at most, and the others have their part under a flood of urgent ones.
 */
#include "rpc/link_internal.h"

enum { FILLER = LINKS_LANES };

/* Bytes of a round: urgent, bulk, filler. */
static const int64_t QUANTUM[LINKS_LANES + 1] = { 256 << 10, 64 << 10, 16 << 10 };

static void set_error(link_peer *p, const char *why)
{
	pthread_mutex_lock(&p->l->lock);
	if (why) snprintf(p->error, sizeof p->error, "%s at %s: %s", p->name, p->endpoint, why);
	else p->error[0] = '\0';
	pthread_mutex_unlock(&p->l->lock);
}

/* ---- up and down ---------------------------------------------------------------------------------------------- */

void link_out_new_stream(link_peer *p)
{
	links *l = p->l;
	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; i < LINKS_LANES; i++) {
		link_count(&p->dropped, link_outflow_kept(&p->outflow[i]));
		link_outflow_clear(&p->outflow[i]);
	}
	if (l->waiting) pthread_cond_broadcast(&l->room);
	pthread_mutex_unlock(&l->lock);
	rng_fill(l->config.rng, p->stream, sizeof p->stream);
}

static void lost(link_peer *p, const char *why)
{
	links *l = p->l;
	const int64_t wait = p->wait_ms, now = link_now_ms(l);
	bool was_up = p->up;

	set_error(p, why);
	pthread_mutex_lock(&l->lock);
	p->up = false;
	pthread_mutex_unlock(&l->lock);
	if (was_up) p->down_ms = now;
	int64_t jitter = (int64_t)(rng_u64(l->config.rng) % (uint64_t)(wait / 2 + 1)) - wait / 4;
	reactor_timer_set(l->reactor, &p->retry, now + wait + jitter);
	p->wait_ms = wait + (wait * (int64_t)(l->config.retry_percent - 100) + 99) / 100;
	if (p->wait_ms > l->config.retry_most_ms) p->wait_ms = l->config.retry_most_ms;
	link_bench_lost(p);
	if (was_up) link_event(p, LINKS_DOWN);
}

static void dialled(void *arg, int fd, const char *why)
{
	link_peer *p = arg;

	p->dialling = false;
	reactor_timer_clear(p->l->reactor, &p->retry);
	if (fd >= 0) {
		p->out = link_conn_new(p->l, &LINK_DIALLED, p, fd, p->endpoint);
		if (p->out) return;
		why = "there is no memory for a connection";
	}
	lost(p, why);
}

static void ring(void *arg)
{
	link_peer *p = arg;
	links *l = p->l;

	if (p->dialling) {
		link_dial_cancel(&p->dial);
		p->dialling = false;
		lost(p, "cannot connect: nothing answers; is the node running, and does the network let us through?");
		return;
	}
	if (link_now_ms(l) - p->down_ms >= l->config.keep_ms) {
		link_out_new_stream(p);
		p->down_ms = link_now_ms(l);         /* what is sent from now on has its time, too */
	}
	link_out_start(p);
}

void link_out_start(link_peer *p)
{
	links *l = p->l;

	ASSERT(!p->out && !p->dialling);
	p->retry.ring = ring, p->retry.arg = p;
	p->dial.reactor = l->reactor;
	p->dial.host = p->host, p->dial.port = p->port;
	p->dial.done = dialled, p->dial.arg = p;
	p->dialling = true;
	reactor_timer_set(l->reactor, &p->retry, link_now_ms(l) + l->config.handshake_ms);
	link_dial_start(&p->dial);
}

void link_out_stop(link_peer *p)
{
	if (p->dialling) link_dial_cancel(&p->dial);
	p->dialling = false;
	if (p->out) link_conn_end(p->out, NULL);
	reactor_timer_clear(p->l->reactor, &p->retry);
	link_bench_lost(p);
}

/* ---- the role ------------------------------------------------------------------------------------------------- */

static err judge(void *conn, const certs_certificate *leaf)
{
	const link_conn *c = conn;
	TRY(certs_check(leaf, c->peer->ca, c->peer->name, true, link_unix_ms(c->l)));
	return link_approve(c->l, c->peer, leaf);
}

static const char *shaken(link_conn *c)
{
	const link_peer *p = c->peer;
	uint64_t at[LINKS_LANES];

	for (unsigned i = 0; i < LINKS_LANES; i++) at[i] = p->outflow[i].acked;        /* changed on this thread only */
	link_put_hello(&c->control, p->stream, at);
	return NULL;
}

static void greet(link_conn *c, const link_record *r)
{
	link_peer *p = c->peer;
	links *l = c->l;
	bool another = p->met && memcmp(p->process, r->id, LINK_ID) != 0;

	c->state = LINK_OPEN;
	c->ping_ms = link_now_ms(l);
	reactor_timer_set(l->reactor, &c->timer, c->ping_ms);          /* the first ping: at once */
	memcpy(p->process, r->id, LINK_ID);
	p->met = true;
	p->wait_ms = l->config.retry_ms;
	link_count(&p->connects, 1);
	if (another) link_count(&p->restarts, 1);
	set_error(p, NULL);
	pthread_mutex_lock(&l->lock);
	p->up = true;
	pthread_mutex_unlock(&l->lock);
	link_event(p, LINKS_UP);
	if (another) link_event(p, LINKS_RESTARTED);
}

/* The peer's word on what it has, and what it may be sent. */
static bool take_places(link_conn *c, const link_record *r)
{
	link_peer *p = c->peer;
	bool ok = true;

	pthread_mutex_lock(&c->l->lock);
	for (unsigned i = 0; i < LINKS_LANES; i++) {
		link_outflow *o = &p->outflow[i];
		if (r->kind == LINK_WELCOME) ok &= link_outflow_resume(o, r->at[i]);
		else ok &= link_outflow_ack(o, r->at[i]);
		if (r->kind == LINK_WELCOME || r->until[i] > o->until) o->until = r->until[i];
	}
	if (c->l->waiting) pthread_cond_broadcast(&c->l->room);
	pthread_mutex_unlock(&c->l->lock);
	return ok;
}

static const char *record(link_conn *c, const link_record *r)
{
	if ((c->state == LINK_GREETING) != (r->kind == LINK_WELCOME)) return "it does not keep to the order of the protocol";
	switch (r->kind) {
	case LINK_WELCOME:
	case LINK_ACK:
		if (!take_places(c, r)) return "it names a place of our stream where no record ends";
		if (r->kind == LINK_WELCOME) greet(c, r);
		return NULL;
	case LINK_PONG:
		if (r->token != c->ping_token) return NULL;
		atomic_store_explicit(&c->peer->latency_us, link_now_us(c->l) - c->ping_us, memory_order_relaxed);
		c->ping_token = 0;
		return NULL;
	case LINK_FILLED:
		link_bench_answer(c->peer, r->token);
		return NULL;
	case LINK_HELLO:
	case LINK_PIECE:
	case LINK_PING:
	case LINK_FILLER:
		break;
	}
	return "it says what only the dialling side may say";
}

static slice next(link_conn *c)
{
	link_peer *p = c->peer;

	if (c->state != LINK_OPEN) return (slice){ 0 };
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i <= FILLER; i++) {
			if (c->credit[i] <= 0) continue;
			slice s;
			if (i == FILLER) {
				buf_clear(&c->filler);
				link_bench_next(p, &c->filler);
				s = buf_slice(&c->filler);
			} else {
				pthread_mutex_lock(&c->l->lock);
				s = link_outflow_next(&p->outflow[i], size_min(LINK_SLICE, (size_t)c->credit[i]));
				pthread_mutex_unlock(&c->l->lock);
			}
			if (s.n == 0) continue;
			c->credit[i] -= (int64_t)s.n;
			c->lane = i;
			return s;
		}
		memcpy(c->credit, QUANTUM, sizeof c->credit);
	}
	return (slice){ 0 };
}

static void written(link_conn *c, size_t n)
{
	link_peer *p = c->peer;

	if (c->lane == FILLER) return;
	pthread_mutex_lock(&c->l->lock);
	link_outflow_sent(&p->outflow[c->lane], n);
	pthread_mutex_unlock(&c->l->lock);
}

static int64_t tick(link_conn *c, const char **why)
{
	const links_config *config = &c->l->config;
	int64_t now = link_now_ms(c->l), silent = c->heard_ms + config->silence_ms;

	if (now >= silent) {
		*why = link_conn_why(c, "it has said nothing for %lld ms", (long long)(now - c->heard_ms));
		return 0;
	}
	if (now >= c->ping_ms) {
		c->ping_ms = now + config->ping_ms;
		if (!c->ping_token) {                        /* otherwise the answer to the last one is still to come */
			c->ping_us = link_now_us(c->l);
			c->ping_token = ++c->pings;
			link_put_token(&c->control, LINK_PING, c->ping_token);
			link_conn_touch(c);
		}
	}
	return silent < c->ping_ms ? silent : c->ping_ms;
}

static void gone(link_conn *c, const char *why)
{
	c->peer->out = NULL;
	if (why) lost(c->peer, why);
}

const link_role LINK_DIALLED = { false, judge, shaken, record, next, written, tick, gone };
