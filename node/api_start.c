/* SPDX-License-Identifier: MIT */
/* node/api_start.c -- from a call to a request at the desk. */
#include <stdlib.h>
#include "node/admit.h"
#include "node/api_internal.h"
#include "node/parse.h"

enum { MOST_AT_DOOR = 1024 };

/* A call on its way through the door.  The message stays valid until the call is answered. */
typedef struct visit {
	const start_method *method;
	rpc_call *call;
	slice     message;
	trace     caller;
} visit;

/* id and body of the request are told even if it is known already. */
static err take_in(const visit *v, id32 *id, hash32 *body)
{
	const start_method *m = v->method;
	api *a = m->api;
	request *r = NULL;

	TRY(desk_enter(a->p.desk, m->kind));
	err e = m->insecure ? parse_insecure_request(&r, m->kind, v->message) : parse_request(&r, m->kind, v->message);
	if (e == OK) {
		*id = r->id;
		*body = r->body;
		r->traced = request_trace(&v->caller, m->kind, id);
		trace_enter(&r->traced);
		e = admit(a->p.keys, a->p.cluster, r);
	}
	if (e == OK) e = desk_submit(a->p.desk, &r, v->message);
	if (e != OK) desk_leave(a->p.desk, m->kind);
	request_free(&r);
	return e;
}

static void visit_run(void *arg)
{
	visit *v = arg;
	const start_method *m = v->method;
	api *a = m->api;
	id32 id;
	hash32 body;

	metrics_payload(a->p.metrics, v->message.n);
	trace_enter(&v->caller);
	err e = take_in(v, &id, &body);
	if (m->sync && (e == OK || e == ERR_EXISTS)) {
		err_clear();
		e = api_wait(a, v->call, m->operation, m->kind, &id, &body, a->p.config->service.timeout_secs * 1000);
		if (e != OK) api_refuse(a, v->call, m->operation, e);
	} else if (e != OK) {
		api_refuse(a, v->call, m->operation, e);
	} else {
		metrics_ended(a->p.metrics, m->operation, GRPC_OK);
		rpc_reply(v->call, (slice){ 0 });              /* Empty */
	}
	free(v);
}

void api_start(void *ctx, rpc_call *call, slice message)
{
	const start_method *m = ctx;
	visit *v = malloc(sizeof *v);

	ASSERT(v);
	*v = (visit){ m, call, message, api_caller(call) };
	err e = pool_submit(m->api->door, visit_run, v, MOST_AT_DOOR);
	if (e == OK) return;
	free(v);
	api_refuse(m->api, call, m->operation, e);
}
