/* SPDX-License-Identifier: MIT */
/* node/desk_restore.c -- after a start: what keys, epochs and the journal tell of earlier requests, and decryptions that go on. */
#include "node/desk_internal.h"
#include <stdlib.h>
#include "base/log.h"
#include "node/admit.h"
#include "node/cluster.h"
#include "node/parse.h"
#include "node/replies.h"
#include "node/reshared.h"

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

/* Whoever asks for a key that got a compressed set is told of that, before a restart and after. */
static void answer_added(void *ctx, const key_record *k)
{
	const desk *d = ctx;
	reply_keygen_again(d->p.table, k);
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
	err e = desk_count_in(d, (*r)->memory.used);
	if (e != OK) {
		engine_unprepare(d->p.engine, *r);
		return e;
	}
	desk_job *j = desk_job_new(d, *r);
	backlog_add(&j->waits, d->p.backlog, desk_lane_of(*r), (*r)->decrypt.items, desk_now_ms(d));
	desk_send_to_work(d, j);
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
		desk_fail(d, desk_operation(kind), who, e);
		err_clear();
	}
	trace_enter(&before);
}

err desk_resume(desk *d)
{
	return journal_each_pending(d->p.journal, resume, d);
}
