/* SPDX-License-Identifier: MIT */
/*
 * node/journal_frame.h -- the frames of the journal: what a crash can do to the last of them, and what it cannot.
 *
 *   header     u32 length || 8 bytes of SHA-256(payload) || 4 bytes of SHA-256(the 12 before)
 *   payload    length bytes, at least one
 *
 * The header vouches for the length, so that a changed length is not taken for the end of what a crash cut short.
 *
 * Frames are appended in groups that are synced together.  The first of a group is marked by the highest bit of its
 * length: when it was written, everything before it was on disk.  A loss of power may spoil any part of the last group,
 * and nothing in front of it; hence what is not whole in front of a marked frame was changed by somebody or by the disk.
 */
#ifndef ARCA_NODE_JOURNAL_FRAME_H
#define ARCA_NODE_JOURNAL_FRAME_H

#include "base/slice.h"

enum { MAX_JOURNAL_RECORD = 128 << 20, FRAME_HEADER = 16 };

/* Requires: 0 < payload.n <= MAX_JOURNAL_RECORD. */
void frame_put(buf *out, slice payload);

/* Marks a whole frame, or its header, as the first of a group. */
void frame_begin_group(uint8_t header[static FRAME_HEADER]);
bool frame_begins_group(const uint8_t header[static FRAME_HEADER]);

/* False if this is no header. */
bool frame_header_read(size_t *payload_bytes, const uint8_t header[static FRAME_HEADER]);

/* The payload of the frame that stands at r, which moves behind it.  False, with r where it was, if there is no whole one. */
bool frame_next(slice *payload, reader *r);

/* rest without the zeros at its end, which may be room for frames to come. */
slice frame_before_zeros(slice rest);

/*
 * rest: what stands in the file from byte `at` on, where frame_next found no whole frame.  Could a loss of power while the
 * last group was being appended have left this?  Otherwise it was changed later.  It could, if there are but zeros, or but a
 * part of a header in front of zeros.
 */
bool frame_may_be_torn(slice rest, uint64_t at);

#endif
