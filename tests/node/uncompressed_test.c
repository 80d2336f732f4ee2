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

typedef struct published_file { const char *type; kms712_key_type number; } published_file;

/* The key's answer: these files, as they are published, in this order. */
static void is_signed_as(const published_file file[static 2])
{
	kms712_key_digest digest[2];
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *m;
	buf response = { 0 };

	assert_int_equal(get_result(&w.node, &response, "GetKeyGenResult", &w.key), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, buf_slice(&response)));
	assert_int_equal(m->n_key_digests, COUNT(digest));
	for (size_t i = 0; i < COUNT(digest); i++) {
		uint8_t found[KEY_DIGEST_BYTES];
		buf bytes = published_by(&w.node, file[i].type, &w.key);
		tkms_key_digest(found, buf_slice(&bytes));
		assert_string_equal(m->key_digests[i]->key_type, file[i].type);
		assert_true(slice_eq_var(pb_slice(m->key_digests[i]->digest), slice_of(found, sizeof found)));
		digest[i] = (kms712_key_digest){ file[i].number, pb_slice(m->key_digests[i]->digest) };
		buf_free(&bytes);
	}
	signed_by_the_node(m->external_signature, digest, COUNT(digest));
	buf_free(&response);
	arena_free(&a);
}

static void server_key_and_public_key_are_signed_in_this_order(void **state)
{
	(void)state;
	is_signed_as((published_file[]){ { "ServerKey", KMS712_SERVER_KEY }, { "PublicKey", KMS712_PUBLIC_KEY } });
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

static const char *keyset_type = "ServerKey";

static void coprocess(buf *file, const plaintext *value, ct_format format)
{
	buf keyset = published_by(&w.node, keyset_type, &w.key), pk = published_by(&w.node, "PublicKey", &w.key), list = { 0 };
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

/* ---- the same key, compressed, too ------------------------------------------------------------------------------------ */

static void is_published_alike(const char *type, const id32 *other)
{
	buf mine = published_by(&w.node, type, &w.key), theirs = published_by(&w.node, type, other);
	assert_true(slice_eq_var(buf_slice(&mine), buf_slice(&theirs)));
	buf_free(&mine), buf_free(&theirs);
}

static void is_signed_as_compressed(void)
{
	is_signed_as((published_file[]){ { "PublicKey", KMS712_PUBLIC_KEY }, { "CompressedXofKeySet", KMS712_COMPRESSED_KEY_SET } });
}

/* Nothing that is published changes, and so it happens once. */
static void it_gets_a_compressed_set_beside_its_own_once(void **state)
{
	(void)state;
	const id32 key = fresh_id(4), again = fresh_id(4);
	id32 prep = fresh_id(3);
	buf server_key = published_by(&w.node, "ServerKey", &w.key), pk = published_by(&w.node, "PublicKey", &w.key);

	prepared(&prep, start_preproc_existing(&w.node, &prep, PARAMS_TEST_NUMBER));
	assert_int_equal(start_keygen_copied(&w.node, &key, &prep, &w.key), GRPC_OK);
	made(&key);
	is_published_alike("PublicKey", &key);
	is_published_alike("CompressedXofKeySet", &key);
	buf server_key_now = published_by(&w.node, "ServerKey", &w.key), pk_now = published_by(&w.node, "PublicKey", &w.key);
	assert_true(slice_eq_var(buf_slice(&server_key), buf_slice(&server_key_now)));
	assert_true(slice_eq_var(buf_slice(&pk), buf_slice(&pk_now)));
	buf_free(&server_key), buf_free(&server_key_now), buf_free(&pk), buf_free(&pk_now);
	is_signed_as_compressed();

	prep = fresh_id(3);
	prepared(&prep, start_preproc_existing(&w.node, &prep, PARAMS_TEST_NUMBER));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(start_keygen_copied(&w.node, &again, &prep, i ? &key : &w.key), GRPC_FAILED_PRECONDITION);
		assert_non_null(strstr(client_said.message, "what is published never changes"));
	}
	assert_int_equal(start_keygen_existing(&w.node, &again, &prep, &w.key), GRPC_OK);
	made(&again);
}

static void both_of_its_sets_make_what_is_decrypted_and_stop_the_start_if_they_are_changed(void **state)
{
	(void)state;
	keyset_type = "CompressedXofKeySet";
	what_a_coprocessor_makes_with_it_is_decrypted_in_every_format(state);
	assert_int_equal(child_stop(&w.node), 0);
	child_refuses_without(w.folder, "CompressedXofKeySet", &w.key);
	child_refuses_without(w.folder, "ServerKey", &w.key);
	child_start(&w.node, w.folder);
	is_signed_as_compressed();
	keyset_type = "ServerKey";
	what_a_coprocessor_makes_with_it_is_decrypted_in_every_format(state);
}

static const struct CMUnitTest all[] = {
	TEST(server_key_and_public_key_are_signed_in_this_order),
	TEST(there_is_no_compressed_set_beside_it),
	TEST(a_key_generation_must_want_what_was_prepared),
	TEST(what_a_coprocessor_makes_with_it_is_decrypted_in_every_format),
	TEST(its_secrets_get_another_key_set), TEST(a_decompression_key_leads_to_it_and_from_it),
	TEST(a_server_key_that_was_changed_or_is_missing_stops_the_start),
	TEST(it_gets_a_compressed_set_beside_its_own_once),
	TEST(both_of_its_sets_make_what_is_decrypted_and_stop_the_start_if_they_are_changed),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, all, COUNT(all), set_up, take_down); }
