/* SPDX-License-Identifier: MIT */
/* node/desk.c -- a request comes in, or does not, and is sent to work; how many run; those that are ended before their time. */
#include "node/desk_internal.h"
#include <stdlib.h>
#include "base/wait.h"
#include "node/audit.h"
#include "node/policy.h"

/* Of requests that wait or run: what they brought stays in memory until they end. */
#define MAX_HELD_BYTES ((size_t)2 << 30)

err desk_new(desk **out, const desk_parts *parts)
{
	desk *d = calloc(1, sizeof *d);

	if (!d) return err_fail(ERR_NOMEM, "no memory for the desk");
	d->p = *parts;
	pthread_mutex_init(&d->lock, NULL);
	wait_init(&d->idle);
	list_init(&d->abortable);
	*out = d;
	return OK;
}

void desk_free(desk **dp)
{
	desk *d = *dp;
	if (!d) return;
	ASSERT(d->running == 0);
	pthread_cond_destroy(&d->idle);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*dp = NULL;
}

err desk_enter(desk *d, request_kind kind)
{
	return limiter_take(d->p.limiter, kind);
}

void desk_leave(desk *d, request_kind kind)
{
	limiter_give(d->p.limiter, kind);
}

/* ---- how many run ------------------------------------------------------------------------------------------- */

err desk_count_in(desk *d, size_t bytes)
{
	pthread_mutex_lock(&d->lock);
	const bool closed = d->closed, full = bytes > MAX_HELD_BYTES - d->held;
	if (!closed && !full) {
		d->running++;
		d->held += bytes;
	}
	pthread_mutex_unlock(&d->lock);
	if (closed) return err_fail(ERR_BUSY, "the node is stopping; ask again when it is back");
	return full ? err_fail(ERR_EXHAUSTED, "the requests that are running fill the memory set aside for them; ask again later") : OK;
}

void desk_count_out(desk *d, size_t bytes)
{
	pthread_mutex_lock(&d->lock);
	d->held -= bytes;
	if (--d->running == 0) pthread_cond_broadcast(&d->idle);
	pthread_mutex_unlock(&d->lock);
}

void desk_close(desk *d)
{
	pthread_mutex_lock(&d->lock);
	d->closed = true;
	pthread_mutex_unlock(&d->lock);
}

bool desk_wait_idle(desk *d, int64_t timeout_ms)
{
	const int64_t until = clock_now_ms(clock_system()) + timeout_ms;

	pthread_mutex_lock(&d->lock);
	while (d->running && wait_until(&d->idle, &d->lock, until)) {}
	const bool idle = d->running == 0;
	pthread_mutex_unlock(&d->lock);
	return idle;
}

size_t desk_running(desk *d)
{
	pthread_mutex_lock(&d->lock);
	const size_t n = d->running;
	pthread_mutex_unlock(&d->lock);
	return n;
}

/* ---- ended before their time ---------------------------------------------------------------------------------- */

static void may_be_aborted(desk *d, desk_job *j)
{
	const request_kind kind = j->request->kind;

	if (kind != REQUEST_PREPROC && kind != REQUEST_KEYGEN) return;
	pthread_mutex_lock(&d->lock);
	list_append(&d->abortable, &j->abortable);
	pthread_mutex_unlock(&d->lock);
}

void desk_no_longer_abortable(desk *d, desk_job *j)
{
	pthread_mutex_lock(&d->lock);
	list_leave(&j->abortable);
	pthread_mutex_unlock(&d->lock);
}

static bool is_about(const request *r, const id32 *preproc)
{
	return id_eq_var(r->kind == REQUEST_PREPROC ? &r->id : &r->keygen.preproc_id, preproc);
}

err desk_abort(desk *d, const id32 *preproc)
{
	bool asked = false;
	char id[ID_TEXT];

	pthread_mutex_lock(&d->lock);
	FOR_EACH_LINK(l, &d->abortable) {
		desk_job *j = MEMBER_OF(l, desk_job, abortable);
		if (is_about(j->request, preproc)) asked |= stop_ask(&j->stop);
	}
	pthread_mutex_unlock(&d->lock);
	if (asked) return OK;
	id_text(id, preproc);
	return err_fail(ERR_NOT_FOUND, "neither a preprocessing %s nor a key generation that uses it up is running, or it is past its "
	                "last step: ask for its result", id);
}

/* ---- in ----------------------------------------------------------------------------------------------------- */

/* A key generation must want what was prepared; what it leaves open is filled in. */
static err match_preprocessing(desk *d, request *r)
{
	buf bytes = { 0 };
	preproc_facts f;

	err e = requests_facts(d->p.table, &bytes, REQUEST_PREPROC, &r->keygen.preproc_id);
	if (e == OK) e = preproc_facts_read(&f, buf_slice(&bytes));
	buf_free(&bytes);
	if (e != OK) {
		err_context("preproc_id: ");
		return e;
	}
	if (r->insecure != f.insecure)
		return err_fail(ERR_STATE, "preproc_id: it is that of %s preprocessing; an insecure key generation needs an insecure one, and "
		                "no other may have it", f.insecure ? "an insecure" : "a secure");
	if (!r->keygen.params) r->keygen.params = f.params;
	if (r->keygen.params != f.params)
		return err_fail(ERR_REQUEST, "params: the preprocessing was made for %s, not for %s", f.params->name, r->keygen.params->name);
	if (memcmp(&r->keygen.keyset, &f.keyset, sizeof f.keyset))
		return err_fail(ERR_REQUEST, "keyset_config is not the one that the preprocessing was made for");
	if (!id_eq_var(&r->context_id, &f.context_id)) return err_fail(ERR_REQUEST, "context_id is not the one of the preprocessing");
	if (!id_eq_var(&r->epoch_id, &f.epoch_id)) return err_fail(ERR_REQUEST, "epoch_id is not the one of the preprocessing");
	return OK;
}

/* On disk before the key generation is acknowledged: after a crash the preprocessing must not be used again. */
static err use_preprocessing(desk *d, const desk_job *j)
{
	const request *r = j->request;
	const id32 *preproc = &r->keygen.preproc_id;

	TRY(requests_consume(d->p.table, REQUEST_PREPROC, preproc, &r->id));
	err e = journal_consumed(d->p.journal, preproc, &r->id, &r->body);
	if (e != OK) {
		requests_release(d->p.table, REQUEST_PREPROC, preproc);
		return e;
	}
	AUDIT(.event = AUDIT_PREPROCESSING_USED, .id = preproc, .other = &r->id);
	return OK;
}

/* On disk before a decryption is acknowledged, so that the next start goes on with it after a crash. */
static err keep_message(desk *d, const request *r, slice message)
{
	const request_view v = { .kind = r->kind, .id = r->id, .body = r->body, .state = REQUEST_PENDING };

	return journal_taken(d->p.journal, &v, message);
}

/* What the request takes for itself before anybody is told that it was taken in. */
static err take_hold(desk *d, const desk_job *j, slice message)
{
	const request *r = j->request;

	TRY(engine_prepare(d->p.engine, r));
	err e = OK;
	if (r->kind == REQUEST_KEYGEN) e = use_preprocessing(d, j);
	else if (request_is_decryption(r->kind)) e = keep_message(d, r, message);
	if (e != OK) engine_unprepare(d->p.engine, r);
	return e;
}

void desk_send_to_work(desk *d, desk_job *j)
{
	const request *r = j->request;
	const work_place place = engine_place(d->p.engine, r);

	AUDIT(.event = AUDIT_REQUEST_STARTED, .kind = r->kind, .id = &r->id);
	may_be_aborted(d, j);
	if (place == WORK_NOWHERE) {
		desk_job_run(j);
		return;
	}
	err e = pool_submit(place == WORK_CEREMONY ? d->p.ceremonies : d->p.cores, desk_job_run, j, 0);
	if (e == OK) return;
	engine_unprepare(d->p.engine, r);
	desk_no_longer_abortable(d, j);
	desk_job_fail(d, j, e);
	desk_job_end(j);
}

static err take_in(desk *d, desk_job *j, slice message)
{
	const request *r = j->request;

	TRY(requests_start(d->p.table, r->kind, &r->id, &r->body, buf_slice(&j->facts)));
	err e = take_hold(d, j, message);
	if (e != OK) requests_withdraw(d->p.table, r->kind, &r->id);
	return e;
}

desk_job *desk_job_new(desk *d, request *r)
{
	desk_job *j = calloc(1, sizeof *j);
	ASSERT(j);
	*j = (desk_job){ .desk = d, .request = r, .taken_ns = tracing_now_ns() };
	list_init(&j->abortable);
	r->stop = &j->stop;
	r->waits = &j->waits;
	if (r->kind == REQUEST_PREPROC) preproc_facts_write(&j->facts, r);
	return j;
}

/* Of formats that are squashed here? */
backlog_lane desk_lane_of(const request *r)
{
	for (size_t i = 0; i < r->decrypt.items; i++)
		if (ct_format_is_small(r->decrypt.item[i].format)) return BACKLOG_SLOW;
	return BACKLOG_FAST;
}

static err wait_behind_others(desk *d, desk_job *j)
{
	const request *r = j->request;

	if (!request_is_decryption(r->kind)) return OK;
	return backlog_take(&j->waits, d->p.backlog, desk_lane_of(r), r->decrypt.items, desk_now_ms(d));
}

err desk_submit(desk *d, request **rp, slice message)
{
	request *r = *rp;
	const size_t bytes = r->memory.used;

	TRY(policy_allows(r));
	if (r->kind == REQUEST_KEYGEN) {
		/* First, for a key generation that is known has used its preprocessing up. */
		TRY(requests_check_fresh(d->p.table, r->kind, &r->id, &r->body));
		TRY(match_preprocessing(d, r));
	}
	TRY(desk_count_in(d, bytes));
	desk_job *j = desk_job_new(d, r);
	err e = wait_behind_others(d, j);
	if (e == OK) e = take_in(d, j, message);
	if (e != OK) {
		r->stop = NULL;
		r->waits = NULL;
		j->request = NULL;                     /* stays the caller's */
		desk_job_free(j);
		desk_count_out(d, bytes);
		return e;
	}
	*rp = NULL;
	desk_send_to_work(d, j);
	return OK;
}
