/* SPDX-License-Identifier: MIT */
/* connector/onlooker.c -- who asks takes a number; an answer is good for all numbers that were taken before its question was put. */
#include "connector/onlooker.h"

#include <stdlib.h>

#include "base/wait.h"

typedef enum topic { REACHED, COUNTS, TOPICS } topic;
enum { MAX_WHY = 1024 };

typedef struct answer {
	uint64_t taken, good_for;            /* numbers */
	err      e;
	char     why[MAX_WHY];
} answer;

struct onlooker {
	queue *q;
	pthread_t thread;
	pthread_mutex_t lock;                /* of what follows */
	pthread_cond_t news;
	bool     stop, asks;                 /* asks: a question is with the database, since then: */
	int64_t  since_ms;
	answer   of[TOPICS];
	queue_count count[QUEUE_KINDS];
	queue_count fresh[QUEUE_KINDS];      /* the asking thread's own */
};

/* ---- the one that asks -------------------------------------------------------------------------------------------- */

static bool next(topic *out, const onlooker *o)
{
	for (topic t = 0; t < TOPICS; t++)
		if (o->of[t].taken > o->of[t].good_for) {
			*out = t;
			return true;
		}
	return false;
}

/* Holds the lock, but not while the database is asked. */
static void put_question(onlooker *o, topic t)
{
	answer *a = &o->of[t];
	const uint64_t number = a->taken;

	o->asks = true, o->since_ms = clock_now_ms(clock_system());
	pthread_mutex_unlock(&o->lock);
	const err e = t == REACHED ? queue_reached(o->q) : queue_counts(o->fresh, o->q);
	pthread_mutex_lock(&o->lock);
	o->asks = false;
	a->good_for = number;
	a->e = e;
	snprintf(a->why, sizeof a->why, "%s", e == OK ? "" : err_text());
	if (t == COUNTS && e == OK) memcpy(o->count, o->fresh, sizeof o->count);
	err_clear();
	pthread_cond_broadcast(&o->news);
}

static void *ask_on(void *ctx)
{
	onlooker *o = ctx;
	topic t;

	pthread_mutex_lock(&o->lock);
	while (!o->stop) {
		if (next(&t, o)) put_question(o, t);
		else pthread_cond_wait(&o->news, &o->lock);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

err onlooker_new(onlooker **out, queue *q)
{
	onlooker *o = calloc(1, sizeof *o);

	if (!o) return err_fail(ERR_NOMEM, "no memory for who looks at the database");
	o->q = q;
	pthread_mutex_init(&o->lock, NULL);
	wait_init(&o->news);
	if (pthread_create(&o->thread, NULL, ask_on, o) == 0) {
		*out = o;
		return OK;
	}
	pthread_cond_destroy(&o->news);
	pthread_mutex_destroy(&o->lock);
	free(o);
	return err_fail(ERR_NOMEM, "no thread for who looks at the database");
}

void onlooker_free(onlooker **op)
{
	onlooker *o = *op;

	if (!o) return;
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	pthread_cond_broadcast(&o->news);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->news);
	pthread_mutex_destroy(&o->lock);
	free(o);
	*op = NULL;
}

/* ---- those that watch --------------------------------------------------------------------------------------------- */

/* Whatever hangs for so long already is not waited for again: a watch that comes every second would always have one who waits. */
static err hear(onlooker *o, topic t, int64_t timeout_ms)
{
	answer *a = &o->of[t];
	const int64_t now = clock_now_ms(clock_system());
	const uint64_t mine = ++a->taken;

	pthread_cond_broadcast(&o->news);
	while (a->good_for < mine) {
		const int64_t at = (o->asks && o->since_ms < now ? o->since_ms : now) + timeout_ms;
		if (wait_until(&o->news, &o->lock, at)) continue;
		const int64_t since = o->asks ? o->since_ms : now;
		if (a->good_for < mine)
			return err_fail(ERR_IO, "the database has not answered for %.1f s: see whether it hangs, or who holds a lock there",
			                (double)(clock_now_ms(clock_system()) - since) / 1000);
	}
	return a->e == OK ? OK : err_fail(a->e, "%s", a->why);
}

err onlooker_reached(onlooker *o, int64_t timeout_ms)
{
	pthread_mutex_lock(&o->lock);
	const err e = hear(o, REACHED, timeout_ms);
	pthread_mutex_unlock(&o->lock);
	return e;
}

err onlooker_counts(queue_count out[static QUEUE_KINDS], onlooker *o, int64_t timeout_ms)
{
	pthread_mutex_lock(&o->lock);
	const err e = hear(o, COUNTS, timeout_ms);
	if (e == OK) memcpy(out, o->count, sizeof o->count);
	pthread_mutex_unlock(&o->lock);
	return e;
}
