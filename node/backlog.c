/* SPDX-License-Identifier: MIT */
/* node/backlog.c -- what waits, and what was done while something did. */
#include "node/backlog.h"

enum { SECOND_MS = 1000 };

typedef struct backlog_count count;

void backlog_init(backlog *b)
{
	*b = (backlog){ .count = { [BACKLOG_FAST].least = BACKLOG_LEAST_FAST, [BACKLOG_SLOW].least = BACKLOG_LEAST_SLOW } };
	pthread_mutex_init(&b->lock, NULL);
}

void backlog_free(backlog *b) { pthread_mutex_destroy(&b->lock); }

/* Under the lock, before anything changes: the time since the last look was one of work if something waited. */
static void look(count *c, int64_t now_ms)
{
	if (c->waiting) c->busy_ms += now_ms - c->at_ms;
	c->at_ms = now_ms;
	if (c->busy_ms < SECOND_MS) return;
	c->a_second = c->done * SECOND_MS / (uint64_t)c->busy_ms;
	c->done = 0;
	c->busy_ms = 0;
}

/* What was done in less than a second is less than what is done in one. */
static size_t bound(const count *c)
{
	const uint64_t a_second = c->done > c->a_second ? c->done : c->a_second;
	return size_max(c->least, (size_t)a_second);
}

static void put(backlog_part *out, backlog *b, backlog_lane lane, size_t items)
{
	out->of = b;
	out->lane = lane;
	atomic_store(&out->items, items);
	b->count[lane].waiting += items;
}

err backlog_take(backlog_part *out, backlog *b, backlog_lane lane, size_t items, int64_t now_ms)
{
	count *c = &b->count[lane];

	pthread_mutex_lock(&b->lock);
	look(c, now_ms);
	const size_t waiting = c->waiting, most = bound(c);
	const bool room = waiting == 0 || (waiting <= most && items <= most - waiting);
	if (room) put(out, b, lane, items);
	pthread_mutex_unlock(&b->lock);
	if (room) return OK;
	return err_fail(ERR_EXHAUSTED, "%zu ciphertexts wait to be decrypted, and this node takes no more than it does in a second, %zu: "
	                "ask again later", waiting, most);
}

void backlog_add(backlog_part *out, backlog *b, backlog_lane lane, size_t items, int64_t now_ms)
{
	pthread_mutex_lock(&b->lock);
	look(&b->count[lane], now_ms);
	put(out, b, lane, items);
	pthread_mutex_unlock(&b->lock);
}

/* Takes up to so many out; returns how many. */
static size_t take_out(backlog_part *p, size_t items)
{
	size_t left = atomic_load(&p->items);

	while (!atomic_compare_exchange_weak(&p->items, &left, left - size_min(items, left))) {}
	return size_min(items, left);
}

static void leave(backlog_part *p, size_t items, bool computed, int64_t now_ms)
{
	if (!p || !p->of) return;
	count *c = &p->of->count[p->lane];
	const size_t n = take_out(p, items);
	if (n == 0) return;
	pthread_mutex_lock(&p->of->lock);
	c->done += computed ? n : 0;
	look(c, now_ms);
	c->waiting -= n;
	pthread_mutex_unlock(&p->of->lock);
}

void backlog_done(backlog_part *p, size_t items, int64_t now_ms) { leave(p, items, true, now_ms); }
void backlog_end(backlog_part *p, int64_t now_ms) { leave(p, SIZE_MAX, false, now_ms); }
