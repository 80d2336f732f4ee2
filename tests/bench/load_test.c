/* SPDX-License-Identifier: MIT */
/* tests/bench/load_test.c -- a load's requests are what contracts make, and only the right answers count; the chain that plays them. */
#include <jansson.h>
#include "base/hex.h"
#include "bench/stub_chain.h"
#include "evm/kms_events.h"
#include "tests/test.h"

enum { REQUESTS = 3, BYTES = 200 };

static load *new_load(void)
{
	load *l = NULL;
	assert_ok(load_new(&l, REQUESTS, BYTES));
	return l;
}

static void digest_text(char out[static 65], const load *l, size_t i)
{
	hex_write(out, hash32_slice(&l->digest[i]));
}

static void ciphertexts_are_distinct_and_found_by_their_digests(void **state)
{
	(void)state;
	load *l = new_load();
	char name[65];
	size_t found;

	for (size_t i = 0; i < REQUESTS; i++) {
		AUTO(buf) bytes = { 0 };
		load_put_ciphertext(&bytes, l, i);
		assert_int_equal(bytes.n, BYTES);
		assert_true(hash32_eq_var(keccak256(buf_slice(&bytes)), l->digest[i]));
		digest_text(name, l, i);
		assert_true(load_find_digest(&found, l, slice_str(name)) && found == i);
		assert_true(i == 0 || !hash32_eq_var(l->digest[i], l->digest[i - 1]));
	}
	name[0] ^= 1;
	assert_false(load_find_digest(&found, l, slice_str(name)));
	load_free(&l);
}

static void a_log_is_the_event_of_a_contract(void **state)
{
	(void)state;
	arena memory = arena_with_limit(1 << 20);
	load *l = new_load();
	AUTO(buf) data = { 0 };
	kms_event event;
	id32 id;

	load_id(&id, 1);
	load_put_log_data(&data, l, 1);
	evm_log log = { .address = l->decryption, .n_topics = 2, .data = buf_slice(&data) };
	for (size_t i = 0; i < N_KMS_EVENTS; i++)
		if (KMS_EVENTS[i].kind == KMS_PUBLIC_DECRYPTION && KMS_EVENTS[i].profile == KMS_GATEWAY) memcpy(log.topic[0].b, KMS_EVENTS[i].topic, 32);
	memcpy(log.topic[1].b, id.b, sizeof id.b);
	assert_ok(kms_event_read(&event, &memory, kms_event_find(KMS_GATEWAY, &log), &log));
	assert_true(id_eq_var(&event.id, &id) && event.decryption.n == 1 && event.decryption.ciphertext[0].n_holders == 1);
	assert_memory_equal(event.decryption.ciphertext[0].digest.b, l->digest[1].b, 32);
	arena_free(&memory);
	load_free(&l);
}

/* A transaction of this signer with the answer to request `answer`, marked as that of request `as`. */
static void transaction(buf *out, const load *l, const signer *by, size_t answer, size_t as, uint64_t nonce)
{
	AUTO(buf) data = { 0 };
	id32 id;

	load_put_call(&data, l, answer);
	load_id(&id, as);
	memcpy(data.p + 4, id.b, sizeof id.b);
	const evm_tx tx = { .chain_id = LOAD_CHAIN, .nonce = nonce, .gas = 300000, .max_fee = 7, .to = l->decryption, .data = buf_slice(&data) };
	tx_sign(out, &tx, by);
}

static void only_the_wallet_s_transaction_with_the_right_answer_counts(void **state)
{
	(void)state;
	load *l = new_load();
	AUTO(buf) good = { 0 }, other = { 0 }, foreign = { 0 };
	uint64_t nonce;
	size_t i;

	transaction(&good, l, l->wallet, 2, 2, 300);
	transaction(&other, l, l->wallet, 1, 2, 300);
	transaction(&foreign, l, l->node, 2, 2, 300);
	assert_ok(load_check_tx(&i, &nonce, l, buf_slice(&good), true));
	assert_true(i == 2 && nonce == 300);
	assert_err(ERR_INTERNAL, load_check_tx(&i, &nonce, l, buf_slice(&other), true));
	assert_err(ERR_INTERNAL, load_check_tx(&i, &nonce, l, buf_slice(&foreign), true));
	for (size_t n = 0; n < good.n; n++) assert_err(ERR_INTERNAL, load_check_tx(&i, &nonce, l, slice_of(good.p, n), true));
	load_free(&l);
}

/* Asks the chain one question: the text of its result, "error" for an error. */
static void ask(char out[static 128], stub_chain *c, const char *method, const char *params)
{
	AUTO(buf) question = { 0 }, answer = { 0 };

	buf_printf(&question, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}", method, params);
	stub_chain_answer(c, &answer, buf_slice(&question));
	json_t *j = json_loadb((const char *)answer.p, answer.n, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(j, "id")), 7);
	const char *text = json_string_value(json_object_get(j, "result"));
	snprintf(out, 128, "%s", json_object_get(j, "error") ? "error" : text ? text : "");
	json_decref(j);
}

static void send(char out[static 128], stub_chain *c, const load *l, size_t i, uint64_t nonce)
{
	AUTO(buf) raw = { 0 }, params = { 0 };

	transaction(&raw, l, l->wallet, i, i, nonce);
	buf_put_str(&params, "[\"0x"), buf_put_hex(&params, buf_slice(&raw)), buf_put_str(&params, "\"]");
	ask(out, c, "eth_sendRawTransaction", buf_str(&params));
}

static void a_chain_takes_each_answer_once_and_numbers_in_order(void **state)
{
	(void)state;
	load *l = new_load();
	stub_chain *c = NULL;
	char text[128];

	assert_ok(stub_chain_new(&c, l, "http://bucket"));
	send(text, c, l, 0, 1);
	assert_string_equal(text, "error");
	send(text, c, l, 0, 0);
	assert_int_equal(strlen(text), 66);
	send(text, c, l, 0, 1);
	assert_string_equal(text, "error");
	send(text, c, l, 2, 1);
	assert_int_equal(strlen(text), 66);
	assert_int_equal(stub_chain_done(c), 2);
	ask(text, c, "eth_getTransactionCount", "[\"0x00\",\"pending\"]");
	assert_string_equal(text, "0x2");
	ask(text, c, "eth_getTransactionCount", "[\"0x00\",\"latest\"]");
	assert_string_equal(text, "0x0");
	assert_ok(stub_chain_verify(c));
	stub_chain_free(&c);
	load_free(&l);
}

TESTS(TEST(ciphertexts_are_distinct_and_found_by_their_digests), TEST(a_log_is_the_event_of_a_contract),
      TEST(only_the_wallet_s_transaction_with_the_right_answer_counts), TEST(a_chain_takes_each_answer_once_and_numbers_in_order))
