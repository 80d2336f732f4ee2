/* SPDX-License-Identifier: MIT */
/* tests/connector/ask_test.c -- requests read back as a node reads them, and signed answers with and without a fault. */
#include "connector/answer.h"
#include "connector/ask.h"
#include <kms.v1.pb-c.h>
#include "evm/kms712.h"
#include "rpc/pb.h"
#include "tests/evm/connector_vectors.h"
#include "tkms/answer.h"

enum { KINDS = 5 };
static const queue_kind ANSWERED[KINDS] = { QUEUE_PUBLIC_DECRYPTION, QUEUE_USER_DECRYPTION, QUEUE_PREP_KEYGEN, QUEUE_KEYGEN, QUEUE_CRSGEN };

/* ---- a request of each kind ------------------------------------------------------------------------------------- */

static char *text(const char *s) { return (char *)(uintptr_t)s; }

static connector_config configured(bool v015)
{
	connector_config c = { .profile = v015 ? &PROFILE_V015 : &PROFILE_GATEWAY, .gateway_chain_id = 54321, .ethereum_chain_id = 11155111,
	                       .decryption = { true, NULL, text("Decryption"), text("1"), { { 0xd1 } } },
	                       .generation = { true, NULL, text("KMSGeneration"), text("1"), { { 0xe2 } } } };
	return c;
}

static abi_word HANDLE[2] = { { { 0xa1, [30] = 2 } }, { { 0xa2, [30] = 4 } } };
static const id32 KEY = { { 4, [31] = 9 } };
static uint8_t EXTRA[33] = { 1, 7 };

static queue_item request_of(queue_kind kind)
{
	static const slice handles[2] = { { HANDLE[0].b, 32 }, { HANDLE[1].b, 32 } };
	static const uint8_t user[20] = { 0xab, 0xcd }, key[] = "an encryption key";
	queue_item item = { .kind = kind, .id = { { 1, [31] = 3 } }, .prep_keygen_id = { { 3, [31] = 5 } }, .key_id = KEY,
	                    .params = QUEUE_PARAMS_TEST, .max_bit_length = { { [30] = 8 } }, .extra_data = { EXTRA, sizeof EXTRA } };

	if (queue_is_decryption(kind)) item.handles = (store_list){ handles, 2 };
	if (kind == QUEUE_USER_DECRYPTION) item.user = slice_of(user, sizeof user), item.public_key = slice_of(key, sizeof key);
	return item;
}

static void assert_text(const char *expected, const char *is) { assert_string_equal(is, expected); }

static void assert_id(const Kms__V1__RequestId *m, const id32 *id)
{
	char expected[ID_TEXT];
	id_text(expected, id);
	assert_non_null(m);
	assert_text(expected, m->request_id);
}

static void assert_domain(const Kms__V1__Eip712DomainMsg *d, const char *name, uint64_t chain, uint8_t contract)
{
	const abi_word id = abi_u64(chain);
	const eth_address at = { { contract } };
	char address[ADDRESS_TEXT];

	assert_non_null(d);
	address_text(address, &at);
	assert_text(name, d->name);
	assert_text("1", d->version);
	assert_text(address, d->verifying_contract);
	assert_true(slice_eq_var(pb_slice(d->chain_id), abi_slice(&id)));
}

static buf written(queue_kind kind, const connector_config *c)
{
	static const ask_ciphertext CT[2] = { { { (const uint8_t *)"first", 5 }, ASK_BIG_COMPRESSED }, { { (const uint8_t *)"second", 6 }, ASK_BIG_EXPANDED } };
	const queue_item item = request_of(kind);
	buf out = { 0 };

	assert_ok(ask_write(&out, &item, c, &KEY, CT, queue_is_decryption(kind) ? 2 : 0));
	return out;
}

static void *unpacked(arena *a, queue_kind kind, const connector_config *c, const ProtobufCMessageDescriptor *d)
{
	AUTO(buf) message = written(kind, c);
	ProtobufCMessage *m = NULL;

	*a = arena_with_limit(1 << 20);
	assert_ok(pb_unpack_message(a, &m, d, buf_slice(&message)));
	return m;
}

static void assert_ciphertexts(Kms__V1__TypedCiphertext **c, size_t n)
{
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_true(slice_eq_var(pb_slice(c[i]->external_handle), abi_slice(&HANDLE[i])));
		assert_int_equal(c[i]->fhe_type, HANDLE[i].b[30]);
		assert_true(slice_eq_var(pb_slice(c[i]->ciphertext), slice_str(i ? "second" : "first")));
		assert_int_equal(c[i]->ciphertext_format, i ? KMS__V1__CIPHERTEXT_FORMAT__BigExpanded : KMS__V1__CIPHERTEXT_FORMAT__BigCompressed);
	}
}

static void decryptions_carry_ids_ciphertexts_domain_and_reader(void **state)
{
	const connector_config c = configured(false);
	const queue_item item = request_of(QUEUE_USER_DECRYPTION);
	char user[ADDRESS_TEXT];
	eth_address address;
	arena a, b;

	(void)state;
	const Kms__V1__PublicDecryptionRequest *p = unpacked(&a, QUEUE_PUBLIC_DECRYPTION, &c, &kms__v1__public_decryption_request__descriptor);
	assert_id(p->request_id, &item.id), assert_id(p->key_id, &KEY);
	assert_domain(p->domain, "Decryption", 54321, 0xd1);
	assert_ciphertexts(p->ciphertexts, p->n_ciphertexts);
	assert_true(slice_eq_var(pb_slice(p->extra_data), item.extra_data));
	const Kms__V1__UserDecryptionRequest *u = unpacked(&b, QUEUE_USER_DECRYPTION, &c, &kms__v1__user_decryption_request__descriptor);
	assert_id(u->request_id, &item.id), assert_id(u->key_id, &KEY);
	assert_domain(u->domain, "Decryption", 54321, 0xd1);
	assert_ciphertexts(u->typed_ciphertexts, u->n_typed_ciphertexts);
	assert_true(slice_eq_var(pb_slice(u->enc_key), item.public_key));
	memcpy(address.b, item.user.p, sizeof address.b);
	address_text(user, &address);
	assert_text(user, u->client_address);
	arena_free(&a), arena_free(&b);
}

static void ceremonies_carry_ids_parameters_and_the_domain_of_their_chain(void **state)
{
	(void)state;
	for (int v015 = 0; v015 < 2; v015++) {
		const connector_config c = configured(v015);
		const uint64_t chain = v015 ? 11155111 : 54321;
		const queue_item item = request_of(QUEUE_KEYGEN);
		arena a[5];
		const Kms__V1__KeyGenPreprocRequest *p = unpacked(&a[0], QUEUE_PREP_KEYGEN, &c, &kms__v1__key_gen_preproc_request__descriptor);
		assert_id(p->request_id, &item.id);
		assert_int_equal(p->params, KMS__V1__FHE_PARAMETER__test);
		assert_domain(p->domain, "KMSGeneration", chain, 0xe2);
		const Kms__V1__KeyGenRequest *k = unpacked(&a[1], QUEUE_KEYGEN, &c, &kms__v1__key_gen_request__descriptor);
		assert_id(k->request_id, &item.id), assert_id(k->preproc_id, &item.prep_keygen_id);
		assert_domain(k->domain, "KMSGeneration", chain, 0xe2);
		const Kms__V1__CrsGenRequest *r = unpacked(&a[2], QUEUE_CRSGEN, &c, &kms__v1__crs_gen_request__descriptor);
		assert_id(r->request_id, &item.id);
		assert_int_equal(r->max_num_bits, 2048);
		assert_domain(r->domain, "KMSGeneration", chain, 0xe2);
		const Kms__V1__NewMpcEpochRequest *e = unpacked(&a[3], QUEUE_KEY_RESHARE, &c, &kms__v1__new_mpc_epoch_request__descriptor);
		const queue_item reshare = request_of(QUEUE_KEY_RESHARE);
		const id32 epoch = ask_epoch_of(&reshare);
		assert_id(e->epoch_id, &epoch);
		assert_id(e->previous_epoch->epoch_id, &ID_DEFAULT_EPOCH);
		assert_int_equal(e->previous_epoch->n_keys_info, 1);
		assert_id(e->previous_epoch->keys_info[0]->key_id, &KEY);
		assert_id(e->previous_epoch->keys_info[0]->preproc_id, &item.prep_keygen_id);
		const Kms__V1__NewMpcEpochRequest *first = unpacked(&a[4], QUEUE_PRSS_INIT, &c, &kms__v1__new_mpc_epoch_request__descriptor);
		assert_id(first->epoch_id, &ID_DEFAULT_EPOCH);
		assert_null(first->previous_epoch);
		for (size_t i = 0; i < COUNT(a); i++) arena_free(&a[i]);
	}
}

/* As numbers they must grow, beginning behind the first epoch. */
static void each_resharing_has_the_next_epoch(void **state)
{
	queue_item item = { .kind = QUEUE_KEY_RESHARE, .id = { { 6, [31] = 1 } } };
	id32 last = ID_DEFAULT_EPOCH, epoch;

	(void)state;
	for (unsigned i = 1; i <= 600; i++) {
		item.id.b[30] = (uint8_t)(i >> 8), item.id.b[31] = (uint8_t)i;
		epoch = ask_epoch_of(&item);
		assert_int_equal(epoch.b[0], 8);
		assert_true(memcmp(epoch.b, last.b, sizeof epoch.b) > 0);
		last = epoch;
	}
	memset(item.id.b + 1, 0xff, sizeof item.id.b - 1);                /* no more than its numbers */
	epoch = ask_epoch_of(&item);
	assert_int_equal(epoch.b[0], 8);
	item.kind = QUEUE_PRSS_INIT;
	epoch = ask_epoch_of(&item);
	assert_true(id_eq_var(&epoch, &ID_DEFAULT_EPOCH));
}

static void aborts_and_ends_carry_what_is_ended(void **state)
{
	const connector_config c = configured(true);
	const queue_item item = request_of(QUEUE_ABORT_KEYGEN);
	arena a[4];

	(void)state;
	assert_id(unpacked(&a[0], QUEUE_ABORT_KEYGEN, &c, &kms__v1__request_id__descriptor), &item.id);
	assert_id(unpacked(&a[1], QUEUE_ABORT_CRSGEN, &c, &kms__v1__request_id__descriptor), &item.id);
	const Kms__V1__DestroyMpcContextRequest *m = unpacked(&a[2], QUEUE_CONTEXT_DESTROYED, &c, &kms__v1__destroy_mpc_context_request__descriptor);
	assert_id(m->context_id, &item.id);
	const Kms__V1__DestroyMpcEpochRequest *e = unpacked(&a[3], QUEUE_EPOCH_DESTROYED, &c, &kms__v1__destroy_mpc_epoch_request__descriptor);
	assert_id(e->epoch_id, &item.id);
	for (size_t i = 0; i < COUNT(a); i++) arena_free(&a[i]);
}

static void since_v015_what_extra_data_name_is_told_to_the_node(void **state)
{
	static uint8_t both[65] = { 2, [1] = 7, [32] = 1, [33] = 8, [64] = 3 };
	const id32 context = { { 7, [31] = 1 } }, epoch = { { 8, [31] = 3 } };
	queue_item item = request_of(QUEUE_CRSGEN);

	(void)state;
	item.extra_data = slice_of(both, sizeof both);
	for (int v015 = 0; v015 < 2; v015++) {
		const connector_config c = configured(v015);
		Kms__V1__CrsGenRequest *m = NULL;
		AUTO(buf) out = { 0 };
		arena a = arena_with_limit(1 << 20);
		assert_ok(ask_write(&out, &item, &c, &KEY, NULL, 0));
		assert_ok(pb_unpack(&a, &m, &kms__v1__crs_gen_request__descriptor, buf_slice(&out)));
		if (v015) assert_id(m->context_id, &context), assert_id(m->epoch_id, &epoch);
		else assert_null(m->context_id), assert_null(m->epoch_id);
		arena_free(&a);
		const Kms__V1__PublicDecryptionRequest *p = unpacked(&a, QUEUE_PUBLIC_DECRYPTION, &c, &kms__v1__public_decryption_request__descriptor);
		assert_true((p->context_id != NULL) == v015), assert_null(p->epoch_id);             /* theirs name a context alone */
		arena_free(&a);
		const Kms__V1__UserDecryptionRequest *u = unpacked(&a, QUEUE_USER_DECRYPTION, &c, &kms__v1__user_decryption_request__descriptor);
		assert_true((u->context_id != NULL) == v015), assert_null(u->epoch_id);
		arena_free(&a);
		const Kms__V1__KeyGenRequest *k = unpacked(&a, QUEUE_KEYGEN, &c, &kms__v1__key_gen_request__descriptor);
		assert_true((k->context_id != NULL) == v015), assert_true((k->keyset_config != NULL) == v015);
		arena_free(&a);
		const Kms__V1__KeyGenPreprocRequest *g = unpacked(&a, QUEUE_PREP_KEYGEN, &c, &kms__v1__key_gen_preproc_request__descriptor);
		assert_true((g->context_id != NULL) == v015), assert_true((g->keyset_config != NULL) == v015);
		arena_free(&a);
	}
	const connector_config c = configured(true);
	AUTO(buf) out = { 0 };
	item.extra_data.n = 64;
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, NULL, 0));
}

static void a_single_zero_of_extra_data_is_nothing_since_v015(void **state)
{
	(void)state;
	EXTRA[0] = 0;
	for (int v015 = 0; v015 < 2; v015++) {
		const connector_config c = configured(v015);
		queue_item item = request_of(QUEUE_KEYGEN);
		Kms__V1__KeyGenRequest *m = NULL;
		arena a = arena_with_limit(1 << 16);
		AUTO(buf) out = { 0 };
		item.extra_data.n = 1;
		assert_ok(ask_write(&out, &item, &c, &KEY, NULL, 0));
		assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_request__descriptor, buf_slice(&out)));
		assert_int_equal(m->extra_data.len, v015 ? 0 : 1);
		arena_free(&a);
	}
	EXTRA[0] = 1;
}

static void what_cannot_be_asked_is_refused_with_a_sentence(void **state)
{
	const connector_config c = configured(false);
	const ask_ciphertext ct[3] = { 0 };
	AUTO(buf) out = { 0 };
	queue_item item = request_of(QUEUE_PUBLIC_DECRYPTION);

	(void)state;
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, ct, 1));
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, ct, 3));
	item.handles.n = 0;
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, ct, 0));
	item = request_of(QUEUE_USER_DECRYPTION);
	item.user.n = 19;
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, ct, 2));
	item = request_of(QUEUE_CRSGEN);
	item.max_bit_length.b[0] = 1;
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, NULL, 0));
	item.max_bit_length = (abi_word){ { [27] = 1 } };
	assert_err(ERR_REQUEST, ask_write(&out, &item, &c, &KEY, NULL, 0));
	item = request_of(QUEUE_NEW_EPOCH);                               /* these have functions of their own */
	assert_err(ERR_UNSUPPORTED, ask_write(&out, &item, &c, &KEY, NULL, 0));
	item = request_of(QUEUE_NEW_CONTEXT);
	assert_err(ERR_UNSUPPORTED, ask_write(&out, &item, &c, &KEY, NULL, 0));
	assert_int_equal(out.n, 0);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static signer *NODE;
static ask_signers SIGNERS;

static int make_signer(void **state)
{
	secp_sk sk;
	const uint8_t bytes[SECP_SK] = { [31] = 77 };

	(void)state;
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&NODE, &sk, test_rng()));
	SIGNERS = (ask_signers){ .address = { { { 9 } }, *signer_address(NODE) }, .n = 2 };
	return 0;
}

static int free_signer(void **state)
{
	(void)state;
	signer_free(&NODE);
	return 0;
}

/* What may be wrong in an answer of a node; everything else is as it should be. */
typedef enum fault {
	NO_FAULT, FAULT_ID, FAULT_COUNT, FAULT_TYPE, FAULT_VALUE, FAULT_EXTRA, FAULT_SHORT_SIGNATURE, FAULT_SIGNATURE, FAULT_CUT, FAULTS
} fault;

static void sign(ProtobufCBinaryData *out, secp_rsig *s, const hash32 *digest, fault f)
{
	*s = sign_external(NODE, digest);
	if (f == FAULT_SIGNATURE) s->b[10] ^= 1;
	*out = pb_bytes(slice_of(s->b, sizeof s->b - (f == FAULT_SHORT_SIGNATURE)));
}

static eip712_domain domain_of(const connector_config *c, queue_kind kind)
{
	const bool generation = !queue_is_decryption(kind);
	return (eip712_domain){ .name = slice_str(generation ? "KMSGeneration" : "Decryption"), .version = slice_str("1"),
		.chain_id = abi_u64((uint64_t)(generation && c->profile->host_chain ? c->ethereum_chain_id : c->gateway_chain_id)),
		.contract = { { generation ? 0xe2 : 0xd1 } } };
}

static slice extra_of(fault f)
{
	static const uint8_t OTHER[33] = { 1, 8 };
	return slice_of(f == FAULT_EXTRA ? OTHER : EXTRA, sizeof EXTRA);
}

static const uint8_t CRS_DIGEST[32] = { 0xc5 }, KEY_DIGEST[2][32] = { { 0x51 }, { 0x52 } };

static void public_answer(buf *out, const connector_config *c, fault f)
{
	Kms__V1__PublicDecryptionResponse m = KMS__V1__PUBLIC_DECRYPTION_RESPONSE__INIT;
	Kms__V1__PublicDecryptionResponsePayload payload = KMS__V1__PUBLIC_DECRYPTION_RESPONSE_PAYLOAD__INIT;
	Kms__V1__TypedPlaintext p[2] = { KMS__V1__TYPED_PLAINTEXT__INIT, KMS__V1__TYPED_PLAINTEXT__INIT }, *list[] = { &p[0], &p[1] };
	const eip712_domain d = domain_of(c, QUEUE_PUBLIC_DECRYPTION);
	uint8_t value[2] = { 42, 43 };
	AUTO(buf) result = { 0 };
	abi_word handles[2] = { HANDLE[0], HANDLE[1] };
	secp_rsig s;

	for (int i = 0; i < 2; i++) {
		p[i].fhe_type = HANDLE[i].b[30], p[i].bytes = pb_bytes(slice_of(&value[i], 1));
		assert_ok(kms712_put_plaintext(&result, p[i].fhe_type, pb_slice(p[i].bytes)));
	}
	if (f == FAULT_ID) handles[1].b[5] ^= 1;
	const hash32 digest = kms712_public_decrypt(&d, handles, 2, buf_slice(&result), slice_of(EXTRA, sizeof EXTRA));
	sign(&m.external_signature, &s, &digest, f);
	if (f == FAULT_TYPE) p[1].fhe_type = 5;
	if (f == FAULT_VALUE) value[1]++;
	m.payload = &payload, payload.plaintexts = list, payload.n_plaintexts = f == FAULT_COUNT ? 1 : 2;
	m.extra_data = pb_bytes(extra_of(f));
	pb_pack(out, &m.base);
}

/* As tkms/answer.h writes what the node signs. */
static void user_answer(buf *out, buf *payload_bytes, const connector_config *c, fault f)
{
	Kms__V1__UserDecryptionResponse m = KMS__V1__USER_DECRYPTION_RESPONSE__INIT;
	Kms__V1__UserDecryptionResponsePayload payload = KMS__V1__USER_DECRYPTION_RESPONSE_PAYLOAD__INIT;
	Kms__V1__TypedSigncryptedCiphertext p[2] = { KMS__V1__TYPED_SIGNCRYPTED_CIPHERTEXT__INIT, KMS__V1__TYPED_SIGNCRYPTED_CIPHERTEXT__INIT };
	Kms__V1__TypedSigncryptedCiphertext *list[] = { &p[0], &p[1] };
	const eip712_domain d = domain_of(c, QUEUE_USER_DECRYPTION);
	const queue_item item = request_of(QUEUE_USER_DECRYPTION);
	const uint8_t link[32] = { 0x77 };
	uint8_t key[VERIFICATION_KEY_BYTES];
	abi_word handles[2] = { HANDLE[0], HANDLE[1] };
	user_slot slot[2];
	secp_rsig s;

	for (int i = 0; i < 2; i++) {
		slot[i] = (user_slot){ HANDLE[i].b[30], slice_str(i ? "the second share" : "the first"), abi_slice(&HANDLE[i]), 1 + (unsigned)i };
		p[i].fhe_type = slot[i].fhe_type, p[i].packing_factor = slot[i].packing_factor;
		p[i].signcrypted_ciphertext = pb_bytes(slot[i].signcrypted), p[i].external_handle = pb_bytes(slot[i].handle);
	}
	answer_user_payload(payload_bytes, signer_pk(NODE), link, slot, 2, 3, 1);
	answer_verification_key(key, signer_pk(NODE));
	payload.verification_key = pb_bytes(slice_of(key, sizeof key));
	payload.digest = pb_bytes(slice_of(link, sizeof link));
	payload.party_id = 3, payload.degree = 1;
	if (f == FAULT_ID) handles[0].b[3] ^= 1;
	const hash32 digest = kms712_user_response(&d, item.public_key, handles, 2, buf_slice(payload_bytes), slice_of(EXTRA, sizeof EXTRA));
	sign(&m.external_signature, &s, &digest, f);
	if (f == FAULT_TYPE) p[0].fhe_type++;
	if (f == FAULT_VALUE) p[1].signcrypted_ciphertext = pb_bytes(slice_str("another share"));
	m.payload = &payload, payload.signcrypted_ciphertexts = list, payload.n_signcrypted_ciphertexts = f == FAULT_COUNT ? 1 : 2;
	m.extra_data = pb_bytes(extra_of(f));
	pb_pack(out, &m.base);
}

static void ceremony_answer(buf *out, const connector_config *c, queue_kind kind, fault f)
{
	Kms__V1__KeyGenPreprocResult prep = KMS__V1__KEY_GEN_PREPROC_RESULT__INIT;
	Kms__V1__KeyGenResult key = KMS__V1__KEY_GEN_RESULT__INIT;
	Kms__V1__CrsGenResult crs = KMS__V1__CRS_GEN_RESULT__INIT;
	Kms__V1__KeyDigest d[2] = { KMS__V1__KEY_DIGEST__INIT, KMS__V1__KEY_DIGEST__INIT }, *list[] = { &d[0], &d[1] };
	Kms__V1__RequestId id = KMS__V1__REQUEST_ID__INIT;
	const kms712_profile profile = c->profile->structs;
	const queue_item item = request_of(kind);
	const eip712_domain domain = domain_of(c, kind);
	const kms712_key_digest digests[2] = { { KMS712_SERVER_KEY, slice_of(KEY_DIGEST[0], 32) }, { KMS712_PUBLIC_KEY, slice_of(KEY_DIGEST[1], 32) } };
	id32 about = item.id;
	char about_text[ID_TEXT];
	secp_rsig s;

	if (f == FAULT_ID) about.b[31]++;
	id_text(about_text, &about);
	id.request_id = about_text;
	for (int i = 0; i < 2; i++) d[i].key_type = text(i ? "PublicKey" : "ServerKey"), d[i].digest = pb_bytes(digests[i].digest);
	if (f == FAULT_TYPE) d[1].key_type = text("ServerKey");
	if (f == FAULT_VALUE) d[1].digest = pb_bytes(slice_of(KEY_DIGEST[0], 32));
	if (kind == QUEUE_PREP_KEYGEN) {
		const hash32 h = kms712_prep_keygen(&domain, profile, &item.id, extra_of(f));
		sign(&prep.external_signature, &s, &h, f);
		prep.preprocessing_id = &id;
		pb_pack(out, &prep.base);
	} else if (kind == QUEUE_KEYGEN) {
		const hash32 h = kms712_keygen(&domain, profile, &item.prep_keygen_id, &item.id, digests, 2, extra_of(f));
		sign(&key.external_signature, &s, &h, f);
		key.request_id = &id;
		key.key_digests = list, key.n_key_digests = f == FAULT_COUNT ? 1 : 2;
		pb_pack(out, &key.base);
	} else {
		const hash32 h = kms712_crsgen(&domain, profile, &item.id, f == FAULT_COUNT ? 1024 : 2048, slice_of(CRS_DIGEST, 32), extra_of(f));
		sign(&crs.external_signature, &s, &h, f);
		crs.request_id = &id;
		crs.crs_digest = pb_bytes(f == FAULT_VALUE ? slice_of(KEY_DIGEST[0], 32) : slice_of(CRS_DIGEST, 32));
		pb_pack(out, &crs.base);
	}
}

static void node_answers(buf *out, buf *payload, const connector_config *c, queue_kind kind, fault f)
{
	if (kind == QUEUE_PUBLIC_DECRYPTION) public_answer(out, c, f);
	else if (kind == QUEUE_USER_DECRYPTION) user_answer(out, payload, c, f);
	else ceremony_answer(out, c, kind, f);
	if (f == FAULT_CUT) out->n--;
}

/* Not every kind has everything: preprocessing has nothing but its id; only some have types; v0.11 signs ceremonies without extra data. */
static bool has_fault(queue_kind kind, bool v015, fault f)
{
	if (f == FAULT_TYPE) return queue_is_decryption(kind) || kind == QUEUE_KEYGEN;
	if (f == FAULT_COUNT || f == FAULT_VALUE) return kind != QUEUE_PREP_KEYGEN;
	if (f == FAULT_EXTRA) return queue_is_decryption(kind) || v015;
	return true;
}

static void answers_with_one_thing_wrong_are_refused(void **state)
{
	(void)state;
	for (int v015 = 0; v015 < 2; v015++)
		for (int k = 0; k < KINDS; k++)
			for (fault f = 0; f < FAULTS; f++) {
				const connector_config c = configured(v015);
				const queue_item item = request_of(ANSWERED[k]);
				AUTO(buf) answer = { 0 }, payload = { 0 };
				arena a = arena_with_limit(1 << 20);
				queue_item out;
				bool wrong;
				if (!has_fault(ANSWERED[k], v015, f)) continue;
				node_answers(&answer, &payload, &c, ANSWERED[k], f);
				const err e = ask_read(&out, &wrong, &a, &item, &c, &SIGNERS, buf_slice(&answer));
				if (f == NO_FAULT) assert_ok(e);
				else {
					if (e == OK) fail_msg("%s: the fault %d passes", queue_label(item.kind), (int)f);
					assert_err(ERR_REQUEST, e);
				}
				if (f == FAULT_SIGNATURE || f == FAULT_SHORT_SIGNATURE || f == FAULT_EXTRA) assert_true(wrong);
				if (f == NO_FAULT || f == FAULT_CUT) assert_false(wrong);
				arena_free(&a);
			}
}

static void responses_have_exactly_what_the_contract_takes(void **state)
{
	const connector_config c = configured(false);

	(void)state;
	for (int k = 0; k < KINDS; k++) {
		const queue_item item = request_of(ANSWERED[k]);
		AUTO(buf) answer = { 0 }, payload = { 0 };
		arena a = arena_with_limit(1 << 20);
		queue_item r;
		bool wrong;
		node_answers(&answer, &payload, &c, ANSWERED[k], NO_FAULT);
		assert_ok(ask_read(&r, &wrong, &a, &item, &c, &SIGNERS, buf_slice(&answer)));
		assert_int_equal(r.kind, queue_response_of(item.kind));
		assert_true(id_eq_var(&r.id, &item.id));
		assert_int_equal(r.signature.n, 65);
		if (queue_is_decryption(item.kind)) assert_true(slice_eq_var(r.extra_data, item.extra_data));
		if (item.kind == QUEUE_PUBLIC_DECRYPTION) {
			const abi_word expected[2] = { abi_u64(42), abi_u64(43) };
			assert_int_equal(r.result.n, sizeof expected);
			assert_memory_equal(r.result.p, expected, sizeof expected);
		}
		if (item.kind == QUEUE_USER_DECRYPTION) assert_true(slice_eq_var(r.result, buf_slice(&payload)));
		if (item.kind == QUEUE_CRSGEN) assert_true(slice_eq_var(r.result, slice_of(CRS_DIGEST, 32)));
		if (item.kind == QUEUE_KEYGEN) {
			assert_int_equal(r.digests.n, 2);
			for (unsigned i = 0; i < 2; i++) {
				uint8_t type;
				slice digest;
				assert_ok(queue_read_digest(&type, &digest, r.digests.item[i]));
				assert_int_equal(type, i);
				assert_true(slice_eq_var(digest, slice_of(KEY_DIGEST[i], 32)));
			}
		}
		arena_free(&a);
	}
}

static void answers_for_another_domain_or_by_a_stranger_are_wrong_signatures(void **state)
{
	const ask_signers others = { .address = { { { 9 } } }, .n = 1 }, none = { .n = 0 };

	(void)state;
	for (int k = 0; k < KINDS; k++)
		for (int i = 0; i < 6; i++) {
			connector_config c = configured(false);
			const queue_item item = request_of(ANSWERED[k]);
			AUTO(buf) answer = { 0 }, payload = { 0 };
			arena a = arena_with_limit(1 << 20);
			queue_item r;
			bool wrong;
			node_answers(&answer, &payload, &c, ANSWERED[k], NO_FAULT);
			contract_config *contract = queue_is_decryption(item.kind) ? &c.decryption : &c.generation;
			if (i == 0) contract->domain_name = text("Other");
			if (i == 1) contract->domain_version = text("2");
			if (i == 2) contract->address.b[19] = 1;
			if (i == 3) c.gateway_chain_id++;
			assert_err(ERR_REQUEST, ask_read(&r, &wrong, &a, &item, &c, i == 4 ? &others : i == 5 ? &none : &SIGNERS, buf_slice(&answer)));
			assert_true(wrong);
			arena_free(&a);
		}
}

static void every_cut_of_an_answer_is_refused_or_the_answer(void **state)
{
	const connector_config c = configured(true);

	(void)state;
	for (int k = 0; k < KINDS; k++) {
		const queue_item item = request_of(ANSWERED[k]);
		AUTO(buf) answer = { 0 }, payload = { 0 };
		node_answers(&answer, &payload, &c, ANSWERED[k], NO_FAULT);
		for (size_t n = 0; n < answer.n; n += 1 + n / 16) {
			arena a = arena_with_limit(1 << 20);
			queue_item r;
			bool wrong;
			assert_err(ERR_REQUEST, ask_read(&r, &wrong, &a, &item, &c, &SIGNERS, slice_of(answer.p, n)));
			arena_free(&a);
		}
	}
}

/* ---- recordings ------------------------------------------------------------------------------------------------- */

/* A public answer that a contract of the seed took, given by a node, is taken here. */
static void what_a_contract_took_is_taken_here(void **state)
{
	json_t *all = json_vector("connector/eip712_vectors.json"), *v;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(all, i, v) {
		const json_t *d = json_member(v, "domain"), *value = json_member(v, "value");
		if (!json_object_get(json_member(v, "types"), "PublicDecryptVerification")) continue;
		const json_t *list = json_member(value, "ctHandles");
		if (json_array_size(list) != 1) continue;
		AUTO(buf) handle = json_hex(json_array_get(list, 0)), result = json_hex_of(value, "decryptedResult"), extra = json_hex_of(value, "extraData");
		AUTO(buf) signature = json_hex_of(v, "signature"), answer = { 0 };
		connector_config c = configured(false);
		c.gateway_chain_id = (int64_t)number_of_json(json_member(d, "chainId"));
		c.decryption.domain_name = text(json_string_value(json_member(d, "name")));
		c.decryption.address = address_of_json(json_member(d, "verifyingContract"));
		const ask_signers signers = { .address = { address_of_json(json_member(v, "signer")) }, .n = 1 };
		const slice one = buf_slice(&handle);
		const queue_item item = { .kind = QUEUE_PUBLIC_DECRYPTION, .handles = { &one, 1 } };
		uint8_t le[32];
		if (result.n != 32) continue;
		for (int b = 0; b < 32; b++) le[b] = result.p[31 - b];
		Kms__V1__PublicDecryptionResponse m = KMS__V1__PUBLIC_DECRYPTION_RESPONSE__INIT;
		Kms__V1__PublicDecryptionResponsePayload payload = KMS__V1__PUBLIC_DECRYPTION_RESPONSE_PAYLOAD__INIT;
		Kms__V1__TypedPlaintext p = KMS__V1__TYPED_PLAINTEXT__INIT, *plain[] = { &p };
		p.fhe_type = handle.p[30], p.bytes = pb_bytes(slice_of(le, sizeof le));
		m.payload = &payload, payload.plaintexts = plain, payload.n_plaintexts = 1;
		m.extra_data = pb_bytes(buf_slice(&extra)), m.external_signature = pb_bytes(buf_slice(&signature));
		pb_pack(&answer, &m.base);
		arena a = arena_with_limit(1 << 20);
		queue_item r;
		bool wrong;
		assert_ok(ask_read(&r, &wrong, &a, &item, &c, &signers, buf_slice(&answer)));
		assert_true(slice_eq_var(r.result, buf_slice(&result)));
		arena_free(&a);
		n++;
	}
	assert_true(n >= 3);
	json_decref(all);
}

/* The recorded transactions of answers, made of what the queue keeps of them. */
static void calls_are_those_that_were_recorded(void **state)
{
	static const struct { const char *function; queue_kind kind; kms_contract contract; } NAMES[] = {
		{ "publicDecryptionResponse", QUEUE_PUBLIC_DECRYPTION_RESPONSE, KMS_DECRYPTION },
		{ "userDecryptionResponse", QUEUE_USER_DECRYPTION_RESPONSE, KMS_DECRYPTION },
		{ "prepKeygenResponse", QUEUE_PREP_KEYGEN_RESPONSE, KMS_GENERATION }, { "crsgenResponse", QUEUE_CRSGEN_RESPONSE, KMS_GENERATION },
	};
	json_t *all = json_vector("connector/v0.11-seed/responses_txs.json"), *t;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(all, i, t) {
		if (!json_object_get(t, "fn")) continue;
		for (size_t k = 0; k < COUNT(NAMES); k++) {
			if (strcmp(NAMES[k].function, json_string_value(json_member(t, "fn")))) continue;
			const json_t *args = json_member(t, "args");
			const size_t last = json_array_size(args) - 1;
			AUTO(buf) expected = json_hex_of(t, "data"), data = { 0 };
			kms_contract contract;
			buf one = json_hex(json_array_get(args, 1)), two = { 0 }, three = { 0 };
			if (last >= 2) two = json_hex(json_array_get(args, 2));
			if (last >= 3) three = json_hex(json_array_get(args, 3));
			const bool only = NAMES[k].kind == QUEUE_PREP_KEYGEN_RESPONSE;
			const queue_item r = { .kind = NAMES[k].kind, .id = id_of_decimal(json_array_get(args, 0)), .result = buf_slice(&one),
			                       .signature = buf_slice(only ? &one : &two), .extra_data = buf_slice(&three) };
			assert_ok(answer_call(&data, &contract, &r));
			assert_int_equal(contract, NAMES[k].contract);
			assert_true(slice_eq_var(buf_slice(&data), buf_slice(&expected)));
			buf_free(&one), buf_free(&two), buf_free(&three);
			n++;
		}
	}
	assert_true(n >= 9);
	json_decref(all);
}

static void what_is_no_response_makes_no_call(void **state)
{
	AUTO(buf) data = { 0 };
	kms_contract contract;
	queue_item r = request_of(QUEUE_KEYGEN);

	(void)state;
	assert_err(ERR_REQUEST, answer_call(&data, &contract, &r));
	r = (queue_item){ .kind = QUEUE_KEYGEN_RESPONSE };
	assert_err(ERR_REQUEST, answer_call(&data, &contract, &r));
	r = (queue_item){ .kind = QUEUE_EPOCH_RESULT_RESPONSE, .keys = slice_of(EXTRA, 33) };
	assert_err(ERR_REQUEST, answer_call(&data, &contract, &r));
	assert_int_equal(data.n, 0);
}

static const struct CMUnitTest ALL[] = {
	TEST(decryptions_carry_ids_ciphertexts_domain_and_reader), TEST(ceremonies_carry_ids_parameters_and_the_domain_of_their_chain),
	TEST(each_resharing_has_the_next_epoch), TEST(aborts_and_ends_carry_what_is_ended), TEST(since_v015_what_extra_data_name_is_told_to_the_node), TEST(a_single_zero_of_extra_data_is_nothing_since_v015),
	TEST(what_cannot_be_asked_is_refused_with_a_sentence), TEST(answers_with_one_thing_wrong_are_refused),
	TEST(responses_have_exactly_what_the_contract_takes), TEST(answers_for_another_domain_or_by_a_stranger_are_wrong_signatures),
	TEST(every_cut_of_an_answer_is_refused_or_the_answer), TEST(what_a_contract_took_is_taken_here),
	TEST(calls_are_those_that_were_recorded), TEST(what_is_no_response_makes_no_call),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, ALL, COUNT(ALL), make_signer, free_signer);
}
