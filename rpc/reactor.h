/* SPDX-License-Identifier: MIT */
/*
 * rpc/reactor.h -- one thread that waits for sockets, timers and messages from other threads.
 *
 * Every callback runs on the reactor's thread and must not block.  Everything here is called on that thread,
 * except what says "any thread".  Watches, timers and tasks are fields of their owner's structure, so waiting
 * for something never allocates.
 */
#ifndef ARCA_RPC_REACTOR_H
#define ARCA_RPC_REACTOR_H

#include "base/base.h"
#include "base/clock.h"

typedef struct reactor reactor;

/* Time is clock's; NULL: the system's. */
err  reactor_new(reactor **out, const clock_source *clock);

/* Starts the thread.  Without it the owner's thread is the reactor's and calls reactor_turn. */
err  reactor_start(reactor *r);

/* Runs what is ready, waiting for at most wait_ms (-1: until something happens). */
void reactor_turn(reactor *r, int wait_ms);

/* Stops the thread after the tasks already posted.  NULL-safe; not on the reactor's thread once it was started. */
void reactor_free(reactor **r);

bool    reactor_here(const reactor *r);              /* any thread: is it the reactor's? */
int64_t reactor_now_ms(const reactor *r);            /* any thread; monotonic            */

/* ---- tasks: any thread ------------------------------------------------------------------------------------ */

typedef struct reactor_task {
	void (*run)(void *arg);
	void *arg;
	struct reactor_task *next;
} reactor_task;

/* Runs run(arg) on the reactor's thread, in the order of posting.  The task is the caller's and must stay until
 * it runs; from then on it may be posted again or freed. */
void reactor_post(reactor *r, reactor_task *t, void (*run)(void *arg), void *arg);

/* Runs run(arg) on the reactor's thread, after what was posted before, and waits for it; at once when this is that
 * thread, or when none was started: then what was posted runs after it. */
void reactor_run(reactor *r, void (*run)(void *arg), void *arg);

/* What was posted before has run when this returns.  Not on the reactor's thread once it was started. */
void reactor_settle(reactor *r);

/* ---- descriptors ------------------------------------------------------------------------------------------- */

typedef struct reactor_watch {
	int fd;
	void (*ready)(void *arg, uint32_t events);
	void *arg;
	bool on;                                         /* from here on the reactor's */
	uint32_t events;
} reactor_watch;

/* Waits for EPOLLIN, EPOLLOUT (level-triggered); again: for other events.  Requires: fd, ready and arg are set. */
err  reactor_watch_set(reactor *r, reactor_watch *w, uint32_t events);
void reactor_watch_clear(reactor *r, reactor_watch *w);      /* before the descriptor is closed; idempotent */

/* ---- timers ------------------------------------------------------------------------------------------------ */

typedef struct reactor_timer {
	int64_t at_ms;
	void (*ring)(void *arg);
	void *arg;
	bool on;                                         /* from here on the reactor's: a pairing heap */
	struct reactor_timer *child, *next, *before;
} reactor_timer;

/* Rings once, at at_ms or soon after; set again, it moves.  Requires: ring and arg are set. */
void reactor_timer_set(reactor *r, reactor_timer *t, int64_t at_ms);
void reactor_timer_clear(reactor *r, reactor_timer *t);      /* idempotent */

#endif
