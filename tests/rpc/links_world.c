/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "tests/rpc/links_world.h"
#include "rpc/listen.h"
#include "tests/port.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP_MS = 5, MANY_TURNS = 60000 };

identity world_who[WORLD_NODES + 1], world_twin;
reactor *world_reactor;
_Atomic int64_t world_ms = 1000000, world_us = 1;

static int64_t world_now(void *ctx)
{
	(void)ctx;
	return world_ms;
}

static int64_t world_unix(void *ctx)
{
	(void)ctx;
	return (int64_t)1800000000 * 1000 + world_ms;
}

static int64_t world_now_us(void *ctx)
{
	(void)ctx;
	return world_us;
}

const clock_source WORLD_CLOCK = { NULL, world_now, world_unix };

/* ---- identities ----------------------------------------------------------------------------------------------- */

static void identity_make(identity *who, const char *name)
{
	snprintf(who->name, sizeof who->name, "%s", name);
	ASSERT(certs_make_ca(&who->ca, name, 100, &WORLD_CLOCK) == OK);
	ASSERT(certs_make_leaf(&who->leaf, &who->ca, name, NULL, 0, 10, &WORLD_CLOCK) == OK);
}

static void identity_free(identity *who)
{
	certs_pair_free(&who->ca);
	certs_pair_free(&who->leaf);
}

int world_begin(void **state)
{
	char name[16];
	(void)state;
	for (unsigned i = 0; i <= WORLD_NODES; i++) {
		snprintf(name, sizeof name, i ? "node-%u" : "stranger", i);
		identity_make(&world_who[i], name);
	}
	identity_make(&world_twin, "node-1");
	return reactor_new(&world_reactor, &WORLD_CLOCK) == OK ? 0 : -1;
}

int world_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= WORLD_NODES; i++) identity_free(&world_who[i]);
	identity_free(&world_twin);
	reactor_free(&world_reactor);
	return 0;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

void world_turn(void)
{
	for (unsigned i = 0; i < 4; i++) reactor_turn(world_reactor, 0);
	world_ms += STEP_MS;
	reactor_turn(world_reactor, 0);
}

bool world_until(bool (*done)(void *ctx), void *ctx)
{
	for (unsigned i = 0; i < MANY_TURNS; i++) {
		if (done(ctx)) return true;
		world_turn();
	}
	return false;
}

void world_pass(int64_t ms)
{
	for (int64_t until = world_ms + ms; world_ms < until; ) world_turn();
}

/* ---- nodes ---------------------------------------------------------------------------------------------------- */

static uint8_t frame_byte(uint64_t number, size_t i)
{
	return (uint8_t)(number * 131 + i * 7 + (i >> 8));
}

static bool on_frame(void *ctx, unsigned from, links_lane lane, slice frame)
{
	node *n = ctx;
	if (n->full[lane]) return false;
	if (n->careless) return true;
	ASSERT(from >= 1 && from <= WORLD_NODES && frame.n >= 8);
	const uint64_t number = load64(frame.p);
	if (n->gaps_allowed[from]) ASSERT(number >= n->next_in[from][lane]);
	else ASSERT(number == n->next_in[from][lane]);
	for (size_t i = 8; i < frame.n; i++) ASSERT(frame.p[i] == frame_byte(number, i));
	n->next_in[from][lane] = number + 1;
	n->from[from][lane]++;
	return true;
}

static void on_change(void *ctx, unsigned peer, links_event what)
{
	node *n = ctx;
	(void)peer;
	if (what == LINKS_UP) n->ups++;
	if (what == LINKS_DOWN) n->downs++;
	if (what == LINKS_RESTARTED) n->restarts++;
}

static void on_refused(void *ctx, const char *sentence)
{
	node *n = ctx;
	n->refusals++;
	snprintf(n->refused, sizeof n->refused, "%s", sentence);
}

static err approve(void *ctx, unsigned peer, slice der)
{
	node *n = ctx;
	ASSERT(peer >= 1 && der.n > 100 && der.p[0] == 0x30);
	n->approvals++;
	return n->disapproval ? err_fail(ERR_REQUEST, "%s", n->disapproval) : OK;
}

node *node_new_with(unsigned number, const identity *who, void (*change)(links_config *c))
{
	node *n = calloc(1, sizeof *n);
	ASSERT(n);
	n->number = number;
	n->config = links_config_default();
	n->config.reactor = world_reactor;
	n->config.clock = &WORLD_CLOCK;
	n->config.now_us = world_now_us;
	n->config.rng = test_rng();
	n->config.name = who->name;
	n->config.certificate_pem = buf_slice(&who->leaf.certificate_pem);
	n->config.key_pem = buf_slice(&who->leaf.key_pem);
	n->config.address = "127.0.0.1";
	n->config.ctx = n;
	n->config.on_frame = on_frame, n->config.on_change = on_change;
	n->config.on_refused = on_refused, n->config.approve = approve;
	n->config.retry_ms = 10, n->config.retry_most_ms = 1000;
	if (change) change(&n->config);
	assert_ok(links_new(&n->links, &n->config));
	return n;
}

node *node_new(unsigned number)
{
	return node_new_with(number, &world_who[number], NULL);
}

void node_free(node **np)
{
	if (!*np) return;
	links_free(&(*np)->links);
	free(*np);
	*np = NULL;
}

void node_meet(node *n, unsigned number, unsigned port)
{
	const identity *who = &world_who[number];
	const links_peer p = { number, who->name, "127.0.0.1", port, buf_slice(&who->ca.certificate_pem) };
	assert_ok(links_put_peer(n->links, &p));
}

err node_send(node *n, unsigned to, links_lane lane, size_t size)
{
	AUTO(buf) b = { 0 };
	const uint64_t number = n->next_out[to][lane];
	uint8_t *p = buf_grow(&b, size);
	for (size_t i = 8; i < size; i++) p[i] = frame_byte(number, i);
	store64(p, number);
	const size_t cut = test_below(size + 1);
	TRY(links_send(n->links, to, lane, slice_of(p, cut), slice_of(p + cut, size - cut), 0));
	n->next_out[to][lane]++;
	return OK;
}

links_health node_health(node *n, unsigned of)
{
	links_health h;
	assert_ok(links_health_of(n->links, &h, of));
	return h;
}

link_peer *node_peer(node *n, unsigned of)
{
	link_peer *p = link_find(n->links, of);
	assert_non_null(p);
	return p;
}

/* ---- cables --------------------------------------------------------------------------------------------------- */

int world_connect(unsigned port)
{
	int fd = -1;
	assert_ok(connect_to(&fd, "127.0.0.1", port, 60000));
	return fd;
}

unsigned world_dead_port(void)
{
	static int held;
	static unsigned port;
	if (!port) port = port_hold(&held);
	return port;
}

static void pair_close(cutter_pair *k)
{
	for (unsigned i = 0; i < 2; i++) {
		if (k->fd[i] < 0) continue;
		reactor_watch_clear(world_reactor, &k->watch[i]);
		close(k->fd[i]);
		free(k->held[i]);
		k->held[i] = NULL;
		k->fd[i] = -1;
		k->at[i] = k->n[i] = 0;
	}
}

void cutter_cut(cutter *c)
{
	for (unsigned i = 0; i < CUTTER_PAIRS; i++) pair_close(&c->pairs[i]);
	c->left = UINT64_MAX;
	c->cuts++;
}

/* Bytes from side i to the other one, as far as that goes.  False: the pair is gone. */
static bool pair_carry(cutter_pair *k, unsigned i)
{
	for (unsigned turn = 0; turn < 16; turn++) {
		if (k->at[i] == k->n[i]) {
			ssize_t got = recv(k->fd[i], k->held[i], size_min(CUTTER_ROOM, k->owner->left), 0);
			if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
			if (got <= 0) return false;
			k->at[i] = 0, k->n[i] = (size_t)got;
		}
		ssize_t put = send(k->fd[!i], k->held[i] + k->at[i], k->n[i] - k->at[i], MSG_NOSIGNAL);
		if (put < 0 && (errno == EAGAIN || errno == EINTR)) return true;
		if (put < 0) return false;
		k->at[i] += (size_t)put;
		k->owner->left -= (uint64_t)put;
		if (k->owner->left == 0) {
			cutter_cut(k->owner);
			return true;
		}
	}
	return true;
}

static void pair_ready(void *arg, uint32_t events)
{
	cutter_pair *k = arg;
	(void)events;
	if (k->owner->stalled) return;
	for (unsigned i = 0; i < 2 && k->fd[0] >= 0; i++)
		if (!pair_carry(k, i)) pair_close(k);
	for (unsigned i = 0; i < 2 && k->fd[0] >= 0; i++) {
		uint32_t wanted = (k->at[i] == k->n[i] ? EPOLLIN : 0u) | (k->at[!i] < k->n[!i] ? EPOLLOUT : 0u);
		ASSERT(reactor_watch_set(world_reactor, &k->watch[i], wanted) == OK);
	}
}

static void cutter_accept(void *arg, uint32_t events)
{
	cutter *c = arg;
	cutter_pair *k = NULL;
	(void)events;
	int fd = accept4(c->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), other = -1;
	if (fd < 0) return;
	for (unsigned i = 0; i < CUTTER_PAIRS && !k; i++)
		if (c->pairs[i].fd[0] < 0) k = &c->pairs[i];
	if (!k || connect_to(&other, "127.0.0.1", c->to, 60000) != OK) {
		err_clear();
		close(fd);
		return;
	}
	k->fd[0] = fd, k->fd[1] = other;
	for (unsigned i = 0; i < 2; i++) {
		k->held[i] = malloc(CUTTER_ROOM);
		ASSERT(k->held[i]);
		k->watch[i] = (reactor_watch){ .fd = k->fd[i], .ready = pair_ready, .arg = k };
		ASSERT(reactor_watch_set(world_reactor, &k->watch[i], c->stalled ? 0 : EPOLLIN) == OK);
	}
}

void cutter_stall(cutter *c, bool stalled)
{
	const uint32_t events = stalled ? 0 : EPOLLIN | EPOLLOUT;
	c->stalled = stalled;
	for (unsigned i = 0; i < CUTTER_PAIRS; i++)
		for (unsigned side = 0; side < 2 && c->pairs[i].fd[0] >= 0; side++)
			ASSERT(reactor_watch_set(world_reactor, &c->pairs[i].watch[side], events) == OK);
}

cutter *cutter_new(unsigned to)
{
	cutter *c = calloc(1, sizeof *c);
	int fd = -1;
	ASSERT(c);
	assert_ok(listen_on(&fd, &c->port, "127.0.0.1", 0));
	c->to = to;
	c->left = UINT64_MAX;
	for (unsigned i = 0; i < CUTTER_PAIRS; i++) {
		c->pairs[i].owner = c;
		c->pairs[i].fd[0] = c->pairs[i].fd[1] = -1;
	}
	c->listener = (reactor_watch){ .fd = fd, .ready = cutter_accept, .arg = c };
	ASSERT(reactor_watch_set(world_reactor, &c->listener, EPOLLIN) == OK);
	return c;
}

void cutter_free(cutter *c)
{
	cutter_cut(c);
	reactor_watch_clear(world_reactor, &c->listener);
	close(c->listener.fd);
	free(c);
}

/* ---- node 1 and node 2 ---------------------------------------------------------------------------------------- */

pair pair_new(bool cables)
{
	pair p = { node_new(1), node_new(2), NULL, NULL };
	if (cables) p.to_a = cutter_new(links_port(p.a->links)), p.to_b = cutter_new(links_port(p.b->links));
	node_meet(p.a, 2, cables ? p.to_b->port : links_port(p.b->links));
	node_meet(p.b, 1, cables ? p.to_a->port : links_port(p.a->links));
	return p;
}

void pair_free(pair *p)
{
	node_free(&p->a);
	node_free(&p->b);
	if (p->to_a) cutter_free(p->to_a);
	if (p->to_b) cutter_free(p->to_b);
}

bool all_arrived(void *ctx)
{
	const pair *p = ctx;
	for (unsigned lane = 0; lane < LINKS_LANES; lane++) {
		if (p->b->next_in[p->a->number][lane] != p->a->next_out[p->b->number][lane]) return false;
		if (p->a->next_in[p->b->number][lane] != p->b->next_out[p->a->number][lane]) return false;
		if (node_health(p->a, p->b->number).queued[lane]) return false;
	}
	return true;
}

bool both_up(void *ctx)
{
	const pair *p = ctx;
	return node_health(p->a, p->b->number).up && node_health(p->b, p->a->number).up &&
	       node_health(p->a, p->b->number).heard && node_health(p->b, p->a->number).heard;
}
