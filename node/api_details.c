/* SPDX-License-Identifier: MIT */
/* node/api_details.c -- four nested messages of strings, written by hand. */
#include "node/api_details.h"
#include "base/utf8.h"

/* Seconds after which one that was too early, or one too many, may come again. */
enum { SOON_S = 1 };

failure_reason api_reason_of(err e)
{
	static const failure_reason REASONS[ERR_COUNT] = {
		[ERR_NOMEM] = { "OUT_OF_MEMORY", NULL, SOON_S }, [ERR_IO] = { "STORAGE_FAILED", NULL, 0 },
		[ERR_CANCELLED] = { "CANCELLED", NULL, 0 }, [ERR_REQUEST] = { "REQUEST_INVALID", NULL, 0 },
		[ERR_NOT_FOUND] = { "NOT_KNOWN", NULL, 0 }, [ERR_EXISTS] = { "ID_TAKEN", NULL, 0 },
		[ERR_STATE] = { "WRONG_STATE", NULL, 0 }, [ERR_BUSY] = { "NOT_READY", NULL, SOON_S },
		[ERR_EXHAUSTED] = { "OVER_CAPACITY", NULL, SOON_S }, [ERR_UNSUPPORTED] = { "NOT_BUILT", NULL, 0 },
		[ERR_INTERNAL] = { "INTERNAL", NULL, 0 },
	};

	ASSERT(e != OK && (unsigned)e < ERR_COUNT);
	return REASONS[e];
}

static void put_varint(buf *out, uint64_t x)
{
	for (; x >= 128; x >>= 7) buf_put_u8(out, (uint8_t)(x | 128));
	buf_put_u8(out, (uint8_t)x);
}

static void put_number(buf *out, unsigned field, uint64_t x)
{
	put_varint(out, field << 3);
	put_varint(out, x);
}

static void put_bytes(buf *out, unsigned field, slice bytes)
{
	put_varint(out, field << 3 | 2);
	put_varint(out, bytes.n);
	buf_put_slice(out, bytes);
}

/* Status.details: google.protobuf.Any. */
static void put_detail(buf *out, const char *type, const buf *message)
{
	buf any = { 0 };

	put_bytes(&any, 1, slice_str(type));
	put_bytes(&any, 2, buf_slice(message));
	put_bytes(out, 3, buf_slice(&any));
	buf_free(&any);
}

static void put_info(buf *out, const failure_reason *why)
{
	buf info = { 0 }, entry = { 0 };
	char id[ID_TEXT];

	put_bytes(&info, 1, slice_str(why->reason));
	put_bytes(&info, 2, slice_str("arca"));
	if (why->id) {
		id_text(id, why->id);
		put_bytes(&entry, 1, slice_str("request_id"));
		put_bytes(&entry, 2, slice_str(id));
		put_bytes(&info, 3, buf_slice(&entry));
	}
	put_detail(out, "type.googleapis.com/google.rpc.ErrorInfo", &info);
	buf_free(&info), buf_free(&entry);
}

static void put_retry(buf *out, unsigned seconds)
{
	buf info = { 0 }, duration = { 0 };

	put_number(&duration, 1, seconds);
	put_bytes(&info, 1, buf_slice(&duration));
	put_detail(out, "type.googleapis.com/google.rpc.RetryInfo", &info);
	buf_free(&info), buf_free(&duration);
}

void api_details(buf *out, grpc_status code, const char *sentence, const failure_reason *why)
{
	put_number(out, 1, code);
	put_bytes(out, 2, utf8_ok(slice_str(sentence)) ? slice_str(sentence) : (slice){ 0 });
	put_info(out, why);
	if (why->retry_s) put_retry(out, why->retry_s);
}
