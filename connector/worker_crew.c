/* SPDX-License-Identifier: MIT */
/*
 * connector/worker_crew.c -- the threads that ask, what waits for one of them, and the leases of all that is under way.
 */
#include "connector/worker_internal.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SERVE_NICE = 5, DRAIN_MS = 5000 };

void worker_release_batch(batch *b)
{
	if (atomic_fetch_sub(&b->left, 1) != 1) return;
	queue_batch_free(&b->b);
	free(b);
}

/* Decryptions are picked, and contracts asked, for many at once: for a batch, or half of what may be under way; for fewer only when
 * nothing was picked for a moment, as while a node is slow. */
size_t worker_enough_room(const worker *w)
{
	return size_min((size_t)w->c.config->worker.batch, ((size_t)w->c.config->task_limit + 1) / 2);
}

/* Not under the lock. */
static void end_task(worker *w, task *t)
{
	pthread_mutex_lock(&w->lock);
	*t->before = t->after;
	if (t->after) t->after->before = t->before;
	w->n--;
	const size_t free_ = (size_t)w->c.config->task_limit - w->n;
	atomic_store(&w->tally.under_way, w->n);
	pthread_mutex_unlock(&w->lock);
	worker_release_batch(t->of);
	coprocessors_release(&t->from.attesting);
	epoch_material_free(&t->takes_over);
	announced_free(&t->context);
	free(t);
	if (free_ == 1 || free_ == worker_enough_room(w)) queue_bell_ring(w->c.bell, 0);
}

static void *serve(void *ctx)
{
	worker *w = ctx;

	(void)!nice(SERVE_NICE);                     /* of this thread alone: there are many, and the few that pick, send and commit feed them */
	for (;;) {
		pthread_mutex_lock(&w->lock);
		while (!w->first && !atomic_load(&w->ending)) pthread_cond_wait(&w->wake, &w->lock);
		task *t = w->first;
		if (t) {
			w->first = t->next;
			if (!w->first) w->end = &w->first;
		}
		pthread_mutex_unlock(&w->lock);
		if (!t) return NULL;
		if (atomic_load(&w->ending)) worker_give_back(w, t->item, false);
		else worker_ask(w, t);
		end_task(w, t);
	}
}

void worker_start_crew(worker *w)
{
	while (w->threads < WORKER_THREADS && (int64_t)w->threads < w->c.config->task_limit &&
	       pthread_create(&w->thread[w->threads], NULL, serve, w) == 0) w->threads++;
}

void worker_start_task(worker *w, batch *b, const queue_item *item, const task *like, int64_t picked_ms)
{
	task *t = malloc(sizeof *t);

	if (!t) {
		task held = *like;
		epoch_material_free(&held.takes_over);
		announced_free(&held.context);
		worker_submit(w, &(queue_change){ .verb = QUEUE_RELEASE, .kind = item->kind, .seq = item->seq });
		return;
	}
	*t = *like;
	t->of = b, t->item = item, t->next = NULL;
	coprocessors_hold(t->from.attesting);
	t->lease_until_ms = picked_ms + w->c.config->worker.lease;
	atomic_fetch_add(&b->left, 1);
	pthread_mutex_lock(&w->lock);
	t->after = w->under_way;
	t->before = &w->under_way;
	if (t->after) t->after->before = &t->after;
	w->under_way = t;
	*w->end = t;
	w->end = &t->next;
	w->n++;
	atomic_store(&w->tally.under_way, w->n);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void worker_renew(worker *w)
{
	const int64_t lease = w->c.config->worker.lease, t0 = worker_now(w);
	queue_change change[64];
	task *renewed[COUNT(change)];
	size_t n = 0;

	pthread_mutex_lock(&w->lock);
	for (task *t = w->under_way; t && n < COUNT(change); t = t->after) {
		if (t->lease_until_ms - t0 > lease / 2) continue;
		change[n] = (queue_change){ .verb = QUEUE_RENEW, .kind = t->item->kind, .seq = t->item->seq, .delay_ms = lease };
		renewed[n++] = t;
	}
	const bool asked = n && queue_submit(w->c.queue, change, n, NULL, NULL) == OK;
	for (size_t i = 0; asked && i < n; i++) renewed[i]->lease_until_ms = t0 + lease;       /* or the next time round */
	pthread_mutex_unlock(&w->lock);
	err_clear();
}

void worker_end_crew(worker *w)
{
	const int64_t until_ms = worker_now(w) + DRAIN_MS;

	for (bool busy = true; busy && worker_now(w) < until_ms; nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL)) {
		pthread_mutex_lock(&w->lock);
		busy = w->n > 0;
		pthread_mutex_unlock(&w->lock);
	}
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->ending, true);
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	buckets_stop(w->buckets);
	for (bool busy = true; busy; nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL)) {
		core_stop(w->core);
		pthread_mutex_lock(&w->lock);
		busy = w->n > 0 && w->threads > 0;
		pthread_mutex_unlock(&w->lock);
	}
	for (unsigned i = 0; i < w->threads; i++) pthread_join(w->thread[i], NULL);
	w->threads = 0;
}
