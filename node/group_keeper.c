/* SPDX-License-Identifier: MIT */
/* node/group_keeper.c -- a thread that looks every second what is to be done. */
#include <stdlib.h>
#include "base/log.h"
#include "base/wait.h"
#include "node/group_keeper_internal.h"

enum { AFTER_FAILURE_MS = 2000, LOOK_MS = 1000, TELL_MS = 5000 };

/* ---- when ----------------------------------------------------------------------------------------------------------- */

static int64_t slot_now(const group_keeper *k) { return k->p.refresh_secs ? clock_unix_ms(clock_system()) / 1000 / k->p.refresh_secs : 0; }

static const mpc_context *home_of(group_keeper *k, const kept *c)
{
	return group_work_context(k, &(kept){ .chain_id = c->chain_id, .context = c->context, .certified = c->certified });
}

static err check_import(const group_keeper *k, const kept *c, const mpc_context *in)
{
	const bool has_it = delegate_kms_is_whole(k->p.kms, c->chain_id);

	if (!c->import_from) return OK;
	if (c->import_from > in->n)
		return err_fail(ERR_REQUEST, "delegation.chains: import_from of chain %u is %u, and there are %u parties", c->chain_id, c->import_from, in->n);
	if (!has_it || c->import_from == in->me) return OK;
	return err_fail(ERR_REQUEST, "delegation.chains: import_from of chain %u is party %u, and this party %u names a key_file, too", c->chain_id,
	                c->import_from, in->me);
}

static err make_first(group_keeper *k, kept *c)
{
	const mpc_context *in = group_work_first_context(k);

	if (!in) return OK;                                /* there are no parties yet */
	TRY(check_import(k, c, in));
	if (c->import_from) return group_work_hold(k, c, in, GROUP_IMPORTS, group_import);
	return group_work_hold(k, c, in, GROUP_MAKES, group_create);
}

/*
 * This node may have missed that the key went to other parties; those who have it say in its former context that they do, and nobody
 * comes there.  Then the other contexts take turns until a refresh succeeds.  Not because one failed at home: parties of a context
 * that the key has left may be corrupt by now, more of them than were to be feared, and what they certify there is not looked at unless
 * more parties at home than can be corrupt have sent this node away.
 */
static err make_new_shares(group_keeper *k, kept *c, int64_t slot)
{
	const mpc_context *in = group_work_context(k, c);

	if (!in) return OK;
	if (in == home_of(k, c)) c->turn = 0;
	c->is_elsewhere = false;
	const err e = group_work_hold(k, c, in, GROUP_REFRESHES, group_refresh);
	if (e == OK && !c->is_elsewhere) c->refreshed = slot, c->turn = 0;
	else if (c->is_elsewhere || c->turn) c->turn++;
	c->is_elsewhere = true;
	return e;
}

/* From now on it listens to the parties of where the key is taken to be. */
static bool believes(group_keeper *k, kept *c, group_news *news, const mpc_context *home)
{
	pthread_mutex_lock(&k->lock);
	const group_news known = { .chain_id = c->chain_id, .epoch = c->epoch, .key_id = c->key_id };
	if (!id_eq_var(&c->listens, &home->id)) c->listens = home->id, c->said_by = 0;
	const bool believed = !c->left && group_news_believed(news, c->said, c->said_by, home->t, c->certified ? &known : NULL);
	if (believed) c->said_by = 0;
	pthread_mutex_unlock(&k->lock);
	return believed;
}

static err heed(group_keeper *k, kept *c)
{
	const mpc_context *home = home_of(k, c);
	group_news news;

	return home && believes(k, c, &news, home) ? group_work_fall_behind(k, c, home, &news) : OK;
}

/* Whether everything went well that was to be done.  Requires: `work`. */
static bool attend(group_keeper *k, kept *c)
{
	const int64_t slot = slot_now(k);
	err e = heed(k, c);

	if (e == OK && c->left) {
		/* It may be back among them and have missed that; asked once, others soon say if not. */
		if (slot > c->refreshed && make_new_shares(k, c, slot) != OK) err_clear();
		if (c->left) c->refreshed = slot;
		return true;
	}
	/* Others may have a key that this node has never heard of: then there is nothing to make, and shares come with a refresh. */
	if (e == OK && slot > c->refreshed && (c->certified || c->is_elsewhere)) {
		e = make_new_shares(k, c, slot);
	} else if (e == OK && !c->certified && !c->is_elsewhere) {
		e = make_first(k, c);
		c->refreshed = slot;
	}
	if (e == OK) return true;
	if (!stop_is_asked(&k->pause)) {
		err_context("delegation key of chain %u: ", c->chain_id);
		log_err(LOG_WARN, "tried again soon", e);
	}
	err_clear();
	return false;
}

/* Waits, and then for those who come first. */
static bool is_time_to_stop(group_keeper *k, int64_t after_ms)
{
	const int64_t until = clock_now_ms(clock_system()) + after_ms;

	pthread_mutex_lock(&k->lock);
	while (!k->stopping && wait_until(&k->wake, &k->lock, until)) {}
	while (!k->stopping && k->movers) pthread_cond_wait(&k->wake, &k->lock);
	const bool stopping = k->stopping;
	pthread_mutex_unlock(&k->lock);
	return stopping;
}

static void tell_others(group_keeper *k)
{
	const int64_t now = clock_now_ms(clock_system());

	if (k->told_ms && now - k->told_ms < TELL_MS) return;
	k->told_ms = now;
	for (size_t i = 0; i < k->p.chains; i++) group_work_tell(k, &k->chain[i]);
}

static void *run(void *arg)
{
	group_keeper *k = arg;
	bool well;

	do {
		well = true;
		pthread_mutex_lock(&k->work);
		for (size_t i = 0; i < k->p.chains && !stop_is_asked(&k->pause); i++) well &= attend(k, &k->chain[i]);
		tell_others(k);
		pthread_mutex_unlock(&k->work);
	} while (!is_time_to_stop(k, well ? LOOK_MS : AFTER_FAILURE_MS));
	return NULL;
}

/* ---- what others ask -------------------------------------------------------------------------------------------------- */

static bool is_of(const kept *c, const id32 *context, const id32 *asked)
{
	const id32 makes = group_request_of(context, c->chain_id, GROUP_MAKES), imports = group_request_of(context, c->chain_id, GROUP_IMPORTS),
	           refreshes = group_request_of(context, c->chain_id, GROUP_REFRESHES);

	if (id_eq_var(asked, &makes) || id_eq_var(asked, &imports)) return true;
	if (id_eq_var(asked, &refreshes)) return !id_eq_var(&c->context, context) && !id_eq_var(&c->context, &(id32){ 0 });
	return !c->left && id_eq_var(asked, &c->by);
}

bool group_keeper_has(group_keeper *k, const id32 *context, const id32 *asked)
{
	bool has = false;

	if (!k) return false;
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; !has && i < k->p.chains; i++) has = k->chain[i].certified && is_of(&k->chain[i], context, asked);
	pthread_mutex_unlock(&k->lock);
	return has;
}

bool group_keeper_hear(group_keeper *k, const mpc_context *in, party from, slice frame)
{
	group_news news;

	if (!group_news_read(&news, frame)) return false;
	if (!k) return true;
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->p.chains; i++) {
		kept *c = &k->chain[i];
		if (c->chain_id != news.chain_id || !id_eq_var(&c->listens, &in->id)) continue;
		c->said[from] = news;
		add_to(&c->said_by, from);
	}
	pthread_mutex_unlock(&k->lock);
	return true;
}

bool group_keeper_lives_in(group_keeper *k, const id32 *context, uint32_t *chain_id)
{
	bool lives = false;

	if (!k) return false;
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; !lives && i < k->p.chains; i++) {
		const kept *c = &k->chain[i];
		lives = c->certified && !c->left && id_eq_var(&c->context, context);
		*chain_id = c->chain_id;
	}
	pthread_mutex_unlock(&k->lock);
	return lives;
}

/* ---- from beginning to end ------------------------------------------------------------------------------------------- */

static void release(group_keeper *k)
{
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	pthread_mutex_destroy(&k->work);
	secp_free(&k->curve);
	free(k);
}

static int by_chain(const void *a, const void *b)
{
	const kept *x = a, *y = b;
	return x->chain_id < y->chain_id ? -1 : x->chain_id > y->chain_id;
}

static err begin(group_keeper *k)
{
	const mpc_context *first = group_work_first_context(k);
	err e = secp_new(&k->curve, k->p.random);

	for (size_t i = 0; i < k->p.chains; i++)
		k->chain[i] = (kept){ .chain_id = k->p.chain[i].id, .import_from = k->p.chain[i].import_from, .refreshed = slot_now(k) };
	qsort(k->chain, k->p.chains, sizeof *k->chain, by_chain);          /* all nodes take them in turn */
	for (size_t i = 0; e == OK && i < k->p.chains; i++) {
		e = first ? check_import(k, &k->chain[i], first) : OK;
		if (e == OK) e = group_work_look(k, &k->chain[i]);
	}
	if (e == OK && pthread_create(&k->thread, NULL, run, k)) e = err_fail(ERR_NOMEM, "no thread for delegation keys");
	return e;
}

err group_keeper_start(group_keeper **out, const group_keeper_parts *parts)
{
	group_keeper *k = calloc(1, sizeof *k);

	if (!k) return err_fail(ERR_NOMEM, "no memory for delegation keys");
	ASSERT(parts->chains <= COUNT(k->chain));
	k->p = *parts;
	pthread_mutex_init(&k->work, NULL);
	pthread_mutex_init(&k->lock, NULL);
	wait_init(&k->wake);
	const err e = begin(k);
	if (e == OK) *out = k;
	else release(k);
	return e;
}

void group_keeper_stop(group_keeper *k)
{
	if (!k || k->stopping) return;
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	(void)stop_ask(&k->pause);
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
}

void group_keeper_free(group_keeper **k)
{
	if (*k) release(*k);
	*k = NULL;
}
