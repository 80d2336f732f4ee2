/* SPDX-License-Identifier: MIT */
#include "tests/evm/connector_vectors.h"
#include "evm/abi_coder.h"
#include "evm/jrpc_error.h"
#include "evm/reverts.h"

static void selectors_are_the_hashes_of_signatures(void **state)
{
	(void)state;
	for (size_t i = 1; i + 1 < N_REVERTS; i++) {
		const hash32 h = keccak256(slice_str(REVERTS[i].signature));
		assert_int_equal((uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 | (uint32_t)h.b[2] << 8 | h.b[3], REVERTS[i].selector);
		assert_ptr_equal(revert_find(slice_of(h.b, 4)), &REVERTS[i]);
	}
}

static revert_verdict verdict_of(const char *hex)
{
	AUTO(buf) data = { 0 };
	assert_true(hex_read_all(&data, slice_str(hex)));
	return revert_find(buf_slice(&data))->verdict;
}

static void each_refusal_has_its_verdict(void **state)
{
	(void)state;
	assert_int_equal(verdict_of("99ec48d9"), REVERT_DONE);
	assert_int_equal(verdict_of("7995bbcf"), REVERT_DONE_IF_VALID);
	assert_int_equal(verdict_of("6fbcdd2b"), REVERT_RETRY);
	assert_int_equal(verdict_of("d48af942"), REVERT_RETRY_BRIEFLY);
	assert_int_equal(verdict_of("0d86f521"), REVERT_ALARM);
	assert_int_equal(verdict_of("abb5f486"), REVERT_FAILED);
	assert_int_equal(verdict_of("01020304"), REVERT_FAILED);
	assert_int_equal(verdict_of(""), REVERT_RETRY);
	assert_int_equal(verdict_of("99ec48"), REVERT_RETRY);
}

/* Recordings by Hardhat, which puts the data in error.data.data. */
static void recorded_refusals_are_found_in_the_providers_error(void **state)
{
	json_t *all = json_vector("connector/v0.11-seed/responses_txs.json"), *t;
	static const revert_verdict VERDICTS[] = { REVERT_DONE, REVERT_DONE, REVERT_DONE, REVERT_DONE, REVERT_RETRY_BRIEFLY, REVERT_ALARM };
	size_t i, n = 0;

	(void)state;
	json_array_foreach(all, i, t) {
		const json_t *error = json_object_get(json_object_get(json_object_get(t, "estimateGas"), "response"), "error");
		AUTO(buf) text = { 0 };
		jrpc_error e;
		if (!error) continue;
		jrpc_error_read(&e, error);
		assert_int_equal(e.kind, JRPC_REVERTED);
		assert_true(n < COUNT(VERDICTS));
		assert_int_equal(revert_find(slice_of(e.data, e.n))->verdict, VERDICTS[n++]);
		revert_print(&text, slice_of(e.data, e.n));
		const slice name = json_text_of(t, "decoded_error");
		assert_true(name.n > text.n && memcmp(name.p, text.p, text.n) == 0);
	}
	assert_int_equal(n, COUNT(VERDICTS));
	json_decref(all);
}

static void texts_of_require_are_printed_harmlessly(void **state)
{
	AUTO(buf) data = { 0 }, text = { 0 }, unknown = { 0 };

	(void)state;
	abi_frame f = abi_call(&data, 0x08c379a0, 1);
	abi_put_bytes(&f, slice_str("not\nyours\x1b[0m"));
	revert_print(&text, buf_slice(&data));
	assert_string_equal(buf_str(&text), "\"not?yours?[0m\"");
	revert_print(&unknown, slice_of("\1\2\3\4", 4));
	assert_string_equal(buf_str(&unknown), "unknown error 01020304");
}

TESTS(TEST(selectors_are_the_hashes_of_signatures), TEST(each_refusal_has_its_verdict),
      TEST(recorded_refusals_are_found_in_the_providers_error), TEST(texts_of_require_are_printed_harmlessly))
