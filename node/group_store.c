/* SPDX-License-Identifier: MIT */
/* node/group_store.c */
#include "node/group_store.h"
#include <stdlib.h>

static id32 number_of(uint32_t epoch)
{
	return (id32){ { 1, [28] = (uint8_t)(epoch >> 24), (uint8_t)(epoch >> 16), (uint8_t)(epoch >> 8), (uint8_t)epoch } };
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

static err read_record(group_record *out, const group_store *g, const id32 *key, const id32 *number)
{
	AUTO(buf) file = { 0 };

	err e = vault_get_private(&file, g->vault, PRIV_DELEGATION_KEY, key, number, MAX_GROUP_RECORD);
	if (e == OK) e = group_record_read(out, buf_slice(&file));
	return e == OK ? OK : damaged(e, "record", key);
}

static err read_share(group_share *held, group_record *r, const group_store *g, const id32 *key, const id32 *number)
{
	AUTO(buf) file = { 0 };

	err e = vault_get_private(&file, g->vault, PRIV_DELEGATION_SHARE, key, number, MAX_GROUP_SHARE_FILE);
	if (e == OK) e = group_share_read(held, r, buf_slice(&file));
	if (e == OK && !group_share_is_right(held, &r->key, g->curve)) e = err_fail(ERR_STATE, "it is not the share that was published");
	return e == OK ? OK : damaged(e, "share", key);
}

/* ---- what there is ----------------------------------------------------------------------------------------------- */

static err look_at_record(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_holding *h = ctx;
	group_record r;

	TRY(read_record(&r, g, key, number));
	if (r.key.chain_id != g->chain_id || (h->certified && h->newest.key.epoch >= r.key.epoch)) return OK;
	h->certified = true;
	h->newest = r;
	return OK;
}

/* More shares than can be offered: those of the latest attempts do not count. */
static err look_at_share(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_holding *h = ctx;
	group_record r;
	group_share held;

	TRY(read_share(&held, &r, g, key, number));
	wipe(&held, sizeof held);
	if (r.key.chain_id != g->chain_id) return OK;
	if (r.key.epoch + 1 > h->prepared) h->prepared = r.key.epoch + 1;
	if (h->held < MAX_HELD) h->digest[h->held++] = group_digest(&r.key);
	return OK;
}

err group_store_look(group_holding *out, const group_store *g)
{
	const eth_address wallet = out->wallet;

	*out = (group_holding){ .wallet = wallet };
	TRY(each(g, PRIV_DELEGATION_KEY, look_at_record, out));
	if (out->certified) out->prepared = out->newest.key.epoch + 1;
	return each(g, PRIV_DELEGATION_SHARE, look_at_share, out);
}

/* ---- for ceremonies ------------------------------------------------------------------------------------------------ */

typedef struct sought { const hash32 *digest; group_share *out; group_record *of; bool found; } sought;

static err compare(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	sought *x = ctx;
	group_record r;
	group_share held;

	if (x->found) return OK;
	TRY(read_share(&held, &r, g, key, number));
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

/* An attempt at a first key that came to nothing leaves a share of a key that is none. */
static err drop_unborn(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_record r;
	group_share held;

	(void)ctx;
	TRY(read_share(&held, &r, g, key, number));
	wipe(&held, sizeof held);
	return r.key.chain_id == g->chain_id ? vault_remove_private(g->vault, PRIV_DELEGATION_SHARE, key, number) : OK;
}

err group_store_prepare(void *ctx, const group_record *made, const group_share *held)
{
	const group_store *g = ctx;
	const id32 number = number_of(made->key.epoch);
	AUTO(buf) file = { 0 };
	bool existed;

	if (made->key.epoch == 0) TRY(each(g, PRIV_DELEGATION_SHARE, drop_unborn, NULL));
	buf_reserve(&file, MAX_GROUP_SHARE_FILE);
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

	TRY(read_share(&held, &r, g, key, number));
	wipe(&held, sizeof held);
	return drop_older(ctx, g, PRIV_DELEGATION_SHARE, &r.key, key, number);
}

static err drop_older_record(void *ctx, const group_store *g, const id32 *key, const id32 *number)
{
	group_record r;

	TRY(read_record(&r, g, key, number));
	return drop_older(ctx, g, PRIV_DELEGATION_KEY, &r.key, key, number);
}

err group_store_finish(void *ctx, const group_record *certified)
{
	const group_store *g = ctx;
	const id32 number = number_of(certified->key.epoch);
	group_key newest = certified->key;
	AUTO(buf) file = { 0 };
	bool existed;

	group_record_write(&file, certified);
	TRY(vault_put_private(g->vault, PRIV_DELEGATION_KEY, &newest.key_id, &number, buf_slice(&file), &existed));
	TRY(each(g, PRIV_DELEGATION_SHARE, drop_older_share, &newest));
	return each(g, PRIV_DELEGATION_KEY, drop_older_record, &newest);
}
