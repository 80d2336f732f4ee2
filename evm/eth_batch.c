/* SPDX-License-Identifier: MIT */
/* evm/eth_batch.c -- many transactions in one message. */
#include "evm/eth_batch.h"
#include "base/hex.h"
#include "evm/abi_coder.h"
#include "evm/eth_read.h"

static void put_hex(buf *out, slice s)
{
	buf_put_str(out, "0x");
	buf_put_hex(out, s);
}

/* Asks; fit() judges each result.  errors[i] lies stride bytes behind errors[i - 1]. */
typedef bool fit_fn(void *ctx, size_t i, const json_t *result);

static err ask(jrpc *r, jrpc_call *calls, size_t n, fit_fn *fit, void *ctx, jrpc_error *errors, size_t stride)
{
	err e = jrpc_ask(r, calls, n);
	for (size_t i = 0; i < n; i++) {
		jrpc_error *error = (jrpc_error *)(void *)((uint8_t *)errors + i * stride);
		*error = calls[i].error;
		if (e != OK || !calls[i].result || fit(ctx, i, calls[i].result)) continue;
		*error = (jrpc_error){ .kind = JRPC_GARBAGE, .message = "the answer is malformed" };
	}
	jrpc_calls_free(calls, n);
	return e;
}

/* ---- what they would cost --------------------------------------------------------------------------------------- */

static bool fit_gas(void *ctx, size_t i, const json_t *result)
{
	return eth_read_number(&((eth_estimate *)ctx)[i].gas, result);
}

err eth_estimates(jrpc *r, const eth_address *from, eth_estimate *e, size_t n)
{
	jrpc_call *calls;
	arena memory = arena_with_limit((n + 1) * sizeof *calls + 128);

	TRY(arena_new(&memory, &calls, n + 1));
	for (size_t i = 0; i < n; i++) {
		buf *p = &calls[i].params;
		calls[i].method = "eth_estimateGas";
		buf_put_str(p, "[{\"from\":\"");
		put_hex(p, slice_of(from->b, sizeof from->b));
		buf_put_str(p, "\",\"to\":\"");
		put_hex(p, slice_of(e[i].to.b, sizeof e[i].to.b));
		buf_put_str(p, "\",\"data\":\"");
		put_hex(p, e[i].data);
		buf_put_str(p, "\"}]");
	}
	err failed = n ? ask(r, calls, n, fit_gas, e, &e[0].error, sizeof e[0]) : OK;
	arena_free(&memory);
	return failed;
}

/* ---- taking them ------------------------------------------------------------------------------------------------ */

static bool fit_hash(void *ctx, size_t i, const json_t *result)
{
	const hash32 expected = keccak256(((const slice *)ctx)[i]);
	hash32 hash;

	return eth_read_fixed(hash.b, sizeof hash.b, result) && hash32_eq_var(hash, expected);
}

err eth_send_all(jrpc *r, jrpc_error *errors, const slice *raw, size_t n)
{
	jrpc_call *calls;
	arena memory = arena_with_limit((n + 1) * sizeof *calls + 128);

	TRY(arena_new(&memory, &calls, n + 1));
	for (size_t i = 0; i < n; i++) {
		calls[i].method = "eth_sendRawTransaction";
		buf_put_str(&calls[i].params, "[\"");
		put_hex(&calls[i].params, raw[i]);
		buf_put_str(&calls[i].params, "\"]");
	}
	err failed = n ? ask(r, calls, n, fit_hash, (void *)(uintptr_t)raw, errors, sizeof errors[0]) : OK;
	arena_free(&memory);
	return failed;
}

/* ---- why one failed --------------------------------------------------------------------------------------------- */

err eth_refusal(jrpc *r, buf *out, const hash32 *tx)
{
	static const char METHOD[] = "debug_traceTransaction";
	char text[2 * sizeof tx->b + 1];
	json_t *j = NULL;

	hex_write(text, hash32_slice(tx));
	TRY(jrpc_one(r, &j, METHOD, "[\"0x%s\",{\"tracer\":\"callTracer\"}]", text));
	const json_t *output = json_object_get(j, "output");
	const bool good = !output || eth_read_bytes(out, MAX_JRPC_DATA, output);
	json_decref(j);
	return good ? OK : jrpc_doubt(r, "its answer to %s is malformed", METHOD);
}

/* ---- many calls in one transaction -------------------------------------------------------------------------------- */

enum { EXECUTE = 0x3f707e6b, CALL_WORDS = 3, MAX_RECEIPT_LOGS = 4096, MAX_RECEIPT_BYTES = 8 << 20, DESIGNATOR = 23 };

void eth_batch_call(buf *data, const batch_call *calls, size_t n)
{
	abi_frame f = abi_call(data, EXECUTE, 1);
	abi_frame list = abi_put_list(&f, n, 1);

	for (size_t i = 0; i < n; i++) {
		abi_frame one = abi_put_tuple(&list, CALL_WORDS);
		abi_put_address(&one, &calls[i].to);
		abi_put_u64(&one, calls[i].gas);
		abi_put_bytes(&one, calls[i].data);
	}
}

static void hear_done(batch_outcome *out, const evm_log *l)
{
	abi_reader r = abi_reader_of(l->data);
	abi_part top = abi_top(&r);
	const uint64_t bits = abi_next_u64(&top, UINT32_MAX);

	if (abi_ok(&r)) out->succeeded = (uint32_t)bits;
}

static void hear_refused(batch_outcome *out, const evm_log *l)
{
	abi_reader r = abi_reader_of(l->data);
	abi_part top = abi_top(&r);
	const slice reason = abi_next_bytes(&top, MAX_BATCH_REASON);
	abi_word which;
	uint64_t i;

	memcpy(which.b, l->topic[1].b, sizeof which.b);
	if (!abi_ok(&r) || !abi_fits_u64(&i, &which) || i >= MAX_BATCH_CALLS) return;
	out->refusal[i].n = reason.n;
	if (reason.n) memcpy(out->refusal[i].data, reason.p, reason.n);
}

static bool hear_logs(batch_outcome *out, const json_t *logs, const eth_address *by)
{
	const hash32 done = keccak256(slice_str("Done(uint256)")), refused = keccak256(slice_str("Refused(uint256,bytes)"));
	arena memory = arena_with_limit(MAX_RECEIPT_BYTES);
	bool good = json_is_array(logs) && json_array_size(logs) <= MAX_RECEIPT_LOGS;

	for (size_t i = 0; good && i < json_array_size(logs); i++) {
		const json_t *one = json_array_get(logs, i);
		evm_log l = { 0 };
		good = eth_read_fixed(l.address.b, sizeof l.address.b, json_object_get(one, "address"));
		if (!good || !eth_address_eq_var(l.address, *by)) continue;          /* what others said, however long */
		good = eth_read_log(&l, &memory, one);
		if (l.n_topics == 1 && hash32_eq_var(l.topic[0], done)) hear_done(out, &l);
		if (l.n_topics == 2 && hash32_eq_var(l.topic[0], refused)) hear_refused(out, &l);
	}
	arena_free(&memory);
	return good;
}

err eth_batch_outcome(jrpc *r, batch_outcome *out, bool *found, const hash32 *tx, const eth_address *by)
{
	static const char METHOD[] = "eth_getTransactionReceipt";
	char text[2 * sizeof tx->b + 1];
	eth_receipt receipt;
	json_t *j = NULL;

	*out = (batch_outcome){ 0 };
	hex_write(text, hash32_slice(tx));
	TRY(jrpc_one(r, &j, METHOD, "[\"0x%s\"]", text));
	*found = !json_is_null(j);
	const bool good = !*found || (eth_read_receipt(&receipt, j) && hash32_eq_var(receipt.tx, *tx) && hear_logs(out, json_object_get(j, "logs"), by));
	if (*found && good && !receipt.ok) *out = (batch_outcome){ 0 };
	json_decref(j);
	return good ? OK : jrpc_doubt(r, "its answer to %s is malformed", METHOD);
}

err eth_delegates_to(jrpc *r, bool *out, const eth_address *wallet, const eth_address *executor)
{
	static const uint8_t MARK[3] = { 0xef, 0x01, 0x00 };
	char text[2 * sizeof wallet->b + 1];
	AUTO(buf) code = { 0 };
	json_t *j = NULL;

	hex_write(text, slice_of(wallet->b, sizeof wallet->b));
	TRY(jrpc_one(r, &j, "eth_getCode", "[\"0x%s\",\"latest\"]", text));
	const bool good = eth_read_bytes(&code, MAX_ETH_CALLDATA, j);
	json_decref(j);
	if (!good) return jrpc_doubt(r, "its answer to eth_getCode is malformed");
	*out = code.n == DESIGNATOR && !memcmp(code.p, MARK, sizeof MARK) && !memcmp(code.p + sizeof MARK, executor->b, sizeof executor->b);
	return OK;
}
