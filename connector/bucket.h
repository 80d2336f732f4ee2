/* SPDX-License-Identifier: MIT */
/*
 * connector/bucket.h -- ciphertexts from the coprocessors' buckets.
 *
 * The Keccak digest of an object was agreed on: what is fetched counts only if it has it, so no bucket is trusted.
 * Buckets are tried in turn, several times over, and a second one while the first is slow; what was fetched is kept for a while, for
 * users and the public often ask for the same.  At most s3_max_concurrent_gets at a time, each of at most s3_max_ciphertext_size bytes.
 * Any number of threads.
 */
#ifndef ARCA_CONNECTOR_BUCKET_H
#define ARCA_CONNECTOR_BUCKET_H

#include <stdatomic.h>
#include "connector/ask.h"

enum { BUCKET_CACHE_BYTES = 64 << 20, MAX_BUCKET_URLS = 64 };

typedef struct bucket_tally {
	atomic_ullong asked;                         /* objects, of a bucket                               */
	atomic_ullong hedged, hedges_won;            /* of a second one, as the first was slow; it was first */
} bucket_tally;

typedef struct buckets buckets;
err  buckets_new(buckets **out, const connector_config *c, bucket_tally *tally);     /* both stay; ERR_NOMEM */
void buckets_free(buckets **b);

/* What is fetched now and later ends with ERR_IO, soon.  From any thread. */
void buckets_stop(buckets *b);

/*
 * *out = the object, which the caller frees.  object: its name in each bucket; NULL: its digest.  url[]: the buckets';
 * "s3://name" stands for one of s3_config, and without any the one of s3_config is taken.  *format: what the object says that
 * it is, or else what the bucket said.  *cached: it was kept.  ERR_IO with a sentence: no bucket had it; ERR_REQUEST: there is
 * none to ask.
 */
err  buckets_fetch(buckets *b, buf *out, ask_format *format, bool *cached, const hash32 *digest, const char *object, const char *const *url,
                   size_t n);

#endif
