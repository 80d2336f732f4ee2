/* SPDX-License-Identifier: MIT */
/* node/journal_frame.c -- a header that vouches for itself, then a payload that it vouches for. */
#include "node/journal_frame.h"
#include "base/base.h"
#include "sym/sha2.h"

enum { PAYLOAD_SUM = 8, HEADER_SUM = 4, SUMMED = FRAME_HEADER - HEADER_SUM };
#define BEGINS_GROUP ((uint32_t)1 << 31)

/* The smallest unit that a disk writes as a whole; larger ones are multiples of it. */
enum { SECTOR = 512 };

static void sum_header(uint8_t header[static FRAME_HEADER])
{
	const hash32 own = sha256(slice_of(header, SUMMED));
	memcpy(header + SUMMED, own.b, HEADER_SUM);
}

void frame_put(buf *out, slice payload)
{
	ASSERT(payload.n > 0 && payload.n <= MAX_JOURNAL_RECORD);
	const hash32 sum = sha256(payload);
	uint8_t header[FRAME_HEADER];

	store32(header, (uint32_t)payload.n);
	memcpy(header + 4, sum.b, PAYLOAD_SUM);
	sum_header(header);
	buf_reserve(out, sizeof header + payload.n);
	buf_put(out, header, sizeof header);
	buf_put_slice(out, payload);
}

void frame_begin_group(uint8_t header[static FRAME_HEADER])
{
	store32(header, load32(header) | BEGINS_GROUP);
	sum_header(header);
}

bool frame_begins_group(const uint8_t header[static FRAME_HEADER])
{
	return load32(header) & BEGINS_GROUP;
}

bool frame_header_read(size_t *payload_bytes, const uint8_t header[static FRAME_HEADER])
{
	const size_t n = load32(header) & ~BEGINS_GROUP;
	if (n == 0 || n > MAX_JOURNAL_RECORD) return false;
	const hash32 own = sha256(slice_of(header, SUMMED));
	if (memcmp(own.b, header + SUMMED, HEADER_SUM)) return false;
	*payload_bytes = n;
	return true;
}

bool frame_next(slice *payload, reader *r)
{
	const reader before = *r;
	size_t n = 0;

	const slice header = read_bytes(r, FRAME_HEADER);
	if (read_ok(r) && frame_header_read(&n, header.p)) {
		const slice p = read_bytes(r, n);
		if (read_ok(r)) {
			const hash32 sum = sha256(p);
			if (!memcmp(sum.b, header.p + 4, PAYLOAD_SUM)) {
				*payload = p;
				return true;
			}
		}
	}
	*r = before;
	return false;
}

static bool all_zero(slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i]) return false;
	return true;
}

/* Sectors that never reached the disk read as zeros: all of the header, or its part on one side of a sector's border. */
static bool header_may_be_torn(const uint8_t *header, uint64_t at)
{
	const size_t split = size_min(SECTOR - at % SECTOR, FRAME_HEADER);

	if (all_zero(slice_of(header, split))) return true;
	return split < FRAME_HEADER && all_zero(slice_of(header + split, FRAME_HEADER - split));
}

/* Does a group begin in front of byte `end` of s?  Where a header was lost, every byte may be the first of the next frame. */
static bool holds_group(slice s, size_t end)
{
	slice payload;
	size_t n;

	for (size_t i = 0; i < end && i + FRAME_HEADER < s.n;) {
		reader r = reader_of(slice_of(s.p + i, s.n - i));
		if (!frame_header_read(&n, s.p + i)) {
			i++;
		} else if (frame_next(&payload, &r)) {
			if (frame_begins_group(s.p + i)) return true;
			i += r.at;
		} else {
			i += size_min(FRAME_HEADER + n, s.n - i);
		}
	}
	return false;
}

slice frame_before_zeros(slice rest)
{
	while (rest.n && rest.p[rest.n - 1] == 0) rest.n--;
	return rest;
}

bool frame_may_be_torn(slice rest, uint64_t at)
{
	const size_t used = frame_before_zeros(rest).n;
	size_t n = 0;

	if (used < FRAME_HEADER) return true;
	if (!frame_header_read(&n, rest.p) && !header_may_be_torn(rest.p, at)) return false;
	const size_t past = n ? size_min(FRAME_HEADER + n, used) : 1;
	return !holds_group(slice_of(rest.p + past, rest.n - past), used - past);
}
