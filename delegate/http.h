/* SPDX-License-Identifier: MIT */
/*
 * delegate/http.h -- the routes of the delegation KMS.
 *
 *   GET  /v0/public-key[?chain_id=N][&prefixed=true]    POST /v0/delegate
 *   GET  /v1/public-key[?chain_id=N]                    POST /v1/delegate      POST /v1/delegate/partial
 *   GET  /    which service this is, and the time; every other path: 404 as JSON
 */
#ifndef ARCA_DELEGATE_HTTP_H
#define ARCA_DELEGATE_HTTP_H

#include <stdatomic.h>
#include "base/clock.h"
#include "delegate/combiner.h"
#include "rpc/http.h"

enum { DELEGATE_ROUTES = 6 };

/* What the handlers work with; outlives the server. */
typedef struct delegate_service {
	delegate_kms *kms;
	const clock_source *clock;
	_Atomic(combiner *) combiner;              /* NULL: this node combines no answers, or not yet */
} delegate_service;

void delegate_routes(http_route out[static DELEGATE_ROUTES], delegate_service *s);

#endif
