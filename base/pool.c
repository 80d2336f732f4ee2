/* SPDX-License-Identifier: MIT */
/* base/pool.c -- one queue, one lock, N threads. */
#include "base/pool.h"
#include "base/base.h"
#include "base/trace.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

typedef struct task {
	void (*run)(void *);
	void *arg;
	trace traced;
	struct task *next;
} task;

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t  more;
	task  *first, **end;
	size_t waiting;
	bool   closing;
	unsigned threads;
	pthread_t thread[];
};

static void *work(void *arg)
{
	pool *p = arg;

	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (!p->first && !p->closing) pthread_cond_wait(&p->more, &p->lock);
		task *t = p->first;
		if (t) {
			p->first = t->next;
			if (!p->first) p->end = &p->first;
			p->waiting--;
		}
		pthread_mutex_unlock(&p->lock);
		if (!t) return NULL;
		trace_enter(&t->traced);
		t->run(t->arg);
		free(t);
	}
}

err pool_new(pool **out, unsigned threads)
{
	if (threads == 0) threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	pool *p = calloc(1, sizeof *p + threads * sizeof p->thread[0]);
	if (!p) return err_fail(ERR_NOMEM, "no memory for a pool of %u threads", threads);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	p->end = &p->first;
	for (; p->threads < threads; p->threads++)
		if (pthread_create(&p->thread[p->threads], NULL, work, p)) break;
	if (p->threads == 0) {
		pool_free(&p);
		return err_fail(ERR_NOMEM, "cannot start a thread; is the limit on processes reached?");
	}
	*out = p;
	return OK;
}

void pool_free(pool **pp)
{
	pool *p = *pp;
	if (!p) return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++) pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
	*pp = NULL;
}

err pool_submit(pool *p, void (*run)(void *), void *arg, size_t most)
{
	task *t = malloc(sizeof *t);
	if (!t) return err_fail(ERR_NOMEM, "no memory for a job");
	*t = (task){ .run = run, .arg = arg, .traced = trace_current() };

	pthread_mutex_lock(&p->lock);
	bool full = most && p->waiting >= most;
	if (!full) {
		*p->end = t;
		p->end = &t->next;
		p->waiting++;
		pthread_cond_signal(&p->more);
	}
	pthread_mutex_unlock(&p->lock);
	if (!full) return OK;
	free(t);
	return err_fail(ERR_EXHAUSTED, "%zu jobs are waiting already", most);
}

size_t pool_waiting(pool *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->waiting;
	pthread_mutex_unlock(&p->lock);
	return n;
}

unsigned pool_threads(const pool *p)
{
	return p->threads;
}

/* ---- pool_each ---------------------------------------------------------------------------------------------- */

typedef struct each {
	void (*body)(void *, size_t);
	void *ctx;
	size_t count;
	_Atomic size_t next;
	_Atomic unsigned references;
	size_t done;
	pthread_mutex_t lock;
	pthread_cond_t  finished;
} each;

static void each_release(each *e)
{
	if (atomic_fetch_sub(&e->references, 1) != 1) return;
	pthread_cond_destroy(&e->finished);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static void each_run(each *e)
{
	size_t mine = 0;
	for (size_t i; (i = atomic_fetch_add(&e->next, 1)) < e->count; mine++) e->body(e->ctx, i);
	if (mine == 0) return;
	pthread_mutex_lock(&e->lock);
	e->done += mine;
	if (e->done == e->count) pthread_cond_signal(&e->finished);
	pthread_mutex_unlock(&e->lock);
}

static void each_helper(void *arg)
{
	each_run(arg);
	each_release(arg);
}

void pool_each(pool *p, size_t count, void (*body)(void *, size_t), void *ctx)
{
	each *e = p && count > 1 ? calloc(1, sizeof *e) : NULL;
	if (!e) {
		for (size_t i = 0; i < count; i++) body(ctx, i);
		return;
	}
	e->body = body, e->ctx = ctx, e->count = count, e->references = 1;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->finished, NULL);
	for (size_t i = 0; i + 1 < size_min(count, p->threads + 1u); i++) {
		atomic_fetch_add(&e->references, 1);
		if (pool_submit(p, each_helper, e, 0) != OK) {
			atomic_fetch_sub(&e->references, 1);
			err_clear();
			break;
		}
	}
	/* The caller works too, so this ends even when every thread of the pool is busy elsewhere. */
	each_run(e);
	pthread_mutex_lock(&e->lock);
	while (e->done < count) pthread_cond_wait(&e->finished, &e->lock);
	pthread_mutex_unlock(&e->lock);
	each_release(e);
}

/* ---- pool_try ----------------------------------------------------------------------------------------------- */

typedef struct tries {
	err (*body)(void *, size_t);
	void *ctx;
	pthread_mutex_t lock;
	err    failed;
	size_t at;
	char   sentence[512];
} tries;

static void try_one(void *arg, size_t i)
{
	tries *t = arg;
	err e = t->body(t->ctx, i);

	if (e == OK) return;
	pthread_mutex_lock(&t->lock);
	if (t->failed == OK || i < t->at) {
		t->failed = e;
		t->at = i;
		snprintf(t->sentence, sizeof t->sentence, "%s", err_text());
	}
	pthread_mutex_unlock(&t->lock);
	err_clear();
}

err pool_try(pool *p, size_t count, err (*body)(void *, size_t), void *ctx)
{
	tries t = { .body = body, .ctx = ctx };

	pthread_mutex_init(&t.lock, NULL);
	pool_each(p, count, try_one, &t);
	pthread_mutex_destroy(&t.lock);
	return t.failed == OK ? OK : err_fail(t.failed, "%s", t.sentence);
}
