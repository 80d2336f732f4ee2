/* SPDX-License-Identifier: MIT */
/*
 * rpc/http.h -- a small HTTP/1.1 server: health, metrics, public material, and what is posted to it.
 *
 * GET, HEAD and OPTIONS are served, POST where a route says so, everything else is answered 405; every answer may be read by
 * any web page (Access-Control-Allow-Origin: *).  A path reaches a handler percent-decoded and clean: it starts with '/', and no
 * segment of it is empty (but the last), ".", "..", or holds a control character or a backslash; other paths are
 * answered 400.  A connection that is silent for some seconds is closed, so is one whose request takes long to come
 * (http_patience.h), and one address takes at most half of the connections there are.  A body over MAX_HTTP_BODY is answered
 * 413.  Each processor has a thread, and a connection stays with the thread that has the fewest when it comes (acceptor.h).
 * No TLS: bind it to loopback or put a proxy in front.
 */
#ifndef ARCA_RPC_HTTP_H
#define ARCA_RPC_HTTP_H

#include "base/base.h"

enum { MAX_HTTP_BODY = 64 << 10 };

typedef struct http_server http_server;

typedef struct http_request {
	const char *method;              /* "GET" or "HEAD", which the handler need not tell apart, or "POST" */
	const char *path;                /* decoded, without the query */
	const char *accept, *authorization, *content_type, *host;     /* headers, "" if absent */
	slice       body;                /* of a POST */
	struct MHD_Connection *connection;                    /* for http_query */
	struct http_later *later;                             /* for http_reply_later */
} http_request;

/* The value of this name in the query, as it stands there (nothing is decoded); "": it has none, or the name stands there twice;
 * NULL: it does not. */
const char *http_query(const http_request *in, const char *name);

/* Zeroed but for status 200 when the handler starts.  Body or file, not both. */
typedef struct http_reply {
	unsigned    status;
	const char *content_type;        /* static text; NULL: text/plain */
	buf         body;                /* taken by the server */
	bool        from_file;
	int         file;                /* descriptor of a regular file, taken by the server; read from its start */
	uint64_t    file_size;
} http_reply;

/* Runs on one of the server's threads, of which there are as many as processors: whoever has to wait answers later. */
typedef void http_handler(void *ctx, http_reply *out, const http_request *in);

/*
 * An answer that comes later.  The handler takes one of these, and leaves its reply alone; whoever has the answer gives it, once
 * and on any thread, also before the handler has returned.  Each must have been given before the server is freed.
 */
typedef struct http_later http_later;
http_later *http_reply_later(const http_request *in);
void http_later_give(http_later *l, http_reply *reply);        /* takes the reply's body or file */

typedef struct http_route {
	const char   *prefix;            /* "/health" serves itself, "/PUB/" whatever is below; the longest wins; "POST /x" posts;
	                          * "/" gets also what is posted where nothing is */
	http_handler *handler;
	void         *ctx;
} http_route;

/* The routes are copied, their prefixes and contexts are not.  Port 0 takes a free one.  Unrouted paths: 404.
 * ERR_IO with address, port and what to try if the port is taken. */
err  http_server_new(http_server **out, const char *address, unsigned port, const http_route *routes, size_t n_routes);
unsigned http_server_port(const http_server *s);
void http_server_free(http_server **s);              /* NULL-safe; no handler runs any more when it returns */

/*
 * Answers with the regular file at path below the open directory: path is a clean relative path ("PublicKey/04ab"),
 * no symbolic link is followed.  404 if there is no such file, 500 with a plain sentence if it cannot be read.
 */
void http_reply_file(http_reply *out, int directory, const char *path, const char *content_type);

/* Answers with a status and a line of text. */
void http_reply_text(http_reply *out, unsigned status, const char *text);

#endif
