/* SPDX-License-Identifier: MIT */
/*
 * rpc/server.h -- a gRPC server: unary calls over HTTP/2, dispatched by path to handlers.
 *
 *   static void echo(void *ctx, rpc_call *call, slice request) { rpc_reply(call, request); }
 *   static const rpc_method METHODS[] = { { "/echo.Echo/Unary", echo, NULL } };
 *
 *   rpc_server *s;
 *   TRY(rpc_server_new(&s, reactor, "127.0.0.1", 50051, METHODS, COUNT(METHODS), NULL));
 *
 * A handler runs on the reactor's thread and must not block: it answers, or hands the call to another thread
 * that answers.  Every call is answered exactly once, by rpc_reply or one of the rpc_fail; until then it and the
 * request stay valid, even when the client went away.  An answer nobody waits for is dropped in silence.
 *
 * The server itself answers: unknown paths UNIMPLEMENTED; messages or headers beyond the limits
 * RESOURCE_EXHAUSTED; compressed messages UNIMPLEMENTED; broken framing INTERNAL; a deadline that passed
 * DEADLINE_EXCEEDED; other content types with HTTP status 415.  Streaming calls are not served.
 */
#ifndef ARCA_RPC_SERVER_H
#define ARCA_RPC_SERVER_H

#include "base/base.h"
#include "rpc/limits.h"
#include "rpc/reactor.h"
#include "rpc/status.h"

typedef struct rpc_server rpc_server;
typedef struct rpc_call rpc_call;

typedef void rpc_handler(void *ctx, rpc_call *call, slice request);

typedef struct rpc_method {
	const char  *path;               /* "/package.Service/Method" */
	rpc_handler *handler;
	void        *ctx;
} rpc_method;

/*
 * Listens on address (a numeric address or a name of this machine) and port; port 0 takes a free one.
 * The methods are copied, their paths and contexts are not; limits NULL: the default.
 * ERR_IO with address, port and what to try if the port is taken.
 */
err  rpc_server_new(rpc_server **out, reactor *r, const char *address, unsigned port,
                    const rpc_method *methods, size_t n_methods, const rpc_limits *limits);

unsigned rpc_server_port(const rpc_server *s);

/*
 * Accepts nothing new, tells every client to go elsewhere, and waits until each call is answered and its answer
 * sent; OK if that happened within timeout_ms, ERR_BUSY otherwise.  Not on the reactor's thread.
 */
err  rpc_server_drain(rpc_server *s, int64_t timeout_ms);

/* Closes every connection at once.  Calls that handlers still hold are cancelled; answering them stays allowed
 * and required.  NULL-safe; not on the reactor's thread, and before reactor_free. */
void rpc_server_free(rpc_server **s);

/* ---- a call: any thread, until it is answered ----------------------------------------------------------------- */

/* Ends the call with a message, which is copied; with RESOURCE_EXHAUSTED if the budget has no room for the copy. */
void rpc_reply(rpc_call *call, slice message);

/* Ends the call without one.  Requires: code != GRPC_OK.  The message is a sentence for the client. */
void rpc_fail(rpc_call *call, grpc_status code, const char *message);

/* The same with an encoded google.rpc.Status for `grpc-status-details-bin`; dropped if it is over 4096 bytes. */
void rpc_fail_details(rpc_call *call, grpc_status code, const char *message, slice details);

/* Ends the call with the code and sentence of the thread's error e, and clears it. */
void rpc_fail_err(rpc_call *call, err e);

/* Did the client cancel, disconnect, or run out of time?  Once true, the answer no longer matters. */
bool rpc_call_cancelled(const rpc_call *call);

const char *rpc_call_path(const rpc_call *call);

/* The header `traceparent`, by which traces are followed through services; empty if absent or over 128 bytes.  No
 * other header of a call is kept. */
slice rpc_call_traceparent(const rpc_call *call);

#endif
