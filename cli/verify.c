/* SPDX-License-Identifier: MIT */
/* cli/verify.c -- the checks, in the order in which they are cheap. */
#include "cli/verify.h"
#include "evm/address.h"
#include "evm/kms712.h"
#include "rpc/pb.h"
#include "seal/signcrypt.h"
#include "tkms/answer.h"
#include "tkms/reconstruct.h"

#define WRONG(p, ...) of_party((p), err_fail(ERR_REQUEST, __VA_ARGS__))

static err of_party(const cluster_party *p, err e)
{
	if (e != OK) err_context("the answer of party %u is not to be believed: ", p->party_id);
	return e;
}

/* ---- what all answers have in common ------------------------------------------------------------------------- */

static err external_ok(const cluster_party *p, ProtobufCBinaryData signature, hash32 digest)
{
	secp_rsig s;
	eth_address by;
	char is[ADDRESS_TEXT], wants[ADDRESS_TEXT];

	if (signature.len != sizeof s.b)
		return WRONG(p, "its external signature has %zu bytes instead of %zu", signature.len, sizeof s.b);
	memcpy(s.b, signature.data, sizeof s.b);
	if (!sign_external_by_var(&by, &s, &digest)) return WRONG(p, "its external signature is malformed");
	if (eth_address_eq_var(by, p->signer)) return OK;
	address_text(is, &by);
	address_text(wants, &p->signer);
	return WRONG(p, "its external signature is of %s, not of %s (or is over something else)", is, wants);
}

static err internal_ok(const cluster_party *p, ProtobufCBinaryData signature, const char *dsep, const buf *payload)
{
	secp_sig s;

	if (signature.len != sizeof s.b)
		return WRONG(p, "its internal signature has %zu bytes instead of %zu", signature.len, sizeof s.b);
	memcpy(s.b, signature.data, sizeof s.b);
	if (!sign_internal_ok_var(&p->verification_key, &s, dsep, buf_slice(payload)))
		return WRONG(p, "its internal signature is not of the node's key over this payload");
	return OK;
}

/* One signature of each scheme that was asked for, in this order and no other. */
static err typed_ok(const asked *q, const cluster_party *p, Kms__V1__TypedSignature *const *got, size_t n, const char *dsep,
                    const buf *payload)
{
	if (n != q->schemes) return WRONG(p, "it has %zu signatures of further schemes; %zu were asked for", n, q->schemes);
	for (size_t i = 0; i < n; i++) {
		AUTO(buf) key = { 0 };
		const uint32_t scheme = q->scheme[i];
		if ((uint32_t)got[i]->scheme != scheme) return WRONG(p, "a signature of %s is missing or out of order", scheme_name(scheme));
		TRY(of_party(p, q->key_of(&key, p, scheme)));
		if (!typed_ok_var(scheme, buf_slice(&key), dsep, buf_slice(payload), pb_slice(got[i]->signature)))
			return WRONG(p, "its %s signature is not of the node's key over this payload", scheme_name(scheme));
	}
	return OK;
}

static err key_ok(const cluster_party *p, ProtobufCBinaryData verification_key)
{
	uint8_t wants[VERIFICATION_KEY_BYTES];

	answer_verification_key(wants, &p->verification_key);
	if (!slice_eq_var(pb_slice(verification_key), slice_of(wants, sizeof wants)))
		return WRONG(p, "it names another verification key");
	return OK;
}

static err id_ok(const cluster_party *p, const char *what, const Kms__V1__RequestId *id, const id32 *wants)
{
	id32 is;

	if (!id || id_parse(&is, what, slice_str(id->request_id)) != OK) return WRONG(p, "%s is missing or malformed", what);
	if (!id_eq_var(&is, wants)) return WRONG(p, "%s is of another request", what);
	return OK;
}

/* The value, and its word in the decryptedResult: refused if the length is not the type's or the value does not fit. */
static err value_ok(plaintext *out, buf *word, const cluster_party *p, const fhe_type *type, int32_t number, slice bytes)
{
	if (number != type->number) return WRONG(p, "it is about type number %d, not %s", (int)number, type->name);
	if (bytes.n != type->bytes) return WRONG(p, "a value of type %s has %u bytes, not %zu", type->name, type->bytes, bytes.n);
	TRY(of_party(p, kms712_put_plaintext(word, number, bytes)));
	*out = (plaintext){ .type = type };
	memcpy(out->bytes, bytes.p, bytes.n);
	return OK;
}

/* ---- decryptions --------------------------------------------------------------------------------------------- */

err verify_public(plaintext *out, const asked *q, const cluster_party *p, const Kms__V1__PublicDecryptionResponse *r)
{
	const Kms__V1__PublicDecryptionResponsePayload *a = r->payload;
	AUTO(buf) payload = { 0 }, result = { 0 };
	eip712_domain d;
	abi_word handle;

	if (!a) return WRONG(p, "it has no payload");
	if (a->n_plaintexts != 1) return WRONG(p, "it holds %zu values; one was asked for", a->n_plaintexts);
	if (r->extra_data.len) return WRONG(p, "it carries extra data that was not in the request");
	TRY(key_ok(p, a->verification_key));
	TRY(id_ok(p, "request_id", a->request_id, &q->request));
	TRY(value_ok(out, &result, p, q->type, a->plaintexts[0]->fhe_type, pb_slice(a->plaintexts[0]->bytes)));
	answer_public_payload(&payload, &p->verification_key, out, 1, &q->request);
	TRY(internal_ok(p, r->signature, "PUBL_DEC", &payload));
	TRY(typed_ok(q, p, r->signatures, r->n_signatures, "PUBL_DEC", &payload));
	TRY(cluster_domain(&d, q->cluster));
	TRY(kms712_handle(&handle, q->handle));
	return external_ok(p, r->external_signature, kms712_public_decrypt(&d, &handle, 1, buf_slice(&result), (slice){ 0 }));
}

/* The payload's fields against what was asked; and its bytes, over which both signatures go. */
static err user_payload_ok(buf *payload, const asked *q, hash32 link, const cluster_party *p,
                           const Kms__V1__UserDecryptionResponsePayload *a)
{
	if (!a) return WRONG(p, "it has no payload");
	if (a->n_signcrypted_ciphertexts != 1)
		return WRONG(p, "it holds %zu values; one was asked for", a->n_signcrypted_ciphertexts);
	const Kms__V1__TypedSigncryptedCiphertext *c = a->signcrypted_ciphertexts[0];
	const uint32_t packing = cluster_is_shared(q->cluster) ? packing_factor_of(q->type) : 1;
	TRY(key_ok(p, a->verification_key));
	if (a->party_id != p->party_id) return WRONG(p, "it calls itself party %u", a->party_id);
	if (a->degree != q->cluster->threshold) return WRONG(p, "its degree is %u, not %u", a->degree, q->cluster->threshold);
	if (!slice_eq_var(pb_slice(a->digest), hash32_slice(&link)))
		return WRONG(p, "it is linked to another key, handle, address or domain");
	if (!slice_eq_var(pb_slice(c->external_handle), q->handle)) return WRONG(p, "it is about another handle");
	if (c->fhe_type != q->type->number)
		return WRONG(p, "it is about type number %d, not %s", (int)c->fhe_type, q->type->name);
	if (c->packing_factor != packing)
		return WRONG(p, "its packing factor is %u, not %u", c->packing_factor, packing);
	const user_slot slot = { c->fhe_type, pb_slice(c->signcrypted_ciphertext), q->handle, packing };
	answer_user_payload(payload, &p->verification_key, link.b, &slot, 1, a->party_id, a->degree);
	return OK;
}

/* The type inside was signed for the reader; the one outside could have been changed on the way. */
static err open_sealed(buf *opened, const asked *q, const reader_keys *me, hash32 link, const cluster_party *p, slice wire)
{
	int32_t type;

	TRY(of_party(p, unsigncrypt(opened, &type, &me->dk, &p->verification_key, &me->address, &link, wire)));
	if (type == q->type->number) return OK;
	buf_free(opened);
	return WRONG(p, "inside it is about type number %d, not %s", (int)type, q->type->name);
}

err verify_value(plaintext *out, const asked *q, const cluster_party *p, slice opened)
{
	AUTO(buf) word = { 0 };

	return value_ok(out, &word, p, q->type, q->type->number, opened);
}

static err link_of(hash32 *out, eip712_domain *d, abi_word *handle, const asked *q, const reader_keys *me)
{
	TRY(cluster_domain(d, q->cluster));
	TRY(kms712_handle(handle, q->handle));
	*out = kms712_link(d, slice_of(me->wire, sizeof me->wire), handle, 1, &me->address);
	return OK;
}

err verify_link(hash32 *out, const asked *q, const reader_keys *me)
{
	eip712_domain d;
	abi_word handle;

	return link_of(out, &d, &handle, q, me);
}

err verify_user(buf *opened, const asked *q, const reader_keys *me, const cluster_party *p,
                const Kms__V1__UserDecryptionResponse *r)
{
	AUTO(buf) payload = { 0 };
	eip712_domain d;
	abi_word handle;
	hash32 link;

	TRY(link_of(&link, &d, &handle, q, me));
	TRY(user_payload_ok(&payload, q, link, p, r->payload));
	if (r->extra_data.len) return WRONG(p, "it carries extra data that was not in the request");
	TRY(internal_ok(p, r->signature, "USER_DEC", &payload));
	TRY(typed_ok(q, p, r->signatures, r->n_signatures, "USER_DEC", &payload));
	TRY(external_ok(p, r->external_signature, kms712_user_response(&d, slice_of(me->wire, sizeof me->wire), &handle, 1,
	                                                               buf_slice(&payload), (slice){ 0 })));
	return open_sealed(opened, q, me, link, p, pb_slice(r->payload->signcrypted_ciphertexts[0]->signcrypted_ciphertext));
}

/* ---- key generation ------------------------------------------------------------------------------------------ */

err verify_preprocessing(const cluster *c, const cluster_party *p, const id32 *prep,
                         const Kms__V1__KeyGenPreprocResult *r)
{
	eip712_domain d;

	TRY(cluster_key_domain(&d, c));
	TRY(id_ok(p, "preprocessing_id", r->preprocessing_id, prep));
	return external_ok(p, r->external_signature, kms712_prep_keygen(&d, c->profile, prep, (slice){ 0 }));
}

static err digest_ok(uint8_t out[static KEY_DIGEST_BYTES], const cluster_party *p, const Kms__V1__KeyDigest *k,
                     const char *type)
{
	if (strcmp(k->key_type, type) != 0) return WRONG(p, "it lists %.40s where %s is wanted", k->key_type, type);
	if (k->digest.len != KEY_DIGEST_BYTES) return WRONG(p, "the digest of %s has %zu bytes", type, k->digest.len);
	memcpy(out, k->digest.data, KEY_DIGEST_BYTES);
	return OK;
}

/* What is signed of a key that leads from one set to another does not speak of ids (kms-service 2.4). */
static hash32 signed_of_key(const eip712_domain *d, kms712_profile profile, const key_kind *kind, const key_digests *files, const id32 *prep, const id32 *key)
{
	kms712_key_digest listed[KEY_KIND_FILES];

	if (key_kind_is_between(kind)) return kms712_decompression_key(d, slice_of(files->of[0], KEY_DIGEST_BYTES), (slice){ 0 });
	for (size_t i = 0; i < kind->files; i++)
		listed[i] = (kms712_key_digest){ kind->file[i].number, slice_of(files->of[i], KEY_DIGEST_BYTES) };
	return kms712_keygen(d, profile, prep, key, listed, kind->files, (slice){ 0 });
}

err verify_keygen(key_digests *out, const cluster *c, const cluster_party *p, const key_kind *kind, const id32 *prep,
                  const id32 *key, const Kms__V1__KeyGenResult *r)
{
	key_digests files = { 0 };
	eip712_domain d;

	TRY(cluster_key_domain(&d, c));
	TRY(id_ok(p, "request_id", r->request_id, key));
	TRY(id_ok(p, "preprocessing_id", r->preprocessing_id, prep));
	if (r->n_key_digests != kind->files)
		return WRONG(p, "it lists %zu key files instead of %zu", r->n_key_digests, kind->files);
	for (size_t i = 0; i < kind->files; i++) TRY(digest_ok(files.of[i], p, r->key_digests[i], kind->file[i].type));
	TRY(external_ok(p, r->external_signature, signed_of_key(&d, c->profile, kind, &files, prep, key)));
	*out = files;
	return OK;
}
