/* SPDX-License-Identifier: MIT */
/*
 * node/engine_deal.c -- insecure key generation: party 1 makes a whole key set and deals it (deal.h, tkms/dealer.h).
 *
 * For trials, in builds with the option insecure_keygen: whoever runs party 1 has the key.  No disk ever does; the dealer
 * wipes it when it is shared out.  It makes the set on a thread of its own, while the parties come together and wait.
 *
 * What is published is written once at every party, in its own vault.  Then every party signs and stores for itself.
 */
#include <pthread.h>
#include <stdlib.h>
#include "node/cluster.h"
#include "base/wait.h"
#include "node/deal.h"
#include "tkms/dealer.h"

enum { WAIT_SAY_MS = 250 };

typedef struct dealing {
	const engine  *engine;
	const request *request;
	deal           deal;
	key_step       step;                             /* dealt, or received */
	progress       told;

	/* The dealer's maker. */
	pthread_t      thread;
	pthread_mutex_t lock;
	pthread_cond_t  done;
	bool           making, made;                     /* the thread is to be joined; it has ended */
	err            failed;
	char           why[512];
} dealing;

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static unsigned secrets_of(const secret_keys *k)
{
	unsigned which = 0;
	for (unsigned s = 0; s < SECRETS; s++)
		if (secret_length(k->params, (secret_id)s)) which |= SECRET_BIT(s);
	return which;
}

/* The whole key lives in this function. */
static err share_out(dealing *d, const key_files *files)
{
	secret_keys whole = { 0 };
	slice tag;

	err e = tfhers_read_client_key(&whole, &tag, buf_slice(&files->client_key));
	if (e == OK) e = dealer_share_out(d->deal.share, &whole, &d->deal.holder, secrets_of(&whole), d->engine->random);
	secret_keys_free(&whole);
	return e;
}

static err make(dealing *d)
{
	const engine *e = d->engine;
	const lat_params *params = d->deal.params;
	key_step step = key_step_begin(e->making, e->clock, &KEY_MADE, &d->request->id);
	const progress told = key_step_progress(&step);
	new_key *mine = &d->deal.mine;
	key_files f = { 0 };
	draft *room;

	TRY(keys_draft(&room, e->keys, &d->request->id, params));
	err failed = tkms_keygen_into(&f, &room, e->cores, params, &d->request->id, e->random, &told);
	key_step_end(&step);
	if (failed == OK) failed = share_out(d, &f);
	if (failed == OK) {
		buf_put_slice(&mine->public_key, buf_slice(&f.public_key));
		mine->keyset = f.xof_keyset;
		f.xof_keyset = NULL;
		memcpy(mine->public_key_digest, f.public_key_digest, KEY_DIGEST_BYTES);
		memcpy(mine->keyset_digest, f.xof_keyset_digest, KEY_DIGEST_BYTES);
	}
	key_files_free(&f);
	return failed;
}

static void *make_aside(void *arg)
{
	dealing *d = arg;
	err e = make(d);

	pthread_mutex_lock(&d->lock);
	d->failed = e;
	if (e != OK) snprintf(d->why, sizeof d->why, "%s", err_text());
	d->made = true;
	pthread_cond_signal(&d->done);
	pthread_mutex_unlock(&d->lock);
	err_clear();
	return NULL;
}

static void join(dealing *d)
{
	if (d->making) pthread_join(d->thread, NULL);
	d->making = false;
}

static err wait_until_made(void *ctx, bool *yes)
{
	dealing *d = ctx;
	const int64_t until = clock_now_ms(clock_system()) + WAIT_SAY_MS;

	pthread_mutex_lock(&d->lock);
	while (!d->made && wait_until(&d->done, &d->lock, until)) {}
	*yes = d->made;
	pthread_mutex_unlock(&d->lock);
	if (!*yes) return OK;
	join(d);
	return d->failed == OK ? OK : err_fail(d->failed, "%s", d->why);
}

static err room_for_keyset(void *ctx, draft **out)
{
	const dealing *d = ctx;
	return keys_draft(out, d->engine->keys, &d->request->id, d->deal.params);
}

/* ---- around it --------------------------------------------------------------------------------------------------------------- */

static err run_ceremony(dealing *d, const mpc_context *k)
{
	const engine *e = d->engine;
	const request *r = d->request;
	const ceremony_tools tools = cluster_tools(e->cluster, e->random);
	ceremony_plan plan = { .what = ATTEMPT_DEAL, .operation = "deal", .request = r->id, .epoch = r->epoch_id, .run = deal_run,
	                       .arg = &d->deal, .stop = r->stop };

	TRY(peers_committee(&plan.with, e->cluster->peers, k));
	return ceremony_run(&tools, &plan);
}

/* The dealer makes the set while the parties come together. */
static err begin(dealing *d)
{
	pthread_mutex_init(&d->lock, NULL);
	wait_init(&d->done);
	if (d->deal.holder.me != DEALER) return OK;
	d->making = pthread_create(&d->thread, NULL, make_aside, d) == 0;
	if (d->making) return OK;
	return err_fail(ERR_NOMEM, "no thread for the dealer");
}

static void end(dealing *d)
{
	join(d);
	key_step_end(&d->step);
	deal_clear(&d->deal);
	pthread_cond_destroy(&d->done);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static err deal_in(const engine *e, buf *response, const request *r, const epoch *x)
{
	const mpc_context *k = x->context;
	dealing *d = calloc(1, sizeof *d);

	if (!d) return err_fail(ERR_NOMEM, "no memory to deal a key");
	*d = (dealing){ .engine = e, .request = r };
	d->step = key_step_begin(e->making, e->clock, k->me == DEALER ? &KEY_DEALT : &KEY_RECEIVED, &r->id);
	d->told = key_step_progress(&d->step);
	d->deal = (deal){ .holder = { r->id, r->epoch_id, k->n, k->t, x->d, k->me }, .params = r->keygen.params, .piece = DEAL_PIECE,
	                  .told = &d->told, .ctx = d, .cores = e->cores, .made = wait_until_made, .room = room_for_keyset };
	err failed = begin(d);
	if (failed == OK && keygen_is_uncompressed(r)) failed = keys_draft_server_key(&d->deal.plain, e->keys, &r->id, r->keygen.params);
	if (failed == OK) failed = run_ceremony(d, k);
	if (failed == OK) failed = engine_store_part(e, response, r, &d->deal.mine, KEY_INSECURE);
	end(d);
	return failed;
}

err engine_deal(const engine *e, buf *response, const request *r)
{
	epochs *all = e->cluster->epochs;
	const epoch *held;

	TRY(epochs_hold(&held, all, &r->epoch_id, &r->context_id));
	err failed = epochs_begin_storing(all, held);
	if (failed == OK) {
		failed = deal_in(e, response, r, held);
		epochs_end_storing(all, held);
	}
	epochs_release(all, &held);
	return failed;
}
