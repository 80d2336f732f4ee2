/* SPDX-License-Identifier: MIT */
/* connector/lane_send.c -- estimate, sign, remember, send. */
#include <stdlib.h>
#include "connector/answer.h"
#include "connector/lane_internal.h"
#include "connector/reads.h"
#include "base/log.h"
#include "evm/reverts.h"

enum {
	SIGNING_MS = 1000,                       /* after which a batch is sent as far as it is signed: who sends must stay able to say so */
	BRIEFLY = 10,                            /* errors after which what should pass soon is believed to stay */
	MAX_GROUP_GAS = 14000000,                /* of one transaction: below what chains allow for it (2^24, EIP-7825) */
	MAX_GROUP_BYTES = 96 << 10,              /* mempools take no transaction above 128 KiB                          */
	AROUND_A_CALL_GAS = 30000,
	MARGIN_GAS = 250000,                     /* other nodes answer meanwhile: who is the one that completes the quorum pays for its
	                                          * announcement, which the estimate may not have seen.  What is not used is not paid */
};

typedef struct draft {
	const queue_item *item;
	kms_contract contract;
	buf          data;
	bool         goes;                           /* it becomes a transaction */
} draft;

/* What is said of the responses that do not become transactions.  The texts live until the commit. */
typedef struct verdicts {
	queue_change *change;
	size_t        n;
	arena        *memory;
} verdicts;

static void say(verdicts *v, queue_verb verb, const queue_item *item, int64_t delay_ms, slice reason)
{
	char *copy = reason.n ? arena_try(v->memory, reason.n + 1) : NULL;

	if (copy) memcpy(copy, reason.p, reason.n), copy[reason.n] = '\0';
	v->change[v->n++] = (queue_change){ .verb = verb, .kind = item->kind, .seq = item->seq, .delay_ms = delay_ms,
	                                    .already_sent = item->already_sent, .reason = copy };
}

/* ---- what the contract would say -------------------------------------------------------------------------------- */

/* An epoch that is no longer pending: was it activated, or is it gone? */
static err epoch_is_active(lane *l, bool *active, const queue_item *item)
{
	chain_read r = { 0 };
	abi_word words[2];

	memcpy(words[0].b, item->context_id.b, sizeof words[0].b);
	memcpy(words[1].b, item->id.b, sizeof words[1].b);
	chain_read_set(&r, &l->c.contract[KMS_PROTOCOL_CONFIG], READ_EPOCH_VALID, words, COUNT(words));
	err e = chain_reads(l->c.chain, &r, 1, eth_tag("latest"));
	if (e == OK) e = call_read_bool(active, READ_EPOCH_VALID, buf_slice(&r.answer));
	chain_reads_free(&r, 1);
	return e;
}

static void judge_refusal(lane *l, verdicts *v, const queue_item *item, slice data)
{
	const revert_row *row = revert_find(data);
	AUTO(buf) text = { 0 };
	bool active = false;

	revert_print(&text, data);
	if (row->help) buf_printf(&text, ": %s", row->help);
	revert_verdict verdict = row->verdict;
	if (verdict == REVERT_DONE_IF_VALID) {
		const err e = epoch_is_active(l, &active, item);
		if (e != OK) err_clear();
		verdict = e != OK ? REVERT_RETRY : active ? REVERT_DONE : REVERT_FAILED;
	}
	if (verdict == REVERT_RETRY_BRIEFLY) verdict = item->errors < BRIEFLY ? REVERT_RETRY : REVERT_FAILED;
	switch (verdict) {
	case REVERT_DONE:
		atomic_fetch_add(&l->c.tally->done, 1);
		say(v, QUEUE_COMPLETE, item, 0, (slice){ 0 });
		return;
	case REVERT_RETRY:
		say(v, QUEUE_RETRY, item, lane_pause(l, item->errors), buf_slice(&text));
		return;
	case REVERT_ALARM:
		log_error("the contract refuses our answers: %s", buf_str(&text));
		break;
	case REVERT_FAILED:
		log_warn("the contract refuses an answer: %s", buf_str(&text));
		break;
	case REVERT_DONE_IF_VALID:
	case REVERT_RETRY_BRIEFLY:
		break;
	}
	atomic_fetch_add(&l->c.tally->refused, 1);
	say(v, QUEUE_FAIL, item, 0, buf_slice(&text));
}

static void judge(lane *l, verdicts *v, draft *d, const eth_estimate *e)
{
	switch ((int)e->error.kind) {
	case JRPC_OK:
		d->goes = true;
		return;
	case JRPC_REVERTED:
		judge_refusal(l, v, d->item, slice_of(e->error.data, e->error.n));
		return;
	case JRPC_NO_FUNDS:
		log_error("the wallet cannot pay for transactions: send it funds");
		break;
	default:
		break;
	}
	say(v, QUEUE_RETRY, d->item, lane_pause(l, d->item->errors), slice_str(e->error.message));
}

/* ---- the steps -------------------------------------------------------------------------------------------------- */

/* What is under way, by what it answers. */
typedef struct held { queue_ref what; flight *in; size_t at; } held;
typedef struct flights { held *sorted; size_t n; } flights;

static int by_response(const void *a, const void *b)
{
	const queue_ref x = ((const held *)a)->what, y = ((const held *)b)->what;

	return x.kind != y.kind ? (x.kind > y.kind) - (x.kind < y.kind) : (x.seq > y.seq) - (x.seq < y.seq);
}

static size_t answers_under_way(const lane *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) n += l->flight[i]->answers;
	return n;
}

static err sort_flights(flights *out, const lane *l, arena *memory)
{
	*out = (flights){ 0 };
	TRY(arena_new(memory, &out->sorted, answers_under_way(l) + 1));
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->flight[i]->answers; k++) out->sorted[out->n++] = (held){ l->flight[i]->response[k], l->flight[i], k };
	qsort(out->sorted, out->n, sizeof *out->sorted, by_response);
	return OK;
}

/* Those under way already, from before a restart: the lease is ours now. */
static bool adopt(lane *l, const flights *known, const queue_item *item)
{
	const held key = { .what = { item->kind, item->seq } };
	const held *found = known->n ? bsearch(&key, known->sorted, known->n, sizeof *known->sorted, by_response) : NULL;

	if (found) lane_begin(l, found->in, found->at, item);
	return found != NULL;
}

static size_t write_calls(lane *l, const flights *known, verdicts *v, draft *drafts, const queue_item *items, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (adopt(l, known, &items[i])) continue;
		draft *d = &drafts[k];
		*d = (draft){ .item = &items[i] };
		if (answer_call(&d->data, &d->contract, &items[i]) == OK) {
			k++;
			continue;
		}
		say(v, QUEUE_FAIL, &items[i], 0, slice_str(err_text()));
		err_clear();
		buf_free(&d->data);
	}
	return k;
}

/* The chain never saw those from the first on: they are gone, and their numbers are free. */
static void take_back(lane *l, size_t first)
{
	while (l->n > first) {
		nonces_give_back(&l->nonces, l->flight[l->n - 1]->tx.nonce);
		lane_remove(l, l->n - 1);
	}
}

/* With the executor: one that was refused before goes alone, for it may be why the others were. */
typedef struct group { size_t draft[MAX_BATCH_CALLS], n, bytes; uint64_t gas; } group;

static uint64_t gas_of(const lane *l, const eth_estimate *e)
{
	return e->gas / 100 * l->c.gas_percent + e->gas % 100 * l->c.gas_percent / 100 + MARGIN_GAS;
}

/* The next ones that go together, from *at on. */
static group next_group(const lane *l, const draft *drafts, const eth_estimate *e, size_t n, size_t *at)
{
	const size_t most = lane_batches(l) ? l->c.per_tx : 1;
	group g = { 0 };

	for (; *at < n && g.n < most; ++*at) {
		const draft *d = &drafts[*at];
		if (!d->goes) continue;
		const bool alone = most > 1 && d->item->errors > 0;
		const uint64_t gas = gas_of(l, &e[*at]) + AROUND_A_CALL_GAS;
		if (g.n && (alone || g.gas + gas > MAX_GROUP_GAS || g.bytes + d->data.n > MAX_GROUP_BYTES)) break;
		g.draft[g.n++] = *at;
		g.gas += gas;
		g.bytes += d->data.n;
		if (alone) {
			++*at;
			break;
		}
	}
	return g;
}

/* Calls of the executor, which is the wallet itself. */
static void write_group(lane *l, flight *f, const group *g, const draft *drafts, const eth_estimate *e)
{
	batch_call call[MAX_BATCH_CALLS];

	for (size_t k = 0; k < g->n; k++) {
		const size_t i = g->draft[k];
		call[k] = (batch_call){ .to = e[i].to, .gas = gas_of(l, &e[i]), .data = buf_slice(&drafts[i].data) };
	}
	eth_batch_call(&f->data, call, g->n);
	f->tx.to = *wallet_address(l->c.wallet);
	/* What one is given is at most 63 parts in 64 of what there is. */
	f->tx.gas = g->gas + g->gas / 32 + AROUND_A_CALL_GAS;
}

/* A transaction that wants to be signed, with the next number. */
static err write_one(lane *l, const group *g, draft *drafts, const eth_estimate *e)
{
	const uint64_t nonce = nonces_take(&l->nonces);
	flight *f = lane_add(l, nonce);

	if (!f) {
		nonces_give_back(&l->nonces, nonce);
		return err_fail(ERR_NOMEM, "no memory for a transaction");
	}
	TRY(lane_carry(f, g->n));
	for (size_t k = 0; k < g->n; k++) lane_begin(l, f, k, drafts[g->draft[k]].item);
	if (g->n > 1) write_group(l, f, g, drafts, e);
	else {
		draft *d = &drafts[g->draft[0]];
		f->data = d->data;
		d->data = (buf){ 0 };
		f->tx.to = e[g->draft[0]].to;
		f->tx.gas = gas_of(l, &e[g->draft[0]]);
	}
	f->tx.max_priority_fee = l->fees.tip;
	f->tx.max_fee = lane_fee(l);
	return OK;
}

/*
 * The transactions, with numbers, signed; *rows are those to be remembered.  A service that keeps the key may be slow or away: what is not
 * signed in time, and what has a higher number than such a one, is released, and its number is free for the next.  So is what there is no
 * room for.  An error is that of one that was not signed; those before it stand.
 */
static err sign_all(lane *l, verdicts *v, draft *drafts, const eth_estimate *e, size_t n, queue_tx *rows)
{
	const size_t first = l->n;
	size_t n_signed = 0, at = 0;
	err made = OK;

	while (made == OK && l->n < l->c.window) {
		const group g = next_group(l, drafts, e, n, &at);
		if (g.n == 0) break;
		made = write_one(l, &g, drafts, e);
	}
	if (made == OK) {
		n_signed = l->n - first;
		made = lane_sign_all(l, l->flight + first, &n_signed, lane_now(l) + SIGNING_MS);
	}
	size_t sent = 0;
	for (size_t i = 0; i < n_signed; i++) {
		rows[i] = lane_row(l, l->flight[first + i]);
		v->change[v->n++] = (queue_change){ .verb = QUEUE_TX, .tx = &rows[i] };
		sent += l->flight[first + i]->answers;
	}
	for (size_t i = 0; i < n; i++) {
		if (!drafts[i].goes) continue;
		if (sent) sent--;                            /* in their order, and without a gap */
		else say(v, QUEUE_RELEASE, drafts[i].item, 0, (slice){ 0 });
	}
	take_back(l, first + n_signed);
	return made;
}

typedef struct worth { const eth_address *us; eth_estimate *e; size_t n; } worth;

static err ask_worth(void *ctx, jrpc *r)
{
	worth *w = ctx;
	return eth_estimates(r, w->us, w->e, w->n);
}

static err send_drafts(lane *l, verdicts *v, draft *drafts, size_t n)
{
	const size_t before = l->n;
	eth_estimate *e = NULL;
	queue_tx *rows = NULL;

	TRY(arena_new(v->memory, &e, n + 1));
	TRY(arena_new(v->memory, &rows, n + 1));
	for (size_t i = 0; i < n; i++) e[i] = (eth_estimate){ .to = l->c.contract[drafts[i].contract], .data = buf_slice(&drafts[i].data) };
	err asked = providers_try(l->c.chain, ask_worth, &(worth){ wallet_address(l->c.wallet), e, n });
	if (asked == OK) asked = lane_fees(l);
	for (size_t i = 0; i < n; i++) {
		if (asked == OK) judge(l, v, &drafts[i], &e[i]);
		else say(v, QUEUE_RELEASE, drafts[i].item, 0, (slice){ 0 });
	}
	const err made = sign_all(l, v, drafts, e, n, rows);
	const err kept = lane_keep(l, v->change, v->n);
	if (kept != OK) {
		take_back(l, before);
		return kept;
	}
	flight *last = l->n > before && lane_may_wait(l) ? l->flight[l->n - 1] : NULL;
	TRY(lane_say(l, l->flight + before, l->n - before - (last != NULL)));
	if (last) lane_wait_for(l, last);
	return asked != OK ? asked : made;
}

err lane_send(lane *l, const queue_item *items, size_t n)
{
	draft *drafts = NULL;
	arena memory = arena_with_limit((n + 1) * (sizeof(draft) + 2 * sizeof(queue_change) + sizeof(eth_estimate) + sizeof(queue_tx) +
	                                           MAX_ITEM_REASON + 1) + (answers_under_way(l) + 1) * sizeof(held) + 1024);
	verdicts v = { .memory = &memory };
	flights known;
	size_t k = 0;

	ASSERT(n <= lane_room(l) || n == 0);
	err e = sort_flights(&known, l, &memory);
	if (e == OK) e = arena_new(&memory, &drafts, n + 1);
	if (e == OK) e = arena_new(&memory, &v.change, 2 * n + 1);
	if (e == OK) k = write_calls(l, &known, &v, drafts, items, n);
	if (e == OK && (k || v.n)) e = send_drafts(l, &v, drafts, k);
	for (size_t i = 0; i < k; i++) buf_free(&drafts[i].data);
	arena_free(&memory);
	return e;
}
