/* SPDX-License-Identifier: MIT */
/* rpc/frame.c -- gathering and dealing of one length-prefixed message. */
#include "rpc/frame.h"
#include <stdlib.h>

grpc_status intake_prefix(intake *in, slice *data, char why[static FRAME_WHY], size_t max)
{
	while (in->prefix_got < FRAME_PREFIX && data->n) {
		in->prefix[in->prefix_got++] = *data->p;
		data->p++, data->n--;
	}
	if (!intake_knows_size(in)) return GRPC_OK;

	const uint8_t *p = in->prefix;
	in->size = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	if (p[0] == FRAME_FLAG_COMPRESSED) {
		snprintf(why, FRAME_WHY, "the message is compressed; send it with identity encoding");
		return GRPC_UNIMPLEMENTED;
	}
	if (p[0] != 0) {
		snprintf(why, FRAME_WHY, "the message starts with flag byte %u instead of 0", p[0]);
		return GRPC_INTERNAL;
	}
	if (in->size > max) {
		snprintf(why, FRAME_WHY, "the message has %zu bytes, the limit is %zu", in->size, max);
		return GRPC_RESOURCE_EXHAUSTED;
	}
	return GRPC_OK;
}

bool intake_reserve(intake *in, size_t n)
{
	if (n <= in->room) return true;
	uint8_t *p = malloc(n);
	if (!p) return false;
	if (in->bytes) {
		memcpy(p, in->bytes, in->got);
		wipe(in->bytes, in->got);
		free(in->bytes);
	}
	in->bytes = p;
	in->room = n;
	return true;
}

bool intake_put(intake *in, slice data)
{
	if (data.n > in->size - in->got || data.n > in->room - in->got) return false;
	if (data.n) memcpy(in->bytes + in->got, data.p, data.n);
	in->got += data.n;
	return true;
}

void intake_free(intake *in)
{
	if (in->bytes) wipe(in->bytes, in->got);
	free(in->bytes);
	*in = (intake){ 0 };
}

void outlet_deal(outlet *out, uint8_t *p, size_t n)
{
	ASSERT(n <= outlet_left(out));
	if (out->dealt < FRAME_PREFIX) {
		size_t k = size_min(n, FRAME_PREFIX - out->dealt);
		memcpy(p, out->prefix + out->dealt, k);
		out->dealt += k, p += k, n -= k;
	}
	if (n) memcpy(p, out->message.p + (out->dealt - FRAME_PREFIX), n);
	out->dealt += n;
}
