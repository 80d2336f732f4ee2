/* SPDX-License-Identifier: MIT */
/* node/engine_epoch.c -- a new epoch: keys for pseudo-random sharing, set up among the parties of a context (mpc/mpc.h). */
#include "mpc/mpc.h"
#include "node/cluster.h"
#include "node/replies.h"

static err set_up(session *s, void *arg)
{
	return prss_setup(s, arg);
}

static err run_ceremony(const engine *e, const request *r, const mpc_context *k, uint8_t (*r_A)[PRSS_KEY])
{
	cluster *c = e->cluster;
	const ceremony_tools tools = cluster_tools(c, e->random);
	ceremony_plan plan = { .what = ATTEMPT_EPOCH, .operation = "prss", .request = r->id, .epoch = r->id, .run = set_up, .arg = r_A };

	TRY(peers_committee(&plan.with, c->peers, k));
	return ceremony_run(&tools, &plan);
}

static err make_epoch(const engine *e, const request *r)
{
	const mpc_context *k;

	TRY(contexts_find(&k, e->cluster->contexts, &r->context_id));
	const unsigned held = binomial(k->n - 1, k->t);
	uint8_t (*r_A)[PRSS_KEY];
	TRY(secret_alloc((void **)&r_A, (size_t)held * PRSS_KEY));
	err failed = run_ceremony(e, r, k, r_A);
	const epoch_data made = { r->id, k->id, k->n, k->t, ring_degree(k->n), k->me, clock_unix_ms(e->clock), held,
	                          (const uint8_t (*)[PRSS_KEY])r_A };
	if (failed == OK) failed = epochs_finish(e->cluster->epochs, &made, k);
	secret_release(r_A);
	return failed;
}

err engine_epoch(const engine *e, buf *response, const request *r)
{
	err failed = make_epoch(e, r);

	if (failed != OK) {
		epochs_abandon(e->cluster->epochs, &r->id);
		return failed;
	}
	reply_epoch(response);
	return OK;
}
