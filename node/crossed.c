/* SPDX-License-Identifier: MIT */
/* node/crossed.c -- a short list, and how two contexts are numbered together. */
#include "node/crossed.h"
#include <pthread.h>
#include <stdlib.h>
#include "sym/dsep.h"
#include "sym/sha2.h"

struct crossings {
	pthread_mutex_t lock;
	crossings_parts p;
	crossed *first, *dropped;
};

err crossings_new(crossings **out, const crossings_parts *parts)
{
	crossings *k = calloc(1, sizeof *k);

	if (!k) return err_fail(ERR_NOMEM, "no memory for contexts side by side");
	pthread_mutex_init(&k->lock, NULL);
	k->p = *parts;
	*out = k;
	return OK;
}

static void free_all(crossed *x)
{
	for (crossed *next; x; x = next) {
		next = x->next;
		free(x);
	}
}

void crossings_free(crossings **kp)
{
	crossings *k = *kp;
	if (!k) return;
	free_all(k->first);
	free_all(k->dropped);
	pthread_mutex_destroy(&k->lock);
	free(k);
	*kp = NULL;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

static bool same_authority(const member *a, const member *b)
{
	const hash32 x = sha256(a->ca_pem), y = sha256(b->ca_pem);
	return hash32_eq_var(x, y);
}

/* *out: the party of the new context that this one is; 0: none. */
static err find_in_new(party *out, const mpc_context *new, const member *m)
{
	*out = 0;
	for (party i = 1; i <= new->n; i++) {
		if (strcmp(new->member[i].identity, m->identity) != 0) continue;
		if (!same_authority(&new->member[i], m))
			return err_fail(ERR_REQUEST, "party %u of the old context and party %u of the new one are both called %s, but under "
			                "different CA certificates; names of different nodes must differ", m->id, i, m->identity);
		*out = i;
	}
	return OK;
}

static err number_all(crossed *x)
{
	const mpc_context *old = x->old, *new = x->new;
	unsigned n = new->n;

	x->sets = (reshare_sets){ .n1 = old->n, .t1 = old->t, .n2 = new->n, .t2 = new->t };
	for (party i = 1; i <= new->n; i++) x->member[i] = new->member[i];
	for (party j = 1; j <= old->n; j++) {
		TRY(find_in_new(&x->sets.at[j], new, &old->member[j]));
		if (x->sets.at[j]) {
			member *both = &x->member[x->sets.at[j]];
			if (!both->storage[0]) both->storage = old->member[j].storage;
			continue;
		}
		if (n == MAX_PARTIES) return err_fail(ERR_REQUEST, "both contexts together have more than %d parties", MAX_PARTIES);
		x->sets.at[j] = (party)++n;
		x->member[n] = old->member[j];
		x->member[n].id = (party)n;
	}
	x->united.n = n;
	return reshare_sets_check(&x->sets);
}

static id32 id_of(const mpc_context *old, const mpc_context *new)
{
	xof hash = dsep_begin("CROSSING");
	id32 out;

	xof_absorb(&hash, id_slice(&old->id));
	xof_absorb(&hash, id_slice(&new->id));
	xof_squeeze(&hash, out.b, sizeof out.b);
	return out;
}

static err check_me(const crossed *x)
{
	const party old = x->old->me, new = x->new->me;

	if (!old || !new || x->sets.at[old] == new) return OK;
	return err_fail(ERR_REQUEST, "this node is party %u of the old context and party %u of the new one, but under different names",
	                old, new);
}

static err lay_out(crossed *x)
{
	TRY(number_all(x));
	TRY(check_me(x));
	x->all = x->new;
	if (x->old == x->new) return OK;
	x->united.id = id_of(x->old, x->new);
	x->united.makes = x->new->id;
	x->united.t = x->new->t;
	x->united.me = x->new->me ? x->new->me : x->old->me ? x->sets.at[x->old->me] : 0;
	x->united.member = x->member;
	x->all = &x->united;
	return OK;
}

/* ---- the list ----------------------------------------------------------------------------------------------------- */

static err add(const crossed **out, crossings *k, const mpc_context *old, const mpc_context *new)
{
	crossed *x = calloc(1, sizeof *x);

	if (!x) return err_fail(ERR_NOMEM, "no memory for contexts side by side");
	x->old = old, x->new = new;
	err e = lay_out(x);
	if (e == OK && x->all == &x->united) e = k->p.join(k->p.ctx, x->all);
	if (e != OK) {
		free(x);
		return e;
	}
	x->next = k->first;
	k->first = x;
	*out = x;
	return OK;
}

err crossings_get(const crossed **out, crossings *k, const mpc_context *old, const mpc_context *new)
{
	err e = OK;

	pthread_mutex_lock(&k->lock);
	const crossed *x = k->first;
	while (x && (x->old != old || x->new != new)) x = x->next;
	if (x) *out = x;
	else e = add(out, k, old, new);
	pthread_mutex_unlock(&k->lock);
	return e;
}

void crossings_drop(crossings *k, const mpc_context *c, void (*each)(void *, const mpc_context *), void *ctx)
{
	pthread_mutex_lock(&k->lock);
	for (crossed **at = &k->first, *x; (x = *at);) {
		if (x->old != c && x->new != c) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		x->next = k->dropped;
		k->dropped = x;
		if (x->all == &x->united) each(ctx, x->all);
	}
	pthread_mutex_unlock(&k->lock);
}
