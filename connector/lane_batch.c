/* SPDX-License-Identifier: MIT */
/*
 * connector/lane_batch.c -- several answers in one transaction: the wallet delegates to an executor (EIP-7702, contracts/Batch.sol), whose calls
 * may each fail alone.
 *
 * Before the first transaction it is looked whether the wallet delegates already; if not, a transaction of type 4 makes it, and nothing else is
 * sent before that is mined.  A chain that knows no such thing, or a wallet that does not delegate after some tries, is no reason to stop:
 * each answer goes alone.
 */
#include "connector/lane_internal.h"
#include "base/log.h"
#include "evm/address.h"
#include "evm/reverts.h"

enum { DELEGATE_GAS = 150000, MAX_DELEGATIONS = 3, LOOK_MS = 1000, LOOK_AGAIN_MS = 60000 };

bool lane_batches(const lane *l)
{
	return l->c.executor && l->c.per_tx > 1 && l->delegated;
}

bool lane_waits_to_delegate(const lane *l)
{
	return l->c.executor && l->c.per_tx > 1 && !l->delegated && !l->gave_up;
}

/* So it was in vain: what is asked for may pass, a chain's rules do not. */
static void count_in_vain(lane *l, const char *why)
{
	char executor[ADDRESS_TEXT];

	if (++l->delegations < MAX_DELEGATIONS) return;
	address_text(executor, l->c.executor);
	log_error("the wallet cannot delegate to %s on chain %ju, so each answer goes alone until the next start: %s", executor,
	          (uintmax_t)l->c.chain_id, why);
	l->gave_up = true;
}

void lane_delegation_refused(lane *l, const jrpc_error *why)
{
	l->said_delegation = false;
	if (why->kind == JRPC_REFUSED || why->kind == JRPC_UNSUPPORTED) count_in_vain(l, why->message);
}

/* ---- a transaction of the lane's own ---------------------------------------------------------------------------------- */

static err authorize(lane *l, evm_tx *tx)
{
	tx->chain_id = l->c.chain_id;
	const hash32 digest = tx_authorization_digest(tx);
	return wallet_sign(&tx->authorization, l->c.wallet, &digest);
}

err lane_send_own(lane *l, const evm_tx *what)
{
	TRY(lane_fees(l));
	const uint64_t nonce = nonces_take(&l->nonces);
	flight *f = lane_add(l, nonce);
	if (!f) {
		nonces_give_back(&l->nonces, nonce);
		return err_fail(ERR_NOMEM, "no memory for a transaction");
	}
	f->tx = *what;
	f->tx.nonce = nonce;
	f->tx.max_priority_fee = l->fees.tip;
	f->tx.max_fee = lane_fee(l);
	err e = f->tx.delegates ? authorize(l, &f->tx) : OK;
	if (e == OK) e = lane_sign(l, f);
	const queue_tx row = e == OK ? lane_row(l, f) : (queue_tx){ 0 };
	if (e == OK) e = lane_keep(l, &(queue_change){ .verb = QUEUE_TX, .tx = &row }, 1);
	if (e == OK) return lane_say(l, &f, 1);
	nonces_give_back(&l->nonces, nonce);
	lane_remove(l, l->n - 1);
	return e;
}

/* ---- delegating ------------------------------------------------------------------------------------------------------- */

typedef struct code { const lane *l; bool delegated; } code;

static err ask_code(void *ctx, jrpc *r)
{
	code *c = ctx;
	return eth_delegates_to(r, &c->delegated, wallet_address(c->l->c.wallet), c->l->c.executor);
}

err lane_delegate(lane *l)
{
	const int64_t now = lane_now(l);
	code c = { .l = l };

	if (!l->c.executor || l->c.per_tx < 2 || l->gave_up || now < l->delegated_until_ms) return OK;
	if (!l->delegated && l->n) return OK;          /* what is under way first: mempools take no delegation beside it */
	TRY(providers_try(l->c.chain, ask_code, &c));
	l->delegated_until_ms = now + (c.delegated ? LOOK_AGAIN_MS : LOOK_MS);
	if (c.delegated && l->delegated) return OK;
	l->delegated = false;
	if (l->n) return OK;
	TRY(lane_count(l));                            /* the authorization uses a number of the wallet, too */
	if (c.delegated) {
		log_info("up to %u answers go in one transaction: the wallet delegates to its executor", l->c.per_tx);
		l->delegated = true, l->said_delegation = false, l->delegations = 0;
		return OK;
	}
	if (l->said_delegation) count_in_vain(l, "transactions that should have done it were mined, and it does not");
	l->said_delegation = !l->gave_up;
	if (l->gave_up) return OK;
	return lane_send_own(l, &(evm_tx){ .to = *wallet_address(l->c.wallet), .gas = DELEGATE_GAS, .delegates = true, .executor = *l->c.executor });
}

/* ---- what became of them ---------------------------------------------------------------------------------------------- */

typedef struct outcome { const lane *l; const hash32 *tx; batch_outcome what; bool found; } outcome;

static err ask_outcome(void *ctx, jrpc *r)
{
	outcome *o = ctx;

	TRY(eth_batch_outcome(r, &o->what, &o->found, o->tx, wallet_address(o->l->c.wallet)));
	return o->found ? OK : jrpc_doubt(r, "it does not know a transaction that is mined");
}

err lane_read_outcome(lane *l, flight *f, const hash32 *mined)
{
	outcome o = { .l = l, .tx = mined };

	TRY(providers_try(l->c.chain, ask_outcome, &o));
	for (size_t k = 0; k < f->answers; k++) {
		cargo *c = &f->cargo[k];
		AUTO(buf) text = { 0 };
		c->well = k < MAX_BATCH_CALLS && o.what.succeeded >> k & 1;
		if (c->well) continue;
		const slice why = k < MAX_BATCH_CALLS ? slice_of(o.what.refusal[k].data, o.what.refusal[k].n) : (slice){ 0 };
		buf_put_str(&text, "mined with others, but refused: ");
		if (why.n) revert_print(&text, why);
		else buf_put_str(&text, "the executor does not say why");
		snprintf(c->reason, sizeof c->reason, "%s", buf_str(&text));
		log_warn("transaction %ju, answer %zu: %s", (uintmax_t)f->tx.nonce, k, c->reason);
	}
	return OK;
}
