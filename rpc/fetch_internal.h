/* SPDX-License-Identifier: MIT */
/* rpc/fetch_internal.h -- what every transfer is told, and what its end means: fetch.c, fetch_send.c, post.c. */
#ifndef ARCA_RPC_FETCH_INTERNAL_H
#define ARCA_RPC_FETCH_INTERNAL_H

#include <curl/curl.h>
#include "base/base.h"

typedef struct fetch_body {
	bool (*take)(void *ctx, slice piece);
	void  *ctx;
	size_t max, got;
	bool   too_long;
} fetch_body;

/* A handle that speaks http and https only, past proxies to this machine, and reads no files of the user's. */
err  fetch_handle(CURL **out);

/* The same with what a transfer is told.  why: CURL_ERROR_SIZE bytes; it and b stay until the end. */
err  fetch_prepare(CURL **out, const char *url, fetch_body *b, char *why, int64_t timeout_ms);

/* Is there an answer at all? */
err  fetch_transferred(CURLcode rv, const fetch_body *b, const char *why, const char *url);

#endif
