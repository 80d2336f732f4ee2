/* SPDX-License-Identifier: MIT */
/* evm/eth.c -- a question, its parameters, its answer.  Logs are in eth_logs.c. */
#include "evm/eth.h"
#include <inttypes.h>
#include "base/hex.h"
#include "evm/address.h"
#include "evm/eth_read.h"

enum { HASH_TEXT = 67 };

eth_at eth_block_at(uint64_t number)
{
	eth_at at;
	snprintf(at.text, sizeof at.text, "0x%" PRIx64, number);
	return at;
}

eth_at eth_tag(const char *tag)
{
	eth_at at;
	snprintf(at.text, sizeof at.text, "%s", tag);
	return at;
}

static void hash_text(char out[static HASH_TEXT], const hash32 *h)
{
	memcpy(out, "0x", 2);
	hex_write(out + 2, hash32_slice(h));
}

static void put_hex(buf *out, slice s)
{
	buf_put_str(out, "0x");
	buf_put_hex(out, s);
}

static err malformed(jrpc *r, const char *method)
{
	return jrpc_doubt(r, "its answer to %s is malformed", method);
}

/* The answer to a question for one number. */
static err number(jrpc *r, uint64_t *out, const char *method, const char *params)
{
	json_t *j = NULL;

	TRY(jrpc_one(r, &j, method, "%s", params));
	const bool good = eth_read_number(out, j);
	json_decref(j);
	return good ? OK : malformed(r, method);
}

err eth_chain_id(jrpc *r, uint64_t *out) { return number(r, out, "eth_chainId", "[]"); }
err eth_block_number(jrpc *r, uint64_t *out) { return number(r, out, "eth_blockNumber", "[]"); }

err eth_get_block(jrpc *r, eth_block *out, bool *found, eth_at at)
{
	static const char METHOD[] = "eth_getBlockByNumber";
	json_t *j = NULL;

	TRY(jrpc_one(r, &j, METHOD, "[\"%s\",false]", at.text));
	*found = !json_is_null(j);
	const bool good = !*found || eth_read_block(out, j);
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}

err eth_get_blocks(jrpc *r, eth_block *out, bool *found, const uint64_t *number_of, size_t n)
{
	static const char METHOD[] = "eth_getBlockByNumber";
	jrpc_call *calls;
	arena memory = arena_with_limit((n + 1) * sizeof *calls + 128);

	TRY(arena_new(&memory, &calls, n + 1));
	for (size_t i = 0; i < n; i++) {
		calls[i].method = METHOD;
		buf_printf(&calls[i].params, "[\"%s\",false]", eth_block_at(number_of[i]).text);
	}
	err e = jrpc_ask(r, calls, n);
	for (size_t i = 0; e == OK && i < n; i++) {
		found[i] = calls[i].result && !json_is_null(calls[i].result);
		if (!calls[i].result && calls[i].error.kind != JRPC_BEHIND) e = jrpc_fail(r, METHOD, &calls[i].error);
		else if (found[i] && (!eth_read_block(&out[i], calls[i].result) || out[i].number != number_of[i])) e = malformed(r, METHOD);
	}
	jrpc_calls_free(calls, n);
	arena_free(&memory);
	return e;
}

/* ---- contracts -------------------------------------------------------------------------------------------------- */

static void put_call(buf *out, const eth_address *from, const eth_address *to, slice data, uint64_t gas)
{
	buf_put_str(out, "{\"to\":\"");
	put_hex(out, slice_of(to->b, sizeof to->b));
	if (from) {
		buf_put_str(out, "\",\"from\":\"");
		put_hex(out, slice_of(from->b, sizeof from->b));
	}
	if (gas) buf_printf(out, "\",\"gas\":\"0x%" PRIx64, gas);
	buf_put_str(out, "\",\"data\":\"");
	put_hex(out, data);
	buf_put_str(out, "\"}");
}

err eth_calls(jrpc *r, eth_call *calls, size_t n, eth_at at)
{
	static const char METHOD[] = "eth_call";
	jrpc_call *asked;
	arena memory = arena_with_limit((n + 1) * sizeof *asked + 128);

	TRY(arena_new(&memory, &asked, n + 1));
	for (size_t i = 0; i < n; i++) {
		asked[i].method = METHOD;
		buf_put_str(&asked[i].params, "[");
		put_call(&asked[i].params, calls[i].from, &calls[i].to, calls[i].data, calls[i].gas);
		buf_printf(&asked[i].params, ",\"%s\"]", at.text);
	}
	err e = jrpc_ask(r, asked, n);
	for (size_t i = 0; i < n; i++) {
		calls[i].error = asked[i].error;
		buf_clear(&calls[i].answer);
		if (e == OK && asked[i].result && !eth_read_bytes(&calls[i].answer, MAX_ETH_CALLDATA, asked[i].result)) {
			e = malformed(r, METHOD);
			calls[i].error = *jrpc_last(r);
		}
	}
	jrpc_calls_free(asked, n);
	arena_free(&memory);
	return e;
}

void eth_calls_free(eth_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) buf_free(&calls[i].answer);
}

/* ---- accounts and transactions ---------------------------------------------------------------------------------- */

err eth_nonce(jrpc *r, uint64_t *out, const eth_address *of, eth_at at)
{
	char address[ADDRESS_TEXT], params[128];

	address_text(address, of);
	snprintf(params, sizeof params, "[\"%s\",\"%s\"]", address, at.text);
	return number(r, out, "eth_getTransactionCount", params);
}

err eth_balance(jrpc *r, abi_word *wei, const eth_address *of)
{
	static const char METHOD[] = "eth_getBalance";
	char address[ADDRESS_TEXT];
	json_t *j = NULL;

	address_text(address, of);
	TRY(jrpc_one(r, &j, METHOD, "[\"%s\",\"latest\"]", address));
	const bool good = eth_read_word(wei, j);
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}

/* One question whose parameters may be long. */
static err ask_long(jrpc *r, json_t **result, const char *method, buf *params)
{
	jrpc_call call = { .method = method, .params = *params };

	err e = jrpc_ask(r, &call, 1);
	*params = call.params;
	TRY(e);
	if (!call.result) return jrpc_fail(r, method, &call.error);
	*result = call.result;
	return OK;
}

err eth_estimate_gas(jrpc *r, uint64_t *gas, const eth_address *from, const eth_address *to, slice data)
{
	static const char METHOD[] = "eth_estimateGas";
	AUTO(buf) params = { 0 };
	json_t *j = NULL;

	buf_put_str(&params, "[");
	put_call(&params, from, to, data, 0);
	buf_put_str(&params, "]");
	TRY(ask_long(r, &j, METHOD, &params));
	const bool good = eth_read_number(gas, j);
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}

enum { FEE_BLOCKS = 10 };

/* The base fee of the next block stands behind those of the blocks asked for; of their tips the middle one is taken. */
static bool read_fees(eth_fees *out, const json_t *j)
{
	const json_t *base = json_object_get(j, "baseFeePerGas"), *reward = json_object_get(j, "reward");
	uint64_t tip[FEE_BLOCKS];
	size_t n = 0;

	if (json_array_size(base) == 0 || !eth_read_number(&out->base, json_array_get(base, json_array_size(base) - 1))) return false;
	for (size_t i = 0; i < json_array_size(reward) && n < FEE_BLOCKS; i++) {
		uint64_t x;
		if (!eth_read_number(&x, json_array_get(json_array_get(reward, i), 0))) return false;
		size_t at = n++;
		for (; at > 0 && tip[at - 1] > x; at--) tip[at] = tip[at - 1];
		tip[at] = x;
	}
	out->tip = n ? tip[n / 2] : 0;
	return true;
}

err eth_get_fees(jrpc *r, eth_fees *out)
{
	static const char METHOD[] = "eth_feeHistory";
	json_t *j = NULL;

	err e = jrpc_one(r, &j, METHOD, "[\"0x%x\",\"latest\",[50]]", FEE_BLOCKS);
	if (e == ERR_UNSUPPORTED) {
		err_clear();
		*out = (eth_fees){ 0 };
		return number(r, &out->base, "eth_gasPrice", "[]");
	}
	TRY(e);
	const bool good = read_fees(out, j);
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}

err eth_get_receipts(jrpc *r, eth_receipt *out, bool *found, const hash32 *tx, size_t n)
{
	static const char METHOD[] = "eth_getTransactionReceipt";
	char text[HASH_TEXT];
	jrpc_call *calls;
	arena memory = arena_with_limit((n + 1) * sizeof *calls + 128);

	TRY(arena_new(&memory, &calls, n + 1));
	for (size_t i = 0; i < n; i++) {
		hash_text(text, &tx[i]);
		calls[i].method = METHOD;
		buf_printf(&calls[i].params, "[\"%s\"]", text);
	}
	err e = jrpc_ask(r, calls, n);
	for (size_t i = 0; e == OK && i < n; i++) {
		found[i] = calls[i].result && !json_is_null(calls[i].result);
		if (!calls[i].result) e = jrpc_fail(r, METHOD, &calls[i].error);
		else if (found[i] && (!eth_read_receipt(&out[i], calls[i].result) || !hash32_eq_var(out[i].tx, tx[i]))) e = malformed(r, METHOD);
	}
	jrpc_calls_free(calls, n);
	arena_free(&memory);
	return e;
}

err eth_get_receipt(jrpc *r, eth_receipt *out, bool *found, const hash32 *tx)
{
	return eth_get_receipts(r, out, found, tx, 1);
}

static bool read_receipts(eth_receipt **out, size_t *n, arena *a, const json_t *j, uint64_t block)
{
	const size_t count = json_array_size(j);

	if (!json_is_array(j) || count > MAX_ETH_RECEIPTS) return false;
	eth_receipt *all = count ? arena_try(a, count * sizeof *all) : NULL;
	if (count && !all) return false;
	for (size_t i = 0; i < count; i++)
		if (!eth_read_receipt(&all[i], json_array_get(j, i)) || all[i].block != block) return false;
	*out = all, *n = count;
	return true;
}

err eth_block_receipts(jrpc *r, const eth_receipt **out, size_t *n, bool *found, arena *a, uint64_t block)
{
	static const char METHOD[] = "eth_getBlockReceipts";
	eth_receipt *all = NULL;
	json_t *j = NULL;

	TRY(jrpc_one(r, &j, METHOD, "[\"%s\"]", eth_block_at(block).text));
	*n = 0;
	*found = !json_is_null(j);
	const bool good = !*found || read_receipts(&all, n, a, j, block);
	json_decref(j);
	*out = all;
	return good ? OK : malformed(r, METHOD);
}

static err send_raw(jrpc *r, json_t **j, const char *method, slice raw)
{
	AUTO(buf) params = { 0 };

	buf_put_str(&params, "[\"");
	put_hex(&params, raw);
	buf_put_str(&params, "\"]");
	return ask_long(r, j, method, &params);
}

err eth_send(jrpc *r, slice raw)
{
	static const char METHOD[] = "eth_sendRawTransaction";
	const hash32 expected = keccak256(raw);
	hash32 hash;
	json_t *j = NULL;

	TRY(send_raw(r, &j, METHOD, raw));
	const bool good = eth_read_fixed(hash.b, sizeof hash.b, j) && hash32_eq_var(hash, expected);
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}

err eth_send_sync(jrpc *r, eth_receipt *out, slice raw)
{
	static const char METHOD[] = "eth_sendRawTransactionSync";
	const hash32 expected = keccak256(raw);
	json_t *j = NULL;

	TRY(send_raw(r, &j, METHOD, raw));
	const bool good = eth_read_receipt(out, j) && hash32_eq_var(out->tx, expected);
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}

err eth_get_tx(jrpc *r, eth_tx *out, bool *found, arena *a, const hash32 *tx)
{
	static const char METHOD[] = "eth_getTransactionByHash";
	char text[HASH_TEXT];
	hash32 hash;
	json_t *j = NULL;

	hash_text(text, tx);
	TRY(jrpc_one(r, &j, METHOD, "[\"%s\"]", text));
	*found = !json_is_null(j);
	const bool good = !*found || (eth_read_fixed(hash.b, sizeof hash.b, json_object_get(j, "hash")) &&
		hash32_eq_var(hash, *tx) && eth_read_tx(out, a, j));
	json_decref(j);
	return good ? OK : malformed(r, METHOD);
}
