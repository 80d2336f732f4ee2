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
	free(f->response);
	free(f->cargo);
	free(f);
}

void lane_remove(lane *l, size_t i)
{
	flight_free(l->flight[i]);
	memmove(l->flight + i, l->flight + i + 1, (--l->n - i) * sizeof *l->flight);
}

void lane_taken(lane *l, flight *f)
{
	if (!f->taken && !f->restored) atomic_fetch_add(&l->c.tally->sent, 1);
	f->taken = true;
}

err lane_carry(flight *f, size_t answers)
{
	ASSERT(!f->answers && answers);
	f->response = calloc(answers, sizeof *f->response);
	f->cargo = calloc(answers, sizeof *f->cargo);
	if (!f->response || !f->cargo) return err_fail(ERR_NOMEM, "no memory for a transaction's answers");
	f->answers = answers;
	return OK;
}

void lane_begin(const lane *l, flight *f, size_t k, const queue_item *item)
{
	const trace above = queue_trace_of(item);
	cargo *c = &f->cargo[k];

	f->response[k] = (queue_ref){ item->kind, item->seq };
	c->ours = true;
	c->lease_until_ms = lane_now(l) + l->c.lease_ms;
	if (c->created_ms) return;
	c->created_ms = item->created_ms;
	c->way = (span){ .at = trace_below(&above, l->c.random), .name = queue_label(item->kind), .request = item->id, .from_ns = tracing_now_ns() };
}

void lane_end_span(const lane *l, const cargo *c, const char *why)
{
	span s = c->way;

	s.to_ns = tracing_now_ns();
	snprintf(s.why, sizeof s.why, "%s", why);
	tracing_tell(l->c.tracing, &s);
}

void lane_end_spans(const lane *l, const flight *f, const char *why)
{
	for (size_t k = 0; k < f->answers; k++) lane_end_span(l, &f->cargo[k], why);
}

static void put_signature(flight *f, const secp_rsig *sig)
{
	buf_clear(&f->raw);
	tx_write(&f->raw, &f->tx, sig);
	if (f->hashes == MAX_FLIGHT_HASHES) memmove(f->hash + 1, f->hash + 2, (--f->hashes - 1) * sizeof f->hash[0]);
	f->hash[f->hashes++] = tx_hash(buf_slice(&f->raw));
}

err lane_sign_all(lane *l, flight *const *f, size_t *n, int64_t until_ms)
{
	arena memory = arena_with_limit(*n * (sizeof(hash32) + sizeof(secp_rsig)) + 256);
	const size_t all = *n;
	hash32 *digest = NULL;
	secp_rsig *sig = NULL;

	*n = 0;
	err e = arena_new(&memory, &digest, all + 1);
	if (e == OK) e = arena_new(&memory, &sig, all + 1);
	for (size_t i = 0; e == OK && i < all; i++) {
		f[i]->tx.chain_id = l->c.chain_id;
		f[i]->tx.data = buf_slice(&f[i]->data);
		digest[i] = tx_digest(&f[i]->tx);
	}
	if (e == OK) *n = all, e = wallet_sign_all(sig, n, l->c.wallet, digest, l->c.clock, until_ms);
	for (size_t i = 0; i < *n; i++) put_signature(f[i], &sig[i]);
	arena_free(&memory);
	return e;
}

err lane_sign(lane *l, flight *f)
{
	size_t n = 1;
	return lane_sign_all(l, &f, &n, INT64_MAX);
}

queue_tx lane_row(const lane *l, const flight *f)
{
	return (queue_tx){
		.chain_id = l->c.chain_id, .wallet = *wallet_address(l->c.wallet), .nonce = f->tx.nonce, .hash = f->hash[f->hashes - 1],
		.raw = buf_slice(&f->raw), .state = QUEUE_TX_SIGNED, .response = f->response, .responses = f->answers,
	};
}

err lane_keep(lane *l, const queue_change *c, size_t n)
{
	queue_change *all = calloc(n + 1, sizeof *all);

	if (!all) return err_fail(ERR_NOMEM, "no memory for %zu changes", n);
	all[0] = (queue_change){ .verb = QUEUE_STILL_HELD, .name = l->c.role };
	memcpy(all + 1, c, n * sizeof *c);
	const err e = queue_apply(l->c.queue, all, n + 1, NULL);
	free(all);
	return e;
}

static err ask_fees(void *ctx, jrpc *r)
{
	return eth_get_fees(r, ctx);
}

static void say_whether_it_is_dear(lane *l, const eth_fees *asked)
{
	const bool dear = asked->base > l->c.most_fee || asked->tip > l->c.most_fee - asked->base;

	if (dear && !l->told_dear)
		log_warn("chain %ju asks for %ju and %ju gwei a unit of gas, and max_fee_per_gas_gwei allows %ju: answers may wait until it asks for "
		         "less, or more is allowed", (uintmax_t)l->c.chain_id, (uintmax_t)(asked->base / WEI_A_GWEI), (uintmax_t)(asked->tip / WEI_A_GWEI),
		         (uintmax_t)(l->c.most_fee / WEI_A_GWEI));
	l->told_dear = dear;
}

/* Whoever answers for the chain could name any price: none is believed above what the operator allows. */
err lane_fees(lane *l)
{
	const int64_t now = lane_now(l);
	eth_fees fees;

	if (now < l->fees_until_ms) return OK;
	TRY(providers_try(l->c.chain, ask_fees, &fees));
	say_whether_it_is_dear(l, &fees);
	l->fees.base = fees.base < l->c.most_fee ? fees.base : l->c.most_fee;
	l->fees.tip = fees.tip < l->c.most_fee ? fees.tip : l->c.most_fee;
	l->fees_until_ms = now + FEES_MS;
	return OK;
}

uint64_t lane_fee(const lane *l)
{
	const uint64_t fee = 2 * l->fees.base + l->fees.tip;       /* each at most most_fee, which is far below 2^62 */

	return fee < l->c.most_fee ? fee : l->c.most_fee;
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
	case JRPC_CROWDED: case JRPC_NO_FUNDS: case JRPC_UNDERPRICED: case JRPC_REFUSED: case JRPC_REVERTED: case JRPC_UNSUPPORTED:
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
	lane_end_spans(l, f, reason);
	if (why->kind == JRPC_NO_FUNDS) log_error("the wallet cannot pay for transactions: send it funds");
	atomic_fetch_add(&l->c.tally->failed, 1);
	*row = lane_row(l, f);
	row->state = QUEUE_TX_DROPPED;
	change[(*n)++] = (queue_change){ .verb = QUEUE_TX_STATE, .tx = row, .reason = reason };
	/* A provider that takes one at a time has nothing against the answers. */
	const bool crowded = why->kind == JRPC_CROWDED;
	l->crowded |= crowded;
	for (size_t k = 0; k < f->answers; k++) {
		if (!f->cargo[k].ours) continue;
		change[(*n)++] = (queue_change){ .verb = crowded ? QUEUE_RELEASE : QUEUE_RETRY, .kind = f->response[k].kind, .seq = f->response[k].seq,
		                                 .delay_ms = l->c.retry_ms, .reason = reason };
	}
	if (f->tx.delegates) lane_delegation_refused(l, why);
	if (used) l->lost_count = true;
	else nonces_give_back(&l->nonces, f->tx.nonce);
}

typedef struct saying {
	flight      **who;
	slice        *raw;
	jrpc_error   *error;
	queue_tx     *row;
	queue_change *change;                    /* one for each, and for each answer */
	size_t        n;
	arena         memory;
} saying;

static err saying_new(saying *s, flight *const *f, size_t n)
{
	const size_t each = sizeof(flight *) + sizeof(slice) + sizeof(jrpc_error) + sizeof(queue_tx) + sizeof(queue_change);
	size_t answers = 0;

	for (size_t i = 0; i < n; i++) answers += f[i]->answers;
	*s = (saying){ .n = n, .memory = arena_with_limit(n * each + answers * sizeof(queue_change) + 512) };
	TRY(arena_new(&s->memory, &s->who, n));
	TRY(arena_new(&s->memory, &s->raw, n));
	TRY(arena_new(&s->memory, &s->error, n));
	TRY(arena_new(&s->memory, &s->row, n));
	TRY(arena_new(&s->memory, &s->change, n + answers));
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
		const bool first = f->said_ms == 0 && f->hashes == 1 && !f->restored;
		const taken t = sent == OK ? was_taken(s->error[i].kind) : UNKNOWN;
		if (t == TAKEN) lane_taken(l, f);
		/* Not for the first time: whether it was mined is for lane_watch to find out. */
		if (!first || t == TAKEN || t == UNKNOWN) f->said_ms = now, s->who[i] = NULL;
		else forget(l, f, &s->error[i], &s->row[i], s->change, &changes);
	}
	const err kept = changes ? lane_keep(l, s->change, changes) : OK;
	for (size_t i = 0; i < s->n; i++)
		if (s->who[i]) lane_remove(l, place_of(l, s->who[i]));
	return kept != OK ? kept : sent;
}

err lane_say(lane *l, flight *const *f, size_t n)
{
	saying s;

	if (n == 0) return OK;
	if (lane_now(l) >= *l->c.role_until_ms) return err_fail(ERR_EXISTS, "this process was held up for so long that another one may send now");
	err e = saying_new(&s, f, n);
	if (e == OK) e = say_all(l, &s);
	arena_free(&s.memory);
	return e;
}

/* ---- the start -------------------------------------------------------------------------------------------------- */

/* Reads the transaction from its bytes, so that it can be replaced by a dearer one.  The database may say what is sent again, but not what
 * is signed: only what this wallet has signed before. */
static void restore(lane *l, flight *f)
{
	eth_address by;
	secp_rsig sig;
	evm_tx tx;

	const bool ours = tx_read(&tx, &sig, buf_slice(&f->raw)) && tx.nonce == f->tx.nonce && tx.chain_id == l->c.chain_id;
	const hash32 digest = ours ? tx_digest(&tx) : (hash32){ 0 };
	if (!ours || !sign_external_by_var(&by, &sig, &digest) || !eth_address_eq_var(by, *wallet_address(l->c.wallet))) {
		log_warn("transaction %ju in the database is none that this wallet signed: it is said again as it is", (uintmax_t)f->tx.nonce);
		return;
	}
	buf_clear(&f->data);
	buf_put_slice(&f->data, tx.data);
	f->tx = tx;
	f->tx.data = buf_slice(&f->data);
}

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
		f->restored = true;
		if (t->responses && !f->answers) {
			if ((e = lane_carry(f, t->responses)) != OK) break;
			memcpy(f->response, t->response, t->responses * sizeof *f->response);
		}
		buf_clear(&f->raw);
		buf_put_slice(&f->raw, t->raw);
		if (f->hashes < MAX_FLIGHT_HASHES) f->hash[f->hashes++] = t->hash;
	}
	queue_txs_free(&all);
	for (size_t i = 0; e == OK && i < l->n; i++) restore(l, l->flight[i]);
	return e;
}

/* MOST_MISSING: so many numbers that nobody uses are used up by transfers to ourselves, rather than give up what is above them. */
enum { COUNT_BITS = 48, MOST_MISSING = 64 };

err lane_ask_count(uint64_t *out, jrpc *r, const lane *l, eth_at at)
{
	uint64_t count;

	TRY(eth_nonce(r, &count, wallet_address(l->c.wallet), at));
	if (count >> COUNT_BITS) return jrpc_doubt(r, "it says that the wallet has sent %ju transactions", (uintmax_t)count);
	*out = count;
	return OK;
}

typedef struct counts { const lane *l; uint64_t mined, waiting; } counts;

static err ask_counts(void *ctx, jrpc *r)
{
	counts *c = ctx;
	TRY(lane_ask_count(&c->mined, r, c->l, eth_tag("latest")));
	return lane_ask_count(&c->waiting, r, c->l, eth_tag("pending"));
}

/* Numbers from the chain's on and below this one that are not ours. */
static uint64_t missing_below(const lane *l, uint64_t known, uint64_t nonce)
{
	uint64_t ours = 0;

	if (nonce <= known) return 0;
	for (size_t i = 0; i < l->n; i++) ours += l->flight[i]->tx.nonce >= known && l->flight[i]->tx.nonce < nonce;
	return nonce - known - ours;
}

/* Which numbers are free: all from the last one on that anybody used, and those between that are neither ours nor waiting there. */
err lane_count(lane *l)
{
	counts c = { .l = l };

	TRY(providers_try(l->c.chain, ask_counts, &c));
	uint64_t next = c.waiting > c.mined ? c.waiting : c.mined;
	const uint64_t known = next;
	for (size_t i = 0; i < l->n; i++) {
		flight *f = l->flight[i];
		f->beyond = missing_below(l, known, f->tx.nonce) > MOST_MISSING;
		if (f->beyond) log_warn("transaction %ju is given up: the chain is at %ju, and too many in between are nobody's", (uintmax_t)f->tx.nonce, (uintmax_t)known);
		else if (f->tx.nonce >= next) next = f->tx.nonce + 1;
	}
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
	if (l->lost_count || lane_waits_to_delegate(l) || l->n >= l->c.window || (l->crowded && l->n)) return 0;
	return (l->crowded ? 1 : l->c.window - l->n) * (lane_batches(l) ? l->c.per_tx : 1);
}

size_t lane_under_way(const lane *l)
{
	return l->n;
}
