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
typedef struct flights { flight **sorted; size_t n; } flights;

static int by_response(const void *a, const void *b)
{
	const queue_ref x = (*(flight *const *)a)->response, y = (*(flight *const *)b)->response;

	return x.kind != y.kind ? (x.kind > y.kind) - (x.kind < y.kind) : (x.seq > y.seq) - (x.seq < y.seq);
}

static err sort_flights(flights *out, const lane *l, arena *memory)
{
	*out = (flights){ 0 };
	TRY(arena_new(memory, &out->sorted, l->n + 1));
	for (size_t i = 0; i < l->n; i++)
		if (l->flight[i]->answers) out->sorted[out->n++] = l->flight[i];
	qsort(out->sorted, out->n, sizeof *out->sorted, by_response);
	return OK;
}

/* Those under way already, from before a restart: the lease is ours now. */
static bool adopt(lane *l, const flights *known, const queue_item *item)
{
	flight like = { .response = { item->kind, item->seq } }, *key = &like;
	flight *const *found = known->n ? bsearch(&key, known->sorted, known->n, sizeof *known->sorted, by_response) : NULL;

	if (!found) return false;
	flight *f = *found;
	f->ours = true;
	f->lease_until_ms = lane_now(l) + l->c.lease_ms;
	if (!f->created_ms) lane_begin(l, f, item);
	return true;
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

static err sign_one(lane *l, draft *d, const eth_estimate *e)
{
	const uint64_t nonce = nonces_take(&l->nonces);
	flight *f = lane_add(l, nonce);

	if (!f) {
		nonces_give_back(&l->nonces, nonce);
		return err_fail(ERR_NOMEM, "no memory for a transaction");
	}
	f->answers = f->ours = true;
	f->response = (queue_ref){ d->item->kind, d->item->seq };
	lane_begin(l, f, d->item);
	f->lease_until_ms = lane_now(l) + l->c.lease_ms;
	f->data = d->data;
	d->data = (buf){ 0 };
	f->tx.to = e->to;
	f->tx.gas = e->gas / 100 * l->c.gas_percent + e->gas % 100 * l->c.gas_percent / 100 + MARGIN_GAS;
	f->tx.max_priority_fee = l->fees.tip;
	f->tx.max_fee = 2 * l->fees.base + l->fees.tip;
	const err signed_ = lane_sign(l, f);
	if (signed_ == OK) return OK;
	nonces_give_back(&l->nonces, nonce);
	lane_remove(l, l->n - 1);
	return signed_;
}

/* The transactions, with numbers, signed; *rows are those to be remembered.  A service that keeps the key may be slow or away: what is not
 * signed in time is released, and its number is free for the next.  An error is that of the first that was not signed; the others stand. */
static err sign_all(lane *l, verdicts *v, draft *drafts, const eth_estimate *e, size_t n, queue_tx *rows)
{
	const int64_t until_ms = lane_now(l) + SIGNING_MS;
	bool in_time = true;
	size_t k = 0;
	err made = OK;

	for (size_t i = 0; i < n; i++) {
		if (!drafts[i].goes) continue;
		if (made == OK && in_time) made = sign_one(l, &drafts[i], &e[i]);
		if (made != OK || !in_time) {
			say(v, QUEUE_RELEASE, drafts[i].item, 0, (slice){ 0 });
			continue;
		}
		rows[k] = lane_row(l, l->flight[l->n - 1]);
		v->change[v->n++] = (queue_change){ .verb = QUEUE_TX, .tx = &rows[k++] };
		in_time = lane_now(l) < until_ms;
	}
	return made;
}

/* The chain never saw those from the first on: they are gone, and their numbers are free. */
static void take_back(lane *l, size_t first)
{
	while (l->n > first) {
		nonces_give_back(&l->nonces, l->flight[l->n - 1]->tx.nonce);
		lane_remove(l, l->n - 1);
	}
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
	const err kept = queue_apply(l->c.queue, v->change, v->n, NULL);
	if (kept != OK) {
		take_back(l, before);
		return kept;
	}
	TRY(lane_say(l, l->flight + before, l->n - before));
	return asked != OK ? asked : made;
}

err lane_send(lane *l, const queue_item *items, size_t n)
{
	draft *drafts = NULL;
	arena memory = arena_with_limit((n + 1) * (sizeof(draft) + 2 * sizeof(queue_change) + sizeof(eth_estimate) + sizeof(queue_tx) +
	                                           MAX_ITEM_REASON + 1) + (l->n + 1) * sizeof(flight *) + 1024);
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
