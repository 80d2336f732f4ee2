/* SPDX-License-Identifier: MIT */
/*
 * node/refresh.c -- a part of the ceremony for each key, under the ceremony's id, its clock and its known liars.  Between the
 * parts the parties meet: who falls silent late must not take the patience of all rounds before it.
 */
#include "node/refresh.h"
#include "mpc/lanes.h"
#include "sym/sha2.h"

/* Disks differ, and the slowest of them makes a round that long. */
enum { STORING_MS = 2000 };

/* Files come from far away at this rate at least, or another party will have to be asked. */
enum { FETCH_LEAST_MS = 5000, FETCH_BYTES_A_MS = 4000 };

/* ---- what is meant --------------------------------------------------------------------------------------------------- */

/* Who a party is, is what its certificate says. */
static void roles_of(hash32 *role, const mpc_context *c)
{
	for (party i = 1; i <= c->n; i++) role[i - 1] = sha256(slice_str(c->member[i].identity));
}

id32 refresh_binding(const crossed *x, const request *r, const offer *keys)
{
	hash32 old_role[MAX_PARTIES], new_role[MAX_PARTIES];
	id32 key[MAX_RESHARED_KEYS];

	roles_of(old_role, x->old);
	roles_of(new_role, x->new);
	for (unsigned i = 0; keys && i < keys->keys; i++) key[i] = keys->key[i].key_id;
	const reshare_terms terms = { .request = r->id, .old_context = x->old->id, .new_context = x->new->id, .old_epoch = r->epoch.from,
	                              .new_epoch = r->id, .sets = x->sets, .old_role = old_role, .new_role = new_role,
	                              .key = key, .keys = keys ? keys->keys : 0 };
	return reshare_binding(&terms);
}

/* The same at all parties that have done the same. */
static hash32 outcome_of(const id32 *binding, const offer *keys)
{
	AUTO(sha256_stream) s = sha256_begin();
	uint8_t bytes[OFFER_BYTES];

	offer_write(bytes, keys);
	sha256_add(&s, id_slice(binding));
	sha256_add(&s, slice_of(bytes, sizeof bytes));
	return sha256_end(&s);
}

static offering offering_of(const refresh *x)
{
	const id32 binding = refresh_binding(x->sets, x->request, NULL);

	return (offering){ .sets = &x->sets->sets, .route = reshare_route(&binding, x->attempt, RESHARE_BEFORE), .as = x->sets->old->me,
	                   .mine = x->mine, .extras = x->extras, .request = x->request, .ctx = x->ctx, .lacks = x->lacks,
	                   .agreed = x->agreed, .heard = x->heard };
}

/* A share's words are one block in the order of secret_id, so a key is one vector. */
static size_t secrets_in(const lat_params *p)
{
	size_t n = 0;

	for (secret_id id = 0; id < SECRETS; id++) n += secret_length(p, id);
	return n;
}

static unsigned secrets_of(const lat_params *p)
{
	unsigned which = 0;

	for (secret_id id = 0; id < SECRETS; id++) if (secret_length(p, id)) which |= SECRET_BIT(id);
	return which;
}

/* Every secret must be there: a party that lacks one gives nothing rather than something of another length. */
static err load_share(key_share *old, const refresh *x, const offered_key *key)
{
	const mpc_context *c = x->sets->old;

	TRY(x->load(x->ctx, old, key));
	const share_holder *h = &old->holder;
	if (h->n != c->n || h->t != c->t || h->me != c->me || old->params != key->params)
		return err_fail(ERR_STATE, "the share of this key is party %u's of %u with threshold %u; the context says %u of %u with %u",
		                h->me, h->n, h->t, c->me, c->n, c->t);
	for (secret_id id = 0; id < SECRETS; id++)
		if (secret_length(old->params, id) && !old->word[id]) return err_fail(ERR_STATE, "a secret is missing in the share of this key");
	return OK;
}

/* ---- in the new set -------------------------------------------------------------------------------------------------- */

typedef struct one_key {
	reshare_plan plan;
	u128        *fresh;
} one_key;

static err reshare_it(session *s, void *arg)
{
	one_key *x = arg;
	party_set failed;

	return reshare(s, x->fresh, &failed, &x->plan);
}

typedef struct state {
	const refresh *x;
	offering said;
	id32     binding;
	prss    *masks;
} state;

static err make_fresh(session *s, key_share *fresh, const key_share *old, const state *w, unsigned i)
{
	const refresh *x = w->x;
	const offered_key *key = &x->agreed->key[i];
	const share_holder holder = { key->key_id, x->request->id, s->n, s->t, s->R->d, s->me };

	TRY(key_share_new(fresh, &holder, key->params, secrets_of(key->params)));
	one_key one = { .fresh = fresh->memory,
	                .plan = { .sets = x->sets->sets, .route = reshare_route(&w->binding, x->attempt, i), .N = secrets_in(key->params),
	                          .as = w->said.gives ? w->said.as : 0, .old = old->memory, .lacking = w->said.lacking } };
	void *const arg = &one;
	const lane_plan lane = { .lanes = 1, .first = i, .k = 128, .prss = w->masks, .record = x->record, .run = reshare_it, .arg = &arg,
	                         .in_turn = true };
	return mpc_lanes(s, &lane);
}

static err refresh_key(session *s, const state *w, unsigned i)
{
	const refresh *x = w->x;
	key_share old = { 0 }, fresh = { 0 };

	err e = w->said.gives ? load_share(&old, x, &x->agreed->key[i]) : OK;
	if (e == OK) e = make_fresh(s, &fresh, &old, w, i);
	key_share_free(&old);
	if (e == OK) e = x->try(x->ctx, s, &fresh, w->masks, i);
	if (e == OK) e = x->store(x->ctx, &fresh, &x->agreed->key[i]);
	key_share_free(&fresh);
	session_allow(s, STORING_MS);
	return e == OK ? meet(s) : e;
}

int64_t refresh_fetch_ms(const offer *x)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < x->keys; i++)
		for (unsigned f = 0; f < x->key[i].files; f++) bytes += x->key[i].file[f].bytes;
	return FETCH_LEAST_MS + (int64_t)(bytes / FETCH_BYTES_A_MS);
}

/* Who has all files waits for who has not: the key is not reshared before all can use it. */
static err fetch_files(session *s, const refresh *x)
{
	bool lacks;

	TRY(x->lacks(x->ctx, &lacks, x->agreed));
	session_allow(s, refresh_fetch_ms(x->agreed));
	if (lacks) TRY(x->fetch(x->ctx, x->agreed));
	return meet(s);
}

static err run_keys(session *s, const state *w)
{
	const refresh *x = w->x;
	const hash32 outcome = outcome_of(&w->binding, x->agreed);
	party_set done;

	for (unsigned i = 0; i < x->agreed->keys; i++) TRY(refresh_key(s, w, i));
	return reshare_done(s, &done, &outcome);
}

err refresh_run(session *s, void *arg)
{
	const refresh *x = arg;
	state w = { .x = x, .said = offering_of(x) };

	TRY(offering_run(s, &w.said));
	w.binding = refresh_binding(x->sets, x->request, x->agreed);
	if (w.said.fetching) TRY(fetch_files(s, x));
	TRY(prss_setup(s, x->r_A));
	TRY(meet(s));
	TRY(prss_new(&w.masks, s->n, s->t, s->R->d, s->me, &x->request->id, (const uint8_t (*)[PRSS_KEY])x->r_A));
	err e = run_keys(s, &w);
	prss_free(&w.masks);
	return e;
}

/* ---- in the old set only ----------------------------------------------------------------------------------------------- */

static err give_key(const refresh *x, const reshare_giver *g, const id32 *binding, unsigned i)
{
	const offered_key *key = &x->mine->key[i];
	key_share old = { 0 };

	err e = load_share(&old, x, key);
	const reshare_plan plan = { .sets = x->sets->sets, .route = reshare_route(binding, x->attempt, i), .N = secrets_in(key->params),
	                            .as = x->sets->old->me, .old = old.memory };
	if (e == OK) e = reshare_give(g, &plan);
	key_share_free(&old);
	return e;
}

err refresh_give(const refresh *x, const reshare_giver *g)
{
	const offering said = offering_of(x);
	const id32 binding = refresh_binding(x->sets, x->request, x->mine);
	reshare_giver patient = *g;

	TRY(offering_give(g, &said));
	patient.patience_ms += refresh_fetch_ms(x->mine);
	for (unsigned i = 0; i < x->mine->keys; i++) TRY(give_key(x, &patient, &binding, i));
	return OK;
}
