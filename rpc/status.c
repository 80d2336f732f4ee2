/* SPDX-License-Identifier: MIT */
/* rpc/status.c -- names, mappings, and the text forms of status sentences and timeouts. */
#include "rpc/status.h"
#include "base/hex.h"
#include "base/utf8.h"

static const struct { const char *name; err e; } STATUS[GRPC_STATUS_COUNT] = {
	[GRPC_OK] = { "OK", OK },
	[GRPC_CANCELLED] = { "CANCELLED", ERR_CANCELLED },
	[GRPC_UNKNOWN] = { "UNKNOWN", ERR_INTERNAL },
	[GRPC_INVALID_ARGUMENT] = { "INVALID_ARGUMENT", ERR_REQUEST },
	[GRPC_DEADLINE_EXCEEDED] = { "DEADLINE_EXCEEDED", ERR_BUSY },
	[GRPC_NOT_FOUND] = { "NOT_FOUND", ERR_NOT_FOUND },
	[GRPC_ALREADY_EXISTS] = { "ALREADY_EXISTS", ERR_EXISTS },
	[GRPC_PERMISSION_DENIED] = { "PERMISSION_DENIED", ERR_STATE },
	[GRPC_RESOURCE_EXHAUSTED] = { "RESOURCE_EXHAUSTED", ERR_EXHAUSTED },
	[GRPC_FAILED_PRECONDITION] = { "FAILED_PRECONDITION", ERR_STATE },
	[GRPC_ABORTED] = { "ABORTED", ERR_CANCELLED },
	[GRPC_OUT_OF_RANGE] = { "OUT_OF_RANGE", ERR_REQUEST },
	[GRPC_UNIMPLEMENTED] = { "UNIMPLEMENTED", ERR_UNSUPPORTED },
	[GRPC_INTERNAL] = { "INTERNAL", ERR_INTERNAL },
	[GRPC_UNAVAILABLE] = { "UNAVAILABLE", ERR_BUSY },
	[GRPC_DATA_LOSS] = { "DATA_LOSS", ERR_IO },
	[GRPC_UNAUTHENTICATED] = { "UNAUTHENTICATED", ERR_STATE },
};

const char *grpc_status_name(grpc_status s)
{
	return (unsigned)s < GRPC_STATUS_COUNT ? STATUS[s].name : "an unknown status";
}

err grpc_status_to_err(grpc_status s)
{
	return (unsigned)s < GRPC_STATUS_COUNT ? STATUS[s].e : ERR_INTERNAL;
}

grpc_status grpc_status_of_err(err e)
{
	static const grpc_status of[ERR_COUNT] = {
		[OK] = GRPC_OK,
		[ERR_NOMEM] = GRPC_RESOURCE_EXHAUSTED,
		[ERR_IO] = GRPC_INTERNAL,
		[ERR_CANCELLED] = GRPC_CANCELLED,
		[ERR_REQUEST] = GRPC_INVALID_ARGUMENT,
		[ERR_NOT_FOUND] = GRPC_NOT_FOUND,
		[ERR_EXISTS] = GRPC_ALREADY_EXISTS,
		[ERR_STATE] = GRPC_FAILED_PRECONDITION,
		[ERR_BUSY] = GRPC_UNAVAILABLE,
		[ERR_EXHAUSTED] = GRPC_RESOURCE_EXHAUSTED,
		[ERR_UNSUPPORTED] = GRPC_UNIMPLEMENTED,
		[ERR_INTERNAL] = GRPC_INTERNAL,
	};
	return (unsigned)e < ERR_COUNT ? of[e] : GRPC_INTERNAL;
}

/* ---- grpc-message -------------------------------------------------------------------------------------------- */

void grpc_message_encode(buf *out, const char *message)
{
	slice left = slice_str(message), character;

	for (size_t taken = 0; left.n; taken += character.n) {
		size_t n = utf8_step(left);
		character = n ? (slice){ left.p, n } : slice_str("\xef\xbf\xbd");
		if (taken + character.n > MAX_GRPC_MESSAGE) return;
		for (size_t i = 0; i < character.n; i++) {
			uint8_t c = character.p[i];
			if (c >= ' ' && c <= '~' && c != '%') buf_put_u8(out, c);
			else buf_printf(out, "%%%02X", c);
		}
		n = size_max(n, 1);
		left.p += n, left.n -= n;
	}
}

void grpc_message_decode(char out[static MAX_GRPC_MESSAGE + 1], slice encoded)
{
	size_t n = 0;

	for (size_t i = 0; i < encoded.n && n < MAX_GRPC_MESSAGE; i++) {
		uint8_t c = encoded.p[i];
		if (c == '%' && encoded.n - i > 2 && hex_read(&c, 1, slice_of(encoded.p + i + 1, 2))) i += 2;
		out[n++] = c ? (char)c : ' ';        /* the result is a C string */
	}
	out[n] = '\0';
}

/* ---- grpc-timeout -------------------------------------------------------------------------------------------- */

bool grpc_timeout_read(int64_t *ms, slice text)
{
	enum { MAX_DIGITS = 8 };
	int64_t x = 0;

	if (text.n < 2 || text.n > MAX_DIGITS + 1) return false;
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9') return false;
		x = 10 * x + (text.p[i] - '0');
	}
	switch (text.p[text.n - 1]) {
	case 'H': *ms = x * 3600000; return true;
	case 'M': *ms = x * 60000; return true;
	case 'S': *ms = x * 1000; return true;
	case 'm': *ms = x; return true;
	case 'u': *ms = (x + 999) / 1000; return true;
	case 'n': *ms = (x + 999999) / 1000000; return true;
	default: return false;
	}
}

void grpc_timeout_write(char out[static 16], int64_t ms)
{
	if (ms < 0) ms = 0;
	if (ms < 100000000) snprintf(out, 16, "%um", (unsigned)ms);
	else if (ms / 1000 < 99999999) snprintf(out, 16, "%uS", (unsigned)(ms / 1000) + 1);
	else snprintf(out, 16, "99999999H");
}
