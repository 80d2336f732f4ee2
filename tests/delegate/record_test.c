/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"

static err read_text(const char *json)
{
	AUTO(buf) ciphertext = { 0 };
	ecies_header h;

	return record_read(&h, &ciphertext, slice_str(json));
}

static void a_record_is_read_as_it_was_written(void **state)
{
	json_t *all = known_vector(), *v = json_member(all, "ecies");
	AUTO(buf) json = { 0 }, ciphertext = json_hex_of(v, "ciphertext"), again = { 0 };
	ecies_header h, g;

	(void)state;
	json_bytes_of(h.K.b, sizeof h.K.b, v, "K");
	json_bytes_of(h.nonce, sizeof h.nonce, v, "nonce");
	record_write(&json, &h, buf_slice(&ciphertext));
	assert_ok(record_read(&g, &again, buf_slice(&json)));
	assert_memory_equal(&g, &h, sizeof h);
	assert_true(slice_eq_var(buf_slice(&again), buf_slice(&ciphertext)));
	json_decref(all);
}

#define K "0x034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa"
#define NONCE "0x000102030405060708090a0b"
#define TEXT "0x000102030405060708090a0b0c0d0e0f"

static void a_handle_and_whatever_else_is_passed_over(void **state)
{
	(void)state;
	assert_ok(read_text("{\"handle\":\"0x12\",\"ciphertext\":\"" TEXT "\",\"public_key\":\"" K "\","
	                    "\"nonce\":\"" NONCE "\",\"x\":[1]}"));
}

static void what_is_missing_malformed_or_there_twice_is_refused(void **state)
{
	static const char *const WRONG[] = {
		"", "null", "[]", "{}", "{\"ciphertext\":\"" TEXT "\"}",
		"{\"ciphertext\":\"" TEXT "\",\"public_key\":\"" K "\",\"nonce\":\"0x00\"}",
		"{\"ciphertext\":\"0x0001\",\"public_key\":\"" K "\",\"nonce\":\"" NONCE "\"}",
		"{\"ciphertext\":\"" TEXT "0\",\"public_key\":\"" K "\",\"nonce\":\"" NONCE "\"}",
		"{\"ciphertext\":\"" TEXT "zz\",\"public_key\":\"" K "\",\"nonce\":\"" NONCE "\"}",
		"{\"ciphertext\":7,\"public_key\":\"" K "\",\"nonce\":\"" NONCE "\"}",
		"{\"nonce\":\"" NONCE "\",\"ciphertext\":\"" TEXT "\",\"public_key\":\"" K "\",\"nonce\":\"" NONCE "\"}",
		"{\"ciphertext\":\"" TEXT "\",\"public_key\":\"" K "\",\"nonce\":\"" NONCE "\"} x",
		/* no point has this x */
		"{\"ciphertext\":\"" TEXT "\",\"nonce\":\"" NONCE "\","
		"\"public_key\":\"0x020000000000000000000000000000000000000000000000000000000000000005\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, read_text(WRONG[i]));
}

TESTS(TEST(a_record_is_read_as_it_was_written), TEST(a_handle_and_whatever_else_is_passed_over),
      TEST(what_is_missing_malformed_or_there_twice_is_refused))
