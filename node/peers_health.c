/* SPDX-License-Identifier: MIT */
/* node/peers_health.c -- who can be reached, how fast, and what was counted about whom. */
#include "node/peers_internal.h"
#include <stdio.h>
#include <stdlib.h>

unsigned peers_port(const peers *p) { return links_port(p->links); }
links *peers_links(peers *p) { return p->links; }

bool peers_is_up(committee *c, party who)
{
	links_health h;

	if (c->number[who] == 0) return false;
	if (links_health_of(c->of->links, &h, c->number[who]) == OK) return h.up;
	err_clear();
	return false;
}

bool peers_is_crowded(committee *c, party who)
{
	const size_t most = links_config_default().queued[LINKS_URGENT];
	links_health h;

	if (c->number[who] == 0) return false;
	if (links_health_of(c->of->links, &h, c->number[who]) == OK) return h.queued[LINKS_URGENT] >= most / 2;
	err_clear();
	return false;
}

static void fill_state(peer_state *s, const committee *c, party i)
{
	const member *m = &c->context->member[i];
	links_health h = { .latency_us = -1 };

	char text[CLOCK_TEXT];

	*s = (peer_state){ .id = i, .identity = m->identity, .reachable = i == c->context->me };
	snprintf(s->endpoint, sizeof s->endpoint, "%.*s:%u", LINKS_HOST_MAX, m->host, m->port);
	if (s->reachable) return;
	if (c->number[i] == 0) {
		snprintf(s->error, sizeof s->error, "its context has no CA certificate for it");
	} else if (links_health_of(c->of->links, &h, c->number[i]) != OK) {
		snprintf(s->error, sizeof s->error, "%.*s", LINKS_ERROR_ROOM - 1, err_text());
		err_clear();
	} else {
		s->reachable = h.up;
		s->latency_ms = h.latency_us < 0 ? 0 : (uint32_t)links_latency_ms(&h);
		snprintf(s->error, sizeof s->error, "%s", h.up ? "" : h.error[0] ? h.error : "not connected yet");
		const int64_t ahead_ms = atomic_load(&c->of->clock[c->number[i]].view.ahead_ms);
		clock_text(text, ahead_ms);
		if (h.up && clock_is_far(ahead_ms)) snprintf(s->error, sizeof s->error, "its clock is %s", text);
	}
}

unsigned peers_states(peers *p, const mpc_context *k, peer_state *of)
{
	committee *c;
	unsigned reachable = 0;

	if (peers_committee(&c, p, k) != OK) {
		err_clear();
		return 0;
	}
	for (party i = 1; i <= k->n; i++) {
		fill_state(&of[i], c, i);
		reachable += of[i].reachable;
	}
	return reachable;
}

/* ---- metrics ---------------------------------------------------------------------------------------------------- */

typedef struct peer_row { const committee *c; party id; links_health h; } peer_row;

static void head(buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Parties of the default context go by their number alone, those of others also by their context. */
static void label(buf *out, const char *name, const peer_row *r)
{
	char id[ID_TEXT];

	buf_printf(out, "%s{party=\"%u\"", name, r->id);
	if (!id_eq_var(&r->c->context->id, &ID_DEFAULT_CONTEXT)) {
		id_text(id, &r->c->context->id);
		buf_printf(out, ",context=\"%s\"", id);
	}
}

typedef uint64_t column(const peer_row *r);

static uint64_t up(const peer_row *r) { return r->h.up; }
static uint64_t latency_us(const peer_row *r) { return r->h.latency_us < 0 ? 0 : (uint64_t)r->h.latency_us; }
static uint64_t bytes_out(const peer_row *r) { return r->h.bytes_out; }
static uint64_t bytes_in(const peer_row *r) { return r->h.bytes_in; }
static uint64_t wire_out(const peer_row *r) { return r->h.wire_out; }
static uint64_t frames_out(const peer_row *r) { return r->h.frames_out; }
static uint64_t frames_in(const peer_row *r) { return r->h.frames_in; }
static uint64_t queued(const peer_row *r) { return r->h.queued[LINKS_URGENT] + r->h.queued[LINKS_BULK]; }
static uint64_t lost(const peer_row *r) { return r->h.exhausted; }
static uint64_t wrong(const peer_row *r) { return atomic_load(&((committee *)(uintptr_t)r->c)->wrong[r->id]); }

static uint64_t clock_ms(const peer_row *r)
{
	const int64_t ahead = atomic_load(&r->c->of->clock[r->c->number[r->id]].view.ahead_ms);
	return (uint64_t)(ahead < 0 ? -ahead : ahead);
}

static uint64_t odd(const peer_row *r) { return atomic_load(&((committee *)(uintptr_t)r->c)->odd[r->id]); }
static uint64_t corrupt(const peer_row *r) { return atomic_load(&((committee *)(uintptr_t)r->c)->corrupt[r->id]); }

static const struct metric_row { const char *name, *type, *help; column *value; } ROWS[] = {
	{ "arca_peer_up", "gauge", "Whether what this node sends to the party gets there.", up },
	{ "arca_peer_latency_microseconds", "gauge", "Round trip of the last ping.", latency_us },
	{ "arca_peer_clock_difference_milliseconds", "gauge", "How far the party's clock is from this node's, either way.", clock_ms },
	{ "arca_peer_sent_bytes_total", "counter", "Bytes of frames sent to the party.", bytes_out },
	{ "arca_peer_wire_sent_bytes_total", "counter", "Bytes of TLS written to connections with the party.", wire_out },
	{ "arca_peer_received_bytes_total", "counter", "Bytes of frames received from the party.", bytes_in },
	{ "arca_peer_sent_frames_total", "counter", "Frames sent to the party.", frames_out },
	{ "arca_peer_received_frames_total", "counter", "Frames received from the party.", frames_in },
	{ "arca_peer_queued_bytes", "gauge", "Bytes on their way to the party.", queued },
	{ "arca_peer_lost_frames_total", "counter", "Frames that found the queue to the party full.", lost },
	{ "arca_peer_wrong_shares_total", "counter", "Wrong shares and other lies of the party that this node saw.", wrong },
	{ "arca_peer_silent_total", "counter", "Ceremonies in which the party was silent or odd to this node.", odd },
	{ "arca_peer_corrupt_total", "counter", "Ceremonies in which all parties saw the party fail.", corrupt },
};

static size_t gather(peer_row *rows, size_t room, peers *p)
{
	size_t n = 0;

	for (committee *c = __atomic_load_n(&p->first, __ATOMIC_ACQUIRE); c; c = c->next)
		for (party i = 1; !c->gone && i <= c->context->n && n < room; i++) {
			if (i == c->context->me) continue;
			rows[n] = (peer_row){ .c = c, .id = i, .h = { .latency_us = -1 } };
			if (c->number[i] && links_health_of(p->links, &rows[n].h, c->number[i]) != OK) err_clear();
			n++;
		}
	return n;
}

/* Of ceremonies; decryptions have none. */
static void put_sessions(buf *out, peers *p)
{
	inbox_sessions all = { 0 };

	for (committee *c = __atomic_load_n(&p->first, __ATOMIC_ACQUIRE); c; c = c->next) {
		if (c->gone) continue;
		const inbox_sessions s = inbox_sessions_of(c->in);
		all.open += s.open, all.early += s.early;
	}
	head(out, "kms_active_sessions", "gauge", "Sessions of ceremonies that run.");
	buf_printf(out, "kms_active_sessions %u\n", all.open);
	head(out, "kms_inactive_sessions", "gauge", "Sessions that other nodes began and this one did not.");
	buf_printf(out, "kms_inactive_sessions %u\n", all.early);
}

void peers_metrics(buf *out, peers *p)
{
	enum { MOST_ROWS = 256 };
	peer_row *rows = calloc(MOST_ROWS, sizeof *rows);

	if (!rows) return;
	const size_t n = gather(rows, MOST_ROWS, p);
	uint64_t sent = 0, received = 0;
	for (size_t k = 0; k < COUNT(ROWS); k++) {
		head(out, ROWS[k].name, ROWS[k].type, ROWS[k].help);
		for (size_t i = 0; i < n; i++) {
			label(out, ROWS[k].name, &rows[i]);
			buf_printf(out, "} %llu\n", (unsigned long long)ROWS[k].value(&rows[i]));
		}
	}
	for (size_t i = 0; i < n; i++) sent += rows[i].h.bytes_out, received += rows[i].h.bytes_in;
	head(out, "kms_network_tx_bytes_total", "counter", "Bytes of frames sent to other nodes.");
	buf_printf(out, "kms_network_tx_bytes_total %llu\n", (unsigned long long)sent);
	head(out, "kms_network_rx_bytes_total", "counter", "Bytes of frames received from other nodes.");
	buf_printf(out, "kms_network_rx_bytes_total %llu\n", (unsigned long long)received);
	put_sessions(out, p);
	const links_totals t = links_totals_of(p->links);
	head(out, "arca_links_refused_total", "counter", "Connections from other nodes that were turned away.");
	buf_printf(out, "arca_links_refused_total %llu\n", (unsigned long long)t.refused);
	head(out, "arca_links_stray_frames_total", "counter", "Frames of contexts that this node does not share with the sender.");
	buf_printf(out, "arca_links_stray_frames_total %llu\n", (unsigned long long)atomic_load(&p->strays));
	free(rows);
}
