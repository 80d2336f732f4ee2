/* SPDX-License-Identifier: MIT */
/*
 * aws/aws.h -- S3 and KMS of AWS, and servers that speak as they do.
 *
 *   credentials.h   who we are: read from a file, a descriptor, a systemd credential or the environment
 *   call.h          one call: signed, answered, repeated when it may be
 *   s3.h            objects in buckets
 *   kms.h           keys that never leave the service: they wrap others, and sign
 *   xml.h, base64.h what the answers are written in
 *
 * A client serves several threads at once.  What is answered is believed as far as TLS goes: whoever keeps secrets or counts on
 * what it reads seals or hashes it (vault/).
 */
#ifndef ARCA_AWS_AWS_H
#define ARCA_AWS_AWS_H

#include "aws/credentials.h"
#include "base/base.h"

typedef struct aws aws;

typedef struct aws_settings {
	const char *region;                                /* "eu-west-3"                                           */
	const char *s3_endpoint, *kms_endpoint;            /* "https://host:port"; "": AWS's in the region          */
	aws_credentials_source credentials;
	int64_t     timeout_ms;                            /* of a call without what its bytes take; 0: AWS_TIMEOUT */
	unsigned    tries;                                 /* 0: AWS_TRIES                                          */
	const rng  *random;                                /* of pauses                                             */
	void      (*pause)(void *ctx, int64_t ms);         /* before a further try; NULL: sleeps                    */
	void       *pause_ctx;
	_Atomic(unsigned) *pauses;                         /* counts them, so that who asks much can ask less; NULL: nobody does */
} aws_settings;

enum { AWS_TIMEOUT = 20000, AWS_TRIES = 5, AWS_REGION = 32, AWS_ENDPOINT = 256 };

/* Reads the credentials.  ERR_REQUEST with a sentence for what is malformed. */
err  aws_new(aws **out, const aws_settings *s);
void aws_free(aws **a);

/* Is this "http://host:port" or the like, without a path?  Is it the name of a region?  For who checks a configuration. */
bool aws_endpoint_ok(const char *text);
bool aws_region_ok(const char *text);

#endif
