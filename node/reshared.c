/* SPDX-License-Identifier: MIT */
/* node/reshared.c -- the table of keys, looked at by epoch. */
#include "node/reshared.h"
#include <stdlib.h>
#include "node/published.h"
#include "node/replies.h"

/* ---- which keys --------------------------------------------------------------------------------------------------- */

typedef struct found_keys {
	unsigned n;
	const key_record *key[MAX_RESHARED_KEYS];        /* of the table, and as long as it is there */
} found_keys;

typedef struct search {
	found_keys *found;
	const id32 *epoch;
	uint8_t     marks;                               /* only keys that have all of these */
	size_t      all;
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
static size_t keys_of_epoch(found_keys *out, keys *k, const id32 *epoch, uint8_t marks)
{
	search x = { out, epoch, marks, 0 };

	out->n = 0;
	keys_each(k, add_key, &x);
	qsort(out->key, out->n, sizeof *out->key, by_id);
	return x.all;
}

static bool is_named(const request *r, const id32 *key)
{
	for (size_t i = 0; i < r->epoch.keys; i++)
		if (id_eq_var(&r->epoch.key[i].key_id, key)) return true;
	return r->epoch.keys == 0;
}

static err offer_key(offered_key *out, vault *v, const key_record *r)
{
	const key_metadata *m = &r->metadata;

	*out = (offered_key){ .key_id = m->key_id, .prep_id = m->prep_id, .params = params_by_number_var((int)r->fhe_parameter),
	                      .marks = (uint8_t)(r->marks & ~KEY_RESHARED) };
	if (!out->params || m->digests > MAX_OFFER_FILES) return err_fail(ERR_UNSUPPORTED, "previous_epoch: a key has too many published files");
	for (; out->files < m->digests; out->files++) {
		offered_file *f = &out->file[out->files];
		const stored_digest *d = &m->digest[out->files];
		if (d->digest.n != sizeof f->digest.b) return err_fail(ERR_STATE, "a digest of a published file has %zu bytes", d->digest.n);
		f->type = d->type;
		memcpy(f->digest.b, d->digest.p, sizeof f->digest.b);
		TRY(published_size(&f->bytes, v, d->type, &m->key_id));
	}
	return OK;
}

err reshared_offer(offer *out, keys *k, vault *v, const request *r)
{
	found_keys all;
	const size_t count = keys_of_epoch(&all, k, &r->epoch.from, 0);

	if (count > MAX_RESHARED_KEYS)
		return err_fail(ERR_UNSUPPORTED, "previous_epoch: it has %zu keys; at most %d are reshared at once", count, MAX_RESHARED_KEYS);
	out->keys = 0;
	for (unsigned i = 0; i < all.n; i++)
		if (is_named(r, &all.key[i]->metadata.key_id)) TRY(offer_key(&out->key[out->keys++], v, all.key[i]));
	return offer_is_wanted(out, r);
}

typedef struct looking { const id32 *key; const key_record *found; } looking;

static void look(void *ctx, const key_facts *f, const key_record *r)
{
	looking *x = ctx;
	if (!x->found && id_eq_var(&f->key_id, x->key)) x->found = r;
}

const key_record *reshared_record(keys *k, const id32 *key)
{
	looking x = { key, NULL };

	keys_each(k, look, &x);
	return x.found;
}

/* ---- what is answered --------------------------------------------------------------------------------------------- */

void reshared_reply(buf *out, keys *k, const id32 *epoch)
{
	const key_metadata *m[MAX_RESHARED_KEYS];
	found_keys x;

	(void)keys_of_epoch(&x, k, epoch, KEY_RESHARED);
	for (unsigned i = 0; i < x.n; i++) m[i] = &x.key[i]->metadata;
	reply_epoch(out, m, x.n);
}
