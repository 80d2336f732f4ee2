/* SPDX-License-Identifier: MIT */
/*
 * node/journal_frame.h -- the frames of the journal: what a crash can do to the last of them, and what it cannot.
 *
 *   header     u32 length || 8 bytes of SHA-256(payload) || 4 bytes of SHA-256(the 12 before)
 *   payload    length bytes, at least one
 *
 * The header vouches for the length, so that a changed length is not taken for the end of what a crash cut short.
 */
#ifndef ARCA_NODE_JOURNAL_FRAME_H
#define ARCA_NODE_JOURNAL_FRAME_H

#include "base/slice.h"

enum { MAX_JOURNAL_RECORD = 64 << 20, FRAME_HEADER = 16 };

/* Requires: 0 < payload.n <= MAX_JOURNAL_RECORD. */
void frame_put(buf *out, slice payload);

/* False if this is no header. */
bool frame_header_read(size_t *payload_bytes, const uint8_t header[static FRAME_HEADER]);

/* The payload of the frame that stands at r, which moves behind it.  False, with r where it was, if there is no whole one. */
bool frame_next(slice *payload, reader *r);

/*
 * rest: what stands in the file from byte `at` on, where frame_next found no whole frame.  Could a crash while the last
 * frame was being appended have left this?  Otherwise it was changed later.
 */
bool frame_may_be_torn(slice rest, uint64_t at);

#endif
