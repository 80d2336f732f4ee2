/* SPDX-License-Identifier: MIT */
/* node/group_keeper.c */
#include "node/group_keeper.h"
#include <stdlib.h>
#include "base/log.h"
#include "node/group_store.h"
#include "rpc/wait.h"
#include "sym/dsep.h"

enum { AFTER_FAILURE_MS = 2000, LOOK_MS = 1000 };

/* Ceremonies. */
static const char MAKES[] = "delegation", REFRESHES[] = "delegation-refresh";

typedef struct kept {
	uint32_t chain_id;
	bool     certified, is_elsewhere;          /* this node has the certificate; others have the key */
	int64_t  refreshed;                        /* the last slot of refresh_secs that is done or over, since 1970 */
} kept;

struct group_keeper {
	group_keeper_parts p;
	secp           *curve;
	kept            chain[MAX_DELEGATE_CHAINS];
	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	bool            stopping;                  /* under the lock */
	stop_flag       stop;
};

/* Stands for what is done: a key of this chain among these parties, or new shares of it. */
static id32 request_of(const group_keeper *k, const kept *c, const char *operation)
{
	xof x = dsep_begin("ARCA_DKG");
	id32 id;

	xof_absorb(&x, id_slice(&k->p.context->id));
	xof_absorb_u64(&x, c->chain_id);
	xof_absorb(&x, slice_str(operation));
	xof_squeeze(&x, id.b, sizeof id.b);
	return id;
}

/* ---- what is there, in use ------------------------------------------------------------------------------------------ */

static group_store store_of(const group_keeper *k, const kept *c)
{
	return (group_store){ k->p.cluster->vault, k->curve, c->chain_id };
}

static err use_share(group_keeper *k, group_store *g, const group_record *r)
{
	const hash32 digest = group_digest(&r->key);
	group_share held;
	group_record prepared;

	err e = group_store_load(g, &held, &prepared, &digest);
	if (e == OK) e = delegate_kms_put_share(k->p.kms, &r->key, &held);
	wipe(&held, sizeof held);
	if (e != ERR_NOT_FOUND) return e;
	log_warn("chain %u: this node has no share of epoch %u of the delegation key; it gets one at the next refresh", r->key.chain_id,
	         r->key.epoch);
	err_clear();
	return delegate_kms_put_share(k->p.kms, &r->key, NULL);
}

/* Whoever comes later to the ceremony that makes it is told that it is there. */
static void tell(group_keeper *k, const kept *c)
{
	cluster *in = k->p.cluster;
	const unsigned count = atomic_load(&in->delegations);

	in->delegated[count] = request_of(k, c, MAKES);
	atomic_store(&in->delegations, count + 1);
}

/* have: what is in the vault. */
static err use(group_keeper *k, kept *c, const group_holding *have)
{
	group_store g = store_of(k, c);

	if (!have->certified) return OK;
	TRY(use_share(k, &g, &have->newest));
	k->p.made(k->p.ctx, &have->newest);
	if (!c->certified) tell(k, c);
	c->certified = true;
	return OK;
}

static err look(group_keeper *k, kept *c, group_holding *have)
{
	group_store g = store_of(k, c);

	have->wallet = *signer_address(k->p.wallet);
	return group_store_look(have, &g);
}

/* ---- ceremonies ----------------------------------------------------------------------------------------------------- */

/* Ids and attempts of ceremonies that are over are of no more use, but for the last number. */
static err forget(group_keeper *k, const id32 *id)
{
	TRY(used_sids_erase(k->p.cluster->vault, id));
	return attempts_bury(k->p.cluster->vault, id);
}

static err hold_ceremony(group_keeper *k, kept *c, const char *operation, program run, const group_holding *have)
{
	const ceremony_tools tools = cluster_tools(k->p.cluster, k->p.random);
	const id32 id = request_of(k, c, operation);
	group_store g = store_of(k, c);
	group_ceremony work = { .chain_id = c->chain_id, .wallet = k->p.wallet, .curve = k->curve, .have = have, .ctx = &g,
	                        .load = group_store_load, .take = group_store_finish, .prepare = group_store_prepare,
	                        .finish = group_store_finish };
	ceremony_plan plan = { .what = ATTEMPT_DELEGATION, .operation = operation, .request = id, .epoch = id, .run = run,
	                       .arg = &work, .stop = &k->stop };

	TRY(peers_committee(&plan.with, k->p.cluster->peers, k->p.context));
	const err e = ceremony_run(&tools, &plan);
	if (e == OK) return forget(k, &id);
	return e;
}

/* What others have shown in the ceremony may be new here even if it failed. */
static err run_ceremony(group_keeper *k, kept *c, const char *operation, program run)
{
	const int64_t begun_ms = clock_now_ms(clock_system());
	group_holding *have = calloc(1, sizeof *have);

	if (!have) return err_fail(ERR_NOMEM, "no memory for a ceremony");
	err e = look(k, c, have);
	if (e == OK) e = hold_ceremony(k, c, operation, run, have);
	if (e == ERR_EXISTS) err_clear(), e = OK;
	if (e == OK) e = look(k, c, have);
	if (e == OK) e = use(k, c, have);
	if (e == OK && c->certified)
		log_info("audit: delegation key of chain %u, epoch %u, is in use, %jd ms after this node was ready for it", c->chain_id,
		         have->newest.key.epoch, (intmax_t)(clock_now_ms(clock_system()) - begun_ms));
	free(have);
	return e;
}

/* ---- when ----------------------------------------------------------------------------------------------------------- */

static int64_t slot_now(const group_keeper *k) { return clock_unix_ms(clock_system()) / 1000 / k->p.refresh_secs; }

/* Whether everything went well that was to be done. */
static bool attend(group_keeper *k, kept *c)
{
	const int64_t slot = k->p.refresh_secs ? slot_now(k) : 0;
	err e = OK;

	/* Others may have a key that this node has never heard of: then there is nothing to make, and shares come with a refresh. */
	if (slot > c->refreshed && (c->certified || c->is_elsewhere)) {
		e = run_ceremony(k, c, REFRESHES, group_refresh);
		if (e == OK) c->refreshed = slot;
	} else if (!c->certified && !c->is_elsewhere) {
		e = run_ceremony(k, c, MAKES, group_create);
		c->is_elsewhere = e == OK && !c->certified;
		c->refreshed = slot;
	}
	if (e == OK) return true;
	if (!stop_is_asked(&k->stop)) {
		err_context("delegation key of chain %u: ", c->chain_id);
		log_err(LOG_WARN, "tried again soon", e);
	}
	err_clear();
	return false;
}

static bool is_time_to_stop(group_keeper *k, int64_t after_ms)
{
	const int64_t until = clock_now_ms(clock_system()) + after_ms;

	pthread_mutex_lock(&k->lock);
	while (!k->stopping && wait_until(&k->wake, &k->lock, until)) {}
	const bool stopping = k->stopping;
	pthread_mutex_unlock(&k->lock);
	return stopping;
}

static void *run(void *arg)
{
	group_keeper *k = arg;
	bool well;

	do {
		well = true;
		for (size_t i = 0; i < k->p.chains && !stop_is_asked(&k->stop); i++) well &= attend(k, &k->chain[i]);
	} while (!is_time_to_stop(k, well ? LOOK_MS : AFTER_FAILURE_MS));
	return NULL;
}

/* ---- from beginning to end ------------------------------------------------------------------------------------------- */

static void release(group_keeper *k)
{
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	secp_free(&k->curve);
	free(k);
}

static err begin(group_keeper *k)
{
	group_holding *have = calloc(1, sizeof *have);
	err e = have ? secp_new(&k->curve, k->p.random) : err_fail(ERR_NOMEM, "no memory for delegation keys");

	for (size_t i = 0; e == OK && i < k->p.chains; i++) {
		kept *c = &k->chain[i];
		*c = (kept){ .chain_id = k->p.chain[i], .refreshed = k->p.refresh_secs ? slot_now(k) : 0 };
		e = look(k, c, have);
		if (e == OK) e = use(k, c, have);
	}
	free(have);
	if (e == OK && pthread_create(&k->thread, NULL, run, k)) e = err_fail(ERR_NOMEM, "no thread for delegation keys");
	return e;
}

err group_keeper_start(group_keeper **out, const group_keeper_parts *parts)
{
	group_keeper *k = calloc(1, sizeof *k);

	if (!k) return err_fail(ERR_NOMEM, "no memory for delegation keys");
	ASSERT(parts->chains <= COUNT(k->chain));
	k->p = *parts;
	pthread_mutex_init(&k->lock, NULL);
	wait_init(&k->wake);
	const err e = begin(k);
	if (e == OK) *out = k;
	else release(k);
	return e;
}

void group_keeper_stop(group_keeper **kp)
{
	group_keeper *k = *kp;
	if (!k) return;
	(void)stop_ask(&k->stop);
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	release(k);
	*kp = NULL;
}
