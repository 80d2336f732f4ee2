/* SPDX-License-Identifier: MIT */
/*
 * rpc/fetch_send.h -- one exchange over HTTP in full: any method, headers, a body, conditions, and a signature of AWS.
 *
 * The signature (Version 4) is libcurl's.  Version 7.88 signs path and query as they stand, and sorts headers by whole lines:
 * hence what is required of a signed request below.  Its own copies of the secret are wiped as libcurl frees them.
 */
#ifndef ARCA_RPC_FETCH_SEND_H
#define ARCA_RPC_FETCH_SEND_H

#include "base/base.h"

typedef struct fetch_signer { const char *key_id, *secret, *region, *service; } fetch_signer;

enum { FETCH_ETAG = 128, FETCH_HEADERS = 8, FETCH_REFUSAL = 64 << 10 };

/* Requires, if signed: what is special in path and query is encoded (%2F), with capitals; the query is in the order of its names;
 * no header is without a value; no header's name begins another's; x-amz-content-sha256 is among them. */
typedef struct fetch_request {
	const char *method, *url;
	const char *header[FETCH_HEADERS + 1];         /* "name: value"; NULL behind the last */
	slice       body;                              /* of PUT and POST                     */
	const fetch_signer *signer;                    /* NULL: unsigned                      */
	int64_t     connect_ms, timeout_ms;            /* to connect; for the whole exchange  */
	size_t      max;                               /* bytes of what is answered           */
} fetch_request;

typedef struct fetch_reply {
	unsigned status;
	bool     has_length;
	uint64_t length;                               /* what Content-Length says, HEAD's too */
	int64_t  date_s;                               /* the server's clock; 0: it did not say */
	char     etag[FETCH_ETAG];                     /* as it was sent, in quotes; "": none */
} fetch_reply;

/*
 * Sends it and takes whatever is answered: *reply, and the body appended to *out, or written to room if that is not NULL and the
 * status is 2xx.  room has r->max bytes; *got: how many were written.  A body that says why something is refused has at most
 * FETCH_REFUSAL bytes, the rest is dropped.  No redirects.  ERR_REQUEST: malformed URL, or a longer answer; ERR_IO: no whole answer.
 */
err  fetch_send(fetch_reply *reply, buf *out, uint8_t *room, size_t *got, const fetch_request *r);

#endif
