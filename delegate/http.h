/* SPDX-License-Identifier: MIT */
/*
 * delegate/http.h -- the routes of the delegation KMS.
 *
 *   GET  /v0/public-key[?chain_id=N][&prefixed=true]    POST /v0/delegate    POST /v1/delegate
 *   GET  /    which service this is, and the time; every other path: 404 as JSON
 */
#ifndef ARCA_DELEGATE_HTTP_H
#define ARCA_DELEGATE_HTTP_H

#include "base/clock.h"
#include "delegate/kms.h"
#include "rpc/http.h"

enum { DELEGATE_ROUTES = 4 };

/* What the handlers work with; outlives the server. */
typedef struct delegate_service {
	delegate_kms *kms;
	const clock_source *clock;
} delegate_service;

void delegate_routes(http_route out[static DELEGATE_ROUTES], delegate_service *s);

#endif
