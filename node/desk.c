/* SPDX-License-Identifier: MIT */
/* node/desk.c -- in, to work, out. */
#include "node/desk.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/log.h"
#include "node/admit.h"
#include "node/audit.h"
#include "node/cluster.h"
#include "node/parse.h"
#include "node/policy.h"
#include "node/replies.h"
#include "node/reshared.h"
#include "rpc/list.h"
#include "rpc/wait.h"

struct desk {
	desk_parts      p;
	pthread_mutex_t lock;
	pthread_cond_t  idle;
	size_t          running, held;       /* requests, and bytes of them */
	bool            closed;
	list            abortable;           /* jobs */
};

typedef struct job {
	desk    *desk;
	request *request;
	buf      facts;
	int64_t  started_ms;
	int64_t  taken_ns, work_ns, worked_ns;     /* for traces: since 1970 */
	stop_flag stop;
	backlog_part waits;
	list     abortable;

	/* Once the work has ended. */
	err      failed;
	char     why[512];
	buf      response;
} job;

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

static err count_in(desk *d, size_t bytes)
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

static void count_out(desk *d, size_t bytes)
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

static void may_be_aborted(desk *d, job *j)
{
	const request_kind kind = j->request->kind;

	if (kind != REQUEST_PREPROC && kind != REQUEST_KEYGEN) return;
	pthread_mutex_lock(&d->lock);
	list_append(&d->abortable, &j->abortable);
	pthread_mutex_unlock(&d->lock);
}

/* Before anybody is told how it ended. */
static void may_no_longer_be_aborted(desk *d, job *j)
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
		job *j = MEMBER_OF(l, job, abortable);
		if (is_about(j->request, preproc)) asked |= stop_ask(&j->stop);
	}
	pthread_mutex_unlock(&d->lock);
	if (asked) return OK;
	id_text(id, preproc);
	return err_fail(ERR_NOT_FOUND, "neither a preprocessing %s nor a key generation that uses it up is running, or it is past its "
	                "last step: ask for its result", id);
}

/* ---- added key sets ------------------------------------------------------------------------------------------- */

/* Whoever asks for a key that got a compressed set is told of that, before a restart and after. */
static void answer_added(void *ctx, const key_record *k)
{
	const desk *d = ctx;
	reply_keygen_again(d->p.table, k);
}

static void answer_copied(desk *d, const request *r)
{
	const key_record *added;

	if (r->kind != REQUEST_KEYGEN || !keygen_is_migration(r) || !r->keygen.copies) return;
	if (keys_added(&added, d->p.engine->keys, &r->keygen.existing)) answer_added(d, added);
}

/* ---- out ---------------------------------------------------------------------------------------------------- */

static operation inner_operation(request_kind kind)
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
	return r->kind == REQUEST_KEYGEN && keygen_is_uncompressed(r) ? OPERATION_STANDARD_KEYGEN : inner_operation(r->kind);
}

/* Does what was made stand in the vault? */
static bool made_something(request_kind kind)
{
	return kind == REQUEST_KEYGEN || kind == REQUEST_NEW_EPOCH;
}

static err record_done(desk *d, const job *j, slice response)
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

/* With the thread's sentence. */
static void end_as_failed(desk *d, operation what, request_view who, err cause)
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

static void conclude_failed(desk *d, const job *j, err cause)
{
	const request *r = j->request;

	limiter_give(d->p.limiter, r->kind);
	const request_view who = { .kind = r->kind, .id = r->id, .body = r->body, .facts = buf_slice(&j->facts) };
	end_as_failed(d, operation_of(r), who, cause);
}

static void conclude_done(desk *d, const job *j, buf *response, int64_t ms)
{
	const request *r = j->request;

	AUDIT(.event = AUDIT_REQUEST_DONE, .kind = r->kind, .id = &r->id, .amount = (uint64_t)ms);
	if (r->kind == REQUEST_KEYGEN) AUDIT(.event = AUDIT_KEY_STATE, .id = &r->id, .state = KEY_ACTIVE);
	if (r->kind == REQUEST_NEW_EPOCH) AUDIT(.event = AUDIT_EPOCH_MADE, .id = &r->id, .other = &r->context_id);
	if (made_something(r->kind)) {
		if (secret_unlocked()) AUDIT(.event = AUDIT_MEMORY_NOT_LOCKED);
	}
	metrics_took(d->p.metrics, operation_of(r), ms);
	metrics_ended(d->p.metrics, operation_of(r), GRPC_OK);
	limiter_give(d->p.limiter, r->kind);
	answer_copied(d, r);
	requests_finish_done(d->p.table, r->kind, &r->id, response);
}

static int64_t now_ms(const desk *d) { return clock_now_ms(d->p.engine->clock); }

static void job_free(job *j)
{
	backlog_end(&j->waits, now_ms(j->desk));
	request_free(&j->request);
	buf_free(&j->facts);
	buf_free(&j->response);
	free(j);
}

/* The last thing of a request that was taken in. */
static void job_end(job *j)
{
	desk *d = j->desk;
	const size_t bytes = j->request->memory.used;

	job_free(j);
	count_out(d, bytes);
}

/* The request from its coming in, and the work for it inside that. */
static void tell(desk *d, const job *j, err e)
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
	job *j = arg;
	desk *d = j->desk;
	const trace traced = j->request->traced, before = trace_enter(&traced);

	may_no_longer_be_aborted(d, j);
	/* Whatever a stop made fail, and what nobody else has bound. */
	err e = j->failed == OK ? stop_forbid(&j->stop) : stop_look(&j->stop);
	if (e == OK && j->failed != OK) e = err_fail(j->failed, "%s", j->why);
	if (e == OK) e = requests_fit(d->p.table, j->request->kind, j->response.n);
	if (e == OK) e = record_done(d, j, buf_slice(&j->response));
	tell(d, j, e);
	if (e == OK) conclude_done(d, j, &j->response, now_ms(d) - j->started_ms);
	else conclude_failed(d, j, e);
	job_end(j);
	trace_enter(&before);
}

/* Whoever did the work has more to do than to wait for the disk. */
static void ended(void *arg, err e, buf *response)
{
	job *j = arg;
	desk *d = j->desk;

	j->failed = e;
	if (e == OK) backlog_done(&j->waits, SIZE_MAX, now_ms(d));
	else backlog_end(&j->waits, now_ms(d));
	j->worked_ns = tracing_now_ns();
	if (e != OK) snprintf(j->why, sizeof j->why, "%s", err_text()[0] ? err_text() : err_name(e));
	j->response = *response;
	*response = (buf){ 0 };
	err_clear();
	if (!d->p.clerks || pool_submit(d->p.clerks, conclude, j, 0) != OK) conclude(j);
}

static void run(void *arg)
{
	job *j = arg;

	j->started_ms = now_ms(j->desk);
	j->work_ns = tracing_now_ns();
	engine_work(j->desk->p.engine, j->request, ended, j);
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
static err use_preprocessing(desk *d, const job *j)
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
static err take_hold(desk *d, const job *j, slice message)
{
	const request *r = j->request;

	TRY(engine_prepare(d->p.engine, r));
	err e = OK;
	if (r->kind == REQUEST_KEYGEN) e = use_preprocessing(d, j);
	else if (request_is_decryption(r->kind)) e = keep_message(d, r, message);
	if (e != OK) engine_unprepare(d->p.engine, r);
	return e;
}

/* The request is in the table: from here on it ends by its job. */
static void send_to_work(desk *d, job *j)
{
	const request *r = j->request;
	const work_place place = engine_place(d->p.engine, r);

	AUDIT(.event = AUDIT_REQUEST_STARTED, .kind = r->kind, .id = &r->id);
	may_be_aborted(d, j);
	if (place == WORK_NOWHERE) {
		run(j);
		return;
	}
	err e = pool_submit(place == WORK_CEREMONY ? d->p.ceremonies : d->p.cores, run, j, 0);
	if (e == OK) return;
	engine_unprepare(d->p.engine, r);
	may_no_longer_be_aborted(d, j);
	conclude_failed(d, j, e);
	job_end(j);
}

static err take_in(desk *d, job *j, slice message)
{
	const request *r = j->request;

	TRY(requests_start(d->p.table, r->kind, &r->id, &r->body, buf_slice(&j->facts)));
	err e = take_hold(d, j, message);
	if (e != OK) requests_withdraw(d->p.table, r->kind, &r->id);
	return e;
}

/* What a request leaves for later ones. */
static job *job_new(desk *d, request *r)
{
	job *j = calloc(1, sizeof *j);
	ASSERT(j);
	*j = (job){ .desk = d, .request = r, .taken_ns = tracing_now_ns() };
	list_init(&j->abortable);
	r->stop = &j->stop;
	r->waits = &j->waits;
	if (r->kind == REQUEST_PREPROC) preproc_facts_write(&j->facts, r);
	return j;
}

/* Of formats that are squashed here? */
static backlog_lane lane_of(const request *r)
{
	for (size_t i = 0; i < r->decrypt.items; i++)
		if (ct_format_is_small(r->decrypt.item[i].format)) return BACKLOG_SLOW;
	return BACKLOG_FAST;
}

static err wait_behind_others(desk *d, job *j)
{
	const request *r = j->request;

	if (!request_is_decryption(r->kind)) return OK;
	return backlog_take(&j->waits, d->p.backlog, lane_of(r), r->decrypt.items, now_ms(d));
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
	TRY(count_in(d, bytes));
	job *j = job_new(d, r);
	err e = wait_behind_others(d, j);
	if (e == OK) e = take_in(d, j, message);
	if (e != OK) {
		r->stop = NULL;
		r->waits = NULL;
		j->request = NULL;                     /* stays the caller's */
		job_free(j);
		count_out(d, bytes);
		return e;
	}
	*rp = NULL;
	send_to_work(d, j);
	return OK;
}

/* ---- after a start ------------------------------------------------------------------------------------------ */

static void restore_made(desk *d, const key_record *k)
{
	request_state known;

	/* What was answered stays, if the journal has it, whatever was signed about the key in later epochs. */
	if (requests_state(d->p.table, &known, REQUEST_KEYGEN, &k->metadata.key_id) && known == REQUEST_DONE) return;
	reply_keygen_again(d->p.table, k);
	if (requests_state(d->p.table, &known, REQUEST_PREPROC, &k->metadata.prep_id) && known == REQUEST_CONSUMED) return;
	requests_restore(d->p.table, &(request_view){ .kind = REQUEST_PREPROC, .id = k->metadata.prep_id, .why = "",
	                                              .consumed_by = k->metadata.key_id, .state = REQUEST_CONSUMED });
}

static void restore_key(void *ctx, const key_facts *f, const key_record *k)
{
	(void)f;
	restore_made(ctx, k);
}

static void restore_decompression_key(void *ctx, const key_record *k) { restore_made(ctx, k); }

/* The crash may have come before its samples were taken from the disk. */
static void drop_samples(const desk *d, const id32 *preproc)
{
	cluster *c = d->p.engine->cluster;
	err e = c ? cluster_drop_preprocessing(c, preproc) : OK;

	if (e != OK) log_err(LOG_WARN, "what is left of a preprocessing stays on the disk", e);
}

static void restore_interrupted(void *ctx, const id32 *preproc, const id32 *key, const hash32 *body)
{
	desk *d = ctx;
	request_state known;

	drop_samples(d, preproc);
	if (requests_state(d->p.table, &known, REQUEST_KEYGEN, key)) return;
	requests_restore(d->p.table, &(request_view){ .kind = REQUEST_KEYGEN, .id = *key, .body = *body, .state = REQUEST_FAILED,
		.why = "the node stopped while it made this key; begin again with a new preprocessing and a new id" });
}

static void restore_epoch(void *ctx, const epoch *x)
{
	desk *d = ctx;
	buf response = { 0 };

	reshared_reply(&response, d->p.engine->keys, &x->id);
	requests_restore(d->p.table, &(request_view){ .kind = REQUEST_NEW_EPOCH, .id = x->id, .state = REQUEST_DONE,
	                                              .response = buf_slice(&response), .why = "" });
	buf_free(&response);
}

static void restore_attempt(void *ctx, attempted what, const id32 *id)
{
	desk *d = ctx;
	const bool is_epoch = what == ATTEMPT_EPOCH;
	const request_kind kind = is_epoch ? REQUEST_NEW_EPOCH : REQUEST_PREPROC;
	request_state known;

	/* A key generation is known by the preprocessing that it used up. */
	if ((!is_epoch && what != ATTEMPT_PREPROC) || requests_state(d->p.table, &known, kind, id)) return;
	if (!is_epoch) drop_samples(d, id);
	requests_restore(d->p.table, &(request_view){ .kind = kind, .id = *id, .state = REQUEST_FAILED,
		.why = is_epoch ? "the node stopped while it set this epoch up; ask every node again"
		                : "the node stopped during this preprocessing; ask every node again, or with a fresh id" });
}

static err restore_cluster(desk *d, cluster *c)
{
	epochs_each(c->epochs, restore_epoch, d);
	return attempts_each(c->vault, restore_attempt, d);
}

err desk_restore(desk *d)
{
	keys_each(d->p.engine->keys, restore_key, d);
	keys_each_added(d->p.engine->keys, answer_added, d);
	keys_each_decompression(d->p.engine->keys, restore_decompression_key, d);
	journal_each_consumed(d->p.journal, restore_interrupted, d);
	return d->p.engine->cluster ? restore_cluster(d, d->p.engine->cluster) : OK;
}

/* ---- going on ----------------------------------------------------------------------------------------------- */

/* As if it had just been asked, but for what is on disk and in the table already. */
static err go_on(desk *d, request **r, request_kind kind, const id32 *id, slice message)
{
	TRY(parse_request(r, kind, message));
	if (!id_eq_var(&(*r)->id, id)) return err_fail(ERR_STATE, "what the journal has of it is another request");
	(*r)->traced = trace_current();
	TRY(admit(d->p.engine->keys, d->p.engine->cluster, *r));
	TRY(engine_prepare(d->p.engine, *r));
	err e = count_in(d, (*r)->memory.used);
	if (e != OK) {
		engine_unprepare(d->p.engine, *r);
		return e;
	}
	job *j = job_new(d, *r);
	backlog_add(&j->waits, d->p.backlog, lane_of(*r), (*r)->decrypt.items, now_ms(d));
	send_to_work(d, j);
	*r = NULL;
	return OK;
}

static void copy_body(void *ctx, const request_view *v)
{
	hash32 *body = ctx;
	*body = v->body;
}

static void resume(void *ctx, request_kind kind, const id32 *id, slice message)
{
	desk *d = ctx;
	request *r = NULL;
	request_view who = { .kind = kind, .id = *id };
	const trace traced = request_trace(&(trace){ 0 }, kind, id), before = trace_enter(&traced);

	err e = desk_enter(d, kind);
	if (e == OK) {
		e = go_on(d, &r, kind, id, message);
		if (e != OK) desk_leave(d, kind);
	}
	request_free(&r);
	if (e != OK) {
		requests_look(d->p.table, kind, id, copy_body, &who.body);
		end_as_failed(d, inner_operation(kind), who, e);
		err_clear();
	}
	trace_enter(&before);
}

err desk_resume(desk *d)
{
	return journal_each_pending(d->p.journal, resume, d);
}
