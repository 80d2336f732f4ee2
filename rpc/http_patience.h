/* SPDX-License-Identifier: MIT */
/*
 * rpc/http_patience.h -- how long a request may take to come: a bound on all of it, headers and body.
 *
 * The server closes connections that are silent.  One that gives a byte from time to time is not, and some hundreds of those
 * would keep everybody else out.  So each has a moment at which it was last answered, or began; when REQUEST_MS have passed since
 * then without a whole request, its socket is shut down, which the server then notices.  One thread looks once a second.
 *
 * Any thread.
 */
#ifndef ARCA_RPC_HTTP_PATIENCE_H
#define ARCA_RPC_HTTP_PATIENCE_H

#include "base/base.h"
#include "base/clock.h"

enum { HTTP_REQUEST_MS = 20000 };

typedef struct http_patience http_patience;
typedef struct http_waiting http_waiting;          /* one connection */

err  http_patience_new(http_patience **out, const clock_source *clock);
void http_patience_free(http_patience **p);        /* when there are no connections any more */

/* NULL when memory is short: that one is then not watched, here and below. */
http_waiting *http_patience_begin(http_patience *p, int fd);
void http_patience_came(http_patience *p, http_waiting *w);      /* a whole request: what follows is our time */
void http_patience_next(http_patience *p, http_waiting *w);      /* it was answered */
void http_patience_end(http_patience *p, http_waiting *w);       /* before the descriptor is closed */

/* What the thread does once a second; returns how many were shut down. */
size_t http_patience_look(http_patience *p);

#endif
