/* SPDX-License-Identifier: MIT */
/*
 * rpc/post.h -- one connection on which JSON is posted again and again: kept alive, made anew when it broke.
 *
 * A poster belongs to one thread at a time.  A URL may hold a key, in its path or its query: sentences name the server only.
 */
#ifndef ARCA_RPC_POST_H
#define ARCA_RPC_POST_H

#include <stdatomic.h>
#include "base/base.h"

typedef struct poster poster;

typedef struct post_config {
	const char *url;                     /* http:// or https:// */
	int64_t     connect_ms, timeout_ms;  /* of one connection; of one question from its beginning to its end */
	size_t      max;                     /* bytes of an answer */
	const atomic_bool *stop;             /* becomes true: questions end with ERR_CANCELLED.  NULL: never */
} post_config;

/* ERR_REQUEST if it is no such URL. */
err  poster_new(poster **out, const post_config *config);
void poster_free(poster **p);
const char *poster_server(const poster *p);      /* "https://example.com:8545" */

typedef struct post_answer {
	buf      body;
	unsigned status;                     /* of HTTP */
	int64_t  retry_after_ms;             /* what the server asked for; -1: nothing */
	bool     too_long;                   /* more than max bytes: the body is empty */
} post_answer;
void post_answer_free(post_answer *a);

/* Whatever is answered is OK, also a body that is too long.  ERR_IO: nothing came, or not all of it; ERR_CANCELLED.
 * Requires: *out is empty. */
err  post_json(post_answer *out, poster *p, slice json);

#endif
