/* SPDX-License-Identifier: MIT */
/*
 * cli/client.h -- one node over gRPC: a start that may be repeated, a result that is waited for.
 *
 * Ids are fresh and ours, so a start that was lost on the way is sent again, and "already exists" then means that it
 * had arrived.  A result that is not there yet is asked for again until the time is up.
 */
#ifndef ARCA_CLI_CLIENT_H
#define ARCA_CLI_CLIENT_H

#include "base/id.h"
#include "cli/cli.h"
#include "cli/ticker.h"
#include "rpc/conn.h"
#include "rpc/pb.h"

/* The first byte of an id tells its kind. */
typedef enum id_kind { ID_PUBLIC_DECRYPT = 1, ID_USER_DECRYPT = 2, ID_PREPROCESSING = 3, ID_KEY = 4 } id_kind;

id32 id_fresh(id_kind kind, const rng *random);

typedef struct client {
	cli        *c;               /* learns EXIT_UNAVAILABLE when the node does not answer */
	rpc_conn   *conn;
	const char *address;         /* "127.0.0.1:50051", borrowed                          */
	int64_t     timeout_ms;      /* for each result                                      */
} client;

err  client_open(client *out, cli *c, const char *address, int64_t timeout_ms);
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

#endif
