/* SPDX-License-Identifier: MIT */
/*
 * node/http.h -- what a node serves over HTTP: how it is, what it counts, and its public material.
 *
 *   /health /live /ready          a word, or JSON if the Accept header asks; /ready is 503 until the node is ready
 *   /version                      the version
 *   /metrics                      for Prometheus
 *   /PUB/<PubDataType>/<id>       files of the public vault, whatever folder that is
 *   /keyurl /v1/keyurl /v2/keyurl where the public keys are, as clients of fhevm ask a relayer (key_urls.h)
 *   /v0/...                       delegations, where the node does that (delegate/http.h)
 *
 * While a node compares half a gigabyte of keys with what was signed, and while it stops, the first four are answered and
 * the others are 503.
 */
#ifndef ARCA_NODE_HTTP_H
#define ARCA_NODE_HTTP_H

#include "delegate/http.h"
#include "node/config.h"
#include "node/key_progress.h"
#include "node/keys.h"
#include "node/limiter.h"
#include "node/metrics.h"
#include "rpc/tracing.h"

typedef struct node_http node_http;

/* Owned by others. */
typedef struct node_http_parts {
	keys     *keys;
	requests *table;
	limiter  *limiter;
	metrics  *metrics;
	pool     *cores;
	struct cluster *cluster;             /* NULL: this node is alone */
	key_progress *making;
	tracing *tracing;                    /* NULL: none */
} node_http_parts;

/*
 * Listens, and says that the node is starting: nothing published is served before it was compared with what was signed,
 * and there is nothing to count.  Vault, configuration, version and delegation (NULL: none; its routes are served at once)
 * outlive the server.
 */
err  node_http_new(node_http **out, vault *v, const node_config *config, const char *version, const char *commit, delegate_service *delegation);

/* From now on everything is served; and from then on only what it is again, for the parts go. */
void node_http_attach(node_http *h, const node_http_parts *parts);
void node_http_detach(node_http *h);                     /* NULL-safe */

unsigned node_http_port(const node_http *h);

/* What /ready answers: 200 only while the node serves.  At first it starts. */
typedef enum node_phase { NODE_STARTING, NODE_SERVING, NODE_STOPPING, NODE_PHASES } node_phase;
void node_http_set_phase(node_http *h, node_phase phase);

void node_http_free(node_http **h);

#endif
