/* SPDX-License-Identifier: MIT */
/*
 * node/api.h -- the gRPC service of a node: which methods there are and what each is answered.
 *
 *   api.c          the table of methods, the server, the door
 *   api_start.c    start and Sync calls: parse, admit, hand to the desk
 *   api_result.c   result calls: answer, or wait and answer
 *   api_status.c   what is there: key material, health
 *   api_store.c    the request table
 *   api_cluster.c  contexts, epochs and links of a party of a cluster
 *
 * Result and status calls are answered on the reactor's thread.  Start calls may bring a hundred megabytes and end in a
 * disk write, so they go through the door: a few threads and a bounded queue.
 */
#ifndef ARCA_NODE_API_H
#define ARCA_NODE_API_H

#include "node/config.h"
#include "node/desk.h"
#include "rpc/server.h"

typedef struct api api;

/* Owned by others; outlives the api. */
typedef struct api_parts {
	desk     *desk;
	requests *table;
	keys     *keys;
	metrics  *metrics;
	const node_config *config;
	const char *storage;                 /* for status answers: where keys are kept */
	struct cluster *cluster;             /* NULL: this node is alone */
} api_parts;

/* Listens.  Until api_open, health checks say that the service is not ready. */
err  api_new(api **out, const api_parts *parts);
void api_open(api *a);
unsigned api_port(const api *a);

/* Health checks say NOT_SERVING; calls are still answered. */
void api_close(api *a);

/* Answers those who wait, and lets calls end within timeout_ms. */
void api_drain(api *a, int64_t timeout_ms);
void api_free(api **a);

#endif
