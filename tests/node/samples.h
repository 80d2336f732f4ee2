/* SPDX-License-Identifier: MIT */
/*
 * tests/node/samples.h -- values encrypted under a node's published key: of every type in the big formats, of the shortest
 * types in the small ones, which every party must squash.
 */
#ifndef ARCA_TESTS_NODE_SAMPLES_H
#define ARCA_TESTS_NODE_SAMPLES_H

#include "tests/node/client.h"

enum { SAMPLE_TYPES = 8, SHORT_TYPES = 3, SAMPLES = 2 * SAMPLE_TYPES + 2 * SHORT_TYPES };

typedef struct samples {
	plaintext   value[SAMPLES];          /* item k's */
	buf         file[SAMPLES];
	uint8_t     handle[SAMPLES][32];
	client_item item[SAMPLES];           /* big-expanded, big-compressed, small-expanded, small-compressed; then by type */
} samples;

void samples_make(samples *s, child *node, const id32 *key);

/* The same in the big formats only; the others stay empty.  And with a key set that is published as a file of this type. */
void samples_make_big(samples *s, child *node, const id32 *key);
void samples_make_big_of(samples *s, child *node, const id32 *key, const char *type);
void samples_free(samples *s);

/* Bool, then uint8 and so on: 0 .. SAMPLE_TYPES - 1, in small formats 0 .. SHORT_TYPES - 1. */
size_t sample_of(ct_format f, size_t type);

/* Where a ciphertext is decrypted; context NULL: the default one. */
typedef struct sample_place { const id32 *context, *epoch, *key; } sample_place;

/* Asks a node to decrypt item k for everybody under this request id; and waits for its answer, which must be item k's value. */
grpc_status samples_ask(const samples *s, size_t k, child *node, const id32 *request, const sample_place *at);
void        samples_right(const samples *s, size_t k, child *node, const id32 *request);

/* What a node publishes. */
buf published_by(const child *node, const char *type, const id32 *id);

#endif
