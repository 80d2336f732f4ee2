/* SPDX-License-Identifier: MIT */
#include "tests/evm/connector_vectors.h"
#include "evm/address.h"
#include "evm/kms712.h"

enum { MAX_HANDLES = 8 };

/* A decimal number of up to 32 bytes, most significant byte first. */
static abi_word decimal(slice digits)
{
	abi_word w = { 0 };
	for (size_t i = 0; i < digits.n; i++) {
		unsigned carry = digits.p[i] - '0';
		for (int b = 31; b >= 0; b--) {
			carry += w.b[b] * 10u;
			w.b[b] = (uint8_t)carry;
			carry >>= 8;
		}
	}
	return w;
}

static abi_word number(const json_t *j)
{
	return json_is_integer(j) ? abi_u64((uint64_t)json_integer_value(j)) : decimal(json_text(j));
}

static id32 id_of(const json_t *j, const char *name)
{
	id32 id;
	const abi_word w = number(json_member(j, name));
	memcpy(id.b, w.b, 32);
	return id;
}

static eip712_domain domain_of(const json_t *vector)
{
	const json_t *j = json_member(vector, "domain");
	const abi_word chain = number(json_member(j, "chainId"));
	const eip712_domain_parts parts = {
		.name = json_text_of(j, "name"), .version = json_text_of(j, "version"), .chain_id = abi_slice(&chain),
		.contract = json_text_of(j, "verifyingContract"),
	};
	eip712_domain d;
	assert_ok(eip712_domain_read(&d, &parts));
	return d;
}

static size_t handles_of(abi_word out[static MAX_HANDLES], const json_t *list)
{
	const size_t n = json_array_size(list);
	assert_in_range(n, 1, MAX_HANDLES);
	for (size_t i = 0; i < n; i++) {
		AUTO(buf) b = json_hex(json_array_get(list, i));
		assert_ok(kms712_handle(&out[i], buf_slice(&b)));
	}
	return n;
}

static void assert_digest(const json_t *expected, hash32 digest)
{
	uint8_t b[32];
	json_bytes(b, 32, expected);
	assert_memory_equal(digest.b, b, 32);
}

static void public_answers_have_the_digests_and_signatures_of_the_vectors(void **state)
{
	json_t *j = json_vector("kms-service/public_decrypt_eip712.json"), *c, *signature;
	const eip712_domain d = domain_of(j);
	abi_word handles[MAX_HANDLES];
	const size_t n = handles_of(handles, json_member(j, "handles"));
	AUTO(buf) result = json_hex_of(j, "decrypted");
	AUTO(buf) made = { 0 };
	size_t i, k;

	(void)state;
	assert_digest(json_member(j, "domainSeparator"), eip712_separator(&d));
	assert_ok(kms712_put_plaintext(&made, 2, slice_of("\xc8", 1)));
	assert_ok(kms712_put_plaintext(&made, 5, slice_of("\xbe\xba\xfe\xca\xef\xbe\xad\xde", 8)));
	assert_true(slice_eq_var(buf_slice(&made), buf_slice(&result)));

	json_array_foreach(json_member(j, "cases"), i, c) {
		AUTO(buf) extra = json_hex_of(c, "extra");
		const hash32 digest = kms712_public_decrypt(&d, handles, n, buf_slice(&result), buf_slice(&extra));
		assert_digest(json_member(c, "digest"), digest);
		json_array_foreach(json_member(c, "sigs"), k, signature) {
			const json_t *party = json_array_get(json_member(j, "signers"), k);
			uint8_t sk_bytes[32], expected[SECP_RSIG];
			char address[ADDRESS_TEXT];
			secp_sk sk;
			eth_address by;

			json_bytes_of(sk_bytes, 32, party, "sk");
			json_bytes(expected, sizeof expected, signature);
			assert_ok(secp_sk_read(&sk, sk_bytes));
			AUTO(signer) *s = NULL;
			assert_ok(signer_new(&s, &sk, test_rng()));
			const secp_rsig sig = sign_external(s, &digest);
			assert_memory_equal(sig.b, expected, sizeof expected);
			assert_true(sign_external_by_var(&by, &sig, &digest));
			address_text(address, &by);
			assert_true(slice_eq_var(slice_str(address), json_text_of(party, "addr")));
		}
	}
	json_decref(j);
}

static void key_material_has_the_digests_of_the_vectors(void **state)
{
	json_t *j = json_vector("kms-service/keygen_crs_eip712.json"), *cases = json_member(j, "cases");
	const eip712_domain d = domain_of(j);
	AUTO(buf) extra_bytes = json_hex_of(j, "extra");
	const slice extra = buf_slice(&extra_bytes);
	const id32 prep = {{ [0] = 3, [31] = 1 }}, key = {{ [0] = 4, [31] = 1 }}, crs = {{ [0] = 5, [31] = 1 }};
	uint8_t d1[32], d2[32], public_key[869], share[1000];
	abi_word handles[2];

	(void)state;
	memset(d1, 0x11, 32), memset(d2, 0x22, 32);
	memset(handles[0].b, 1, 32), memset(handles[1].b, 2, 32);
	memset(public_key, 0xaa, sizeof public_key), memset(share, 0xbb, sizeof share);
	const kms712_key_digest standard[] = { { KMS712_SERVER_KEY, { d1, 32 } }, { KMS712_PUBLIC_KEY, { d2, 32 } } };
	const kms712_key_digest compressed[] = { { KMS712_PUBLIC_KEY, { d2, 32 } }, { KMS712_COMPRESSED_KEY_SET, { d1, 32 } } };

	assert_digest(json_member(j, "domainSeparator"), eip712_separator(&d));
	assert_digest(json_member(cases, "prep"), kms712_prep_keygen(&d, KMS712_V015, &prep, extra));
	assert_digest(json_member(cases, "keygen_standard"), kms712_keygen(&d, KMS712_V015, &prep, &key, standard, 2, extra));
	assert_digest(json_member(cases, "keygen_compressed"),
	              kms712_keygen(&d, KMS712_V015, &prep, &key, compressed, 2, extra));
	assert_digest(json_member(cases, "crs"), kms712_crsgen(&d, KMS712_V015, &crs, 2048, slice_of(d1, 32), extra));
	assert_digest(json_member(cases, "user_resp"),
	              kms712_user_response(&d, slice_of(public_key, sizeof public_key), handles, 2,
	                                   slice_of(share, sizeof share), extra));
	json_decref(j);
}

static eth_address user_of(const json_t *j)
{
	eth_address a;
	assert_ok(address_parse(&a, "user", json_text_of(j, "user")));
	return a;
}

static void user_answers_have_the_links_and_signers_of_the_vectors(void **state)
{
	json_t *one = json_vector("kms-service/central_user_decrypt.json");
	json_t *four = json_vector("kms-service/threshold_n4_t1_user_decrypt.json");
	const eip712_domain d = domain_of(four);                    /* both were made under this domain */
	abi_word handles[MAX_HANDLES];
	uint8_t signature[SECP_RSIG];
	secp_rsig sig;
	eth_address user, by, node;

	(void)state;
	{
		AUTO(buf) ek = json_hex_of(one, "enc_pk"), handle = json_hex_of(one, "handle"), share = json_hex_of(one, "payload");
		user = user_of(one);
		assert_ok(kms712_handle(&handles[0], buf_slice(&handle)));
		assert_digest(json_member(one, "link"), kms712_link(&d, buf_slice(&ek), handles, 1, &user));
		const hash32 digest = kms712_user_response(&d, buf_slice(&ek), handles, 1, buf_slice(&share), (slice){ 0 });
		json_bytes_of(signature, sizeof signature, one, "external_signature");
		memcpy(sig.b, signature, sizeof sig.b);
		assert_ok(address_parse(&node, "server", json_text_of(one, "server_addr")));
		assert_true(sign_external_by_var(&by, &sig, &digest) && eth_address_eq_var(by, node));
	}
	AUTO(buf) ek = json_hex_of(four, "enc_pk");
	const size_t n = handles_of(handles, json_member(json_member(four, "request"), "ciphertext_handles"));
	user = user_of(four);
	assert_digest(json_member(four, "link"), kms712_link(&d, buf_slice(&ek), handles, n, &user));
	for (size_t i = 0; i < 4; i++) {
		const json_t *r = json_array_get(json_member(four, "responses"), i);
		AUTO(buf) share = json_hex_of(r, "payload");
		const hash32 digest = kms712_user_response(&d, buf_slice(&ek), handles, n, buf_slice(&share), (slice){ 0 });
		json_bytes_of(sig.b, sizeof sig.b, r, "signature");
		assert_ok(address_parse(&node, "server", json_text(json_array_get(json_member(four, "server_addrs"), i))));
		assert_true(sign_external_by_var(&by, &sig, &digest) && eth_address_eq_var(by, node));
	}
	json_decref(one);
	json_decref(four);
}

/* The digest of a vector that was signed for and accepted by real contracts; false if its struct is not a KMS's. */
static bool digest_of(hash32 *out, const json_t *vector)
{
	const eip712_domain d = domain_of(vector);
	const json_t *types = json_member(vector, "types"), *v = json_member(vector, "value");
	const char *type = json_object_iter_key(json_object_iter(json_member(vector, "types")));
	AUTO(buf) extra = { 0 };
	const json_t *extra_data = json_object_get(v, "extraData");
	const kms712_profile profile = extra_data ? KMS712_V015 : KMS712_V011;
	abi_word handles[MAX_HANDLES];

	if (extra_data) extra = json_hex(extra_data);
	if (strcmp(type, "PublicDecryptVerification") == 0) {
		AUTO(buf) result = json_hex_of(v, "decryptedResult");
		const size_t n = handles_of(handles, json_member(v, "ctHandles"));
		*out = kms712_public_decrypt(&d, handles, n, buf_slice(&result), buf_slice(&extra));
	} else if (strcmp(type, "UserDecryptResponseVerification") == 0) {
		AUTO(buf) key = json_hex_of(v, "publicKey"), share = json_hex_of(v, "userDecryptedShare");
		const size_t n = handles_of(handles, json_member(v, "ctHandles"));
		*out = kms712_user_response(&d, buf_slice(&key), handles, n, buf_slice(&share), buf_slice(&extra));
	} else if (strcmp(type, "PrepKeygenVerification") == 0) {
		const id32 prep = id_of(v, "prepKeygenId");
		*out = kms712_prep_keygen(&d, profile, &prep, buf_slice(&extra));
	} else if (json_object_get(types, "KeygenVerification")) {
		const id32 prep = id_of(v, "prepKeygenId"), key = id_of(v, "keyId");
		const json_t *list = json_member(v, "keyDigests");
		kms712_key_digest digests[MAX_KEY_DIGESTS];
		buf bytes[MAX_KEY_DIGESTS];
		const size_t n = json_array_size(list);
		assert_in_range(n, 1, MAX_KEY_DIGESTS);
		for (size_t i = 0; i < n; i++) {
			const json_t *k = json_array_get(list, i);
			bytes[i] = json_hex_of(k, "digest");
			digests[i].type = (kms712_key_type)json_integer_value(json_member(k, "keyType"));
			digests[i].digest = buf_slice(&bytes[i]);
		}
		*out = kms712_keygen(&d, profile, &prep, &key, digests, n, buf_slice(&extra));
		for (size_t i = 0; i < n; i++) buf_free(&bytes[i]);
	} else if (strcmp(type, "CrsgenVerification") == 0) {
		const id32 crs = id_of(v, "crsId");
		AUTO(buf) crs_digest = json_hex_of(v, "crsDigest");
		const uint32_t bits = (uint32_t)json_integer_value(json_member(v, "maxBitLength"));
		*out = kms712_crsgen(&d, profile, &crs, bits, buf_slice(&crs_digest), buf_slice(&extra));
	} else if (json_object_get(v, "durationSeconds")) {
		AUTO(buf) key = json_hex_of(v, "publicKey");
		const json_t *list = json_member(v, "allowedContracts");
		const eth_address user = address_of_json(json_member(v, "userAddress"));
		eth_address allowed[MAX_HANDLES];
		const size_t n = json_array_size(list);
		assert_in_range(n, 1, MAX_HANDLES);
		for (size_t i = 0; i < n; i++) allowed[i] = address_of_json(json_array_get(list, i));
		*out = kms712_user_request(&d, &user, buf_slice(&key), allowed, n, number_of_json(json_member(v, "startTimestamp")),
		                           number_of_json(json_member(v, "durationSeconds")), buf_slice(&extra));
	} else if (json_object_get(v, "durationDays")) {
		AUTO(buf) key = json_hex_of(v, "publicKey");
		const json_t *list = json_member(v, "contractAddresses"), *by = json_object_get(v, "delegatorAddress");
		const eth_address delegator = by ? address_of_json(by) : (eth_address){ 0 };
		const abi_word start = abi_u64(number_of_json(json_member(v, "startTimestamp"))), days = abi_u64(number_of_json(json_member(v, "durationDays")));
		eth_address contracts[MAX_HANDLES];
		const size_t n = json_array_size(list);
		assert_in_range(n, 1, MAX_HANDLES);
		for (size_t i = 0; i < n; i++) contracts[i] = address_of_json(json_array_get(list, i));
		*out = kms712_user_request_v011(&d, buf_slice(&key), contracts, n, by ? &delegator : NULL, &start, &days, buf_slice(&extra));
	} else {
		return false;
	}
	return true;
}

static void what_real_contracts_accepted_has_the_same_digest_here(void **state)
{
	json_t *j = json_vector("connector/eip712_vectors.json"), *vector;
	unsigned checked = 0;
	size_t i;

	(void)state;
	json_array_foreach(j, i, vector) {
		secp_rsig sig;
		eth_address by;
		char address[ADDRESS_TEXT];
		hash32 digest;

		if (!digest_of(&digest, vector)) continue;
		assert_digest(json_member(vector, "digest"), digest);
		json_bytes_of(sig.b, sizeof sig.b, vector, "signature");
		assert_true(sign_external_by_var(&by, &sig, &digest));
		address_text(address, &by);
		assert_true(slice_eq_var(slice_str(address), json_text_of(vector, "signer")));
		checked++;
	}
	assert_true(checked == json_array_size(j));
	json_decref(j);
}

/* Made with ethers' TypedDataEncoder.hash. */
static void the_decompression_key_has_its_own_struct(void **state)
{
	const eip712_domain d = { .name = slice_str("KMSGeneration"), .version = slice_str("1"), .chain_id = abi_u64(1),
	                          .contract = { { 0x11 } } };
	uint8_t expected[32], digest[32];

	(void)state;
	memset(digest, 0x11, 32);
	const hash32 got = kms712_decompression_key(&d, slice_of(digest, 32), slice_of("\0", 1));
	assert_true(hex_read(expected, 32, slice_str("811098dee5e844bd2879f82ed7a296aba87168558c25bed707d172608246c09d")));
	assert_memory_equal(got.b, expected, 32);
}

static void short_handles_are_padded_and_long_ones_refused(void **state)
{
	uint8_t bytes[33] = { 7 };
	abi_word w;

	(void)state;
	assert_ok(kms712_handle(&w, slice_of(bytes, 1)));
	assert_int_equal(w.b[31], 7);
	assert_int_equal(w.b[0], 0);
	assert_ok(kms712_handle(&w, slice_of(bytes, 32)));
	assert_int_equal(w.b[0], 7);
	assert_err(ERR_REQUEST, kms712_handle(&w, slice_of(bytes, 33)));
}

static void plaintexts_become_words_if_they_fit_their_type(void **state)
{
	static const struct { int32_t type; size_t bits; } TYPES[] = {
		{ 0, 1 }, { 2, 8 }, { 3, 16 }, { 4, 32 }, { 5, 64 }, { 6, 128 }, { 7, 160 }, { 8, 256 },
	};
	static const int32_t REFUSED[] = { -1, 1, 9, 10, 11, 12, 1000, INT32_MAX, INT32_MIN };
	uint8_t value[40];

	(void)state;
	for (size_t i = 0; i < COUNT(TYPES); i++) {
		const size_t bits = TYPES[i].bits;
		AUTO(buf) out = { 0 };
		memset(value, 0, sizeof value);
		for (size_t b = 0; b < bits; b++) value[b / 8] |= (uint8_t)(1 << b % 8);
		assert_ok(kms712_put_plaintext(&out, TYPES[i].type, slice_of(value, (bits + 7) / 8)));
		assert_ok(kms712_put_plaintext(&out, TYPES[i].type, slice_of(value, sizeof value)));
		assert_int_equal(out.n, 64);
		for (size_t b = 0; b < 32; b++) assert_int_equal(out.p[31 - b], value[b]);
		assert_memory_equal(out.p, out.p + 32, 32);
		value[bits / 8] |= (uint8_t)(1 << bits % 8);
		assert_err(ERR_REQUEST, kms712_put_plaintext(&out, TYPES[i].type, slice_of(value, sizeof value)));
		assert_int_equal(out.n, 64);
	}
	for (size_t i = 0; i < COUNT(REFUSED); i++) {
		AUTO(buf) out = { 0 };
		assert_err(ERR_REQUEST, kms712_put_plaintext(&out, REFUSED[i], slice_of(value, 1)));
	}
}

TESTS(TEST(public_answers_have_the_digests_and_signatures_of_the_vectors), TEST(key_material_has_the_digests_of_the_vectors),
      TEST(user_answers_have_the_links_and_signers_of_the_vectors),
      TEST(what_real_contracts_accepted_has_the_same_digest_here), TEST(the_decompression_key_has_its_own_struct),
      TEST(short_handles_are_padded_and_long_ones_refused), TEST(plaintexts_become_words_if_they_fit_their_type))
