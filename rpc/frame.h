/* SPDX-License-Identifier: MIT */
/*
 * rpc/frame.h -- one gRPC message in DATA frames: a flag byte, a big-endian length, the bytes.
 *
 *   intake   gathers the message that arrives; unary calls have exactly one
 *   outlet   deals out the message that leaves, in whatever pieces HTTP/2 asks for
 *
 * The intake knows the length before any byte of the message is kept, and then asks for its limit and its room.
 */
#ifndef ARCA_RPC_FRAME_H
#define ARCA_RPC_FRAME_H

#include "base/base.h"
#include "rpc/status.h"

enum { FRAME_PREFIX = 5, FRAME_FLAG_COMPRESSED = 1 };

static inline void frame_prefix(uint8_t out[static FRAME_PREFIX], size_t n)
{
	out[0] = 0;
	out[1] = (uint8_t)(n >> 24), out[2] = (uint8_t)(n >> 16), out[3] = (uint8_t)(n >> 8), out[4] = (uint8_t)n;
}

/* ---- in ------------------------------------------------------------------------------------------------------ */

typedef struct intake {
	uint8_t  prefix[FRAME_PREFIX];
	unsigned prefix_got;
	size_t   size, got;          /* of the message; size is known once prefix_got == FRAME_PREFIX */
	uint8_t *bytes;
	size_t   room;               /* bytes allocated */
} intake;

static inline bool  intake_knows_size(const intake *in) { return in->prefix_got == FRAME_PREFIX; }
static inline bool  intake_complete(const intake *in) { return intake_knows_size(in) && in->got == in->size; }
static inline slice intake_message(const intake *in) { return (slice){ in->bytes, in->got }; }

/* Takes bytes of the prefix from *data.  GRPC_OK, or why this message cannot be taken, with a sentence. */
enum { FRAME_WHY = 128 };
grpc_status intake_prefix(intake *in, slice *data, char why[static FRAME_WHY], size_t max);

/* Makes the room n bytes; false if there is no memory. */
bool intake_reserve(intake *in, size_t n);

/* Appends message bytes.  False if they are more than the message has, or than there is room. */
bool intake_put(intake *in, slice data);

void intake_free(intake *in);    /* wipes */

/* ---- out ----------------------------------------------------------------------------------------------------- */

typedef struct outlet {
	uint8_t prefix[FRAME_PREFIX];
	slice   message;             /* borrowed */
	size_t  dealt;               /* of prefix and message */
} outlet;

static inline void outlet_set(outlet *out, slice message)
{
	*out = (outlet){ .message = message };
	frame_prefix(out->prefix, message.n);
}
static inline size_t outlet_left(const outlet *out) { return FRAME_PREFIX + out->message.n - out->dealt; }

/* Writes the next n bytes.  Requires: n <= outlet_left. */
void outlet_deal(outlet *out, uint8_t *p, size_t n);

#endif
