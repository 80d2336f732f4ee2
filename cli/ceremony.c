/* SPDX-License-Identifier: MIT */
/* cli/ceremony.c */
#include "cli/ceremony.h"
#include <stdlib.h>
#include "cli/key_watch.h"

enum { TURN_MS = 100 };

typedef struct failed { unsigned party; bool unavailable; char why[512]; } failed;

typedef struct outcome {
	party_set done;
	size_t    failures;
	failed    failure[MAX_PARTIES];
	double    seconds;
} outcome;

static void take(outcome *o, const ceremony *x, const group_answer *a)
{
	const err e = a->e == OK ? x->verify(x->ctx, a->party, a->message) : a->e;

	if (e == OK) {
		add_to(&o->done, (party)a->party->party_id);
		if (a->seconds > o->seconds) o->seconds = a->seconds;
		return;
	}
	failed *f = &o->failure[o->failures++];
	*f = (failed){ .party = a->party->party_id, .unavailable = a->unavailable };
	snprintf(f->why, sizeof f->why, "%s", a->e == OK ? err_text() : a->why);
	err_clear();
}

static err judge(cli *c, const cluster *net, const ceremony *x, const outcome *o)
{
	const size_t need = net->parties - net->threshold;
	size_t unavailable = 0;

	if (o->failures == 0) return OK;
	for (size_t i = 0; i < o->failures; i++) unavailable += o->failure[i].unavailable;
	const bool enough = size_of_set(o->done) >= need;
	if (!enough && size_of_set(o->done) + unavailable >= need) c->code = EXIT_UNAVAILABLE;
	if (!enough && signals_came()) return err_fail(ERR_CANCELLED, "%s: stopped by a signal", x->what);
	if (!enough && net->parties == 1) return err_fail(ERR_REQUEST, "%s", o->failure[0].why);
	for (size_t i = enough ? 0 : 1; i < o->failures; i++)
		fprintf(stderr, "party %u: %s\n", o->failure[i].party, o->failure[i].why);
	if (!enough)
		return err_fail(ERR_REQUEST, "%s: %u of %zu parties did it, and %zu are needed; party %u: %s", x->what,
		                size_of_set(o->done), net->parties, need, o->failure[0].party, o->failure[0].why);
	c->code = EXIT_PARTLY;
	return OK;
}

err ceremony_run(party_set *who, double *seconds, cli *c, const cluster *net, const ceremony *x)
{
	const ticker t = ticker_begin(x->what, x->quiet);
	key_watch w = key_watch_begin(x->watch);
	outcome *o = calloc(1, sizeof *o);
	group *g;

	ASSERT(o);
	err e = group_ask(&g, net, &x->call);
	if (e != OK) {
		free(o);
		return e;
	}
	while (group_waiting(g)) {
		const group_answer *a = group_next(g, TURN_MS);
		if (a) take(o, x, a);
		key_watch_show(&w, &t);
	}
	ticker_end(&t);
	group_free(&g);
	e = judge(c, net, x, o);
	if (e == OK) *who = o->done, *seconds = o->seconds;
	free(o);
	return e;
}
