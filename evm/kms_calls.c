/* SPDX-License-Identifier: MIT */
/* evm/kms_calls.c -- what is sent. */
#include "evm/kms_calls.h"

enum {
	PUBLIC_RESPONSE = 0x6f8913bc, USER_RESPONSE = 0x046f9eb3, PREP_KEYGEN_RESPONSE = 0x589adb0e, KEYGEN_RESPONSE = 0x4610ffe8,
	CRSGEN_RESPONSE = 0x62978787, CONFIRM_EPOCH = 0x4cb950e1
};
#define CONFIRM_CONTEXT 0xd9be2de4u

static void put_id(abi_frame *f, const id32 *id)
{
	abi_word w;
	memcpy(w.b, id->b, sizeof w.b);
	abi_put(f, &w);
}

static void decryption_response(buf *out, uint32_t selector, const id32 *id, slice content, slice signature, slice extra)
{
	abi_frame f = abi_call(out, selector, 4);
	put_id(&f, id);
	abi_put_bytes(&f, content);
	abi_put_bytes(&f, signature);
	abi_put_bytes(&f, extra);
}

void call_public_response(buf *out, const id32 *id, slice result, slice signature, slice extra)
{
	decryption_response(out, PUBLIC_RESPONSE, id, result, signature, extra);
}

void call_user_response(buf *out, const id32 *id, slice share, slice signature, slice extra)
{
	decryption_response(out, USER_RESPONSE, id, share, signature, extra);
}

void call_prep_keygen_response(buf *out, const id32 *prep, slice signature)
{
	abi_frame f = abi_call(out, PREP_KEYGEN_RESPONSE, 2);
	put_id(&f, prep);
	abi_put_bytes(&f, signature);
}

static void put_digests(abi_frame *f, const kms712_key_digest *digests, size_t n)
{
	abi_frame list = abi_put_list(f, n, 1);
	for (size_t i = 0; i < n; i++) {
		abi_frame one = abi_put_tuple(&list, 2);
		abi_put_u64(&one, digests[i].type);
		abi_put_bytes(&one, digests[i].digest);
	}
}

void call_keygen_response(buf *out, const id32 *key, const kms712_key_digest *digests, size_t n, slice signature)
{
	abi_frame f = abi_call(out, KEYGEN_RESPONSE, 3);
	put_id(&f, key);
	put_digests(&f, digests, n);
	abi_put_bytes(&f, signature);
}

void call_crsgen_response(buf *out, const id32 *crs, slice digest, slice signature)
{
	abi_frame f = abi_call(out, CRSGEN_RESPONSE, 3);
	put_id(&f, crs);
	abi_put_bytes(&f, digest);
	abi_put_bytes(&f, signature);
}

void call_confirm_context(buf *out, const id32 *context)
{
	abi_frame f = abi_call(out, CONFIRM_CONTEXT, 1);
	put_id(&f, context);
}

static void put_epoch_key(abi_frame *list, const call_epoch_key *k)
{
	abi_frame one = abi_put_tuple(list, 4);
	put_id(&one, &k->prep);
	put_id(&one, &k->key);
	put_digests(&one, k->digest, k->n_digests);
	abi_put_bytes(&one, k->signature);
}

static void put_epoch_crs(abi_frame *list, const call_epoch_crs *c)
{
	abi_frame one = abi_put_tuple(list, 4);
	put_id(&one, &c->crs);
	abi_put(&one, &c->max_bits);
	abi_put_bytes(&one, c->digest);
	abi_put_bytes(&one, c->signature);
}

void call_confirm_epoch(buf *out, const id32 *epoch, const call_epoch_key *keys, size_t n_keys,
                        const call_epoch_crs *crs, size_t n_crs)
{
	abi_frame f = abi_call(out, CONFIRM_EPOCH, 3);
	put_id(&f, epoch);
	abi_frame list = abi_put_list(&f, n_keys, 1);
	for (size_t i = 0; i < n_keys; i++) put_epoch_key(&list, &keys[i]);
	list = abi_put_list(&f, n_crs, 1);
	for (size_t i = 0; i < n_crs; i++) put_epoch_crs(&list, &crs[i]);
}

void call_signature_valid(buf *out, const hash32 *digest, slice signature)
{
	abi_frame f = abi_call(out, CALL_SIGNATURE_VALID, 2);
	const abi_word w = abi_hash(digest);
	abi_put(&f, &w);
	abi_put_bytes(&f, signature);
}
