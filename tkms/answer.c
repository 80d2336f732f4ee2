/* SPDX-License-Identifier: MIT */
/* tkms/answer.c -- payload bytes in the order of the messages' fields. */
#include "tkms/answer.h"

static void put_counted(buf *out, slice s)
{
	buf_put_u64(out, s.n);
	buf_put_slice(out, s);
}

void answer_verification_key(uint8_t out[static VERIFICATION_KEY_BYTES], const secp_pk *by)
{
	store64(out, SECP_PK);
	memcpy(out + 8, by->b, SECP_PK);
}

static void put_verification_key(buf *out, const secp_pk *by)
{
	uint8_t key[VERIFICATION_KEY_BYTES];
	answer_verification_key(key, by);
	put_counted(out, slice_of(key, sizeof key));
}

void answer_public_payload(buf *out, const secp_pk *by, const plaintext *p, size_t count, const id32 *request)
{
	char id[ID_TEXT];

	put_verification_key(out, by);
	buf_put_u64(out, count);
	for (size_t i = 0; i < count; i++) {
		put_counted(out, slice_of(p[i].bytes, p[i].type->bytes));
		buf_put_u32(out, (uint32_t)p[i].type->number);
	}
	id_text(id, request);
	buf_put_u8(out, 1);                       /* the optional request_id is there */
	put_counted(out, slice_str(id));
}

void answer_user_payload(buf *out, const secp_pk *by, const uint8_t link[static 32],
                         const user_slot *slot, size_t count, uint32_t party_id, uint32_t degree)
{
	put_verification_key(out, by);
	put_counted(out, slice_of(link, 32));
	buf_put_u64(out, count);
	for (size_t i = 0; i < count; i++) {
		buf_put_u32(out, (uint32_t)slot[i].fhe_type);
		put_counted(out, slot[i].signcrypted);
		put_counted(out, slot[i].handle);
		buf_put_u32(out, slot[i].packing_factor);
	}
	buf_put_u32(out, party_id);
	buf_put_u32(out, degree);
}
