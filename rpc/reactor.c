/* SPDX-License-Identifier: MIT */
/* rpc/reactor.c -- epoll, an eventfd for other threads, and a pairing heap of timers. */
#include "rpc/reactor.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 64 };

struct reactor {
	const clock_source *clock;
	int epoll, wake;

	pthread_t thread;
	bool started, stopping;

	pthread_mutex_t lock;                        /* guards the tasks */
	reactor_task *first, **end;

	reactor_timer *soonest;                      /* root of the heap */

	struct epoll_event batch[BATCH];             /* being delivered: a cleared watch is struck out of it */
	int delivered, received;
};

static _Thread_local const reactor *here;

bool reactor_here(const reactor *r)
{
	return here == r || !r->started;
}

int64_t reactor_now_ms(const reactor *r)
{
	return clock_now_ms(r->clock);
}

/* ---- timers: a pairing heap ---------------------------------------------------------------------------------- */

/* `before` is the left neighbour, or the parent of a first child; a root has neither neighbour nor parent. */
static reactor_timer *meld(reactor_timer *a, reactor_timer *b)
{
	if (!a) return b;
	if (!b) return a;
	if (b->at_ms < a->at_ms) {
		reactor_timer *t = a;
		a = b, b = t;
	}
	b->before = a;
	b->next = a->child;
	if (a->child) a->child->before = b;
	a->child = b;
	return a;
}

static reactor_timer *meld_all(reactor_timer *siblings)
{
	reactor_timer *pairs = NULL, *root = NULL;

	while (siblings) {                           /* left to right, two at a time */
		reactor_timer *a = siblings, *b = a->next;
		siblings = b ? b->next : NULL;
		a->next = a->before = NULL;
		if (b) b->next = b->before = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {                              /* and back */
		reactor_timer *a = pairs;
		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}
	return root;
}

void reactor_timer_clear(reactor *r, reactor_timer *t)
{
	if (!t->on) return;
	if (t == r->soonest) {
		r->soonest = meld_all(t->child);
	} else {
		if (t->before->child == t) t->before->child = t->next;
		else t->before->next = t->next;
		if (t->next) t->next->before = t->before;
		r->soonest = meld(r->soonest, meld_all(t->child));
	}
	t->child = t->next = t->before = NULL;
	t->on = false;
}

void reactor_timer_set(reactor *r, reactor_timer *t, int64_t at_ms)
{
	reactor_timer_clear(r, t);
	t->child = t->next = t->before = NULL;
	t->at_ms = at_ms;
	t->on = true;
	r->soonest = meld(r->soonest, t);
}

static void ring_timers(reactor *r)
{
	int64_t now = reactor_now_ms(r);
	while (r->soonest && r->soonest->at_ms <= now) {
		reactor_timer *t = r->soonest;
		reactor_timer_clear(r, t);
		t->ring(t->arg);
	}
}

/* ---- descriptors --------------------------------------------------------------------------------------------- */

err reactor_watch_set(reactor *r, reactor_watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	if (w->on && w->events == events) return OK;
	if (epoll_ctl(r->epoll, w->on ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &e) < 0)
		return err_fail(ERR_IO, "cannot wait for descriptor %d: %s", w->fd, strerror(errno));
	w->on = true;
	w->events = events;
	return OK;
}

void reactor_watch_clear(reactor *r, reactor_watch *w)
{
	if (!w->on) return;
	(void)epoll_ctl(r->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->on = false;
	for (int i = r->delivered; i < r->received; i++)
		if (r->batch[i].data.ptr == w) r->batch[i].data.ptr = NULL;
}

static void deliver(reactor *r)
{
	for (r->delivered = 0; r->delivered < r->received; ) {
		struct epoll_event e = r->batch[r->delivered++];
		reactor_watch *w = e.data.ptr;
		if (w) w->ready(w->arg, e.events);
	}
	r->received = r->delivered = 0;
}

/* ---- tasks --------------------------------------------------------------------------------------------------- */

void reactor_post(reactor *r, reactor_task *t, void (*run)(void *arg), void *arg)
{
	const uint64_t one = 1;

	*t = (reactor_task){ run, arg, NULL };
	pthread_mutex_lock(&r->lock);
	bool wake = !r->first && here != r;          /* our own thread looks before it sleeps */
	*r->end = t;
	r->end = &t->next;
	/* Under the lock: once the task is seen, its owner may free the reactor. */
	if (wake) {
		ssize_t n = write(r->wake, &one, sizeof one);
		(void)n;                             /* a full counter wakes as well */
	}
	pthread_mutex_unlock(&r->lock);
}

static void run_tasks(reactor *r)
{
	pthread_mutex_lock(&r->lock);
	reactor_task *t = r->first, *next;
	r->first = NULL;
	r->end = &r->first;
	pthread_mutex_unlock(&r->lock);
	for (; t; t = next) {
		next = t->next;
		t->run(t->arg);
	}
}

static bool tasks_wait(reactor *r)
{
	pthread_mutex_lock(&r->lock);
	bool any = r->first;
	pthread_mutex_unlock(&r->lock);
	return any;
}

typedef struct errand {
	void (*run)(void *);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t  done;
	bool ran;
} errand;

static void errand_run(void *arg)
{
	errand *e = arg;
	e->run(e->arg);
	pthread_mutex_lock(&e->lock);
	e->ran = true;
	pthread_cond_signal(&e->done);
	pthread_mutex_unlock(&e->lock);
}

void reactor_run(reactor *r, void (*run)(void *arg), void *arg)
{
	if (reactor_here(r)) {
		run(arg);
		if (!r->started) run_tasks(r);
		return;
	}
	errand e = { run, arg, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	reactor_task t;
	reactor_post(r, &t, errand_run, &e);
	pthread_mutex_lock(&e.lock);
	while (!e.ran) pthread_cond_wait(&e.done, &e.lock);
	pthread_mutex_unlock(&e.lock);
	pthread_cond_destroy(&e.done);
	pthread_mutex_destroy(&e.lock);
}

static void nothing(void *arg) { (void)arg; }

void reactor_settle(reactor *r) { reactor_run(r, nothing, NULL); }

/* ---- the loop ------------------------------------------------------------------------------------------------ */

void reactor_turn(reactor *r, int wait_ms)
{
	if (r->soonest) {
		int64_t left = r->soonest->at_ms - reactor_now_ms(r);
		if (left < 0) left = 0;
		if (wait_ms < 0 || left < wait_ms) wait_ms = (int)(left < 3600000 ? left : 3600000);
	}
	if (tasks_wait(r)) wait_ms = 0;

	int n = epoll_wait(r->epoll, r->batch, BATCH, wait_ms);
	ASSERT(n >= 0 || errno == EINTR);
	r->received = n < 0 ? 0 : n;
	deliver(r);
	run_tasks(r);
	ring_timers(r);
}

static void woken(void *arg, uint32_t events)
{
	reactor *r = arg;
	uint64_t count;
	(void)events;
	ssize_t n = read(r->wake, &count, sizeof count);
	(void)n;
}

static void *loop(void *arg)
{
	reactor *r = arg;
	here = r;
	while (!r->stopping) reactor_turn(r, -1);
	return NULL;
}

err reactor_new(reactor **out, const clock_source *clock)
{
	struct own { reactor r; reactor_watch wake; } *o = calloc(1, sizeof *o);
	if (!o) return err_fail(ERR_NOMEM, "no memory for a reactor");
	reactor *r = &o->r;

	r->clock = clock ? clock : clock_system();
	r->end = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	o->wake = (reactor_watch){ .fd = r->wake, .ready = woken, .arg = r };
	if (r->epoll < 0 || r->wake < 0 || reactor_watch_set(r, &o->wake, EPOLLIN) != OK) {
		int why = errno;
		reactor_free(&r);
		return err_fail(ERR_IO, "cannot wait for sockets: %s", strerror(why));
	}
	*out = r;
	return OK;
}

err reactor_start(reactor *r)
{
	ASSERT(!r->started);
	r->started = true;
	if (pthread_create(&r->thread, NULL, loop, r) == 0) return OK;
	r->started = false;
	return err_fail(ERR_NOMEM, "cannot start a thread; is the limit on processes reached?");
}

static void stop(void *arg)
{
	((reactor *)arg)->stopping = true;
}

void reactor_free(reactor **rp)
{
	reactor *r = *rp;
	if (!r) return;
	ASSERT(here != r);
	if (r->started) {
		reactor_task t;
		reactor_post(r, &t, stop, r);
		pthread_join(r->thread, NULL);
	}
	run_tasks(r);
	if (r->epoll >= 0) close(r->epoll);
	if (r->wake >= 0) close(r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*rp = NULL;
}
