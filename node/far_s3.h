/* SPDX-License-Identifier: MIT */
/* node/far_s3.h -- a bucket, below a prefix, as the far store of a vault (vault/far.h). */
#ifndef ARCA_NODE_FAR_S3_H
#define ARCA_NODE_FAR_S3_H

#include "aws/s3.h"
#include "vault/far.h"

enum { FAR_PREFIX = 128 };

typedef struct far_s3 {
	s3_bucket bucket;
	char name[S3_BUCKET + 1], prefix[FAR_PREFIX + 1], where[S3_BUCKET + FAR_PREFIX + 8];
} far_s3;

/* s and client stay as long as the store is used.  prefix: without a slash at its end; "": none. */
void far_s3_setup(far_store *out, far_s3 *s, aws *client, const char *bucket, const char *prefix);

#endif
