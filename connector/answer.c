/* SPDX-License-Identifier: MIT */
/* connector/answer.c -- a response as the call of a contract that takes it. */
#include "connector/answer.h"
#include "evm/kms_calls.h"

static err keygen(buf *data, const queue_item *r)
{
	kms712_key_digest digests[MAX_KEY_DIGESTS];

	if (r->digests.n == 0 || r->digests.n > MAX_KEY_DIGESTS)
		return err_fail(ERR_REQUEST, "an answer to a key generation has %zu digests, not 1 to %d", r->digests.n, MAX_KEY_DIGESTS);
	for (size_t i = 0; i < r->digests.n; i++) {
		uint8_t type;
		TRY(queue_read_digest(&type, &digests[i].digest, r->digests.item[i]));
		digests[i].type = type;
	}
	call_keygen_response(data, &r->id, digests, r->digests.n, r->signature);
	return OK;
}

/* confirmEpochActivation(uint256,(...)[],(...)[]): the lists are kept as they stand behind the offsets. */
static err epoch_result(buf *data, const queue_item *r)
{
	enum { SELECTOR = 0x4cb950e1, WORDS = 3 };
	static const uint8_t EMPTY[ABI_WORD];
	const slice none = slice_of(EMPTY, sizeof EMPTY);
	const slice keys = r->keys.n ? r->keys : none, crs = r->crs_list.n ? r->crs_list : none;

	if (keys.n % ABI_WORD || crs.n % ABI_WORD) return err_fail(ERR_REQUEST, "the lists of an epoch's result are cut");
	abi_frame f = abi_call(data, SELECTOR, WORDS);
	const abi_word at_keys = abi_u64(WORDS * ABI_WORD), at_crs = abi_u64(WORDS * ABI_WORD + keys.n);
	abi_word id;
	memcpy(id.b, r->id.b, sizeof id.b);
	abi_put(&f, &id);
	abi_put(&f, &at_keys);
	abi_put(&f, &at_crs);
	buf_put_slice(data, keys);
	buf_put_slice(data, crs);
	return OK;
}

err answer_call(buf *data, kms_contract *contract, const queue_item *r)
{
	*contract = KMS_GENERATION;
	switch ((int)r->kind) {
	case QUEUE_PUBLIC_DECRYPTION_RESPONSE:
		*contract = KMS_DECRYPTION;
		call_public_response(data, &r->id, r->result, r->signature, r->extra_data);
		return OK;
	case QUEUE_USER_DECRYPTION_RESPONSE:
		*contract = KMS_DECRYPTION;
		call_user_response(data, &r->id, r->result, r->signature, r->extra_data);
		return OK;
	case QUEUE_PREP_KEYGEN_RESPONSE:
		call_prep_keygen_response(data, &r->id, r->signature);
		return OK;
	case QUEUE_KEYGEN_RESPONSE:
		return keygen(data, r);
	case QUEUE_CRSGEN_RESPONSE:
		call_crsgen_response(data, &r->id, r->result, r->signature);
		return OK;
	case QUEUE_NEW_CONTEXT_RESPONSE:
		*contract = KMS_PROTOCOL_CONFIG;
		call_confirm_context(data, &r->id);
		return OK;
	case QUEUE_EPOCH_RESULT_RESPONSE:
		*contract = KMS_PROTOCOL_CONFIG;
		return epoch_result(data, r);
	default:
		return err_fail(ERR_REQUEST, "%s is no response", queue_label(r->kind));
	}
}
