/* SPDX-License-Identifier: MIT */
#include "tests/connector/fake_chain.h"
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include "base/hex.h"
#include "evm/abi_coder.h"
#include "evm/tx.h"
#include "rpc/post.h"
#include "tests/test.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void fake_chain_lock(void) { pthread_mutex_lock(&lock); }

void fake_chain_unlock(void)
{
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void fake_chain_await_syncs(const fake_chain *c, unsigned n)
{
	fake_chain_lock();
	while (c->syncs < n) pthread_cond_wait(&changed, &lock);
	fake_chain_unlock();
}

void fake_chain_hang_up(fake_chain *c)
{
	fake_chain_lock();
	c->hung_up = true;
	fake_chain_unlock();
}

/* ---- transactions ----------------------------------------------------------------------------------------------- */

static void read_calls(fake_tx *t, slice data)
{
	static const uint8_t EXECUTE[ABI_SELECTOR] = { 0x3f, 0x70, 0x7e, 0x6b };

	if (data.n < ABI_SELECTOR || memcmp(data.p, EXECUTE, sizeof EXECUTE) != 0) return;
	abi_reader r = abi_reader_of(slice_of(data.p + ABI_SELECTOR, data.n - ABI_SELECTOR));
	abi_part top = abi_top(&r), list = abi_next_list(&top, &t->calls, 1, MAX_BATCH_CALLS);

	for (size_t i = 0; i < t->calls; i++) {
		abi_part one = abi_next_tuple(&list);
		(void)abi_next_address(&one);
		assert_in_range(abi_next_u64(&one, UINT64_MAX), 100000, 1000000);
		t->call[i] = keccak256(abi_next_bytes(&one, 1 << 20));
	}
	assert_true(abi_ok(&r));
}

static fake_tx read_tx(slice raw)
{
	secp_rsig sig;
	evm_tx tx;

	assert_true(tx_read(&tx, &sig, raw));
	assert_int_equal(tx.chain_id, 31337);
	fake_tx t = { .hash = tx_hash(raw), .data_hash = keccak256(tx.data), .nonce = tx.nonce, .tip = tx.max_priority_fee, .fee = tx.max_fee,
	              .transfer = tx.data.n == 0, .ok = true, .delegates = tx.delegates, .to = tx.to, .executor = tx.executor };
	read_calls(&t, tx.data);
	return t;
}

static bool is_answered(const fake_chain *c, const hash32 *data_hash)
{
	for (size_t i = 0; i < c->n; i++) {
		const fake_tx *t = &c->tx[i];
		if (!t->block || !t->ok) continue;
		if (!t->calls && hash32_eq_var(t->data_hash, *data_hash)) return true;
		for (size_t k = 0; k < t->calls; k++)
			if (t->well >> k & 1 && hash32_eq_var(t->call[k], *data_hash)) return true;
	}
	return false;
}

/* A wallet that does not delegate takes the data of its own transaction, and does nothing. */
static void execute(fake_chain *c, fake_tx *t)
{
	t->executed = c->delegated;
	for (size_t k = 0; k < t->calls && t->executed; k++) {
		const bool before = is_answered(c, &t->call[k]);
		c->doubled += before;
		if (!before && !c->fails && !(c->refuse_calls >> k & 1)) t->well |= 1u << k;
	}
	c->refuse_calls = 0;
}

static const char *take(fake_chain *c, fake_tx t)
{
	for (size_t i = 0; i < c->n; i++) {
		fake_tx *k = &c->tx[i];
		if (!k->gone && hash32_eq_var(k->hash, t.hash)) return k->block ? "nonce too low" : "already known";
	}
	if (t.nonce < c->mined) return "nonce too low";
	if (t.delegates && c->no_delegation) return "transaction type not supported";
	if (c->crowds && c->delegated && t.nonce != c->mined) return "in-flight transaction limit reached for delegated accounts";
	if (c->poor) return c->poor--, "insufficient funds for gas * price + value";
	if (c->refuse) return c->refuse--, "txpool is full";
	for (size_t i = 0; i < c->n; i++) {
		fake_tx *k = &c->tx[i];
		if (k->gone || k->nonce != t.nonce) continue;
		if (t.fee * 10 < k->fee * 11 || t.tip * 10 < k->tip * 11) return "replacement transaction underpriced";
		k->gone = true;
	}
	assert_true(c->n < FAKE_TXS);
	c->tx[c->n++] = t;
	c->taken++;
	return NULL;
}

void fake_chain_mine(fake_chain *c)
{
	fake_chain_lock();
	c->block++;
	for (bool more = !c->forgetful; more; ) {
		more = false;
		for (size_t i = 0; i < c->n; i++) {
			fake_tx *t = &c->tx[i];
			if (t->gone || t->block || t->nonce != c->mined || t->tip < c->least_tip) continue;
			t->ok = t->transfer || t->calls || (!c->fails && !is_answered(c, &t->data_hash));
			c->doubled += !t->transfer && !t->calls && is_answered(c, &t->data_hash);
			if (t->calls) execute(c, t);
			t->block = c->block;
			c->mined++;
			if (t->delegates && !c->idle_delegation) c->delegated = true, c->executor = t->executor, c->mined++;       /* the authorization's number */
			more = true;
		}
	}
	for (size_t i = 0; i < c->n && c->forgetful; i++)
		if (!c->tx[i].block) c->tx[i].gone = true;
	c->forgetful = false;
	fake_chain_unlock();
}

void fake_chain_calm(fake_chain *c)
{
	fake_chain_lock();
	c->away = c->lose = c->refuse = c->poor = 0;
	c->fails = c->forgetful = c->mute_executor = false;
	c->least_tip = 0;
	c->refuse_calls = 0;
	fake_chain_unlock();
}

void fake_chain_foreign(fake_chain *c)
{
	fake_chain_lock();
	for (size_t i = 0; i < c->n; i++)
		if (!c->tx[i].block && c->tx[i].nonce == c->mined) c->tx[i].gone = true;
	c->mined++;
	c->block++;
	fake_chain_unlock();
}

size_t fake_chain_answers(const fake_chain *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->tx[i].block && c->tx[i].ok && !c->tx[i].transfer) n += c->tx[i].calls ? (size_t)__builtin_popcount(c->tx[i].well) : 1;
	return n;
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

static json_t *quantity(uint64_t x)
{
	char text[24];
	snprintf(text, sizeof text, "0x%" PRIx64, x);
	return json_string(text);
}

static json_t *hash_json(const hash32 *h)
{
	char text[67] = "0x";
	hex_write(text + 2, hash32_slice(h));
	return json_string(text);
}

static json_t *failure(int code, const char *message, json_t *data)
{
	json_t *e = json_pack("{s:i, s:s}", "code", code, "message", message);
	if (data) json_object_set_new(e, "data", data);
	return json_pack("{s:o}", "error", e);
}

static json_t *result(json_t *value) { return json_pack("{s:o}", "result", value); }

static json_t *estimate(fake_chain *c, const json_t *params)
{
	AUTO(buf) data = { 0 };
	char text[11];

	assert_true(hex_read_all(&data, slice_str(json_string_value(json_object_get(json_array_get(params, 0), "data")))));
	const hash32 h = keccak256(buf_slice(&data));
	if (c->revert || is_answered(c, &h)) {
		snprintf(text, sizeof text, "0x%08x", c->revert ? c->revert : 0x99ec48d9);
		return failure(3, "execution reverted", json_string(text));
	}
	return result(quantity(100000));
}

static json_t *send(fake_chain *c, const json_t *params)
{
	AUTO(buf) raw = { 0 };

	assert_true(hex_read_all(&raw, slice_str(json_string_value(json_array_get(params, 0)))));
	const fake_tx t = read_tx(buf_slice(&raw));
	const char *why = take(c, t);
	return why ? failure(-32000, why, NULL) : result(hash_json(&t.hash));
}

static json_t *hex_json(slice bytes)
{
	AUTO(buf) text = { 0 };

	buf_put_str(&text, "0x");
	buf_put_hex(&text, bytes);
	return json_string(buf_str(&text));
}

static json_t *log_of(const fake_tx *t, json_t *topics, slice data)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "address", hex_json(slice_of(t->to.b, sizeof t->to.b)), "topics", topics, "data", hex_json(data),
	                 "blockNumber", quantity(t->block), "logIndex", "0x0", "blockHash", hash_json(&t->hash), "transactionHash", hash_json(&t->hash));
}

static json_t *logs_of(const fake_chain *c, const fake_tx *t)
{
	static const uint8_t MISMATCH[] = { 0xab, 0xb5, 0xf4, 0x86 };
	const hash32 done = keccak256(slice_str("Done(uint256)")), refused = keccak256(slice_str("Refused(uint256,bytes)"));
	const abi_word well = abi_u64(t->well);
	json_t *logs = json_array();

	if (!t->executed || c->mute_executor) return logs;
	for (size_t k = 0; k < t->calls; k++) {
		AUTO(buf) data = { 0 };
		abi_frame f = abi_tuple(&data, 1);
		const abi_word which = abi_u64(k);
		hash32 index;
		if (t->well >> k & 1) continue;
		memcpy(index.b, which.b, sizeof index.b);
		abi_put_bytes(&f, slice_of(MISMATCH, sizeof MISMATCH));
		json_array_append_new(logs, log_of(t, json_pack("[o, o]", hash_json(&refused), hash_json(&index)), buf_slice(&data)));
	}
	json_array_append_new(logs, log_of(t, json_pack("[o]", hash_json(&done)), slice_of(well.b, sizeof well.b)));
	return logs;
}

static json_t *receipt_of(const fake_chain *c, const hash32 *h)
{
	for (size_t i = 0; i < c->n; i++) {
		const fake_tx *t = &c->tx[i];
		if (t->gone || !t->block || !hash32_eq_var(t->hash, *h)) continue;
		return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "logs", logs_of(c, t), "transactionHash", hash_json(h), "blockHash", hash_json(h),
			"blockNumber", quantity(t->block), "gasUsed", quantity(90000), "effectiveGasPrice", quantity(t->tip),
			"status", quantity(t->ok));
	}
	return NULL;
}

static json_t *receipt(const fake_chain *c, const json_t *params)
{
	hash32 h;

	assert_true(hex_read(h.b, sizeof h.b, slice_str(json_string_value(json_array_get(params, 0)))));
	json_t *j = receipt_of(c, &h);
	return result(j ? j : json_null());
}

/* As long as it takes; NULL: the connection breaks. */
static json_t *send_and_wait(fake_chain *c, const json_t *params)
{
	AUTO(buf) raw = { 0 };

	c->syncs++;
	pthread_cond_broadcast(&changed);
	if (c->no_sync) return failure(c->no_sync, c->no_sync == -32601 ? "the method does not exist" : "not supported", NULL);
	assert_true(hex_read_all(&raw, slice_str(json_string_value(json_array_get(params, 0)))));
	const fake_tx t = read_tx(buf_slice(&raw));
	const char *why = take(c, t);
	if (why) return failure(-32000, why, NULL);
	if (c->impatient) return failure(4, "the transaction was not mined in time", hash_json(&t.hash));
	if (c->breaks) return c->breaks--, NULL;
	json_t *j = NULL;
	while ((c->tardy || !(j = receipt_of(c, &t.hash))) && !c->hung_up) pthread_cond_wait(&changed, &lock);
	return j ? result(j) : NULL;
}

static json_t *answer(fake_chain *c, const char *method, const json_t *params)
{
	if (!strcmp(method, "eth_chainId")) return result(quantity(c->id));
	if (!strcmp(method, "eth_blockNumber")) return result(quantity(c->block));
	if (!strcmp(method, "eth_estimateGas")) return estimate(c, params);
	if (!strcmp(method, "eth_sendRawTransaction")) return send(c, params);
	if (!strcmp(method, "eth_sendRawTransactionSync")) return send_and_wait(c, params);
	if (!strcmp(method, "eth_getTransactionReceipt")) return receipt(c, params);
	if (!strcmp(method, "eth_feeHistory"))
		return result(json_pack("{s:[o], s:[[o]]}", "baseFeePerGas", quantity(c->base), "reward", quantity(c->tip)));
	if (!strcmp(method, "eth_getCode")) {
		uint8_t code[23] = { 0xef, 0x01, 0x00 };
		memcpy(code + 3, c->executor.b, sizeof c->executor.b);
		return result(hex_json(c->delegated ? slice_of(code, sizeof code) : (slice){ 0 }));
	}
	if (!strcmp(method, "eth_getBalance")) return result(quantity(c->gwei * 1000000000));
	if (!strcmp(method, "eth_call")) {
		char word[67];
		snprintf(word, sizeof word, "0x%064d", !c->stranger);
		return result(json_string(word));
	}
	if (!strcmp(method, "eth_getTransactionCount")) {
		uint64_t count = c->mined;
		bool more = !strcmp(json_string_value(json_array_get(params, 1)), "pending");
		while (more) {
			more = false;
			for (size_t i = 0; i < c->n; i++) more |= !c->tx[i].gone && !c->tx[i].block && c->tx[i].nonce == count;
			count += more;
		}
		return result(quantity(c->lie ? c->lie : count));
	}
	if (!strcmp(method, "debug_traceTransaction")) c->traced++;
	if (!strcmp(method, "debug_traceTransaction") && !c->keeps_no_traces) return result(json_pack("{s:s}", "output", "0xabb5f486"));
	return failure(-32601, "the method does not exist", NULL);
}

static err post_locked(void *ctx, post_answer *out, slice message)
{
	fake_chain *c = ctx;

	if (c->away) return c->away--, err_fail(ERR_IO, "nothing came");
	json_t *asked = json_loadb((const char *)message.p, message.n, 0, NULL), *one;
	json_t *answers = json_array();
	size_t i;
	assert_non_null(asked);
	json_t *all = json_is_array(asked) ? json_incref(asked) : json_pack("[O]", asked);
	json_array_foreach(all, i, one) {
		json_t *a = answer(c, json_string_value(json_object_get(one, "method")), json_object_get(one, "params"));
		if (!a) continue;
		json_object_set(a, "id", json_object_get(one, "id"));
		json_object_set_new(a, "jsonrpc", json_string("2.0"));
		json_array_append_new(answers, a);
	}
	char *text = json_dumps(json_is_array(asked) ? answers : json_array_get(answers, 0), 0);
	json_decref(all);
	json_decref(asked);
	json_decref(answers);
	const bool lost = c->lose != 0 || !text;
	if (c->lose) c->lose--;
	if (!lost) buf_put_str(&out->body, text);
	free(text);
	if (lost) return err_fail(ERR_IO, "the connection broke");
	out->status = 200;
	out->retry_after_ms = -1;
	return OK;
}

static err post(void *ctx, post_answer *out, slice message)
{
	fake_chain *c = ctx;

	fake_chain_lock();
	c->exchanges++;
	const err e = post_locked(ctx, out, message);
	fake_chain_unlock();
	return e;
}

void fake_chain_init(fake_chain *c)
{
	*c = (fake_chain){ .block = 100, .id = 31337, .gwei = 1000000000, .base = 100, .tip = 10 };
	c->transport = (jrpc_transport){ c, post };
}
