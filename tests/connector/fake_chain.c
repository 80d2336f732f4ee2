/* SPDX-License-Identifier: MIT */
#include "tests/connector/fake_chain.h"
#include <inttypes.h>
#include <jansson.h>
#include "base/hex.h"
#include "rpc/post.h"
#include "tests/test.h"

/* ---- transactions ----------------------------------------------------------------------------------------------- */

/* The next string of a list of strings; an inner list is passed over as if it were one. */
static slice rlp_next(slice *rest)
{
	assert_true(rest->n > 0);
	const uint8_t first = rest->p[0];
	size_t skip = 1, n = 1;

	if (first >= 0x80) {
		n = first < 0xc0 ? first - 0x80u : first - 0xc0u;
		if (n > 55) {
			skip += n - 55;
			n = 0;
			for (size_t i = 1; i < skip; i++) n = n << 8 | rest->p[i];
		}
	} else skip = 0;
	assert_true(skip + n <= rest->n);
	const slice s = slice_of(rest->p + skip, n);
	*rest = slice_of(rest->p + skip + n, rest->n - skip - n);
	return s;
}

static uint64_t number(slice s)
{
	uint64_t x = 0;
	for (size_t i = 0; i < s.n; i++) x = x << 8 | s.p[i];
	return x;
}

static fake_tx read_tx(slice raw)
{
	slice all = slice_of(raw.p + 1, raw.n - 1);
	slice rest = rlp_next(&all);
	fake_tx t = { .hash = keccak256(raw), .ok = true };

	assert_int_equal(raw.p[0], 2);
	assert_int_equal(number(rlp_next(&rest)), 31337);
	t.nonce = number(rlp_next(&rest));
	t.tip = number(rlp_next(&rest));
	t.fee = number(rlp_next(&rest));
	rlp_next(&rest);
	rlp_next(&rest);
	rlp_next(&rest);
	const slice data = rlp_next(&rest);
	t.transfer = data.n == 0;
	t.data_hash = keccak256(data);
	return t;
}

static bool is_answered(const fake_chain *c, const hash32 *data_hash)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->tx[i].block && c->tx[i].ok && hash32_eq_var(c->tx[i].data_hash, *data_hash)) return true;
	return false;
}

static const char *take(fake_chain *c, fake_tx t)
{
	for (size_t i = 0; i < c->n; i++) {
		fake_tx *k = &c->tx[i];
		if (!k->gone && hash32_eq_var(k->hash, t.hash)) return k->block ? "nonce too low" : "already known";
	}
	if (t.nonce < c->mined) return "nonce too low";
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
	c->block++;
	for (bool more = !c->forgetful; more; ) {
		more = false;
		for (size_t i = 0; i < c->n; i++) {
			fake_tx *t = &c->tx[i];
			if (t->gone || t->block || t->nonce != c->mined || t->tip < c->least_tip) continue;
			t->ok = t->transfer || (!c->fails && !is_answered(c, &t->data_hash));
			c->doubled += !t->transfer && is_answered(c, &t->data_hash);
			t->block = c->block;
			c->mined++;
			more = true;
		}
	}
	for (size_t i = 0; i < c->n && c->forgetful; i++)
		if (!c->tx[i].block) c->tx[i].gone = true;
	c->forgetful = false;
}

void fake_chain_foreign(fake_chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->tx[i].block && c->tx[i].nonce == c->mined) c->tx[i].gone = true;
	c->mined++;
	c->block++;
}

size_t fake_chain_answers(const fake_chain *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) n += c->tx[i].block && c->tx[i].ok && !c->tx[i].transfer;
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

static json_t *receipt(const fake_chain *c, const json_t *params)
{
	hash32 h;

	assert_true(hex_read(h.b, sizeof h.b, slice_str(json_string_value(json_array_get(params, 0)))));
	for (size_t i = 0; i < c->n; i++) {
		const fake_tx *t = &c->tx[i];
		if (t->gone || !t->block || !hash32_eq_var(t->hash, h)) continue;
		return result(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "transactionHash", hash_json(&h), "blockHash", hash_json(&h),
			"blockNumber", quantity(t->block), "gasUsed", quantity(90000), "effectiveGasPrice", quantity(t->tip),
			"status", quantity(t->ok)));
	}
	return result(json_null());
}

static json_t *answer(fake_chain *c, const char *method, const json_t *params)
{
	if (!strcmp(method, "eth_chainId")) return result(quantity(c->id));
	if (!strcmp(method, "eth_blockNumber")) return result(quantity(c->block));
	if (!strcmp(method, "eth_estimateGas")) return estimate(c, params);
	if (!strcmp(method, "eth_sendRawTransaction")) return send(c, params);
	if (!strcmp(method, "eth_getTransactionReceipt")) return receipt(c, params);
	if (!strcmp(method, "eth_feeHistory"))
		return result(json_pack("{s:[s,s], s:[[s]]}", "baseFeePerGas", "0x64", "0x64", "reward", "0xa"));
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
		return result(quantity(count));
	}
	if (!strcmp(method, "debug_traceTransaction")) c->traced++;
	if (!strcmp(method, "debug_traceTransaction") && !c->keeps_no_traces) return result(json_pack("{s:s}", "output", "0xabb5f486"));
	return failure(-32601, "the method does not exist", NULL);
}

static err post(void *ctx, post_answer *out, slice message)
{
	fake_chain *c = ctx;

	c->exchanges++;
	if (c->away) return c->away--, err_fail(ERR_IO, "nothing came");
	json_t *asked = json_loadb((const char *)message.p, message.n, 0, NULL), *one;
	json_t *answers = json_array();
	size_t i;
	assert_non_null(asked);
	json_t *all = json_is_array(asked) ? json_incref(asked) : json_pack("[O]", asked);
	json_array_foreach(all, i, one) {
		json_t *a = answer(c, json_string_value(json_object_get(one, "method")), json_object_get(one, "params"));
		json_object_set(a, "id", json_object_get(one, "id"));
		json_object_set_new(a, "jsonrpc", json_string("2.0"));
		json_array_append_new(answers, a);
	}
	char *text = json_dumps(json_is_array(asked) ? answers : json_array_get(answers, 0), 0);
	json_decref(all);
	json_decref(asked);
	json_decref(answers);
	const bool lost = c->lose != 0;
	if (lost) c->lose--;
	else buf_put_str(&out->body, text);
	free(text);
	if (lost) return err_fail(ERR_IO, "the connection broke");
	out->status = 200;
	out->retry_after_ms = -1;
	return OK;
}

void fake_chain_init(fake_chain *c)
{
	*c = (fake_chain){ .block = 100, .id = 31337, .gwei = 1000000000 };
	c->transport = (jrpc_transport){ c, post };
}
