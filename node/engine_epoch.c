/* SPDX-License-Identifier: MIT */
/*
 * node/engine_epoch.c -- a new epoch: keys for pseudo-random sharing, set up among the parties of a context (mpc/mpc.h); and,
 * if the request names an epoch before it, new shares of its keys (refresh.h), each signed anew under the request's domain.
 *
 * The parts of keys are stored first, under a mark, and the epoch's own file last.  So a crash leaves the whole epoch or none
 * of it, and the old one as it was.
 */
#include "base/log.h"
#include "mpc/mpc.h"
#include "node/cluster.h"
#include "node/refresh.h"
#include "node/replies.h"
#include "node/reshared.h"

typedef struct epoch_work {
	const engine  *engine;
	const request *request;
	const mpc_context *context;
	uint8_t      (*r_A)[PRSS_KEY];
	reshared_keys  keys;                             /* of the epoch before */
} epoch_work;

static err run_ceremony(const epoch_work *w, const char *operation, const id32 *terms, program run, void *arg)
{
	const engine *e = w->engine;
	const request *r = w->request;
	const ceremony_tools tools = cluster_tools(e->cluster, e->random);
	ceremony_plan plan = { .what = ATTEMPT_EPOCH, .operation = operation, .request = r->id, .terms = terms, .epoch = r->id,
	                       .run = run, .arg = arg };

	TRY(peers_committee(&plan.with, e->cluster->peers, w->context));
	return ceremony_run(&tools, &plan);
}

/* ---- without keys --------------------------------------------------------------------------------------------------- */

static err set_up(session *s, void *arg)
{
	return prss_setup(s, arg);
}

/* ---- with the keys of the epoch before -------------------------------------------------------------------------------- */

static err load(void *ctx, key_share *old, unsigned i)
{
	const epoch_work *w = ctx;
	return keys_read_share(old, w->engine->keys, &w->request->epoch.from, &w->keys.key[i]->metadata.key_id);
}

/* The key is as old as it was; its files stay as they are; what is signed about them, and for whom, is the request's. */
static err store(void *ctx, const key_share *fresh, unsigned i)
{
	const epoch_work *w = ctx;
	const request *r = w->request;
	key_record record = *w->keys.key[i];
	key_metadata *m = &record.metadata;
	const secp_rsig external = engine_sign_again(w->engine, r, m);
	const slice signature = slice_of(external.b, sizeof external.b);

	record.marks |= KEY_RESHARED;
	m->has_extra_data = true;
	m->extra_data = r->extra_data;
	m->external_signature = signature;
	m->signatures = reply_signatures(m->signature, r, signature);
	return keys_add_part(w->engine->keys, fresh, &record);
}

static err run_refresh(epoch_work *w)
{
	const id32 binding = reshared_binding(&w->keys, w->context, w->request);
	used_sids used = { w->engine->cluster->vault, w->request->id };
	const sid_record record = used_sids_record(&used);
	refresh x = { .epoch = w->request->id, .keys = w->keys.n, .r_A = w->r_A, .record = &record,
	              .outcome = reshared_outcome(&w->keys, &binding), .ctx = w, .load = load, .store = store };

	return run_ceremony(w, "reshare", &binding, refresh_run, &x);
}

/* The sentence that counts is that of the failure. */
static err take_back(const epoch_work *w, err failed)
{
	char why[512];

	snprintf(why, sizeof why, "%s", err_text());
	err e = keys_drop_epoch(w->engine->keys, &w->request->id);
	if (e != OK) log_err(LOG_WARN, "parts of keys of an epoch that was not made are left; restart the node", e);
	err_clear();
	return err_fail(failed, "%s", why);
}

/* ---- both --------------------------------------------------------------------------------------------------------------- */

static err finish(const epoch_work *w)
{
	const mpc_context *k = w->context;
	const epoch_data made = { w->request->id, k->id, k->n, k->t, ring_degree(k->n), k->me, clock_unix_ms(w->engine->clock),
	                          binomial(k->n - 1, k->t), (const uint8_t (*)[PRSS_KEY])w->r_A };

	return epochs_finish(w->engine->cluster->epochs, &made, k);
}

static err make_with_keys(epoch_work *w)
{
	const id32 *id = &w->request->id;
	keys *table = w->engine->keys;

	TRY(reshared_keys_of(&w->keys, table, w->request));
	TRY(keys_begin_epoch(table, id));
	err e = run_refresh(w);
	if (e == OK) e = finish(w);
	if (e != OK) return take_back(w, e);
	/* The epoch is whole beside a mark that stays; the next start removes it. */
	e = keys_end_epoch(table, id);
	if (e != OK) log_err(LOG_WARN, "a new epoch is still marked as unfinished; restart the node", e);
	err_clear();
	return OK;
}

static err make(epoch_work *w)
{
	if (w->request->epoch.reshares) return make_with_keys(w);
	TRY(run_ceremony(w, "prss", NULL, set_up, w->r_A));
	return finish(w);
}

static err make_epoch(const engine *e, const request *r)
{
	epoch_work w = { .engine = e, .request = r };

	TRY(contexts_find(&w.context, e->cluster->contexts, &r->context_id));
	TRY(secret_alloc((void **)&w.r_A, (size_t)binomial(w.context->n - 1, w.context->t) * PRSS_KEY));
	err failed = make(&w);
	secret_release(w.r_A);
	return failed;
}

err engine_epoch(const engine *e, buf *response, const request *r)
{
	err failed = make_epoch(e, r);

	if (failed != OK) {
		epochs_abandon(e->cluster->epochs, &r->id);
		return failed;
	}
	reshared_reply(response, e->keys, &r->id);
	return OK;
}
