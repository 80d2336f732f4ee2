/* SPDX-License-Identifier: MIT */
/*
 * node/http.h -- what a node serves over HTTP: how it is, what it counts, and its public material.
 *
 *   /health /live /ready          a word, or JSON if the Accept header asks; /ready is 503 until the node is ready
 *   /version                      the version
 *   /metrics                      for Prometheus
 *   /PUB/<PubDataType>/<id>       files of the public vault, whatever folder that is
 */
#ifndef ARCA_NODE_HTTP_H
#define ARCA_NODE_HTTP_H

#include "node/config.h"
#include "node/keys.h"
#include "node/limiter.h"
#include "node/metrics.h"

typedef struct node_http node_http;

/* Owned by others; outlives the server. */
typedef struct node_http_parts {
	vault    *vault;
	keys     *keys;
	requests *table;
	limiter  *limiter;
	metrics  *metrics;
	pool     *cores;
	struct cluster *cluster;             /* NULL: this node is alone */
	const node_config *config;
	const char *version;
} node_http_parts;

err  node_http_new(node_http **out, const node_http_parts *parts);
unsigned node_http_port(const node_http *h);

/* What /ready answers: 200 only while the node serves.  At first it starts. */
typedef enum node_phase { NODE_STARTING, NODE_SERVING, NODE_STOPPING, NODE_PHASES } node_phase;
void node_http_set_phase(node_http *h, node_phase phase);

void node_http_free(node_http **h);

#endif
