/* SPDX-License-Identifier: MIT */
/* node/answers.c -- payloads, the signatures over each, and the response around them. */
#include "node/answers.h"
#include <stdlib.h>
#include "node/replies.h"
#include "tkms/reconstruct.h"

const party_identity CENTRALIZED = { .party_id = 1, .degree = 0, .shares = false };

err answer_public(const engine *e, buf *response, const request *r, const plaintext *value)
{
	const secp_pk *pk = signer_pk(e->signer);
	buf payload = { 0 }, result = { 0 };
	signatures made;
	err failed = OK;

	for (size_t i = 0; failed == OK && i < r->decrypt.items; i++)
		failed = kms712_put_plaintext(&result, value[i].type->number, slice_of(value[i].bytes, value[i].type->bytes));
	if (failed == OK) {
		answer_public_payload(&payload, pk, value, r->decrypt.items, &r->id);
		const secp_sig internal = sign_internal(e->signer, "PUBL_DEC", buf_slice(&payload));
		const hash32 digest = kms712_public_decrypt(&r->domain, r->decrypt.handle, r->decrypt.items, buf_slice(&result), r->extra_data);
		signatures_make(&made, e->signer, r, &digest, "PUBL_DEC", buf_slice(&payload));
		reply_public_decrypt(response, r, pk, value, slice_of(internal.b, sizeof internal.b), &made);
	}
	buf_free(&payload);
	buf_free(&result);
	return failed;
}

static uint32_t packing_of(const party_identity *by, const fhe_type *type)
{
	return by->shares ? packing_factor_of(type) : CENTRAL_PACKING;
}

static user_slot *slots_of(const request *r, const buf *sealed, const party_identity *by)
{
	const decrypt_request *d = &r->decrypt;
	user_slot *slot = calloc(d->items, sizeof *slot);

	ASSERT(slot);
	for (size_t i = 0; i < d->items; i++)
		slot[i] = (user_slot){ d->item[i].type->number, buf_slice(&sealed[i]), d->item[i].handle, packing_of(by, d->item[i].type) };
	return slot;
}

void answer_user(const engine *e, buf *response, const request *r, const hash32 *link, const buf *sealed, const party_identity *by)
{
	const decrypt_request *d = &r->decrypt;
	const secp_pk *pk = signer_pk(e->signer);
	user_slot *slot = slots_of(r, sealed, by);
	buf payload = { 0 };
	signatures made;

	answer_user_payload(&payload, pk, link->b, slot, d->items, by->party_id, by->degree);
	const secp_sig internal = sign_internal(e->signer, "USER_DEC", buf_slice(&payload));
	const hash32 digest = kms712_user_response(&r->domain, d->enc_key_wire, d->handle, d->items, buf_slice(&payload), r->extra_data);
	signatures_make(&made, e->signer, r, &digest, "USER_DEC", buf_slice(&payload));
	reply_user_decrypt(response, r, pk, link, slot, by, slice_of(internal.b, sizeof internal.b), &made);
	buf_free(&payload);
	free(slot);
}
