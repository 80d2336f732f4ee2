/* SPDX-License-Identifier: MIT */
/* connector/lane.c -- a lane: how it starts, its transactions as rows and bytes, and how they are said to the chain. */
#include "connector/lane_internal.h"
#include <stdlib.h>
#include "base/log.h"
#include "evm/address.h"

enum { FEES_MS = 1000, LONGEST_PAUSE_MS = 60000 };

const histogram_scale LANE_FORWARDING = { 1000, 8, { 100, 500, 1000, 2500, 5000, 10000, 15000, 30000 } };

/* ---- transactions ----------------------------------------------------------------------------------------------- */

flight *lane_add(lane *l, uint64_t nonce)
{
	flight *f = calloc(1, sizeof *f);

	ASSERT(l->n <= l->c.window);
	if (!f) return NULL;
	f->tx.nonce = nonce;
	f->first_ms = lane_now(l);
	l->flight[l->n++] = f;
	return f;
}

static void flight_free(flight *f)
{
	buf_free(&f->data);
	buf_free(&f->raw);
	free(f);
}

void lane_remove(lane *l, size_t i)
{
	flight_free(l->flight[i]);
	memmove(l->flight + i, l->flight + i + 1, (--l->n - i) * sizeof *l->flight);
}

void lane_begin(const lane *l, flight *f, const queue_item *item)
{
	const trace above = queue_trace_of(item);

	f->created_ms = item->created_ms;
	f->way = (span){ .at = trace_below(&above, l->c.random), .name = queue_label(item->kind), .request = item->id, .from_ns = tracing_now_ns() };
}

void lane_end_span(const lane *l, const flight *f, const char *why)
{
	span s = f->way;

	s.to_ns = tracing_now_ns();
	snprintf(s.why, sizeof s.why, "%s", why);
	tracing_tell(l->c.tracing, &s);
}

err lane_sign(lane *l, flight *f)
{
	secp_rsig sig;

	f->tx.chain_id = l->c.chain_id;
	f->tx.data = buf_slice(&f->data);
	const hash32 digest = tx_digest(&f->tx);
	TRY(wallet_sign(&sig, l->c.wallet, &digest));
	buf_clear(&f->raw);
	tx_write(&f->raw, &f->tx, &sig);
	if (f->hashes == MAX_FLIGHT_HASHES) memmove(f->hash + 1, f->hash + 2, (--f->hashes - 1) * sizeof f->hash[0]);
	f->hash[f->hashes++] = tx_hash(buf_slice(&f->raw));
	return OK;
}

queue_tx lane_row(const lane *l, const flight *f)
{
	return (queue_tx){
		.chain_id = l->c.chain_id, .wallet = *wallet_address(l->c.wallet), .nonce = f->tx.nonce, .hash = f->hash[f->hashes - 1],
		.raw = buf_slice(&f->raw), .state = QUEUE_TX_SIGNED, .response = &f->response, .responses = f->answers,
	};
}

static err ask_fees(void *ctx, jrpc *r)
{
	return eth_get_fees(r, ctx);
}

err lane_fees(lane *l)
{
	const int64_t now = lane_now(l);
	eth_fees fees;

	if (now < l->fees_until_ms) return OK;
	TRY(providers_try(l->c.chain, ask_fees, &fees));
	l->fees = fees;
	l->fees_until_ms = now + FEES_MS;
	return OK;
}

int64_t lane_pause(const lane *l, unsigned errors)
{
	int64_t pause = l->c.retry_ms;

	for (; errors && pause < LONGEST_PAUSE_MS; errors--) pause *= 2;
	return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}

/* ---- saying them to the chain ----------------------------------------------------------------------------------- */

typedef enum taken { TAKEN, NOT_TAKEN, NUMBER_USED, UNKNOWN } taken;

static taken was_taken(jrpc_kind kind)
{
	switch ((int)kind) {
	case JRPC_OK: case JRPC_KNOWN: case JRPC_ACCEPTED:
		return TAKEN;
	case JRPC_NONCE_USED:
		return NUMBER_USED;
	case JRPC_NO_FUNDS: case JRPC_UNDERPRICED: case JRPC_REFUSED: case JRPC_REVERTED: case JRPC_UNSUPPORTED:
		return NOT_TAKEN;
	default:                                         /* it may have come through, or not */
		return UNKNOWN;
	}
}

static size_t place_of(const lane *l, const flight *f)
{
	size_t i = 0;
	while (l->flight[i] != f) i++;
	return i;
}

/* After the first time: the response is tried again, the number is free or the chain's counts are read anew. */
static void forget(lane *l, const flight *f, const jrpc_error *why, queue_tx *row, queue_change *change, size_t *n)
{
	static const char NUMBER[] = "its number was used by another transaction of the wallet";
	const bool used = was_taken(why->kind) == NUMBER_USED;
	const char *reason = used ? NUMBER : why->message;

	log_warn("transaction %ju was not taken: %s", (uintmax_t)f->tx.nonce, reason);
	lane_end_span(l, f, reason);
	if (why->kind == JRPC_NO_FUNDS) log_error("the wallet cannot pay for transactions: send it funds");
	atomic_fetch_add(&l->c.tally->failed, 1);
	*row = lane_row(l, f);
	row->state = QUEUE_TX_DROPPED;
	change[(*n)++] = (queue_change){ .verb = QUEUE_TX_STATE, .tx = row, .reason = reason };
	if (f->answers && f->ours)
		change[(*n)++] = (queue_change){ .verb = QUEUE_RETRY, .kind = f->response.kind, .seq = f->response.seq,
		                                 .delay_ms = l->c.retry_ms, .reason = reason };
	if (used) l->lost_count = true;
	else nonces_give_back(&l->nonces, f->tx.nonce);
}

typedef struct saying {
	flight      **who;
	slice        *raw;
	jrpc_error   *error;
	queue_tx     *row;
	queue_change *change;                    /* two for each */
	size_t        n;
	arena         memory;
} saying;

static err saying_new(saying *s, flight *const *f, size_t n)
{
	const size_t each = sizeof(flight *) + sizeof(slice) + sizeof(jrpc_error) + sizeof(queue_tx) + 2 * sizeof(queue_change);

	*s = (saying){ .n = n, .memory = arena_with_limit(n * each + 512) };
	TRY(arena_new(&s->memory, &s->who, n));
	TRY(arena_new(&s->memory, &s->raw, n));
	TRY(arena_new(&s->memory, &s->error, n));
	TRY(arena_new(&s->memory, &s->row, n));
	TRY(arena_new(&s->memory, &s->change, 2 * n));
	for (size_t i = 0; i < n; i++) s->who[i] = f[i], s->raw[i] = buf_slice(&f[i]->raw);
	return OK;
}

/* Another provider may be told the same: it is one transaction wherever it is said. */
static err say_to(void *ctx, jrpc *r)
{
	saying *s = ctx;
	return eth_send_all(r, s->error, s->raw, s->n);
}

static err say_all(lane *l, saying *s)
{
	const err sent = providers_try(l->c.chain, say_to, s);
	const int64_t now = lane_now(l);
	size_t changes = 0;

	for (size_t i = 0; i < s->n; i++) {
		flight *f = s->who[i];
		const bool first = f->said_ms == 0 && f->hashes == 1 && f->tx.gas;
		const taken t = sent == OK ? was_taken(s->error[i].kind) : UNKNOWN;
		if (first && t == TAKEN) atomic_fetch_add(&l->c.tally->sent, 1);
		/* Not for the first time: whether it was mined is for lane_watch to find out. */
		if (!first || t == TAKEN || t == UNKNOWN) f->said_ms = now, s->who[i] = NULL;
		else forget(l, f, &s->error[i], &s->row[i], s->change, &changes);
	}
	const err kept = changes ? queue_apply(l->c.queue, s->change, changes, NULL) : OK;
	for (size_t i = 0; i < s->n; i++)
		if (s->who[i]) lane_remove(l, place_of(l, s->who[i]));
	return kept != OK ? kept : sent;
}

err lane_say(lane *l, flight *const *f, size_t n)
{
	saying s;

	if (n == 0) return OK;
	err e = saying_new(&s, f, n);
	if (e == OK) e = say_all(l, &s);
	arena_free(&s.memory);
	return e;
}

/* ---- the start -------------------------------------------------------------------------------------------------- */

/* What was signed or sent before, one flight a number. */
static err take_outbox(lane *l)
{
	queue_txs all = { 0 };

	err e = queue_outbox(&all, l->c.queue, l->c.chain_id, wallet_address(l->c.wallet));
	for (size_t i = 0; e == OK && i < all.n; i++) {
		const queue_tx *t = &all.tx[i];
		flight *f = l->n && l->flight[l->n - 1]->tx.nonce == t->nonce ? l->flight[l->n - 1] : NULL;
		if (!f && l->n > l->c.window) break;             /* the rest once there is room: the next start */
		if (!f && !(f = lane_add(l, t->nonce))) e = err_fail(ERR_NOMEM, "no memory for transactions under way");
		if (e != OK) break;
		f->answers = t->responses > 0;
		if (t->responses) f->response = t->response[0];
		buf_clear(&f->raw);
		buf_put_slice(&f->raw, t->raw);
		if (f->hashes < MAX_FLIGHT_HASHES) f->hash[f->hashes++] = t->hash;
	}
	queue_txs_free(&all);
	return e;
}

typedef struct counts { const eth_address *us; uint64_t mined, waiting; } counts;

static err ask_counts(void *ctx, jrpc *r)
{
	counts *c = ctx;
	TRY(eth_nonce(r, &c->mined, c->us, eth_tag("latest")));
	return eth_nonce(r, &c->waiting, c->us, eth_tag("pending"));
}

/* Which numbers are free: all from the last one on that anybody used, and those between that are neither ours nor waiting there. */
err lane_count(lane *l)
{
	counts c = { .us = wallet_address(l->c.wallet) };

	TRY(providers_try(l->c.chain, ask_counts, &c));
	uint64_t next = c.waiting > c.mined ? c.waiting : c.mined;
	const uint64_t known = next;
	for (size_t i = 0; i < l->n; i++)
		if (l->flight[i]->tx.nonce >= next) next = l->flight[i]->tx.nonce + 1;
	if (next - known > MAX_LANE_WINDOW)
		return err_fail(ERR_STATE, "transactions under way have numbers far above the chain's: is it another chain?");
	nonces_start(&l->nonces, next);
	for (uint64_t k = known; k < next; k++) {
		bool ours = false;
		for (size_t i = 0; i < l->n; i++) ours |= l->flight[i]->tx.nonce == k;
		if (!ours) nonces_give_back(&l->nonces, k);
	}
	l->lost_count = false;
	return OK;
}

err lane_new(lane **out, const lane_config *c)
{
	lane *l = calloc(1, sizeof *l);

	ASSERT(c->window >= 1 && c->window <= MAX_LANE_WINDOW);
	if (l) l->flight = calloc(c->window + 1, sizeof(flight *));
	if (!l || !l->flight) {
		free(l);
		return err_fail(ERR_NOMEM, "no memory for a lane");
	}
	l->c = *c;
	err e = take_outbox(l);
	if (e == OK) e = lane_count(l);
	if (e == OK) *out = l;
	else lane_free(&l);
	return e;
}

void lane_free(lane **l)
{
	if (!*l) return;
	for (size_t i = 0; i < (*l)->n; i++) flight_free((*l)->flight[i]);
	free((*l)->flight);
	free(*l);
	*l = NULL;
}

size_t lane_room(const lane *l)
{
	if (l->lost_count || l->n >= l->c.window) return 0;
	return l->c.window - l->n;
}

size_t lane_under_way(const lane *l)
{
	return l->n;
}
