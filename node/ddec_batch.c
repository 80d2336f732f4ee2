/* SPDX-License-Identifier: MIT */
/*
 * node/ddec_batch.c -- from the queue to masked shares.
 *
 * Batches are bounded by the cores: while these are busy the queue grows, and so do the next batches.  Small formats, whose
 * squash takes up to seconds on all cores, go one batch at a time, so that they never keep others from the cores for longer
 * than that.
 */
#include <stdlib.h>
#include "node/ddec_internal.h"
#include "node/small_keys.h"
#include "seal/signcrypt.h"
#include "tkms/reconstruct.h"

enum { LINGER_MS = 1, MANY = 64, LEAST_IN_BATCH = 4, MOST_IN_BATCH = 32 };

typedef struct batch {
	ddec  *d;
	bool   slow;
	size_t n;
	ddec_item *item[MOST_IN_BATCH];
	squashed   ct[MOST_IN_BATCH];
	lwe64_run  plain[MOST_IN_BATCH];         /* of small formats: what is to be squashed */
	masked     out[MOST_IN_BATCH];
} batch;

static const decrypt_item *asked(const ddec_item *item)
{
	return &item->of->request->decrypt.item[item->index];
}

static bool is_slow(const ddec_item *item) { return ct_format_is_small(asked(item)->format); }

/* ---- work: on a thread of the pool -------------------------------------------------------------------------------- */

static size_t memory_of(const batch *b)
{
	const ddec_request *q = b->item[0]->of;
	const online_key *key = own_part_online(q->key);
	size_t bytes = 4096, blocks = 0;

	for (size_t i = 0; i < b->n; i++) {
		const decrypt_item *x = asked(b->item[i]);
		bytes += squash_file_memory(key->params, x->type, x->file);
		blocks += x->type->blocks;
	}
	return bytes + partial_decrypt_memory(key->holder.d, blocks, b->n);
}

static err read_one(batch *b, arena *a, size_t i, size_t to, const eval_keys *small)
{
	const ddec_request *q = b->item[i]->of;
	const decrypt_item *x = asked(b->item[i]);

	return squash_read(&b->ct[to], &b->plain[to], a, own_part_online(q->key)->params, x->type, x->format, x->file, small,
	                   b->d->p.engine->cores);
}

/* This node's part of it is done, before the item goes where its request may end. */
static void computed(const ddec_item *item)
{
	const ddec_request *q = item->of;
	backlog_done(q->request->waits, 1, clock_now_ms(q->of->p.engine->clock));
}

/* Those that cannot be read end here; the others stay, in order, and are squashed together. */
static err squash_all(batch *b, arena *a)
{
	const engine *e = b->d->p.engine;
	const eval_keys *small = NULL;
	size_t kept = 0;

	if (b->slow) TRY(small_keys(&small, e, b->item[0]->of->key));
	for (size_t i = 0; i < b->n; i++) {
		err read = read_one(b, a, i, kept, small);
		if (read == OK) {
			b->item[kept++] = b->item[i];
			continue;
		}
		computed(b->item[i]);
		ddec_item_ended(b->item[i], read);
	}
	b->n = kept;
	return b->slow && b->n ? squash_rest(b->ct, b->plain, b->n, a, small, e->cores) : OK;
}

static void seal_one(ddec_item *item, const masked *m)
{
	const ddec_request *q = item->of;
	const decrypt_request *x = &q->request->decrypt;
	const engine *e = q->of->p.engine;
	buf vector = { 0 };

	share_vector_write(&vector, m, q->epoch->d);
	signcrypt(e->signer, &q->sealed[item->index], &x->enc_key, &x->client, &q->link, x->item[item->index].type->number,
	          buf_slice(&vector), e->random);
	buf_free(&vector);
}

static err keep_share(ddec_item *item, const masked *m)
{
	const size_t n = (size_t)m->elements * item->of->epoch->d * sizeof(u128);

	TRY(ddec_request_alloc(item->of, &item->share, n));
	memcpy(item->share, m->bytes, n);
	item->h = m->h;
	item->elements = m->elements;
	return OK;
}

static void make_ready(ddec *d, ddec_item *item)
{
	pthread_mutex_lock(&d->lock);
	item->next = NULL;
	*d->ready_end = item;
	d->ready_end = &item->next;
	pthread_mutex_unlock(&d->lock);
}

static void pass_on(batch *b, size_t i)
{
	const node_seams *seams = b->d->p.seams;
	ddec_item *item = b->item[i];
	const decrypt_operation operation = item->of->operation;

	computed(item);
	if (seams && seams->partial) seams->partial(seams->ctx, &b->out[i], operation, item->of->epoch->d);
	if (operation == DECRYPT_USER) {
		seal_one(item, &b->out[i]);
		ddec_item_ended(item, OK);
		return;
	}
	err e = keep_share(item, &b->out[i]);
	if (e == OK) make_ready(b->d, item);
	else ddec_item_ended(item, e);
}

static err decrypt_all(batch *b, arena *a)
{
	const ddec_request *q = b->item[0]->of;

	return partial_decrypt(b->out, a, own_part_online(q->key), q->epoch->masks, q->operation, b->ct, b->n);
}

static void all_failed(batch *b, err e)
{
	char why[512];

	snprintf(why, sizeof why, "%s", err_text());
	for (size_t i = 0; i < b->n; i++) {
		computed(b->item[i]);
		ddec_item_ended(b->item[i], err_fail(e, "%s", why));
	}
}

static void run_batch(void *arg)
{
	batch *b = arg;
	ddec *d = b->d;
	arena a = arena_with_limit(memory_of(b));

	atomic_fetch_add(&d->batches, 1);
	atomic_fetch_add(&d->items, b->n);
	err e = squash_all(b, &a);
	if (e == OK && b->n) e = decrypt_all(b, &a);
	if (e != OK) all_failed(b, e);
	else for (size_t i = 0; i < b->n; i++) pass_on(b, i);
	arena_free(&a);
	pthread_mutex_lock(&d->lock);
	d->running--;
	if (b->slow) d->slow_runs = false;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	free(b);
}

/* ---- forming: under the lock ---------------------------------------------------------------------------------------- */

static bool fits(const batch *b, const ddec_item *item)
{
	const ddec_request *first = b->item[0]->of, *q = item->of;
	return q->key == first->key && q->epoch == first->epoch && q->operation == first->operation && is_slow(item) == b->slow;
}

/* Takes the first item that may go and those that fit it, at most so many; NULL if none may.  Of small formats no other batch
 * runs meanwhile, and all that wait pass the key together. */
static batch *form(ddec *d, size_t most)
{
	batch *b = calloc(1, sizeof *b);

	ASSERT(b);
	b->d = d;
	for (ddec_item **at = &d->queue; *at && b->n < (b->slow ? MOST_IN_BATCH : most);) {
		ddec_item *item = *at;
		const bool takes = b->n ? fits(b, item) : !(is_slow(item) && d->slow_runs);
		if (!takes) {
			at = &item->next;
			continue;
		}
		if (b->n == 0) b->slow = is_slow(item);
		b->item[b->n++] = item;
		*at = item->next;
		if (!*at) d->queue_end = at;
	}
	if (b->n) return b;
	free(b);
	return NULL;
}

static void send_off(ddec *d, batch *b)
{
	d->queued -= b->n;
	d->running++;
	if (b->slow) d->slow_runs = true;
	err e = pool_submit(d->p.engine->cores, run_batch, b, 0);
	ASSERT(e == OK);                                 /* no bound was asked for */
}

int64_t ddec_dispatch(ddec *d, int64_t now_ms)
{
	const size_t each = (d->queued + d->cores - 1) / d->cores;
	const size_t most = size_min(size_max(each, LEAST_IN_BATCH), MOST_IN_BATCH);

	if (d->queued == 0) return INT64_MAX;
	if (d->running > 0 && d->queued < MANY && now_ms < d->oldest_ms + LINGER_MS) return d->oldest_ms + LINGER_MS;
	while (d->queued && d->running <= d->cores) {
		batch *b = form(d, most);
		if (!b) return INT64_MAX;                    /* slow ones, behind a slow one that runs */
		send_off(d, b);
	}
	d->oldest_ms = now_ms;
	return INT64_MAX;                                /* a batch that ends wakes the thread */
}
