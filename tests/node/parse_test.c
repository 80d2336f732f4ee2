/* SPDX-License-Identifier: MIT */
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include "base/hex.h"
#include "node/parse.h"
#include "rpc/pb.h"
#include "tests/test.h"

static char ID[] = "0400000000000000000000000000000000000000000000000000000000000001";
static char CONTRACT[] = "0x66f9664f97F2b50F62D13eA064982f936dE76657", USER[] = "0x388C818CA8B9251b393131C08a736A67ccB19297";
static uint8_t CHAIN[33] = { [31] = 0xd4, [30] = 0x31 }, HANDLE[33] = { 7 }, ENC_KEY[ENC_KEY_BYTES];

/* A right request of each kind, in pieces that a test may spoil. */
typedef struct message {
	Kms__V1__RequestId id, key, prep, context;
	Kms__V1__Eip712DomainMsg domain;
	Kms__V1__KeySetConfig keyset;
	Kms__V1__StandardKeySetConfig standard;
	Kms__V1__KeySetAddedInfo added;
	Kms__V1__SigningSchemeType scheme[4];
	Kms__V1__TypedCiphertext ct[2], *list[2];
	Kms__V1__KeyGenPreprocRequest preproc;
	Kms__V1__KeyGenRequest keygen;
	Kms__V1__PublicDecryptionRequest pub;
	Kms__V1__UserDecryptionRequest user;
	Kms__V1__NewMpcEpochRequest epoch;
} message;

static void fill_items(message *m)
{
	for (size_t i = 0; i < COUNT(m->ct); i++) {
		kms__v1__typed_ciphertext__init(&m->ct[i]);
		m->ct[i].ciphertext = (ProtobufCBinaryData){ 5, (uint8_t *)(uintptr_t)"bytes" };
		m->ct[i].fhe_type = FHE_UINT64;
		m->ct[i].external_handle = (ProtobufCBinaryData){ 32, HANDLE };
		m->ct[i].ciphertext_format = KMS__V1__CIPHERTEXT_FORMAT__BigCompressed;
		m->list[i] = &m->ct[i];
	}
}

static void fill(message *m)
{
	enc_key ek;
	dec_key dk;

	memset(m, 0, sizeof *m);
	enc_key_generate(&ek, &dk, test_rng());
	enc_key_write(ENC_KEY, &ek);
	Kms__V1__RequestId *const ids[] = { &m->id, &m->key, &m->prep, &m->context };
	for (size_t i = 0; i < COUNT(ids); i++) kms__v1__request_id__init(ids[i]), ids[i]->request_id = ID;
	kms__v1__eip712_domain_msg__init(&m->domain);
	m->domain.name = (char *)(uintptr_t)"Decryption", m->domain.version = (char *)(uintptr_t)"1";
	m->domain.chain_id = (ProtobufCBinaryData){ 32, CHAIN };
	m->domain.verifying_contract = CONTRACT;
	kms__v1__key_set_config__init(&m->keyset);
	kms__v1__standard_key_set_config__init(&m->standard);
	kms__v1__key_set_added_info__init(&m->added);
	m->keyset.standard_keyset_config = &m->standard;
	fill_items(m);
	kms__v1__key_gen_preproc_request__init(&m->preproc);
	m->preproc.request_id = &m->id, m->preproc.domain = &m->domain, m->preproc.params = KMS__V1__FHE_PARAMETER__test;
	kms__v1__key_gen_request__init(&m->keygen);
	m->keygen.request_id = &m->key, m->keygen.preproc_id = &m->prep, m->keygen.domain = &m->domain;
	kms__v1__public_decryption_request__init(&m->pub);
	m->pub.request_id = &m->id, m->pub.key_id = &m->key, m->pub.domain = &m->domain;
	m->pub.ciphertexts = m->list, m->pub.n_ciphertexts = 2;
	kms__v1__user_decryption_request__init(&m->user);
	m->user.request_id = &m->id, m->user.key_id = &m->key, m->user.domain = &m->domain;
	m->user.typed_ciphertexts = m->list, m->user.n_typed_ciphertexts = 2;
	m->user.client_address = USER;
	m->user.enc_key = (ProtobufCBinaryData){ sizeof ENC_KEY, ENC_KEY };
	kms__v1__new_mpc_epoch_request__init(&m->epoch);
	m->epoch.epoch_id = &m->id, m->epoch.domain = &m->domain;
}

static err parse(request **out, request_kind kind, const message *m)
{
	const ProtobufCMessage *const of[REQUEST_KINDS] = {
		[REQUEST_PREPROC] = &m->preproc.base, [REQUEST_KEYGEN] = &m->keygen.base,
		[REQUEST_PUBLIC_DECRYPT] = &m->pub.base, [REQUEST_USER_DECRYPT] = &m->user.base,
		[REQUEST_NEW_EPOCH] = &m->epoch.base,
	};
	buf bytes = { 0 };

	pb_pack(&bytes, of[kind]);
	err e = parse_request(out, kind, buf_slice(&bytes));
	buf_free(&bytes);
	return e;
}

static void accepted(request_kind kind, const message *m)
{
	request *r = NULL;
	assert_ok(parse(&r, kind, m));
	request_free(&r);
}

static void refused_with(err want, request_kind kind, const message *m, const char *part)
{
	request *r = NULL;
	err e = parse(&r, kind, m);
	assert_int_equal(e, want);
	if (!strstr(err_text(), part)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), part));
	err_clear();
}

static void refused(request_kind kind, const message *m, const char *part)
{
	refused_with(ERR_REQUEST, kind, m, part);
}

static void every_kind_is_read(void **state)
{
	(void)state;
	message m;
	request *r = NULL;

	fill(&m);
	for (unsigned k = 0; k < REQUEST_KINDS; k++) accepted((request_kind)k, &m);
	assert_ok(parse(&r, REQUEST_USER_DECRYPT, &m));
	assert_int_equal(r->decrypt.items, 2);
	assert_int_equal(r->decrypt.item[1].type->number, FHE_UINT64);
	assert_int_equal(r->decrypt.item[1].format, BIG_COMPRESSED);
	assert_true(slice_eq_var(r->decrypt.enc_key_wire, slice_of(ENC_KEY, sizeof ENC_KEY)));
	assert_true(id_eq_var(&r->context_id, &ID_DEFAULT_CONTEXT));
	assert_true(id_eq_var(&r->epoch_id, &ID_DEFAULT_EPOCH));
	assert_int_equal(r->schemes, 0);
	request_free(&r);
}

static void ids_are_checked(void **state)
{
	(void)state;
	message m;

	fill(&m), m.pub.request_id = NULL;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "request_id");
	fill(&m), m.pub.key_id = NULL;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "key_id");
	fill(&m), m.id.request_id = (char *)(uintptr_t)"04";
	refused(REQUEST_USER_DECRYPT, &m, "request_id");
	fill(&m), m.id.request_id = (char *)(uintptr_t)"0000000000000000000000000000000000000000000000000000000000000000";
	refused(REQUEST_PREPROC, &m, "zero");
	fill(&m), m.keygen.preproc_id = NULL;
	refused(REQUEST_KEYGEN, &m, "preproc_id");
	fill(&m), m.keygen.context_id = &m.context, m.context.request_id = (char *)(uintptr_t)"x";
	refused(REQUEST_KEYGEN, &m, "context_id");
	fill(&m), m.keygen.epoch_id = &m.context, m.context.request_id = (char *)(uintptr_t)"";
	refused(REQUEST_KEYGEN, &m, "epoch_id");
	fill(&m), m.id.request_id = (char *)(uintptr_t)" 0x0400000000000000000000000000000000000000000000000000000000000001\n";
	accepted(REQUEST_PUBLIC_DECRYPT, &m);
}

static void the_domain_is_checked(void **state)
{
	(void)state;
	message m;

	for (unsigned k = 0; k < REQUEST_KINDS; k++) {
		/* An epoch into which nothing is reshared has nothing to sign. */
		fill(&m), m.preproc.domain = m.keygen.domain = m.pub.domain = m.user.domain = m.epoch.domain = NULL;
		if (k == REQUEST_NEW_EPOCH) accepted(REQUEST_NEW_EPOCH, &m);
		else refused((request_kind)k, &m, "domain");
		fill(&m), m.domain.chain_id.len = 33, m.domain.chain_id.data = CHAIN;
		refused((request_kind)k, &m, "chain_id");
		fill(&m), m.domain.verifying_contract = (char *)(uintptr_t)"0x66F9664f97F2b50F62D13eA064982f936dE76657";
		refused((request_kind)k, &m, "verifying_contract");
		fill(&m), m.domain._salt_case = KMS__V1__EIP712_DOMAIN_MSG___SALT_SALT, m.domain.salt = (ProtobufCBinaryData){ 31, CHAIN };
		refused((request_kind)k, &m, "salt");
		fill(&m), m.domain._salt_case = KMS__V1__EIP712_DOMAIN_MSG___SALT_SALT, m.domain.salt = (ProtobufCBinaryData){ 32, CHAIN };
		accepted((request_kind)k, &m);
	}
}

static void ciphertexts_are_checked_and_named_by_index(void **state)
{
	(void)state;
	message m;

	fill(&m), m.pub.n_ciphertexts = 0;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "ciphertexts is empty");
	fill(&m), m.ct[1].fhe_type = 1;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "ciphertexts[1]: fhe_type is 1");
	fill(&m), m.ct[1].fhe_type = -5;
	refused(REQUEST_USER_DECRYPT, &m, "typed_ciphertexts[1]: fhe_type is -5");
	fill(&m), m.ct[0].ciphertext_format = (Kms__V1__CiphertextFormat)4;
	refused(REQUEST_USER_DECRYPT, &m, "typed_ciphertexts[0]: ciphertext_format is 4");
	fill(&m), m.ct[1].external_handle.len = 33;
	refused(REQUEST_USER_DECRYPT, &m, "typed_ciphertexts[1]: external_handle");
	fill(&m), m.ct[1].ciphertext.len = 0;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "ciphertexts[1]: ciphertext is empty");
	fill(&m), m.ct[1].external_handle.len = 0;
	accepted(REQUEST_PUBLIC_DECRYPT, &m);
	static Kms__V1__TypedCiphertext *many[MAX_CIPHERTEXTS + 1];
	fill(&m);
	for (size_t i = 0; i < COUNT(many); i++) many[i] = &m.ct[0];
	m.pub.ciphertexts = many, m.pub.n_ciphertexts = COUNT(many);
	refused(REQUEST_PUBLIC_DECRYPT, &m, "2049 entries");
	m.pub.n_ciphertexts = MAX_CIPHERTEXTS;
	accepted(REQUEST_PUBLIC_DECRYPT, &m);
}

static void the_user_is_checked(void **state)
{
	(void)state;
	message m;

	fill(&m), m.user.client_address = (char *)(uintptr_t)"0x388c818CA8B9251b393131C08a736A67ccB19297";
	refused(REQUEST_USER_DECRYPT, &m, "client_address");
	fill(&m), m.user.client_address = (char *)(uintptr_t)"";
	refused(REQUEST_USER_DECRYPT, &m, "client_address");
	fill(&m), m.user.client_address = CONTRACT;
	refused(REQUEST_USER_DECRYPT, &m, "verifying_contract");
	fill(&m), m.user.enc_key.len--;
	refused(REQUEST_USER_DECRYPT, &m, "enc_key");
	fill(&m), ENC_KEY[57] = 1;                      /* ML-KEM-1024 */
	refused(REQUEST_USER_DECRYPT, &m, "enc_key");
	fill(&m), ENC_KEY[69] = ENC_KEY[70] = 0xff;     /* a coefficient above q */
	refused(REQUEST_USER_DECRYPT, &m, "enc_key");
}

static void schemes_are_taken_once_in_order_and_others_refused(void **state)
{
	(void)state;
	message m;
	request *r = NULL;

	fill(&m), m.pub.signing_schemes = m.scheme, m.pub.n_signing_schemes = 4;
	m.scheme[0] = KMS__V1__SIGNING_SCHEME_TYPE__MLDSA87, m.scheme[2] = KMS__V1__SIGNING_SCHEME_TYPE__MLDSA87;
	m.scheme[1] = KMS__V1__SIGNING_SCHEME_TYPE__ECDSA256K1, m.scheme[3] = KMS__V1__SIGNING_SCHEME_TYPE__ED25519;
	assert_ok(parse(&r, REQUEST_PUBLIC_DECRYPT, &m));
	assert_int_equal(r->schemes, 3);
	assert_int_equal(r->scheme[0], SCHEME_MLDSA87);
	assert_int_equal(r->scheme[1], SCHEME_ECDSA256K1);
	assert_int_equal(r->scheme[2], SCHEME_ED25519);
	request_free(&r);
	m.scheme[2] = (Kms__V1__SigningSchemeType)5;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "signing_schemes[2]");
	m.scheme[2] = (Kms__V1__SigningSchemeType)-1;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "no scheme");
}

static void key_sets_that_are_not_built_are_told_from_those_that_do_not_exist(void **state)
{
	(void)state;
	message m;

	fill(&m), m.preproc.keyset_config = &m.keyset;
	accepted(REQUEST_PREPROC, &m);
	m.keyset.keyset_type = (Kms__V1__KeySetType)2;
	refused(REQUEST_PREPROC, &m, "keyset_type");
	fill(&m), m.keygen.keyset_config = &m.keyset, m.standard.secret_key_config = (Kms__V1__KeyGenSecretKeyConfig)2;
	refused(REQUEST_KEYGEN, &m, "secret_key_config is 2, which does not exist");
	fill(&m), m.keygen.keyset_config = &m.keyset, m.standard.compressed_key_config = KMS__V1__COMPRESSED_KEY_CONFIG__CompressedNone;
	accepted(REQUEST_KEYGEN, &m);
	fill(&m), m.keygen.keyset_config = &m.keyset, m.standard.compressed_key_config = (Kms__V1__CompressedKeyConfig)2;
	refused(REQUEST_KEYGEN, &m, "compressed_key_config is 2, which does not exist");
	fill(&m), m.keygen.keyset_config = &m.keyset, m.standard.compute_key_type = (Kms__V1__ComputeKeyType)1;
	refused(REQUEST_KEYGEN, &m, "compute_key_type is 1, which does not exist");
	fill(&m), m.keygen.keyset_added_info = &m.added;
	accepted(REQUEST_KEYGEN, &m);
	m.added.existing_keyset_id = &m.id;
	refused(REQUEST_KEYGEN, &m, "keyset_added_info");
	fill(&m), m.preproc.params = (Kms__V1__FheParameter)7;
	refused(REQUEST_PREPROC, &m, "params is 7");
	fill(&m), m.keygen._params_case = KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS, m.keygen.params = (Kms__V1__FheParameter)-1;
	refused(REQUEST_KEYGEN, &m, "params is -1");
}

static void a_key_set_may_be_wanted_uncompressed_from_a_dealer_too(void **state)
{
	(void)state;
	message m;
	request *r = NULL;
	buf bytes = { 0 };

	fill(&m);
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_false(keygen_is_uncompressed(r));
	const hash32 compressed = r->body;
	request_free(&r);
	m.keygen.keyset_config = m.preproc.keyset_config = &m.keyset;
	m.standard.compressed_key_config = KMS__V1__COMPRESSED_KEY_CONFIG__CompressedNone;
	accepted(REQUEST_PREPROC, &m);
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_true(keygen_is_uncompressed(r));
	assert_false(hash32_eq_var(r->body, compressed));
	request_free(&r);
	pb_pack(&bytes, &m.keygen.base);
	assert_ok(parse_insecure_request(&r, REQUEST_KEYGEN, buf_slice(&bytes)));
	assert_true(keygen_is_uncompressed(r));
	request_free(&r);
	buf_free(&bytes);
}

static void a_key_with_the_secrets_of_another_names_it(void **state)
{
	(void)state;
	message m;
	request *r = NULL;
	buf bytes = { 0 };

	fill(&m), m.keygen.keyset_config = m.preproc.keyset_config = &m.keyset;
	m.standard.secret_key_config = KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__UseExisting;
	accepted(REQUEST_PREPROC, &m);
	refused(REQUEST_KEYGEN, &m, "keyset_added_info is missing");
	m.keygen.keyset_added_info = &m.added;
	refused(REQUEST_KEYGEN, &m, "existing_keyset_id");
	m.added.existing_keyset_id = &m.context;
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_true(keygen_is_migration(r) && !r->keygen.keeps_tag);
	const hash32 own_tag = r->body;
	request_free(&r);
	m.added.use_existing_key_tag = true;
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_true(r->keygen.keeps_tag);
	assert_false(hash32_eq_var(r->body, own_tag));
	request_free(&r);
	pb_pack(&bytes, &m.keygen.base);
	assert_err(ERR_UNSUPPORTED, parse_insecure_request(&r, REQUEST_KEYGEN, buf_slice(&bytes)));
	buf_free(&bytes);
	m.added.to_keyset_id_decompression_only = &m.id;
	refused(REQUEST_KEYGEN, &m, "key sets for decompression");
}

static void a_compressed_key_set_may_be_copied_to_the_key_whose_secrets_it_has(void **state)
{
	(void)state;
	message m;
	request *r = NULL;

	fill(&m), m.keygen.keyset_config = &m.keyset, m.keygen.keyset_added_info = &m.added;
	m.standard.secret_key_config = KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__UseExisting;
	m.added.existing_keyset_id = &m.context;
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_false(r->keygen.copies);
	const hash32 alone = r->body;
	request_free(&r);
	m.added.copy_compressed_key_to_original = true;
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_true(r->keygen.copies && !r->keygen.keeps_tag);
	assert_false(hash32_eq_var(r->body, alone));
	request_free(&r);
	m.standard.compressed_key_config = KMS__V1__COMPRESSED_KEY_CONFIG__CompressedNone;
	refused(REQUEST_KEYGEN, &m, "only a CompressedXofKeySet is copied");
}

static void a_decompression_key_needs_two_key_sets_and_nothing_else(void **state)
{
	(void)state;
	request *r = NULL;
	buf bytes = { 0 };
	message m;

	fill(&m), m.preproc.keyset_config = m.keygen.keyset_config = &m.keyset;
	m.keyset.keyset_type = KMS__V1__KEY_SET_TYPE__DecompressionOnly;
	m.context.request_id = (char *)(uintptr_t)"0400000000000000000000000000000000000000000000000000000000000002";
	accepted(REQUEST_PREPROC, &m);
	m.standard.secret_key_config = KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__UseExisting;
	refused(REQUEST_PREPROC, &m, "UseExisting is for Standard key sets");
	m.standard.secret_key_config = KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__GenerateAll;
	refused(REQUEST_KEYGEN, &m, "keyset_added_info is missing");
	m.keygen.keyset_added_info = &m.added;
	refused(REQUEST_KEYGEN, &m, "from_keyset_id_decompression_only");
	m.added.from_keyset_id_decompression_only = &m.context;
	refused(REQUEST_KEYGEN, &m, "to_keyset_id_decompression_only");
	m.added.to_keyset_id_decompression_only = &m.id;
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_true(keygen_is_decompression(r) && !keygen_is_migration(r));
	assert_false(id_eq_var(&r->keygen.from, &r->keygen.to));
	const hash32 there = r->body;
	request_free(&r);
	m.added.from_keyset_id_decompression_only = &m.id, m.added.to_keyset_id_decompression_only = &m.context;
	assert_ok(parse(&r, REQUEST_KEYGEN, &m));
	assert_false(hash32_eq_var(r->body, there));
	request_free(&r);
	pb_pack(&bytes, &m.keygen.base);
	assert_err(ERR_UNSUPPORTED, parse_insecure_request(&r, REQUEST_KEYGEN, buf_slice(&bytes)));
	buf_free(&bytes);
	m.added.existing_keyset_id = &m.id;
	refused(REQUEST_KEYGEN, &m, "what UseExisting takes");
}

static hash32 body_of(request_kind kind, const message *m)
{
	request *r = NULL;
	assert_ok(parse(&r, kind, m));
	hash32 h = request_body(r);
	request_free(&r);
	return h;
}

static void the_body_covers_every_field_but_the_id(void **state)
{
	(void)state;
	message m;
	fill(&m);
	static uint8_t key[ENC_KEY_BYTES];
	memcpy(key, ENC_KEY, sizeof key);
	m.user.enc_key.data = key;
	const hash32 first = body_of(REQUEST_USER_DECRYPT, &m);

#define CHANGES(change, undo) do { change; assert_false(hash32_eq_var(first, body_of(REQUEST_USER_DECRYPT, &m))); undo; \
	assert_true(hash32_eq_var(first, body_of(REQUEST_USER_DECRYPT, &m))); } while (0)
	CHANGES(m.user.context_id = &m.context, m.user.context_id = NULL);
	CHANGES(m.user.epoch_id = &m.context, m.user.epoch_id = NULL);
	CHANGES(m.key.request_id = (char *)(uintptr_t)"0400000000000000000000000000000000000000000000000000000000000002", m.key.request_id = ID);
	CHANGES(m.domain.version = (char *)(uintptr_t)"2", m.domain.version = (char *)(uintptr_t)"1");
	CHANGES(m.domain.chain_id.len = 31, m.domain.chain_id.len = 32);
	CHANGES(m.user.n_typed_ciphertexts = 1, m.user.n_typed_ciphertexts = 2);
	CHANGES(m.ct[1].fhe_type = FHE_UINT8, m.ct[1].fhe_type = FHE_UINT64);
	CHANGES(m.ct[0].ciphertext.len = 4, m.ct[0].ciphertext.len = 5);
	CHANGES(m.ct[0].external_handle.len = 31, m.ct[0].external_handle.len = 32);
	CHANGES(m.ct[0].ciphertext_format = KMS__V1__CIPHERTEXT_FORMAT__BigExpanded, m.ct[0].ciphertext_format = KMS__V1__CIPHERTEXT_FORMAT__BigCompressed);
	CHANGES((m.user.extra_data = (ProtobufCBinaryData){ 1, HANDLE }), m.user.extra_data.len = 0);
	CHANGES((m.user.signing_schemes = m.scheme, m.user.n_signing_schemes = 1), m.user.n_signing_schemes = 0);
	CHANGES(m.user.client_address = (char *)(uintptr_t)"0x1Db3439a222C519ab44bb1144fC28167b4Fa6EE6", m.user.client_address = USER);
	/* The request's own id does not count, and a default that is named is the default. */
	static char epoch[] = "0800000000000000000000000000000000000000000000000000000000000001";
	m.id.request_id = (char *)(uintptr_t)"0200000000000000000000000000000000000000000000000000000000000009";
	m.context.request_id = epoch;
	m.user.epoch_id = &m.context;
	assert_true(hash32_eq_var(first, body_of(REQUEST_USER_DECRYPT, &m)));
}

static void an_epoch_is_known_by_its_own_id(void **state)
{
	(void)state;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	message m;
	request *r = NULL;

	fill(&m);
	assert_ok(parse(&r, REQUEST_NEW_EPOCH, &m));
	assert_true(id_eq_var(&r->id, &r->epoch_id) && r->id.b[0] == 4);
	assert_true(id_eq_var(&r->context_id, &ID_DEFAULT_CONTEXT));
	request_free(&r);
	m.epoch.epoch_id = NULL;
	assert_ok(parse(&r, REQUEST_NEW_EPOCH, &m));
	assert_true(id_eq_var(&r->id, &ID_DEFAULT_EPOCH));
	request_free(&r);
	m.epoch.previous_epoch = &previous;
	refused(REQUEST_NEW_EPOCH, &m, "previous_epoch: epoch_id is missing");
	m.epoch.domain = NULL;
	refused(REQUEST_NEW_EPOCH, &m, "domain is missing");
}

static void keys_of_a_previous_epoch_are_read_and_bounded(void **state)
{
	(void)state;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	Kms__V1__KeyInfo info[2] = { KMS__V1__KEY_INFO__INIT, KMS__V1__KEY_INFO__INIT }, *list[MAX_RESHARED_KEYS + 1];
	Kms__V1__KeyDigest digest = KMS__V1__KEY_DIGEST__INIT, *digests[PUB_TYPES + 1];
	message m;
	request *r = NULL;

	fill(&m);
	m.epoch.previous_epoch = &previous;
	previous.epoch_id = &m.id;
	assert_ok(parse(&r, REQUEST_NEW_EPOCH, &m));
	assert_true(r->epoch.reshares && r->epoch.keys == 0 && r->epoch.from.b[0] == m.id.request_id[1] - '0');
	const hash32 without = r->body;
	request_free(&r);

	for (size_t i = 0; i < COUNT(list); i++) list[i] = &info[i % 2];
	for (size_t i = 0; i < COUNT(digests); i++) digests[i] = &digest;
	for (size_t i = 0; i < 2; i++) info[i].key_id = &m.id, info[i].preproc_id = &m.id, info[i].key_parameters = (Kms__V1__FheParameter)1;
	info[1].key_id = &m.context;
	m.context.request_id = (char *)(uintptr_t)"0400000000000000000000000000000000000000000000000000000000000099";
	previous.keys_info = list, previous.n_keys_info = 2;
	digest.key_type = (char *)(uintptr_t)"PublicKey";
	info[0].key_digests = digests, info[0].n_key_digests = 1;
	assert_ok(parse(&r, REQUEST_NEW_EPOCH, &m));
	assert_int_equal(r->epoch.keys, 2);
	assert_int_equal(r->epoch.key[1].key_id.b[31], 0x99);
	assert_int_equal(r->epoch.key[0].digest[0].type, PUB_PUBLIC_KEY);
	assert_false(hash32_eq_var(r->body, without));
	request_free(&r);
	digest.key_type = (char *)(uintptr_t)"Publicity";
	refused(REQUEST_NEW_EPOCH, &m, "keys_info[0]: key_digests[0].key_type");
	info[0].n_key_digests = COUNT(digests);
	refused(REQUEST_NEW_EPOCH, &m, "keys_info[0]: key_digests has");
	info[0].n_key_digests = 0, info[1].preproc_id = NULL;
	refused(REQUEST_NEW_EPOCH, &m, "keys_info[1]: preproc_id is missing");
	info[1].preproc_id = &m.id, info[1].key_parameters = (Kms__V1__FheParameter)77;
	refused(REQUEST_NEW_EPOCH, &m, "keys_info[1]: key_parameters is 77");
	info[1].key_parameters = (Kms__V1__FheParameter)1, previous.n_keys_info = COUNT(list);
	refused(REQUEST_NEW_EPOCH, &m, "keys_info has 65 entries");
}

/* The insecure twins are other requests than those they resemble. */
static void an_insecure_request_has_another_body(void **state)
{
	(void)state;
	message m;
	request *secure = NULL, *insecure = NULL;
	buf bytes = { 0 };

	fill(&m);
	pb_pack(&bytes, &m.preproc.base);
	assert_ok(parse_request(&secure, REQUEST_PREPROC, buf_slice(&bytes)));
	assert_ok(parse_insecure_request(&insecure, REQUEST_PREPROC, buf_slice(&bytes)));
	assert_true(insecure->insecure && !secure->insecure);
	assert_false(hash32_eq_var(secure->body, insecure->body));
	buf facts = { 0 };
	preproc_facts f;
	preproc_facts_write(&facts, insecure);
	assert_ok(preproc_facts_read(&f, buf_slice(&facts)));
	assert_true(f.insecure);
	buf_clear(&facts);
	preproc_facts_write(&facts, secure);
	assert_ok(preproc_facts_read(&f, buf_slice(&facts)));
	assert_false(f.insecure);
	request_free(&secure), request_free(&insecure);
	buf_free(&bytes), buf_free(&facts);
}

/* What is refused is refused with a sentence, and leaves nothing. */
static void is_read_or_refused(slice bytes)
{
	request *r = NULL;
	const err e = parse_request(&r, REQUEST_USER_DECRYPT, bytes);

	assert_int_equal(e == OK, r != NULL);
	assert_int_equal(e == OK, err_text()[0] == '\0');
	request_free(&r);
	err_clear();
}

static void truncated_and_flipped_messages_do_no_harm(void **state)
{
	(void)state;
	message m;
	buf bytes = { 0 };

	fill(&m);
	pb_pack(&bytes, &m.user.base);
	for (size_t i = 0; i < bytes.n; i++) {
		is_read_or_refused(slice_of(bytes.p, i));
		bytes.p[i] ^= (uint8_t)(1 << test_below(8));
		is_read_or_refused(buf_slice(&bytes));
	}
	buf_free(&bytes);
}

static void what_is_as_long_as_allowed_is_taken_and_no_longer(void **state)
{
	(void)state;
	static uint8_t bytes[MAX_EXTRA_DATA + 1];
	message m;

	for (unsigned k = 0; k < REQUEST_KINDS; k++) {
		fill(&m);
		ProtobufCBinaryData *const field[] = { &m.preproc.extra_data, &m.keygen.extra_data, &m.pub.extra_data, &m.user.extra_data,
		                                      &m.epoch.extra_data };
		for (size_t i = 0; i < COUNT(field); i++) *field[i] = (ProtobufCBinaryData){ MAX_EXTRA_DATA, bytes };
		accepted((request_kind)k, &m);
		for (size_t i = 0; i < COUNT(field); i++) field[i]->len++;
		refused((request_kind)k, &m, "extra_data has 65537 bytes");
	}
	uint8_t *file = calloc(1, (size_t)MAX_CIPHERTEXT_FILE + 1);
	assert_non_null(file);
	fill(&m), m.ct[1].ciphertext = (ProtobufCBinaryData){ MAX_CIPHERTEXT_FILE, file };
	accepted(REQUEST_PUBLIC_DECRYPT, &m);
	m.ct[1].ciphertext.len++;
	refused(REQUEST_PUBLIC_DECRYPT, &m, "ciphertexts[1]: ciphertext has");
	free(file);
}

TESTS(TEST(every_kind_is_read), TEST(ids_are_checked), TEST(the_domain_is_checked), TEST(ciphertexts_are_checked_and_named_by_index),
      TEST(the_user_is_checked), TEST(schemes_are_taken_once_in_order_and_others_refused),
      TEST(key_sets_that_are_not_built_are_told_from_those_that_do_not_exist),
	TEST(a_key_set_may_be_wanted_uncompressed_from_a_dealer_too),
	TEST(a_key_with_the_secrets_of_another_names_it),
	TEST(a_compressed_key_set_may_be_copied_to_the_key_whose_secrets_it_has), TEST(a_decompression_key_needs_two_key_sets_and_nothing_else),
	TEST(the_body_covers_every_field_but_the_id),
      TEST(an_epoch_is_known_by_its_own_id), TEST(keys_of_a_previous_epoch_are_read_and_bounded), TEST(an_insecure_request_has_another_body), TEST(truncated_and_flipped_messages_do_no_harm),
      TEST(what_is_as_long_as_allowed_is_taken_and_no_longer))
