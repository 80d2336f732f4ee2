/* SPDX-License-Identifier: MIT */
/* A provider's answer: to one question, to four, and as what eth_get_range takes.  The first byte chooses. */
#include "evm/eth.h"
#include "evm/reverts.h"
#include "fuzz/fuzz.h"
#include "rpc/post.h"

static err say(void *ctx, post_answer *out, slice message)
{
	const slice *s = ctx;
	(void)message;
	buf_put_slice(&out->body, *s);
	out->status = 200;
	out->retry_after_ms = -1;
	return OK;
}

static int64_t no_time(void *ctx)
{
	(void)ctx;
	return 0;
}

static void read_range(jrpc *r)
{
	static const eth_address ADDRESS;
	static const hash32 TOPIC;
	const eth_filter filter = { &ADDRESS, 1, &TOPIC, 1 };
	arena a = arena_with_limit(1 << 22);
	eth_range range;

	if (eth_get_range(r, &range, &a, &filter, 5, 7) == OK)
		for (size_t i = 0; i < range.logs; i++) {
			ASSERT(range.log[i].block >= 5 && range.log[i].block <= 7 && !range.log[i].removed);
			ASSERT(i == 0 || range.log[i].block >= range.log[i - 1].block);
		}
	arena_free(&a);
}

static void read_one(jrpc *r)
{
	AUTO(buf) text = { 0 };
	uint64_t x;

	if (eth_block_number(r, &x) == OK) return;
	const jrpc_error *e = jrpc_last(r);
	ASSERT(e->kind != JRPC_OK && e->n <= sizeof e->data && strlen(e->message) < sizeof e->message);
	revert_print(&text, slice_of(e->data, e->n));
}

/* The bytes alone, as the answer to two questions. */
static void read_two(slice s)
{
	jrpc_call calls[2] = { { .method = "eth_call" }, { .method = "eth_call" } };
	const char *why = NULL;
	jrpc_error whole;

	if (jrpc_read(calls, COUNT(calls), 7, s, &why, &whole))
		for (size_t i = 0; i < COUNT(calls); i++) ASSERT(calls[i].result || calls[i].error.kind != JRPC_OK);
	else ASSERT(why);
	jrpc_calls_free(calls, COUNT(calls));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const clock_source clock = { NULL, no_time, no_time };
	slice rest = slice_of(size ? data + 1 : data, size ? size - 1 : 0);
	arena a = arena_with_limit(1 << 22);
	const eth_receipt *receipts;
	jrpc *r = NULL;
	eth_fees fees;
	eth_tx tx;
	size_t n;
	bool found;

	ASSERT(jrpc_new(&r, &(jrpc_config){ .name = "fuzz", .transport = { &rest, say }, .clock = &clock, .batch = 10 }) == OK);
	switch (size ? data[0] % 6 : 0) {
	case 0: read_one(r); break;
	case 1: read_range(r); break;
	case 2: (void)eth_get_fees(r, &fees); break;
	case 3: (void)eth_get_tx(r, &tx, &found, &a, &(hash32){ { 0 } }); break;
	case 4: read_two(rest); break;
	default: (void)eth_block_receipts(r, &receipts, &n, &found, &a, 5); break;
	}
	err_clear();
	arena_free(&a);
	jrpc_free(&r);
	return 0;
}
