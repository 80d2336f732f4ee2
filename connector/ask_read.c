/* SPDX-License-Identifier: MIT */
/* connector/ask_read.c -- a node's answer, checked as the contract will check it, as a response. */
#include "connector/ask_internal.h"
#include <kms.v1.pb-c.h>
#include "evm/address.h"
#include "rpc/pb.h"

typedef struct reading {
	queue_item     *out;
	bool           *wrong;
	const ask_signers *signers;
	arena          *a;
	const queue_item *item;
	const connector_config *c;
	buf             scratch;
} reading;

/* ---- signatures ------------------------------------------------------------------------------------------------- */

/* Then it is the response's signature. */
static err signed_by_one(reading *r, ProtobufCBinaryData signature, const hash32 *digest)
{
	char text[ADDRESS_TEXT];
	eth_address by;
	secp_rsig s;

	*r->wrong = true;
	if (signature.len != sizeof s.b) return err_fail(ERR_REQUEST, "the node's signature has %zu bytes, not %zu", signature.len, sizeof s.b);
	memcpy(s.b, signature.data, sizeof s.b);
	if (!sign_external_by_var(&by, &s, digest)) return err_fail(ERR_REQUEST, "the node's signature is by nobody");
	for (size_t i = 0; i < r->signers->n; i++)
		if (eth_address_eq_var(by, r->signers->address[i])) {
			*r->wrong = false;
			r->out->signature = pb_slice(signature);
			return OK;
		}
	address_text(text, &by);
	return err_fail(ERR_REQUEST, "the node's answer is signed by %s, whom the contracts do not know: compare the node's signer, and name, "
	                             "version, chain id and address of the contract here and at the node", text);
}

/* ---- bytes that outlive the message ----------------------------------------------------------------------------- */

static err keep(slice *out, arena *a, slice s)
{
	uint8_t *copy = NULL;

	*out = (slice){ 0 };
	if (s.n == 0) return OK;
	TRY(arena_new(a, &copy, s.n));
	memcpy(copy, s.p, s.n);
	*out = slice_of(copy, s.n);
	return OK;
}

static err same_id(const Kms__V1__RequestId *m, const id32 *wants, const char *what)
{
	id32 is;

	if (!m) return err_fail(ERR_REQUEST, "the node's answer lacks %s", what);
	TRY(id_parse(&is, what, slice_str(m->request_id)));
	return id_eq_var(&is, wants) ? OK : err_fail(ERR_REQUEST, "the node's answer is about another %s", what);
}

/* ---- decryptions ------------------------------------------------------------------------------------------------ */

/* The handles that were asked about: at least one, and as many as the node answers. */
static err one_for_each(abi_word **handles, size_t *n, reading *r, size_t answered)
{
	TRY(arena_new(r->a, handles, ask_handle_count(r->item) + 1));
	TRY(ask_handles(*handles, n, r->item));
	return answered == *n ? OK : err_fail(ERR_REQUEST, "the node answers %zu values, %zu were asked for", answered, *n);
}

static err read_public(reading *r, slice answer)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);
	Kms__V1__PublicDecryptionResponse *m = NULL;
	abi_word *handles = NULL;
	size_t n = 0;

	TRY(pb_unpack(r->a, &m, &kms__v1__public_decryption_response__descriptor, answer));
	TRY(one_for_each(&handles, &n, r, m->payload ? m->payload->n_plaintexts : 0));
	for (size_t i = 0; i < n; i++) {
		const Kms__V1__TypedPlaintext *p = m->payload->plaintexts[i];
		if (p->fhe_type != handles[i].b[ASK_HANDLE_TYPE])
			return err_fail(ERR_REQUEST, "the node answers a value of type %d, not %d", (int)p->fhe_type, handles[i].b[ASK_HANDLE_TYPE]);
		TRY(kms712_put_plaintext(&r->scratch, p->fhe_type, pb_slice(p->bytes)));
	}
	const slice extra = pb_slice(m->extra_data), result = buf_slice(&r->scratch);
	const hash32 digest = kms712_public_decrypt(&domain, handles, n, result, extra);
	TRY(signed_by_one(r, m->external_signature, &digest));
	TRY(keep(&r->out->result, r->a, result));
	r->out->extra_data = extra;
	return OK;
}

static void put_counted(buf *out, ProtobufCBinaryData b)
{
	buf_put_u64(out, b.len);
	buf_put_slice(out, pb_slice(b));
}

/* The payload as the node signed it, whatever stands in it: the contract and the user look at the same bytes. */
static void put_payload(buf *out, const Kms__V1__UserDecryptionResponsePayload *p)
{
	put_counted(out, p->verification_key);
	put_counted(out, p->digest);
	buf_put_u64(out, p->n_signcrypted_ciphertexts);
	for (size_t i = 0; i < p->n_signcrypted_ciphertexts; i++) {
		const Kms__V1__TypedSigncryptedCiphertext *c = p->signcrypted_ciphertexts[i];
		buf_put_u32(out, (uint32_t)c->fhe_type);
		put_counted(out, c->signcrypted_ciphertext);
		put_counted(out, c->external_handle);
		buf_put_u32(out, c->packing_factor);
	}
	buf_put_u32(out, p->party_id);
	buf_put_u32(out, p->degree);
}

static err read_user(reading *r, slice answer)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);
	Kms__V1__UserDecryptionResponse *m = NULL;
	abi_word *handles = NULL;
	size_t n = 0;

	TRY(pb_unpack(r->a, &m, &kms__v1__user_decryption_response__descriptor, answer));
	TRY(one_for_each(&handles, &n, r, m->payload ? m->payload->n_signcrypted_ciphertexts : 0));
	put_payload(&r->scratch, m->payload);
	const slice extra = pb_slice(m->extra_data), share = buf_slice(&r->scratch);
	const hash32 digest = kms712_user_response(&domain, r->item->public_key, handles, n, share, extra);
	TRY(signed_by_one(r, m->external_signature, &digest));
	TRY(keep(&r->out->result, r->a, share));
	r->out->extra_data = extra;
	return OK;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static err read_prep_keygen(reading *r, slice answer)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);
	Kms__V1__KeyGenPreprocResult *m = NULL;

	TRY(pb_unpack(r->a, &m, &kms__v1__key_gen_preproc_result__descriptor, answer));
	TRY(same_id(m->preprocessing_id, &r->item->id, "preprocessing"));
	const hash32 digest = kms712_prep_keygen(&domain, r->c->profile->structs, &r->item->id, ask_extra(r->c, r->item));
	TRY(signed_by_one(r, m->external_signature, &digest));
	return OK;
}

static bool key_type_of(kms712_key_type *out, const char *name)
{
	static const struct { const char *name; kms712_key_type type; } TYPES[] = {
		{ "ServerKey", KMS712_SERVER_KEY }, { "PublicKey", KMS712_PUBLIC_KEY }, { "CompressedXofKeySet", KMS712_COMPRESSED_KEY_SET },
	};
	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (!strcmp(name, TYPES[i].name)) return *out = TYPES[i].type, true;
	return false;
}

/* Digests in the order in which they were signed. */
static err read_digests(kms712_key_digest *out, const Kms__V1__KeyGenResult *m)
{
	if (m->n_key_digests == 0 || m->n_key_digests > MAX_KEY_DIGESTS)
		return err_fail(ERR_REQUEST, "the node's answer has %zu digests of keys", m->n_key_digests);
	for (size_t i = 0; i < m->n_key_digests; i++) {
		const Kms__V1__KeyDigest *d = m->key_digests[i];
		if (!key_type_of(&out[i].type, d->key_type)) return err_fail(ERR_REQUEST, "the node's answer has a key of a type unknown here");
		out[i].digest = pb_slice(d->digest);
	}
	return OK;
}

static err read_keygen(reading *r, slice answer)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);
	kms712_key_digest digests[MAX_KEY_DIGESTS];
	Kms__V1__KeyGenResult *m = NULL;
	slice *list = NULL;

	TRY(pb_unpack(r->a, &m, &kms__v1__key_gen_result__descriptor, answer));
	TRY(same_id(m->request_id, &r->item->id, "key"));
	TRY(read_digests(digests, m));
	TRY(arena_new(r->a, &list, m->n_key_digests));
	for (size_t i = 0; i < m->n_key_digests; i++) {
		buf_clear(&r->scratch);
		queue_put_digest(&r->scratch, (uint8_t)digests[i].type, digests[i].digest);
		TRY(keep(&list[i], r->a, buf_slice(&r->scratch)));
	}
	const hash32 digest = kms712_keygen(&domain, r->c->profile->structs, &r->item->prep_keygen_id, &r->item->id, digests, m->n_key_digests,
	                                    ask_extra(r->c, r->item));
	TRY(signed_by_one(r, m->external_signature, &digest));
	r->out->digests = (store_list){ list, m->n_key_digests };
	return OK;
}

static err read_crsgen(reading *r, slice answer)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);
	Kms__V1__CrsGenResult *m = NULL;
	uint32_t bits = 0;

	TRY(pb_unpack(r->a, &m, &kms__v1__crs_gen_result__descriptor, answer));
	TRY(same_id(m->request_id, &r->item->id, "CRS"));
	for (size_t i = 28; i < 32; i++) bits = bits << 8 | r->item->max_bit_length.b[i];
	const hash32 digest = kms712_crsgen(&domain, r->c->profile->structs, &r->item->id, bits, pb_slice(m->crs_digest), ask_extra(r->c, r->item));
	TRY(signed_by_one(r, m->external_signature, &digest));
	r->out->result = pb_slice(m->crs_digest);
	return OK;
}

/* ---- epochs ----------------------------------------------------------------------------------------------------- */

static err read_epoch_key(reading *r, call_epoch_key *out, kms712_key_digest *digests, const Kms__V1__KeyGenResult *m, slice extra)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);

	if (!m->request_id || !m->preprocessing_id) return err_fail(ERR_REQUEST, "the node's answer lacks a key's id");
	TRY(id_parse(&out->key, "the node's key", slice_str(m->request_id->request_id)));
	TRY(id_parse(&out->prep, "the node's preprocessing", slice_str(m->preprocessing_id->request_id)));
	TRY(read_digests(digests, m));
	const hash32 digest = kms712_keygen(&domain, r->c->profile->structs, &out->prep, &out->key, digests, m->n_key_digests, extra);
	TRY(signed_by_one(r, m->external_signature, &digest));
	out->digest = digests, out->n_digests = m->n_key_digests;
	out->signature = pb_slice(m->external_signature);
	return OK;
}

static err read_epoch_crs(reading *r, call_epoch_crs *out, const Kms__V1__CrsGenResult *m, slice extra)
{
	const eip712_domain domain = ask_domain(r->c, r->item->kind);

	if (!m->request_id) return err_fail(ERR_REQUEST, "the node's answer lacks a CRS's id");
	TRY(id_parse(&out->crs, "the node's CRS", slice_str(m->request_id->request_id)));
	out->max_bits = abi_u64(m->max_num_bits);
	out->digest = pb_slice(m->crs_digest);
	const hash32 digest = kms712_crsgen(&domain, r->c->profile->structs, &out->crs, m->max_num_bits, out->digest, extra);
	TRY(signed_by_one(r, m->external_signature, &digest));
	out->signature = pb_slice(m->external_signature);
	return OK;
}

/* The two lists as they will stand in the call, which has them behind the epoch's id and two offsets. */
static err keep_lists(reading *r, const call_epoch_key *keys, size_t n, const call_epoch_crs *crs, size_t m)
{
	uint64_t at[2];

	call_confirm_epoch(&r->scratch, &r->item->id, keys, n, crs, m);
	const slice all = slice_of(r->scratch.p + ABI_SELECTOR, r->scratch.n - ABI_SELECTOR);
	for (size_t i = 0; i < 2; i++) {
		abi_word w;
		memcpy(w.b, all.p + (i + 1) * ABI_WORD, sizeof w.b);
		ASSERT(abi_fits_u64(&at[i], &w));
	}
	ASSERT(at[0] <= at[1] && at[1] <= all.n);
	TRY(keep(&r->out->keys, r->a, slice_of(all.p + at[0], at[1] - at[0])));
	return keep(&r->out->crs_list, r->a, slice_of(all.p + at[1], all.n - at[1]));
}

static err read_epoch(reading *r, slice answer)
{
	Kms__V1__EpochResultResponse *m = NULL;
	kms712_key_digest (*digests)[MAX_KEY_DIGESTS] = NULL;
	call_epoch_key *keys = NULL;
	call_epoch_crs *crs = NULL;
	uint8_t extra[EPOCH_EXTRA];

	TRY(pb_unpack(r->a, &m, &kms__v1__epoch_result_response__descriptor, answer));
	if (m->n_reshare_responses > MAX_MATERIAL || m->n_crs_responses > MAX_MATERIAL || m->n_reshare_responses + m->n_crs_responses == 0)
		return err_fail(ERR_REQUEST, "the node's answer has %zu keys and %zu CRSs of the epoch", m->n_reshare_responses, m->n_crs_responses);
	TRY(arena_new(r->a, &digests, m->n_reshare_responses + 1));
	TRY(arena_new(r->a, &keys, m->n_reshare_responses + 1));
	TRY(arena_new(r->a, &crs, m->n_crs_responses + 1));
	ask_epoch_extra(extra, r->item);
	const slice signed_beside = slice_of(extra, sizeof extra);
	for (size_t i = 0; i < m->n_reshare_responses; i++) TRY(read_epoch_key(r, &keys[i], digests[i], m->reshare_responses[i], signed_beside));
	for (size_t i = 0; i < m->n_crs_responses; i++) TRY(read_epoch_crs(r, &crs[i], m->crs_responses[i], signed_beside));
	r->out->context_id = r->item->context_id;
	r->out->signature = (slice){ 0 };            /* each has its own */
	return keep_lists(r, keys, m->n_reshare_responses, crs, m->n_crs_responses);
}

bool ask_gave_only(const queue_item *item, slice answer)
{
	arena a = arena_with_limit(PB_ROOM(answer.n));
	Kms__V1__EpochResultResponse *m = NULL;

	if (item->kind != QUEUE_NEW_EPOCH || answer.n > MAX_ASK_ANSWER) return false;
	const bool read = pb_unpack(&a, &m, &kms__v1__epoch_result_response__descriptor, answer) == OK;
	const bool only = read && m->n_reshare_responses + m->n_crs_responses == 0;
	arena_free(&a);
	err_clear();
	return only;
}

err ask_read(queue_item *out, bool *wrong, arena *a, const queue_item *item, const connector_config *c, const ask_signers *signers,
             slice answer)
{
	reading r = { .out = out, .wrong = wrong, .signers = signers, .a = a, .item = item, .c = c };
	err e;

	*wrong = false;
	*out = (queue_item){ .kind = queue_response_of(item->kind), .id = item->id, .otlp = item->otlp };
	if (answer.n > MAX_ASK_ANSWER) return err_fail(ERR_REQUEST, "the node's answer has %zu bytes", answer.n);
	switch ((int)item->kind) {
	case QUEUE_PUBLIC_DECRYPTION: e = read_public(&r, answer); break;
	case QUEUE_USER_DECRYPTION:   e = read_user(&r, answer); break;
	case QUEUE_PREP_KEYGEN:       e = read_prep_keygen(&r, answer); break;
	case QUEUE_KEYGEN:            e = read_keygen(&r, answer); break;
	case QUEUE_CRSGEN:            e = read_crsgen(&r, answer); break;
	case QUEUE_NEW_EPOCH:         e = read_epoch(&r, answer); break;
	case QUEUE_NEW_CONTEXT:       e = OK; break;           /* the node has taken it: the contract wants to know no more */
	default: e = err_fail(ERR_REQUEST, "there is no answer to %s", queue_label(item->kind));
	}
	if (e == OK && out->result.n > MAX_ITEM_BYTES) e = err_fail(ERR_REQUEST, "the node's answer is %zu bytes to a contract", out->result.n);
	buf_free(&r.scratch);
	return e;
}
