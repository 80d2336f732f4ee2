/* SPDX-License-Identifier: MIT */
/*
 * The program as its clients see it: a child process, gRPC and HTTP, real keys and ciphertexts of the test parameters.
 * One node and one key serve most tests; those that stop the node start it again.
 */
#include <metastore-status.v1.pb-c.h>
#include <health.pb-c.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/hex.h"
#include "evm/address.h"
#include "evm/kms712.h"
#include "lattice/compress.h"
#include "rpc/fetch.h"
#include "seal/signcrypt.h"
#include "tests/node/client.h"
#include "vault/signing_key.h"

static const int TYPES[] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_UINT64, FHE_UINT128, FHE_ADDRESS, FHE_UINT256 };
enum { N_TYPES = COUNT(TYPES), N_ITEMS = N_TYPES * CT_FORMATS };

static struct world {
	void  *folder;
	child  node;
	id32   prep, key;
	plaintext value[N_TYPES];
	buf    file[CT_FORMATS][N_TYPES];
	client_item item[N_ITEMS];           /* by format, then type */
	uint8_t handle[N_ITEMS][32];
} w;

/* ---- setting up --------------------------------------------------------------------------------------------- */

static buf published(const char *type, const id32 *id)
{
	char url[256], text[ID_TEXT];
	buf b = { 0 };

	id_text(text, id);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/%s/%s", w.node.http, type, text);
	assert_ok(fetch_url(&b, url, (size_t)1 << 30, 60000));
	return b;
}

static err keep_file(void *ctx, size_t i, const fhe_type *type, slice file)
{
	const ct_format *format = ctx;
	assert_non_null(type);
	buf_put_slice(&w.file[*format][i], file);
	return OK;
}

static void make_values(void)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		w.value[i].type = fhe_type_by_number_var(TYPES[i]);
		rng_fill(test_rng(), w.value[i].bytes, w.value[i].type->bytes);
		if (TYPES[i] == FHE_BOOL) w.value[i].bytes[0] &= 1;
	}
}

static void make_ciphertexts(void)
{
	buf list = { 0 }, pk_file = published("PublicKey", &w.key), keyset = published("CompressedXofKeySet", &w.key);
	seeded_keyset set;
	slice tag;

	assert_ok(tkms_encrypt(&list, buf_slice(&pk_file), w.value, N_TYPES, test_rng()));
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&keyset)));
	assert_true(slice_eq_var(tag, id_slice(&w.key)));
	for (ct_format f = 0; f < CT_FORMATS; f++) {
		coprocessor c;
		assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(f), NULL, NULL));
		assert_ok(coprocess_list(&c, NULL, buf_slice(&list), f, keep_file, &f));
		coprocessor_free(&c);
		for (size_t i = 0; i < N_TYPES; i++) {
			const size_t k = f * N_TYPES + i;
			rng_fill(test_rng(), w.handle[k], sizeof w.handle[k]);
			w.item[k] = (client_item){ TYPES[i], f, buf_slice(&w.file[f][i]), slice_of(w.handle[k], 32 - i) };
		}
	}
	buf_free(&list), buf_free(&pk_file), buf_free(&keyset);
}

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.folder)) return -1;
	child_write_config(w.folder, NULL);
	child_start(&w.node, w.folder);
	assert_true(make_key(&w.node, &w.prep, &w.key));
	make_values();
	make_ciphertexts();
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	for (size_t k = 0; k < N_ITEMS; k++) buf_free(&w.file[k / N_TYPES][k % N_TYPES]);
	int code = child_stop(&w.node);
	return folder_remove(&w.folder) || code;
}

/* ---- checking answers --------------------------------------------------------------------------------------- */

static eip712_domain domain(const char *name)
{
	const Kms__V1__Eip712DomainMsg *m = domain_message(name);
	const eip712_domain_parts parts = { .name = slice_str(name), .version = slice_str("1"), .chain_id = pb_slice(m->chain_id),
	                                    .contract = slice_str(m->verifying_contract) };
	eip712_domain d;
	assert_ok(eip712_domain_read(&d, &parts));
	return d;
}

static void signed_by_the_node(ProtobufCBinaryData signature, hash32 digest)
{
	secp_rsig s;
	eth_address by;
	char text[ADDRESS_TEXT];

	assert_int_equal(signature.len, SECP_RSIG);
	memcpy(s.b, signature.data, SECP_RSIG);
	assert_true(sign_external_by_var(&by, &s, &digest));
	address_text(text, &by);
	assert_string_equal(text, w.node.signer);
}

/* The internal signature over the payload, by the key that the payload names. */
static secp_pk signed_inside(ProtobufCBinaryData signature, ProtobufCBinaryData key, const char *dsep, slice payload)
{
	secp_sig s;
	secp_pk pk;

	assert_int_equal(signature.len, SECP_SIG);
	assert_int_equal(key.len, VERIFICATION_KEY_BYTES);
	memcpy(s.b, signature.data, SECP_SIG);
	assert_ok(secp_pk_read(&pk, slice_of(key.data + 8, SECP_PK)));
	assert_true(sign_internal_ok_var(&pk, &s, dsep, payload));
	return pk;
}

/* All that there are, out of order, one twice. */
static const Kms__V1__SigningSchemeType ALL_SCHEMES[] = { 4, 1, 1, 0, 3, 4, 2 };
static const uint32_t ONCE_EACH[] = { 4, 1, 0, 3, 2 };

static void ask_all_schemes(bool yes)
{
	client_schemes = ALL_SCHEMES;
	client_schemes_n = yes ? COUNT(ALL_SCHEMES) : 0;
}

/* What was asked for is there, by the keys that the node publishes; ECDSA's is the one for contracts. */
static void signed_as_asked(size_t n, Kms__V1__TypedSignature *const *s, ProtobufCBinaryData external, const char *dsep, slice payload)
{
	assert_int_equal(n, client_schemes_n ? COUNT(ONCE_EACH) : 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t scheme;
		slice key;
		id32 at;
		assert_int_equal(s[i]->scheme, ONCE_EACH[i]);
		if (ONCE_EACH[i] == SCHEME_ECDSA256K1) {
			assert_true(slice_eq_var(pb_slice(s[i]->signature), pb_slice(external)));
			continue;
		}
		signing_key_id_of(&at, ONCE_EACH[i]);
		buf file = published("TypedVerfKey", &at);
		assert_ok(unified_public_key_read(&scheme, &key, buf_slice(&file)));
		assert_int_equal(scheme, ONCE_EACH[i]);
		assert_true(typed_ok_var(scheme, key, dsep, payload, pb_slice(s[i]->signature)));
		buf_free(&file);
	}
}

static void words_of(abi_word *out, const client_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++) assert_ok(kms712_handle(&out[i], item[i].handle));
}

static void check_public(slice response, const id32 *id, const client_item *item, const plaintext *want, size_t n)
{
	arena a = arena_with_limit(PB_ROOM(response.n));
	Kms__V1__PublicDecryptionResponse *m;
	abi_word handle[N_ITEMS];
	plaintext got[N_ITEMS] = { 0 };
	buf result = { 0 }, payload = { 0 };
	char text[ID_TEXT];

	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, response));
	assert_int_equal(m->payload->n_plaintexts, n);
	id_text(text, id);
	assert_string_equal(m->payload->request_id->request_id, text);
	for (size_t i = 0; i < n; i++) {
		const Kms__V1__TypedPlaintext *p = m->payload->plaintexts[i];
		assert_int_equal(p->fhe_type, item[i].fhe_type);
		assert_int_equal(p->bytes.len, want[i].type->bytes);
		assert_memory_equal(p->bytes.data, want[i].bytes, p->bytes.len);
		got[i].type = want[i].type;
		memcpy(got[i].bytes, p->bytes.data, p->bytes.len);
		assert_ok(kms712_put_plaintext(&result, p->fhe_type, pb_slice(p->bytes)));
	}
	words_of(handle, item, n);
	const eip712_domain d = domain("Decryption");
	signed_by_the_node(m->external_signature, kms712_public_decrypt(&d, handle, n, buf_slice(&result), pb_slice(m->extra_data)));

	secp_pk pk;
	assert_ok(secp_pk_read(&pk, slice_of(m->payload->verification_key.data + 8, SECP_PK)));
	answer_public_payload(&payload, &pk, got, n, id);
	signed_inside(m->signature, m->payload->verification_key, "PUBL_DEC", buf_slice(&payload));
	signed_as_asked(m->n_signatures, m->signatures, m->external_signature, "PUBL_DEC", buf_slice(&payload));
	buf_free(&result), buf_free(&payload);
	arena_free(&a);
}

static void check_user(slice response, const user *u, const client_item *item, const plaintext *want, size_t n)
{
	arena a = arena_with_limit(PB_ROOM(response.n));
	Kms__V1__UserDecryptionResponse *m;
	abi_word handle[N_ITEMS];
	user_slot slot[N_ITEMS];
	buf payload = { 0 }, plain = { 0 };
	const eip712_domain d = domain("Decryption");

	assert_ok(pb_unpack(&a, &m, &kms__v1__user_decryption_response__descriptor, response));
	assert_int_equal(m->payload->n_signcrypted_ciphertexts, n);
	assert_int_equal(m->payload->party_id, 1);
	assert_int_equal(m->payload->degree, 0);
	words_of(handle, item, n);
	const hash32 link = kms712_link(&d, slice_of(u->wire, sizeof u->wire), handle, n, &u->address);
	assert_true(slice_eq_var(pb_slice(m->payload->digest), hash32_slice(&link)));
	secp_pk pk;
	assert_ok(secp_pk_read(&pk, slice_of(m->payload->verification_key.data + 8, SECP_PK)));
	for (size_t i = 0; i < n; i++) {
		const Kms__V1__TypedSigncryptedCiphertext *c = m->payload->signcrypted_ciphertexts[i];
		int32_t type;
		assert_true(slice_eq_var(pb_slice(c->external_handle), item[i].handle));
		assert_int_equal(c->packing_factor, 1);
		buf_clear(&plain);
		assert_ok(unsigncrypt(&plain, &type, &u->dk, &pk, &u->address, &link, pb_slice(c->signcrypted_ciphertext)));
		assert_int_equal(type, item[i].fhe_type);
		assert_true(slice_eq_var(buf_slice(&plain), slice_of(want[i].bytes, want[i].type->bytes)));
		slot[i] = (user_slot){ c->fhe_type, pb_slice(c->signcrypted_ciphertext), pb_slice(c->external_handle), c->packing_factor };
	}
	answer_user_payload(&payload, &pk, link.b, slot, n, 1, 0);
	signed_inside(m->signature, m->payload->verification_key, "USER_DEC", buf_slice(&payload));
	signed_as_asked(m->n_signatures, m->signatures, m->external_signature, "USER_DEC", buf_slice(&payload));
	signed_by_the_node(m->external_signature, kms712_user_response(&d, slice_of(u->wire, sizeof u->wire), handle, n, buf_slice(&payload),
	                   pb_slice(m->extra_data)));
	buf_free(&payload), buf_free(&plain);
	arena_free(&a);
}

/* ---- keys --------------------------------------------------------------------------------------------------- */

static void a_key_is_signed_as_published(void **state)
{
	(void)state;
	buf response = { 0 };
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *m;
	static const char *const TYPE[] = { "PublicKey", "CompressedXofKeySet" };
	kms712_key_digest digest[2] = { { .type = KMS712_PUBLIC_KEY }, { .type = KMS712_COMPRESSED_KEY_SET } };

	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &w.key), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, buf_slice(&response)));
	assert_int_equal(m->n_key_digests, 2);
	for (size_t i = 0; i < 2; i++) {
		uint8_t found[KEY_DIGEST_BYTES];
		buf file = published(TYPE[i], &w.key);
		tkms_key_digest(found, buf_slice(&file));
		assert_string_equal(m->key_digests[i]->key_type, TYPE[i]);
		assert_true(slice_eq_var(pb_slice(m->key_digests[i]->digest), slice_of(found, sizeof found)));
		digest[i].digest = pb_slice(m->key_digests[i]->digest);
		buf_free(&file);
	}
	const eip712_domain d = domain("KMSGeneration");
	signed_by_the_node(m->external_signature, kms712_keygen(&d, KMS712_V015, &w.prep, &w.key, digest, 2, (slice){ 0 }));
	assert_int_equal(m->n_signatures, 0);
	buf_free(&response);
	arena_free(&a);
}

/* The answer about a key that was asked for under all schemes. */
static void check_typed_keygen(slice response, const id32 *prep, const id32 *key)
{
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *m;
	buf payload = { 0 };

	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, response));
	assert_int_equal(m->n_key_digests, 2);
	const key_metadata k = { .key_id = *key, .prep_id = *prep, .digests = 2,
		.digest = { { PUB_PUBLIC_KEY, pb_slice(m->key_digests[0]->digest) }, { PUB_COMPRESSED_XOF_KEY_SET, pb_slice(m->key_digests[1]->digest) } } };
	keygen_payload_write(&payload, &k);
	signed_as_asked(m->n_signatures, m->signatures, m->external_signature, "PDAT_KEY", buf_slice(&payload));
	buf_free(&payload);
	arena_free(&a);
}

static void a_preprocessing_is_signed_and_used_once(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3), key = fresh_id(4), other_key = fresh_id(4), unknown = fresh_id(3);
	buf response = { 0 }, payload = { 0 };
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenPreprocResult *m;

	ask_all_schemes(true);
	assert_int_equal(start_keygen(&w.node, &key, &unknown), GRPC_NOT_FOUND);
	assert_int_equal(start_preproc(&w.node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_preproc_result__descriptor, buf_slice(&response)));
	const eip712_domain d = domain("KMSGeneration");
	signed_by_the_node(m->external_signature, kms712_prep_keygen(&d, KMS712_V015, &prep, (slice){ 0 }));
	prep_payload_write(&payload, &prep, (slice){ 0 });
	signed_as_asked(m->n_signatures, m->signatures, m->external_signature, "PDAT_KEY", buf_slice(&payload));
	assert_int_equal(start_preproc(&w.node, &prep, 1), GRPC_ALREADY_EXISTS);

	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_OK);
	assert_int_equal(start_keygen(&w.node, &other_key, &prep), GRPC_ALREADY_EXISTS);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_ALREADY_EXISTS);
	assert_int_equal(start_keygen(&w.node, &key, &unknown), GRPC_ALREADY_EXISTS);
	assert_non_null(strstr(client_said.message, "was used for another key generation"));
	buf_clear(&response);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &key), GRPC_OK);
	check_typed_keygen(buf_slice(&response), &prep, &key);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_ALREADY_EXISTS);
	assert_non_null(strstr(client_said.message, "is done already"));
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_NOT_FOUND);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &other_key), GRPC_NOT_FOUND);
	ask_all_schemes(false);
	buf_free(&response), buf_free(&payload);
	arena_free(&a);
}

static void a_key_generation_must_want_what_was_prepared(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3), key = fresh_id(4);
	Kms__V1__KeyGenRequest m = KMS__V1__KEY_GEN_REQUEST__INIT;
	buf response = { 0 };

	assert_int_equal(start_preproc(&w.node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	m.request_id = id_message(&key), m.preproc_id = id_message(&prep), m.domain = domain_message("KMSGeneration");
	m._params_case = KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS, m.params = KMS__V1__FHE_PARAMETER__default;
	assert_int_equal(call_core(&w.node, &response, "KeyGen", &m.base), GRPC_INVALID_ARGUMENT);
	assert_non_null(strstr(client_said.message, "params"));
	m._params_case = 0, m.epoch_id = id_message(&key);
	assert_int_equal(call_core(&w.node, &response, "KeyGen", &m.base), GRPC_INVALID_ARGUMENT);
	assert_non_null(strstr(client_said.message, "epoch_id"));
	m.epoch_id = NULL, m.context_id = id_message(&key);
	assert_int_equal(call_core(&w.node, &response, "KeyGen", &m.base), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "context_id"));
	buf_free(&response);
}

/* ---- decryption --------------------------------------------------------------------------------------------- */

static void every_type_in_every_format_is_decrypted_for_everybody(void **state)
{
	(void)state;
	plaintext want[N_ITEMS];
	const id32 id = fresh_id(1);
	buf response = { 0 };

	for (size_t k = 0; k < N_ITEMS; k++) want[k] = w.value[k % N_TYPES];
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, w.item, N_ITEMS), GRPC_OK);
	assert_int_equal(response.n, 0);
	assert_int_equal(get_result(&w.node, &response, "GetPublicDecryptionResult", &id), GRPC_OK);
	check_public(buf_slice(&response), &id, w.item, want, N_ITEMS);
	buf_free(&response);
}

static void every_type_in_every_format_is_decrypted_for_one_user(void **state)
{
	(void)state;
	plaintext want[N_ITEMS];
	const id32 id = fresh_id(2);
	const user u = new_user();
	buf response = { 0 };

	for (size_t k = 0; k < N_ITEMS; k++) want[k] = w.value[k % N_TYPES];
	assert_int_equal(user_decrypt(&w.node, &response, "UserDecrypt", &id, &w.key, w.item, N_ITEMS, &u), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetUserDecryptionResult", &id), GRPC_OK);
	check_user(buf_slice(&response), &u, w.item, want, N_ITEMS);
	buf_free(&response);
}

static void answers_are_signed_under_every_scheme_that_is_asked_for(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), uid = fresh_id(2);
	const client_item *item = &w.item[BIG_EXPANDED * N_TYPES];
	const user u = new_user();
	buf response = { 0 };

	ask_all_schemes(true);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, item, 2), GRPC_OK);
	check_public(buf_slice(&response), &id, item, w.value, 2);
	buf_clear(&response);
	assert_int_equal(user_decrypt(&w.node, &response, "UserDecryptSync", &uid, &w.key, item, 2, &u), GRPC_OK);
	check_user(buf_slice(&response), &u, item, w.value, 2);
	ask_all_schemes(false);
	buf_free(&response);
}

static void a_sync_call_attaches_to_the_request_it_names(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);
	buf first = { 0 }, second = { 0 }, third = { 0 };

	assert_int_equal(public_decrypt(&w.node, &first, "PublicDecryptSync", &id, &w.key, w.item, 2), GRPC_OK);
	check_public(buf_slice(&first), &id, w.item, w.value, 2);
	assert_int_equal(public_decrypt(&w.node, &second, "PublicDecryptSync", &id, &w.key, w.item, 2), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&first), buf_slice(&second)));
	assert_int_equal(get_result(&w.node, &third, "GetPublicDecryptionResult", &id), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&first), buf_slice(&third)));
	assert_int_equal(public_decrypt(&w.node, &third, "PublicDecrypt", &id, &w.key, w.item, 2), GRPC_ALREADY_EXISTS);
	assert_int_equal(public_decrypt(&w.node, &third, "PublicDecryptSync", &id, &w.key, w.item, 1), GRPC_ALREADY_EXISTS);
	buf_free(&first), buf_free(&second), buf_free(&third);
}

static void what_is_not_known_is_not_found_and_what_is_malformed_invalid(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), unknown = fresh_id(4);
	Kms__V1__RequestId bad = KMS__V1__REQUEST_ID__INIT;
	buf response = { 0 };

	assert_int_equal(get_result(&w.node, &response, "GetPublicDecryptionResult", &id), GRPC_NOT_FOUND);
	assert_int_equal(get_result(&w.node, &response, "GetUserDecryptionResult", &id), GRPC_NOT_FOUND);
	bad.request_id = (char *)(uintptr_t)"12";
	assert_int_equal(call_core(&w.node, &response, "GetKeyGenResult", &bad.base), GRPC_INVALID_ARGUMENT);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &unknown, w.item, 1), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "key_id"));
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, w.item, 0), GRPC_INVALID_ARGUMENT);
	buf_free(&response);
}

static void a_bad_ciphertext_is_refused_with_its_index(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);
	client_item item[2] = { w.item[0], w.item[FHE_UINT8] };
	buf response = { 0 };

	item[1] = w.item[1], item[1].fhe_type = FHE_UINT64;
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, item, 2), GRPC_INVALID_ARGUMENT);
	assert_non_null(strstr(client_said.message, "ciphertexts[1]"));
	item[1] = w.item[1], item[1].format = BIG_EXPANDED;
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, item, 2), GRPC_INVALID_ARGUMENT);
	item[1] = w.item[1], item[1].file.n--;
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, item, 2), GRPC_INVALID_ARGUMENT);
	item[1] = w.item[1], item[1].file = slice_str("rubbish");
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, item, 2), GRPC_INVALID_ARGUMENT);
	/* The id was never taken. */
	item[1] = w.item[1];
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, item, 2), GRPC_OK);
	buf_free(&response);
}

/* The first key's ciphertexts are also those of one with its secrets, and of one with that one's; all have its tag. */
static void secrets_that_exist_get_another_key_set(void **state)
{
	(void)state;
	const id32 unknown = fresh_id(4), id = fresh_id(1);
	id32 existing = w.key;
	buf response = { 0 };

	for (unsigned k = 0; k < 2; k++) {
		const id32 prep = fresh_id(3), key = fresh_id(4);
		seeded_keyset set;
		slice tag;
		assert_int_equal(start_preproc_existing(&w.node, &prep, 1), GRPC_OK);
		assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
		assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_INVALID_ARGUMENT);
		assert_int_equal(start_keygen_existing(&w.node, &key, &prep, &unknown), GRPC_NOT_FOUND);
		assert_int_equal(start_keygen_existing(&w.node, &key, &prep, &existing), GRPC_OK);
		assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &key), GRPC_OK);
		buf old = published("CompressedXofKeySet", &existing), new = published("CompressedXofKeySet", &key);
		assert_false(slice_eq_var(buf_slice(&old), buf_slice(&new)));
		assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&new)));
		assert_true(slice_eq_var(tag, id_slice(&w.key)));
		buf_free(&old), buf_free(&new);
		existing = key;
	}
	buf_clear(&response);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &existing, w.item, 1), GRPC_OK);
	check_public(buf_slice(&response), &id, w.item, w.value, 1);
	buf_free(&response);
}

/* The result of a decompression key: one file, signed as the contracts' struct of its own says. */
static void check_decompression_key(const id32 *key)
{
	const eip712_domain d = domain("KMSGeneration");
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *m;
	uint8_t found[KEY_DIGEST_BYTES];
	buf response = { 0 };

	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", key), GRPC_OK);
	buf file = published("DecompressionKey", key);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, buf_slice(&response)));
	assert_int_equal(m->n_key_digests, 1);
	assert_string_equal(m->key_digests[0]->key_type, "DecompressionKey");
	tkms_key_digest(found, buf_slice(&file));
	assert_true(slice_eq_var(pb_slice(m->key_digests[0]->digest), slice_of(found, sizeof found)));
	signed_by_the_node(m->external_signature, kms712_decompression_key(&d, slice_of(found, sizeof found), (slice){ 0 }));
	buf_free(&response), buf_free(&file);
	arena_free(&a);
}

/* What is compressed in the world under its key, as single blocks under the key that this one leads to. */
static void decompress_with(buf *out, const id32 *key, size_t value)
{
	arena a = arena_with_limit(16 << 20);
	buf file = published("DecompressionKey", key);
	seeded_keyset set;
	eval_keys eval;
	ciphertext ct, blocks;

	assert_ok(tfhers_read_decompression_key(&set, buf_slice(&file)));
	assert_ok(eval_keys_new(&eval, &set, DECOMPRESS64_PARTS, APPROXIMATE, NULL, NULL));
	assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&w.file[SMALL_COMPRESSED][value])));
	blocks = (ciphertext){ .params = ct.params, .format = SMALL_EXPANDED, .blocks = ct.blocks, .tag = ct.tag,
	                       .lwe64 = { ct.blocks, ct.params->k * ct.params->N, NULL } };
	assert_ok(arena_new(&a, &blocks.lwe64.w, blocks.blocks * (blocks.lwe64.dim + 1)));
	assert_ok(decompress64_var(blocks.lwe64, &eval, ct.packed64, NULL));
	tfhers_write_ciphertext(out, &blocks);
	eval_keys_free(&eval);
	buf_free(&file);
	arena_free(&a);
}

/* Compressed under the first key, decompressed with the new one, decrypted as the second key's; and all is there after a crash. */
static void a_decompression_key_leads_from_one_key_to_another(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3), key = fresh_id(4), unknown = fresh_id(4), id = fresh_id(1);
	id32 second_prep, second;
	buf response = { 0 }, file = { 0 };

	assert_true(make_key(&w.node, &second_prep, &second));
	assert_int_equal(start_preproc_between(&w.node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_INVALID_ARGUMENT);
	assert_int_equal(start_keygen_between(&w.node, &key, &prep, &w.key, &unknown), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "to_keyset_id_decompression_only"));
	assert_int_equal(start_keygen_between(&w.node, &key, &prep, &w.key, &second), GRPC_OK);
	check_decompression_key(&key);
	decompress_with(&file, &key, 1);
	buf_clear(&response);
	const client_item item = { TYPES[1], SMALL_EXPANDED, buf_slice(&file), slice_str("handle") };
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &second, &item, 1), GRPC_OK);
	check_public(buf_slice(&response), &id, &item, &w.value[1], 1);
	/* It is no key that decrypts, nor one that another is made from. */
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &prep, &key, &item, 1), GRPC_NOT_FOUND);

	child_kill(&w.node);
	child_start(&w.node, w.folder);
	check_decompression_key(&key);
	assert_int_equal(start_keygen_between(&w.node, &key, &prep, &w.key, &second), GRPC_ALREADY_EXISTS);
	buf_free(&response), buf_free(&file);
}

/* A ciphertext of another key passes the door, fails inside, and the id may be tried again. */
static void a_failed_decryption_tells_why_and_may_be_asked_again(void **state)
{
	(void)state;
	id32 prep, other;
	const id32 id = fresh_id(1);
	buf response = { 0 };

	assert_true(make_key(&w.node, &prep, &other));
	const client_item *item = &w.item[BIG_EXPANDED * N_TYPES + 4];
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &other, item, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetPublicDecryptionResult", &id), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "ciphertexts[0]"));
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, item, 1), GRPC_ALREADY_EXISTS);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &other, item, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetPublicDecryptionResult", &id), GRPC_INTERNAL);
	buf_free(&response);
}

static void flipped_bits_never_harm_the_node(void **state)
{
	(void)state;
	enum { FLIPS = 60 };
	buf response = { 0 };

	for (unsigned i = 0; i < FLIPS; i++) {
		const client_item *from = &w.item[test_below(N_ITEMS)];
		client_item item = *from;
		const id32 id = fresh_id(1);
		buf spoilt = { 0 };
		buf_put_slice(&spoilt, from->file);
		spoilt.p[test_below(size_min(spoilt.n, 400))] ^= (uint8_t)(1 << test_below(8));
		item.file = buf_slice(&spoilt);
		grpc_status s = public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, &item, 1);
		assert_true(s == GRPC_OK || s == GRPC_INVALID_ARGUMENT || s == GRPC_INTERNAL);
		buf_free(&spoilt);
	}
	const id32 id = fresh_id(1);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, w.item, 1), GRPC_OK);
	buf_free(&response);
}

/* ---- status ------------------------------------------------------------------------------------------------- */

static void what_is_not_built_says_so(void **state)
{
	(void)state;
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	buf response = { 0 };

	assert_int_equal(call_core(&w.node, &response, "CrsGen", &empty.base), GRPC_UNIMPLEMENTED);
	assert_non_null(strstr(client_said.message, "not built"));
	assert_int_equal(call_core(&w.node, &response, "InsecureKeyGen", &empty.base), GRPC_UNIMPLEMENTED);
	assert_int_equal(call_core(&w.node, &response, "NoSuchCall", &empty.base), GRPC_UNIMPLEMENTED);
	buf_free(&response);
}

static void keys_and_health_are_told(void **state)
{
	(void)state;
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	Kms__V1__KeyMaterialAvailabilityResponse *keys;
	Kms__V1__HealthStatusResponse *status;
	Grpc__Health__V1__HealthCheckRequest ask = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	Grpc__Health__V1__HealthCheckResponse *health;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };
	char text[ID_TEXT];
	bool listed = false;

	id_text(text, &w.key);
	assert_int_equal(call_core(&w.node, &response, "GetKeyMaterialAvailability", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &keys, &kms__v1__key_material_availability_response__descriptor, buf_slice(&response)));
	for (size_t i = 0; i < keys->n_fhe_key_ids; i++) listed |= !strcmp(keys->fhe_key_ids[i], text);
	assert_true(listed);
	assert_int_equal(keys->n_preprocessing_ids + keys->n_crs_ids, 0);
	assert_int_equal(keys->n_standings, keys->n_fhe_key_ids);
	for (size_t i = 0; i < keys->n_standings; i++) {
		if (!strcmp(keys->standings[i]->key_id, text)) listed = false;
		assert_false(keys->standings[i]->insecure);
	}
	assert_false(listed);
	buf_clear(&response);
	assert_int_equal(call_core(&w.node, &response, "GetHealthStatus", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &status, &kms__v1__health_status_response__descriptor, buf_slice(&response)));
	assert_int_equal(status->node_type, KMS__V1__NODE_TYPE__NODE_TYPE_CENTRALIZED);
	assert_int_equal(status->n_peers_from_all_contexts, 0);
	buf_clear(&response);
	assert_int_equal(call_path(&w.node, &response, "/grpc.health.v1.Health/Check", &ask.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &health, &grpc__health__v1__health_check_response__descriptor, buf_slice(&response)));
	assert_int_equal(health->status, GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
	ask.service = (char *)(uintptr_t)"no.such.Service";
	assert_int_equal(call_path(&w.node, &response, "/grpc.health.v1.Health/Check", &ask.base), GRPC_NOT_FOUND);
	buf_free(&response);
	arena_free(&a);
}

#define STORE "/metastore_status.v1.MetaStoreStatusService/"

static void requests_are_listed_in_pages(void **state)
{
	(void)state;
	MetastoreStatus__V1__ListRequestsRequest ask = METASTORE_STATUS__V1__LIST_REQUESTS_REQUEST__INIT;
	MetastoreStatus__V1__ListRequestsResponse *page;
	arena a = arena_with_limit(4 << 20);
	buf response = { 0 };
	size_t all, paged = 0;

	ask._max_results_case = METASTORE_STATUS__V1__LIST_REQUESTS_REQUEST___MAX_RESULTS_MAX_RESULTS, ask.max_results = 1000;
	assert_int_equal(call_path(&w.node, &response, STORE "ListRequests", &ask.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &page, &metastore_status__v1__list_requests_response__descriptor, buf_slice(&response)));
	all = page->n_requests;
	assert_true(all >= 2);
	ask.max_results = 2;
	do {
		buf_clear(&response);
		assert_int_equal(call_path(&w.node, &response, STORE "ListRequests", &ask.base), GRPC_OK);
		assert_ok(pb_unpack(&a, &page, &metastore_status__v1__list_requests_response__descriptor, buf_slice(&response)));
		assert_true(page->n_requests <= 2);
		paged += page->n_requests;
		ask._page_token_case = METASTORE_STATUS__V1__LIST_REQUESTS_REQUEST___PAGE_TOKEN_PAGE_TOKEN;
		ask.page_token = page->next_page_token;
	} while (page->_next_page_token_case);
	assert_int_equal(paged, all);
	ask.page_token = (char *)(uintptr_t)"x";
	assert_int_equal(call_path(&w.node, &response, STORE "ListRequests", &ask.base), GRPC_INVALID_ARGUMENT);
	buf_free(&response);
	arena_free(&a);
}

static void statuses_are_looked_up_by_id(void **state)
{
	(void)state;
	MetastoreStatus__V1__GetRequestStatusesRequest ask = METASTORE_STATUS__V1__GET_REQUEST_STATUSES_REQUEST__INIT;
	MetastoreStatus__V1__GetRequestStatusesResponse *found;
	MetastoreStatus__V1__GetMetaStoreInfoResponse *info;
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };
	const id32 unknown = fresh_id(1);
	char *ids[] = { id_message(&unknown)->request_id, id_message(&w.key)->request_id, id_message(&w.prep)->request_id };

	ask.request_ids = ids, ask.n_request_ids = 1;
	assert_int_equal(call_path(&w.node, &response, STORE "GetRequestStatuses", &ask.base), GRPC_NOT_FOUND);
	ask.n_request_ids = 3;
	assert_int_equal(call_path(&w.node, &response, STORE "GetRequestStatuses", &ask.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &found, &metastore_status__v1__get_request_statuses_response__descriptor, buf_slice(&response)));
	assert_int_equal(found->n_statuses, 2);
	assert_int_equal(found->statuses[0]->meta_store_type, METASTORE_STATUS__V1__META_STORE_TYPE__KEY_GENERATION);
	assert_int_equal(found->statuses[0]->status, METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__COMPLETED);
	assert_int_equal(found->statuses[1]->status, METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__DELETED);
	buf_clear(&response);
	assert_int_equal(call_path(&w.node, &response, STORE "GetMetaStoreInfo", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &info, &metastore_status__v1__get_meta_store_info_response__descriptor, buf_slice(&response)));
	assert_int_equal(info->n_meta_stores, 5);
	assert_int_equal(info->meta_stores[0]->capacity, -1);
	assert_int_equal(info->meta_stores[1]->capacity, 10000);
	buf_free(&response);
	arena_free(&a);
}

static void http_serves_what_is_public_and_nothing_else(void **state)
{
	(void)state;
	char url[256];
	buf b = { 0 };

	snprintf(url, sizeof url, "http://127.0.0.1:%u/ready", w.node.http);
	assert_ok(fetch_url(&b, url, 100, 60000));
	assert_true(slice_eq_var(buf_slice(&b), slice_str("ready")));
	buf_clear(&b);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/metrics", w.node.http);
	assert_ok(fetch_url(&b, url, 1 << 20, 60000));
	assert_non_null(strstr(buf_str(&b), "kms_operations_total{operation=\"keygen_request\"}"));
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/../PRIV/journal", w.node.http);
	assert_int_not_equal(fetch_url(&b, url, 1 << 20, 60000), OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/SigningKey/60b7070add74be3827160aa635fb255eeeeb88586c4debf7ab1134ddceb4beee", w.node.http);
	assert_err(ERR_NOT_FOUND, fetch_url(&b, url, 1 << 20, 60000));
	buf_free(&b);
}

/* ---- stopping and starting ---------------------------------------------------------------------------------- */

static void a_restart_keeps_keys_and_results(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), uid = fresh_id(2), prep = fresh_id(3);
	const user u = new_user();
	buf before = { 0 }, after = { 0 }, user_before = { 0 }, key_before = { 0 }, prep_before = { 0 };
	char signer_before[43];

	assert_int_equal(public_decrypt(&w.node, &before, "PublicDecryptSync", &id, &w.key, w.item, N_TYPES), GRPC_OK);
	assert_int_equal(user_decrypt(&w.node, &user_before, "UserDecryptSync", &uid, &w.key, w.item, 3, &u), GRPC_OK);
	assert_int_equal(get_result(&w.node, &key_before, "GetKeyGenResult", &w.key), GRPC_OK);
	assert_int_equal(start_preproc(&w.node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &prep_before, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	memcpy(signer_before, w.node.signer, sizeof signer_before);
	assert_int_equal(child_stop(&w.node), 0);
	child_start(&w.node, w.folder);
	assert_string_equal(w.node.signer, signer_before);

	assert_int_equal(get_result(&w.node, &after, "GetPublicDecryptionResult", &id), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&before), buf_slice(&after)));
	buf_clear(&after);
	assert_int_equal(get_result(&w.node, &after, "GetUserDecryptionResult", &uid), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&user_before), buf_slice(&after)));
	buf_clear(&after);
	assert_int_equal(get_result(&w.node, &after, "GetKeyGenResult", &w.key), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&key_before), buf_slice(&after)));
	buf_clear(&after);
	assert_int_equal(get_result(&w.node, &after, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&prep_before), buf_slice(&after)));

	assert_int_equal(public_decrypt(&w.node, &after, "PublicDecrypt", &id, &w.key, w.item, N_TYPES), GRPC_ALREADY_EXISTS);
	const id32 key = fresh_id(4), again = fresh_id(1);
	assert_int_equal(start_keygen(&w.node, &w.key, &w.prep), GRPC_ALREADY_EXISTS);
	assert_non_null(strstr(client_said.message, "is done already"));
	assert_int_equal(start_keygen(&w.node, &w.key, &prep), GRPC_ALREADY_EXISTS);
	assert_non_null(strstr(client_said.message, "was used for another key generation"));
	assert_int_equal(start_keygen(&w.node, &key, &w.prep), GRPC_ALREADY_EXISTS);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_OK);
	buf_clear(&after);
	assert_int_equal(public_decrypt(&w.node, &after, "PublicDecryptSync", &again, &w.key, w.item, N_TYPES), GRPC_OK);
	check_public(buf_slice(&after), &again, w.item, w.value, N_TYPES);
	buf_free(&before), buf_free(&after), buf_free(&user_before), buf_free(&key_before), buf_free(&prep_before);
}

static void an_answer_that_is_larger_than_may_be_kept_is_refused(void **state)
{
	(void)state;
	const id32 id = fresh_id(2), small = fresh_id(2);
	const user u = new_user();
	buf response = { 0 };

	assert_int_equal(child_stop(&w.node), 0);
	setenv("ARCA_NODE__SERVICE__RESULT_BYTES", "16384", 1);
	child_start(&w.node, w.folder);
	unsetenv("ARCA_NODE__SERVICE__RESULT_BYTES");
	assert_int_equal(user_decrypt(&w.node, &response, "UserDecrypt", &id, &w.key, w.item, N_ITEMS, &u), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetUserDecryptionResult", &id), GRPC_RESOURCE_EXHAUSTED);
	assert_non_null(strstr(client_said.message, "16384 bytes"));
	assert_int_equal(user_decrypt(&w.node, &response, "UserDecryptSync", &small, &w.key, w.item, 1, &u), GRPC_OK);
	assert_int_equal(child_stop(&w.node), 0);
	child_start(&w.node, w.folder);
	buf_clear(&response);
	assert_int_equal(user_decrypt(&w.node, &response, "UserDecryptSync", &id, &w.key, w.item, N_ITEMS, &u), GRPC_OK);
	buf_free(&response);
}

static void a_changed_published_file_stops_the_start(void **state)
{
	(void)state;
	assert_int_equal(child_stop(&w.node), 0);
	child_refuses_without(w.folder, "PublicKey", &w.key);
	child_start(&w.node, w.folder);
}

static void what_prevents_a_start_is_a_sentence_and_a_code(void **state)
{
	(void)state;
	void *folder;
	char line[2048] = "", extra[64];

	assert_int_equal(folder_make(&folder), 0);
	child_write_config(folder, "timeout_secs = 0");
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 64);
	assert_non_null(strstr(line, "service.timeout_secs"));

	child_write_config(folder, NULL);
	snprintf(extra, sizeof extra, "127.0.0.1:%u", w.node.http);
	setenv("ARCA_NODE__TELEMETRY__METRICS_BIND_ADDRESS", extra, 1);
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 69);
	assert_non_null(strstr(line, extra + strlen("127.0.0.1:")));
	unsetenv("ARCA_NODE__TELEMETRY__METRICS_BIND_ADDRESS");
	snprintf(extra, sizeof extra, "%u", w.node.grpc);
	setenv("ARCA_NODE__SERVICE__LISTEN_PORT", extra, 1);
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 69);
	assert_non_null(strstr(line, extra));
	unsetenv("ARCA_NODE__SERVICE__LISTEN_PORT");

	assert_ok(file_write_atomic(below(&folder, "PRIV2"), slice_str("a file, not a folder"), 0600));
	setenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PREFIX", "PRIV2/x", 1);
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 74);
	assert_non_null(strstr(line, "PRIV2"));
	unsetenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PREFIX");
	setenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PATH", "/proc/x", 1);
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 74);
	assert_non_null(strstr(line, "/proc/x"));
	unsetenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PATH");

	/* The other node's vault. */
	setenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PATH", w.folder, 1);
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 1);
	assert_non_null(strstr(line, "another process"));
	unsetenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PATH");
	assert_int_equal(folder_remove(&folder), 0);
}

static void asked_to_stop_it_finishes_what_runs(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3), key = fresh_id(4);
	buf response = { 0 };

	assert_int_equal(start_preproc(&w.node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_OK);
	assert_int_equal(child_stop(&w.node), 0);
	child_start(&w.node, w.folder);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &key), GRPC_OK);
	buf_free(&response);
}

static void asked_twice_it_stops_at_once(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3), key = fresh_id(4), late = fresh_id(1);
	char url[256];
	buf response = { 0 };

	assert_int_equal(start_preproc(&w.node, &prep, 0), GRPC_OK);       /* production parameters: this takes a while */
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_OK);
	assert_int_equal(kill(w.node.pid, SIGTERM), 0);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/ready", w.node.http);
	while (fetch_url(&response, url, 100, 60000) == OK) buf_clear(&response);
	err_clear();
	/* It still answers, but takes nothing in. */
	assert_int_equal(call_core(&w.node, &response, "GetKeyGenResult", &id_message(&key)->base), GRPC_UNAVAILABLE);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &late, &w.key, w.item, 1), GRPC_UNAVAILABLE);
	assert_int_equal(child_stop(&w.node), 1);
	child_start(&w.node, w.folder);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &key), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "stopped"));
	buf_free(&response);
}

static void asked_to_stop_while_it_starts_it_goes_no_further(void **state)
{
	(void)state;
	void *folder;
	char line[2048] = "";

	assert_int_equal(folder_make(&folder), 0);
	child_write_config(folder, NULL);
	assert_int_equal(child_run_asked_to_stop(folder, NULL, line, sizeof line), 0);
	assert_non_null(strstr(line, "before it served"));
	assert_int_equal(folder_remove(&folder), 0);
}

/* A limit on file sizes stands for a full disk. */
static void a_full_disk_fails_requests_and_the_node_lives_on(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), prep = fresh_id(3), key = fresh_id(4);
	struct rlimit before;
	const struct rlimit none = { 0, RLIM_INFINITY };
	buf response = { 0 };

	assert_int_equal(start_preproc(&w.node, &prep, 1), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", &prep), GRPC_OK);
	assert_int_equal(prlimit(w.node.pid, RLIMIT_FSIZE, &none, &before), 0);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecrypt", &id, &w.key, w.item, 1), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "journal"));
	assert_int_equal(get_result(&w.node, &response, "GetPublicDecryptionResult", &id), GRPC_NOT_FOUND);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_INTERNAL);
	assert_int_equal(prlimit(w.node.pid, RLIMIT_FSIZE, &before, NULL), 0);
	buf_clear(&response);
	assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, w.item, 1), GRPC_OK);
	check_public(buf_slice(&response), &id, w.item, w.value, 1);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &key), GRPC_OK);
	buf_free(&response);
}

static const struct CMUnitTest ALL[] = {
	TEST(a_key_is_signed_as_published), TEST(a_preprocessing_is_signed_and_used_once), TEST(a_key_generation_must_want_what_was_prepared),
	TEST(every_type_in_every_format_is_decrypted_for_everybody), TEST(every_type_in_every_format_is_decrypted_for_one_user),
	TEST(answers_are_signed_under_every_scheme_that_is_asked_for),
	TEST(a_sync_call_attaches_to_the_request_it_names), TEST(what_is_not_known_is_not_found_and_what_is_malformed_invalid),
	TEST(a_bad_ciphertext_is_refused_with_its_index),
	TEST(secrets_that_exist_get_another_key_set), TEST(a_decompression_key_leads_from_one_key_to_another), TEST(a_failed_decryption_tells_why_and_may_be_asked_again),
	TEST(flipped_bits_never_harm_the_node), TEST(what_is_not_built_says_so), TEST(keys_and_health_are_told), TEST(requests_are_listed_in_pages),
	TEST(statuses_are_looked_up_by_id), TEST(http_serves_what_is_public_and_nothing_else), TEST(a_restart_keeps_keys_and_results),
	TEST(an_answer_that_is_larger_than_may_be_kept_is_refused),
	TEST(a_changed_published_file_stops_the_start), TEST(what_prevents_a_start_is_a_sentence_and_a_code),
	TEST(asked_to_stop_it_finishes_what_runs), TEST(asked_twice_it_stops_at_once),
	TEST(asked_to_stop_while_it_starts_it_goes_no_further),
	TEST(a_full_disk_fails_requests_and_the_node_lives_on),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, ALL, COUNT(ALL), set_up, take_down);
}
