/* SPDX-License-Identifier: MIT */
/*
 * connector/worker_pick.c -- what is picked when, and what the contracts say of it: then it is begun, put off, or failed.
 */
#include "connector/worker_internal.h"
#include <stdlib.h>
#include "base/log.h"

/* Where its ciphertexts are: all materials of a request have the same coprocessors, who agreed on them; without materials all are asked. */
static err find_buckets(worker *w, task *like, const queue_item *item)
{
	queue_material m;

	like->from = (fetch_from){ 0 };
	if (!queue_is_decryption(item->kind) || item->already_sent) return OK;
	if (w->c.config->profile->attested) {
		like->from.attesting = w->attesting;
		return OK;
	}
	if (item->materials.n == 0)
		return err_fail(ERR_UNSUPPORTED, "a request that names handles only is of contracts that this profile does not serve: set profile = \"v0.15\"");
	TRY(queue_read_material(&m, item->materials.item[0]));
	like->from.urls = MAX_BUCKET_URLS;
	return checks_buckets(w->checks, like->from.url, &like->from.urls, &m);
}

/* Without them those must do whom the gateway knows: all, unless the context has new ones. */
static void find_members(worker *w, task *like, const queue_item *item)
{
	const err e = checks_announced(w->checks, &like->context, item);
	if (e != OK) log_err(LOG_WARN, "who the nodes of an epoch's context are is not known", e);
	err_clear();
}

static void start(worker *w, batch *b, const queue_item *item, const checked *c, int64_t picked_ms)
{
	task like = { 0 };

	switch (c->verdict) {
	case CHECK_DONE:
		worker_complete(w, item);
		return;
	case CHECK_AWAY:
	case CHECK_LATER:
		atomic_fetch_add(&w->tally.check_errors[c->type], 1);
		worker_postpone(w, item, item->already_sent, c->verdict == CHECK_AWAY, c->why);
		return;
	case CHECK_NEVER:
		atomic_fetch_add(&w->tally.check_errors[c->type], 1);
		worker_fail(w, item, c->why);
		return;
	case CHECK_GO:
		break;
	}
	err e = find_buckets(w, &like, item);
	if (e == OK && item->kind == QUEUE_NEW_EPOCH && !item->already_sent) e = checks_epoch_material(w->checks, &like.takes_over, item);
	if (e == OK && item->kind == QUEUE_NEW_CONTEXT && !item->already_sent) e = checks_announced(w->checks, &like.context, item);
	if (e == OK && item->kind == QUEUE_NEW_EPOCH) find_members(w, &like, item);
	if (e == OK) worker_start_task(w, b, item, &like, picked_ms);
	else if (e == ERR_REQUEST || e == ERR_UNSUPPORTED) worker_fail(w, item, err_text());
	else worker_postpone(w, item, item->already_sent, true, err_text());
	err_clear();
}

size_t worker_room(worker *w, queue_kind kind, int64_t now_ms)
{
	pthread_mutex_lock(&w->lock);
	const size_t limit = (size_t)w->c.config->task_limit, free_ = w->n < limit ? limit - w->n : 0;
	pthread_mutex_unlock(&w->lock);
	if (w->told || (w->told_attesting && queue_is_decryption(kind))) return 0;
	if (!queue_is_decryption(kind)) return size_min(free_, 1);
	if (free_ < worker_enough_room(w) && now_ms - w->picked_ms < WORKER_TICK_MS) return 0;
	w->picked_ms = now_ms;
	return size_min(free_, (size_t)w->c.config->worker.batch);
}

bool worker_pick(worker *w, queue_kind kind, size_t n)
{
	batch *b = calloc(1, sizeof *b);
	checked *verdicts = b ? calloc(n, sizeof *verdicts) : NULL;

	if (!verdicts) return free(b), false;
	atomic_init(&b->left, 1);
	const int64_t picked_ms = worker_now(w);
	err e = queue_pick(&b->b, w->c.queue, kind, n, w->c.config->worker.lease);
	const bool more = e == OK && b->b.n + b->b.broken == n;
	if (e == OK) {
		atomic_fetch_add(&w->tally.received[kind], b->b.n);
		atomic_fetch_add(&w->tally.received_errors[kind], b->b.broken);
		if (b->b.n) e = checks_run(w->checks, verdicts, b->b.item, b->b.n);
		for (size_t i = 0; e == OK && i < b->b.n; i++) start(w, b, &b->b.item[i], &verdicts[i], picked_ms);
	}
	if (e != OK) log_err(LOG_WARN, "requests could not be picked", e);
	free(verdicts);
	worker_release_batch(b);
	return more && e == OK;
}
