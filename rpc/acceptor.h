/* SPDX-License-Identifier: MIT */
/*
 * rpc/acceptor.h -- a thread that accepts connections and hands them on.
 *
 * For threads that each serve connections of their own.  When they wait at one listening socket, whoever wakes first takes all
 * who have come, and connections that are kept alive stay there; here somebody looks at who has the fewest.
 */
#ifndef ARCA_RPC_ACCEPTOR_H
#define ARCA_RPC_ACCEPTOR_H

#include <sys/socket.h>
#include "base/base.h"

/* Called on the acceptor's thread. */
typedef struct acceptor_to {
	void  *ctx;
	bool (*room)(void *ctx);             /* for one more; while there is none, those who come wait in the system's queue */
	void (*take)(void *ctx, int fd, const struct sockaddr *from, socklen_t n);            /* takes fd, non-blocking */
} acceptor_to;

typedef struct acceptor acceptor;

/* Takes the socket, non-blocking and listening, also when it fails.  ERR_NOMEM. */
err  acceptor_new(acceptor **out, int listener, const acceptor_to *to);
/* NULL-safe; nothing is called any more when it returns. */
void acceptor_free(acceptor **a);

#endif
