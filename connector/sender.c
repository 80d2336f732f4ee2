/* SPDX-License-Identifier: MIT */
/* connector/sender.c -- takes responses out of the database and brings them on chain. */
#include "connector/sender.h"
#include <stdlib.h>
#include "base/log.h"

static const char NAME[] = "sender";
enum { WATCH_MS = 100, LONGEST_REST_MS = 5000 };

typedef struct way {                             /* a lane, and how it fares */
	lane_config c;
	lane   *lane;                                /* NULL: not started, or to be started anew */
	int64_t rest_ms, not_before_ms;              /* after failures, ever longer              */
} way;

struct sender {
	sender_config c;
	sender_tally  tally;
	way     way[QUEUE_CHAINS];
	bool    leads, told;
	bool    asks_in_vain;                        /* who leads: said once */
	int64_t held_until_ms, collected_ms, looked_ms;
};

static int64_t now(const sender *s)
{
	return clock_now_ms(s->c.clock);
}

/* ---- who works -------------------------------------------------------------------------------------------------- */

static void let_go_of_lanes(sender *s)
{
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++)
		if (s->way[k].lane) lane_let_go(s->way[k].lane);
}

static void drop_lanes(sender *s)
{
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) lane_free(&s->way[k].lane);
}

/*
 * Two thirds of the lease are left when it is renewed; when it cannot be, nothing more is sent under it.  Who was held up for longer than it
 * lasts begins anew, from the database: another one may have sent meanwhile.
 */
static void lead(sender *s)
{
	bool held = false;

	if (s->leads && now(s) < s->held_until_ms - SENDER_HOLD_MS * 2 / 3) return;
	const int64_t asked_ms = now(s);
	const bool in_time = s->leads && asked_ms < s->held_until_ms;
	const err e = queue_hold(&held, s->c.queue, NAME, SENDER_HOLD_MS);
	if (e != OK && !s->asks_in_vain) log_err(LOG_WARN, "the database does not say who sends", e);
	s->asks_in_vain = e != OK;
	err_clear();
	if (e != OK && s->leads && now(s) < s->held_until_ms - SENDER_HOLD_MS / 3) return;
	if (e == OK && (held != s->leads || (!held && !s->told)))
		log_info(held ? "this sender sends" : "another sender sends; this one waits until it stops");
	if (e != OK && s->leads) log_info("nothing is sent until the database says who sends");
	s->told = e == OK;
	s->leads = held;
	atomic_store(&s->tally.leads, held);
	if (held) s->held_until_ms = asked_ms + SENDER_HOLD_MS;
	if (!held || !in_time) let_go_of_lanes(s), drop_lanes(s);
}

/* ---- the lanes -------------------------------------------------------------------------------------------------- */

static queue_chain chain_of(const sender *s, queue_kind k)
{
	const bool decryption = k == QUEUE_PUBLIC_DECRYPTION_RESPONSE || k == QUEUE_USER_DECRYPTION_RESPONSE;
	return decryption || !s->c.lane[QUEUE_ETHEREUM] ? QUEUE_GATEWAY : QUEUE_ETHEREUM;
}

/* What failed is tried again after a rest; that another one sends is no failure.  A transaction under way is never forgotten, for the
 * database knows it. */
static void rest(sender *s, way *w, const char *what, err e)
{
	atomic_store(&s->tally.away[w - s->way], e != OK && e != ERR_EXISTS);
	if (e == ERR_EXISTS) s->held_until_ms = now(s);                /* ask at once who sends */
	if (e == OK) {
		w->rest_ms = 0;
		return;
	}
	log_err(LOG_WARN, what, e);
	w->rest_ms = w->rest_ms ? 2 * w->rest_ms : WATCH_MS;
	if (w->rest_ms > LONGEST_REST_MS) w->rest_ms = LONGEST_REST_MS;
	w->not_before_ms = now(s) + w->rest_ms;
}

static void start_lanes(sender *s)
{
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		way *w = &s->way[k];
		if (!s->c.lane[k] || w->lane || now(s) < w->not_before_ms) continue;
		rest(s, w, "the chain or the database cannot be asked where the wallet stands", lane_new(&w->lane, &w->c));
	}
}

static bool send_kind(sender *s, queue_kind kind)
{
	way *w = &s->way[chain_of(s, kind)];
	queue_batch b = { 0 };

	if (!w->lane || now(s) < w->not_before_ms) return false;
	const size_t room = size_min(lane_room(w->lane), s->c.batch);
	if (room == 0) return false;
	err e = queue_pick(&b, s->c.queue, kind, room, s->c.lease_ms);
	atomic_fetch_add(&s->tally.received[kind], b.n);
	atomic_fetch_add(&s->tally.broken, b.broken);
	const bool more = e == OK && b.n + b.broken == room;
	if (e == OK && b.n) e = lane_send(w->lane, b.item, b.n);
	queue_batch_free(&b);
	rest(s, w, "responses could not be sent", e);
	return more && e == OK;
}

static void watch(sender *s)
{
	size_t under_way = 0;

	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		way *w = &s->way[k];
		if (w->lane && now(s) >= w->not_before_ms) rest(s, w, "transactions could not be looked at", lane_watch(w->lane));
		if (w->lane) under_way += lane_under_way(w->lane);
	}
	atomic_store(&s->tally.under_way, under_way);
}

static void look_after_wallets(sender *s)
{
	if (s->looked_ms && now(s) - s->looked_ms < s->c.gauge_ms) return;
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		if (!s->way[k].lane || now(s) < s->way[k].not_before_ms) continue;
		lane_look_after_wallet(s->way[k].lane);
		s->looked_ms = now(s);
	}
}

/* ---- cleaning up ------------------------------------------------------------------------------------------------ */

static void collect(sender *s)
{
	uint64_t n = 0;

	if (s->collected_ms && now(s) - s->collected_ms < s->c.gc_interval_ms) return;
	s->collected_ms = now(s);
	const err e = s->c.expires ? queue_expire(&n, s->c.queue, s->c.gc_expiry_ms) : queue_collect(&n, s->c.queue, s->c.gc_expiry_ms);
	if (e != OK) log_err(LOG_WARN, "old requests could not be cleaned up", e);
	else atomic_fetch_add(s->c.expires ? &s->tally.given_up : &s->tally.deleted, n);
	if (e == OK && n) log_info("%ju old requests %s", (uintmax_t)n, s->c.expires ? "were given up" : "were deleted");
}

/* ---- the round -------------------------------------------------------------------------------------------------- */

void sender_turn(sender *s, int64_t wait_ms)
{
	bool more = false;

	lead(s);
	if (s->leads) {
		start_lanes(s);
		for (queue_kind k = QUEUE_REQUESTS; k < QUEUE_KINDS; k++) more |= send_kind(s, k);
		watch(s);
		look_after_wallets(s);
		collect(s);
	}
	if (more) return;
	if (s->leads && atomic_load(&s->tally.under_way) && wait_ms > WATCH_MS) wait_ms = WATCH_MS;
	(void)queue_bell_wait(s->c.bell, wait_ms);
}

void sender_run(sender *s)
{
	while (!atomic_load(s->c.stop)) {
		sender_turn(s, s->c.poll_ms < SENDER_HOLD_MS / 3 ? s->c.poll_ms : SENDER_HOLD_MS / 3);
	}
	let_go_of_lanes(s);
	if (s->leads && queue_let_go(s->c.queue, NAME) != OK) err_clear();
}

err sender_new(sender **out, const sender_config *c)
{
	sender *s = calloc(1, sizeof *s);

	if (!s) return err_fail(ERR_NOMEM, "no memory for a sender");
	s->c = *c;
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		if (!c->lane[k]) continue;
		s->way[k].c = *c->lane[k];
		s->way[k].c.queue = c->queue;
		s->way[k].c.role = NAME;
		s->way[k].c.role_until_ms = &s->held_until_ms;
		s->way[k].c.clock = c->clock;
		s->way[k].c.lease_ms = c->lease_ms;
		s->way[k].c.tally = &s->tally.lane[k];
		s->way[k].c.forwarding = s->tally.forwarding;
	}
	*out = s;
	return OK;
}

void sender_free(sender **s)
{
	if (!*s) return;
	drop_lanes(*s);
	free(*s);
	*s = NULL;
}

const sender_tally *sender_tallied(const sender *s)
{
	return &s->tally;
}
