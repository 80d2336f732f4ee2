/* SPDX-License-Identifier: MIT */
/* tests/node/samples.c -- as a client and a coprocessor make them. */
#include "tests/node/samples.h"
#include "rpc/fetch.h"

static const int TYPES[SAMPLE_TYPES] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_UINT64, FHE_UINT128, FHE_ADDRESS, FHE_UINT256 };

buf published_by(const child *node, const char *type, const id32 *id)
{
	char url[256], text[ID_TEXT];
	buf b = { 0 };

	id_text(text, id);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/%s/%s", node->http, type, text);
	assert_ok(fetch_url(&b, url, (size_t)1 << 30, 60000));
	return b;
}

size_t sample_of(ct_format f, size_t type)
{
	static const size_t FIRST[CT_FORMATS] = { [BIG_EXPANDED] = 0, [BIG_COMPRESSED] = SAMPLE_TYPES, [SMALL_EXPANDED] = 2 * SAMPLE_TYPES,
	                                          [SMALL_COMPRESSED] = 2 * SAMPLE_TYPES + SHORT_TYPES };
	return FIRST[f] + type;
}

typedef struct keeping { samples *s; ct_format format; } keeping;

static err keep(void *ctx, size_t i, const fhe_type *type, slice file)
{
	const keeping *k = ctx;
	assert_non_null(type);
	buf_put_slice(&k->s->file[sample_of(k->format, i)], file);
	return OK;
}

static void make_format(samples *s, const seeded_keyset *set, slice pk_file, const plaintext *value, size_t n, ct_format f)
{
	keeping k = { s, f };
	coprocessor c;
	buf list = { 0 };

	assert_ok(tkms_encrypt(&list, pk_file, value, n, test_rng()));
	assert_ok(coprocessor_new(&c, set, FORMAT_BIT(f), NULL, NULL));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), f, keep, &k));
	coprocessor_free(&c);
	buf_free(&list);
	for (size_t i = 0; i < n; i++) {
		const size_t at = sample_of(f, i);
		rng_fill(test_rng(), s->handle[at], sizeof s->handle[at]);
		s->value[at] = value[i];
		s->item[at] = (client_item){ TYPES[i], f, buf_slice(&s->file[at]), slice_of(s->handle[at], 32 - i) };
	}
}

static void make(samples *s, child *node, const id32 *key, const char *type, bool all)
{
	buf pk_file = published_by(node, "PublicKey", key), keyset = published_by(node, type, key);
	plaintext value[SAMPLE_TYPES] = { 0 };
	seeded_keyset set;
	slice tag;

	*s = (samples){ 0 };
	for (size_t i = 0; i < SAMPLE_TYPES; i++) {
		value[i].type = fhe_type_by_number_var(TYPES[i]);
		rng_fill(test_rng(), value[i].bytes, value[i].type->bytes);
		if (TYPES[i] == FHE_BOOL) value[i].bytes[0] &= 1;
	}
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&keyset)));
	make_format(s, &set, buf_slice(&pk_file), value, SAMPLE_TYPES, BIG_EXPANDED);
	make_format(s, &set, buf_slice(&pk_file), value, SAMPLE_TYPES, BIG_COMPRESSED);
	if (all) make_format(s, &set, buf_slice(&pk_file), value, SHORT_TYPES, SMALL_EXPANDED);
	if (all) make_format(s, &set, buf_slice(&pk_file), value, SHORT_TYPES, SMALL_COMPRESSED);
	buf_free(&pk_file), buf_free(&keyset);
}

void samples_make(samples *s, child *node, const id32 *key) { make(s, node, key, "CompressedXofKeySet", true); }
void samples_make_big(samples *s, child *node, const id32 *key) { samples_make_big_of(s, node, key, "CompressedXofKeySet"); }
void samples_make_big_of(samples *s, child *node, const id32 *key, const char *type) { make(s, node, key, type, false); }

void samples_free(samples *s)
{
	for (size_t k = 0; k < SAMPLES; k++) buf_free(&s->file[k]);
}

grpc_status samples_ask(const samples *s, size_t k, child *node, const id32 *request, const sample_place *at)
{
	Kms__V1__PublicDecryptionRequest m = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
	Kms__V1__TypedCiphertext ct = KMS__V1__TYPED_CIPHERTEXT__INIT, *list[] = { &ct };
	buf response = { 0 };

	m.request_id = id_message(request), m.epoch_id = id_message(at->epoch), m.key_id = id_message(at->key);
	if (at->context) m.context_id = id_message(at->context);
	m.domain = domain_message("Decryption");
	ct.ciphertext = pb_bytes(s->item[k].file);
	ct.fhe_type = s->item[k].fhe_type;
	ct.ciphertext_format = (Kms__V1__CiphertextFormat)s->item[k].format;
	m.ciphertexts = list, m.n_ciphertexts = 1;
	const grpc_status said = call_core(node, &response, "PublicDecrypt", &m.base);
	buf_free(&response);
	return said;
}

void samples_right(const samples *s, size_t k, child *node, const id32 *request)
{
	arena a = arena_with_limit(1 << 20);
	Kms__V1__PublicDecryptionResponse *m;
	const plaintext *want = &s->value[k];
	buf response = { 0 };

	const grpc_status said = get_result(node, &response, "GetPublicDecryptionResult", request);
	if (said != GRPC_OK) print_error("%s\n", client_said.message);
	assert_int_equal(said, GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, buf_slice(&response)));
	assert_int_equal(m->payload->n_plaintexts, 1);
	assert_int_equal(m->payload->plaintexts[0]->bytes.len, want->type->bytes);
	assert_memory_equal(m->payload->plaintexts[0]->bytes.data, want->bytes, want->type->bytes);
	buf_free(&response);
	arena_free(&a);
}
