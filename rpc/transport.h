/* SPDX-License-Identifier: MIT */
/*
 * rpc/transport.h -- the seam under HTTP/2: bytes to and from one peer, without blocking.
 *
 * The plain transport is a socket.  TLS is another maker: its shake() runs the handshake, in which it judges the
 * peer's certificate; a read of it may have to wait until it can write, and the reverse, which is why every
 * operation names what it waits for.  Tests bring transports of memory, without a descriptor.
 */
#ifndef ARCA_RPC_TRANSPORT_H
#define ARCA_RPC_TRANSPORT_H

#include "base/base.h"

typedef enum io {
	IO_DONE,                 /* some bytes moved, or the handshake is complete */
	IO_WAIT_READ,            /* nothing moved: again when the descriptor is readable */
	IO_WAIT_WRITE,           /* nothing moved: again when it is writable */
	IO_END,                  /* the peer sends no more */
	IO_BROKEN,               /* the connection is of no use */
} io;

typedef struct transport transport;

typedef struct transport_ops {
	io   (*shake)(transport *t);
	io   (*read)(transport *t, uint8_t *out, size_t room, size_t *got);       /* IO_DONE: 1 <= got <= room */
	io   (*write)(transport *t, size_t *put, const uint8_t *p, size_t n);     /* IO_DONE: 1 <= put <= n    */
	void (*finish)(transport *t);                                             /* tells the peer: no more from us */
	void (*close)(transport *t);                                              /* frees t */
} transport_ops;

struct transport {               /* the first field of every implementation */
	const transport_ops *ops;
	int fd;                  /* to be watched; -1: none */
};

/* Turns a connected, non-blocking socket into a transport, which owns it from then on; after an error the
 * socket is still the caller's. */
typedef struct transport_maker {
	err (*make)(void *ctx, transport **out, int fd, bool server);
	void *ctx;
} transport_maker;

extern const transport_maker TRANSPORT_PLAIN;

#endif
