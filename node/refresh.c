/* SPDX-License-Identifier: MIT */
/*
 * node/refresh.c -- a part of the ceremony for each key, under the ceremony's id, its clock and its known liars.  Between the
 * parts the parties meet: who falls silent late must not take the patience of all rounds before it.
 */
#include "node/refresh.h"
#include "mpc/lanes.h"
#include "mpc/reshare.h"

/* Disks differ, and the slowest of them makes a round that long. */
enum { STORING_MS = 2000 };

/* Messages between the sets of a key's resharing; parts of the ceremony are below. */
static const uint64_t FIRST_ROUTE = (uint64_t)1 << 62;

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

/* A share's words are one block in the order of secret_id, so a key is one vector. */
static size_t secrets_in(const key_share *k)
{
	size_t n = 0;

	for (secret_id id = 0; id < SECRETS; id++) n += secret_length(k->params, id);
	return n;
}

/* All parties must have as many: a party that lacks one gives nothing rather than something of another length. */
static err check_share(const key_share *k, const session *s)
{
	const share_holder *h = &k->holder;

	if (h->n != s->n || h->t != s->t || h->me != s->me)
		return err_fail(ERR_STATE, "the share of this key is party %u's of %u with threshold %u; the context says %u of %u with %u",
		                h->me, h->n, h->t, s->me, s->n, s->t);
	for (secret_id id = 0; id < SECRETS; id++)
		if (secret_length(k->params, id) && !k->word[id]) return err_fail(ERR_STATE, "a secret is missing in the share of this key");
	return OK;
}

static err make_fresh(session *s, key_share *fresh, const key_share *old, const refresh *x, const prss *masks, unsigned i)
{
	share_holder holder = old->holder;
	unsigned which = 0;

	TRY(check_share(old, s));
	for (secret_id id = 0; id < SECRETS; id++) if (old->word[id]) which |= SECRET_BIT(id);
	holder.epoch_id = x->epoch;
	TRY(key_share_new(fresh, &holder, old->params, which));
	one_key one = { .fresh = fresh->memory,
	                .plan = { .sets = reshare_same(s->n, s->t), .route = sid_sub(&s->sid, FIRST_ROUTE + i), .N = secrets_in(old),
	                          .as = s->me, .old = old->memory } };
	void *const arg = &one;
	const lane_plan lane = { .lanes = 1, .first = i, .k = 128, .prss = masks, .record = x->record, .run = reshare_it, .arg = &arg,
	                         .in_turn = true };
	return mpc_lanes(s, &lane);
}

static err refresh_key(session *s, const refresh *x, const prss *masks, unsigned i)
{
	key_share old = { 0 }, fresh = { 0 };

	err e = x->load(x->ctx, &old, i);
	if (e == OK) e = make_fresh(s, &fresh, &old, x, masks, i);
	key_share_free(&old);
	if (e == OK) e = x->store(x->ctx, &fresh, i);
	key_share_free(&fresh);
	session_allow(s, STORING_MS);
	return e == OK ? meet(s) : e;
}

err refresh_run(session *s, void *arg)
{
	const refresh *x = arg;
	AUTO(prss) *masks = NULL;
	party_set done;

	TRY(prss_setup(s, x->r_A));
	TRY(meet(s));
	TRY(prss_new(&masks, s->n, s->t, s->R->d, s->me, &x->epoch, (const uint8_t (*)[PRSS_KEY])x->r_A));
	for (unsigned i = 0; i < x->keys; i++) TRY(refresh_key(s, x, masks, i));
	return reshare_done(s, &done, &x->outcome);
}
