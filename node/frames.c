/* SPDX-License-Identifier: MIT */
/* node/frames.c -- announcements and deal headers, field by field. */
#include "node/frames.h"
#include "tkms/encrypt.h"
#include "tkms/key_share.h"

void announcement_write(uint8_t out[static ANNOUNCEMENT_BYTES], const announcement *a)
{
	out[0] = (uint8_t)a->what;
	memcpy(out + 1, a->request.b, 32);
	store32(out + 33, a->attempt);
	out[37] = (uint8_t)a->phase;
}

bool announcement_read(announcement *out, slice bytes)
{
	reader r = reader_of(bytes);
	announcement a = { 0 };

	a.what = (attempted)read_u8(&r);
	const slice id = read_bytes(&r, sizeof a.request.b);
	a.attempt = read_u32(&r);
	a.phase = (announced_phase)read_u8(&r);
	if (!read_done(&r) || a.what < ATTEMPT_EPOCH || a.what >= ATTEMPTS || a.attempt == 0) return false;
	if (a.phase < PHASE_WAITING || a.phase > PHASE_THERE) return false;
	memcpy(a.request.b, id.p, id.n);
	*out = a;
	return true;
}

void deal_header_write(buf *out, const deal_header *h)
{
	buf_put_u8(out, DEAL_HEADER);
	buf_put_u64(out, h->public_key_bytes);
	buf_put_u64(out, h->keyset_bytes);
	buf_put(out, h->public_key_digest, KEY_DIGEST_BYTES);
	buf_put(out, h->keyset_digest, KEY_DIGEST_BYTES);
	buf_put_slice(out, h->share);
}

bool deal_header_read(deal_header *out, slice bytes)
{
	reader r = reader_of(bytes);
	deal_header h = { 0 };

	const uint8_t word = read_u8(&r);
	const uint64_t public_key_bytes = read_u64(&r), keyset_bytes = read_u64(&r);
	const slice first = read_bytes(&r, KEY_DIGEST_BYTES), second = read_bytes(&r, KEY_DIGEST_BYTES);
	if (!read_ok(&r) || word != DEAL_HEADER || read_left(&r) == 0 || read_left(&r) > MAX_KEY_SHARE_FILE) return false;
	if (public_key_bytes == 0 || public_key_bytes > MAX_PUBLIC_KEY_FILE || keyset_bytes == 0 || keyset_bytes > MAX_TFHERS_FILE)
		return false;
	h.public_key_bytes = (size_t)public_key_bytes;
	h.keyset_bytes = (size_t)keyset_bytes;
	memcpy(h.public_key_digest, first.p, first.n);
	memcpy(h.keyset_digest, second.p, second.n);
	h.share = read_bytes(&r, read_left(&r));
	*out = h;
	return true;
}
