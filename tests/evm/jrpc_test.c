/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include "tests/evm/scripted.h"
#include "evm/eth.h"

#define RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":@0,\"result\":" text "}"
#define ERROR(text)  "{\"jsonrpc\":\"2.0\",\"id\":@0,\"error\":" text "}"

/* Asks for a number; the script's only line answers. */
static jrpc_error answered(const scripted_line line, err expected)
{
	scripted s;
	jrpc *r = scripted_start(&s, &line, 1, 1);
	uint64_t x = 5;

	const err e = eth_block_number(r, &x);
	assert_int_equal(e, expected);
	if (e != OK) assert_true(err_text()[0] && x == 5);
	err_clear();
	const jrpc_error last = e == OK ? (jrpc_error){ 0 } : *jrpc_last(r);
	scripted_end(&s, &r);
	return last;
}

static void answers_are_taken_and_everything_else_is_named(void **state)
{
	static const struct { const char *body; err e; jrpc_kind kind; } CASES[] = {
		{ RESULT("\"0x10\""), OK, JRPC_OK },
		{ "{\"id\":@0,\"result\":\"0x10\"}", OK, JRPC_OK },
		{ "{\"jsonrpc\":\"2.0\",\"id\":@0,\"result\":\"0x10\",\"error\":null}", OK, JRPC_OK },
		{ "", ERR_IO, JRPC_GARBAGE },
		{ "<html>busy</html>", ERR_IO, JRPC_GARBAGE },
		{ RESULT("\"0x10\"") "x", ERR_IO, JRPC_GARBAGE },
		{ "{\"jsonrpc\":\"2.0\",\"id\":@0,\"result\":\"0x1", ERR_IO, JRPC_GARBAGE },
		{ "[" RESULT("\"0x10\"") "]", ERR_IO, JRPC_GARBAGE },
		{ "{\"jsonrpc\":\"2.0\",\"id\":@1,\"result\":\"0x10\"}", ERR_IO, JRPC_GARBAGE },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"@0\",\"result\":\"0x10\"}", ERR_IO, JRPC_GARBAGE },
		{ "{\"jsonrpc\":\"2.0\",\"id\":@0}", ERR_IO, JRPC_GARBAGE },
		{ RESULT("\"0x\""), ERR_IO, JRPC_GARBAGE },
		{ RESULT("\"10\""), ERR_IO, JRPC_GARBAGE },
		{ RESULT("16"), ERR_IO, JRPC_GARBAGE },
		{ RESULT("null"), ERR_IO, JRPC_GARBAGE },
		{ RESULT("\"0x10000000000000000\""), ERR_IO, JRPC_GARBAGE },
		{ RESULT("\"0xg\""), ERR_IO, JRPC_GARBAGE },
		{ ERROR("{\"code\":-32601,\"message\":\"the method does not exist\"}"), ERR_UNSUPPORTED, JRPC_UNSUPPORTED },
		{ ERROR("{\"code\":-32004,\"message\":\"Method not supported\"}"), ERR_UNSUPPORTED, JRPC_UNSUPPORTED },
		{ ERROR("{\"code\":-32005,\"message\":\"daily request count exceeded, request rate limited\"}"), ERR_EXHAUSTED, JRPC_LIMITED },
		{ ERROR("{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}"), ERR_EXHAUSTED, JRPC_TOO_MUCH },
		{ ERROR("{\"code\":-32600,\"message\":\"Log response size exceeded.\"}"), ERR_EXHAUSTED, JRPC_TOO_MUCH },
		{ ERROR("{\"code\":-32602,\"message\":\"block range is too wide\"}"), ERR_EXHAUSTED, JRPC_TOO_MUCH },
		{ ERROR("{\"code\":-32000,\"message\":\"header not found\"}"), ERR_BUSY, JRPC_BEHIND },
		{ ERROR("{\"code\":4444,\"message\":\"pruned history unavailable\"}"), ERR_BUSY, JRPC_PRUNED },
		{ ERROR("{\"code\":-32001,\"message\":\"Receipt not available for 'From' block '11052984'.\"}"), ERR_BUSY, JRPC_PRUNED },
		{ ERROR("{\"code\":-32000,\"message\":\"old data not available due to pruning: from tx: 19, min tx: 26\"}"), ERR_BUSY, JRPC_PRUNED },
		{ ERROR("{\"code\":-32000,\"message\":\"seek with txNum=19 but data before txNum=26 is not available: blockNum=16\"}"), ERR_BUSY, JRPC_PRUNED },
		{ ERROR("{\"code\":3,\"message\":\"execution reverted: this basket was pruned\"}"), ERR_REQUEST, JRPC_REVERTED },
		{ ERROR("{\"code\":-32000,\"message\":\"nonce too low: next nonce 5, tx nonce 4\"}"), ERR_REQUEST, JRPC_NONCE_USED },
		{ ERROR("{\"code\":-32003,\"message\":\"nonce too low\"}"), ERR_REQUEST, JRPC_NONCE_USED },
		{ ERROR("{\"code\":-32000,\"message\":\"already known\"}"), ERR_REQUEST, JRPC_KNOWN },
		{ ERROR("{\"code\":-32000,\"message\":\"replacement transaction underpriced\"}"), ERR_REQUEST, JRPC_UNDERPRICED },
		{ ERROR("{\"code\":-32000,\"message\":\"insufficient funds for gas * price + value\"}"), ERR_REQUEST, JRPC_NO_FUNDS },
		{ ERROR("{\"code\":-32000,\"message\":\"something else\"}"), ERR_REQUEST, JRPC_REFUSED },
		{ ERROR("\"just words\""), ERR_REQUEST, JRPC_REFUSED },
		{ ERROR("7"), ERR_REQUEST, JRPC_REFUSED },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}", ERR_REQUEST, JRPC_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const jrpc_error e = answered((scripted_line){ .body = CASES[i].body }, CASES[i].e);
		if (e.kind != CASES[i].kind) fail_msg("%s is of kind %d instead of %d", CASES[i].body, (int)e.kind, (int)CASES[i].kind);
	}
}

static void what_http_says_is_named(void **state)
{
	(void)state;
	assert_int_equal(answered((scripted_line){ .fails = ERR_IO }, ERR_IO).kind, JRPC_UNREACHABLE);
	assert_int_equal(answered((scripted_line){ .fails = ERR_CANCELLED }, ERR_CANCELLED).kind, JRPC_OK);
	assert_int_equal(answered((scripted_line){ .status = 502, .body = "bad gateway" }, ERR_IO).kind, JRPC_UNREACHABLE);
	assert_int_equal(answered((scripted_line){ .status = 500, .body = RESULT("\"0x1\"") }, ERR_IO).kind, JRPC_UNREACHABLE);
	assert_int_equal(answered((scripted_line){ .status = 403, .body = "no" }, ERR_IO).kind, JRPC_DENIED);
	assert_int_equal(answered((scripted_line){ .status = 413, .body = "too large" }, ERR_EXHAUSTED).kind, JRPC_TOO_MUCH);
	assert_int_equal(answered((scripted_line){ .status = 429, .body = RESULT("\"0x1\"") }, ERR_EXHAUSTED).kind, JRPC_LIMITED);
	assert_int_equal(answered((scripted_line){ .too_long = true }, ERR_EXHAUSTED).kind, JRPC_TOO_MUCH);
	assert_int_equal(answered((scripted_line){ .status = 400, .body = ERROR("{\"code\":-32000,\"message\":\"already known\"}") }, ERR_REQUEST).kind,
	                 JRPC_KNOWN);
}

static void refusals_by_contracts_keep_their_data_in_three_shapes(void **state)
{
	static const char *const SHAPES[] = {
		ERROR("{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x99ec48d90102\"}"),
		ERROR("{\"code\":-32603,\"message\":\"reverted\",\"data\":{\"message\":\"reverted\",\"data\":\"0x99ec48d90102\"}}"),
		ERROR("{\"code\":-32000,\"message\":\"execution reverted: custom error 0x99ec48d9: 0102\"}"),
		ERROR("{\"code\":-32015,\"message\":\"VM execution error.\",\"data\":\"Reverted 0x99ec48d90102\"}"),
		ERROR("{\"code\":-32603,\"message\":\"reverted with an unrecognized custom error (return data: 0x99ec48d90102)\"}"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(SHAPES); i++) {
		const jrpc_error e = answered((scripted_line){ .body = SHAPES[i] }, ERR_REQUEST);
		assert_int_equal(e.kind, JRPC_REVERTED);
		assert_int_equal(e.n, 6);
		assert_memory_equal(e.data, "\x99\xec\x48\xd9\1\2", 6);
	}
	const jrpc_error none = answered((scripted_line){ .body = ERROR("{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x\"}") }, ERR_REQUEST);
	assert_true(none.kind == JRPC_REVERTED && none.n == 0);
	const jrpc_error late = answered((scripted_line){ .body = ERROR("{\"code\":4,\"message\":\"timeout\",\"data\":"
		"\"0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\"}") }, ERR_REQUEST);
	assert_true(late.kind == JRPC_ACCEPTED && late.n == 32);
}

static void an_answer_that_would_take_too_much_memory_is_not_read(void **state)
{
	AUTO(buf) deep = { 0 }, wide = { 0 };

	(void)state;
	for (unsigned i = 0; i < MAX_JRPC_DEPTH; i++) buf_put_str(&deep, "[");
	for (unsigned i = 0; i < MAX_JRPC_DEPTH; i++) buf_put_str(&deep, "]");
	buf_put_str(&wide, "{\"id\":@0,\"result\":[[]");
	for (unsigned i = 0; i < MAX_JRPC_VALUES / 2; i++) buf_put_str(&wide, ",[]");
	buf_put_str(&wide, "]}");
	AUTO(buf) nested = { 0 };
	buf_printf(&nested, "{\"id\":@0,\"result\":%s}", buf_str(&deep));
	assert_int_equal(answered((scripted_line){ .body = buf_str(&nested) }, ERR_IO).kind, JRPC_GARBAGE);
	assert_int_equal(answered((scripted_line){ .body = buf_str(&wide) }, ERR_IO).kind, JRPC_GARBAGE);
}

/* ---- many at once ----------------------------------------------------------------------------------------------- */

static void ask(jrpc_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		calls[i] = (jrpc_call){ .method = "m" };
		buf_put_str(&calls[i].params, "[]");
	}
}

static void answers_come_in_any_order_and_fail_singly(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = "[{\"id\":@2,\"result\":3},{\"id\":@0,\"result\":1},{\"id\":@1,\"error\":{\"code\":-32601,\"message\":\"no\"}}]" },
	};
	jrpc_call calls[4];
	scripted s;
	jrpc *r = scripted_start(&s, LINES, 1, 10);

	(void)state;
	ask(calls, 4);
	assert_ok(jrpc_ask(r, calls, 4));
	assert_int_equal(json_integer_value(calls[0].result), 1);
	assert_int_equal(json_integer_value(calls[2].result), 3);
	assert_int_equal(calls[1].error.kind, JRPC_UNSUPPORTED);
	assert_int_equal(calls[3].error.kind, JRPC_GARBAGE);
	jrpc_calls_free(calls, 4);
	scripted_end(&s, &r);
}

static void two_answers_to_one_question_are_believed_neither(void **state)
{
	static const scripted_line LINES[] = { { .body = "[{\"id\":@0,\"result\":1},{\"id\":@0,\"result\":2}]" } };
	jrpc_call calls[2];
	scripted s;
	jrpc *r = scripted_start(&s, LINES, 1, 10);

	(void)state;
	ask(calls, 2);
	assert_err(ERR_IO, jrpc_ask(r, calls, 2));
	assert_true(!calls[0].result && calls[0].error.kind == JRPC_GARBAGE && calls[1].error.kind == JRPC_GARBAGE);
	jrpc_calls_free(calls, 2);
	scripted_end(&s, &r);
}

static void a_provider_without_batches_is_asked_singly_from_then_on(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = "{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch requests are disabled\"}}" },
		{ .body = RESULT("1") }, { .body = RESULT("2") }, { .body = RESULT("3") },
	};
	jrpc_call calls[2], again[1];
	scripted s;
	jrpc *r = scripted_start(&s, LINES, 4, 10);

	(void)state;
	ask(calls, 2), ask(again, 1);
	assert_ok(jrpc_ask(r, calls, 2));
	assert_int_equal(json_integer_value(calls[1].result), 2);
	assert_ok(jrpc_ask(r, again, 1));
	jrpc_calls_free(calls, 2), jrpc_calls_free(again, 1);
	scripted_end(&s, &r);
}

static void a_provider_that_refuses_so_many_is_asked_a_fifth_from_then_on(void **state)
{
	static const scripted_line LINES[] = {
		{ .status = 413, .body = "too large" },
		{ .body = "[{\"id\":@0,\"result\":1},{\"id\":@1,\"result\":2}]" }, { .body = "[{\"id\":@0,\"result\":3},{\"id\":@1,\"result\":4}]" },
		{ .body = "[{\"id\":@0,\"result\":5},{\"id\":@1,\"result\":6}]" }, { .body = "[{\"id\":@0,\"result\":7},{\"id\":@1,\"result\":8}]" },
		{ .body = "[{\"id\":@0,\"result\":9},{\"id\":@1,\"result\":10}]" },
	};
	jrpc_call calls[10];
	scripted s;
	jrpc *r = scripted_start(&s, LINES, 6, 10);

	(void)state;
	ask(calls, 10);
	assert_ok(jrpc_ask(r, calls, 10));
	for (int i = 0; i < 10; i++) assert_int_equal(json_integer_value(calls[i].result), i + 1);
	jrpc_calls_free(calls, 10);
	scripted_end(&s, &r);
}

static void many_questions_are_split_over_messages(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = "[{\"id\":@0,\"result\":1},{\"id\":@1,\"result\":2}]" }, { .body = RESULT("3") },
	};
	jrpc_call calls[3];
	scripted s;
	jrpc *r = scripted_start(&s, LINES, 2, 2);

	(void)state;
	ask(calls, 3);
	assert_ok(jrpc_ask(r, calls, 3));
	assert_int_equal(json_integer_value(calls[2].result), 3);
	jrpc_calls_free(calls, 3);
	scripted_end(&s, &r);
}

static void a_failure_in_the_middle_leaves_no_answer_at_all(void **state)
{
	static const scripted_line LINES[] = {
		{ .body = "[{\"id\":@0,\"result\":1},{\"id\":@1,\"result\":2}]" }, { .fails = ERR_IO },
	};
	jrpc_call calls[4];
	scripted s;
	jrpc *r = scripted_start(&s, LINES, 2, 2);

	(void)state;
	ask(calls, 4);
	assert_err(ERR_IO, jrpc_ask(r, calls, 4));
	for (size_t i = 0; i < 4; i++) assert_true(!calls[i].result && calls[i].error.kind == JRPC_UNREACHABLE);
	jrpc_calls_free(calls, 4);
	scripted_end(&s, &r);
}

/* ---- pauses ----------------------------------------------------------------------------------------------------- */

static void who_was_refused_waits_longer_each_time_without_asking(void **state)
{
	static const scripted_line LINES[] = {
		{ .status = 429 }, { .status = 429 }, { .status = 429, .retry_after_ms = 7000 }, { .body = RESULT("\"0x1\"") }, { .status = 429 },
	};
	static const int64_t PAUSES[] = { JRPC_PATIENCE_MS, 2 * JRPC_PATIENCE_MS, 7000, 0, JRPC_PATIENCE_MS };
	scripted s;
	jrpc *r = scripted_start(&s, LINES, COUNT(LINES), 1);
	uint64_t x;

	(void)state;
	for (size_t i = 0; i < COUNT(LINES); i++) {
		if (PAUSES[i] == 0) assert_ok(eth_block_number(r, &x));
		else assert_err(ERR_EXHAUSTED, eth_block_number(r, &x));
		assert_int_equal(jrpc_quiet_until_ms(r), PAUSES[i] ? s.now_ms + PAUSES[i] : 0);
		if (PAUSES[i] == 0) continue;
		s.now_ms += PAUSES[i] - 1;
		assert_err(ERR_EXHAUSTED, eth_block_number(r, &x));
		assert_int_equal(s.at, i + 1);
		s.now_ms++;
	}
	scripted_end(&s, &r);
}

TESTS(TEST(answers_are_taken_and_everything_else_is_named), TEST(what_http_says_is_named),
      TEST(refusals_by_contracts_keep_their_data_in_three_shapes), TEST(an_answer_that_would_take_too_much_memory_is_not_read),
      TEST(answers_come_in_any_order_and_fail_singly), TEST(two_answers_to_one_question_are_believed_neither),
      TEST(a_provider_without_batches_is_asked_singly_from_then_on), TEST(a_provider_that_refuses_so_many_is_asked_a_fifth_from_then_on),
      TEST(many_questions_are_split_over_messages),
      TEST(a_failure_in_the_middle_leaves_no_answer_at_all), TEST(who_was_refused_waits_longer_each_time_without_asking))
