/* SPDX-License-Identifier: MIT */
/* node/group_store.c */
#include "node/group_store.h"
#include <stdlib.h>

enum { AS_IT_IS = 1, LEFT = 2 };

static id32 number_of(uint8_t what, uint32_t epoch)
{
	return (id32){ { what, [28] = (uint8_t)(epoch >> 24), (uint8_t)(epoch >> 16), (uint8_t)(epoch >> 8), (uint8_t)epoch } };
}

/* ---- going through what is there --------------------------------------------------------------------------------- */

typedef err on_object(void *ctx, const group_store *g, const id32 *key, const id32 *number);

static err each_number(const group_store *g, priv_type t, const id32 *key, on_object *f, void *ctx)
{
	id32 *number = NULL;
	size_t count = 0;

	err e = vault_list_private(&number, &count, g->vault, t, key);
	for (size_t i = 0; e == OK && i < count; i++) e = f(ctx, g, key, &number[i]);
	free(number);
	return e;
}

static err each(const group_store *g, priv_type t, on_object *f, void *ctx)
{
	id32 *key = NULL;
	size_t count = 0;

	err e = vault_list_epochs(&key, &count, g->vault, t);
	for (size_t i = 0; e == OK && i < count; i++) e = each_number(g, t, &key[i], f, ctx);
	free(key);
	return e;
}

static err damaged(err e, const char *what, const id32 *key)
{
	char id[ID_TEXT];

	id_text(id, key);
	err_context("the vault's %s of delegation key %s: ", what, id);
	return e == ERR_REQUEST ? ERR_STATE : e;
}

enum { WITH_HOME = 2, HOME_BYTES = 2 + 2 * (int)sizeof(id32) };

static void put_home(buf *out, const group_home *h, key_state state)
{
	buf_put_u8(out, WITH_HOME);
	buf_put_u8(out, (uint8_t)state);
	buf_put_slice(out, id_slice(&h->context));
	buf_put_slice(out, id_slice(&h->by));
}

/* *rest: what follows. */
static err take_home(group_home *h, slice *rest, slice object)
{
	*h = (group_home){ .state = KEY_ACTIVE };
	*rest = object;
	if (!object.n || object.p[0] != WITH_HOME) return OK;
	if (object.n < HOME_BYTES || !key_state_is(object.p[1])) return err_fail(ERR_REQUEST, "it does not say where the key is");
	h->state = (key_state)object.p[1];
	memcpy(h->context.b, object.p + 2, sizeof h->context.b);
	memcpy(h->by.b, object.p + 2 + sizeof h->context.b, sizeof h->by.b);
	*rest = slice_of(object.p + HOME_BYTES, object.n - HOME_BYTES);
	return OK;
}

static err read_record(group_record *out, group_home *home, const group_store *g, const id32 *key, const id32 *number)
{
	AUTO(buf) file = { 0 };
	slice rest;

	err e = vault_get_private(&file, g->vault, PRIV_DELEGATION_KEY, key, number, HOME_BYTES + MAX_GROUP_RECORD);
	if (e == OK) e = take_home(home, &rest, buf_slice(&file));
	if (e == OK) e = group_record_read(out, rest);
	return e == OK ? OK : damaged(e, "record", key);
}

static err read_share(group_share *held, group_record *r, group_home *home, const group_store *g, const id32 *key, const id32 *number)
{
	AUTO(buf) file = { 0 };
	slice rest;

	err e = vault_get_private(&file, g->vault, PRIV_DELEGATION_SHARE, key, number, HOME_BYTES + MAX_GROUP_SHARE_FILE);
	if (e == OK) e = take_home(home, &rest, buf_slice(&file));
	if (e == OK) e = group_share_read(held, r, rest);
	if (e == OK && !group_share_is_right(held, &r->key, g->curve)) e = err_fail(ERR_STATE, "it is not the share that was published");
	return e == OK ? OK : damaged(e, "share", key);
}

/* ---- what there is ----------------------------------------------------------------------------------------------- */

typedef struct looking { group_holding *h; group_home home, begun; uint32_t begun_epoch; } looking;

/* Of one epoch, that this node has left it is the later news. */
static err look_at_record(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	looking *l = ctx;
	group_home home;
	group_record r;

	TRY(read_record(&r, &home, g, key, number));
	if (r.key.chain_id != g->chain_id) return OK;
	const uint32_t known = l->h->newest.key.epoch;
	if (l->h->certified && (known > r.key.epoch || (known == r.key.epoch && home.state != KEY_DESTROYED))) return OK;
	l->h->certified = true;
	l->h->newest = r;
	l->home = home;
	return OK;
}

/* More shares than can be offered: those of the latest attempts do not count. */
static err look_at_share(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	looking *l = ctx;
	group_holding *h = l->h;
	group_share held;
	group_home home;
	group_record r;

	TRY(read_share(&held, &r, &home, g, key, number));
	wipe(&held, sizeof held);
	if (r.key.chain_id != g->chain_id) return OK;
	if (r.key.epoch + 1 > h->prepared) h->prepared = r.key.epoch + 1;
	if (h->held < MAX_HELD) h->digest[h->held++] = group_digest(&r.key);
	if ((h->certified && r.key.epoch <= h->newest.key.epoch) || (l->begun.state && r.key.epoch < l->begun_epoch)) return OK;
	l->begun = home;
	l->begun_epoch = r.key.epoch;
	return OK;
}

err group_store_look_at(group_holding *out, group_home *home, group_home *begun, const group_store *g)
{
	const eth_address wallet = out->wallet;
	looking l = { .h = out };

	*out = (group_holding){ .wallet = wallet };
	TRY(each(g, PRIV_DELEGATION_KEY, look_at_record, &l));
	if (out->certified) out->prepared = out->newest.key.epoch + 1;
	TRY(each(g, PRIV_DELEGATION_SHARE, look_at_share, &l));
	*home = l.home;
	*begun = l.begun;
	return OK;
}

err group_store_look(group_holding *out, const group_store *g)
{
	group_home home, begun;

	return group_store_look_at(out, &home, &begun, g);
}

/* ---- for ceremonies ------------------------------------------------------------------------------------------------ */

typedef struct sought { const hash32 *digest; group_share *out; group_record *of; bool found; } sought;

static err compare(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	sought *x = ctx;
	group_record r;
	group_share held;
	group_home home;

	if (x->found) return OK;
	TRY(read_share(&held, &r, &home, g, key, number));
	x->found = hash32_eq_var(group_digest(&r.key), *x->digest);
	if (x->found) *x->out = held, *x->of = r;
	wipe(&held, sizeof held);
	return OK;
}

err group_store_load(void *ctx, group_share *out, group_record *r, const hash32 *digest)
{
	sought x = { digest, out, r, false };

	TRY(each(ctx, PRIV_DELEGATION_SHARE, compare, &x));
	return x.found ? OK : err_fail(ERR_NOT_FOUND, "the vault has no share of this epoch of the delegation key");
}

/* Every share of the chain.  An attempt at a first key that came to nothing leaves one of a key that is none. */
static err drop_shares(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_record r;
	group_share held;
	group_home home;

	(void)ctx;
	TRY(read_share(&held, &r, &home, g, key, number));
	wipe(&held, sizeof held);
	return r.key.chain_id == g->chain_id ? vault_remove_private(g->vault, PRIV_DELEGATION_SHARE, key, number) : OK;
}

/* The newest certified key of the chain and where it is, whether this node has left it or not; *known: there is one. */
static err look_for_known(group_key *key, group_home *home, bool *known, const group_store *g)
{
	looking l = { .h = calloc(1, sizeof *l.h) };

	if (!l.h) return err_fail(ERR_NOMEM, "no memory for delegation keys");
	const err e = each(g, PRIV_DELEGATION_KEY, look_at_record, &l);
	*key = l.h->newest.key, *home = l.home, *known = l.h->certified;
	free(l.h);
	return e;
}

/* Whoever certifies it: a chain's key never becomes another one, and epochs only grow.  Parties of a context that has lost its say may have
 * become corrupt, and their records are seen in a ceremony there.  *newer: than what is known here, if there is anything. */
static err compare_with_known(bool *newer, const group_store *g, const group_key *theirs)
{
	group_home home;
	group_key ours;
	bool known;

	TRY(look_for_known(&ours, &home, &known, g));
	*newer = !known || theirs->epoch > ours.epoch;
	if (!known || (id_eq_var(&ours.key_id, &theirs->key_id) && memcmp(&ours.P, &theirs->P, sizeof ours.P) == 0)) return OK;
	return err_fail(ERR_STATE, "others show another key of chain %u than the one that this node knows, and a chain has one; compare what all "
	                "nodes say at /v1/public-key", g->chain_id);
}

err group_store_prepare(void *ctx, const group_record *made, const group_share *held)
{
	const group_store *g = ctx;
	const id32 number = number_of(AS_IT_IS, made->key.epoch);
	AUTO(buf) file = { 0 };
	bool existed, newer;

	TRY(compare_with_known(&newer, g, &made->key));
	if (made->key.epoch == 0) TRY(each(g, PRIV_DELEGATION_SHARE, drop_shares, NULL));
	buf_reserve(&file, HOME_BYTES + MAX_GROUP_SHARE_FILE);
	put_home(&file, &g->home, KEY_PRE_ACTIVATION);
	group_share_write(&file, held, made);
	TRY(vault_put_private(g->vault, PRIV_DELEGATION_SHARE, &made->key.key_id, &number, buf_slice(&file), &existed));
	return existed ? err_fail(ERR_EXISTS, "the vault has a share of epoch %u of the delegation key already", made->key.epoch) : OK;
}

/* What is superseded, share or certificate; of any key of the chain, for there is but one. */
static err drop_older(void *ctx, const group_store *g, priv_type t, const group_key *of, const id32 *key, const id32 *number)
{
	const group_key *newest = ctx;

	if (of->chain_id != newest->chain_id || (id_eq_var(&of->key_id, &newest->key_id) && of->epoch >= newest->epoch)) return OK;
	return vault_remove_private(g->vault, t, key, number);
}

static err drop_older_share(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_record r;
	group_share held;
	group_home home;

	TRY(read_share(&held, &r, &home, g, key, number));
	wipe(&held, sizeof held);
	return drop_older(ctx, g, PRIV_DELEGATION_SHARE, &r.key, key, number);
}

static err drop_older_record(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_record r;
	group_home home;

	TRY(read_record(&r, &home, g, key, number));
	return drop_older(ctx, g, PRIV_DELEGATION_KEY, &r.key, key, number);
}

err group_store_tidy(const group_store *g, const group_record *certified)
{
	group_key newest = certified->key;

	TRY(each(g, PRIV_DELEGATION_KEY, drop_older_record, &newest));
	return each(g, PRIV_DELEGATION_SHARE, drop_older_share, &newest);
}

static err keep_record(const group_store *g, const group_home *home, key_state state, uint8_t what, const group_record *certified)
{
	const id32 number = number_of(what, certified->key.epoch);
	AUTO(buf) file = { 0 };
	bool existed;

	put_home(&file, home, state);
	group_record_write(&file, certified);
	TRY(vault_put_private(g->vault, PRIV_DELEGATION_KEY, &certified->key.key_id, &number, buf_slice(&file), &existed));
	return group_store_tidy(g, certified);
}

/* New shares for the same parties: these came as before, for whoever gave them their first ones and has not heard that they came. */
err group_store_finish(void *ctx, const group_record *certified)
{
	const group_store *g = ctx;
	group_home home = g->home, before;
	group_key key;
	bool known;

	TRY(look_for_known(&key, &before, &known, g));
	if (known && id_eq_var(&home.by, &(id32){ 0 }) && id_eq_var(&home.context, &before.context)) home.by = before.by;
	return keep_record(g, &home, KEY_ACTIVE, AS_IT_IS, certified);
}

err group_store_take(void *ctx, const group_record *certified)
{
	const group_store *g = ctx;
	const group_home home = { .context = g->taken };
	bool newer;

	TRY(compare_with_known(&newer, g, &certified->key));
	return newer ? keep_record(g, &home, KEY_ACTIVE, AS_IT_IS, certified) : OK;
}

static err drop_active(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_record r;
	group_home home;

	(void)ctx;
	TRY(read_record(&r, &home, g, key, number));
	return r.key.chain_id == g->chain_id && home.state != KEY_DESTROYED ? vault_remove_private(g->vault, PRIV_DELEGATION_KEY, key, number) : OK;
}

/* Shares first: where this is written, those that are found later came later. */
static err keep_that_it_left(const group_store *g, const group_record *last)
{
	TRY(keep_record(g, &g->home, KEY_DESTROYED, LEFT, last));
	return each(g, PRIV_DELEGATION_KEY, drop_active, NULL);
}

err group_store_leave(const group_store *g, const group_record *last)
{
	TRY(each(g, PRIV_DELEGATION_SHARE, drop_shares, NULL));
	return keep_that_it_left(g, last);
}

typedef struct past { const id32 *from; uint32_t epoch; } past;

static err drop_past(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	const past *x = ctx;
	group_record r;
	group_share held;
	group_home home;

	TRY(read_share(&held, &r, &home, g, key, number));
	wipe(&held, sizeof held);
	if (r.key.chain_id != g->chain_id) return OK;
	const bool own = id_is_zero_var(&home.by) && (!x->from || id_eq_var(&home.context, x->from));
	return own || r.key.epoch < x->epoch ? vault_remove_private(g->vault, PRIV_DELEGATION_SHARE, key, number) : OK;
}

err group_store_fall_behind(const group_store *g, const group_record *last, const id32 *from, uint32_t epoch)
{
	TRY(each(g, PRIV_DELEGATION_SHARE, drop_past, &(past){ from, epoch }));
	return last ? keep_that_it_left(g, last) : OK;
}

/* Is the newest one's share all that there is?  Certificates go before shares, so nothing else is left then. */
static bool is_settled(const group_holding *have)
{
	return have->held == 1 && hash32_eq_var(have->digest[0], group_digest(&have->newest.key));
}

/* Of what it left, not what this node has got since, if it was coming back. */
err group_store_settle(group_holding *have, const group_store *g, const group_home *home)
{
	group_store there = *g;

	if (!have->certified || (home->state != KEY_DESTROYED && is_settled(have))) return OK;
	there.home = *home;
	if (home->state != KEY_DESTROYED) TRY(group_store_tidy(g, &have->newest));
	else if (have->held) TRY(group_store_fall_behind(&there, &have->newest, NULL, have->newest.key.epoch + 1));
	else TRY(each(g, PRIV_DELEGATION_KEY, drop_active, NULL));
	return group_store_look(have, g);
}
