/* SPDX-License-Identifier: MIT */
/* connector/reads.c -- questions to contracts, in one message. */
#include "connector/reads.h"

enum { LAG_MOST = 20, DEPTH = 8, LOOK_MS = 30000, IN_ONE_MESSAGE = 500 };

err chain_connect(providers **out, char *const *url, size_t n, int64_t agree, int64_t chain_id, int64_t timeout_ms, const clock_source *clock,
                  const atomic_bool *stop)
{
	jrpc *each[MAX_PROVIDERS] = { NULL };
	err e = OK;
	size_t k = 0;

	for (; e == OK && k < n; k++)
		e = jrpc_http_new(&each[k], &(jrpc_http_config){ .url = url[k], .timeout_ms = timeout_ms, .clock = clock, .batch = IN_ONE_MESSAGE,
		                                                 .stop = stop });
	if (e == OK)
		return providers_new(out, &(providers_config){ .each = each, .n = n, .chain_id = (uint64_t)chain_id, .clock = clock,
		                                               .lag_most = LAG_MOST, .depth = DEPTH, .look_ms = n > 1 ? LOOK_MS : 0, .agree = (size_t)agree });
	while (k--) jrpc_free(&each[k]);
	return e;
}

void chain_read_set(chain_read *r, const eth_address *contract, call_read which, const abi_word *words, size_t n)
{
	r->which = which;
	r->contract = *contract;
	call_read_put(&r->data, which, words, n);
}

typedef struct round { chain_read *read; eth_call *call; size_t n; eth_at at; providers *chain; } round;
typedef struct seen { const eth_call *call; size_t n; eth_at at; } seen;

/* Does this one answer the same? */
static err answers_so(void *ctx, jrpc *r)
{
	const seen *by = ctx;
	arena memory = arena_with_limit(by->n * sizeof(eth_call) + 256);
	eth_call *own = NULL;

	err e = arena_new(&memory, &own, by->n);
	for (size_t i = 0; e == OK && i < by->n; i++) own[i] = (eth_call){ .to = by->call[i].to, .data = by->call[i].data, .gas = by->call[i].gas };
	if (e == OK) e = eth_calls(r, own, by->n, by->at);
	for (size_t i = 0; e == OK && i < by->n; i++)
		if (own[i].error.kind != by->call[i].error.kind || !slice_eq_var(buf_slice(&own[i].answer), buf_slice(&by->call[i].answer)))
			e = err_fail(ERR_STATE, "%s answers otherwise", jrpc_name(r));
	if (own) eth_calls_free(own, by->n);
	arena_free(&memory);
	return e;
}

err chain_calls(providers *chain, jrpc *r, eth_call *calls, size_t n, eth_at at)
{
	TRY(eth_calls(r, calls, n, at));
	return providers_confirm(chain, r, answers_so, &(seen){ calls, n, at });
}

static err ask(void *ctx, jrpc *r)
{
	const round *a = ctx;

	for (size_t i = 0; i < a->n; i++) {
		eth_calls_free(&a->call[i], 1);
		a->call[i] = (eth_call){ .to = a->read[i].contract, .data = buf_slice(&a->read[i].data) };
	}
	TRY(chain_calls(a->chain, r, a->call, a->n, a->at));
	for (size_t i = 0; i < a->n; i++)
		if (a->call[i].error.kind != JRPC_OK) return jrpc_fail(r, CALL_READS[a->read[i].which].signature, &a->call[i].error);
	return OK;
}

err chain_reads(providers *chain, chain_read *r, size_t n, eth_at at)
{
	arena memory = arena_with_limit(n * sizeof(eth_call) + 256);
	round a = { .read = r, .n = n, .at = at, .chain = chain };

	err e = n ? arena_new(&memory, &a.call, n) : OK;
	if (e == OK && n) e = providers_try(chain, ask, &a);
	for (size_t i = 0; e == OK && i < n; i++) {                       /* the answers are the reads' now */
		buf_free(&r[i].answer);
		r[i].answer = a.call[i].answer;
		a.call[i].answer = (buf){ 0 };
	}
	if (a.call) eth_calls_free(a.call, n);
	arena_free(&memory);
	return e;
}

void chain_reads_free(chain_read *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_free(&r[i].data);
		buf_free(&r[i].answer);
	}
}
