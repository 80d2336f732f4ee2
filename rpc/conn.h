/* SPDX-License-Identifier: MIT */
/*
 * rpc/conn.h -- a gRPC client: one HTTP/2 connection to one server, blocking calls from any number of threads.
 *
 * The connection is made by the first call and made again by the first call after it was lost.  A request the
 * server certainly did not look at (it was going away) is sent once more on a new connection; any other loss ends
 * the calls in flight with UNAVAILABLE, because they may have been carried out.
 */
#ifndef ARCA_RPC_CONN_H
#define ARCA_RPC_CONN_H

#include "base/base.h"
#include "rpc/limits.h"
#include "rpc/reactor.h"
#include "rpc/status.h"

typedef struct rpc_conn rpc_conn;

/* Does not connect yet.  r NULL: the connection runs a reactor of its own; limits NULL: the default. */
err  rpc_conn_new(rpc_conn **out, reactor *r, const char *host, unsigned port, const rpc_limits *limits);

/* NULL-safe.  Requires: no call is running; not on the reactor's thread. */
void rpc_conn_free(rpc_conn **c);

/* Ends the calls in flight with UNAVAILABLE and closes the connection; a later call makes a new one.  From any thread but the
 * reactor's. */
void rpc_conn_drop(rpc_conn *c);

/*
 * Calls path ("/package.Service/Method") and appends the answer to *response.  *status (may be NULL) always tells
 * how the call ended; the err is OK exactly when that is GRPC_OK, and otherwise carries a sentence with server,
 * path, code and the server's message.  timeout_ms covers everything, and travels with the call as its deadline.
 * The thread's trace (base/trace.h) goes with it as `traceparent`.  Not on the reactor's thread.
 */
err  rpc_conn_call(rpc_conn *c, buf *response, rpc_status *status, const char *path, slice request, int64_t timeout_ms);

#endif
