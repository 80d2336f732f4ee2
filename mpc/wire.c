/* SPDX-License-Identifier: MIT */
/* mpc/wire.c -- envelopes as bytes. */
#include "mpc/wire.h"

enum { AT_VERSION = 0, AT_TYPE = 1, AT_FROM = 2, AT_TO = 3, AT_LENGTH = 4, AT_ROUND = 8, AT_SID = 16 };

static bool is_party(uint8_t i) { return i >= 1 && i <= MAX_PARTIES; }

void envelope_write_header(uint8_t out[static ENVELOPE_HEADER], const envelope *e)
{
	ASSERT(e->body.n <= MAX_BODY);
	out[AT_VERSION] = WIRE_VERSION;
	out[AT_TYPE] = e->type;
	out[AT_FROM] = e->from;
	out[AT_TO] = e->to;
	store32(out + AT_LENGTH, (uint32_t)e->body.n);
	store64(out + AT_ROUND, e->round);
	memcpy(out + AT_SID, e->sid.b, SID_BYTES);
}

bool envelope_read_header(envelope *e, size_t *body, const uint8_t header[static ENVELOPE_HEADER])
{
	const uint32_t length = load32(header + AT_LENGTH);
	const uint64_t round = load64(header + AT_ROUND);
	const uint8_t type = header[AT_TYPE];

	if (header[AT_VERSION] != WIRE_VERSION || type < MSG_ROUND || type > MSG_OPENING) return false;
	if (!is_party(header[AT_FROM]) || !is_party(header[AT_TO]) || round == 0 || length > MAX_BODY) return false;
	*e = (envelope){ .round = round, .from = header[AT_FROM], .to = header[AT_TO], .type = type };
	memcpy(e->sid.b, header + AT_SID, SID_BYTES);
	*body = length;
	return true;
}

void envelope_write(buf *out, const envelope *e)
{
	envelope_write_header(buf_grow(out, ENVELOPE_HEADER), e);
	buf_put_slice(out, e->body);
}

bool envelope_read(envelope *e, slice bytes)
{
	envelope read;
	size_t body;

	if (bytes.n < ENVELOPE_HEADER || !envelope_read_header(&read, &body, bytes.p) || body != bytes.n - ENVELOPE_HEADER)
		return false;
	read.body = slice_of(bytes.p + ENVELOPE_HEADER, body);
	*e = read;
	return true;
}
