/* SPDX-License-Identifier: MIT */
/* connector/bucket_internal.h -- what was fetched is kept by bucket.c; bucket_race.c fetches; attested.c asks what there is. */
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
	sem_t    gets, heads;                        /* how many more at a time; heads: rounds over all buckets */
	pthread_mutex_t lock;                        /* of what follows */
	kept     slot[CACHE_SLOTS];
	uint64_t turn;
	size_t   bytes;
	hedging  past;
	CURLM   *idle[64];                           /* whose connections are kept alive */
	size_t   idles;
};

/* Where an object is in a bucket, for any of the ways in which one is named.  ERR_REQUEST: it has no URL; ERR_IO: at a port that is closed
 * to this process (s3_ports). */
err     bucket_url(char out[static MAX_BUCKET_URL], const connector_config *c, const char *bucket, const char *object);

/* Transfers that run together, with connections from before; NULL: no memory. */
CURLM  *bucket_borrow(buckets *b);
void    bucket_give_back(buckets *b, CURLM *m);

/* One of them, for an object; NULL: no memory.  ctx: of CURLINFO_PRIVATE, and of the function that takes header lines. */
CURL   *bucket_transfer(const connector_config *c, const char *url, int64_t timeout_ms, curl_write_callback take_header, void *ctx);

/* The value of a header line, without blanks around, if it is the one of this name (in small letters, with its colon). */
bool    bucket_header(slice *value, const char *name, const char *line, size_t n);

/* What is fetched: under this name, with this digest. */
typedef struct bucket_object { const char *name; const hash32 *digest; } bucket_object;

/* One pass over the buckets.  *any becomes true if one of them may have it later. */
err     bucket_race(buckets *b, buf *out, ask_format *format, bool *any, const bucket_object *object, const char *const *bucket, size_t n);

void    hedging_add(hedging *h, int64_t took_ms);
/* After how long without an answer another bucket is asked: what 95 of 100 did not need, but never more than most_ms, which it also
 * is while too little is known. */
int64_t hedging_delay_ms(const hedging *h, int64_t most_ms);

#endif
