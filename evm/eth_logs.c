/* SPDX-License-Identifier: MIT */
/*
 * evm/eth_logs.c -- the logs of a range of blocks, and the proof that whoever gave them has seen that range.
 *
 * An empty list from a machine that is behind is how events are lost.  So the last block is asked for in the same message,
 * once before the logs and once behind them: a machine that knows it both times, under one name, had it in between.
 */
#include "evm/eth.h"
#include "base/hex.h"
#include "evm/eth_read.h"

enum { FIRST, LAST_BEFORE, LOGS, LAST_AFTER, ASKED };

static void put_hex(buf *out, const char *before, slice s)
{
	buf_printf(out, "%s\"0x", before);
	buf_put_hex(out, s);
	buf_put_str(out, "\"");
}

static void put_filter(buf *out, const eth_filter *f, uint64_t from, uint64_t to)
{
	buf_printf(out, "[{\"fromBlock\":\"%s\",\"toBlock\":\"%s\",\"address\":[", eth_block_at(from).text, eth_block_at(to).text);
	for (size_t i = 0; i < f->addresses; i++) put_hex(out, i ? "," : "", slice_of(f->address[i].b, sizeof f->address[i].b));
	buf_put_str(out, "],\"topics\":[[");
	for (size_t i = 0; i < f->topics; i++) put_hex(out, i ? "," : "", hash32_slice(&f->topic[i]));
	buf_put_str(out, "]]}]");
}

static bool asked_for(const eth_filter *f, const evm_log *l)
{
	bool address = false, topic = false;

	for (size_t i = 0; i < f->addresses; i++) address |= eth_address_eq_var(f->address[i], l->address);
	for (size_t i = 0; i < f->topics && l->n_topics; i++) topic |= hash32_eq_var(f->topic[i], l->topic[0]);
	return address && topic;
}

/* Is this log where it may be, given the one before it? */
static bool in_place(const eth_range *range, const evm_log *before, const evm_log *l)
{
	if (l->block < range->first.number || l->block > range->last.number) return false;
	if (l->block == range->first.number && !hash32_eq_var(l->block_hash, range->first.hash)) return false;
	if (l->block == range->last.number && !hash32_eq_var(l->block_hash, range->last.hash)) return false;
	if (!before) return true;
	if (l->block != before->block) return l->block > before->block;
	return l->index > before->index && hash32_eq_var(l->block_hash, before->block_hash);
}

static err read_logs(jrpc *r, eth_range *out, arena *a, const eth_filter *filter, const json_t *j)
{
	const size_t n = json_array_size(j);
	const evm_log *before = NULL;
	evm_log *all = NULL;
	size_t kept = 0;

	if (!json_is_array(j) || n > MAX_ETH_LOGS) return jrpc_doubt(r, "its answer to eth_getLogs is no list of at most %d logs", MAX_ETH_LOGS);
	if (n) TRY(arena_new(a, &all, n));
	for (size_t i = 0; i < n; i++) {
		evm_log *l = &all[kept];
		if (!eth_read_log(l, a, json_array_get(j, i))) return jrpc_doubt(r, "log %zu of its answer to eth_getLogs is malformed", i);
		if (l->removed) continue;
		if (!asked_for(filter, l)) return jrpc_doubt(r, "it gave a log of a contract or event that was not asked for");
		if (!in_place(out, before, l))
			return jrpc_doubt(r, "it gave a log of block %llu that does not belong there", (unsigned long long)l->block);
		before = l;
		kept++;
	}
	out->log = all;
	out->logs = kept;
	return OK;
}

static err without(jrpc *r, const jrpc_call *c, jrpc_kind kind, const char *when, uint64_t block)
{
	jrpc_error error = { .kind = kind };

	snprintf(error.message, sizeof error.message, "it does not know block %llu %s", (unsigned long long)block, when);
	return jrpc_fail(r, c->method, &error);
}

static err read_end(jrpc *r, eth_block *out, const jrpc_call *c, uint64_t block)
{
	if (!c->result) return jrpc_fail(r, c->method, &c->error);
	if (json_is_null(c->result)) return without(r, c, JRPC_BEHIND, "yet", block);
	if (!eth_read_block(out, c->result) || out->number != block)
		return jrpc_doubt(r, "its answer to eth_getBlockByNumber is malformed");
	return OK;
}

static err read_range(jrpc *r, eth_range *out, arena *a, const eth_filter *filter, const jrpc_call *calls, uint64_t from, uint64_t to)
{
	eth_range range = { 0 };
	eth_block after;

	/* Who knows a later block and not this one has thrown it away. */
	if (json_is_null(calls[FIRST].result) && json_is_object(calls[LAST_BEFORE].result)) return without(r, &calls[FIRST], JRPC_PRUNED, "any more", from);
	TRY(read_end(r, &range.first, &calls[FIRST], from));
	TRY(read_end(r, &range.last, &calls[LAST_BEFORE], to));
	TRY(read_end(r, &after, &calls[LAST_AFTER], to));
	if (!hash32_eq_var(range.last.hash, after.hash) || (from == to && !hash32_eq_var(range.first.hash, after.hash)))
		return jrpc_doubt(r, "it calls block %llu by two names", (unsigned long long)to);
	if (!calls[LOGS].result) return jrpc_fail(r, calls[LOGS].method, &calls[LOGS].error);
	TRY(read_logs(r, &range, a, filter, calls[LOGS].result));
	*out = range;
	return OK;
}

/* Between the ends a log may name any block: those blocks are asked for, where there are any. */
static err check_between(jrpc *r, const eth_range *range, arena *a)
{
	const evm_log **l;
	uint64_t *number;
	eth_block *block;
	bool *found;
	size_t n = 0;

	TRY(arena_new(a, &l, range->logs + 1));
	TRY(arena_new(a, &number, range->logs + 1));
	for (size_t i = 0; i < range->logs; i++) {
		const uint64_t at = range->log[i].block;
		if (at == range->first.number || at == range->last.number || (n && number[n - 1] == at)) continue;
		l[n] = &range->log[i];
		number[n++] = at;
	}
	if (n == 0) return OK;
	TRY(arena_new(a, &block, n));
	TRY(arena_new(a, &found, n));
	TRY(eth_get_blocks(r, block, found, number, n));
	for (size_t i = 0; i < n; i++)
		if (!found[i] || !hash32_eq_var(block[i].hash, l[i]->block_hash))
			return jrpc_doubt(r, "it gave a log of block %llu under another name than the block has", (unsigned long long)number[i]);
	return OK;
}

err eth_get_range(jrpc *r, eth_range *out, arena *a, const eth_filter *filter, uint64_t from, uint64_t to)
{
	jrpc_call calls[ASKED] = {
		[FIRST] = { .method = "eth_getBlockByNumber" }, [LAST_BEFORE] = { .method = "eth_getBlockByNumber" },
		[LOGS] = { .method = "eth_getLogs" }, [LAST_AFTER] = { .method = "eth_getBlockByNumber" },
	};

	ASSERT(from <= to);
	buf_printf(&calls[FIRST].params, "[\"%s\",false]", eth_block_at(from).text);
	buf_printf(&calls[LAST_BEFORE].params, "[\"%s\",false]", eth_block_at(to).text);
	put_filter(&calls[LOGS].params, filter, from, to);
	buf_printf(&calls[LAST_AFTER].params, "[\"%s\",false]", eth_block_at(to).text);
	err e = jrpc_ask(r, calls, ASKED);
	if (e == OK) e = read_range(r, out, a, filter, calls, from, to);
	jrpc_calls_free(calls, ASKED);
	return e == OK ? check_between(r, out, a) : e;
}
