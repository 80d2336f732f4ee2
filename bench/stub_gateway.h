/* SPDX-License-Identifier: MIT */
/*
 * bench/stub_gateway.h -- all that a connector talks to, on one thread: a chain and a bucket behind HTTP, and a node behind gRPC.
 *
 *   POST /chain          stub_chain.h
 *   GET /bucket/DIGEST   a ciphertext of the load
 *   gRPC                 PublicDecrypt, looked at; GetPublicDecryptionResult, at once
 */
#ifndef ARCA_BENCH_STUB_GATEWAY_H
#define ARCA_BENCH_STUB_GATEWAY_H

#include "bench/stub_chain.h"

typedef struct stub_gateway stub_gateway;

err  stub_gateway_new(stub_gateway **out, const load *l);
void stub_gateway_free(stub_gateway **g);

/* Nobody is served any more: what chain and counts say stays as it is. */
void stub_gateway_stop(stub_gateway *g);

stub_chain *stub_gateway_chain(stub_gateway *g);
const char *stub_gateway_chain_url(const stub_gateway *g);
const char *stub_gateway_node_url(const stub_gateway *g);

/* Seconds of a core that its thread has spent; ciphertexts that it gave; questions to the node that made no sense. */
typedef struct stub_counts { double core_s; size_t fetched, wrong; } stub_counts;
stub_counts stub_gateway_counts(stub_gateway *g);

#endif
