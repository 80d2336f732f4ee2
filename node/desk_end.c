/* SPDX-License-Identifier: MIT */
/* node/desk_end.c -- a request is worked on and ends: the outcome to the journal, to the table, to whoever waits, in this order. */
#include "node/desk_internal.h"
#include <stdlib.h>
#include "base/log.h"
#include "node/audit.h"
#include "node/replies.h"

operation desk_operation(request_kind kind)
{
	static const operation INNER[REQUEST_KINDS] = {
		[REQUEST_PREPROC] = OPERATION_KEYGEN_PREPROC_REQUEST, [REQUEST_KEYGEN] = OPERATION_STANDARD_COMPRESSED_KEYGEN,
		[REQUEST_PUBLIC_DECRYPT] = OPERATION_PUBLIC_DECRYPT_INNER, [REQUEST_USER_DECRYPT] = OPERATION_USER_DECRYPT_INNER,
		[REQUEST_NEW_EPOCH] = OPERATION_NEW_MPC_EPOCH,
	};
	return INNER[kind];
}

static operation operation_of(const request *r)
{
	return r->kind == REQUEST_KEYGEN && keygen_is_uncompressed(r) ? OPERATION_STANDARD_KEYGEN : desk_operation(r->kind);
}

/* Does what was made stand in the vault? */
static bool made_something(request_kind kind)
{
	return kind == REQUEST_KEYGEN || kind == REQUEST_NEW_EPOCH;
}

static err record_done(desk *d, const desk_job *j, slice response)
{
	const request *r = j->request;
	const request_view v = { .kind = r->kind, .id = r->id, .body = r->body, .state = REQUEST_DONE,
	                         .facts = buf_slice(&j->facts), .response = response };

	if (r->kind == REQUEST_NEW_EPOCH) return OK;           /* its record tells the answer, as long as there is the epoch */
	err e = journal_outcome(d->p.journal, &v);
	if (e == OK || r->kind != REQUEST_KEYGEN) return e;
	/* The key is there, and its record tells the answer, too; until the key comes to another epoch, where it is signed anew. */
	log_err(LOG_WARN, "the answer of a key generation is not in the journal", e);
	return OK;
}

void desk_fail(desk *d, operation what, request_view who, err cause)
{
	char why[512];

	snprintf(why, sizeof why, "%s", err_text()[0] ? err_text() : err_name(cause));
	AUDIT(.event = AUDIT_REQUEST_FAILED, .kind = who.kind, .id = &who.id, .text = why);
	log_err(LOG_DEBUG, "failed at", cause);
	metrics_ended(d->p.metrics, what, grpc_status_of_err(cause));

	who.state = REQUEST_FAILED;
	who.why = why;
	err e = journal_outcome(d->p.journal, &who);
	if (e != OK) log_err(LOG_ERROR, "this failure is not in the journal", e);
	requests_finish_failed(d->p.table, who.kind, &who.id, cause, why);
}

void desk_job_fail(desk *d, const desk_job *j, err cause)
{
	const request *r = j->request;

	limiter_give(d->p.limiter, r->kind);
	const request_view who = { .kind = r->kind, .id = r->id, .body = r->body, .facts = buf_slice(&j->facts) };
	desk_fail(d, operation_of(r), who, cause);
}

/* Whoever asks for a key that got a compressed set is told of that. */
static void answer_copied(desk *d, const request *r)
{
	const key_record *added;

	if (r->kind != REQUEST_KEYGEN || !keygen_is_migration(r) || !r->keygen.copies) return;
	if (keys_added(&added, d->p.engine->keys, &r->keygen.existing)) reply_keygen_again(d->p.table, added);
}

static void conclude_done(desk *d, const desk_job *j, buf *response, int64_t ms)
{
	const request *r = j->request;

	AUDIT(.event = AUDIT_REQUEST_DONE, .kind = r->kind, .id = &r->id, .amount = (uint64_t)ms);
	if (r->kind == REQUEST_KEYGEN) AUDIT(.event = AUDIT_KEY_STATE, .id = &r->id, .state = KEY_ACTIVE);
	if (r->kind == REQUEST_NEW_EPOCH) AUDIT(.event = AUDIT_EPOCH_MADE, .id = &r->id, .other = &r->context_id);
	if (made_something(r->kind) && secret_unlocked()) AUDIT(.event = AUDIT_MEMORY_NOT_LOCKED);
	metrics_took(d->p.metrics, operation_of(r), ms);
	metrics_ended(d->p.metrics, operation_of(r), GRPC_OK);
	limiter_give(d->p.limiter, r->kind);
	answer_copied(d, r);
	requests_finish_done(d->p.table, r->kind, &r->id, response);
}

void desk_job_free(desk_job *j)
{
	backlog_end(&j->waits, desk_now_ms(j->desk));
	request_free(&j->request);
	buf_free(&j->facts);
	buf_free(&j->response);
	free(j);
}

void desk_job_end(desk_job *j)
{
	desk *d = j->desk;
	const size_t bytes = j->request->memory.used;

	desk_job_free(j);
	desk_count_out(d, bytes);
}

/* The request from its coming in, and the work for it inside that. */
static void tell(desk *d, const desk_job *j, err e)
{
	const request *r = j->request;
	span s = { .at = r->traced, .name = request_kind_name(r->kind), .request = r->id, .from_ns = j->taken_ns, .to_ns = tracing_now_ns() };

	if (!d->p.tracing) return;
	if (e != OK) snprintf(s.why, sizeof s.why, "%s", err_text()[0] ? err_text() : err_name(e));
	tracing_tell(d->p.tracing, &s);
	if (!j->work_ns) return;
	s.at = trace_below(&r->traced, d->p.engine->random);
	s.name = "work";
	s.from_ns = j->work_ns, s.to_ns = j->worked_ns;
	tracing_tell(d->p.tracing, &s);
}

static void conclude(void *arg)
{
	desk_job *j = arg;
	desk *d = j->desk;
	const trace traced = j->request->traced, before = trace_enter(&traced);

	desk_no_longer_abortable(d, j);
	/* Whatever a stop made fail, and what nobody else has bound. */
	err e = j->failed == OK ? stop_forbid(&j->stop) : stop_look(&j->stop);
	if (e == OK && j->failed != OK) e = err_fail(j->failed, "%s", j->why);
	if (e == OK) e = requests_fit(d->p.table, j->request->kind, j->response.n);
	if (e == OK) e = record_done(d, j, buf_slice(&j->response));
	tell(d, j, e);
	if (e == OK) conclude_done(d, j, &j->response, desk_now_ms(d) - j->started_ms);
	else desk_job_fail(d, j, e);
	desk_job_end(j);
	trace_enter(&before);
}

/* Whoever did the work has more to do than to wait for the disk. */
static void ended(void *arg, err e, buf *response)
{
	desk_job *j = arg;
	desk *d = j->desk;

	j->failed = e;
	if (e == OK) backlog_done(&j->waits, SIZE_MAX, desk_now_ms(d));
	else backlog_end(&j->waits, desk_now_ms(d));
	j->worked_ns = tracing_now_ns();
	if (e != OK) snprintf(j->why, sizeof j->why, "%s", err_text()[0] ? err_text() : err_name(e));
	j->response = *response;
	*response = (buf){ 0 };
	err_clear();
	if (!d->p.clerks || pool_submit(d->p.clerks, conclude, j, 0) != OK) conclude(j);
}

void desk_job_run(void *arg)
{
	desk_job *j = arg;

	j->started_ms = desk_now_ms(j->desk);
	j->work_ns = tracing_now_ns();
	engine_work(j->desk->p.engine, j->request, ended, j);
}
