/* SPDX-License-Identifier: MIT */
/*
 * rpc/status.h -- how a call ends: the seventeen gRPC codes, and the way between them and our err.
 *
 * On the wire a status is the trailer `grpc-status` and a sentence in `grpc-message`: UTF-8, percent-encoded.
 */
#ifndef ARCA_RPC_STATUS_H
#define ARCA_RPC_STATUS_H

#include "base/base.h"

typedef enum grpc_status {
	GRPC_OK = 0,
	GRPC_CANCELLED = 1,
	GRPC_UNKNOWN = 2,
	GRPC_INVALID_ARGUMENT = 3,
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_NOT_FOUND = 5,
	GRPC_ALREADY_EXISTS = 6,
	GRPC_PERMISSION_DENIED = 7,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_FAILED_PRECONDITION = 9,
	GRPC_ABORTED = 10,
	GRPC_OUT_OF_RANGE = 11,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
	GRPC_DATA_LOSS = 15,
	GRPC_UNAUTHENTICATED = 16,
	GRPC_STATUS_COUNT
} grpc_status;

const char *grpc_status_name(grpc_status s);       /* "NOT_FOUND"; static text */

/* What a caller is told when we fail with e, and what we make of a peer's answer. */
grpc_status grpc_status_of_err(err e);
err         grpc_status_to_err(grpc_status s);

/* Longest sentence sent or kept, in bytes before encoding; longer ones are cut at a character. */
enum { MAX_GRPC_MESSAGE = 1000 };

/* A status with its sentence, as the client sees it. */
typedef struct rpc_status {
	grpc_status code;
	char        message[MAX_GRPC_MESSAGE + 1];     /* zero-terminated UTF-8 */
} rpc_status;

/* Appends the percent-encoding of a sentence: printable ASCII but '%' stays, every other byte becomes %XX.
 * What is not UTF-8 is sent as U+FFFD. */
void grpc_message_encode(buf *out, const char *message);

/* The reverse; what is not a valid escape stays as it is.  Writes a zero-terminated string into out. */
void grpc_message_decode(char out[static MAX_GRPC_MESSAGE + 1], slice encoded);

/* `grpc-timeout`: up to eight digits and a unit of H M S m u n.  Rounded up to milliseconds. */
bool grpc_timeout_read(int64_t *ms, slice text);
void grpc_timeout_write(char out[static 16], int64_t ms);

#endif
