/* SPDX-License-Identifier: MIT */
/*
 * bench/stub_web.h -- an HTTP/1.1 server for stubs: connections kept alive, answers made at once, on a reactor's thread.
 *
 * It shares the processors with what is measured, so it does as little as it can: no timeouts, no limits but one on the request, and
 * whoever does not speak plain HTTP is hung up on.  rpc/http.h is the one for strangers.
 */
#ifndef ARCA_BENCH_STUB_WEB_H
#define ARCA_BENCH_STUB_WEB_H

#include "rpc/reactor.h"

enum { MAX_STUB_REQUEST = 8 << 20 };

typedef struct stub_answer {
	unsigned    status;                      /* 200 unless the handler says otherwise       */
	const char *headers;                     /* further ones, each with its end; "" at first */
	buf         body;                        /* empty at first; kept by the server           */
} stub_answer;

typedef void stub_handler(void *ctx, stub_answer *out, const char *path, slice body);

typedef struct stub_web stub_web;

/* Listens on a free port of 127.0.0.1; before the reactor is started. */
err      stub_web_new(stub_web **out, reactor *r, stub_handler *handler, void *ctx);
unsigned stub_web_port(const stub_web *w);
void     stub_web_free(stub_web **w);        /* once the reactor's thread has ended, or on it */

#endif
