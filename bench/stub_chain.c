/* SPDX-License-Identifier: MIT */
/* bench/stub_chain.c -- see the header. */
#include "bench/stub_chain.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "base/hex.h"
#include "bench/bench.h"
#include "evm/kms_events.h"

enum { GAS = 240000, FEE = 1000000000, SIGNATURES = 8 };      /* of every so many transactions the signature is looked at */

typedef struct block { size_t first; double at; uint64_t mined; } block;      /* its first request; transactions up to it */
typedef struct taken { size_t from, n; hash32 hash; } taken;                  /* bytes of a transaction, by its number */

struct stub_chain {
	const load *l;
	const char *bucket_url;
	const uint8_t *topic;                /* of the event */
	stub_pace  pace;
	atomic_bool begun;
	atomic_size_t done;
	block     *block;                    /* 0 .. head; 0 and 1 are empty */
	size_t     head, room;
	size_t     made;                     /* requests */
	double    *born, *answered;
	taken     *tx;
	uint32_t  *by_hash, mask;
	buf        raw;
};

size_t stub_chain_done(const stub_chain *c) { return atomic_load(&((stub_chain *)(uintptr_t)c)->done); }
double stub_chain_took(const stub_chain *c, size_t i) { return c->answered[i] > 0 ? c->answered[i] - c->born[i] : -1; }

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

static void add_block(stub_chain *c, size_t requests, double at)
{
	if (c->head + 2 >= c->room) {
		c->room = 2 * c->room + 64;
		c->block = reallocarray(c->block, c->room, sizeof *c->block);
		ASSERT(c->block);
	}
	c->head++;
	c->block[c->head] = (block){ c->made, at, stub_chain_done(c) };
	for (size_t i = 0; i < requests; i++) c->born[c->made++] = at;
	c->block[c->head + 1].first = c->made;
}

/* The blocks that came since it was looked at last. */
static void catch_up(stub_chain *c)
{
	const double now = bench_seconds(BENCH_WALL);

	if (!atomic_load(&c->begun)) return;
	if (c->block[c->head].at <= 0) c->block[c->head].at = now;
	for (double at; (at = c->block[c->head].at + c->pace.block_s) <= now;) {
		const size_t open = c->made - stub_chain_done(c), room = c->pace.open > open ? c->pace.open - open : 0;
		const size_t left = c->l->n - c->made, most = room < c->pace.a_block ? room : c->pace.a_block;
		add_block(c, left < most ? left : most, at);
	}
}

void stub_chain_begin(stub_chain *c, const stub_pace *pace)
{
	c->pace = *pace;
	atomic_store(&c->begun, true);
}

static void put_block_hash(buf *out, size_t k)
{
	buf_printf(out, "\"0xb10c%060zx\"", k);
}

static void put_block(const stub_chain *c, buf *out, size_t k)
{
	if (k > c->head) {
		buf_put_str(out, "null");
		return;
	}
	buf_printf(out, "{\"number\":\"0x%zx\",\"timestamp\":\"0x%zx\",\"baseFeePerGas\":\"0x%x\",\"hash\":", k, 1000 + k, FEE);
	put_block_hash(out, k);
	buf_put_str(out, ",\"parentHash\":");
	put_block_hash(out, k ? k - 1 : 0);
	buf_put_str(out, "}");
}

static void put_hex(buf *out, slice s)
{
	buf_put_str(out, "\"0x");
	buf_put_hex(out, s);
	buf_put_str(out, "\"");
}

static void put_log(const stub_chain *c, buf *out, size_t i, size_t k)
{
	AUTO(buf) data = { 0 };
	id32 id;

	load_id(&id, i);
	load_put_log_data(&data, c->l, i);
	buf_put_str(out, "{\"address\":"), put_hex(out, slice_of(c->l->decryption.b, sizeof c->l->decryption.b));
	buf_put_str(out, ",\"topics\":["), put_hex(out, slice_of(c->topic, 32));
	buf_put_str(out, ","), put_hex(out, id_slice(&id));
	buf_put_str(out, "],\"data\":"), put_hex(out, buf_slice(&data));
	buf_printf(out, ",\"blockNumber\":\"0x%zx\",\"transactionIndex\":\"0x%zx\",\"logIndex\":\"0x%zx\",\"removed\":false,\"transactionHash\":", k,
	           i - c->block[k].first, i - c->block[k].first);
	put_hex(out, hash32_slice(&c->l->digest[i]));
	buf_put_str(out, ",\"blockHash\":"), put_block_hash(out, k);
	buf_put_str(out, "}");
}

static uint64_t number_of(const json_t *j)
{
	const char *text = json_string_value(j);
	return text ? strtoull(text, NULL, 16) : 0;
}

static void put_logs(const stub_chain *c, buf *out, const json_t *filter)
{
	const size_t from = number_of(json_object_get(filter, "fromBlock")), to = number_of(json_object_get(filter, "toBlock"));
	bool first = true;

	if (from > to || to > c->head || c->block[to + 1].first - c->block[from].first > STUB_LOGS) {
		buf_printf(out, ",\"error\":{\"code\":-32005,\"message\":\"query returned more than %d results\"}", STUB_LOGS);
		return;
	}
	buf_put_str(out, ",\"result\":[");
	for (size_t k = from; k <= to; k++)
		for (size_t i = c->block[k].first; i < c->block[k + 1].first; i++, first = false) {
			if (!first) buf_put_str(out, ",");
			put_log(c, out, i, k);
		}
	buf_put_str(out, "]");
}

/* ---- contracts ------------------------------------------------------------------------------------------------------ */

/* Nothing was answered yet, everything is allowed; one signer, one coprocessor. */
static void put_call(const stub_chain *c, buf *out, const json_t *call)
{
	const char *data = json_string_value(json_object_get(call, "data"));
	char first[16] = "";
	AUTO(buf) answer = { 0 };
	abi_frame f = abi_tuple(&answer, 1);

	if (data) snprintf(first, sizeof first, "%.10s", data);
	const uint32_t selector = (uint32_t)strtoul(first, NULL, 16);
	if (selector == CALL_READS[READ_DECRYPTION_DONE].selector) abi_put_u64(&f, 0);
	else if (selector == CALL_READS[READ_ALLOWED_FOR_DECRYPTION].selector) abi_put_u64(&f, 1);
	else if (selector == CALL_READS[READ_KMS_SIGNERS].selector) {
		abi_frame list = abi_put_list(&f, 1, 1);
		abi_put_address(&list, signer_address(c->l->node));
	} else if (selector == CALL_READS[READ_COPROCESSOR].selector) {
		abi_frame party = abi_put_tuple(&f, 3);
		abi_put_address(&party, &c->l->coprocessor);
		abi_put_address(&party, &c->l->coprocessor);
		abi_put_bytes(&party, slice_str(c->bucket_url));
	} else {
		buf_put_str(out, ",\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x\"}");
		return;
	}
	buf_put_str(out, ",\"result\":");
	put_hex(out, buf_slice(&answer));
}

/* ---- transactions --------------------------------------------------------------------------------------------------- */

static uint32_t *place_of(const stub_chain *c, const hash32 *hash)
{
	size_t at = load32(hash->b) & c->mask;

	while (c->by_hash[at] && !hash32_eq_var(c->tx[c->by_hash[at] - 1].hash, *hash)) at = (at + 1) & c->mask;
	return &c->by_hash[at];
}

static void take(stub_chain *c, buf *out, const char *hex)
{
	const size_t from = c->raw.n, nth = stub_chain_done(c);
	uint64_t nonce = 0;
	size_t i = 0;

	if (!hex || !hex_read_all(&c->raw, slice_str(hex)) || load_check_tx(&i, &nonce, c->l, slice_of(c->raw.p + from, c->raw.n - from), false) != OK) {
		err_clear();
		buf_put_str(out, ",\"error\":{\"code\":-32000,\"message\":\"no transaction\"}");
	} else if (nonce != nth) {
		buf_printf(out, ",\"error\":{\"code\":-32000,\"message\":\"%s\"}", nonce < nth ? "nonce too low" : "nonce too high");
	} else if (c->answered[i] > 0) {
		buf_put_str(out, ",\"error\":{\"code\":-32000,\"message\":\"answered twice\"}");
	} else {
		c->tx[nth] = (taken){ from, c->raw.n - from, tx_hash(slice_of(c->raw.p + from, c->raw.n - from)) };
		*place_of(c, &c->tx[nth].hash) = (uint32_t)nth + 1;
		c->answered[i] = bench_seconds(BENCH_WALL);
		atomic_store(&c->done, nth + 1);
		buf_put_str(out, ",\"result\":"), put_hex(out, hash32_slice(&c->tx[nth].hash));
		return;
	}
	c->raw.n = from;
}

/* The block that a transaction is in; 0: none yet. */
static size_t mined_in(const stub_chain *c, size_t nth)
{
	size_t low = 1, high = c->head;

	if (nth >= c->block[c->head].mined) return 0;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (nth < c->block[middle].mined) high = middle;
		else low = middle + 1;
	}
	return low;
}

static void put_receipt(const stub_chain *c, buf *out, const char *hex)
{
	hash32 hash;
	const bool known = hex && hex_read(hash.b, sizeof hash.b, slice_str(hex));
	const uint32_t nth = known ? *place_of(c, &hash) : 0;
	const size_t k = nth ? mined_in(c, nth - 1) : 0;

	if (!k) {
		buf_put_str(out, "null");
		return;
	}
	buf_put_str(out, "{\"transactionHash\":"), put_hex(out, hash32_slice(&hash));
	buf_printf(out, ",\"blockNumber\":\"0x%zx\",\"status\":\"0x1\",\"gasUsed\":\"0x%x\",\"effectiveGasPrice\":\"0x%x\",\"blockHash\":", k, GAS, FEE);
	put_block_hash(out, k);
	buf_put_str(out, "}");
}

/* ---- questions ------------------------------------------------------------------------------------------------------ */

static void answer_one(stub_chain *c, buf *out, const json_t *asked)
{
	const char *method = json_string_value(json_object_get(asked, "method"));
	const json_t *params = json_object_get(asked, "params"), *first = json_array_get(params, 0);
	const char *text = json_string_value(first);

	if (!method) method = "";
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(asked, "id")));
	if (!strcmp(method, "eth_call")) put_call(c, out, first);
	else if (!strcmp(method, "eth_estimateGas")) buf_printf(out, ",\"result\":\"0x%x\"", GAS);
	else if (!strcmp(method, "eth_sendRawTransaction")) take(c, out, text);
	else if (!strcmp(method, "eth_getTransactionReceipt")) buf_put_str(out, ",\"result\":"), put_receipt(c, out, text);
	else if (!strcmp(method, "eth_getLogs")) put_logs(c, out, first);
	else if (!strcmp(method, "eth_blockNumber")) buf_printf(out, ",\"result\":\"0x%zx\"", c->head);
	else if (!strcmp(method, "eth_getBlockByNumber")) buf_put_str(out, ",\"result\":"), put_block(c, out, number_of(first));
	else if (!strcmp(method, "eth_chainId")) buf_printf(out, ",\"result\":\"0x%x\"", LOAD_CHAIN);
	else if (!strcmp(method, "eth_gasPrice")) buf_printf(out, ",\"result\":\"0x%x\"", FEE);
	else if (!strcmp(method, "eth_getTransactionCount")) {
		const char *at = json_string_value(json_array_get(params, 1));
		buf_printf(out, ",\"result\":\"0x%" PRIx64 "\"", at && !strcmp(at, "pending") ? (uint64_t)stub_chain_done(c) : c->block[c->head].mined);
	} else buf_put_str(out, ",\"error\":{\"code\":-32601,\"message\":\"the method does not exist\"}");
	buf_put_str(out, "}");
}

void stub_chain_answer(stub_chain *c, buf *out, slice message)
{
	json_t *all = json_loadb((const char *)message.p, message.n, 0, NULL), *one;
	size_t i;

	catch_up(c);
	if (!json_is_array(all)) answer_one(c, out, all);
	else {
		json_array_foreach(all, i, one) {
			buf_put_str(out, i ? "," : "[");
			answer_one(c, out, one);
		}
		buf_put_str(out, "]");
	}
	json_decref(all);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

err stub_chain_verify(const stub_chain *c)
{
	for (size_t k = 0; k < stub_chain_done(c); k++) {
		uint64_t nonce;
		size_t i;
		TRY(load_check_tx(&i, &nonce, c->l, slice_of(c->raw.p + c->tx[k].from, c->tx[k].n), k % SIGNATURES == 0));
	}
	return OK;
}

static const uint8_t *topic_of_requests(void)
{
	const uint8_t *topic = NULL;

	for (size_t i = 0; i < N_KMS_EVENTS; i++)
		if (KMS_EVENTS[i].kind == KMS_PUBLIC_DECRYPTION && KMS_EVENTS[i].profile == KMS_GATEWAY) topic = KMS_EVENTS[i].topic;
	ASSERT(topic);
	return topic;
}

err stub_chain_new(stub_chain **out, const load *l, const char *bucket_url)
{
	stub_chain *c = calloc(1, sizeof *c);
	size_t slots = 1;

	while (slots < 2 * l->n) slots *= 2;
	if (!c) return err_fail(ERR_NOMEM, "no memory for a chain");
	*c = (stub_chain){ .l = l, .bucket_url = bucket_url, .topic = topic_of_requests(), .mask = (uint32_t)(slots - 1) };
	c->born = calloc(l->n, sizeof *c->born);
	c->answered = calloc(l->n, sizeof *c->answered);
	c->tx = calloc(l->n, sizeof *c->tx);
	c->by_hash = calloc(slots, sizeof *c->by_hash);
	if (!c->born || !c->answered || !c->tx || !c->by_hash) {
		stub_chain_free(&c);
		return err_fail(ERR_NOMEM, "no memory for a chain");
	}
	add_block(c, 0, 0);
	c->block[0] = (block){ 0 };
	*out = c;
	return OK;
}

void stub_chain_free(stub_chain **c)
{
	if (!*c) return;
	free((*c)->block), free((*c)->born), free((*c)->answered), free((*c)->tx), free((*c)->by_hash);
	buf_free(&(*c)->raw);
	free(*c);
	*c = NULL;
}
