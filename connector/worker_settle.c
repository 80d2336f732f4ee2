/* SPDX-License-Identifier: MIT */
/*
 * connector/worker_settle.c -- what becomes of a request: done, given back, failed for good, or looked at again after a pause.
 */
#include "connector/worker_internal.h"
#include <time.h>
#include "base/log.h"

enum {
	SOON_MS = 2000, LATE_MS = 60000,
	MOST_EPOCH_ATTEMPTS = 20,                /* with the pauses between them about a quarter of an hour */
};

void worker_submit(worker *w, const queue_change *change)
{
	while (queue_submit(w->c.queue, change, 1, NULL, NULL) == ERR_EXHAUSTED) {         /* the database is slower than the nodes */
		err_clear();
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	err_clear();
}

/* Nobody rings for what was postponed: it is looked for when it may be picked. */
static void look_again(worker *w, queue_kind kind, int64_t at_ms)
{
	pthread_mutex_lock(&w->lock);
	if (!w->due_ms[kind] || at_ms < w->due_ms[kind]) w->due_ms[kind] = at_ms;
	pthread_mutex_unlock(&w->lock);
}

uint32_t worker_come_due(worker *w, int64_t now_ms)
{
	uint32_t kinds = 0;

	pthread_mutex_lock(&w->lock);
	for (queue_kind k = 0; k < QUEUE_REQUESTS; k++) {
		if (!w->due_ms[k] || w->due_ms[k] > now_ms) continue;
		w->due_ms[k] = 0;
		kinds |= 1u << k;
	}
	pthread_mutex_unlock(&w->lock);
	return kinds;
}

/* 0: as often as it takes, until an operator gives it up. */
static unsigned most_attempts(const worker *w, queue_kind kind)
{
	return queue_is_decryption(kind) ? (unsigned)w->c.config->worker.max_attempts : ask_makes_epoch(kind) ? MOST_EPOCH_ATTEMPTS : 0;
}

void worker_postpone(worker *w, const queue_item *item, bool already_sent, bool blameless, const char *why)
{
	const unsigned most = most_attempts(w, item->kind);
	const bool last = most && !blameless && item->errors + 1 >= most;
	const bool paused = queue_is_decryption(item->kind) || !blameless;
	int64_t delay_ms = SOON_MS;                      /* ceremonies take their time, and are only asked how they stand */

	for (unsigned i = 0; paused && i < item->errors && delay_ms < LATE_MS; i++) delay_ms *= 2;
	if (last) log_warn("%s is given up after %u attempts: %s", queue_label(item->kind), item->errors + 1, why);
	worker_submit(w, &(queue_change){ .verb = last ? QUEUE_FAIL : QUEUE_RETRY, .kind = item->kind, .seq = item->seq, .delay_ms = delay_ms,
	                                  .already_sent = already_sent, .blameless = blameless, .reason = why });
	if (!last) look_again(w, item->kind, worker_now(w) + delay_ms);
}

void worker_fail(worker *w, const queue_item *item, const char *why)
{
	log_warn("%s fails: %s", queue_label(item->kind), why);
	worker_submit(w, &(queue_change){ .verb = QUEUE_FAIL, .kind = item->kind, .seq = item->seq, .reason = why });
}

void worker_give_back(worker *w, const queue_item *item, bool sent)
{
	if (sent && !item->already_sent) worker_submit(w, &(queue_change){ .verb = QUEUE_MARK_SENT, .kind = item->kind, .seq = item->seq });
	worker_submit(w, &(queue_change){ .verb = QUEUE_RELEASE, .kind = item->kind, .seq = item->seq });
}

void worker_complete(worker *w, const queue_item *item)
{
	worker_submit(w, &(queue_change){ .verb = QUEUE_COMPLETE, .kind = item->kind, .seq = item->seq });
}
