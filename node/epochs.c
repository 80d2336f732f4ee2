/* SPDX-License-Identifier: MIT */
/* node/epochs.c -- a list by age, a list of leases, and counts of who holds what. */
#include "node/epochs.h"
#include <pthread.h>
#include <stdlib.h>

typedef struct kept_epoch {
	epoch  epoch;                        /* the first member: what is given out */
	struct kept_epoch *next;
	unsigned holds, storing;
	bool   closed, gone;
} kept_epoch;

typedef struct lease { struct lease *next; id32 id, context; } lease;

struct epochs {
	pthread_mutex_t lock;
	vault      *vault;
	kept_epoch *first;                   /* by id, oldest first; those that are gone stay until nobody holds them */
	lease      *creating;
	bool        destroying;
};

/* ---- under the lock ------------------------------------------------------------------------------------------- */

static kept_epoch *find(epochs *e, const id32 *id)
{
	kept_epoch *x = e->first;
	while (x && (x->gone || !id_eq_var(&x->epoch.id, id))) x = x->next;
	return x;
}

static lease *find_lease(epochs *e, const id32 *id)
{
	lease *l = e->creating;
	while (l && !id_eq_var(&l->id, id)) l = l->next;
	return l;
}

static int compare(const id32 *a, const id32 *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

static void join(epochs *e, kept_epoch *x)
{
	kept_epoch **at = &e->first;
	while (*at && compare(&(*at)->epoch.id, &x->epoch.id) < 0) at = &(*at)->next;
	x->next = *at;
	*at = x;
}

static void drop_if_unused(epochs *e, kept_epoch *x)
{
	if (!x->gone || x->holds) return;
	kept_epoch **at = &e->first;
	while (*at != x) at = &(*at)->next;
	*at = x->next;
	prss_free(&x->epoch.masks);
	free(x);
}

static void give_back(epochs *e, const id32 *id)
{
	lease **at = &e->creating;
	while (*at && !id_eq_var(&(*at)->id, id)) at = &(*at)->next;
	ASSERT(*at);
	lease *l = *at;
	*at = l->next;
	free(l);
}

static err not_found(const id32 *id)
{
	char text[ID_TEXT];

	id_text(text, id);
	return err_fail(ERR_NOT_FOUND, "epoch_id: there is no epoch %s", text);
}

static err superseded(const id32 *id)
{
	char text[ID_TEXT];

	id_text(text, id);
	return err_fail(ERR_NOT_FOUND, "epoch_id: epoch %s was superseded and is being erased", text);
}

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static err kept_new(kept_epoch **out, const epoch_data *d, const mpc_context *c)
{
	kept_epoch *x = calloc(1, sizeof *x);

	if (!x) return err_fail(ERR_NOMEM, "no memory for an epoch");
	x->epoch = (epoch){ .id = d->epoch_id, .context = c, .d = d->d, .created_ms = d->created_ms };
	err e = prss_new(&x->epoch.masks, d->n, d->t, d->d, d->me, &d->epoch_id, d->key);
	if (e != OK) {
		free(x);
		return e;
	}
	*out = x;
	return OK;
}

static err check_committee(const epoch_data *d, const mpc_context *c)
{
	if (d->n == c->n && d->t == c->t && d->me == c->me) return OK;
	return err_fail(ERR_STATE, "it was made for party %u of %u with threshold %u, but its context now says party %u of %u with "
	                "threshold %u; restore threshold.peers as it was", d->me, d->n, d->t, c->me, c->n, c->t);
}

static err load_file(epochs *e, contexts *known, const id32 *id, slice file)
{
	const mpc_context *c;
	kept_epoch *x;
	epoch_data d;

	TRY(epoch_data_read(&d, file));
	if (!id_eq_var(&d.epoch_id, id)) return err_fail(ERR_STATE, "the stored file belongs to another epoch");
	TRY(contexts_find(&c, known, &d.context_id));
	TRY(check_committee(&d, c));
	TRY(kept_new(&x, &d, c));
	join(e, x);
	return OK;
}

static err load_one(epochs *e, contexts *known, const id32 *id)
{
	char text[ID_TEXT];
	buf file = { 0 };

	err failed = vault_get_private(&file, e->vault, PRIV_EPOCH_DATA, NULL, id, MAX_EPOCH_FILE);
	if (failed == OK) failed = load_file(e, known, id, buf_slice(&file));
	buf_free(&file);
	if (failed == OK) return OK;
	id_text(text, id);
	err_context("epoch %s: ", text);
	return failed == ERR_IO || failed == ERR_NOMEM ? failed : ERR_STATE;
}

err epochs_open(epochs **out, vault *v, contexts *known)
{
	epochs *e = calloc(1, sizeof *e);
	id32 *id = NULL;
	size_t ids = 0;

	if (!e) return err_fail(ERR_NOMEM, "no memory for the epochs");
	pthread_mutex_init(&e->lock, NULL);
	e->vault = v;
	err failed = vault_list_private(&id, &ids, v, PRIV_EPOCH_DATA, NULL);
	for (size_t i = 0; failed == OK && i < ids; i++) failed = load_one(e, known, &id[i]);
	free(id);
	if (failed != OK) {
		epochs_free(&e);
		return failed;
	}
	*out = e;
	return OK;
}

void epochs_free(epochs **ep)
{
	epochs *e = *ep;
	if (!e) return;
	while (e->first) {
		ASSERT(e->first->holds == 0);
		e->first->gone = true;
		drop_if_unused(e, e->first);
	}
	while (e->creating) give_back(e, &e->creating->id);
	pthread_mutex_destroy(&e->lock);
	free(e);
	*ep = NULL;
}

/* ---- using ------------------------------------------------------------------------------------------------------ */

err epochs_hold(const epoch **out, epochs *e, const id32 *id, const id32 *context)
{
	pthread_mutex_lock(&e->lock);
	kept_epoch *x = find(e, id);
	if (x && context && !id_eq_var(&x->epoch.context->id, context)) x = NULL;
	const bool closed = x && x->closed;
	if (closed) x = NULL;
	if (x) x->holds++;
	pthread_mutex_unlock(&e->lock);
	if (closed) return superseded(id);
	if (!x) {
		err failed = not_found(id);
		if (context) err_context("in this context, ");
		return failed;
	}
	*out = &x->epoch;
	return OK;
}

void epochs_release(epochs *e, const epoch **held)
{
	kept_epoch *x = (kept_epoch *)(uintptr_t)*held;

	if (!x) return;
	pthread_mutex_lock(&e->lock);
	x->holds--;
	drop_if_unused(e, x);
	pthread_mutex_unlock(&e->lock);
	*held = NULL;
}

err epochs_begin_storing(epochs *e, const epoch *held)
{
	kept_epoch *x = (kept_epoch *)(uintptr_t)held;

	pthread_mutex_lock(&e->lock);
	const bool going = x->gone || e->destroying;
	x->storing += !going;
	pthread_mutex_unlock(&e->lock);
	return going ? err_fail(ERR_STATE, "an epoch is being destroyed; ask again when that is done") : OK;
}

void epochs_end_storing(epochs *e, const epoch *held)
{
	kept_epoch *x = (kept_epoch *)(uintptr_t)held;

	pthread_mutex_lock(&e->lock);
	x->storing--;
	pthread_mutex_unlock(&e->lock);
}

void epochs_each(epochs *e, void (*each)(void *, const epoch *), void *ctx)
{
	pthread_mutex_lock(&e->lock);
	for (const kept_epoch *x = e->first; x; x = x->next)
		if (!x->gone) each(ctx, &x->epoch);
	pthread_mutex_unlock(&e->lock);
}

static size_t count(const epochs *e)
{
	size_t n = 0;
	for (const kept_epoch *x = e->first; x; x = x->next) n += !x->gone;
	return n;
}

size_t epochs_count(epochs *e)
{
	pthread_mutex_lock(&e->lock);
	const size_t n = count(e);
	pthread_mutex_unlock(&e->lock);
	return n;
}

bool epochs_made(int64_t *unix_ms, epochs *e, const id32 *id)
{
	pthread_mutex_lock(&e->lock);
	const kept_epoch *x = find(e, id);
	if (x) *unix_ms = x->epoch.created_ms;
	pthread_mutex_unlock(&e->lock);
	return x;
}

/* ---- creating --------------------------------------------------------------------------------------------------- */

static err may_begin(epochs *e, const id32 *id)
{
	const kept_epoch *newest = NULL;
	char text[ID_TEXT];

	if (e->destroying) return err_fail(ERR_STATE, "an epoch is being destroyed; ask again when that is done");
	if (find_lease(e, id)) return err_fail(ERR_STATE, "this epoch is being created already");
	if (find(e, id)) return err_fail(ERR_EXISTS, "epoch_id: this epoch is there already");
	for (const kept_epoch *x = e->first; x; x = x->next)
		if (!x->gone) newest = x;
	if (!newest || compare(id, &newest->epoch.id) > 0) return OK;
	id_text(text, &newest->epoch.id);
	return err_fail(ERR_REQUEST, "epoch_id: ids of epochs grow; the newest is %s", text);
}

err epochs_begin(epochs *e, const id32 *id, const mpc_context *c)
{
	lease *l = calloc(1, sizeof *l);

	if (!l) return err_fail(ERR_NOMEM, "no memory for an epoch");
	pthread_mutex_lock(&e->lock);
	err failed = may_begin(e, id);
	if (failed == OK) {
		*l = (lease){ e->creating, *id, c->id };
		e->creating = l;
	}
	pthread_mutex_unlock(&e->lock);
	if (failed != OK) free(l);
	return failed;
}

static err store(epochs *e, const epoch_data *made)
{
	buf file = { 0 };
	bool existed = false;

	epoch_data_write(&file, made);
	err failed = vault_put_private(e->vault, PRIV_EPOCH_DATA, NULL, &made->epoch_id, buf_slice(&file), &existed);
	buf_free(&file);
	TRY(failed);
	return existed ? err_fail(ERR_EXISTS, "a file of this epoch is in the vault already") : OK;
}

static err finish(epochs *e, const epoch_data *made, const mpc_context *c)
{
	kept_epoch *x;

	TRY(kept_new(&x, made, c));
	err failed = store(e, made);
	if (failed != OK) {
		prss_free(&x->epoch.masks);
		free(x);
		return failed;
	}
	pthread_mutex_lock(&e->lock);
	join(e, x);
	give_back(e, &made->epoch_id);
	pthread_mutex_unlock(&e->lock);
	return OK;
}

err epochs_finish(epochs *e, const epoch_data *made, const mpc_context *c)
{
	ASSERT(id_eq_var(&made->context_id, &c->id));
	TRY(check_committee(made, c));
	return finish(e, made, c);
}

void epochs_abandon(epochs *e, const id32 *id)
{
	pthread_mutex_lock(&e->lock);
	give_back(e, id);
	pthread_mutex_unlock(&e->lock);
}

/* ---- destroying ------------------------------------------------------------------------------------------------- */

static err may_destroy(const epochs *e)
{
	for (const kept_epoch *x = e->first; x; x = x->next)
		if (x->storing) return err_fail(ERR_STATE, "a key is being made in an epoch; ask again when that is done");
	if (e->destroying) return err_fail(ERR_STATE, "another epoch is being destroyed; ask again when that is done");
	if (e->creating) return err_fail(ERR_STATE, "an epoch is being created; ask again when that is done");
	return OK;
}

static err begin_destroy(epochs *e, const id32 *id, bool though_only)
{
	pthread_mutex_lock(&e->lock);
	err failed = find(e, id) ? may_destroy(e) : not_found(id);
	if (failed == OK && !though_only && count(e) == 1) failed = err_fail(ERR_STATE, "this is the only epoch; without it nothing could be decrypted");
	if (failed == OK) e->destroying = true;
	pthread_mutex_unlock(&e->lock);
	return failed;
}

err epochs_begin_destroy(epochs *e, const id32 *id) { return begin_destroy(e, id, false); }
err epochs_begin_destroy_superseded(epochs *e, const id32 *id) { return begin_destroy(e, id, true); }

err epochs_begin_destroy_context(epochs *e)
{
	pthread_mutex_lock(&e->lock);
	err failed = may_destroy(e);
	if (failed == OK) e->destroying = true;
	pthread_mutex_unlock(&e->lock);
	return failed;
}

void epochs_end_destroy(epochs *e)
{
	pthread_mutex_lock(&e->lock);
	ASSERT(e->destroying);
	e->destroying = false;
	pthread_mutex_unlock(&e->lock);
}

err epochs_erase(epochs *e, const id32 *id)
{
	return vault_remove_private(e->vault, PRIV_EPOCH_DATA, NULL, id);
}

err epochs_destroy(epochs *e, const id32 *id)
{
	TRY(epochs_erase(e, id));
	pthread_mutex_lock(&e->lock);
	kept_epoch *x = find(e, id);
	if (x) {
		x->gone = true;
		drop_if_unused(e, x);
	}
	pthread_mutex_unlock(&e->lock);
	return OK;
}

bool epochs_close(epochs *e, const id32 *id)
{
	pthread_mutex_lock(&e->lock);
	kept_epoch *x = find(e, id);
	if (x) x->closed = true;
	const bool unused = x && x->holds == 0;
	pthread_mutex_unlock(&e->lock);
	return unused;
}

void epochs_reopen(epochs *e, const id32 *id)
{
	pthread_mutex_lock(&e->lock);
	kept_epoch *x = find(e, id);
	if (x) x->closed = false;
	pthread_mutex_unlock(&e->lock);
}
