/* SPDX-License-Identifier: MIT */
/*
 * tests/rpc/wire.h -- a peer written frame by frame, on a transport of memory: no sockets, no threads, no clock but
 * the test's.
 *
 *   wire *w = wire_new(server);            the server sees a new connection
 *   raw_hello(&w->to); raw_call(&w->to, 1, "/echo.Echo/Unary", NULL); raw_data(&w->to, 1, END_STREAM, ...);
 *   wire_turn(w);                          the reactor runs until nothing happens any more
 *   seen s; wire_see(w, &s, 1);            what the server said on stream 1
 */
#ifndef ARCA_TESTS_RPC_WIRE_H
#define ARCA_TESTS_RPC_WIRE_H

#include <nghttp2/nghttp2.h>
#include "rpc/server_internal.h"

enum { END_STREAM = 1, ACK = 1 };

typedef struct wire {
	transport t;
	rpc_server *server;
	h2    *conn;
	buf    to, from;                 /* to and from the server */
	size_t taken;
	size_t patience;                 /* bytes that one write may put; 0: any */
	bool   stuck, ended;             /* writes wait; the peer has closed */
	bool   gone;                     /* the server has closed */
} wire;

wire *wire_new(rpc_server *s);           /* gone at once if the server does not take it */
void  wire_turn(wire *w);
void  wire_free(wire *w);                /* after the server closed it; otherwise it is disconnected */

/* ---- frames that a client sends ------------------------------------------------------------------------------ */

void raw_frame(buf *out, uint8_t type, uint8_t flags, uint32_t stream, slice payload);
void raw_hello(buf *out);                /* preface and SETTINGS */
void raw_headers(buf *out, uint32_t stream, uint8_t flags, const char *const (*pairs)[2], size_t n);

/* HEADERS of a gRPC call, with one more header unless it is NULL. */
void raw_call(buf *out, uint32_t stream, const char *path, const char *const extra[2]);

/* DATA holding a gRPC message. */
void raw_message(buf *out, uint32_t stream, uint8_t flags, slice message);
void raw_data(buf *out, uint32_t stream, uint8_t flags, slice bytes);
void raw_number(buf *out, uint8_t type, uint32_t stream, uint32_t value);      /* RST_STREAM, WINDOW_UPDATE */

/* ---- what the server said ------------------------------------------------------------------------------------- */

typedef struct seen {
	char http[8], status[8], message[1001], details[101];        /* "" if it was not said */
	buf  data;                       /* of DATA frames: prefix and message */
	bool ended, reset;
	uint32_t reset_code;
	unsigned pings, goaways;         /* on the connection */
	uint64_t window;                 /* granted to the stream by WINDOW_UPDATE */
} seen;

void wire_see(const wire *w, seen *out, uint32_t stream);
void seen_free(seen *s);

#endif
