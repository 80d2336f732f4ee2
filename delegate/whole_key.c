/* SPDX-License-Identifier: MIT */
/* delegate/whole_key.c */
#include "delegate/whole_key.h"

enum { VERSION = 1 };

id32 whole_key_place(whole_key_kind kind, uint32_t chain_id)
{
	return (id32){ { (uint8_t)kind, [28] = (uint8_t)(chain_id >> 24), (uint8_t)(chain_id >> 16), (uint8_t)(chain_id >> 8), (uint8_t)chain_id } };
}

void whole_key_write(buf *out, const whole_key *k)
{
	buf_reserve(out, WHOLE_KEY_BYTES);
	buf_put_u8(out, VERSION);
	buf_put_u8(out, (uint8_t)k->kind);
	buf_put_u8(out, (uint8_t)k->state);
	buf_put_u32(out, k->chain_id);
	buf_put_u64(out, (uint64_t)k->taken_ms);
	buf_put(out, k->sk.b, sizeof k->sk.b);
}

static bool kind_is(uint8_t n) { return n == WHOLE_KEY_CHAIN || n == WHOLE_KEY_WALLET; }

err whole_key_read(whole_key *out, slice bytes)
{
	reader r = reader_of(bytes);
	const uint8_t version = read_u8(&r), kind = read_u8(&r), state = read_u8(&r);
	const uint32_t chain_id = read_u32(&r);
	const uint64_t taken_ms = read_u64(&r);
	const slice sk = read_bytes(&r, SECP_SK);

	if (!read_done(&r) || version != VERSION || !kind_is(kind) || !key_state_is(state) || taken_ms > INT64_MAX ||
	    (kind == WHOLE_KEY_WALLET && chain_id))
		return err_fail(ERR_REQUEST, "%zu bytes are no private key of a delegation KMS", bytes.n);
	TRY(secp_sk_read(&out->sk, sk.p));
	out->kind = (whole_key_kind)kind;
	out->state = (key_state)state;
	out->chain_id = chain_id;
	out->taken_ms = (int64_t)taken_ms;
	return OK;
}
