/* SPDX-License-Identifier: MIT */
/* node/ddec.c -- requests come in as items and end when the last of these does. */
#include <stdlib.h>
#include "base/wait.h"
#include "node/answers.h"
#include "node/ddec_internal.h"
#include "tkms/reconstruct.h"

/* ---- the end of a request ----------------------------------------------------------------------------------------- */

static void request_free_all(ddec_request *q)
{
	ddec *d = q->of;

	keys_release(d->p.engine->keys, &q->key);
	epochs_release(d->p.epochs, &q->epoch);
	for (size_t i = 0; q->sealed && i < q->request->decrypt.items; i++) buf_free(&q->sealed[i]);
	arena_free(&q->memory);                          /* wipes values and shares */
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static err answer(const ddec_request *q, buf *response)
{
	const engine *e = q->of->p.engine;
	const mpc_context *k = q->epoch->context;
	const party_identity by = { k->me, k->t, true };

	if (q->failed != OK) return err_fail(q->failed, "%s", q->why);
	if (q->operation == DECRYPT_PUBLIC) return answer_public(e, response, q->request, q->value);
	answer_user(e, response, q->request, &q->link, q->sealed, &by);
	return OK;
}

static void end_request(void *arg)
{
	ddec_request *q = arg;
	work_ended *ended = q->ended;
	void *ctx = q->ctx;
	buf response = { 0 };

	err e = answer(q, &response);
	request_free_all(q);                             /* q->request is the caller's until ended is called */
	ended(ctx, e, &response);
	buf_free(&response);
}

static void note_failure(ddec_item *item, err e)
{
	ddec_request *q = item->of;

	pthread_mutex_lock(&q->lock);
	if (q->failed == OK) {
		q->failed = e;
		atomic_store(&q->hopeless, true);
		snprintf(q->why, sizeof q->why, "%s[%zu]: %.400s", request_items_field(q->request->kind), item->index,
		         err_text()[0] ? err_text() : err_name(e));
	}
	pthread_mutex_unlock(&q->lock);
	err_clear();
}

void ddec_item_ended(ddec_item *item, err e)
{
	ddec_request *q = item->of;

	if (e != OK) note_failure(item, e);
	if (atomic_fetch_sub(&q->left, 1) > 1) return;
	/* Signing and the journal are not for the thread that decodes for everybody. */
	if (pool_submit(q->of->p.engine->cores, end_request, q, 0) != OK) end_request(q);
}

err ddec_request_alloc(ddec_request *q, uint8_t **out, size_t n)
{
	pthread_mutex_lock(&q->lock);
	err e = arena_new(&q->memory, out, n);
	pthread_mutex_unlock(&q->lock);
	return e;
}

/* ---- in ------------------------------------------------------------------------------------------------------------ */

static size_t memory_for(const request *r)
{
	enum { MOST_SHARE = MAX_OPEN_ELEMENTS * GR_MAX_BYTES };
	return (r->decrypt.items + 1) * (sizeof(ddec_item) + sizeof(plaintext) + sizeof(buf) + MOST_SHARE + 512) + 4096;
}

static err prepare(ddec *d, ddec_request *q, const request *r)
{
	const decrypt_request *x = &r->decrypt;

	TRY(keys_hold(&q->key, d->p.engine->keys, &r->epoch_id, &x->key_id));
	TRY(epochs_hold(&q->epoch, d->p.epochs, &r->epoch_id, &r->context_id));
	TRY(peers_committee(&q->with, d->peers, q->epoch->context));
	TRY(arena_new(&q->memory, &q->item, x->items));
	for (size_t i = 0; i < x->items; i++) q->item[i] = (ddec_item){ .of = q, .index = i };
	if (q->operation == DECRYPT_PUBLIC) return arena_new(&q->memory, &q->value, x->items);
	q->link = kms712_link(&r->domain, x->enc_key_wire, x->handle, x->items, &x->client);
	return arena_new(&q->memory, &q->sealed, x->items);
}

err ddec_submit(ddec *d, const request *r, work_ended *ended, void *ctx)
{
	ddec_request *q = calloc(1, sizeof *q);

	if (!q) return err_fail(ERR_NOMEM, "no memory for a decryption");
	*q = (ddec_request){ .of = d, .request = r, .ended = ended, .ctx = ctx, .memory = arena_with_limit(memory_for(r)),
	                     .operation = r->kind == REQUEST_PUBLIC_DECRYPT ? DECRYPT_PUBLIC : DECRYPT_USER };
	pthread_mutex_init(&q->lock, NULL);
	atomic_init(&q->left, r->decrypt.items);
	err e = prepare(d, q, r);
	if (e != OK) {
		request_free_all(q);
		return e;
	}
	pthread_mutex_lock(&d->lock);
	if (!d->queue) d->oldest_ms = clock_now_ms(clock_system());
	for (size_t i = 0; i < r->decrypt.items; i++) {
		*d->queue_end = &q->item[i];
		d->queue_end = &q->item[i].next;
	}
	d->queued += r->decrypt.items;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	return OK;
}

/* ---- the life of it ------------------------------------------------------------------------------------------------- */

err ddec_new(ddec **out, const ddec_parts *parts)
{
	ddec *d = calloc(1, sizeof *d);

	if (!d) return err_fail(ERR_NOMEM, "no memory for the decryptions");
	d->p = *parts;
	d->cores = parts->threads;
	d->queue_end = &d->queue;
	d->ready_end = &d->ready;
	d->mail_end = &d->mail;
	d->started_ms = clock_now_ms(clock_system());
	pthread_mutex_init(&d->lock, NULL);
	wait_init(&d->wake);
	d->has_thread = pthread_create(&d->thread, NULL, ddec_thread, d) == 0;
	if (!d->has_thread) {
		ddec_free(&d);
		return err_fail(ERR_NOMEM, "no thread for the decryptions");
	}
	*out = d;
	return OK;
}

void ddec_use_peers(ddec *d, peers *p) { d->peers = p; }

void ddec_stop(ddec *d)
{
	if (!d || !d->has_thread) return;
	pthread_mutex_lock(&d->lock);
	ASSERT(d->queued == 0 && d->running == 0 && !d->ready);
	d->stopping = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	d->has_thread = false;
}

void ddec_free(ddec **dp)
{
	ddec *d = *dp;
	if (!d) return;
	ddec_stop(d);
	ddec_desks_free(d);
	for (ddec_mail *m = d->mail, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	pthread_cond_destroy(&d->wake);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*dp = NULL;
}

ddec_counts ddec_counts_of(ddec *d)
{
	pthread_mutex_lock(&d->lock);
	const uint64_t queued = d->queued;
	pthread_mutex_unlock(&d->lock);
	return (ddec_counts){ queued, atomic_load(&d->opening), atomic_load(&d->batches), atomic_load(&d->items),
	                      atomic_load(&d->opened) };
}
