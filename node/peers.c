/* SPDX-License-Identifier: MIT */
/* node/peers.c -- links to committees and back. */
#include "node/peers_internal.h"
#include <stdlib.h>
#include "base/log.h"
#include "node/audit.h"
#include "sym/sha2.h"

enum { RESUME_MS = 20, FULL_MS = 2000, KEEP_MS = 900 * 1000, BULK_FROM = 64 << 10, TELL_AGAIN_MS = 1000 };

/* ---- frames in: the links' thread ------------------------------------------------------------------------------- */

static committee *find_committee(peers *p, const uint8_t id[static 32])
{
	for (committee *c = __atomic_load_n(&p->first, __ATOMIC_ACQUIRE); c; c = c->next)
		if (!c->gone && !memcmp(c->context->id.b, id, 32)) return c;
	return NULL;
}

static party party_of_number(const committee *c, unsigned number)
{
	for (party i = 1; i <= c->context->n; i++)
		if (c->number[i] == number) return i;
	return 0;
}

/* There is no room for what this peer sends.  For a while its link waits; then it has left more here than it may, and what
 * finds no room is lost, so that its other frames get through. */
static bool wait_for_room(peers *p, unsigned number)
{
	const int64_t now = reactor_now_ms(p->reactor);

	if (p->full_since[number] == 0) p->full_since[number] = now;
	return now - p->full_since[number] < FULL_MS;
}

static bool take_envelope(committee *c, party from, slice payload)
{
	const unsigned number = c->number[from];
	envelope e;

	if (!envelope_read(&e, payload)) {
		peers_blame(c, from, "a message that is none");
		return true;
	}
	const inbox_verdict v = inbox_put(c->in, from, &e);
	if (v == INBOX_FULL) {
		if (wait_for_room(c->of, number)) return false;
		peers_blame(c, from, "more messages than it may leave here");
		return true;
	}
	c->of->full_since[number] = 0;
	switch (v) {
	case INBOX_FORGED:      peers_blame(c, from, "a message in another party's name"); return true;
	case INBOX_CONTRADICTS: peers_blame(c, from, "two different messages in one place"); return true;
	case INBOX_FULL:
	case INBOX_KEPT:
	case INBOX_REPEATED:
	case INBOX_LATE:
	case INBOX_FAR:
	case INBOX_VERDICTS:    break;
	}
	return true;
}

committee *peers_find(party *who, peers *p, unsigned number)
{
	for (committee *c = __atomic_load_n(&p->first, __ATOMIC_ACQUIRE); c; c = c->next) {
		*who = c->gone ? 0 : party_of_number(c, number);
		if (*who && *who != c->context->me) return c;
	}
	return NULL;
}

static void take_clock(peers *p, unsigned from, slice word)
{
	party who;
	committee *c;

	if (!peers_clock_take(p, from, word) && (c = peers_find(&who, p, from))) peers_blame(c, who, "a word about time that is none");
}

/* Of a context that stands in front of what they bring. */
static bool is_later_kind(uint8_t kind) { return kind == FRAME_SETTINGS || kind == FRAME_NEWS; }

static bool on_frame(void *ctx, unsigned from, links_lane lane, slice frame)
{
	peers *p = ctx;
	bool taken = true;

	(void)lane;
	if (frame.n < FRAME_HEADER_BYTES) return true;
	if (frame.p[0] == FRAME_CLOCK) {
		take_clock(p, from, slice_of(frame.p + FRAME_HEADER_BYTES, frame.n - FRAME_HEADER_BYTES));
		return true;
	}
	const bool is_later = is_later_kind(frame.p[0]) && frame.n >= FRAME_HEADER_BYTES + sizeof(id32);
	const size_t head = FRAME_HEADER_BYTES + (is_later ? sizeof(id32) : 0);
	committee *c = find_committee(p, frame.p + head - sizeof(id32));
	const party who = c ? party_of_number(c, from) : 0;
	if (who == 0 || who == c->context->me) {
		atomic_fetch_add(&p->strays, 1);         /* of a context that one of us has not yet, or no longer */
		return true;
	}
	const slice payload = slice_of(frame.p + head, frame.n - head);
	if (frame.p[0] != FRAME_SESSION && payload.n > MAX_FRAME_PAYLOAD) {
		peers_blame(c, who, "a frame that is too long");
		return true;
	}
	switch (frame.p[0]) {
	case FRAME_SESSION:  taken = take_envelope(c, who, payload); break;
	case FRAME_OPENING:  taken = p->listener.opening(p->listener.ctx, c, who, payload); break;
	case FRAME_ANNOUNCE: p->listener.announced(p->listener.ctx, c, who, payload); break;
	case FRAME_DELEGATION:
		if (!p->listener.delegation(p->listener.ctx, c, who, payload)) peers_blame(c, who, "a frame of delegations that is none");
		break;
	case FRAME_SETTINGS:
		if (!is_later || !p->listener.settings(p->listener.ctx, c, who, payload)) peers_blame(c, who, "settings that are none");
		break;
	case FRAME_NEWS:
		if (!is_later || !p->listener.news(p->listener.ctx, c, who, payload)) peers_blame(c, who, "news of a key that are none");
		break;
	default:             peers_blame(c, who, "a frame of no known kind"); break;
	}
	if (!taken) p->paused[from] = true;
	return taken;
}

static void on_change(void *ctx, unsigned number, links_event what)
{
	peers *p = ctx;

	if (what == LINKS_DOWN) return;
	if (what == LINKS_UP) peers_clock_up(p, number);
	for (committee *c = __atomic_load_n(&p->first, __ATOMIC_ACQUIRE); c; c = c->next) {
		const party who = c->gone ? 0 : party_of_number(c, number);
		if (who && who != c->context->me) p->listener.up(p->listener.ctx, c, who);
	}
}

static void on_refused(void *ctx, const char *sentence)
{
	(void)ctx;
	log_warn("a connection from another node was refused: %s", sentence);
}

/* Inboxes have no way to say that there is room again, so links that wait are asked now and then. */
static void resume_all(void *arg)
{
	peers *p = arg;

	for (unsigned i = 0; i <= LINKS_PEERS_MAX; i++) {
		if (!p->paused[i]) continue;
		p->paused[i] = false;
		links_resume(p->links, i);
	}
	reactor_timer_set(p->reactor, &p->resume, reactor_now_ms(p->reactor) + RESUME_MS);
}

static void stop_resuming(void *arg)
{
	peers *p = arg;
	reactor_timer_clear(p->reactor, &p->resume);
	reactor_timer_clear(p->reactor, &p->clock_round);
}

/* ---- frames out ------------------------------------------------------------------------------------------------- */

/* A test changes a frame on its way. */
static bool tamper(peers *p, party to, buf *frame)
{
	return p->seams->frame(p->seams->ctx, to, frame);
}

static void send_frame(peers *p, unsigned number, slice head, slice body, int64_t wait_ms)
{
	const links_lane lane = head.n + body.n > BULK_FROM ? LINKS_BULK : LINKS_URGENT;

	if (links_send(p->links, number, lane, head, body, wait_ms) != OK) err_clear();      /* a message lost */
}

void peers_send(committee *c, party to, frame_kind kind, slice head, slice body, int64_t wait_ms)
{
	peers *p = c->of;
	buf frame = { 0 };

	ASSERT(to != c->context->me && to <= c->context->n);
	if (c->number[to] == 0 || c->gone) return;
	buf_put_u8(&frame, (uint8_t)kind);
	if (is_later_kind((uint8_t)kind)) buf_put_slice(&frame, id_slice(&(id32){ 0 }));
	buf_put_slice(&frame, id_slice(&c->context->id));
	buf_put_slice(&frame, head);
	if (p->seams && p->seams->frame) {
		buf_put_slice(&frame, body);
		body = (slice){ 0 };
		if (!tamper(p, to, &frame)) frame.n = 0;
	}
	if (frame.n) send_frame(p, c->number[to], buf_slice(&frame), body, wait_ms);
	buf_free(&frame);
}

static err send_envelope(void *ctx, party to, const envelope *e)
{
	uint8_t header[ENVELOPE_HEADER];

	envelope_write_header(header, e);
	/* Never waits: else one peer that takes nothing would hold up our messages to all others. */
	peers_send(ctx, to, FRAME_SESSION, slice_of(header, sizeof header), e->body, 0);
	return OK;
}

wire peers_wire(committee *c)
{
	return (wire){ c, send_envelope };
}

/* ---- who is linked ------------------------------------------------------------------------------------------------ */

/* The link of a party of this name and CA, taken once more; a number without one if there is none. */
static linked_peer *find_linked(peers *p, unsigned *number, const member *m, const hash32 *ca)
{
	*number = 0;
	for (unsigned i = 1; i <= LINKS_PEERS_MAX; i++) {
		linked_peer *l = &p->linked[i];
		if (l->uses && !strcmp(l->name, m->identity) && hash32_eq_var(l->ca, *ca)) {
			*number = i;
			return l;
		}
		if (!l->uses && *number == 0) *number = i;
	}
	return NULL;
}

/* Under the lock.  A party that is in two contexts with two addresses is dialled at the one that was told last. */
static err link_member(peers *p, unsigned *number, const member *m)
{
	const hash32 ca = sha256(m->ca_pem);
	const links_peer peer = { .name = m->identity, .host = m->host, .port = m->port, .ca_pem = m->ca_pem };
	links_peer q = peer;

	if (m->ca_pem.n == 0) {
		log_warn("party %u, %s, has no CA certificate in its context: there will be no link to it", m->id, m->identity);
		return OK;
	}
	(void)find_linked(p, &q.number, m, &ca);
	if (q.number == 0) return err_fail(ERR_EXHAUSTED, "links to %d peers are the most there can be", LINKS_PEERS_MAX);
	TRY(links_put_peer(p->links, &q));
	linked_peer *l = &p->linked[q.number];
	snprintf(l->name, sizeof l->name, "%s", m->identity);
	l->ca = ca;
	l->uses++;
	*number = q.number;
	return OK;
}

static void unlink_member(peers *p, unsigned number)
{
	if (number == 0 || --p->linked[number].uses) return;
	links_drop_peer(p->links, number);
	p->linked[number] = (linked_peer){ 0 };
	atomic_store(&p->clock[number].forget, true);
}

static void unlink_all(peers *p, const committee *c)
{
	for (party i = 1; i <= c->context->n; i++) unlink_member(p, c->number[i]);
}

static err link_all(peers *p, committee *c)
{
	const mpc_context *k = c->context;

	for (party i = 1; i <= k->n; i++)
		if (i != k->me) TRY(link_member(p, &c->number[i], &k->member[i]));
	return OK;
}

static inbox_limits limits_of(const node_config *c)
{
	inbox_limits l = INBOX_LIMITS;

	l.early_sessions = (unsigned)c->threshold.net.max_opened_inactive_sessions_per_party;
	l.early_ms = c->threshold.net.discard_inactive_sessions_interval * 1000;
	return l;
}

static void committee_free(committee *c)
{
	inbox_free(&c->in);
	buf_free(&c->settings);
	free(c);
}

static err committee_new(committee **out, peers *p, const mpc_context *k)
{
	const inbox_limits limits = limits_of(p->config);
	committee *c = calloc(1, sizeof *c);

	if (!c) return err_fail(ERR_NOMEM, "no memory for a committee");
	c->context = k;
	c->of = p;
	err e = inbox_new(&c->in, k->me, k->n, &limits, wait_system());
	if (e == OK) e = link_all(p, c);
	if (e != OK) {
		unlink_all(p, c);
		committee_free(c);
		return e;
	}
	*out = c;
	return OK;
}

/* Links that came up before there was a committee. */
static void greet(void *arg)
{
	committee *c = arg;

	for (party i = 1; i <= c->context->n; i++)
		if (i != c->context->me && peers_is_up(c, i)) c->of->listener.up(c->of->listener.ctx, c, i);
}

err peers_join(peers *p, const mpc_context *k)
{
	committee *c = NULL;

	if (k->me == 0) return OK;
	pthread_mutex_lock(&p->lock);
	err e = committee_new(&c, p, k);
	if (e == OK) {
		c->next = p->first;
		__atomic_store_n(&p->first, c, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&p->lock);
	if (e == OK) reactor_run(p->reactor, greet, c);
	return e;
}

void peers_leave(peers *p, const mpc_context *k)
{
	pthread_mutex_lock(&p->lock);
	committee *c = p->first;
	while (c && (c->gone || c->context != k)) c = c->next;
	if (c) {
		c->gone = true;
		unlink_all(p, c);
		inbox_cancel_all(c->in);
	}
	pthread_mutex_unlock(&p->lock);
}

err peers_committee(committee **out, peers *p, const mpc_context *k)
{
	for (committee *c = __atomic_load_n(&p->first, __ATOMIC_ACQUIRE); c; c = c->next) {
		if (c->gone || c->context != k) continue;
		*out = c;
		return OK;
	}
	return err_fail(ERR_STATE, "this node is not a party of the context");
}

/* ---- the life of it ----------------------------------------------------------------------------------------------- */

static links_config config_of(peers *p, const peers_parts *parts)
{
	const threshold_config *t = &parts->config->threshold;
	links_config c = links_config_default();

	c.reactor = p->reactor;
	c.name = parts->name;
	c.certificate_pem = parts->certificate_pem;
	c.key_pem = parts->key_pem;
	c.address = t->listen_address;
	c.port = (unsigned)t->listen_port;
	c.ctx = p;
	c.on_frame = on_frame;
	c.on_change = on_change;
	c.on_refused = on_refused;
	c.retry_ms = t->net.initial_interval_ms;
	c.retry_most_ms = t->net.max_interval * 1000;
	c.keep_ms = KEEP_MS;
	return c;
}

static err start(peers *p, const peers_parts *parts)
{
	TRY(reactor_new(&p->reactor, NULL));
	TRY(reactor_start(p->reactor));
	const links_config c = config_of(p, parts);
	TRY(links_new(&p->links, &c));
	p->resume.ring = resume_all;
	p->resume.arg = p;
	p->clock_round.ring = peers_clock_round;
	p->clock_round.arg = p;
	reactor_run(p->reactor, resume_all, p);
	reactor_run(p->reactor, peers_clock_round, p);
	return OK;
}

err peers_new(peers **out, const peers_parts *parts)
{
	peers *p = calloc(1, sizeof *p);

	if (!p) return err_fail(ERR_NOMEM, "no memory for the links to other nodes");
	pthread_mutex_init(&p->lock, NULL);
	p->config = parts->config;
	p->listener = parts->listener;
	p->seams = parts->seams;
	err e = start(p, parts);
	if (e != OK) {
		peers_free(&p);
		return e;
	}
	*out = p;
	return OK;
}

void peers_cancel(peers *p)
{
	for (committee *c = p ? p->first : NULL; c; c = c->next) inbox_cancel_all(c->in);
}

void peers_close(peers *p)
{
	if (!p) return;
	if (p->reactor) reactor_run(p->reactor, stop_resuming, p);
	links_free(&p->links);
	reactor_free(&p->reactor);
}

void peers_free(peers **pp)
{
	peers *p = *pp;
	if (!p) return;
	peers_close(p);
	for (committee *c = p->first, *next; c; c = next) {
		next = c->next;
		committee_free(c);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
	*pp = NULL;
}

/* ---- blame ------------------------------------------------------------------------------------------------------ */

void peers_blame(committee *c, party who, const char *why)
{
	const int64_t now = clock_now_ms(clock_system());
	int64_t told = atomic_load(&c->told_ms[who]);
	const uint64_t times = atomic_fetch_add(&c->wrong[who], 1) + 1;

	if (told && now - told < TELL_AGAIN_MS) return;
	if (!atomic_compare_exchange_strong(&c->told_ms[who], &told, now)) return;
	AUDIT(.event = AUDIT_PARTY_SUSPECTED, .id = &c->context->id, .party = who, .amount = times, .text = why);
}

void peers_ceremony_showed(committee *c, party who, bool agreed, const char *why)
{
	const uint64_t times = atomic_fetch_add(agreed ? &c->corrupt[who] : &c->odd[who], 1) + 1;

	AUDIT(.event = agreed ? AUDIT_PARTY_CORRUPT : AUDIT_PARTY_ODD, .id = &c->context->id, .party = who, .amount = times, .text = why);
}
