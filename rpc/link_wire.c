/* SPDX-License-Identifier: MIT */
/* rpc/link_wire.c -- records as bytes.  Everything that is not exactly as in link_wire.h is malformed. */
#include "rpc/link_wire.h"

/* Flags: of PIECE its lane and above it its part, of FILLER whether it is the last; of all others none. */
enum { FLAG_LANE = 1, PART_SHIFT = 1, FLAG_LAST = 1 };

static void read_places(reader *r, uint64_t out[LINKS_LANES])
{
	for (unsigned i = 0; i < LINKS_LANES; i++) out[i] = read_u64(r);
}

static bool read_piece(link_record *out, reader *r, uint8_t flags)
{
	out->lane = flags & FLAG_LANE ? LINKS_BULK : LINKS_URGENT;
	out->part = (link_part)(flags >> PART_SHIFT);
	if (flags >> PART_SHIFT > LINK_CONTINUES) return false;
	if (out->part == LINK_OPENS) out->total = read_u32(r);
	out->bytes = read_bytes(r, read_left(r));
	switch (out->part) {
	case LINK_WHOLE:
		out->total = (uint32_t)out->bytes.n;
		return true;
	case LINK_OPENS:                     /* something must be left for a piece that continues it */
		return out->bytes.n > 0 && out->total > out->bytes.n && out->total <= link_frame_max(out->lane);
	case LINK_CONTINUES:
		return out->bytes.n > 0;
	}
	return false;
}

static bool read_body(link_record *out, reader *r, uint8_t flags)
{
	slice id = { 0 };

	if (flags && out->kind != LINK_PIECE && out->kind != LINK_FILLER) return false;
	switch (out->kind) {
	case LINK_HELLO:
	case LINK_WELCOME:
		id = read_bytes(r, LINK_ID);
		if (id.n) memcpy(out->id, id.p, LINK_ID);
		read_places(r, out->at);
		if (out->kind == LINK_WELCOME) read_places(r, out->until);
		return true;
	case LINK_ACK:
		read_places(r, out->at);
		read_places(r, out->until);
		return true;
	case LINK_PIECE:
		return read_piece(out, r, flags);
	case LINK_FILLER:
		out->last = flags & FLAG_LAST;
		out->token = read_u64(r);
		out->bytes = read_bytes(r, read_left(r));
		return !(flags & ~FLAG_LAST);
	case LINK_PING:
	case LINK_PONG:
	case LINK_FILLED:
		out->token = read_u64(r);
		return true;
	}
	return false;
}

link_read link_record_read(link_record *out, slice from)
{
	if (from.n < LINK_HEADER) return LINK_PARTIAL;
	const size_t size = link_record_size(from.p);
	if (size > LINK_RECORD_MAX) return LINK_MALFORMED;
	if (size > LINK_CONTROL_MAX && from.p[2] != LINK_PIECE && from.p[2] != LINK_FILLER) return LINK_MALFORMED;
	if (from.n < size) return LINK_PARTIAL;

	reader body = reader_of(slice_of(from.p + LINK_HEADER, size - LINK_HEADER));
	*out = (link_record){ .kind = (link_kind)from.p[2], .size = size };
	return read_body(out, &body, from.p[3]) && read_done(&body) ? LINK_READ : LINK_MALFORMED;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static void header(uint8_t *out, size_t n, link_kind kind, unsigned flags)
{
	out[0] = (uint8_t)n, out[1] = (uint8_t)(n >> 8);
	out[2] = (uint8_t)kind, out[3] = (uint8_t)flags;
}

static void begin(buf *b, size_t n, link_kind kind, unsigned flags)
{
	header(buf_grow(b, LINK_HEADER), n, kind, flags);
}

static void put_places(buf *b, const uint64_t at[LINKS_LANES])
{
	for (unsigned i = 0; i < LINKS_LANES; i++) buf_put_u64(b, at[i]);
}

void link_put_hello(buf *b, const uint8_t stream[LINK_ID], const uint64_t at[LINKS_LANES])
{
	begin(b, LINK_ID + 8 * LINKS_LANES, LINK_HELLO, 0);
	buf_put(b, stream, LINK_ID);
	put_places(b, at);
}

void link_put_welcome(buf *b, const uint8_t process[LINK_ID], const uint64_t at[LINKS_LANES],
                      const uint64_t until[LINKS_LANES])
{
	begin(b, LINK_ID + 16 * LINKS_LANES, LINK_WELCOME, 0);
	buf_put(b, process, LINK_ID);
	put_places(b, at);
	put_places(b, until);
}

void link_put_ack(buf *b, const uint64_t at[LINKS_LANES], const uint64_t until[LINKS_LANES])
{
	begin(b, 16 * LINKS_LANES, LINK_ACK, 0);
	put_places(b, at);
	put_places(b, until);
}

void link_put_token(buf *b, link_kind kind, uint64_t token)
{
	begin(b, 8, kind, 0);
	buf_put_u64(b, token);
}

void link_put_filler(buf *b, uint64_t token, size_t n, bool last)
{
	begin(b, 8 + n, LINK_FILLER, last ? FLAG_LAST : 0);
	buf_put_u64(b, token);
	if (n) memset(buf_grow(b, n), 0, n);
}

size_t link_piece_header(uint8_t *out, links_lane lane, link_part part, size_t n, size_t total)
{
	const size_t more = part == LINK_OPENS ? LINK_TOTAL : 0;
	header(out, more + n, LINK_PIECE, (unsigned)lane | (unsigned)part << PART_SHIFT);
	if (more) store32(out + LINK_HEADER, (uint32_t)total);
	return LINK_HEADER + more;
}
