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

/* Their own bytes again, and nothing else: not cut, longer, of another type, or with a byte changed so that it could be written otherwise. */
static void what_was_written_is_read_and_nothing_else(void **state)
{
	AUTO(buf) raw = { 0 }, data = { 0 };
	AUTO(signer) *by = NULL;
	secp_sk sk;

	(void)state;
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&by, &sk, test_rng()));
	for (unsigned i = 0; i < 60; i++) {
		const evm_tx tx = { .chain_id = 31337, .nonce = test_below(1u << i % 30), .gas = test_below(1u << 30), .max_fee = test_below(300), .max_priority_fee = i % 2,
		                    .value = i % 3 ? 0 : rng_u64(test_rng()), .to.b = { (uint8_t)i }, .data = buf_slice(&data) };
		evm_tx got;
		secp_rsig sig;
		eth_address found;
		AUTO(buf) again = { 0 };

		buf_clear(&raw);
		tx_sign(&raw, &tx, by);
		assert_true(tx_read(&got, &sig, buf_slice(&raw)));
		assert_true(got.nonce == tx.nonce && got.gas == tx.gas && got.value == tx.value && eth_address_eq_var(got.to, tx.to));
		assert_true(slice_eq_var(got.data, tx.data));
		const hash32 digest = tx_digest(&got);
		assert_true(sign_external_by_var(&found, &sig, &digest) && eth_address_eq_var(found, *signer_address(by)));
		for (size_t n = 0; n < raw.n; n++) assert_false(tx_read(&got, &sig, slice_of(raw.p, n)));
		for (size_t at = 0; at < raw.n; at++) {
			raw.p[at] ^= (uint8_t)(1u << i % 8);
			buf_clear(&again);
			if (tx_read(&got, &sig, buf_slice(&raw))) tx_write(&again, &got, &sig);
			assert_true(again.n == 0 || slice_eq_var(buf_slice(&again), buf_slice(&raw)));
			raw.p[at] ^= (uint8_t)(1u << i % 8);
		}
		buf_put_u8(&raw, 0);
		assert_false(tx_read(&got, &sig, buf_slice(&raw)));
		for (unsigned k = 0; k <= i; k++) buf_put_u8(&data, (uint8_t)(i + k));
	}
}

static void what_could_be_written_otherwise_is_not_read(void **state)
{
	static const struct { const char *bytes; size_t n; } BAD[] = {
		{ "", 0 }, { "\x81\x7f", 2 }, { "\xb8\x01z", 3 }, { "\xb9\x00\x38", 3 }, { "\xb8", 1 }, { "\x83""do", 3 }, { "\xc0", 1 }, { "\xbf\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
	};
	slice s, rest;
	uint64_t x;

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		rest = slice_of(BAD[i].bytes, BAD[i].n);
		assert_false(rlp_take_bytes(&s, &rest));
		assert_int_equal(rest.n, BAD[i].n);
	}
	rest = slice_of("\x82\x00\x01", 3);
	assert_false(rlp_take_u64(&x, &rest));
	rest = slice_of("\xf8\x01\x05", 3);
	assert_false(rlp_take_list(&s, &rest));
	rest = slice_of("\x82\x04\x00\xc1\x05", 5);
	assert_true(rlp_take_u64(&x, &rest) && x == 1024 && rlp_take_list(&s, &rest) && s.n == 1 && rest.n == 0);
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

/* Made by ethers 6.17 with the second account of the test mnemonic: the sender delegates to 22..22 on chain 31337. */
static void a_sender_that_delegates_signs_what_ethers_signs(void **state)
{
	static const struct { uint64_t nonce; const char *authorized, *raw; } ROWS[] = {
		{ 0, "07eedff6489ea5716359f3cbed5ca57078012d973203ed76d5bc06f3932fbb4c",
		  "04f8c6827a69800a81c8830186a09470997970c51812dc3a010c7d01b50e0d17dc79c88080c0f85ef85c827a699422222222222222222222222222222222222222220180a0f671ef"
		  "de839f9f3e1194f518890646c8e575a2f2fbd678a6bfcb7ce5bfef8cb8a00a6970a4f14f3ee45b35446a930aabb3e2b6b730c541ebc2d7357739d109281f01a0b47c0efef9cf23f8"
		  "88ed1a49dfbfc730aa8a617d2e771714ca96b0cefdabc20ca032339502912f2870a752c0912aa9011470a027aed24b6aba716a9cb2f059cff6" },
		{ 127, "6e26cd522f488772897bdc9c72d1f82a7bb22d1ad7672d882c1badbfbaff0d00",
		  "04f8c7827a697f0a81c8830186a09470997970c51812dc3a010c7d01b50e0d17dc79c88080c0f85ff85d827a6994222222222222222222222222222222222222222281800"
		  "1a05674e7f062f4af15fa64fb285cfd773798dc7bbb43faf2b940d63755d075acd8a04e4f6887d895289165c989f2603277bfbdf9e9d42a4b78bf46a380d0df643e0580a04aa194f"
		  "0a655695780dfba1eb6b9b648728027fe48a989259951f5133fa7fb0ea01870a58309dfc39d357cb20673687c3f464fd34b92ced35e22f8de6f59dad481" },
		{ 300, "cad0ff33b8b613548240a11dee199eb53825e591c4462b1f0e15719c973c5c26",
		  "04f8ca827a6982012c0a81c8830186a09470997970c51812dc3a010c7d01b50e0d17dc79c88080c0f860f85e827a6994222222222222222222222222222222222222222282012d80a0"
		  "c858e3dfd89a9486279c04740a95907f912a3e4cf251ab263c02efff3114e0d9a00829b5871ce9ece8f58cb8c8c8e5710ffe65bdf4022b2a182d9eaf7b801f8c6d01a06793f6593472"
		  "fdbe37831480ee4eefda4b871559afdf79e0cfd43c65b4f9ad3ba02e4a76febcd163215573ab194d4a3d6d1b63b4997b64aa012b939903bab326ef" },
	};
	AUTO(signer) *by = NULL;
	secp_sk sk;

	(void)state;
	assert_true(hex_read(sk.b, sizeof sk.b, slice_str("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")));
	assert_ok(signer_new(&by, &sk, test_rng()));
	for (unsigned i = 0; i < COUNT(ROWS); i++) {
		AUTO(buf) raw = { 0 }, expected = { 0 };
		evm_tx got, tx = { .chain_id = 31337, .nonce = ROWS[i].nonce, .gas = 100000, .max_fee = 200, .max_priority_fee = 10, .to = *signer_address(by), .delegates = true };
		secp_rsig sig;
		uint8_t digest[32];

		memset(tx.executor.b, 0x22, sizeof tx.executor.b);
		assert_true(hex_read(digest, sizeof digest, slice_str(ROWS[i].authorized)) && hex_read_all(&expected, slice_str(ROWS[i].raw)));
		const hash32 authorized = tx_authorization_digest(&tx);
		assert_memory_equal(authorized.b, digest, sizeof digest);
		tx.authorization = sign_external(by, &authorized);
		tx_sign(&raw, &tx, by);
		assert_true(slice_eq_var(buf_slice(&raw), buf_slice(&expected)));
		assert_true(tx_read(&got, &sig, buf_slice(&raw)) && got.delegates && eth_address_eq_var(got.executor, tx.executor));
		assert_memory_equal(got.authorization.b, tx.authorization.b, sizeof tx.authorization.b);
		for (size_t n = 0; n < raw.n; n++) assert_false(tx_read(&got, &sig, slice_of(raw.p, n)));
	}
}

TESTS(TEST(recorded_transactions_are_signed_byte_for_byte), TEST(published_examples_of_rlp),
      TEST(a_number_that_grows_by_a_byte_has_no_leading_zero), TEST(a_signature_from_elsewhere_gives_the_same_bytes),
      TEST(what_was_written_is_read_and_nothing_else), TEST(what_could_be_written_otherwise_is_not_read), TEST(a_sender_that_delegates_signs_what_ethers_signs))
