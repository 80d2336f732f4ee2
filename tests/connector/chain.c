/* SPDX-License-Identifier: MIT */
/* tests/connector/chain.c -- blocks have names that are never used twice. */
#include "tests/connector/chain.h"
#include <jansson.h>
#include <stdlib.h>
#include "base/hex.h"
#include "rpc/post.h"
#include "tests/test.h"

static const eth_address DECRYPTION = { { 0xd1 } }, GENERATION = { { 0xd2 } }, CONFIG = { { 0xd3 } };
static const char PUBLIC_S[] = "PublicDecryptionRequest(uint256,(bytes32,uint256,bytes32,address[])[],bytes)";
static const char PUBLIC_H[] = "PublicDecryptionRequest(uint256,bytes32[],bytes)";

static int64_t now(void *ctx) { return ((chain *)ctx)->now_ms; }

chain *chain_new(kms_chain_profile profile)
{
	chain *c = calloc(1, sizeof *c);
	assert_non_null(c);
	c->profile = profile;
	c->now_ms = 1000;
	c->clock = (clock_source){ c, now, now };
	for (unsigned i = 0; i < CHAIN_PROVIDERS; i++) c->provider[i].chain = c;
	c->block[0].hash = (hash32){ { 0xff } };
	return c;
}

static void forget_logs(chain_block *b)
{
	for (unsigned i = 0; i < b->logs; i++) buf_free(&b->log[i].data);
	*b = (chain_block){ 0 };
}

void chain_free(chain **c)
{
	if (!*c) return;
	for (unsigned i = 0; i < CHAIN_BLOCKS; i++) forget_logs(&(*c)->block[i]);
	free(*c);
	*c = NULL;
}

void chain_mine(chain *c, unsigned blocks)
{
	for (; blocks; blocks--) {
		assert_true(++c->head < CHAIN_BLOCKS);
		c->names++;
		c->block[c->head] = (chain_block){ 0 };
		for (unsigned i = 0; i < 4; i++) c->block[c->head].hash.b[i] = (uint8_t)(c->names >> (8 * i));
	}
}

void chain_take_back(chain *c, unsigned blocks)
{
	for (; blocks && c->head > 1; blocks--) forget_logs(&c->block[c->head--]);
}

void chain_log(chain *c, const char *signature, slice data, bool indexed)
{
	chain_block *b = &c->block[c->head];
	assert_true(b->logs < CHAIN_LOGS);
	b->log[b->logs].id = ++c->last_id;
	b->log[b->logs].signature = signature;
	b->log[b->logs].indexed = indexed;
	buf_put_slice(&b->log[b->logs++].data, data);
}

static void put_request(chain *c)
{
	AUTO(buf) data = { 0 };
	abi_frame f = abi_tuple(&data, 2);

	(void)abi_put_list(&f, 0, 1);
	abi_put_bytes(&f, (slice){ 0 });
	chain_log(c, c->profile == KMS_V015 ? PUBLIC_H : PUBLIC_S, buf_slice(&data), true);
}

uint32_t chain_ask(chain *c)
{
	chain_mine(c, 1);
	put_request(c);
	return c->last_id;
}

void chain_ask_more(chain *c, unsigned n)
{
	while (n--) put_request(c);
}

intake_chain chain_watched(const chain *c)
{
	return (intake_chain){
		.chain = QUEUE_GATEWAY, .profile = c->profile, .watched = { true, true, c->profile == KMS_V015 },
		.contract = { DECRYPTION, GENERATION, CONFIG },
	};
}

/* ---- providers -------------------------------------------------------------------------------------------------- */

static void put_hash(buf *out, const char *name, const hash32 *h)
{
	buf_printf(out, "\"%s\":\"0x", name);
	buf_put_hex(out, hash32_slice(h));
	buf_put_str(out, "\"");
}

static void put_block(buf *out, const chain *c, uint64_t number, uint64_t head)
{
	static const hash32 NOBODY;

	if (number > head) {
		buf_put_str(out, "null");
		return;
	}
	buf_printf(out, "{\"number\":\"0x%llx\",\"timestamp\":\"0x1\",", (unsigned long long)number);
	put_hash(out, "hash", &c->block[number].hash);
	buf_put_str(out, ",");
	put_hash(out, "parentHash", number ? &c->block[number - 1].hash : &NOBODY);
	buf_put_str(out, "}");
}

static const eth_address *emitter_of(const char *signature)
{
	if (strstr(signature, "Decryption")) return &DECRYPTION;
	return strstr(signature, "Kms") ? &CONFIG : &GENERATION;
}

static bool any_of(const json_t *list, const char *prefix, slice s)
{
	AUTO(buf) text = { 0 };
	const json_t *one;
	size_t i;

	buf_put_str(&text, prefix);
	buf_put_hex(&text, s);
	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(one), buf_str(&text)) == 0) return true;
	return false;
}

static void put_log(buf *out, const chain_provider *p, uint64_t number, unsigned i)
{
	const chain_block *b = &p->chain->block[number];
	const hash32 topic = keccak256(slice_str(b->log[i].signature)), tx = { { 0x77, (uint8_t)b->log[i].id, (uint8_t)(b->log[i].id >> 8) } };
	const hash32 *name = p->other_logs ? &p->chain->block[0].hash : &b->hash;

	buf_put_str(out, "{\"address\":\"0x");
	buf_put_hex(out, slice_of(emitter_of(b->log[i].signature)->b, 20));
	buf_put_str(out, "\",\"topics\":[\"0x");
	buf_put_hex(out, hash32_slice(&topic));
	if (b->log[i].indexed) buf_printf(out, "\",\"0x01%062x", b->log[i].id + p->invents);
	buf_put_str(out, "\"],\"data\":\"0x");
	buf_put_hex(out, buf_slice(&b->log[i].data));
	buf_printf(out, "\",\"blockNumber\":\"0x%llx\",\"logIndex\":\"0x%x\",", (unsigned long long)number, i);
	put_hash(out, "blockHash", name);
	buf_put_str(out, ",");
	put_hash(out, "transactionHash", &tx);
	buf_put_str(out, "}");
}

static void put_logs(buf *out, const chain_provider *p, const json_t *filter, uint64_t head)
{
	const uint64_t from = strtoull(json_string_value(json_object_get(filter, "fromBlock")), NULL, 16);
	const uint64_t to = strtoull(json_string_value(json_object_get(filter, "toBlock")), NULL, 16);
	const json_t *topics = json_array_get(json_object_get(filter, "topics"), 0);
	bool first = true;

	if (p->range_most && to - from + 1 > p->range_most) {
		buf_put_str(out, "\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}");
		return;
	}
	if (from < p->keeps_from) {
		buf_put_str(out, "\"error\":{\"code\":4444,\"message\":\"pruned history unavailable\"}");
		return;
	}
	buf_put_str(out, "\"result\":[");
	for (uint64_t n = from; n <= to && n <= head; n++)
		for (unsigned i = 0; i < p->chain->block[n].logs; i++) {
			const hash32 topic = keccak256(slice_str(p->chain->block[n].log[i].signature));
			if (p->hides || !any_of(topics, "0x", hash32_slice(&topic))) continue;
			if (!first) buf_put_str(out, ",");
			put_log(out, p, n, i);
			first = false;
		}
	buf_put_str(out, "]");
}

static void put_answer(buf *out, const chain_provider *p, const json_t *question)
{
	const char *method = json_string_value(json_object_get(question, "method"));
	const json_t *first = json_array_get(json_object_get(question, "params"), 0);
	const chain *c = p->chain;
	const uint64_t told = c->head - size_min(p->late, c->head), head = told - size_min(p->behind, told);

	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%lld,", (long long)json_integer_value(json_object_get(question, "id")));
	if (strcmp(method, "eth_getLogs") == 0) {
		put_logs(out, p, first, head);
	} else {
		buf_put_str(out, "\"result\":");
		if (strcmp(method, "eth_chainId") == 0) buf_printf(out, "\"0x%x\"", CHAIN_ID);
		else if (strcmp(method, "eth_blockNumber") == 0) buf_printf(out, "\"0x%llx\"", (unsigned long long)told);
		else if (strcmp(json_string_value(first), "finalized") == 0) put_block(out, c, c->finalized, head);
		else put_block(out, c, strtoull(json_string_value(first), NULL, 16), head);
	}
	buf_put_str(out, "}");
}

static err serve(void *ctx, post_answer *out, slice message)
{
	chain_provider *p = ctx;
	const json_t *one;
	size_t i;

	p->asked++;
	out->status = p->limited ? 429 : 200;
	out->retry_after_ms = -1;
	if (p->down) return err_fail(ERR_IO, "connection refused");
	if (p->garbage) {
		buf_put_str(&out->body, "<html>maintenance</html>");
		return OK;
	}
	json_t *all = json_loadb((const char *)message.p, message.n, 0, NULL);
	assert_non_null(all);
	if (!json_is_array(all)) put_answer(&out->body, p, all);
	else {
		json_array_foreach(all, i, one) {
			buf_put_str(&out->body, i ? "," : "[");
			put_answer(&out->body, p, one);
		}
		buf_put_str(&out->body, "]");
	}
	json_decref(all);
	if (p->half) out->body.n /= 2;
	return OK;
}

providers *chain_providers(chain *c, unsigned n, int64_t look_ms)
{
	static const char *const NAMES[] = { "first", "second", "third" };
	jrpc *each[CHAIN_PROVIDERS] = { 0 };
	providers *p = NULL;

	for (unsigned i = 0; i < n; i++)
		assert_ok(jrpc_new(&each[i], &(jrpc_config){ .name = NAMES[i], .transport = { &c->provider[i], serve }, .clock = &c->clock, .batch = 100 }));
	assert_ok(providers_new(&p, &(providers_config){ .each = each, .n = n, .chain_id = CHAIN_ID, .clock = &c->clock, .lag_most = 5, .depth = 3,
	                                                 .look_ms = look_ms, .agree = c->agree }));
	return p;
}

/* ---- the database ----------------------------------------------------------------------------------------------- */

static uint32_t number_of(const id32 *id) { return (uint32_t)id->b[28] << 24 | (uint32_t)id->b[29] << 16 | (uint32_t)id->b[30] << 8 | id->b[31]; }

memory_row *memory_find(memory_store *m, uint32_t id)
{
	for (size_t i = 0; i < m->rows; i++)
		if (m->row[i].id == id) return &m->row[i];
	return NULL;
}

static err read_cursor(void *ctx, bool *known, uint64_t *block, queue_chain on)
{
	memory_store *m = ctx;
	assert_int_equal(on, QUEUE_GATEWAY);
	*known = m->known;
	*block = m->cursor;
	return OK;
}

static err read_blocks(void *ctx, queue_block *out, size_t *n, queue_chain on)
{
	memory_store *m = ctx;
	assert_int_equal(on, QUEUE_GATEWAY);
	*n = size_min(*n, m->n_kept);
	memcpy(out, m->kept, *n * sizeof *out);
	return OK;
}

static void keep_block(memory_store *m, uint64_t block, hash32 hash)
{
	size_t at = 0;

	while (at < m->n_kept && m->kept[at].number > block) at++;
	if (at == QUEUE_BLOCKS_KEPT || (at < m->n_kept && m->kept[at].number == block)) return;
	if (m->n_kept < QUEUE_BLOCKS_KEPT) m->n_kept++;
	memmove(&m->kept[at + 1], &m->kept[at], (m->n_kept - 1 - at) * sizeof *m->kept);
	m->kept[at] = (queue_block){ block, hash };
}

static void take_back(memory_store *m, uint64_t block)
{
	size_t n = 0;

	for (size_t i = 0; i < m->rows; i++)
		if (m->row[i].completed || m->row[i].block < block) m->row[n++] = m->row[i];
	m->rows = n;
	for (n = 0; n < m->n_kept && m->kept[n].number >= block; n++) {}
	memmove(m->kept, &m->kept[n], (m->n_kept - n) * sizeof *m->kept);
	m->n_kept -= n;
	m->cursor = block - 1;
	m->reorgs++;
}

static void add_row(memory_store *m, const queue_item *q)
{
	const uint32_t id = number_of(&q->id);

	for (size_t i = 0; i < m->rows; i++)
		if (m->row[i].id == id && m->row[i].kind == q->kind) return;
	assert_true(m->rows < CHAIN_ROWS && q->otlp.n > 0);
	m->row[m->rows++] = (memory_row){ .kind = q->kind, .id = id, .block = q->place.block_number, .hash = q->place.block_hash };
}

static err apply(void *ctx, queue_change *c, size_t n, size_t *bad)
{
	memory_store *m = ctx;
	void (*const before)(void) = m->before;

	m->before = NULL;
	if (before) before();
	if (m->fail) {
		m->fail--;
		return err_fail(ERR_IO, "the database is away");
	}
	for (size_t i = 0; i < n; i++)
		if (c[i].verb == QUEUE_ADD && m->refuse && number_of(&c[i].item->id) == m->refuse) {
			*bad = i;
			return err_fail(ERR_REQUEST, "a value is out of range");
		}
	m->commits++;
	for (size_t i = 0; i < n; i++) {
		if (c[i].verb == QUEUE_ADD) add_row(m, c[i].item);
		else if (c[i].verb == QUEUE_SET_ASIDE) m->set_aside++, snprintf(m->reason, sizeof m->reason, "%s", c[i].log->reason);
		else if (c[i].verb == QUEUE_BLOCK) keep_block(m, c[i].block, c[i].hash);
		else if (c[i].verb == QUEUE_REORG) take_back(m, c[i].block);
		else if (c[i].verb == QUEUE_CURSOR) {
			c[i].done = !m->known || c[i].block > m->cursor;
			if (c[i].done) m->cursor = c[i].block;
			m->known = true;
			m->kinds |= c[i].kinds;
		} else fail_msg("a listener does not do that");
	}
	return OK;
}

listener_store memory_store_of(memory_store *m)
{
	return (listener_store){ m, read_cursor, read_blocks, apply };
}

void assert_same(memory_store *m, const chain *c, uint64_t from)
{
	size_t pending = 0, expected = 0;

	for (uint64_t n = from; n <= c->head; n++)
		for (unsigned i = 0; i < c->block[n].logs; i++, expected++) {
			const memory_row *r = memory_find(m, c->block[n].log[i].id);
			if (!r) fail_msg("the request of block %llu was lost", (unsigned long long)n);
			assert_true(r->completed || (r->block == n && hash32_eq_var(r->hash, c->block[n].hash)));
			expected -= r->completed;
		}
	for (size_t i = 0; i < m->rows; i++) pending += !m->row[i].completed;
	assert_int_equal(pending, expected);
}
