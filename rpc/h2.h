/* SPDX-License-Identifier: MIT */
/*
 * rpc/h2.h -- HTTP/2 connections that carry unary gRPC calls; the server's and the client's side alike.
 *
 *   h2          one connection: a transport, an nghttp2 session, its live streams
 *   h2_stream   one call on it: the message that comes in, the message that goes out
 *   h2_group    the connections of one owner: the role they play, their limits, their budget
 *
 * Windows and memory.  A stream starts with the window that HTTP/2 gives it.  Once the prefix of a message tells
 * its length, the message is admitted if it fits the budget: its memory is taken and the stream's window becomes
 * exactly its length.  A message that does not fit yet is parked: its window stays shut until others were
 * answered.  An answer is charged before it is copied, and its request is freed then; an answer that does not fit is
 * refused and not kept.  A server's connection gets no more of the budget of all than it leaves free.  So messages
 * take no more memory than the budget and the one that each thread is copying just now, and admitted messages always
 * arrive.  Beside that an open stream costs a few kilobytes at most: of its headers, little is kept.
 *
 * nghttp2 does not report the streams that are alive when a session ends; the list of streams here does.
 *
 * Everything runs on the reactor's thread, but for h2_exchange.
 */
#ifndef ARCA_RPC_H2_H
#define ARCA_RPC_H2_H

#include <nghttp2/nghttp2.h>
#include <pthread.h>

#include "base/base.h"
#include "base/list.h"
#include "rpc/frame.h"
#include "rpc/limits.h"
#include "rpc/reactor.h"
#include "rpc/status.h"
#include "rpc/transport.h"

enum { H2_FIRST_WINDOW = 65535, H2_SCRATCH = 64 << 10 };

/* The two parts of the budget, see h2_stream.c. */
typedef enum h2_class { H2_SMALL, H2_LONG, H2_CLASSES } h2_class;

typedef struct h2 h2;
typedef struct h2_group h2_group;

typedef struct h2_stream {
	h2       *conn;              /* NULL once the stream is closed; changed under the budget's lock */
	h2_group *group;
	int32_t   id;
	list    link, parked;
	intake  in;
	outlet  out;
	size_t  charged[H2_CLASSES]; /* to the group; and to conn while there is one */
	bool    deaf;                /* what still arrives of its message is dropped */
	bool    answered;            /* the server's: its answer waits, or is on its way */
} h2_stream;

/* Why a stream closed: an HTTP/2 error code, or one of these. */
enum { H2_LOST = 0x10000,            /* the connection ended under it                    */
       H2_UNSENT = 0x10001 };        /* the peer certainly did not and will not act on it */

typedef struct h2_role {
	bool server;
	h2_stream *(*opened)(h2 *c);                                   /* server: a request begins; NULL refuses it */
	void (*header)(h2_stream *s, slice name, slice value);
	void (*headers_done)(h2_stream *s);
	void (*refused)(h2_stream *s, grpc_status code, const char *why);  /* its message cannot be taken */
	void (*finished)(h2_stream *s);                                /* the peer has said all */
	void (*closed)(h2_stream *s, uint32_t why);                    /* s->conn is NULL; s may be freed */
	void (*going)(h2 *c);                                          /* the peer accepts no new stream; may be NULL */
	void (*down)(h2_group *g, h2 *c);                              /* the connection has ended, c goes */
} h2_role;

struct h2_group {
	const h2_role *role;
	void          *owner;
	reactor       *reactor;
	rpc_limits     limits;
	list           connections, parked;
	unsigned       n_connections;
	pthread_mutex_t budget;                    /* guards buffered, here and of connections, and charges of streams */
	size_t         buffered[H2_CLASSES];
	uint8_t        scratch[H2_SCRATCH];        /* bytes just read; one connection at a time */
};

void h2_group_init(h2_group *g, const h2_role *role, void *owner, reactor *r, const rpc_limits *limits);
void h2_group_done(h2_group *g);           /* requires: no connection is left */

/* Takes the transport in any case. */
err  h2_open(h2_group *g, h2 **out, transport *t);

/* Something was submitted: send it soon. */
void h2_touch(h2 *c);

/* Accept no new streams, end when the present ones have. */
void h2_go_away(h2 *c);

/* The connection ends now.  Its streams close with H2_LOST.  Not within a callback of the role. */
void h2_end(h2 *c);

/* Ends the connection that has been without a stream for the longest time.  If every one has a stream: that whose streams all wait
 * for the peer, to send its request or to take its answer, and which did neither for the longest time, a second at least.  False if
 * there is none of either kind.  Not within a callback of the role. */
bool h2_drop_idlest(h2_group *g);

h2_group *h2_group_of(h2 *c);
h2       *h2_of_link(list *l);             /* of a link of the group's connections */

/* ---- streams ------------------------------------------------------------------------------------------------- */

/* The client's: opens s with these headers and its `out`.  ERR_BUSY if the peer accepts no new stream. */
err  h2_request(h2 *c, h2_stream *s, const nghttp2_nv *headers, size_t n);

/* The server's: answers with headers, `out`, and the trailer grpc-status 0. */
void h2_respond(h2_stream *s, const nghttp2_nv *headers, size_t n);

/* The server's: answers with these headers alone, and asks the client to stop sending. */
void h2_respond_only(h2_stream *s, const nghttp2_nv *headers, size_t n);

/* The client's: gives the stream up; closed() is not called for it any more. */
void h2_abandon(h2_stream *s, uint32_t code);

/* Resets the stream; closed() follows. */
void h2_reset(h2_stream *s, uint32_t code);

/* Frees the message that came in and gives back all that was charged; parked messages may move on. */
void h2_forget(h2_stream *s);

/*
 * On any thread: gives back what the message that came in was charged, and charges n bytes for the answer before
 * anybody else can; false if they do not fit or the stream is closed.  The caller frees s->in in either case, and has
 * the reactor's thread run h2_admit_parked soon.  Requires: s->in is complete.
 */
bool h2_exchange(h2_stream *s, size_t n);

/* Something was given back: parked messages may move on. */
void h2_admit_parked(h2_group *g);

#define H2_NV(name_, value_) { \
	.name = (uint8_t *)(uintptr_t)(name_), .namelen = sizeof(name_) - 1, \
	.value = (uint8_t *)(uintptr_t)(value_), .valuelen = strlen(value_) }

#endif
