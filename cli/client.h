/* SPDX-License-Identifier: MIT */
/*
 * cli/client.h -- one node over gRPC: a start that may be repeated, a result that is waited for.
 *
 * Ids are fresh and ours, so a start that was lost on the way is sent again, and "already exists" then means that it
 * had arrived.  A result that is not there yet is asked for again until the time is up.  No single call lasts long, so that
 * whoever waits for a node can be told to stop: when it is slow, and enough others have answered (cli/group.h).
 */
#ifndef ARCA_CLI_CLIENT_H
#define ARCA_CLI_CLIENT_H

#include <stdatomic.h>
#include "base/id.h"
#include "cli/ticker.h"
#include "rpc/conn.h"
#include "rpc/pb.h"

/* The first byte of an id tells its kind. */
typedef enum id_kind {
	ID_PUBLIC_DECRYPT = 1, ID_USER_DECRYPT = 2, ID_PREPROCESSING = 3, ID_KEY = 4, ID_CONTEXT = 7, ID_EPOCH = 8
} id_kind;

id32 id_fresh(id_kind kind, const rng *random);

typedef struct client {
	rpc_conn   *conn;
	const char *address;         /* "127.0.0.1:50051", borrowed                                  */
	int64_t     timeout_ms;      /* for each result                                              */
	const atomic_bool *stop;     /* ends the waiting with ERR_CANCELLED when it becomes true; may be NULL */
	bool        unavailable;     /* set with an error: the node does not answer, or not in time  */
	grpc_status code;            /* with which the last call ended                               */
} client;

/* r NULL: a reactor of its own. */
err  client_open(client *out, reactor *r, const char *address, int64_t timeout_ms);
void client_close(client *n);

/* method: "PublicDecrypt".  The answer is empty. */
err  client_start(client *n, const char *method, const ProtobufCMessage *request);

/*
 * *out = the result of a job, living in a.  Shows the time while it waits.
 */
#define client_result(n, a, out, descriptor, method, id, shown) \
	client_result_message((n), (a), (ProtobufCMessage **)(out), (descriptor), (method), (id), (shown))
err  client_result_message(client *n, arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor,
                           const char *method, const id32 *id, const ticker *shown);

/* One call that answers with its result at once; tried again only while the node cannot be reached. */
err  client_ask(client *n, arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor, const char *method,
                const ProtobufCMessage *request);

#endif
