/* SPDX-License-Identifier: MIT */
#include "tests/evm/connector_vectors.h"
#include "evm/rlp.h"
#include "evm/tx.h"

/* Accounts of the mnemonic that the recordings were made with, which is published with those contracts. */
static const struct { const char *address, *key; } ACCOUNTS[] = {
	{ "fCefe53c7012a075b8a711df391100d9c431c468", "7136d8dc72f873124f4eded25f3525a20f6cee4296564c76b44f1d582c57640f" },
	{ "c1d91b49A1B3D1324E93F86778C44a03f1063f1b", "2e014a0b381171ae1ec813ccb82e1d9fed7e6cf2d860844e43e4ac072bf0e50a" },
	{ "8B8f5091f8b9817EF69cFC1E8B2f721BafF60DF4", "7697c90f7863e6057fbe25674464e14b57f2c670b1a8ee0f60fb87eb9b615c4d" },
	{ "9FE8958A2920985AC7ab8d320fDFaB310135a05B", "f97d15acb73216ff35d8f1520f326138d5dcf9d1834f48386c7c0ed0d2adb0d5" },
	{ "c45994e4098271c3140117ebD5c74C70dd56D9cd", "2d24c36c57e6bfbf90c43173481cc00edcbd1a3922de5e5fdb9aba5fc4e0fafd" },
	{ "D75E59BF1DB5FB8bA7B3EEB75AcF1035f43ca3ad", "55c7e64a1e153d667b2ce7489b62e0c6d5716fcb016ab6dd324decccf4d2cb2f" },
};

static signer *signer_of(const json_t *address)
{
	const eth_address a = address_of_json(address);
	uint8_t expected[20];
	signer *s = NULL;
	secp_sk sk;

	for (size_t i = 0; i < COUNT(ACCOUNTS); i++) {
		assert_true(hex_read(expected, sizeof expected, slice_str(ACCOUNTS[i].address)));
		if (memcmp(expected, a.b, sizeof expected) != 0) continue;
		assert_true(hex_read(sk.b, sizeof sk.b, slice_str(ACCOUNTS[i].key)));
		assert_ok(signer_new(&s, &sk, test_rng()));
		assert_true(eth_address_eq_var(*signer_address(s), a));
		return s;
	}
	fail_msg("the recordings have an account that is not in the list");
	return NULL;
}

static void recorded(const json_t *t)
{
	const json_t *u = json_member(t, "unsigned_tx"), *sent = json_member(json_member(json_member(t, "sendRawTransaction"), "response"), "result");
	AUTO(buf) data = json_hex_of(u, "data"), expected = json_hex_of(t, "raw_tx"), raw = { 0 };
	AUTO(signer) *by = signer_of(json_member(t, "from"));
	const evm_tx tx = {
		.chain_id = number_of_json(json_member(u, "chainId")), .nonce = number_of_json(json_member(u, "nonce")),
		.gas = number_of_json(json_member(u, "gasLimit")), .max_fee = number_of_json(json_member(u, "maxFeePerGas")),
		.max_priority_fee = number_of_json(json_member(u, "maxPriorityFeePerGas")),
		.to = address_of_json(json_member(u, "to")), .data = buf_slice(&data),
	};
	uint8_t hash[32];

	tx_sign(&raw, &tx, by);
	assert_int_equal(raw.n, expected.n);
	assert_memory_equal(raw.p, expected.p, raw.n);
	json_bytes(hash, sizeof hash, sent);
	const hash32 h = tx_hash(buf_slice(&raw));
	assert_memory_equal(h.b, hash, sizeof hash);
}

static void recorded_transactions_are_signed_byte_for_byte(void **state)
{
	static const char *const FILES[] = { "connector/v0.11-seed/responses_txs.json", "connector/v0.11-seed/requests_txs.json" };
	size_t n = 0, i;
	json_t *t;

	(void)state;
	for (size_t f = 0; f < COUNT(FILES); f++) {
		json_t *all = json_vector(FILES[f]);
		json_array_foreach(all, i, t)
			if (json_object_get(t, "raw_tx")) recorded(t), n++;
		json_decref(all);
	}
	assert_true(n >= 20);
}

/* The examples of the Yellow Paper's appendix and of the wiki on RLP. */
static void published_examples_of_rlp(void **state)
{
	static const char LOREM[] = "Lorem ipsum dolor sit amet, consectetur adipisicing elit";
	AUTO(buf) out = { 0 }, inner = { 0 };

	(void)state;
	rlp_put_bytes(&out, slice_str("dog"));
	rlp_put_bytes(&out, slice_str(""));
	rlp_put_bytes(&out, slice_of("\x0f", 1));
	rlp_put_u64(&out, 0);
	rlp_put_u64(&out, 1024);
	rlp_put_number(&out, slice_of("\0\0\x80", 3));
	assert_int_equal(out.n, 4 + 1 + 1 + 1 + 3 + 2);
	assert_memory_equal(out.p, "\x83" "dog\x80\x0f\x80\x82\x04\x00\x81\x80", out.n);

	buf_clear(&out);
	rlp_put_bytes(&inner, slice_str("cat"));
	rlp_put_bytes(&inner, slice_str("dog"));
	rlp_put_list(&out, buf_slice(&inner));
	assert_memory_equal(out.p, "\xc8\x83" "cat\x83" "dog", 9);

	buf_clear(&out);
	rlp_put_bytes(&out, slice_str(LOREM));
	assert_int_equal(out.n, 2 + sizeof LOREM - 1);
	assert_memory_equal(out.p, "\xb8\x38Lorem", 7);
}

static void a_number_that_grows_by_a_byte_has_no_leading_zero(void **state)
{
	AUTO(buf) out = { 0 };

	(void)state;
	for (unsigned bits = 7; bits < 64; bits++) {
		const uint64_t x = UINT64_C(1) << bits;
		buf_clear(&out);
		rlp_put_u64(&out, x);
		assert_int_equal(out.n, 1 + bits / 8 + 1);
		assert_int_equal(out.p[0], 0x80 + bits / 8 + 1);
		assert_int_equal(out.p[1], 1u << bits % 8);
	}
}

/* A signature may come from elsewhere: what it is made over, and what is sent with it. */
static void a_signature_from_elsewhere_gives_the_same_bytes(void **state)
{
	AUTO(buf) mine = { 0 }, theirs = { 0 };
	AUTO(signer) *by = NULL;
	const evm_tx tx = { .chain_id = 1, .nonce = 7, .gas = 21000, .max_fee = 3, .max_priority_fee = 2, .value = 5 };
	eth_address found;
	secp_sk sk;

	(void)state;
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&by, &sk, test_rng()));
	const hash32 digest = tx_digest(&tx);
	const secp_rsig sig = sign_external(by, &digest);
	assert_true(sign_external_by_var(&found, &sig, &digest) && eth_address_eq_var(found, *signer_address(by)));
	tx_write(&theirs, &tx, &sig);
	tx_sign(&mine, &tx, by);
	assert_true(slice_eq_var(buf_slice(&mine), buf_slice(&theirs)));
}

TESTS(TEST(recorded_transactions_are_signed_byte_for_byte), TEST(published_examples_of_rlp),
      TEST(a_number_that_grows_by_a_byte_has_no_leading_zero), TEST(a_signature_from_elsewhere_gives_the_same_bytes))
