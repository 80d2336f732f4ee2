/* SPDX-License-Identifier: MIT */
#include "tests/evm/connector_vectors.h"
#include "tests/kat/kat.h"
#include "evm/kms_calls.h"

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void put_recorded(buf *out, const char *function, const json_t *args)
{
	AUTO(buf) b1 = { 0 }, b2 = { 0 }, b3 = { 0 }, d0 = { 0 }, d1 = { 0 };
	const id32 id = id_of_decimal(json_array_get(args, 0));

	if (strcmp(function, "keygenResponse") == 0) {
		const json_t *list = json_array_get(args, 1);
		d0 = json_hex(json_array_get(json_array_get(list, 0), 1)), d1 = json_hex(json_array_get(json_array_get(list, 1), 1));
		b1 = json_hex(json_array_get(args, 2));
		const kms712_key_digest digests[] = { { KMS712_SERVER_KEY, buf_slice(&d0) }, { KMS712_PUBLIC_KEY, buf_slice(&d1) } };
		assert_int_equal(json_array_size(list), 2);
		call_keygen_response(out, &id, digests, 2, buf_slice(&b1));
		return;
	}
	b1 = json_hex(json_array_get(args, 1));
	if (strcmp(function, "prepKeygenResponse") == 0) {
		call_prep_keygen_response(out, &id, buf_slice(&b1));
		return;
	}
	b2 = json_hex(json_array_get(args, 2));
	if (strcmp(function, "crsgenResponse") == 0) {
		call_crsgen_response(out, &id, buf_slice(&b1), buf_slice(&b2));
		return;
	}
	b3 = json_hex(json_array_get(args, 3));
	if (strcmp(function, "publicDecryptionResponse") == 0)
		call_public_response(out, &id, buf_slice(&b1), buf_slice(&b2), buf_slice(&b3));
	else if (strcmp(function, "userDecryptionResponse") == 0)
		call_user_response(out, &id, buf_slice(&b1), buf_slice(&b2), buf_slice(&b3));
}

static void recorded_answers_are_made_byte_for_byte(void **state)
{
	json_t *all = json_vector("connector/v0.11-seed/responses_txs.json"), *t;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(all, i, t) {
		if (!json_object_get(t, "fn")) continue;
		AUTO(buf) expected = json_hex_of(t, "data"), data = { 0 };
		put_recorded(&data, json_string_value(json_member(t, "fn")), json_member(t, "args"));
		assert_true(slice_eq_var(buf_slice(&data), buf_slice(&expected)));
		n++;
	}
	assert_int_equal(n, 16);
	json_decref(all);
}

static slice filled(uint8_t *bytes, size_t n, uint8_t b)
{
	memset(bytes, b, n);
	return slice_of(bytes, n);
}

static id32 id_filled(uint8_t b)
{
	id32 id;
	(void)filled(id.b, sizeof id.b, b);
	return id;
}

static buf kat_call(const char *name) { return kat_data_of("kms_v015.kat", name); }

static void confirmations_are_made_byte_for_byte(void **state)
{
	AUTO(buf) context = kat_call("confirm context"), epoch = kat_call("confirm epoch"), valid = kat_call("signature valid");
	AUTO(buf) mine = { 0 }, my_epoch = { 0 }, my_valid = { 0 };
	uint8_t s[65], d1[32], d2[32], d3[32];
	const slice sig = filled(s, sizeof s, 0x55);
	const id32 id7 = id_filled(7), id8 = id_filled(8);
	const kms712_key_digest digests[] = {
		{ KMS712_SERVER_KEY, filled(d1, 32, 0x91) }, { KMS712_COMPRESSED_KEY_SET, filled(d2, 32, 0x92) },
	};
	const call_epoch_key keys[] = { { id_filled(0x61), id_filled(0x62), digests, 2, sig }, { id_filled(0x64), id_filled(0x65), NULL, 0, { 0 } } };
	const call_epoch_crs crs[] = { { id_filled(0x63), abi_u64(2048), filled(d3, 32, 0x93), sig } };
	hash32 digest;

	(void)state;
	call_confirm_context(&mine, &id7);
	assert_true(slice_eq_var(buf_slice(&mine), buf_slice(&context)));
	call_confirm_epoch(&my_epoch, &id8, keys, 2, crs, 1);
	assert_true(slice_eq_var(buf_slice(&my_epoch), buf_slice(&epoch)));
	(void)filled(digest.b, 32, 0x11);
	call_signature_valid(&my_valid, &digest, sig);
	assert_true(slice_eq_var(buf_slice(&my_valid), buf_slice(&valid)));
}

/* ---- reads ------------------------------------------------------------------------------------------------------ */

static const char *const ABIS[] = { "connector/abi/v0.11-gateway.json", "connector/abi/v0.15-gateway.json", "connector/abi/v0.15-host.json" };

static void selectors_are_the_hashes_of_signatures_in_the_abis(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_CALL_READS; i++) {
		const hash32 h = keccak256(slice_str(CALL_READS[i].signature));
		const char *contract;
		bool found = false;
		json_t *members;

		assert_int_equal((uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 | (uint32_t)h.b[2] << 8 | h.b[3], CALL_READS[i].selector);
		for (size_t f = 0; f < COUNT(ABIS); f++) {
			json_t *all = json_vector(ABIS[f]);
			json_object_foreach(all, contract, members)
				found |= json_object_get(json_member(members, "functions"), CALL_READS[i].signature) != NULL;
			json_decref(all);
		}
		if (!found) fail_msg("no contract has %s", CALL_READS[i].signature);
	}
}

static buf answer_to(const json_t *reads, const char *name)
{
	return json_hex_of(json_member(json_member(reads, name), "response"), "result");
}

static slice question_in(const json_t *reads, const char *name)
{
	const json_t *params = json_member(json_member(json_member(reads, name), "request"), "params");
	return json_text_of(json_array_get(params, 0), "data");
}

static void recorded_reads_are_asked_and_understood(void **state)
{
	json_t *reads = json_vector("connector/v0.11-seed/reads_gateway.json");
	AUTO(buf) done = answer_to(reads, "Decryption.isDecryptionDone"), asked = { 0 }, expected = { 0 };
	AUTO(buf) coprocessor = answer_to(reads, "GatewayConfig.getCoprocessor"), node = answer_to(reads, "GatewayConfig.getKmsNode");
	AUTO(buf) threshold = answer_to(reads, "GatewayConfig.getKmsGenThreshold"), signers = answer_to(reads, "GatewayConfig.getKmsSigners");
	AUTO(buf) crs = answer_to(reads, "KMSGeneration.getCrsMaterials");
	const id32 id = counted_id(1, 1);
	const eth_address *all;
	arena memory = arena_with_limit(1 << 16);
	abi_word w;
	call_party party;
	uint64_t number;
	slice digest;
	size_t n;
	bool yes = false;

	(void)state;
	memcpy(w.b, id.b, sizeof w.b);
	call_read_put(&asked, READ_DECRYPTION_DONE, &w, 1);
	assert_true(hex_read_all(&expected, question_in(reads, "Decryption.isDecryptionDone")));
	assert_true(slice_eq_var(buf_slice(&asked), buf_slice(&expected)));
	assert_ok(call_read_bool(&yes, READ_DECRYPTION_DONE, buf_slice(&done)));
	assert_true(yes);
	assert_ok(call_read_party(&party, READ_COPROCESSOR, buf_slice(&coprocessor)));
	assert_true(slice_eq_var(party.url, json_text(json_array_get(json_array_get(json_member(json_member(reads, "GatewayConfig.getCoprocessor"), "decoded"), 0), 2))));
	assert_ok(call_read_party(&party, READ_KMS_NODE, buf_slice(&node)));
	assert_true(eth_address_eq_var(party.signer, address_of_json(json_array_get(json_array_get(json_member(json_member(reads, "GatewayConfig.getKmsNode"), "decoded"), 0), 1))));
	assert_true(party.url.n > 0);
	assert_ok(call_read_u64(&number, READ_GENERATION_THRESHOLD, buf_slice(&threshold)));
	assert_int_equal(number, 3);
	assert_ok(call_read_addresses(&all, &n, &memory, READ_KMS_SIGNERS, buf_slice(&signers)));
	assert_int_equal(n, 4);
	assert_true(eth_address_eq_var(all[0], party.signer));
	assert_ok(call_read_crs_digest(&digest, buf_slice(&crs)));
	assert_int_equal(digest.n, 32);
	arena_free(&memory);
	json_decref(reads);
}

static void an_address_without_a_contract_is_told_from_a_no(void **state)
{
	static const uint8_t NO[32];
	bool yes = true;

	(void)state;
	assert_ok(call_read_bool(&yes, READ_ALLOWED, slice_of(NO, 32)));
	assert_false(yes);
	assert_err(ERR_REQUEST, call_read_bool(&yes, READ_ALLOWED, (slice){ 0 }));
	assert_err(ERR_REQUEST, call_read_bool(&yes, READ_ALLOWED, slice_of(NO, 31)));
}

static void a_domain_is_read_as_a_contract_gives_it(void **state)
{
	AUTO(buf) answer = { 0 };
	const eth_address contract = { { 9 } };
	abi_word members = { { 0x0f } }, none = { 0 };
	eip712_domain d;

	(void)state;
	abi_frame f = abi_tuple(&answer, 7);
	abi_put(&f, &members);
	abi_put_bytes(&f, slice_str("Decryption"));
	abi_put_bytes(&f, slice_str("1"));
	abi_put_u64(&f, 54321);
	abi_put_address(&f, &contract);
	abi_put(&f, &none);
	(void)abi_put_list(&f, 0, 1);
	assert_ok(call_read_domain(&d, buf_slice(&answer)));
	assert_true(slice_eq_var(d.name, slice_str("Decryption")) && d.chain_id.b[31] == 0x31 && d.contract.b[0] == 9 && !d.salted);
	answer.p[0] = 0x07;
	assert_err(ERR_REQUEST, call_read_domain(&d, buf_slice(&answer)));
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static void users_calls_are_read(void **state)
{
	json_t *asked = json_vector("connector/v0.11-seed/requests_txs.json");
	AUTO(buf) direct = json_hex_of(json_array_get(asked, 2), "data"), delegated = kat_call("delegated request");
	arena memory = arena_with_limit(1 << 16);
	const json_t *args = json_member(json_array_get(asked, 2), "args");
	call_user_request u;

	(void)state;
	assert_ok(call_user_request_read(&u, &memory, buf_slice(&direct)));
	assert_true(!u.delegated && u.n == 1 && u.chain_id == 2025 && u.pair[0].contract.b[19] == 0xaa);
	assert_true(eth_address_eq_var(u.user, address_of_json(json_array_get(args, 3))));
	assert_true(u.contracts == 1 && u.contract[0].b[19] == 0xaa && u.days.b[31] == 10 && u.signature.n == 65 && u.extra_data.n == 1);
	{
		AUTO(buf) key = json_hex(json_array_get(args, 4));
		assert_true(slice_eq_var(u.public_key, buf_slice(&key)));
	}
	assert_ok(call_user_request_read(&u, &memory, buf_slice(&delegated)));
	assert_true(u.delegated && u.n == 2 && u.chain_id == 2025 && u.delegator.b[0] == 0x25 && u.user.b[0] == 0x26);
	assert_true(u.pair[1].handle.b[0] == 0x12 && u.pair[1].contract.b[0] == 0x42);
	assert_true(u.contracts == 2 && u.contract[1].b[0] == 0x42 && u.days.b[31] == 7 && u.public_key.n == 33 && u.public_key.p[0] == 0x31);
	for (size_t n = 0; n < delegated.n - 4 * 32; n += 7)
		if (n < 4 || n < 4 + 5 * 32) assert_err(ERR_REQUEST, call_user_request_read(&u, &memory, slice_of(delegated.p, n)));
	direct.p[0] ^= 1;
	assert_err(ERR_REQUEST, call_user_request_read(&u, &memory, buf_slice(&direct)));
	arena_free(&memory);
	json_decref(asked);
}

TESTS(TEST(recorded_answers_are_made_byte_for_byte), TEST(confirmations_are_made_byte_for_byte),
      TEST(selectors_are_the_hashes_of_signatures_in_the_abis), TEST(recorded_reads_are_asked_and_understood),
      TEST(an_address_without_a_contract_is_told_from_a_no), TEST(a_domain_is_read_as_a_contract_gives_it), TEST(users_calls_are_read))
