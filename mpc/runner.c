/* SPDX-License-Identifier: MIT */
/*
 * mpc/runner.c -- a slot for each session that may run: its thread, its stack, its state.
 *
 * The stack is ours, so that it can be emptied: what protocols left on it is dropped before the thread ends.
 */
#include "mpc/runner.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/stack.h"

enum { STACK = 1 << 20 };

typedef struct slot {
	runner      *home;
	enum { IDLE, RUNNING, ENDED } state;
	void        *stack;
	pthread_t    thread;

	session_plan plan;
	program      run;
	program_end  done;
	void        *arg;
	session      s;
} slot;

struct runner {
	pthread_mutex_t lock;            /* over states and `running` */
	pthread_cond_t  ended;
	unsigned        max, running;
	slot            slots[];
};

err runner_new(runner **out, unsigned max_sessions)
{
	runner *r = calloc(1, sizeof *r + max_sessions * sizeof(slot));

	if (!r) return err_fail(ERR_NOMEM, "%u sessions do not fit into memory", max_sessions);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->ended, NULL);
	r->max = max_sessions;
	for (unsigned i = 0; i < max_sessions; i++) r->slots[i].home = r;
	*out = r;
	return OK;
}

static void join(slot *w)
{
	if (w->state == ENDED) pthread_join(w->thread, NULL);
	w->state = IDLE;
}

void runner_free(runner **r)
{
	if (!*r) return;
	pthread_mutex_lock(&(*r)->lock);
	while ((*r)->running) pthread_cond_wait(&(*r)->ended, &(*r)->lock);
	pthread_mutex_unlock(&(*r)->lock);
	for (unsigned i = 0; i < (*r)->max; i++) {
		join(&(*r)->slots[i]);
		if ((*r)->slots[i].stack) munmap((*r)->slots[i].stack, STACK);
	}
	pthread_cond_destroy(&(*r)->ended);
	pthread_mutex_destroy(&(*r)->lock);
	free(*r);
	*r = NULL;
}

static void run_session(slot *w)
{
	session *s = &w->s;
	err e = session_open(s, &w->plan);

	if (e == OK) {
		e = w->run(s, w->arg);
		session_settle(s);
		w->done(w->arg, e, s);
	} else {
		w->done(w->arg, e, NULL);
	}
	session_close(s);
	wipe(s, sizeof *s);
	err_clear();
}

static void *thread_main(void *arg)
{
	slot *w = arg;

	run_session(w);
	stack_forget();
	pthread_mutex_lock(&w->home->lock);
	w->state = ENDED;
	w->home->running--;
	pthread_cond_broadcast(&w->home->ended);
	pthread_mutex_unlock(&w->home->lock);
	return NULL;
}

static err start_thread(slot *w)
{
	pthread_attr_t own_stack;

	if (!w->stack) {
		const size_t page = (size_t)sysconf(_SC_PAGESIZE);
		void *p = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED) return err_fail(ERR_NOMEM, "the stack of a session does not fit into memory");
		mprotect(p, page, PROT_NONE);
		w->stack = p;
	}
	pthread_attr_init(&own_stack);
	pthread_attr_setstack(&own_stack, w->stack, STACK);
	const int failed = pthread_create(&w->thread, &own_stack, thread_main, w);
	pthread_attr_destroy(&own_stack);
	if (failed) return err_fail(ERR_EXHAUSTED, "no thread for another session: %s", strerror(failed));
	return OK;
}

static err start(runner *r, const session_plan *plan, program run, program_end done, void *arg)
{
	slot *w = r->slots;

	while (w < r->slots + r->max && w->state == RUNNING) w++;
	if (w == r->slots + r->max) return err_fail(ERR_EXHAUSTED, "%u sessions are running already", r->max);
	join(w);
	w->plan = *plan, w->run = run, w->done = done, w->arg = arg;
	TRY(start_thread(w));
	w->state = RUNNING;
	r->running++;
	return OK;
}

err runner_start(runner *r, const session_plan *plan, program run, program_end done, void *arg)
{
	pthread_mutex_lock(&r->lock);
	err e = start(r, plan, run, done, arg);
	pthread_mutex_unlock(&r->lock);
	return e;
}

unsigned runner_running(runner *r)
{
	pthread_mutex_lock(&r->lock);
	const unsigned running = r->running;
	pthread_mutex_unlock(&r->lock);
	return running;
}
