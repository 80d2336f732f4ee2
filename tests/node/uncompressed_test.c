/* SPDX-License-Identifier: MIT */
/* A node whose key set is published as a ServerKey: signed, served, used, and looked at when the node starts. */
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "evm/address.h"
#include "evm/kms712.h"
#include "seal/signcrypt.h"
#include "tests/node/client.h"
#include "tests/node/samples.h"
#include "vault/signing_key.h"

enum { PARAMS_TEST_NUMBER = 1 };

static struct world { void *folder; child node; id32 prep, key; } w;

static void prepare(const id32 *prep)
{
	buf response = { 0 };
	assert_int_equal(start_preproc(&w.node, prep, PARAMS_TEST_NUMBER), GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", prep), GRPC_OK);
	buf_free(&response);
}

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.folder)) return -1;
	child_write_config(w.folder, NULL);
	child_start(&w.node, w.folder);
	w.prep = fresh_id(3), w.key = fresh_id(4);
	ask_uncompressed(true);
	prepare(&w.prep);
	assert_int_equal(start_keygen(&w.node, &w.key, &w.prep), GRPC_OK);
	ask_uncompressed(false);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	const int code = child_stop(&w.node);
	return folder_remove(&w.folder) || code;
}

/* ---- what is published ------------------------------------------------------------------------------------------------ */

static void signed_by_the_node(ProtobufCBinaryData signature, const kms712_key_digest *digest, size_t n)
{
	const Kms__V1__Eip712DomainMsg *m = domain_message("KMSGeneration");
	const eip712_domain_parts parts = { .name = slice_str("KMSGeneration"), .version = slice_str("1"), .chain_id = pb_slice(m->chain_id),
	                                    .contract = slice_str(m->verifying_contract) };
	eip712_domain d;
	secp_rsig s;
	eth_address by;
	char text[ADDRESS_TEXT];

	assert_ok(eip712_domain_read(&d, &parts));
	const hash32 h = kms712_keygen(&d, KMS712_V015, &w.prep, &w.key, digest, n, (slice){ 0 });
	assert_int_equal(signature.len, SECP_RSIG);
	memcpy(s.b, signature.data, SECP_RSIG);
	assert_true(sign_external_by_var(&by, &s, &h));
	address_text(text, &by);
	assert_string_equal(text, w.node.signer);
}

static void server_key_and_public_key_are_signed_in_this_order(void **state)
{
	static const char *const TYPE[] = { "ServerKey", "PublicKey" };
	kms712_key_digest digest[] = { { .type = KMS712_SERVER_KEY }, { .type = KMS712_PUBLIC_KEY } };
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *m;
	buf response = { 0 };
	(void)state;

	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &w.key), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, buf_slice(&response)));
	assert_int_equal(m->n_key_digests, COUNT(TYPE));
	for (size_t i = 0; i < COUNT(TYPE); i++) {
		uint8_t found[KEY_DIGEST_BYTES];
		buf file = published_by(&w.node, TYPE[i], &w.key);
		tkms_key_digest(found, buf_slice(&file));
		assert_string_equal(m->key_digests[i]->key_type, TYPE[i]);
		assert_true(slice_eq_var(pb_slice(m->key_digests[i]->digest), slice_of(found, sizeof found)));
		digest[i].digest = pb_slice(m->key_digests[i]->digest);
		buf_free(&file);
	}
	signed_by_the_node(m->external_signature, digest, COUNT(digest));
	buf_free(&response);
	arena_free(&a);
}

static bool is_there(const char *type)
{
	char path[512], id[ID_TEXT];
	struct stat s;

	id_text(id, &w.key);
	snprintf(path, sizeof path, "%s/PUB/%s/%s", (char *)w.folder, type, id);
	return stat(path, &s) == 0;
}

static void there_is_no_compressed_set_beside_it(void **state)
{
	(void)state;
	assert_true(is_there("ServerKey") && is_there("PublicKey"));
	assert_false(is_there("CompressedXofKeySet"));
}

static void a_key_generation_must_want_what_was_prepared(void **state)
{
	const id32 prep = fresh_id(3), key = fresh_id(4);
	(void)state;

	prepare(&prep);
	ask_uncompressed(true);
	assert_int_equal(start_keygen(&w.node, &key, &prep), GRPC_INVALID_ARGUMENT);
	ask_uncompressed(false);
	assert_non_null(strstr(client_said.message, "keyset_config"));
}

/* ---- use -------------------------------------------------------------------------------------------------------------- */

static err keep(void *ctx, size_t i, const fhe_type *type, slice file)
{
	(void)i, (void)type;
	buf_put_slice(ctx, file);
	return OK;
}

static void coprocess(buf *file, const plaintext *value, ct_format format)
{
	buf keyset = published_by(&w.node, "ServerKey", &w.key), pk = published_by(&w.node, "PublicKey", &w.key), list = { 0 };
	seeded_keyset set;
	coprocessor c;
	slice tag;

	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&keyset)));
	assert_true(slice_eq_var(tag, id_slice(&w.key)));
	assert_ok(tkms_encrypt(&list, buf_slice(&pk), value, 1, test_rng()));
	assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(format), NULL, NULL));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), format, keep, file));
	coprocessor_free(&c);
	buf_free(&keyset), buf_free(&pk), buf_free(&list);
}

static void what_a_coprocessor_makes_with_it_is_decrypted_in_every_format(void **state)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT16) };
	(void)state;

	for (ct_format f = 0; f < CT_FORMATS; f++) {
		const id32 id = fresh_id(1);
		arena a = arena_with_limit(1 << 20);
		Kms__V1__PublicDecryptionResponse *m;
		buf file = { 0 }, response = { 0 };
		rng_fill(test_rng(), value.bytes, value.type->bytes);
		coprocess(&file, &value, f);
		const client_item item = { FHE_UINT16, f, buf_slice(&file), slice_str("handle") };
		assert_int_equal(public_decrypt(&w.node, &response, "PublicDecryptSync", &id, &w.key, &item, 1), GRPC_OK);
		assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, buf_slice(&response)));
		assert_memory_equal(m->payload->plaintexts[0]->bytes.data, value.bytes, value.type->bytes);
		buf_free(&file), buf_free(&response);
		arena_free(&a);
	}
}

/* ---- beside other keys ------------------------------------------------------------------------------------------------ */

static void made(const id32 *key)
{
	buf response = { 0 };
	const grpc_status s = get_result(&w.node, &response, "GetKeyGenResult", key);

	if (s != GRPC_OK) print_error("%s\n", client_said.message);
	assert_int_equal(s, GRPC_OK);
	buf_free(&response);
}

static void prepared(const id32 *prep, grpc_status asked)
{
	buf response = { 0 };

	assert_int_equal(asked, GRPC_OK);
	assert_int_equal(get_result(&w.node, &response, "GetKeyGenPreprocResult", prep), GRPC_OK);
	buf_free(&response);
}

/* A key for its secrets, in the one form and the other. */
static void its_secrets_get_another_key_set(void **state)
{
	(void)state;
	for (unsigned plain = 0; plain < 2; plain++) {
		const id32 prep = fresh_id(3), key = fresh_id(4);
		ask_uncompressed(plain);
		prepared(&prep, start_preproc_existing(&w.node, &prep, PARAMS_TEST_NUMBER));
		assert_int_equal(start_keygen_existing(&w.node, &key, &prep, &w.key), GRPC_OK);
		ask_uncompressed(false);
		made(&key);
		buf file = published_by(&w.node, plain ? "ServerKey" : "CompressedXofKeySet", &key);
		buf_free(&file);
	}
}

/* The node has tried the key: a value came through it. */
static void a_decompression_key_leads_to_it_and_from_it(void **state)
{
	const id32 prep = fresh_id(3), compressed = fresh_id(4);
	(void)state;

	prepare(&prep);
	assert_int_equal(start_keygen(&w.node, &compressed, &prep), GRPC_OK);
	made(&compressed);
	for (unsigned from_it = 0; from_it < 2; from_it++) {
		const id32 between = fresh_id(3), key = fresh_id(4);
		prepared(&between, start_preproc_between(&w.node, &between, PARAMS_TEST_NUMBER));
		assert_int_equal(start_keygen_between(&w.node, &key, &between, from_it ? &w.key : &compressed, from_it ? &compressed : &w.key),
		                 GRPC_OK);
		made(&key);
		buf file = published_by(&w.node, "DecompressionKey", &key);
		buf_free(&file);
	}
}

/* ---- the next start --------------------------------------------------------------------------------------------------- */

static void a_server_key_that_was_changed_or_is_missing_stops_the_start(void **state)
{
	(void)state;
	assert_int_equal(child_stop(&w.node), 0);
	child_refuses_without(w.folder, "ServerKey", &w.key);
	child_start(&w.node, w.folder);
	server_key_and_public_key_are_signed_in_this_order(state);
}

static const struct CMUnitTest all[] = {
	TEST(server_key_and_public_key_are_signed_in_this_order),
	TEST(there_is_no_compressed_set_beside_it),
	TEST(a_key_generation_must_want_what_was_prepared),
	TEST(what_a_coprocessor_makes_with_it_is_decrypted_in_every_format),
	TEST(its_secrets_get_another_key_set), TEST(a_decompression_key_leads_to_it_and_from_it),
	TEST(a_server_key_that_was_changed_or_is_missing_stops_the_start),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, all, COUNT(all), set_up, take_down); }
