/* SPDX-License-Identifier: MIT */
/*
 * connector/endpoint.h -- where a node is: "http://host:port", "http://[::1]:50051"; of a shard one, and others behind | to be asked when
 * it is away.
 */
#ifndef ARCA_CONNECTOR_ENDPOINT_H
#define ARCA_CONNECTOR_ENDPOINT_H

#include "base/base.h"

enum { MAX_SHARD_ENDPOINTS = 4, MAX_ENDPOINT_HOST = 256 };

typedef struct endpoint { char host[MAX_ENDPOINT_HOST]; unsigned port; } endpoint;

/* *n of them.  ERR_REQUEST with a sentence that names the key. */
err  endpoints_of(endpoint out[static MAX_SHARD_ENDPOINTS], unsigned *n, const char *shard);

/* "443"; false: no TCP port. */
bool port_read(unsigned *out, const char *text);

#endif
