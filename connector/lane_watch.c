/* SPDX-License-Identifier: MIT */
/*
 * connector/lane_watch.c -- what became of the transactions under way.
 *
 *   mined, deep enough       the response is completed, or tried again if the contract refused
 *   not mined for lost_ms    the same bytes once more; if its number was used by another: given up after a second look
 *   not mined for stuck_ms   a transaction with the same number that pays an eighth more, but never more than most_fee
 *   a free number below      a transfer of nothing to ourselves uses it up
 *   too many numbers below that are nobody's, because a provider said a wrong count: given up
 */
#include "connector/lane_internal.h"
#include <stdlib.h>
#include "base/log.h"
#include "evm/reverts.h"

enum { STALLED_MS = 2000, USED_LOOKS = 2 };

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
	TRY(lane_ask_count(&s->used, r, l, eth_tag("latest")));
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

static size_t answers_of(const lane *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) n += l->flight[i]->answers;
	return n;
}

typedef struct endings {
	queue_change *change;                    /* MAX_FLIGHT_HASHES for each, and one for each answer */
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

/* What becomes of an answer whose transaction is over. */
static void end_answer(lane *l, endings *e, const flight *f, size_t k, int64_t delay_ms, const char *reason)
{
	const queue_ref ref = f->response[k];
	cargo *c = &f->cargo[k];

	atomic_fetch_add(c->well ? &l->c.tally->done : &l->c.tally->failed, 1);
	if (c->well && c->created_ms)
		histogram_add(&l->c.forwarding[ref.kind], &LANE_FORWARDING, queue_age_ms(c->created_ms, clock_unix_ms(l->c.clock)));
	if (!c->ours) return;
	e->change[e->n++] = (queue_change){ .verb = c->well ? QUEUE_COMPLETE : QUEUE_RETRY, .kind = ref.kind, .seq = ref.seq,
	                                    .delay_ms = c->well ? 0 : delay_ms, .reason = c->well ? NULL : reason };
}

static void end_mined(lane *l, endings *e, size_t i, const eth_receipt *r)
{
	flight *f = l->flight[i];
	AUTO(buf) why = { 0 };

	lane_taken(l, f);
	if (!r->ok) {
		put_refusal(l, &why, &r->tx);
		snprintf(e->reason[i], sizeof e->reason[i], "%s", buf_str(&why));
		log_warn("transaction %ju: %s", (uintmax_t)f->tx.nonce, e->reason[i]);
	} else if (f->answers == 1) f->cargo[0].well = true;
	else if (f->answers && lane_read_outcome(l, f, &r->tx) != OK) {           /* the next look may say it */
		if (!f->told) log_warn("transaction %ju is mined, but not yet what became of its answers: %s", (uintmax_t)f->tx.nonce, err_text());
		f->told = true;
		err_clear();
		return;
	}
	end_rows(l, e, i, &r->tx, r->ok ? NULL : e->reason[i]);
	for (size_t k = 0; k < f->answers; k++) end_answer(l, e, f, k, l->c.retry_ms, r->ok ? f->cargo[k].reason : e->reason[i]);
}

/* Its number is used, and not by it; or will not be used. */
static void end_passed(lane *l, endings *e, size_t i)
{
	static const char USED[] = "its number was used by another transaction of the wallet", BEYOND[] = "its number was far above the chain's";
	const flight *f = l->flight[i];
	const char *reason = f->beyond ? BEYOND : USED;

	end_rows(l, e, i, NULL, reason);
	snprintf(e->reason[i], sizeof e->reason[i], "%s", reason);
	for (size_t k = 0; k < f->answers; k++)
		if (f->cargo[k].ours)
			e->change[e->n++] = (queue_change){ .verb = QUEUE_RETRY, .kind = f->response[k].kind, .seq = f->response[k].seq, .reason = reason };
}

static err apply_endings(lane *l, endings *e)
{
	if (e->n == 0) return OK;
	TRY(lane_keep(l, e->change, e->n));
	for (size_t i = l->n; i-- > 0; ) {
		if (!e->over[i]) continue;
		for (size_t k = 0; k < l->flight[i]->answers; k++) {
			const cargo *c = &l->flight[i]->cargo[k];
			lane_end_span(l, c, c->well ? "" : c->reason[0] ? c->reason : e->reason[i]);
		}
		lane_remove(l, i);
	}
	return OK;
}

static err end_those(lane *l, const seen *s, bool passed, arena *memory)
{
	endings e = { 0 };

	TRY(arena_new(memory, &e.change, MAX_FLIGHT_HASHES * l->n + answers_of(l) + 1));
	TRY(arena_new(memory, &e.row, MAX_FLIGHT_HASHES * l->n + 1));
	TRY(arena_new(memory, &e.reason, l->n + 1));
	TRY(arena_new(memory, &e.over, l->n + 1));
	for (size_t k = 0; k < s->n; k++) {
		if (!s->found[k] || e.over[s->of[k]]) continue;
		l->flight[s->of[k]]->passed = 0;
		l->flight[s->of[k]]->said_ms = lane_now(l);       /* it is in a block: not lost, though not deep enough yet */
		if (l->c.confirmations == 0 || s->head + 1 >= s->receipt[k].block + l->c.confirmations) end_mined(l, &e, s->of[k], &s->receipt[k]);
	}
	for (size_t i = 0; i < l->n; i++)
		if (!e.over[i] && (l->flight[i]->beyond || (passed && l->flight[i]->passed >= USED_LOOKS))) end_passed(l, &e, i);
	return apply_endings(l, &e);
}

/* ---- not mined -------------------------------------------------------------------------------------------------- */

/* An eighth more: a chain takes none in its place that pays less than a tenth more. */
static uint64_t an_eighth_more(uint64_t fee) { return fee + fee / 8 + 1; }

static bool may_pay_more(const lane *l, const flight *f) { return an_eighth_more(f->tx.max_fee) <= l->c.most_fee; }

/* Than before, or what is asked now if that is more.  Requires: it may. */
static void pay_more(lane *l, flight *f)
{
	const uint64_t tip = an_eighth_more(f->tx.max_priority_fee), fee = an_eighth_more(f->tx.max_fee), now = lane_fee(l);

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
	return lane_keep(l, &(queue_change){ .verb = QUEUE_TX, .tx = &row }, 1);
}

static err say_again(lane *l, arena *memory)
{
	flight **due = NULL;
	size_t n = 0;

	TRY(arena_new(memory, &due, l->n + 1));
	for (size_t i = 0; i < l->n; i++) {
		flight *f = l->flight[i];
		if (!is_due(l, f)) continue;
		const bool stuck = f->tx.gas && f->said_ms && lane_now(l) - f->first_ms >= l->c.stuck_ms && !nonces_stalled(&l->nonces, f->tx.nonce);
		if (stuck && may_pay_more(l, f)) TRY(replace(l, f));
		due[n++] = f;
	}
	return lane_say(l, due, n);
}

/* The number that the chain waits for is neither under way nor free: a wrong count, or another program, made us pass it over. */
static bool waits_for_nobody(const lane *l, uint64_t used)
{
	bool above = false, ours = l->nonces.gaps && l->nonces.gap[0] <= used;

	for (size_t i = 0; i < l->n; i++) above |= l->flight[i]->tx.nonce > used, ours |= l->flight[i]->tx.nonce == used;
	return above && !ours;
}

/* Where something is overdue, whose number was used: by another, unless its receipt comes. */
static bool count_passed(lane *l, const seen *s)
{
	bool overdue = false;

	for (size_t i = 0; i < l->n; i++) overdue |= is_due(l, l->flight[i]);
	if (!overdue) return false;
	l->lost_count |= waits_for_nobody(l, s->used);
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
	return lane_send_own(l, &(evm_tx){ .to = *wallet_address(l->c.wallet), .gas = SELF_TRANSFER_GAS });
}

/* ---- leases ----------------------------------------------------------------------------------------------------- */

static err renew(lane *l, arena *memory)
{
	const int64_t now = lane_now(l);
	queue_change *change = NULL;
	size_t n = 0;

	TRY(arena_new(memory, &change, answers_of(l) + 1));
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->flight[i]->answers; k++) {
			const cargo *c = &l->flight[i]->cargo[k];
			const queue_ref ref = l->flight[i]->response[k];
			if (c->ours && c->lease_until_ms - now <= l->c.lease_ms / 2)
				change[n++] = (queue_change){ .verb = QUEUE_RENEW, .kind = ref.kind, .seq = ref.seq, .delay_ms = l->c.lease_ms };
		}
	if (n == 0) return OK;
	TRY(lane_keep(l, change, n));
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->flight[i]->answers; k++) {
			cargo *c = &l->flight[i]->cargo[k];
			if (c->ours && c->lease_until_ms - now <= l->c.lease_ms / 2) c->lease_until_ms = now + l->c.lease_ms;
		}
	return OK;
}

static err watch(lane *l, arena *memory)
{
	seen s = { 0 };

	lane_hear(l);
	TRY(renew(l, memory));
	if (l->lost_count) TRY(lane_count(l));
	TRY(lane_delegate(l));
	if (l->n == 0 || lane_only_waits(l)) return OK;
	l->looked_ms = lane_now(l);
	TRY(look(l, &s, memory));
	const bool overdue = count_passed(l, &s);
	TRY(end_those(l, &s, overdue, memory));
	TRY(say_again(l, memory));
	return fill_gap(l);
}

err lane_watch(lane *l)
{
	const size_t each = MAX_FLIGHT_HASHES * (sizeof(hash32) + sizeof(size_t) + sizeof(eth_receipt) + sizeof(bool)) +
	                    (MAX_FLIGHT_HASHES + 1) * sizeof(queue_change) + MAX_FLIGHT_HASHES * sizeof(queue_tx) + MAX_ITEM_REASON + 1 + sizeof(bool) + sizeof(flight *);
	/* endings and renewals have a change for each answer */
	arena memory = arena_with_limit((l->n + 1) * each + 2 * (answers_of(l) + 1) * sizeof(queue_change) + 4096);

	err e = watch(l, &memory);
	arena_free(&memory);
	return e;
}

void lane_let_go(lane *l)
{
	queue_change *change = calloc(answers_of(l) + 1, sizeof *change);
	size_t n = 0;

	for (size_t i = 0; change && i < l->n; i++)
		for (size_t k = 0; k < l->flight[i]->answers; k++) {
			if (!l->flight[i]->cargo[k].ours) continue;
			change[n++] = (queue_change){ .verb = QUEUE_RELEASE, .kind = l->flight[i]->response[k].kind, .seq = l->flight[i]->response[k].seq };
			l->flight[i]->cargo[k].ours = false;
		}
	if (n && queue_apply(l->c.queue, change, n, NULL) != OK) err_clear();
	free(change);
}
