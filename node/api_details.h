/* SPDX-License-Identifier: MIT */
/*
 * node/api_details.h -- why a call failed, for programs: the google.rpc.Status that travels in grpc-status-details-bin
 * beside the code and the sentence, which stay what every client understands.
 *
 *   ErrorInfo    reason, domain "arca", and as metadata the request's id, if the call is about one
 *   RetryInfo    after how long the same call may succeed; absent where asking again is of no use
 */
#ifndef ARCA_NODE_API_DETAILS_H
#define ARCA_NODE_API_DETAILS_H

#include "base/id.h"
#include "rpc/status.h"

typedef struct failure_reason {
	const char *reason;                  /* in capitals, as PREPROCESSING_USED */
	const id32 *id;                      /* NULL: none */
	unsigned    retry_s;                 /* 0: not */
} failure_reason;

/* What an err that refuses a call means. */
failure_reason api_reason_of(err e);

/* Appends the encoded status. */
void api_details(buf *out, grpc_status code, const char *sentence, const failure_reason *why);

#endif
