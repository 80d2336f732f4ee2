/* SPDX-License-Identifier: MIT */
/* evm/eth_batch.c -- many transactions in one message. */
#include "evm/eth_batch.h"
#include "base/hex.h"
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
