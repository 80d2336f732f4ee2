/* SPDX-License-Identifier: MIT */
/*
 * connector/lane_watch.c -- what became of the transactions under way.
 *
 *   mined, deep enough       the response is completed, or tried again if the contract refused
 *   not mined for lost_ms    the same bytes once more; if its number was used by another: given up after a second look
 *   not mined for stuck_ms   a transaction with the same number that pays an eighth more
 *   a free number below      a transfer of nothing to ourselves uses it up
 */
#include "connector/lane_internal.h"
#include <stdlib.h>
#include "base/log.h"
#include "evm/reverts.h"

enum { STALLED_MS = 2000, USED_LOOKS = 2, MAX_ENDING = MAX_FLIGHT_HASHES + 1 };

/* ---- mined ------------------------------------------------------------------------------------------------------ */

typedef struct seen {
	hash32      *hash;                       /* of all transactions, replaced ones too */
	size_t      *of;                         /* whose                                   */
	eth_receipt *receipt;
	bool        *found;
	size_t       n;
	const lane  *l;
	uint64_t     used, head;                 /* numbers of the wallet; the chain's height, if any receipt was found */
} seen;

/*
 * How many numbers the chain has used, and receipts of those whose number is among them: of others there is none.  All from one
 * provider, for another one may be behind.
 */
static err see(void *ctx, jrpc *r)
{
	seen *s = ctx;
	const lane *l = s->l;
	bool any = false;

	s->n = 0;
	TRY(eth_nonce(r, &s->used, wallet_address(l->c.wallet), eth_tag("latest")));
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->flight[i]->hashes && l->flight[i]->tx.nonce < s->used; k++) s->hash[s->n] = l->flight[i]->hash[k], s->of[s->n++] = i;
	TRY(eth_get_receipts(r, s->receipt, s->found, s->hash, s->n));
	for (size_t k = 0; k < s->n; k++) any |= s->found[k];
	return any && l->c.confirmations ? eth_block_number(r, &s->head) : OK;
}

static bool is_due(const lane *l, const flight *f)
{
	return f->said_ms == 0 || lane_now(l) - f->said_ms >= l->c.lost_ms;
}

static err look(lane *l, seen *s, arena *memory)
{
	size_t most = 0;

	*s = (seen){ .l = l };
	for (size_t i = 0; i < l->n; i++) most += l->flight[i]->hashes;
	TRY(arena_new(memory, &s->hash, most + 1));
	TRY(arena_new(memory, &s->of, most + 1));
	TRY(arena_new(memory, &s->receipt, most + 1));
	TRY(arena_new(memory, &s->found, most + 1));
	return providers_try(l->c.chain, see, s);
}

typedef struct refusal { const hash32 *tx; buf data; } refusal;

/* A provider that keeps no traces is none the worse for it. */
static err ask_why(void *ctx, jrpc *r)
{
	refusal *f = ctx;

	buf_clear(&f->data);
	if (eth_refusal(r, &f->data, f->tx) != OK) err_clear();
	return OK;
}

/* Why the contract refused: for the operator; the next estimate decides what becomes of the response. */
static void put_refusal(lane *l, buf *out, const hash32 *tx)
{
	refusal f = { .tx = tx };

	if (l->c.trace && providers_try(l->c.chain, ask_why, &f) != OK) err_clear();
	if (f.data.n) {
		buf_put_str(out, "mined, but refused: ");
		revert_print(out, buf_slice(&f.data));
	} else buf_put_str(out, "mined, but the contract refused it");
	buf_free(&f.data);
}

typedef struct endings {
	queue_change *change;                    /* MAX_ENDING for each */
	queue_tx     *row;                       /* MAX_FLIGHT_HASHES   */
	char        (*reason)[MAX_ITEM_REASON + 1];      /* "": it ended well */
	bool         *over;                      /* by flight    */
	size_t        n;
} endings;

/* What becomes of its rows: the one that was mined, if any, and those that it took the place of. */
static void end_rows(lane *l, endings *e, size_t i, const hash32 *mined, const char *reason)
{
	const flight *f = l->flight[i];

	e->over[i] = true;
	for (size_t k = 0; k < f->hashes; k++) {
		queue_tx *row = &e->row[i * MAX_FLIGHT_HASHES + k];
		const bool it = mined && hash32_eq_var(f->hash[k], *mined);
		*row = lane_row(l, f);
		row->hash = f->hash[k];
		row->state = it ? QUEUE_TX_MINED : QUEUE_TX_DROPPED;
		e->change[e->n++] = (queue_change){ .verb = QUEUE_TX_STATE, .tx = row, .reason = it || !mined ? reason : "another took its place" };
	}
}

static void end_mined(lane *l, endings *e, size_t i, const eth_receipt *r)
{
	const flight *f = l->flight[i];
	AUTO(buf) why = { 0 };

	if (!r->ok) {
		put_refusal(l, &why, &r->tx);
		snprintf(e->reason[i], sizeof e->reason[i], "%s", buf_str(&why));
		log_warn("transaction %ju: %s", (uintmax_t)f->tx.nonce, e->reason[i]);
	}
	end_rows(l, e, i, &r->tx, r->ok ? NULL : e->reason[i]);
	if (f->created_ms && r->ok)
		histogram_add(&l->c.forwarding[f->response.kind], &LANE_FORWARDING, queue_age_ms(f->created_ms, clock_unix_ms(l->c.clock)));
	if (f->answers && r->ok) atomic_fetch_add(&l->c.tally->done, 1);
	else if (f->answers) atomic_fetch_add(&l->c.tally->failed, 1);
	if (!f->answers || !f->ours) return;
	e->change[e->n++] = (queue_change){ .verb = r->ok ? QUEUE_COMPLETE : QUEUE_RETRY, .kind = f->response.kind, .seq = f->response.seq,
	                                    .delay_ms = r->ok ? 0 : l->c.retry_ms, .reason = r->ok ? NULL : e->reason[i] };
}

/* Its number is used, and not by it. */
static void end_passed(lane *l, endings *e, size_t i)
{
	static const char REASON[] = "its number was used by another transaction of the wallet";
	const flight *f = l->flight[i];

	end_rows(l, e, i, NULL, REASON);
	snprintf(e->reason[i], sizeof e->reason[i], "%s", REASON);
	if (f->answers && f->ours)
		e->change[e->n++] = (queue_change){ .verb = QUEUE_RETRY, .kind = f->response.kind, .seq = f->response.seq, .reason = REASON };
}

static err apply_endings(lane *l, endings *e)
{
	if (e->n == 0) return OK;
	TRY(queue_apply(l->c.queue, e->change, e->n, NULL));
	for (size_t i = l->n; i-- > 0; ) {
		if (!e->over[i]) continue;
		lane_end_span(l, l->flight[i], e->reason[i]);
		lane_remove(l, i);
	}
	return OK;
}

static err end_those(lane *l, const seen *s, bool passed, arena *memory)
{
	endings e = { 0 };

	TRY(arena_new(memory, &e.change, MAX_ENDING * l->n + 1));
	TRY(arena_new(memory, &e.row, MAX_FLIGHT_HASHES * l->n + 1));
	TRY(arena_new(memory, &e.reason, l->n + 1));
	TRY(arena_new(memory, &e.over, l->n + 1));
	for (size_t k = 0; k < s->n; k++) {
		if (!s->found[k] || e.over[s->of[k]]) continue;
		l->flight[s->of[k]]->passed = 0;
		l->flight[s->of[k]]->said_ms = lane_now(l);       /* it is in a block: not lost, though not deep enough yet */
		if (l->c.confirmations == 0 || s->head + 1 >= s->receipt[k].block + l->c.confirmations) end_mined(l, &e, s->of[k], &s->receipt[k]);
	}
	for (size_t i = 0; passed && i < l->n; i++)
		if (!e.over[i] && l->flight[i]->passed >= USED_LOOKS) end_passed(l, &e, i);
	return apply_endings(l, &e);
}

/* ---- not mined -------------------------------------------------------------------------------------------------- */

/* An eighth more than before, or what is asked now if that is more. */
static void pay_more(lane *l, flight *f)
{
	const uint64_t tip = f->tx.max_priority_fee + f->tx.max_priority_fee / 8 + 1, fee = f->tx.max_fee + f->tx.max_fee / 8 + 1;
	const uint64_t now = 2 * l->fees.base + l->fees.tip;

	f->tx.max_priority_fee = l->fees.tip > tip ? l->fees.tip : tip;
	f->tx.max_fee = now > fee ? now : fee;
	if (f->tx.max_fee < f->tx.max_priority_fee) f->tx.max_fee = f->tx.max_priority_fee;
}

/* Remembered before the chain can know it, as the first one was. */
static err replace(lane *l, flight *f)
{
	const evm_tx before = f->tx;

	TRY(lane_fees(l));
	pay_more(l, f);
	const err signed_ = lane_sign(l, f);
	if (signed_ != OK) {                             /* a service that is away must not make it dearer with every try */
		f->tx = before;
		return signed_;
	}
	f->first_ms = lane_now(l);
	const queue_tx row = lane_row(l, f);
	log_info("transaction %ju is not mined: it is replaced by one that pays more", (uintmax_t)f->tx.nonce);
	return queue_apply(l->c.queue, &(queue_change){ .verb = QUEUE_TX, .tx = &row }, 1, NULL);
}

static err say_again(lane *l, arena *memory)
{
	flight **due = NULL;
	size_t n = 0;

	TRY(arena_new(memory, &due, l->n + 1));
	for (size_t i = 0; i < l->n; i++) {
		flight *f = l->flight[i];
		if (!is_due(l, f)) continue;
		if (f->tx.gas && f->said_ms && lane_now(l) - f->first_ms >= l->c.stuck_ms && !nonces_stalled(&l->nonces, f->tx.nonce))
			TRY(replace(l, f));
		due[n++] = f;
	}
	return lane_say(l, due, n);
}

/* Where something is overdue, whose number was used: by another, unless its receipt comes. */
static bool count_passed(lane *l, const seen *s)
{
	bool overdue = false;

	for (size_t i = 0; i < l->n; i++) overdue |= is_due(l, l->flight[i]);
	if (!overdue) return false;
	nonces_used_below(&l->nonces, s->used);
	for (size_t i = 0; i < l->n; i++)
		if (l->flight[i]->tx.nonce < s->used && is_due(l, l->flight[i])) l->flight[i]->passed++;
	return true;
}

/* Nobody answers with the free number, and what is above it waits: a transfer of nothing to ourselves. */
static err fill_gap(lane *l)
{
	bool stalled = false;

	for (size_t i = 0; i < l->n; i++) stalled |= nonces_stalled(&l->nonces, l->flight[i]->tx.nonce);
	if (!stalled || !l->stalled_since_ms) {
		l->stalled_since_ms = stalled ? lane_now(l) : 0;
		return OK;
	}
	if (lane_now(l) - l->stalled_since_ms < STALLED_MS || l->n > l->c.window) return OK;
	TRY(lane_fees(l));
	flight *f = lane_add(l, nonces_take(&l->nonces));
	if (!f) return err_fail(ERR_NOMEM, "no memory for a transaction");
	f->tx.to = *wallet_address(l->c.wallet);
	f->tx.gas = SELF_TRANSFER_GAS;
	pay_more(l, f);
	err e = lane_sign(l, f);
	queue_tx row = lane_row(l, f);
	if (e == OK) e = queue_apply(l->c.queue, &(queue_change){ .verb = QUEUE_TX, .tx = &row }, 1, NULL);
	if (e == OK) return lane_say(l, &f, 1);
	nonces_give_back(&l->nonces, f->tx.nonce);
	lane_remove(l, l->n - 1);
	return e;
}

/* ---- leases ----------------------------------------------------------------------------------------------------- */

static err renew(lane *l, arena *memory)
{
	const int64_t now = lane_now(l);
	queue_change *change = NULL;
	size_t n = 0;

	TRY(arena_new(memory, &change, l->n + 1));
	for (size_t i = 0; i < l->n; i++) {
		const flight *f = l->flight[i];
		if (!f->answers || !f->ours || f->lease_until_ms - now > l->c.lease_ms / 2) continue;
		change[n++] = (queue_change){ .verb = QUEUE_RENEW, .kind = f->response.kind, .seq = f->response.seq, .delay_ms = l->c.lease_ms };
	}
	if (n == 0) return OK;
	TRY(queue_apply(l->c.queue, change, n, NULL));
	for (size_t i = 0; i < l->n; i++) {
		flight *f = l->flight[i];
		if (f->answers && f->ours && f->lease_until_ms - now <= l->c.lease_ms / 2) f->lease_until_ms = now + l->c.lease_ms;
	}
	return OK;
}

static err watch(lane *l, arena *memory)
{
	seen s = { 0 };

	TRY(renew(l, memory));
	if (l->lost_count) TRY(lane_count(l));
	if (l->n == 0) return OK;
	TRY(look(l, &s, memory));
	const bool overdue = count_passed(l, &s);
	TRY(end_those(l, &s, overdue, memory));
	TRY(say_again(l, memory));
	return fill_gap(l);
}

err lane_watch(lane *l)
{
	const size_t each = MAX_FLIGHT_HASHES * (sizeof(hash32) + sizeof(size_t) + sizeof(eth_receipt) + sizeof(bool)) +
	                    (MAX_ENDING + 1) * sizeof(queue_change) + MAX_FLIGHT_HASHES * sizeof(queue_tx) + MAX_ITEM_REASON + 1 + sizeof(bool) + sizeof(flight *);
	arena memory = arena_with_limit((l->n + 1) * each + 4096);

	err e = watch(l, &memory);
	arena_free(&memory);
	return e;
}

void lane_let_go(lane *l)
{
	queue_change *change = calloc(l->n + 1, sizeof *change);
	size_t n = 0;

	for (size_t i = 0; change && i < l->n; i++) {
		flight *f = l->flight[i];
		if (!f->answers || !f->ours) continue;
		change[n++] = (queue_change){ .verb = QUEUE_RELEASE, .kind = f->response.kind, .seq = f->response.seq };
		f->ours = false;
	}
	if (n && queue_apply(l->c.queue, change, n, NULL) != OK) err_clear();
	free(change);
}
