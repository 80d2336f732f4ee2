/* SPDX-License-Identifier: MIT */
/* store/committer.c -- a queue of groups, and the thread that commits the front of it. */
#include "store/committer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "base/wait.h"

enum { RETRY_MS = 100, GROUP_OPS = 4096 };      /* statements in one commit, unless one group alone has more */

typedef struct group group;
struct group {
	group   *next;
	committed_fn *done;
	void    *ctx;
	store_op *op;                        /* behind it, in the same piece of memory, all that it points to */
	size_t   n, size;
	int64_t  came_us;
};

struct store_committer {
	store *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t  news;
	group  *first, **last;
	size_t  waiting, bytes;
	bool    closing;
	atomic_bool behind;
};

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- copies ------------------------------------------------------------------------------------------------------- */

static size_t round_up(size_t n) { return (n + 15) & ~(size_t)15; }

static size_t value_size(const store_value *v)
{
	size_t n = 0;

	if (v->type == STORE_BYTES || v->type == STORE_TEXT) return round_up(v->bytes.n);
	if (v->type != STORE_LIST) return 0;
	for (size_t i = 0; i < v->list.n; i++) n += round_up(v->list.item[i].n);
	return n + round_up(v->list.n * sizeof(slice));
}

static void *put(uint8_t **at, const void *p, size_t n)
{
	void *copy = *at;

	if (n) memcpy(copy, p, n);
	*at += round_up(n);
	return copy;
}

static void copy_value(store_value *v, uint8_t **at)
{
	if (v->type == STORE_BYTES || v->type == STORE_TEXT) v->bytes.p = put(at, v->bytes.p, v->bytes.n);
	if (v->type != STORE_LIST) return;
	slice *item = put(at, v->list.item, v->list.n * sizeof *item);
	for (size_t i = 0; i < v->list.n; i++) item[i].p = put(at, item[i].p, item[i].n);
	v->list.item = item;
}

static group *copy_group(const store_op *ops, size_t n)
{
	size_t size = round_up(sizeof(group)) + round_up(n * sizeof *ops);

	for (size_t i = 0; i < n; i++) {
		size += round_up(ops[i].params * sizeof *ops[i].param);
		for (unsigned k = 0; k < ops[i].params; k++) size += value_size(&ops[i].param[k]);
	}
	group *g = malloc(size);
	if (!g) return NULL;
	uint8_t *at = (uint8_t *)g + round_up(sizeof *g);
	*g = (group){ .op = put(&at, ops, n * sizeof *ops), .n = n, .size = size };
	for (size_t i = 0; i < n; i++) {
		store_value *param = put(&at, ops[i].param, ops[i].params * sizeof *param);
		for (unsigned k = 0; k < ops[i].params; k++) copy_value(&param[k], &at);
		g->op[i].param = param;
		g->op[i].changed = 0;
	}
	return g;
}

/* ---- the thread --------------------------------------------------------------------------------------------------- */

/* With the lock.  False: closing. */
static bool sleep_until(store_committer *c, int64_t us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	while (!c->closing && now_us() < us && pthread_cond_timedwait(&c->news, &c->lock, &t) == 0 && c->waiting < COMMITTER_GROUPS) { }
	return !c->closing;
}

static void finish(store_committer *c, group *g, err e, size_t bad)
{
	int64_t few[16], *changed = g->n <= COUNT(few) ? few : malloc(g->n * sizeof *changed);

	ASSERT(changed);
	for (size_t i = 0; i < g->n; i++) changed[i] = e == OK ? g->op[i].changed : 0;
	if (g->done) g->done(g->ctx, e, bad, changed, g->n);
	if (changed != few) free(changed);
	pthread_mutex_lock(&c->lock);
	c->waiting--, c->bytes -= g->size;
	pthread_mutex_unlock(&c->lock);
	free(g);
}

/* All groups of the list in one commit; a group that is refused leaves the list and the others are tried without it. */
static err commit(store_committer *c, group **list)
{
	while (*list) {
		store_op *ops;
		size_t n = 0, at = 0, bad = 0;

		for (group *g = *list; g; g = g->next) n += g->n;
		if (!(ops = malloc(n * sizeof *ops))) return err_fail(ERR_NOMEM, "no memory for %zu statements", n);
		for (group *g = *list; g; at += g->n, g = g->next) memcpy(ops + at, g->op, g->n * sizeof *ops);
		err e = store_batch(c->db, ops, n, &bad);
		at = 0;
		for (group *g = *list; e == OK && g; g = g->next)
			for (size_t i = 0; i < g->n; i++) g->op[i].changed = ops[at++].changed;
		free(ops);
		if (e == OK) return OK;
		if (e != ERR_REQUEST && e != ERR_INTERNAL) return e;
		group **from = list;
		for (; bad >= (*from)->n; from = &(*from)->next) bad -= (*from)->n;
		group *g = *from;
		*from = g->next;
		finish(c, g, e, bad);
		err_clear();
	}
	return OK;
}

/* With the lock: the front of the queue, as many as fit one commit. */
static group *take(store_committer *c)
{
	group *list = c->first, **end = &list;
	size_t groups = 0, ops = 0;

	while (*end && groups < COMMITTER_GROUPS && (groups == 0 || ops + (*end)->n <= GROUP_OPS)) {
		groups++, ops += (*end)->n;
		end = &(*end)->next;
	}
	c->first = *end;
	*end = NULL;
	if (!c->first) c->last = &c->first;
	return list;
}

/* Until it is done; at the end of everything a failure is the last word. */
static void commit_in_the_end(store_committer *c, group *list)
{
	bool going = true;
	err e;

	while ((e = commit(c, &list)) != OK && going) {
		atomic_store(&c->behind, true);
		pthread_mutex_lock(&c->lock);
		going = sleep_until(c, now_us() + RETRY_MS * 1000);
		pthread_mutex_unlock(&c->lock);
	}
	atomic_store(&c->behind, e != OK);
	if (e != OK) e = err_fail(ERR_CANCELLED, "not committed before the end: the database is away");
	for (group *next; list; list = next) {
		next = list->next;
		finish(c, list, e, 0);
	}
	err_clear();
}

static void *run(void *arg)
{
	store_committer *c = arg;

	pthread_mutex_lock(&c->lock);
	while (c->first || !c->closing) {
		if (!c->first) {
			pthread_cond_wait(&c->news, &c->lock);
			continue;
		}
		if (c->waiting < COMMITTER_GROUPS) (void)sleep_until(c, c->first->came_us + COMMITTER_GATHER_US);
		group *list = take(c);
		pthread_mutex_unlock(&c->lock);
		commit_in_the_end(c, list);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- from outside ------------------------------------------------------------------------------------------------- */

err store_committer_new(store_committer **out, const store_config *config)
{
	store_committer *c = calloc(1, sizeof *c);

	if (!c) return err_fail(ERR_NOMEM, "no memory for a committer");
	err e = store_open(&c->db, config);
	if (e != OK) {
		free(c);
		return e;
	}
	c->last = &c->first;
	pthread_mutex_init(&c->lock, NULL);
	wait_init(&c->news);
	if (pthread_create(&c->thread, NULL, run, c) != 0) {
		store_free(&c->db);
		free(c);
		return err_fail(ERR_NOMEM, "no thread for a committer");
	}
	*out = c;
	return OK;
}

void store_committer_free(store_committer **c)
{
	if (!c || !*c) return;
	pthread_mutex_lock(&(*c)->lock);
	(*c)->closing = true;
	pthread_cond_signal(&(*c)->news);
	pthread_mutex_unlock(&(*c)->lock);
	pthread_join((*c)->thread, NULL);
	store_free(&(*c)->db);
	pthread_mutex_destroy(&(*c)->lock);
	pthread_cond_destroy(&(*c)->news);
	free(*c);
	*c = NULL;
}

err store_committer_submit(store_committer *c, const store_op *ops, size_t n, committed_fn *done, void *ctx)
{
	group *g;

	ASSERT(n <= MAX_STORE_BATCH);
	if (!(g = copy_group(ops, n))) return err_fail(ERR_NOMEM, "no memory for %zu statements", n);
	g->done = done, g->ctx = ctx, g->came_us = now_us();
	pthread_mutex_lock(&c->lock);
	const bool full = c->waiting >= COMMITTER_WAITING || (c->waiting > 0 && c->bytes + g->size > COMMITTER_BYTES);
	if (!full) {
		*c->last = g;
		c->last = &g->next;
		c->waiting++, c->bytes += g->size;
		if (c->waiting == 1 || c->waiting == COMMITTER_GROUPS) pthread_cond_signal(&c->news);
	}
	pthread_mutex_unlock(&c->lock);
	if (!full) return OK;
	free(g);
	return err_fail(ERR_EXHAUSTED, "too many changes wait for the database already");
}

size_t store_committer_waiting(store_committer *c)
{
	pthread_mutex_lock(&c->lock);
	const size_t n = c->waiting;
	pthread_mutex_unlock(&c->lock);
	return n;
}

bool store_committer_behind(const store_committer *c)
{
	return atomic_load(&c->behind);
}
