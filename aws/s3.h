/* SPDX-License-Identifier: MIT */
/*
 * aws/s3.h -- objects in a bucket.
 *
 * At AWS a bucket is a host (bucket.s3.region.amazonaws.com) unless its name has dots; with an endpoint of the settings it is the
 * first part of the path.  A name ("key") of an object is UTF-8, of 1 to S3_NAME bytes.  One put has at most 5 GiB.
 */
#ifndef ARCA_AWS_S3_H
#define ARCA_AWS_S3_H

#include "aws/aws.h"

enum { S3_NAME = 512, S3_BUCKET_LEAST = 3, S3_BUCKET = 63, S3_ETAG = 128, S3_PAGES = 10000, S3_PAGE_BYTES = 4 << 20 };

typedef struct s3_info {
	uint64_t size;
	int64_t  date_s;                                   /* of the answer, by the server's clock; 0: unknown */
	char     etag[S3_ETAG];                            /* in quotes; "": none */
} s3_info;

/* A bucket of a client: both stay. */
typedef struct s3_bucket { aws *client; const char *name; } s3_bucket;

bool s3_bucket_ok(const char *name);

/* ERR_NOT_FOUND: no such object; ERR_REQUEST: it has more than max bytes.  info may be NULL;
 * of what is not found it has the date. */
err  s3_get(buf *out, s3_info *info, const s3_bucket *b, const char *name, size_t max);
/* One of exactly n bytes, into room.  ERR_IO if it has fewer. */
err  s3_get_into(uint8_t *room, size_t n, const s3_bucket *b, const char *name);
err  s3_head(s3_info *out, const s3_bucket *b, const char *name);

typedef enum s3_condition { S3_ALWAYS, S3_IF_NONE, S3_IF_SAME } s3_condition;

/*
 * S3_IF_NONE: only if there is nothing of that name; S3_IF_SAME: only if that has this etag.  ERR_EXISTS if the condition is not
 * met; *again is then true if an earlier try, whose answer was lost, may have been what made it so.  ERR_UNSUPPORTED from servers
 * that say that they know no conditions.  Some ignore them and do not say so: see vault/lease.h for what finds that out.
 */
err  s3_put(s3_info *out, bool *again, const s3_bucket *b, const char *name, slice body, s3_condition condition, const char *etag);
/* No error if there is none. */
err  s3_delete(const s3_bucket *b, const char *name);

/* Calls each(ctx, name, size) for every object whose name begins with prefix, in their order; false ends it, with ERR_REQUEST.
 * Requires: each() does not use the bucket. */
err  s3_list(const s3_bucket *b, const char *prefix, bool (*each)(void *ctx, const char *name, uint64_t size), void *ctx);

/* One page of a list.  *more and next (room for XML_TEXT + 1): the list goes on, and with what.  For s3_list and the fuzzer. */
err  s3_page_read(bool *more, char *next, slice page, bool (*each)(void *ctx, const char *name, uint64_t size), void *ctx);

#endif
