/* SPDX-License-Identifier: MIT */
/* connector/bucket_internal.h -- what was fetched is kept by bucket.c; bucket_race.c fetches. */
#ifndef ARCA_CONNECTOR_BUCKET_INTERNAL_H
#define ARCA_CONNECTOR_BUCKET_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>
#include <semaphore.h>
#include "connector/bucket.h"

enum { CACHE_SLOTS = 4096, MAX_BUCKET_URL = 2300, HEDGE_SAMPLES = 128 };

typedef struct kept { hash32 digest; ask_format format; buf bytes; uint64_t used; } kept;

/* How long good answers took, the last ones. */
typedef struct hedging { int32_t took_ms[HEDGE_SAMPLES]; uint64_t n; } hedging;

struct buckets {
	const connector_config *c;
	bucket_tally *tally;
	atomic_bool stopped;
	sem_t    gets;
	pthread_mutex_t lock;                        /* of what follows */
	kept     slot[CACHE_SLOTS];
	uint64_t turn;
	size_t   bytes;
	hedging  past;
	CURLM   *idle[64];                           /* whose connections are kept alive */
	size_t   idles;
};

/* Where the object is in a bucket, for any of the ways in which one is named. */
err     bucket_url(char out[static MAX_BUCKET_URL], const connector_config *c, const char *bucket, const hash32 *digest);

/* One pass over the buckets.  *any becomes true if one of them may have it later. */
err     bucket_race(buckets *b, buf *out, ask_format *format, bool *any, const hash32 *digest, const char *const *bucket, size_t n);

void    hedging_add(hedging *h, int64_t took_ms);
/* After how long without an answer another bucket is asked: what 95 of 100 did not need, but never more than most_ms, which it also
 * is while too little is known. */
int64_t hedging_delay_ms(const hedging *h, int64_t most_ms);

#endif
