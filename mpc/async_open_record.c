/* SPDX-License-Identifier: MIT */
/* mpc/async_open_record.c -- three kinds of record, read strictly. */
#include "mpc/async_open_record.h"
#include "mpc/async_open.h"

bool open_record_read(open_record *out, reader *r, size_t element_bytes)
{
	open_record x = { .kind = (open_kind)read_u8(r) };
	const slice h = read_bytes(r, sizeof x.h.b);

	if (x.kind < OPEN_SHARES || x.kind > OPEN_GONE) r->refused = true;
	if (x.kind == OPEN_SHARES && read_ok(r)) {
		x.elements = read_u32(r);
		if (x.elements < 1 || x.elements > MAX_OPEN_ELEMENTS) r->refused = true;
		else x.share = read_bytes(r, x.elements * element_bytes);
	}
	if (!read_ok(r)) return false;
	memcpy(x.h.b, h.p, sizeof x.h.b);
	*out = x;
	return true;
}

void open_head_write(uint8_t out[static OPEN_HEAD], open_kind kind, const hash32 *h)
{
	out[0] = (uint8_t)kind;
	memcpy(out + 1, h->b, sizeof h->b);
}

void open_shares_head_write(uint8_t out[static OPEN_SHARES_HEAD], const hash32 *h, uint32_t elements)
{
	open_head_write(out, OPEN_SHARES, h);
	store32(out + OPEN_HEAD, elements);
}
