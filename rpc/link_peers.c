/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_peers.c -- the table of peers: whom we dial and whom we let in.
 *
 * Wishes are checked on the caller's thread and carried out on the links'.  A peer that changes its place or its identity
 * keeps its number and what waits for it; its connections are made anew.
 */
#include "rpc/link_internal.h"
#include <stdlib.h>

/* The place of that number in the table, or of the first above it. */
static size_t place_of(const links *l, unsigned number)
{
	size_t from = 0, to = l->n_peers;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (l->peers[middle]->number < number) from = middle + 1;
		else to = middle;
	}
	return from;
}

link_peer *link_find(const links *l, unsigned number)
{
	size_t i = place_of(l, number);
	return i < l->n_peers && l->peers[i]->number == number ? l->peers[i] : NULL;
}

void link_peer_free(link_peer *p)
{
	if (!p) return;
	for (unsigned i = 0; i < LINKS_LANES; i++) {
		link_outflow_clear(&p->outflow[i]);
		link_inflow_free(&p->inflow[i]);
	}
	certs_certificate_free(&p->ca);
	free(p);
}

typedef struct change {
	links     *l;
	link_peer *p;                        /* what is to be; taken, or left to the caller */
	unsigned   number;
	err        e;
	const char *why;
} change;

static bool insert(links *l, link_peer *p)
{
	size_t i = place_of(l, p->number);
	link_peer **grown = realloc(l->peers, (l->n_peers + 1) * sizeof *grown);
	if (!grown) return false;
	l->peers = grown;
	memmove(grown + i + 1, grown + i, (l->n_peers - i) * sizeof *grown);
	grown[i] = p;
	l->n_peers++;
	return true;
}

/* The old one takes the new one's place in the world, and keeps what waits for it. */
static void replace(link_peer *old, link_peer *p)
{
	bool other = strcmp(old->name, p->name) != 0 || !certs_same(old->ca, p->ca);
	bool moved = strcmp(old->endpoint, p->endpoint) != 0;

	if (!other && !moved) return;
	bool was_up = old->up;
	link_out_stop(old);
	if (other) {
		link_in_forget(old);
		old->met = false;
	}
	pthread_mutex_lock(&old->l->lock);
	old->up = false;
	certs_certificate *ca = old->ca;
	old->ca = p->ca, p->ca = ca;
	memcpy(old->name, p->name, sizeof old->name);
	memcpy(old->host, p->host, sizeof old->host);
	memcpy(old->endpoint, p->endpoint, sizeof old->endpoint);
	old->port = p->port;
	pthread_mutex_unlock(&old->l->lock);
	old->down_ms = link_now_ms(old->l);
	old->wait_ms = old->l->config.retry_ms;
	if (was_up) link_event(old, LINKS_DOWN);
	link_out_start(old);
}

static void put(void *arg)
{
	change *c = arg;
	links *l = c->l;
	link_peer *old = link_find(l, c->p->number);
	bool ok = true;

	ASSERT(!l->calling);
	for (size_t i = 0; i < l->n_peers; i++) {
		const link_peer *p = l->peers[i];
		if (p == old || strcmp(p->name, c->p->name) != 0 || !certs_same(p->ca, c->p->ca)) continue;
		c->e = ERR_EXISTS, c->why = "another number has that name and CA certificate already";
		return;
	}
	if (old) {
		replace(old, c->p);
		return;
	}
	c->p->down_ms = link_now_ms(l);
	if (l->n_peers == LINKS_PEERS_MAX) {
		c->e = ERR_EXHAUSTED, c->why = "there are too many peers";
		return;
	}
	pthread_mutex_lock(&l->lock);
	ok = insert(l, c->p);
	pthread_mutex_unlock(&l->lock);
	if (!ok) {
		c->e = ERR_NOMEM, c->why = "no memory for a peer";
		return;
	}
	link_out_start(c->p);
	c->p = NULL;
}

static err check_peer(const links_peer *p)
{
	const size_t n = strlen(p->host);
	if (p->number == 0) return err_fail(ERR_REQUEST, "numbers of peers begin with 1");
	if (!certs_name_ok(p->name))
		return err_fail(ERR_REQUEST, "the name of peer %u has 1 to %d letters, digits, '.', '-' or '_'", p->number,
		                CERTS_NAME_MAX);
	if (n == 0 || n > LINKS_HOST_MAX || strpbrk(p->host, " \t\r\n/"))
		return err_fail(ERR_REQUEST, "the host of peer %u (%s) is not a name or an address", p->number, p->name);
	if (p->port == 0 || p->port > 65535)
		return err_fail(ERR_REQUEST, "the port of peer %u (%s) is 1 to 65535, not %u", p->number, p->name, p->port);
	return OK;
}

err links_put_peer(links *l, const links_peer *wanted)
{
	char what[CERTS_NAME_MAX + 32];

	TRY(check_peer(wanted));
	link_peer *p = calloc(1, sizeof *p);
	if (!p) return err_fail(ERR_NOMEM, "no memory for a peer");
	snprintf(what, sizeof what, "the CA certificate of %s", wanted->name);
	err e = certs_read_ca(&p->ca, what, wanted->ca_pem);
	if (e != OK) {
		free(p);
		return e;
	}
	p->l = l;
	p->number = wanted->number;
	p->port = wanted->port;
	p->wait_ms = l->config.retry_ms;
	p->latency_us = -1;
	snprintf(p->name, sizeof p->name, "%s", wanted->name);
	snprintf(p->host, sizeof p->host, "%s", wanted->host);
	snprintf(p->endpoint, sizeof p->endpoint, strchr(p->host, ':') ? "[%s]:%u" : "%s:%u", p->host, p->port);
	rng_fill(l->config.rng, p->stream, sizeof p->stream);
	for (links_lane i = 0; i < LINKS_LANES; i++) {
		link_outflow_init(&p->outflow[i], i);
		link_inflow_init(&p->inflow[i], i, l->config.held[i]);
	}
	change c = { .l = l, .p = p };
	reactor_run(l->reactor, put, &c);
	link_peer_free(c.p);
	if (c.e != OK) return err_fail(c.e, "peer %u (%s): %s", wanted->number, wanted->name, c.why);
	return OK;
}

static void drop(void *arg)
{
	change *c = arg;
	links *l = c->l;
	size_t i = place_of(l, c->number);

	ASSERT(!l->calling);
	if (i == l->n_peers || l->peers[i]->number != c->number) return;
	c->p = l->peers[i];
	link_out_stop(c->p);
	link_in_forget(c->p);
	pthread_mutex_lock(&l->lock);
	l->n_peers--;
	memmove(l->peers + i, l->peers + i + 1, (l->n_peers - i) * sizeof *l->peers);
	if (l->waiting) pthread_cond_broadcast(&l->room);
	pthread_mutex_unlock(&l->lock);
}

void links_drop_peer(links *l, unsigned number)
{
	change c = { .l = l, .number = number };
	reactor_run(l->reactor, drop, &c);
	link_peer_free(c.p);
}
