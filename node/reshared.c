/* SPDX-License-Identifier: MIT */
/* node/reshared.c -- the table of keys, looked at by epoch. */
#include "node/reshared.h"
#include <stdlib.h>
#include "node/replies.h"
#include "sym/sha2.h"

/* ---- which keys --------------------------------------------------------------------------------------------------- */

typedef struct search {
	reshared_keys *found;
	const id32    *epoch;
	uint8_t        marks;                            /* only keys that have all of these */
	size_t         all;
} search;

static void add_key(void *ctx, const key_facts *f, const key_record *r)
{
	search *x = ctx;

	if (!id_eq_var(&f->epoch_id, x->epoch) || (f->marks & x->marks) != x->marks) return;
	if (x->all++ < MAX_RESHARED_KEYS) x->found->key[x->found->n++] = r;
}

static int by_id(const void *a, const void *b)
{
	const key_record *const *x = a, *const *y = b;
	return memcmp((*x)->metadata.key_id.b, (*y)->metadata.key_id.b, sizeof(id32));
}

/* Ascending; returns how many there are, of which more than fit are left out. */
static size_t keys_of_epoch(reshared_keys *out, keys *k, const id32 *epoch, uint8_t marks)
{
	search x = { out, epoch, marks, 0 };

	out->n = 0;
	keys_each(k, add_key, &x);
	qsort(out->key, out->n, sizeof *out->key, by_id);
	return x.all;
}

static const key_record *find(const reshared_keys *x, const id32 *key)
{
	for (unsigned i = 0; i < x->n; i++)
		if (id_eq_var(&x->key[i]->metadata.key_id, key)) return x->key[i];
	return NULL;
}

static bool has_digest(const key_metadata *m, const stored_digest *want)
{
	for (size_t i = 0; i < m->digests; i++)
		if (m->digest[i].type == want->type && slice_eq_var(m->digest[i].digest, want->digest)) return true;
	return false;
}

static err check_wanted(const wanted_key *want, const key_record *r)
{
	if (!id_eq_var(&r->metadata.prep_id, &want->preproc_id))
		return err_fail(ERR_REQUEST, "preproc_id is not that of the key's preprocessing");
	if (r->fhe_parameter != (uint32_t)want->params->fhe_parameter)
		return err_fail(ERR_REQUEST, "key_parameters: the key does not have the parameters %s", want->params->name);
	for (size_t i = 0; i < want->digests; i++)
		if (!has_digest(&r->metadata, &want->digest[i]))
			return err_fail(ERR_REQUEST, "key_digests[%zu] is not that of the key's published file", i);
	return OK;
}

/* Of all keys there are, those that the request names. */
static err choose(reshared_keys *out, const reshared_keys *all, const request *r)
{
	char id[ID_TEXT];

	out->n = 0;
	for (size_t i = 0; i < r->epoch.keys; i++) {
		const wanted_key *want = &r->epoch.key[i];
		const key_record *found = find(all, &want->key_id);
		id_text(id, &want->key_id);
		err e = found ? check_wanted(want, found) : err_fail(ERR_NOT_FOUND, "key_id: there is no key %s in that epoch", id);
		if (e != OK) {
			err_context("previous_epoch: keys_info[%zu]: ", i);
			return e;
		}
		out->key[out->n++] = found;
	}
	qsort(out->key, out->n, sizeof *out->key, by_id);
	return OK;
}

err reshared_keys_of(reshared_keys *out, keys *k, const request *r)
{
	reshared_keys all;
	const size_t count = keys_of_epoch(&all, k, &r->epoch.from, 0);

	if (count > MAX_RESHARED_KEYS)
		return err_fail(ERR_UNSUPPORTED, "previous_epoch: it has %zu keys; at most %d are reshared at once", count, MAX_RESHARED_KEYS);
	if (r->epoch.keys) return choose(out, &all, r);
	*out = all;
	return OK;
}

/* ---- what is agreed on -------------------------------------------------------------------------------------------- */

/* Who a party is, is what its certificate says. */
static void roles_of(hash32 *role, const mpc_context *c)
{
	for (party i = 1; i <= c->n; i++) role[i - 1] = sha256(slice_str(c->member[i].identity));
}

id32 reshared_binding(const reshared_keys *x, const mpc_context *c, const request *r)
{
	hash32 role[MAX_PARTIES];
	id32 key[MAX_RESHARED_KEYS];

	roles_of(role, c);
	for (unsigned i = 0; i < x->n; i++) key[i] = x->key[i]->metadata.key_id;
	const reshare_terms terms = { .request = r->id, .old_context = c->id, .new_context = c->id, .old_epoch = r->epoch.from,
	                              .new_epoch = r->id, .sets = reshare_same(c->n, c->t), .old_role = role, .new_role = role,
	                              .key = key, .keys = x->n };
	return reshare_binding(&terms);
}

hash32 reshared_outcome(const reshared_keys *x, const id32 *binding)
{
	AUTO(sha256_stream) s = sha256_begin();

	sha256_add(&s, id_slice(binding));
	for (unsigned i = 0; i < x->n; i++) {
		const key_metadata *m = &x->key[i]->metadata;
		for (size_t j = 0; j < m->digests; j++) {
			const uint8_t head[2] = { (uint8_t)m->digest[j].type, (uint8_t)m->digest[j].digest.n };
			sha256_add(&s, slice_of(head, sizeof head));
			sha256_add(&s, m->digest[j].digest);
		}
	}
	return sha256_end(&s);
}

/* ---- what is answered --------------------------------------------------------------------------------------------- */

void reshared_reply(buf *out, keys *k, const id32 *epoch)
{
	const key_metadata *m[MAX_RESHARED_KEYS];
	reshared_keys x;

	(void)keys_of_epoch(&x, k, epoch, KEY_RESHARED);
	for (unsigned i = 0; i < x.n; i++) m[i] = &x.key[i]->metadata;
	reply_epoch(out, m, x.n);
}
