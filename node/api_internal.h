/* SPDX-License-Identifier: MIT */
/* node/api_internal.h -- what the api_*.c share. */
#ifndef ARCA_NODE_API_INTERNAL_H
#define ARCA_NODE_API_INTERNAL_H

#include <kms.v1.pb-c.h>
#include <stdatomic.h>
#include "base/trace.h"
#include "node/api.h"
#include "node/api_details.h"

struct api {
	api_parts   p;
	reactor    *reactor;
	rpc_server *server;
	pool       *door;
	reactor_timer sweep;                 /* answers those who have waited long enough */
	int64_t     notify_every_ms, notify_at_ms;   /* the service manager is told that the service lives; 0: it does not ask */
	_Atomic bool serving;
};

/* What a start method is for. */
typedef struct start_method {
	api         *api;
	request_kind kind;
	operation    operation;
	bool         sync;                   /* answer with the result instead of Empty */
	bool         insecure;               /* the insecure twin */
} start_method;

/* What a result method is for. */
typedef struct result_method {
	api         *api;
	request_kind kind;
	operation    operation;
	int64_t      wait_ms;                /* how long a pending request keeps the call */
} result_method;

/* What operators ask of a party of a cluster. */
typedef enum operator_call_kind { CALL_NEW_CONTEXT, CALL_DESTROY_CONTEXT, CALL_DESTROY_EPOCH, CALL_BANDWIDTH, OPERATOR_CALLS } operator_call_kind;
typedef struct operator_method { api *api; operator_call_kind which; } operator_method;

rpc_handler api_start;                   /* ctx: start_method    */
rpc_handler api_result;                  /* ctx: result_method   */
rpc_handler api_operate;                 /* ctx: operator_method */

/* ctx: api */
rpc_handler api_abort;                   /* ends a preprocessing or key generation */
rpc_handler api_key_material, api_health_status, api_health_check;
rpc_handler api_request_statuses, api_list_requests, api_store_info;

/* The parties of every context and how they are, in the arena. */
err  api_peers_health(api *a, arena *memory, Kms__V1__HealthStatusResponse *m);

/* The trace that a call brought along, none if it brought none. */
trace api_caller(const rpc_call *call);

/* Ends the call with a code, a sentence, and for programs the reason. */
void api_fail(rpc_call *call, grpc_status code, const char *sentence, const failure_reason *why);

/* Ends the call with the thread's error and counts it. */
void api_refuse(api *a, rpc_call *call, operation o, err e);

/* The call is answered when the request has ended, or with UNAVAILABLE after wait_ms; body as in requests_wait.  After an
 * error the call is the caller's. */
err  api_wait(api *a, rpc_call *call, operation o, request_kind kind, const id32 *id, const hash32 *body, int64_t wait_ms);

#endif
