/* SPDX-License-Identifier: MIT */
/* cli/group.c -- a thread a party, and a queue of answers. */
#include "cli/group.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/wait.h"

typedef struct asker {
	struct group *group;
	client       node;
	arena        memory;
	group_answer answer;
	pthread_t    thread;
	bool         opened, running;
} asker;

struct group {
	group_call call;
	reactor   *reactor;
	atomic_bool stop;
	size_t     askers, given;
	asker      asker[MAX_PARTIES];

	pthread_mutex_t lock;                /* guards what follows */
	pthread_cond_t  came;
	size_t     ended;
	asker     *order[MAX_PARTIES];       /* in which they ended */
};

/* ---- one party ------------------------------------------------------------------------------------------------- */

static err ask_party(asker *k)
{
	const group_call *c = &k->group->call;
	ProtobufCMessage *message = NULL;

	if (!c->fetch && c->result) TRY(client_ask(&k->node, &k->memory, &message, c->result, c->start, c->request));
	else TRY(client_start(&k->node, c->start, c->request));
	if (c->fetch) TRY(client_result_message(&k->node, &k->memory, &message, c->result, c->fetch, &c->id, NULL));
	k->answer.message = message;
	return OK;
}

static void *ask_it(void *arg)
{
	asker *k = arg;
	group *g = k->group;
	const int64_t began = clock_now_ms(clock_system());

	k->answer.e = ask_party(k);
	if (k->answer.e != OK) snprintf(k->answer.why, sizeof k->answer.why, "%s", err_text());
	err_clear();
	k->answer.unavailable = k->node.unavailable;
	k->answer.code = k->node.code;
	k->answer.seconds = (double)(clock_now_ms(clock_system()) - began) / 1000;
	pthread_mutex_lock(&g->lock);
	g->order[g->ended++] = k;
	pthread_cond_signal(&g->came);
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static err open_askers(group *g, const cluster *net)
{
	TRY(reactor_new(&g->reactor, NULL));
	TRY(reactor_start(g->reactor));
	for (size_t i = 0; i < net->parties; i++) {
		if (g->call.whom && !has(g->call.whom, (party)net->party[i].party_id)) continue;
		asker *k = &g->asker[g->askers++];
		*k = (asker){ .group = g, .memory = arena_with_limit(PB_ROOM(g->call.most_answer)), .answer.party = &net->party[i] };
		TRY(client_open(&k->node, g->reactor, net->party[i].grpc, g->call.timeout_ms));
		k->opened = true;
		k->node.stop = &g->stop;
	}
	return OK;
}

static err start_askers(group *g)
{
	for (size_t i = 0; i < g->askers; i++) {
		const int failed = pthread_create(&g->asker[i].thread, NULL, ask_it, &g->asker[i]);
		if (failed) return err_fail(ERR_NOMEM, "cannot start a thread: %s", strerror(failed));
		g->asker[i].running = true;
	}
	return OK;
}

err group_ask(group **out, const cluster *net, const group_call *what)
{
	group *g = calloc(1, sizeof *g);

	ASSERT(g && net->parties <= MAX_PARTIES);
	g->call = *what;
	pthread_mutex_init(&g->lock, NULL);
	wait_init(&g->came);
	err e = open_askers(g, net);
	if (e == OK) e = start_askers(g);
	if (e != OK) group_free(&g);
	else *out = g;
	return e;
}

const group_answer *group_next(group *g, int64_t wait_ms)
{
	const int64_t until_ms = clock_now_ms(clock_system()) + wait_ms;
	bool in_time = true;

	if (g->given == g->askers) return NULL;
	pthread_mutex_lock(&g->lock);
	while (g->ended == g->given && in_time)
		in_time = wait_ms < 0 ? pthread_cond_wait(&g->came, &g->lock) == 0 : wait_until(&g->came, &g->lock, until_ms);
	const group_answer *a = g->ended > g->given ? &g->order[g->given++]->answer : NULL;
	pthread_mutex_unlock(&g->lock);
	return a;
}

size_t group_waiting(group *g)
{
	return g->askers - g->given;
}

void group_free(group **g)
{
	group *x = *g;

	if (!x) return;
	atomic_store(&x->stop, true);
	for (size_t i = 0; i < x->askers; i++)
		if (x->asker[i].running) pthread_join(x->asker[i].thread, NULL);
	for (size_t i = 0; i < x->askers; i++) {
		if (x->asker[i].opened) client_close(&x->asker[i].node);
		arena_free(&x->asker[i].memory);
	}
	reactor_free(&x->reactor);
	pthread_cond_destroy(&x->came);
	pthread_mutex_destroy(&x->lock);
	free(x);
	*g = NULL;
}
