/* SPDX-License-Identifier: MIT */
/*
 * node/key_added.c -- key sets that keys got after they were made, in the compressed form.  Who has a key as a ServerKey goes on
 * with that; who wants the other form finds it under the same id.  Nothing of them is secret, so they outlive epochs.
 */
#include <stdlib.h>
#include "node/keys_internal.h"

/* ---- reading -------------------------------------------------------------------------------------------------------- */

bool is_addition_record(const key_metadata *m)
{
	return m->digests == 2 && m->digest[0].type == PUB_PUBLIC_KEY && m->digest[1].type == PUB_COMPRESSED_XOF_KEY_SET;
}

bool keys_added(const key_record **out, keys *k, const id32 *key)
{
	const key_record *r = records_find(k, &k->added, key);
	if (r) *out = r;
	return r;
}

void keys_each_added(keys *k, void (*each)(void *ctx, const key_record *r), void *ctx)
{
	for (const held_record *h = records_first(k, &k->added); h; h = h->next) each(ctx, &h->record);
}

static err load(keys *k, const id32 *key) { return records_load(k, &k->added, NULL, key); }

err keys_drop_addition(keys *k, const id32 *key)
{
	bool whole;

	TRY(vault_has_private(&whole, k->vault, PRIV_ADDED_KEY_SET, NULL, key));
	if (!whole) TRY(vault_remove_public(k->vault, PUB_COMPRESSED_XOF_KEY_SET, key));
	return keys_end_addition(k, key);
}

static err each_stored(keys *k, priv_type t, err (*each)(keys *, const id32 *))
{
	id32 *id = NULL;
	size_t ids = 0;

	err e = vault_list_private(&id, &ids, k->vault, t, NULL);
	for (size_t i = 0; e == OK && i < ids; i++) e = each(k, &id[i]);
	free(id);
	return e;
}

err additions_load(keys *k)
{
	TRY(each_stored(k, PRIV_UNFINISHED_ADDITION, keys_drop_addition));
	return each_stored(k, PRIV_ADDED_KEY_SET, load);
}

/* ---- making --------------------------------------------------------------------------------------------------------- */

err keys_may_add(keys *k, const id32 *key)
{
	bool there;
	char id[ID_TEXT];

	TRY(vault_has_public(&there, k->vault, PUB_COMPRESSED_XOF_KEY_SET, key));
	if (!there) return OK;
	id_text(id, key);
	return err_fail(ERR_STATE, "key %s has a CompressedXofKeySet already, and what is published never changes: leave "
	                "copy_compressed_key_to_original out, and use the new id", id);
}

err keys_addition(key_record *out, keys *k, const id32 *epoch, const id32 *key, const uint8_t *keyset_digest)
{
	pthread_mutex_lock(&k->lock);
	const held_key *h = keys_find(k, epoch, key);
	pthread_mutex_unlock(&k->lock);
	if (!h) return key_not_found(epoch, key);
	TRY(keys_may_add(k, key));
	*out = h->record;
	out->marks = (uint8_t)(out->marks & ~KEY_RESHARED);
	out->metadata = (key_metadata){ .key_id = *key, .prep_id = h->record.metadata.prep_id, .digests = 2 };
	for (size_t i = 0; i < h->record.metadata.digests; i++)
		if (h->record.metadata.digest[i].type == PUB_PUBLIC_KEY) out->metadata.digest[0] = h->record.metadata.digest[i];
	out->metadata.digest[1] = (stored_digest){ PUB_COMPRESSED_XOF_KEY_SET, slice_of(keyset_digest, KEY_DIGEST_BYTES) };
	return OK;
}

err keys_draft_addition(draft **out, keys *k, const id32 *key, const lat_params *params)
{
	TRY(keys_may_add(k, key));
	return vault_draft_public(out, k->vault, PUB_COMPRESSED_XOF_KEY_SET, key, tkms_keyset_bytes(params));
}

/* Whoever sets the mark may remove the file. */
err keys_begin_addition(keys *k, const id32 *key)
{
	bool existed = false;
	char id[ID_TEXT];

	TRY(keys_may_add(k, key));
	TRY(vault_put_private(k->vault, PRIV_UNFINISHED_ADDITION, NULL, key, (slice){ 0 }, &existed));
	if (!existed) return OK;
	id_text(id, key);
	return err_fail(ERR_STATE, "key %s is getting a CompressedXofKeySet already", id);
}

err keys_end_addition(keys *k, const id32 *key)
{
	return vault_remove_private(k->vault, PRIV_UNFINISHED_ADDITION, NULL, key);
}

static err put(void *ctx, keys *k, const key_record *r, slice bytes)
{
	bool existed = false;

	(void)ctx;
	TRY(vault_put_private(k->vault, PRIV_ADDED_KEY_SET, NULL, &r->metadata.key_id, bytes, &existed));
	return existed ? err_fail(ERR_EXISTS, "the key has the record of an added key set already") : OK;
}

err keys_join_addition(keys *k, const key_record *record) { return records_store(k, &k->added, record, put, NULL); }

static err store(keys *k, draft *file, const key_record *record)
{
	uint8_t found[KEY_DIGEST_BYTES];
	bool existed = false;

	tkms_key_digest_draft(found, file);
	if (!slice_eq_var(slice_of(found, sizeof found), record->metadata.digest[1].digest))
		return err_fail(ERR_INTERNAL, "the key set is not the one that was signed");
	TRY(vault_keep_public(k->vault, PUB_COMPRESSED_XOF_KEY_SET, &record->metadata.key_id, file, &existed));
	return existed ? keys_may_add(k, &record->metadata.key_id) : keys_join_addition(k, record);
}

err keys_add_key_set(keys *k, draft *file, const key_record *record)
{
	const id32 *key = &record->metadata.key_id;
	char why[512];

	TRY(keys_begin_addition(k, key));
	err e = store(k, file, record);
	if (e == OK) return keys_end_addition(k, key);
	/* The sentence that counts is the first one; what cannot be removed now is at the next start. */
	snprintf(why, sizeof why, "%s", err_text());
	if (keys_drop_addition(k, key) != OK) err_clear();
	return err_fail(e, "%s", why);
}
