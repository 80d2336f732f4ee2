/* SPDX-License-Identifier: MIT */
/* node/replies.c -- each response is laid out in a small arena, packed, and forgotten. */
#include "node/replies.h"
#include <kms.v1.pb-c.h>
#include "rpc/pb.h"

enum { REPLY_ROOM = 16 << 20 };

/* Memory for our own data: running out of the arena would be our bug. */
static void *need(arena *a, size_t count, size_t size)
{
	void *p = NULL;
	err e = arena_new_bytes(a, &p, count, size);
	ASSERT(e == OK);
	return p;
}

static Kms__V1__RequestId *put_id(arena *a, const id32 *id)
{
	Kms__V1__RequestId *m = need(a, 1, sizeof *m);

	kms__v1__request_id__init(m);
	m->request_id = need(a, ID_TEXT, 1);
	id_text(m->request_id, id);
	return m;
}

static Kms__V1__TypedSignature **put_signatures(arena *a, const stored_signature *s, size_t n)
{
	Kms__V1__TypedSignature **list = need(a, n, sizeof *list);

	for (size_t i = 0; i < n; i++) {
		list[i] = need(a, 1, sizeof *list[i]);
		kms__v1__typed_signature__init(list[i]);
		list[i]->scheme = (Kms__V1__SigningSchemeType)s[i].scheme;
		list[i]->signature = pb_bytes(s[i].bytes);
	}
	return list;
}

void reply_preproc(buf *out, const request *r, const signatures *s)
{
	arena a = arena_with_limit(REPLY_ROOM);
	Kms__V1__KeyGenPreprocResult m = KMS__V1__KEY_GEN_PREPROC_RESULT__INIT;
	stored_signature typed[MAX_SCHEMES];

	m.preprocessing_id = put_id(&a, &r->id);
	m.external_signature = pb_bytes(signatures_external(s));
	m.n_signatures = signatures_typed(typed, s);
	m.signatures = put_signatures(&a, typed, m.n_signatures);
	pb_pack(out, &m.base);
	arena_free(&a);
}

static Kms__V1__KeyGenResult *put_key(arena *a, const key_metadata *k)
{
	Kms__V1__KeyGenResult *m = need(a, 1, sizeof *m);

	kms__v1__key_gen_result__init(m);
	m->request_id = put_id(a, &k->key_id);
	m->preprocessing_id = put_id(a, &k->prep_id);
	m->n_key_digests = k->digests;
	m->key_digests = need(a, k->digests, sizeof *m->key_digests);
	for (size_t i = 0; i < k->digests; i++) {
		Kms__V1__KeyDigest *d = m->key_digests[i] = need(a, 1, sizeof *d);
		kms__v1__key_digest__init(d);
		d->key_type = (char *)(uintptr_t)pub_type_name(k->digest[i].type);
		d->digest = pb_bytes(k->digest[i].digest);
	}
	m->external_signature = pb_bytes(k->external_signature);
	m->n_signatures = k->signatures;
	m->signatures = put_signatures(a, k->signature, k->signatures);
	return m;
}

void reply_keygen(buf *out, const key_metadata *k)
{
	arena a = arena_with_limit(REPLY_ROOM);

	pb_pack(out, &put_key(&a, k)->base);
	arena_free(&a);
}

void reply_keygen_again(requests *table, const key_record *k)
{
	AUTO(buf) response = { 0 };

	reply_keygen(&response, &k->metadata);
	requests_restore(table, &(request_view){ .kind = REQUEST_KEYGEN, .id = k->metadata.key_id, .body = k->body,
	                                         .state = REQUEST_DONE, .response = buf_slice(&response), .why = "" });
}

void reply_public_decrypt(buf *out, const request *r, const secp_pk *by, const plaintext *value, slice internal,
                          const signatures *s)
{
	arena a = arena_with_limit(REPLY_ROOM);
	Kms__V1__PublicDecryptionResponse m = KMS__V1__PUBLIC_DECRYPTION_RESPONSE__INIT;
	Kms__V1__PublicDecryptionResponsePayload payload = KMS__V1__PUBLIC_DECRYPTION_RESPONSE_PAYLOAD__INIT;
	uint8_t key[VERIFICATION_KEY_BYTES];
	stored_signature typed[MAX_SCHEMES];

	answer_verification_key(key, by);
	payload.verification_key = pb_bytes(slice_of(key, sizeof key));
	payload.n_plaintexts = r->decrypt.items;
	payload.plaintexts = need(&a, r->decrypt.items, sizeof *payload.plaintexts);
	for (size_t i = 0; i < r->decrypt.items; i++) {
		Kms__V1__TypedPlaintext *p = payload.plaintexts[i] = need(&a, 1, sizeof *p);
		kms__v1__typed_plaintext__init(p);
		p->bytes = pb_bytes(slice_of(value[i].bytes, value[i].type->bytes));
		p->fhe_type = value[i].type->number;
	}
	payload.request_id = put_id(&a, &r->id);

	m.signature = pb_bytes(internal);
	m.external_signature = pb_bytes(signatures_external(s));
	m.payload = &payload;
	m.extra_data = pb_bytes(r->extra_data);
	m.n_signatures = signatures_typed(typed, s);
	m.signatures = put_signatures(&a, typed, m.n_signatures);
	pb_pack(out, &m.base);
	arena_free(&a);
}

void reply_user_decrypt(buf *out, const request *r, const secp_pk *pk, const hash32 *link, const user_slot *slot,
                        const party_identity *by, slice internal, const signatures *s)
{
	arena a = arena_with_limit(REPLY_ROOM);
	Kms__V1__UserDecryptionResponse m = KMS__V1__USER_DECRYPTION_RESPONSE__INIT;
	Kms__V1__UserDecryptionResponsePayload payload = KMS__V1__USER_DECRYPTION_RESPONSE_PAYLOAD__INIT;
	uint8_t key[VERIFICATION_KEY_BYTES];
	stored_signature typed[MAX_SCHEMES];

	answer_verification_key(key, pk);
	payload.verification_key = pb_bytes(slice_of(key, sizeof key));
	payload.digest = pb_bytes(hash32_slice(link));
	payload.n_signcrypted_ciphertexts = r->decrypt.items;
	payload.signcrypted_ciphertexts = need(&a, r->decrypt.items, sizeof *payload.signcrypted_ciphertexts);
	for (size_t i = 0; i < r->decrypt.items; i++) {
		Kms__V1__TypedSigncryptedCiphertext *c = payload.signcrypted_ciphertexts[i] = need(&a, 1, sizeof *c);
		kms__v1__typed_signcrypted_ciphertext__init(c);
		c->fhe_type = slot[i].fhe_type;
		c->signcrypted_ciphertext = pb_bytes(slot[i].signcrypted);
		c->external_handle = pb_bytes(slot[i].handle);
		c->packing_factor = slot[i].packing_factor;
	}
	payload.party_id = by->party_id;
	payload.degree = by->degree;

	m.signature = pb_bytes(internal);
	m.external_signature = pb_bytes(signatures_external(s));
	m.payload = &payload;
	m.extra_data = pb_bytes(r->extra_data);
	m.n_signatures = signatures_typed(typed, s);
	m.signatures = put_signatures(&a, typed, m.n_signatures);
	pb_pack(out, &m.base);
	arena_free(&a);
}

void reply_epoch(buf *out, const key_metadata *const *key, size_t n)
{
	arena a = arena_with_limit(REPLY_ROOM);
	Kms__V1__EpochResultResponse m = KMS__V1__EPOCH_RESULT_RESPONSE__INIT;

	m.n_reshare_responses = n;
	m.reshare_responses = need(&a, n, sizeof *m.reshare_responses);
	for (size_t i = 0; i < n; i++) m.reshare_responses[i] = put_key(&a, key[i]);
	pb_pack(out, &m.base);
	arena_free(&a);
}
