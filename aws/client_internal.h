/* SPDX-License-Identifier: MIT */
/* aws/client_internal.h -- a client: client.c makes it, call.c uses it. */
#ifndef ARCA_AWS_CLIENT_INTERNAL_H
#define ARCA_AWS_CLIENT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "aws/call.h"

struct aws {
	char   *region, *endpoint[2];                      /* by aws_service; "": AWS's own */
	char   *file, *credential;                         /* to read them again            */
	int64_t timeout_ms;
	unsigned tries;
	void  (*pause)(void *ctx, int64_t ms);
	void   *pause_ctx;
	_Atomic(unsigned) *pauses;

	pthread_mutex_t lock;                              /* of what follows               */
	aws_credentials *who;                              /* in secret memory              */
	rng     random;
	uint64_t renewed;                                  /* how often                     */
};

/* Reads them again unless somebody did since *seen.  False: nothing new is to be had. */
bool aws_renew(aws *a, uint64_t seen);

#endif
