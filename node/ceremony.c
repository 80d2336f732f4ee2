/* SPDX-License-Identifier: MIT */
/* node/ceremony.c -- two sessions, and what stands before and between them. */
#include "node/ceremony.h"
#include "base/stack.h"
#include "mpc/mpc.h"
#include "node/audit.h"

/* A round waits so long for a silent party; long work adds to it by session_allow. */
enum { ROUNDS_PER_TIMEOUT = 10, LEAST_ROUND_MS = 500, MOST_AWAY_MS = 5000 };

int64_t ceremony_round_ms(const ceremony_tools *t)
{
	const int64_t ms = t->config->threshold.net.network_timeout * 1000 / ROUNDS_PER_TIMEOUT;
	return ms < LEAST_ROUND_MS ? LEAST_ROUND_MS : ms;
}

/* Whose ceremony it is. */
static const mpc_context *context_of(const ceremony_plan *p) { return p->sets ? p->sets->new : p->with->context; }

static gathering_plan gathering_of(const ceremony_tools *t, const ceremony_plan *p)
{
	const int64_t patience = t->config->threshold.net.network_timeout * 1000;
	gathering_plan g = {
		.c = p->with, .what = p->what, .request = p->request, .vault = t->vault,
		.all_ms = t->config->service.timeout_secs * 1000, .quorum_ms = patience,
		.away_ms = patience < MOST_AWAY_MS ? patience : MOST_AWAY_MS, .stop = p->stop,
	};

	if (!p->sets) return g;
	const reshare_sets *x = &p->sets->sets;
	for (party j = 1; j <= x->n1; j++) add_to(&g.old, x->at[j]);
	g.n = x->n2, g.t = x->t2, g.old_t = x->t1;
	return g;
}

static err gather(const ceremony_tools *t, const ceremony_plan *p, uint32_t *attempt)
{
	const gathering_plan g = gathering_of(t, p);

	return announce_gather(t->announcements, attempt, &g);
}

err ceremony_attend(const ceremony_tools *t, const ceremony_plan *p, uint32_t *attempt, bool until_done)
{
	const gathering_plan g = gathering_of(t, p);

	return announce_attend(t->announcements, attempt, &g, until_done);
}

static ceremony describe(const ceremony_plan *p, uint32_t attempt)
{
	const mpc_context *k = context_of(p);
	ceremony c = { .request = p->terms ? *p->terms : p->request, .context = k->id, .epoch = p->epoch,
	               .parties = parties_all(k->n), .t = k->t, .attempt = attempt };

	ASSERT(strlen(p->operation) < sizeof c.operation);
	strcpy(c.operation, p->operation);
	return c;
}

static session_plan plan_of(const ceremony_tools *t, const ceremony_plan *p, session_id sid)
{
	const mpc_context *k = context_of(p);

	return (session_plan){ .sid = sid, .me = k->me, .n = k->n, .t = k->t, .k = 64, .round_ms = ceremony_round_ms(t),
	                       .random = t->random, .in = p->with->in, .out = peers_wire(p->with), .stop = p->stop };
}

/* What a session saw of others goes to the log and the counters, once for each party and reason; its accusations only if they
 * can be true. */
static void report(const ceremony_plan *p, const session *s)
{
	for (unsigned i = 0; i < s->evidence_count && i < MAX_EVIDENCE; i++) {
		const evidence *e = &s->evidence[i];
		bool told = e->agreed && !is_sound(s);
		for (unsigned k = 0; k < i; k++) told |= s->evidence[k].who == e->who && !strcmp(s->evidence[k].why, e->why);
		if (!told) peers_ceremony_showed(p->with, e->who, e->agreed, e->why);
	}
}

/* *s: the session of the ceremony, opened; it knows who is out already, and its clock is that of the hello. */
static err say_hello(const ceremony_tools *t, const ceremony_plan *p, const ceremony *c, session *s)
{
	const session_plan plan = plan_of(t, p, sid_hello(c));
	uint8_t nonce[SID_NONCE];
	session_id sid;
	session h;

	TRY(session_open(&h, &plan));
	err e = hello(&h, &sid, nonce, c);
	if (!is_sound(&h))
		e = err_fail(ERR_STATE, "too few of the %u parties were heard in the same rounds; ask all of them again, at about the same time",
		             h.n);
	if (e == OK) e = session_follow(s, &h, &sid);
	report(p, &h);
	session_close(&h);
	return e;
}

/* In the session of the ceremony. */
static err record_and_run(const ceremony_tools *t, const ceremony_plan *p, session *s)
{
	used_sids used = { t->vault, p->epoch };
	const sid_record record = used_sids_record(&used);

	if (p->prss) TRY(session_use_prss(s, p->prss, &record));
	else TRY(used_sids_use(&used, &s->sid));
	return p->run(s, p->arg);
}

/* In a frame of its own, below which secrets are left. */
static __attribute__((noinline)) err run_sessions(const ceremony_tools *t, const ceremony_plan *p)
{
	uint32_t attempt;
	session s;

	TRY(gather(t, p, &attempt));
	if (p->attempt) *p->attempt = attempt;
	const ceremony c = describe(p, attempt);
	TRY(say_hello(t, p, &c, &s));
	err e = record_and_run(t, p, &s);
	report(p, &s);
	session_close(&s);
	return e;
}

err ceremony_run(const ceremony_tools *t, const ceremony_plan *p)
{
	err e = run_sessions(t, p);

	stack_forget();                                  /* the thread is a pool's, and does other things next */
	return e;
}
