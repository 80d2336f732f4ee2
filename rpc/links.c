/* SPDX-License-Identifier: MIT */
/* rpc/links.c -- the object behind links.h: its beginning and end, frames from any thread, health. */
#include "rpc/link_internal.h"
#include <stdlib.h>
#include "base/wait.h"

/* ---- small things --------------------------------------------------------------------------------------------- */

int64_t link_now_us(const links *l)
{
	struct timespec t;
	if (l->config.now_us) return l->config.now_us(l->config.now_ctx);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t link_unix_ms(const links *l)
{
	return clock_unix_ms(l->config.clock ? l->config.clock : clock_system());
}

void link_event(link_peer *p, links_event what)
{
	links *l = p->l;
	if (!l->config.on_change || l->stopping) return;
	l->calling = true;
	l->config.on_change(l->config.ctx, p->number, what);
	l->calling = false;
}

err link_approve(links *l, link_peer *p, const certs_certificate *leaf)
{
	AUTO(buf) der = { 0 };
	if (!l->config.approve) return OK;
	TRY(certs_der(&der, leaf));
	l->calling = true;
	err e = l->config.approve(l->config.ctx, p->number, buf_slice(&der));
	l->calling = false;
	return e;
}

unsigned links_port(const links *l)
{
	return l->port;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------- */

static err check_config(const links_config *c)
{
	if (!c->name || !certs_name_ok(c->name))
		return err_fail(ERR_REQUEST, "our name among the peers has 1 to %d letters, digits, '.', '-' or '_'",
		                CERTS_NAME_MAX);
	for (links_lane i = 0; i < LINKS_LANES; i++) {
		if (c->queued[i] < link_outflow_cost(link_frame_max(i)))
			return err_fail(ERR_REQUEST, "a queue towards a peer must have room for the longest frame: %zu bytes",
			                link_outflow_cost(link_frame_max(i)));
		if (c->held[i] < LINK_RECORD_MAX)
			return err_fail(ERR_REQUEST, "of a peer's frames at least %d bytes must be held", LINK_RECORD_MAX);
	}
	if (c->half_open < 1 || c->handshake_ms < 1 || c->retry_ms < 1 || c->retry_most_ms < c->retry_ms ||
	    c->retry_percent < 100 || c->ping_ms < 1 || c->keep_ms < 1)
		return err_fail(ERR_REQUEST, "times and numbers of connections are positive, waits do not become shorter");
	if (c->silence_ms <= 2 * c->ping_ms)
		return err_fail(ERR_REQUEST, "a peer may be silent for longer than two pings: %lld ms",
		                (long long)(2 * c->ping_ms));
	return OK;
}

/* Our own certificate: others will look at it with less patience. */
static err check_own(const links *l)
{
	const certs_certificate *own = tls_certificate(l->tls);
	char cn[CERTS_NAME_MAX + 1];
	int64_t from_s, until_s, now_s = link_unix_ms(l) / 1000;

	TRY(certs_name(cn, own));
	if (strcmp(cn, l->name) != 0)
		return err_fail(ERR_REQUEST, "our certificate is that of %s, but our name is %s", cn, l->name);
	certs_life(&from_s, &until_s, own);
	if (now_s > until_s) return err_fail(ERR_REQUEST, "our certificate has expired; make a new one under our CA");
	if (now_s < from_s) return err_fail(ERR_REQUEST, "our certificate is not valid yet; is the clock right?");
	return OK;
}

static void kick(void *arg);

static err start(links *l, const links_config *config)
{
	TRY(tls_new(&l->tls, config->certificate_pem, config->key_pem, LINK_PROTOCOL));
	TRY(check_own(l));
	if (!l->reactor) {
		TRY(reactor_new(&l->reactor, config->clock));
		l->own_reactor = true;
	}
	return link_in_start(l);
}

static void links_release(links *l)
{
	if (l->own_reactor) reactor_free(&l->reactor);
	tls_free(&l->tls);
	free(l->peers);
	pthread_cond_destroy(&l->room);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void begin(void *arg)
{
	link_in_open(arg);
}

err links_new(links **out, const links_config *config)
{
	TRY(check_config(config));
	links *l = calloc(1, sizeof *l);
	if (!l) return err_fail(ERR_NOMEM, "no memory for links");
	l->config = *config;
	if (!l->config.rng) l->config.rng = rng_os();
	snprintf(l->name, sizeof l->name, "%s", config->name);
	l->reactor = config->reactor;
	pthread_mutex_init(&l->lock, NULL);
	wait_init(&l->room);
	rng_fill(l->config.rng, l->process, sizeof l->process);

	err e = start(l, config);
	if (e == OK && l->own_reactor) {
		e = reactor_start(l->reactor);
		if (e != OK) link_in_stop(l);
	}
	if (e != OK) {
		links_release(l);
		return e;
	}
	l->config.name = l->config.address = NULL;
	l->config.certificate_pem = l->config.key_pem = (slice){ 0 };
	reactor_run(l->reactor, begin, l);
	*out = l;
	return OK;
}

static void stop(void *arg)
{
	links *l = arg;

	l->stopping = true;
	link_bench_stop(l);
	link_in_stop(l);
	for (size_t i = 0; i < l->n_peers; i++) {
		link_out_stop(l->peers[i]);
		link_in_forget(l->peers[i]);
		link_peer_free(l->peers[i]);
	}
	l->n_peers = 0;
}

void links_free(links **lp)
{
	links *l = *lp;
	if (!l) return;
	reactor_run(l->reactor, stop, l);
	reactor_settle(l->reactor);                  /* the last tasks of connections */
	links_release(l);
	*lp = NULL;
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

/* On the links' thread: what other threads left for it. */
static void kick(void *arg)
{
	links *l = arg;

	pthread_mutex_lock(&l->lock);
	l->kicked = false;
	for (size_t i = 0; i < l->n_peers; i++) {
		link_peer *p = l->peers[i];
		const bool fresh = p->fresh, resume = p->resume;
		if (!fresh && !resume) continue;
		p->fresh = p->resume = false;
		pthread_mutex_unlock(&l->lock);              /* peers come and go on this thread, but not in between */
		if (fresh && p->out) link_conn_flush(p->out);
		if (resume) link_in_offer(p);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
}

/* Under the lock. */
static void kick_later(links *l)
{
	if (l->kicked) return;
	l->kicked = true;
	reactor_post(l->reactor, &l->kick, kick, l);
}

/* The peer, once its lane has room for that much or the time is up; under the lock. */
static err await_room(links *l, link_peer **out, unsigned to, links_lane lane, size_t cost, int64_t until_ms)
{
	for (;;) {
		link_peer *p = link_find(l, to);
		if (!p) return err_fail(ERR_NOT_FOUND, "there is no peer %u", to);
		if (link_outflow_kept(&p->outflow[lane]) + cost <= l->config.queued[lane]) {
			*out = p;
			return OK;
		}
		bool in_time = until_ms > 0;
		if (in_time) {
			l->waiting++;
			in_time = wait_until(&l->room, &l->lock, until_ms) || clock_now_ms(clock_system()) < until_ms;
			l->waiting--;
		}
		if (in_time) continue;
		link_count(&p->exhausted, 1);
		return err_fail(ERR_EXHAUSTED, "%zu bytes wait for peer %u (%s) already; it is %s",
		                link_outflow_kept(&p->outflow[lane]), to, p->name, p->up ? "slow" : "down");
	}
}

static err send_locked(links *l, unsigned to, links_lane lane, slice head, slice body, link_outflow *ready, int64_t until_ms)
{
	link_peer *p = NULL;
	const size_t n = head.n + body.n;

	TRY(await_room(l, &p, to, lane, link_outflow_cost(n), until_ms));
	if (ready) link_outflow_join(&p->outflow[lane], ready);
	else TRY(link_outflow_add(&p->outflow[lane], head, body));
	link_count(&p->frames_out, 1);
	link_count(&p->bytes_out, n);
	p->fresh = true;
	kick_later(l);
	return OK;
}

err links_send(links *l, unsigned to, links_lane lane, slice head, slice body, int64_t wait_ms)
{
	const size_t most = link_frame_max(lane);
	int64_t until_ms = wait_ms > 0 && !reactor_here(l->reactor) ? clock_now_ms(clock_system()) + wait_ms : 0;
	link_outflow ready;

	if (head.n > most || body.n > most - head.n)
		return err_fail(ERR_REQUEST, "a frame of this lane has at most %zu bytes: send it in parts", most);
	bool large = head.n + body.n > LINK_BODY_MAX;
	if (large) {                                         /* copied while nobody waits for the lock */
		link_outflow_init(&ready, lane);
		TRY(link_outflow_add(&ready, head, body));
	}
	pthread_mutex_lock(&l->lock);
	err e = send_locked(l, to, lane, head, body, large ? &ready : NULL, until_ms);
	pthread_mutex_unlock(&l->lock);
	if (large) link_outflow_clear(&ready);
	return e;
}

void links_resume(links *l, unsigned from)
{
	pthread_mutex_lock(&l->lock);
	link_peer *p = link_find(l, from);
	if (p) {
		p->resume = true;
		kick_later(l);
	}
	pthread_mutex_unlock(&l->lock);
}

/* ---- health --------------------------------------------------------------------------------------------------- */

static uint64_t count_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void describe(links_health *h, const link_peer *p)
{
	*h = (links_health){
		.number = p->number, .up = p->up, .heard = p->heard,
		.latency_us = atomic_load_explicit(&p->latency_us, memory_order_relaxed),
		.frames_out = count_of(&p->frames_out), .bytes_out = count_of(&p->bytes_out),
		.wire_out = count_of(&p->wire_out), .frames_in = count_of(&p->frames_in), .bytes_in = count_of(&p->bytes_in),
		.exhausted = count_of(&p->exhausted), .dropped = count_of(&p->dropped), .writes = count_of(&p->writes),
		.connects = count_of(&p->connects), .restarts = count_of(&p->restarts),
	};
	memcpy(h->name, p->name, sizeof h->name);
	memcpy(h->endpoint, p->endpoint, sizeof h->endpoint);
	memcpy(h->error, p->error, sizeof h->error);
	for (unsigned i = 0; i < LINKS_LANES; i++) h->queued[i] = link_outflow_kept(&p->outflow[i]);
}

err links_health_of(links *l, links_health *out, unsigned number)
{
	pthread_mutex_lock(&l->lock);
	const link_peer *p = link_find(l, number);
	if (p) describe(out, p);
	pthread_mutex_unlock(&l->lock);
	return p ? OK : err_fail(ERR_NOT_FOUND, "there is no peer %u", number);
}

links_totals links_totals_of(const links *l)
{
	return (links_totals){ count_of(&l->refused), count_of(&l->half_open_dropped) };
}
