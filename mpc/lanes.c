/* SPDX-License-Identifier: MIT */
/* mpc/lanes.c -- a runner's threads for the time of a call. */
#include "mpc/lanes.h"
#include "mpc/runner.h"
#include <stdatomic.h>
#include <stdlib.h>

typedef struct lanes lanes;

typedef struct lane {
	lanes      *all;
	void       *arg;
	session_id  sid;
	err         result;
	char        text[256];               /* of the failure */
	party_set   corrupt, suspects;
	evidence    evidence[MAX_EVIDENCE];
	unsigned    evidence_count;
	round_clock clock;
} lane;

struct lanes {
	const session   *s;
	const lane_plan *plan;
	atomic_bool      failed;
	const lane      *first;              /* to fail: the others fail because they are cancelled */
	lane             lane[];
};

static err run_lane(session *s, void *arg)
{
	lane *x = arg;
	const lane_plan *plan = x->all->plan;

	if (atomic_load(&x->all->failed)) return err_fail(ERR_CANCELLED, "another part of the ceremony failed");
	session_resume(s, x->all->s);
	if (plan->in_turn && x > x->all->lane) s->clock = x[-1].clock;
	if (plan->prss) TRY(session_use_prss(s, plan->prss, plan->record));
	return plan->run(s, x->arg);
}

static void keep_findings(lane *x, const session *s)
{
	x->corrupt = s->corrupt, x->suspects = s->suspects;
	x->clock = s->clock;
	x->evidence_count = s->evidence_count;
	memcpy(x->evidence, s->evidence, sizeof x->evidence);
}

static void lane_ended(void *arg, err e, const session *s)
{
	lane *x = arg;

	x->result = e;
	if (s) keep_findings(x, s);
	if (e == OK) return;
	strncpy(x->text, err_text(), sizeof x->text - 1);
	if (!atomic_exchange(&x->all->failed, true)) x->all->first = x;
	for (unsigned l = 0; l < x->all->plan->lanes; l++) inbox_cancel(x->all->s->inbox, &x->all->lane[l].sid);
}

static session_plan plan_of(const lane *x)
{
	const session *s = x->all->s;

	return (session_plan){
		.sid = x->sid, .me = s->me, .n = s->n, .t = s->t, .k = x->all->plan->k, .corrupt = s->corrupt, .round_ms = s->round_ms,
		.memory = s->arena.limit, .random = s->random, .in = s->inbox, .out = s->out, .p = s->p,
		.stop = s->stop,
	};
}

static void run_in_turn(lane *x)
{
	const session_plan plan = plan_of(x);
	session s;
	err e = session_open(&s, &plan);

	if (e == OK) {
		e = run_lane(&s, x);
		session_settle(&s);
		lane_ended(x, e, &s);
	} else {
		lane_ended(x, e, NULL);
	}
	session_close(&s);
	wipe(&s, sizeof s);
}

static err run_all(lanes *x)
{
	AUTO(runner) *r = NULL;

	if (!x->plan->in_turn) TRY(runner_new(&r, x->plan->lanes));
	for (unsigned l = 0; l < x->plan->lanes; l++) {
		const session_plan plan = plan_of(&x->lane[l]);
		if (x->plan->in_turn) run_in_turn(&x->lane[l]);
		else if (runner_start(r, &plan, run_lane, lane_ended, &x->lane[l]) != OK) lane_ended(&x->lane[l], ERR_EXHAUSTED, NULL);
	}
	return OK;                               /* the runner's end waits for all of them */
}

err mpc_lanes(session *s, const lane_plan *plan)
{
	lanes *x = calloc(1, sizeof *x + plan->lanes * sizeof(lane));
	err e = OK;

	if (!x) return err_fail(ERR_NOMEM, "no memory for %u sessions side by side", plan->lanes);
	x->s = s, x->plan = plan;
	for (unsigned l = 0; l < plan->lanes; l++)
		x->lane[l] = (lane){ .all = x, .arg = plan->arg[l], .sid = sid_sub(&s->sid, plan->first + l) };
	e = run_all(x);
	for (unsigned l = 0; l < plan->lanes && e == OK; l++) {
		const lane *one = &x->lane[l];
		s->corrupt |= one->corrupt, s->suspects |= one->suspects;
		session_take_evidence(s, one->evidence, one->evidence_count);
		if (!s->clock.started || one->clock.allowed_ms > s->clock.allowed_ms) s->clock = one->clock;
	}
	if (e == OK && x->first) e = err_fail(x->first->result, "%s", x->first->text);
	free(x);
	return e == OK ? within_model(s) : e;
}
