/* SPDX-License-Identifier: MIT */
/* node/api_result.c -- a call waits for a request's end. */
#include <stdlib.h>
#include "node/api_internal.h"
#include "node/parse.h"

typedef struct waiting_call {
	request_waiter waiter;
	api      *api;
	rpc_call *call;
	operation operation;
	id32      id;
} waiting_call;

static waiting_call *call_of(request_waiter *w)
{
	return (waiting_call *)(void *)w;              /* the first member */
}

/* Clients give up on a request that was aborted.  After a start only the sentence tells (kms-service 1.1). */
static grpc_status status_of_failure(err cause, const char *why)
{
	return cause == ERR_CANCELLED || strcasestr(why, "abort") ? GRPC_ABORTED : cause == ERR_EXHAUSTED ? GRPC_RESOURCE_EXHAUSTED : GRPC_INTERNAL;
}

static grpc_status fail(const waiting_call *c, grpc_status code, const char *sentence, failure_reason why)
{
	why.id = &c->id;
	api_fail(c->call, code, sentence, &why);
	return code;
}

static void answer(request_waiter *w, const request_answer *a)
{
	waiting_call *c = call_of(w);
	grpc_status code = GRPC_OK;
	char id[ID_TEXT], sentence[MAX_GRPC_MESSAGE];

	id_text(id, &c->id);
	switch (a->state) {
	case REQUEST_DONE:
		rpc_reply(c->call, a->response);
		break;
	case REQUEST_FAILED:
		snprintf(sentence, sizeof sentence, "request %s failed: %s", id, a->why);
		code = status_of_failure(a->cause, a->why);
		code = fail(c, code, sentence, (failure_reason){ .reason = code == GRPC_ABORTED ? "REQUEST_ABORTED" : "REQUEST_FAILED" });
		break;
	case REQUEST_CONSUMED:
		snprintf(sentence, sizeof sentence, "request %s is no longer there: %s", id, a->why);
		code = fail(c, GRPC_NOT_FOUND, sentence, (failure_reason){ .reason = "PREPROCESSING_USED" });
		break;
	case REQUEST_PENDING:
	case REQUEST_STATES:
		snprintf(sentence, sizeof sentence, "request %s is still running; ask again", id);
		code = fail(c, GRPC_UNAVAILABLE, sentence, (failure_reason){ .reason = "REQUEST_RUNNING", .retry_s = 1 });
		break;
	}
	metrics_ended(c->api->p.metrics, c->operation, code);
	free(c);
}

static bool gave_up(request_waiter *w)
{
	return rpc_call_cancelled(call_of(w)->call);
}

err api_wait(api *a, rpc_call *call, operation o, request_kind kind, const id32 *id, const hash32 *body, int64_t wait_ms)
{
	waiting_call *c = malloc(sizeof *c);

	ASSERT(c);
	*c = (waiting_call){ .api = a, .call = call, .operation = o, .id = *id };
	c->waiter.until_ms = wait_ms ? reactor_now_ms(a->reactor) + wait_ms : 0;
	c->waiter.answer = answer;
	c->waiter.gave_up = gave_up;
	err e = requests_wait(a->p.table, kind, id, body, &c->waiter);
	if (e != OK) free(c);
	return e;
}

void api_result(void *ctx, rpc_call *call, slice message)
{
	const result_method *m = ctx;
	const trace caller = api_caller(call), before = trace_enter(&caller);
	id32 id;

	err e = parse_request_id(&id, message);
	if (e == OK) e = api_wait(m->api, call, m->operation, m->kind, &id, NULL, m->wait_ms);
	if (e != OK) api_refuse(m->api, call, m->operation, e);
	trace_enter(&before);
}

void api_abort(void *ctx, rpc_call *call, slice message)
{
	api *a = ctx;
	id32 id;

	err e = parse_request_id(&id, message);
	if (e == OK) e = desk_abort(a->p.desk, &id);
	if (e != OK) {
		api_refuse(a, call, OPERATION_KEYGEN_ABORT, e);
		return;
	}
	metrics_ended(a->p.metrics, OPERATION_KEYGEN_ABORT, GRPC_OK);
	rpc_reply(call, (slice){ 0 });                         /* Empty */
}
