/* SPDX-License-Identifier: MIT */
#include "tests/evm/connector_vectors.h"
#include "tests/evm/scripted.h"
#include "evm/eth.h"

#define RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":@0,\"result\":" text "}"
#define H(byte) "0x" byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte \
	byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte
#define A(byte) "0x" byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte
#define BLOCK(number, hash, parent) \
	"{\"number\":\"" number "\",\"timestamp\":\"0x64\",\"hash\":\"" H(hash) "\",\"parentHash\":\"" H(parent) "\",\"baseFeePerGas\":\"0x7\"}"
#define LOG(number, hash, index, address, topic) \
	"{\"address\":\"" A(address) "\",\"topics\":[\"" H(topic) "\"],\"data\":\"0x\",\"blockNumber\":\"" number "\",\"blockHash\":\"" H(hash) \
	"\",\"logIndex\":\"" index "\",\"transactionHash\":\"" H("77") "\",\"removed\":false}"
#define RANGE(first, before, logs, after) \
	"[{\"id\":@0,\"result\":" first "},{\"id\":@1,\"result\":" before "},{\"id\":@2," logs "},{\"id\":@3,\"result\":" after "}]"

static hash32 hash_of(uint8_t b)
{
	hash32 h;
	memset(h.b, b, sizeof h.b);
	return h;
}

/* ---- ranges of logs --------------------------------------------------------------------------------------------- */

static arena memory;

/* body answers the first message; between, the one about blocks between the ends, if there is one. */
static jrpc_kind ranged(eth_range *out, const char *body, const char *between)
{
	const eth_address address = { { 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa } };
	const hash32 topic = hash_of(0x22);
	const eth_filter filter = { &address, 1, &topic, 1 };
	const scripted_line lines[] = { { .body = body }, { .body = between } };
	scripted s;
	jrpc *r = scripted_start(&s, lines, between ? 2 : 1, 10);

	const err e = eth_get_range(r, out, &memory, &filter, 5, 7);
	const jrpc_kind kind = e == OK ? JRPC_OK : jrpc_last(r)->kind;
	if (!between) assert_non_null(strstr(buf_str(&s.asked), "\"fromBlock\":\"0x5\",\"toBlock\":\"0x7\",\"address\":[\"" A("aa") "\"],\"topics\":[[\"" H("22") "\"]]"));
	err_clear();
	scripted_end(&s, &r);
	return kind;
}

static void a_range_is_taken_with_its_ends(void **state)
{
	eth_range range;

	(void)state;
	memory = arena_with_limit(1 << 16);
	assert_int_equal(ranged(&range, RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"),
		"\"result\":[" LOG("0x5", "05", "0x0", "aa", "22") "," LOG("0x6", "66", "0x1", "aa", "22") "," LOG("0x6", "66", "0x3", "aa", "22") ","
		LOG("0x7", "07", "0x0", "aa", "22") "]", BLOCK("0x7", "07", "06")), RESULT(BLOCK("0x6", "66", "05"))), JRPC_OK);
	assert_int_equal(range.logs, 4);
	assert_int_equal(range.log[2].index, 3);
	assert_true(hash32_eq_var(range.first.parent, hash_of(4)) && hash32_eq_var(range.last.hash, hash_of(7)));
	assert_int_equal(range.last.base_fee, 7);
	arena_free(&memory);
}

static void logs_that_cannot_be_true_are_doubted(void **state)
{
	static const struct { const char *body; jrpc_kind kind; } CASES[] = {
#define CASE(logs) RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"), "\"result\":[" logs "]", BLOCK("0x7", "07", "06"))
		{ CASE(LOG("0x8", "08", "0x0", "aa", "22")), JRPC_GARBAGE },                                   /* behind the range   */
		{ CASE(LOG("0x4", "04", "0x0", "aa", "22")), JRPC_GARBAGE },                                   /* before it          */
		{ CASE(LOG("0x7", "17", "0x0", "aa", "22")), JRPC_GARBAGE },                                   /* of another branch  */
		{ CASE(LOG("0x5", "15", "0x0", "aa", "22")), JRPC_GARBAGE },
		{ CASE(LOG("0x6", "66", "0x0", "bb", "22")), JRPC_GARBAGE },                                   /* of another contract */
		{ CASE(LOG("0x6", "66", "0x0", "aa", "23")), JRPC_GARBAGE },                                   /* another event      */
		{ CASE(LOG("0x6", "66", "0x1", "aa", "22") "," LOG("0x6", "66", "0x1", "aa", "22")), JRPC_GARBAGE },    /* twice     */
		{ CASE(LOG("0x6", "66", "0x1", "aa", "22") "," LOG("0x6", "67", "0x2", "aa", "22")), JRPC_GARBAGE },    /* two names */
		{ CASE(LOG("0x7", "07", "0x1", "aa", "22") "," LOG("0x6", "66", "0x2", "aa", "22")), JRPC_GARBAGE },    /* backwards */
		{ CASE("7"), JRPC_GARBAGE },
		{ RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"), "\"result\":null", BLOCK("0x7", "07", "06")), JRPC_GARBAGE },
		{ RANGE(BLOCK("0x5", "05", "04"), "null", "\"result\":[]", BLOCK("0x7", "07", "06")), JRPC_BEHIND },
		{ RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"), "\"result\":[]", "null"), JRPC_BEHIND },
		{ RANGE("null", "null", "\"result\":[]", "null"), JRPC_BEHIND },
		{ RANGE("null", BLOCK("0x7", "07", "06"), "\"result\":[]", BLOCK("0x7", "07", "06")), JRPC_PRUNED },
		{ RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"), "\"result\":[]", BLOCK("0x7", "17", "06")), JRPC_GARBAGE },
		{ RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x8", "07", "06"), "\"result\":[]", BLOCK("0x7", "07", "06")), JRPC_GARBAGE },
		{ RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"), "\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}",
		        BLOCK("0x7", "07", "06")), JRPC_TOO_MUCH },
	};
	eth_range range;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		memory = arena_with_limit(1 << 16);
		const jrpc_kind kind = ranged(&range, CASES[i].body, NULL);
		if (kind != CASES[i].kind) fail_msg("case %zu is of kind %d", i, (int)kind);
		arena_free(&memory);
	}
}

static void a_log_of_a_block_that_has_another_name_is_doubted(void **state)
{
	static const char BODY[] = RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"), "\"result\":[" LOG("0x6", "66", "0x0", "aa", "22") "]",
	                                 BLOCK("0x7", "07", "06"));
	eth_range range;

	(void)state;
	memory = arena_with_limit(1 << 16);
	assert_int_equal(ranged(&range, BODY, RESULT(BLOCK("0x6", "66", "05"))), JRPC_OK);
	assert_int_equal(ranged(&range, BODY, RESULT(BLOCK("0x6", "06", "05"))), JRPC_GARBAGE);
	assert_int_equal(ranged(&range, BODY, RESULT("null")), JRPC_GARBAGE);
	arena_free(&memory);
}

static void logs_that_were_taken_back_are_left_out(void **state)
{
	eth_range range;

	(void)state;
	memory = arena_with_limit(1 << 16);
	assert_int_equal(ranged(&range, RANGE(BLOCK("0x5", "05", "04"), BLOCK("0x7", "07", "06"),
		"\"result\":[{\"address\":\"" A("aa") "\",\"topics\":[],\"data\":\"0x\",\"blockNumber\":\"0x6\",\"blockHash\":\"" H("06") "\",\"logIndex\":\"0x0\","
		"\"transactionHash\":\"" H("77") "\",\"removed\":true}]", BLOCK("0x7", "07", "06")), NULL), JRPC_OK);
	assert_int_equal(range.logs, 0);
	arena_free(&memory);
}

/* ---- recordings ------------------------------------------------------------------------------------------------- */

/* The recorded answer to a question, with an id of ours. */
static char *recorded(const json_t *response)
{
	json_t *copy = json_deep_copy(response);
	json_object_set_new(copy, "id", json_integer(1));
	char *text = json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	return text;
}

static void recorded_receipts_and_estimates_are_read(void **state)
{
	json_t *all = json_vector("connector/v0.11-seed/responses_txs.json");
	const json_t *t = json_array_get(all, 0), *sent = json_member(t, "receipt"), *estimated = json_member(t, "estimateGas");
	char *receipt = recorded(json_member(sent, "response")), *gas = recorded(json_member(estimated, "response"));
	AUTO(buf) raw = json_hex_of(t, "raw_tx");
	const hash32 hash = keccak256(buf_slice(&raw));
	const eth_address from = address_of_json(json_member(t, "from")), to = address_of_json(json_member(t, "to"));
	scripted s;
	eth_receipt r;
	uint64_t units;
	bool found;

	(void)state;
	const scripted_line one = { .body = receipt }, two = { .body = gas };
	jrpc *j = scripted_start(&s, &one, 1, 1);
	assert_ok(eth_get_receipt(j, &r, &found, &hash));
	assert_true(found && r.ok && r.block == 0x3e && r.gas_used == 0x4077c && hash32_eq_var(r.tx, hash));
	scripted_end(&s, &j);
	j = scripted_start(&s, &two, 1, 1);
	assert_ok(eth_estimate_gas(j, &units, &from, &to, (slice){ 0 }));
	assert_int_equal(units, 0x41799);
	scripted_end(&s, &j);
	free(receipt), free(gas);
	json_decref(all);
}

/* ---- single questions ------------------------------------------------------------------------------------------- */

static jrpc *one_line(scripted *s, scripted_line *line, const char *body)
{
	*line = (scripted_line){ .body = body };
	return scripted_start(s, line, 1, 10);
}

static void a_block_that_is_not_there_is_not_an_error(void **state)
{
	scripted_line line;
	scripted s;
	eth_block b;
	bool found = true;
	jrpc *r = one_line(&s, &line, RESULT("null"));

	(void)state;
	assert_ok(eth_get_block(r, &b, &found, eth_tag("finalized")));
	assert_false(found);
	assert_non_null(strstr(buf_str(&s.asked), "[\"finalized\",false]"));
	scripted_end(&s, &r);
}

static void several_blocks_come_in_one_message(void **state)
{
	static const uint64_t NUMBERS[] = { 5, 9 };
	scripted_line line;
	scripted s;
	eth_block b[2];
	bool found[2];
	jrpc *r = one_line(&s, &line, "[{\"id\":@1,\"result\":null},{\"id\":@0,\"result\":" BLOCK("0x5", "05", "04") "}]");

	(void)state;
	assert_ok(eth_get_blocks(r, b, found, NUMBERS, 2));
	assert_true(found[0] && !found[1] && hash32_eq_var(b[0].hash, hash_of(5)));
	scripted_end(&s, &r);
}

static void calls_fail_singly(void **state)
{
	scripted_line line;
	scripted s;
	eth_call calls[2] = { 0 };
	jrpc *r = one_line(&s, &line, "[{\"id\":@0,\"result\":\"0x0102\"},{\"id\":@1,\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x99ec48d9\"}}]");

	(void)state;
	calls[1].gas = 100000, calls[1].from = &calls[0].to;
	assert_ok(eth_calls(r, calls, 2, eth_tag("latest")));
	assert_true(calls[0].error.kind == JRPC_OK && slice_eq_var(buf_slice(&calls[0].answer), slice_of("\1\2", 2)));
	assert_true(calls[1].error.kind == JRPC_REVERTED && calls[1].error.n == 4 && calls[1].answer.n == 0);
	assert_non_null(strstr(buf_str(&s.asked), "\"gas\":\"0x186a0\""));
	eth_calls_free(calls, 2);
	scripted_end(&s, &r);
}

static void fees_are_the_next_base_and_the_middle_tip(void **state)
{
	scripted_line line;
	scripted s;
	eth_fees f;
	jrpc *r = one_line(&s, &line, RESULT("{\"oldestBlock\":\"0x1\",\"baseFeePerGas\":[\"0x1\",\"0x2\",\"0x9\"],\"reward\":[[\"0x5\"],[\"0x1\"],[\"0x3\"]]}"));

	(void)state;
	assert_ok(eth_get_fees(r, &f));
	assert_true(f.base == 9 && f.tip == 3);
	scripted_end(&s, &r);
}

static void a_provider_without_fee_history_is_asked_for_its_price(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = "{\"id\":@0,\"error\":{\"code\":-32601,\"message\":\"method not found\"}}" }, { .body = RESULT("\"0xa\"") },
	};
	scripted s;
	eth_fees f;
	jrpc *r = scripted_start(&s, LINES, 2, 1);

	(void)state;
	assert_ok(eth_get_fees(r, &f));
	assert_true(f.base == 10 && f.tip == 0);
	scripted_end(&s, &r);
}

static void a_hash_that_is_not_of_what_was_sent_is_doubted(void **state)
{
	scripted_line line;
	scripted s;
	jrpc *r = one_line(&s, &line, RESULT("\"" H("11") "\""));

	(void)state;
	assert_err(ERR_IO, eth_send(r, slice_str("raw")));
	assert_int_equal(jrpc_last(r)->kind, JRPC_GARBAGE);
	scripted_end(&s, &r);
}

static void nonces_balances_and_receipts_of_blocks_are_read(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = RESULT("\"0x12\"") }, { .body = RESULT("\"0xde0b6b3a7640000\"") },
		{ .body = RESULT("[{\"transactionHash\":\"" H("01") "\",\"blockHash\":\"" H("02") "\",\"blockNumber\":\"0x5\",\"status\":\"0x0\",\"gasUsed\":\"0x6\"}]") },
		{ .body = RESULT("null") }, { .body = RESULT("\"0xd431\"") },
	};
	const eth_address a = { { 1 } };
	const eth_receipt *all;
	scripted s;
	abi_word wei;
	uint64_t x;
	size_t n;
	bool found;
	jrpc *r = scripted_start(&s, LINES, COUNT(LINES), 1);

	(void)state;
	memory = arena_with_limit(1 << 16);
	assert_ok(eth_nonce(r, &x, &a, eth_tag("pending")));
	assert_int_equal(x, 0x12);
	assert_ok(eth_balance(r, &wei, &a));
	assert_true(abi_fits_u64(&x, &wei) && x == UINT64_C(1000000000000000000));
	assert_ok(eth_block_receipts(r, &all, &n, &found, &memory, 5));
	assert_true(found && n == 1 && !all[0].ok && all[0].gas_used == 6);
	assert_ok(eth_block_receipts(r, &all, &n, &found, &memory, 6));
	assert_false(found);
	assert_ok(eth_chain_id(r, &x));
	assert_int_equal(x, 54321);
	arena_free(&memory);
	scripted_end(&s, &r);
}

static void a_transaction_is_found_with_its_data(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = RESULT("{\"hash\":\"" H("31") "\",\"from\":\"" A("01") "\",\"to\":null,\"nonce\":\"0x3\",\"input\":\"0x0102\",\"blockNumber\":null}") },
		{ .body = RESULT("{\"hash\":\"" H("32") "\",\"from\":\"" A("01") "\",\"to\":null,\"nonce\":\"0x3\",\"input\":\"0x0102\",\"blockNumber\":null}") },
	};
	const hash32 h = hash_of(0x31);
	scripted s;
	eth_tx tx;
	bool found;
	jrpc *r = scripted_start(&s, LINES, COUNT(LINES), 1);

	(void)state;
	memory = arena_with_limit(1 << 16);
	assert_ok(eth_get_tx(r, &tx, &found, &memory, &h));
	assert_true(found && tx.creates && !tx.mined && tx.nonce == 3 && slice_eq_var(tx.input, slice_of("\1\2", 2)));
	assert_err(ERR_IO, eth_get_tx(r, &tx, &found, &memory, &h));
	arena_free(&memory);
	scripted_end(&s, &r);
}

TESTS(TEST(a_range_is_taken_with_its_ends), TEST(logs_that_cannot_be_true_are_doubted), TEST(a_log_of_a_block_that_has_another_name_is_doubted),
      TEST(logs_that_were_taken_back_are_left_out),
      TEST(recorded_receipts_and_estimates_are_read), TEST(a_block_that_is_not_there_is_not_an_error), TEST(several_blocks_come_in_one_message),
      TEST(calls_fail_singly), TEST(fees_are_the_next_base_and_the_middle_tip), TEST(a_provider_without_fee_history_is_asked_for_its_price),
      TEST(a_hash_that_is_not_of_what_was_sent_is_doubted), TEST(nonces_balances_and_receipts_of_blocks_are_read), TEST(a_transaction_is_found_with_its_data))
