/* SPDX-License-Identifier: MIT */
/* tests/node/client.c -- messages laid out, packed and sent. */
#include "tests/node/client.h"

enum { TIMEOUT_MS = 400000 };

rpc_status client_said;
const Kms__V1__SigningSchemeType *client_schemes;
size_t client_schemes_n;

#define ASK_SCHEMES(m) ((m)->signing_schemes = (Kms__V1__SigningSchemeType *)(uintptr_t)client_schemes, \
	(m)->n_signing_schemes = client_schemes_n)

id32 fresh_id(uint8_t kind)
{
	static uint32_t count;
	id32 id = {{ kind }};
	count++;
	store32(id.b + 28, count);
	return id;
}

Kms__V1__RequestId *id_message(const id32 *id)
{
	/* Several are alive at a time. */
	static Kms__V1__RequestId ring[16];
	static char text[16][ID_TEXT];
	static unsigned at;
	unsigned i = at++ % COUNT(ring);

	kms__v1__request_id__init(&ring[i]);
	id_text(text[i], id);
	ring[i].request_id = text[i];
	return &ring[i];
}

Kms__V1__Eip712DomainMsg *domain_message(const char *name)
{
	static Kms__V1__Eip712DomainMsg m;
	static uint8_t chain_id[32] = { [30] = 54321 >> 8, [31] = 54321 & 255 };

	kms__v1__eip712_domain_msg__init(&m);
	m.name = (char *)(uintptr_t)name;
	m.version = (char *)(uintptr_t)"1";
	m.chain_id = (ProtobufCBinaryData){ sizeof chain_id, chain_id };
	m.verifying_contract = (char *)(uintptr_t)"0x66f9664f97F2b50F62D13eA064982f936dE76657";
	return &m;
}

static grpc_status call_with(child *c, buf *response, const char *path, buf bytes)
{
	err e = rpc_conn_call(c->conn, response, &client_said, path, buf_slice(&bytes), TIMEOUT_MS);
	if (e != OK) err_clear();
	buf_free(&bytes);
	return client_said.code;
}

grpc_status call_path(child *c, buf *response, const char *path, const ProtobufCMessage *request)
{
	buf bytes = { 0 };

	pb_pack(&bytes, request);
	return call_with(c, response, path, bytes);
}

grpc_status call_core(child *c, buf *response, const char *method, const ProtobufCMessage *request)
{
	char path[128];
	snprintf(path, sizeof path, "/kms_service.v1.CoreServiceEndpoint/%s", method);
	return call_path(c, response, path, request);
}

grpc_status get_result(child *c, buf *response, const char *method, const id32 *id)
{
	grpc_status s;

	for (;; usleep(10000)) {
		s = call_core(c, response, method, &id_message(id)->base);
		if (s != GRPC_UNAVAILABLE || !strstr(client_said.message, "still running")) return s;
	}
}

static const id32 *in_epoch;
void ask_in_epoch(const id32 *epoch) { in_epoch = epoch; }

static bool uncompressed;
void ask_uncompressed(bool on) { uncompressed = on; }

static Kms__V1__KeySetConfig *config_for(Kms__V1__KeyGenSecretKeyConfig secrets)
{
	static Kms__V1__KeySetConfig m;
	static Kms__V1__StandardKeySetConfig standard;

	kms__v1__key_set_config__init(&m);
	kms__v1__standard_key_set_config__init(&standard);
	standard.secret_key_config = secrets;
	if (uncompressed) standard.compressed_key_config = KMS__V1__COMPRESSED_KEY_CONFIG__CompressedNone;
	m.standard_keyset_config = &standard;
	return &m;
}

Kms__V1__KeySetConfig *keyset_config_message(void)
{
	return uncompressed ? config_for(KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__GenerateAll) : NULL;
}

grpc_status start_preproc(child *c, const id32 *prep, int params)
{
	Kms__V1__KeyGenPreprocRequest m = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	buf empty = { 0 };

	m.request_id = id_message(prep);
	m.params = (Kms__V1__FheParameter)params;
	m.keyset_config = keyset_config_message();
	m.domain = domain_message("KMSGeneration");
	ASK_SCHEMES(&m);
	grpc_status s = call_core(c, &empty, "KeyGenPreproc", &m.base);
	buf_free(&empty);
	return s;
}

grpc_status start_keygen(child *c, const id32 *key, const id32 *prep)
{
	Kms__V1__KeyGenRequest m = KMS__V1__KEY_GEN_REQUEST__INIT;
	buf empty = { 0 };

	m.request_id = id_message(key);
	m.preproc_id = id_message(prep);
	m.keyset_config = keyset_config_message();
	m.domain = domain_message("KMSGeneration");
	ASK_SCHEMES(&m);
	grpc_status s = call_core(c, &empty, "KeyGen", &m.base);
	buf_free(&empty);
	return s;
}

static Kms__V1__KeySetConfig *between_config(void)
{
	static Kms__V1__KeySetConfig m;

	kms__v1__key_set_config__init(&m);
	m.keyset_type = KMS__V1__KEY_SET_TYPE__DecompressionOnly;
	return &m;
}

static grpc_status preproc_of(child *c, const id32 *prep, int params, Kms__V1__KeySetConfig *config)
{
	Kms__V1__KeyGenPreprocRequest m = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	buf empty = { 0 };

	m.request_id = id_message(prep);
	m.params = (Kms__V1__FheParameter)params;
	m.keyset_config = config;
	if (in_epoch) m.epoch_id = id_message(in_epoch);
	m.domain = domain_message("KMSGeneration");
	const grpc_status s = call_core(c, &empty, "KeyGenPreproc", &m.base);
	buf_free(&empty);
	return s;
}

static grpc_status keygen_of(child *c, const id32 *key, const id32 *prep, Kms__V1__KeySetConfig *config, Kms__V1__KeySetAddedInfo *added)
{
	Kms__V1__KeyGenRequest m = KMS__V1__KEY_GEN_REQUEST__INIT;
	buf empty = { 0 };

	m.request_id = id_message(key);
	m.preproc_id = id_message(prep);
	m.keyset_config = config;
	m.keyset_added_info = added;
	if (in_epoch) m.epoch_id = id_message(in_epoch);
	m.domain = domain_message("KMSGeneration");
	const grpc_status s = call_core(c, &empty, "KeyGen", &m.base);
	buf_free(&empty);
	return s;
}

grpc_status start_preproc_existing(child *c, const id32 *prep, int params) { return preproc_of(c, prep, params, config_for(KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__UseExisting)); }
grpc_status start_preproc_between(child *c, const id32 *prep, int params) { return preproc_of(c, prep, params, between_config()); }

static grpc_status keygen_existing(child *c, const id32 *key, const id32 *prep, const id32 *existing, bool copied)
{
	Kms__V1__KeySetAddedInfo added = KMS__V1__KEY_SET_ADDED_INFO__INIT;

	added.existing_keyset_id = id_message(existing);
	added.use_existing_key_tag = true;
	added.copy_compressed_key_to_original = copied;
	return keygen_of(c, key, prep, config_for(KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__UseExisting), &added);
}

grpc_status start_keygen_existing(child *c, const id32 *key, const id32 *prep, const id32 *existing) { return keygen_existing(c, key, prep, existing, false); }
grpc_status start_keygen_copied(child *c, const id32 *key, const id32 *prep, const id32 *existing) { return keygen_existing(c, key, prep, existing, true); }

grpc_status start_keygen_between(child *c, const id32 *key, const id32 *prep, const id32 *from, const id32 *to)
{
	Kms__V1__KeySetAddedInfo added = KMS__V1__KEY_SET_ADDED_INFO__INIT;

	added.from_keyset_id_decompression_only = id_message(from);
	added.to_keyset_id_decompression_only = id_message(to);
	return keygen_of(c, key, prep, between_config(), &added);
}

enum { MOST_ITEMS = 64 };

static void lay_out(Kms__V1__TypedCiphertext *message, Kms__V1__TypedCiphertext **list, const client_item *item, size_t n)
{
	assert_true(n <= MOST_ITEMS);
	for (size_t i = 0; i < n; i++) {
		kms__v1__typed_ciphertext__init(&message[i]);
		message[i].ciphertext = pb_bytes(item[i].file);
		message[i].fhe_type = item[i].fhe_type;
		message[i].external_handle = pb_bytes(item[i].handle);
		message[i].ciphertext_format = (Kms__V1__CiphertextFormat)item[i].format;
		list[i] = &message[i];
	}
}

buf public_decrypt_message(const id32 *id, const id32 *key, const client_item *item, size_t n)
{
	Kms__V1__PublicDecryptionRequest m = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
	Kms__V1__TypedCiphertext ct[MOST_ITEMS], *list[MOST_ITEMS];
	buf bytes = { 0 };

	lay_out(ct, list, item, n);
	m.request_id = id_message(id);
	m.key_id = id_message(key);
	m.domain = domain_message("Decryption");
	ASK_SCHEMES(&m);
	m.ciphertexts = list;
	m.n_ciphertexts = n;
	pb_pack(&bytes, &m.base);
	return bytes;
}

buf user_decrypt_message(const id32 *id, const id32 *key, const client_item *item, size_t n, const user *u)
{
	Kms__V1__UserDecryptionRequest m = KMS__V1__USER_DECRYPTION_REQUEST__INIT;
	Kms__V1__TypedCiphertext ct[MOST_ITEMS], *list[MOST_ITEMS];
	buf bytes = { 0 };

	lay_out(ct, list, item, n);
	m.request_id = id_message(id);
	m.key_id = id_message(key);
	m.domain = domain_message("Decryption");
	ASK_SCHEMES(&m);
	m.client_address = (char *)(uintptr_t)u->text;
	m.enc_key = pb_bytes(slice_of(u->wire, sizeof u->wire));
	m.typed_ciphertexts = list;
	m.n_typed_ciphertexts = n;
	pb_pack(&bytes, &m.base);
	return bytes;
}

static grpc_status call_method(child *c, buf *response, const char *method, buf bytes)
{
	char path[128];
	snprintf(path, sizeof path, "/kms_service.v1.CoreServiceEndpoint/%s", method);
	return call_with(c, response, path, bytes);
}

grpc_status public_decrypt(child *c, buf *response, const char *method, const id32 *id, const id32 *key, const client_item *item, size_t n)
{
	return call_method(c, response, method, public_decrypt_message(id, key, item, n));
}

grpc_status user_decrypt(child *c, buf *response, const char *method, const id32 *id, const id32 *key, const client_item *item, size_t n,
                         const user *u)
{
	return call_method(c, response, method, user_decrypt_message(id, key, item, n, u));
}

user new_user(void)
{
	user u;
	enc_key_generate(&u.ek, &u.dk, test_rng());
	enc_key_write(u.wire, &u.ek);
	rng_fill(test_rng(), u.address.b, sizeof u.address.b);
	address_text(u.text, &u.address);
	return u;
}

bool make_key(child *c, id32 *prep, id32 *key)
{
	buf response = { 0 };

	*prep = fresh_id(3);
	*key = fresh_id(4);
	bool made = start_preproc(c, prep, 1) == GRPC_OK && get_result(c, &response, "GetKeyGenPreprocResult", prep) == GRPC_OK &&
	            start_keygen(c, key, prep) == GRPC_OK && get_result(c, &response, "GetKeyGenResult", key) == GRPC_OK;
	buf_free(&response);
	return made;
}
