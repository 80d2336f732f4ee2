/* SPDX-License-Identifier: MIT */
/* delegate/ask.c */
#include "delegate/ask.h"

static void put_text(buf *out, slice text)
{
	buf_put_u32(out, (uint32_t)text.n);
	buf_put_slice(out, text);
}

static bool take(void *out, size_t n, reader *r)
{
	const slice s = read_bytes(r, n);

	if (!read_ok(r)) return false;
	memcpy(out, s.p, n);
	return true;
}

static bool take_text(slice *out, reader *r)
{
	const uint32_t n = read_u32(r);

	if (n < 2 || n > MAX_ASK_TEXT) return false;
	*out = read_bytes(r, n);
	return read_ok(r) && out->p[0] == '0' && out->p[1] == 'x';
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static void put_once(buf *out, const delegate_v1 *w)
{
	buf_put_u8(out, w->has_contract);
	buf_put(out, w->contract.b, sizeof w->contract.b);
	buf_put_slice(out, hash32_slice(&w->handle));
	buf_put(out, w->ephemeral, sizeof w->ephemeral);
	buf_put_slice(out, hash32_slice(&w->target_hash));
	buf_put_slice(out, hash32_slice(&w->key_id));
	buf_put_slice(out, hash32_slice(&w->nonce));
	buf_put_u64(out, w->epoch);
	buf_put_u64(out, w->not_before);
	buf_put_u64(out, w->expires_at);
}

static bool take_once(delegate_v1 *w, reader *r)
{
	const uint8_t contract = read_u8(r);

	w->has_contract = contract == 1;
	const bool there = take(w->contract.b, sizeof w->contract.b, r) && take(w->handle.b, sizeof w->handle.b, r) &&
	                   take(w->ephemeral, sizeof w->ephemeral, r) && take(w->target_hash.b, sizeof w->target_hash.b, r) &&
	                   take(w->key_id.b, sizeof w->key_id.b, r) && take(w->nonce.b, sizeof w->nonce.b, r);
	w->epoch = read_u64(r);
	w->not_before = read_u64(r);
	w->expires_at = read_u64(r);
	return there && contract <= 1;
}

void ask_write(buf *out, const ask_frame *a)
{
	buf_put_u8(out, ASK_FRAME);
	buf_put_u64(out, a->number);
	buf_put_u32(out, a->chain_id);
	buf_put_u32(out, a->epoch);
	buf_put_u8(out, (uint8_t)a->form);
	buf_put(out, a->authorization.b, sizeof a->authorization.b);
	if (a->form == ASK_ONCE) {
		put_once(out, &a->v1);
	} else {
		put_text(out, a->ephemeral);
		put_text(out, a->target);
	}
}

bool ask_read(ask_frame *out, slice frame)
{
	reader r = reader_of(frame);
	ask_frame a = { 0 };

	if (read_u8(&r) != ASK_FRAME) return false;
	a.number = read_u64(&r);
	a.chain_id = read_u32(&r);
	a.epoch = read_u32(&r);
	a.form = (ask_form)read_u8(&r);
	if (a.form > ASK_ONCE || !take(a.authorization.b, sizeof a.authorization.b, &r)) return false;
	a.v1.chain_id = a.chain_id;
	const bool there = a.form == ASK_ONCE ? take_once(&a.v1, &r) : take_text(&a.ephemeral, &r) && take_text(&a.target, &r);
	if (!there || !read_done(&r)) return false;
	*out = a;
	return true;
}

hash32 ask_request(const ask_frame *a)
{
	if (a->form == ASK_ONCE) return typed_v1_authorization(&a->v1);
	return typed_authorization(a->chain_id, a->form == ASK_TEXT_BARE ? TYPED_BARE : TYPED_AS_SENT, a->ephemeral, a->target);
}

/* ---- answering ----------------------------------------------------------------------------------------------------- */

void ask_answer_write(buf *out, const ask_answer *a)
{
	buf_put_u8(out, ASK_ANSWER_FRAME);
	buf_put_u64(out, a->number);
	buf_put_u8(out, (uint8_t)a->verdict);
	if (a->verdict != ASK_ANSWERED) return;
	buf_put(out, a->partial, sizeof a->partial);
	buf_put(out, a->signature.b, sizeof a->signature.b);
}

bool ask_answer_read(ask_answer *out, slice frame)
{
	reader r = reader_of(frame);
	ask_answer a = { 0 };

	if (read_u8(&r) != ASK_ANSWER_FRAME) return false;
	a.number = read_u64(&r);
	a.verdict = (ask_verdict)read_u8(&r);
	if (a.verdict < ASK_ANSWERED || a.verdict >= ASK_VERDICTS) return false;
	if (a.verdict == ASK_ANSWERED && (!take(a.partial, sizeof a.partial, &r) || !take(a.signature.b, sizeof a.signature.b, &r))) return false;
	const bool is = read_done(&r);
	if (is) *out = a;
	wipe(&a, sizeof a);
	return is;
}

bool ask_answer_number(uint64_t *out, slice frame)
{
	reader r = reader_of(frame);

	if (read_u8(&r) != ASK_ANSWER_FRAME) return false;
	const slice number = read_bytes(&r, 8);
	if (number.p) *out = load64(number.p);
	return number.p != NULL;
}
