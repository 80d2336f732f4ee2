/* SPDX-License-Identifier: MIT */
/*
 * node/key_decompression.c -- decompression keys: they are made by the mark and the order of files of keys.h, outlive the epoch
 * in which they were made, for nothing of them is secret, and are verified at every start as key sets are.
 */
#include <stdlib.h>
#include "base/file.h"
#include "node/keys_internal.h"
#include "tkms/decompression.h"

bool is_decompression_record(const key_metadata *m) { return m->digests == 1 && m->digest[0].type == PUB_DECOMPRESSION_KEY; }

err decompression_load(keys *k, const id32 *epoch, const id32 *key) { return records_load(k, &k->decompression, epoch, key); }

err keys_draft_decompression(draft **out, keys *k, const id32 *key, const lat_params *params)
{
	bool there;

	TRY(vault_has_public(&there, k->vault, PUB_DECOMPRESSION_KEY, key));
	if (there) return key_taken(key);
	return vault_draft_public(out, k->vault, PUB_DECOMPRESSION_KEY, key, decompression_bytes(params));
}

/* file: NULL if it is there. */
typedef struct making { const id32 *epoch; draft *file; } making;

static err put(void *ctx, keys *k, const key_record *r, slice bytes)
{
	const making *m = ctx;
	const id32 *key = &r->metadata.key_id;
	bool existed = false;

	if (m->file) return keys_store(k, m->epoch, key, &(new_files){ .decompression = m->file, .record = bytes });
	TRY(vault_put_private(k->vault, PRIV_DECOMPRESSION_KEY_INFO, m->epoch, key, bytes, &existed));
	return existed ? key_taken(key) : OK;
}

err keys_create_decompression(keys *k, const id32 *epoch, draft *file, const key_record *record)
{
	return records_store(k, &k->decompression, record, put, &(making){ epoch, file });
}

err keys_join_decompression(keys *k, const id32 *epoch, const key_record *record)
{
	return records_store(k, &k->decompression, record, put, &(making){ epoch, NULL });
}

bool keys_has_decompression(keys *k, const id32 *key) { return records_find(k, &k->decompression, key); }

void keys_each_decompression(keys *k, void (*each)(void *ctx, const key_record *r), void *ctx)
{
	for (const held_record *h = records_first(k, &k->decompression); h; h = h->next) each(ctx, &h->record);
}

/* ---- what keys publish, for whoever makes something from it ------------------------------------------------------------- */

static err digest_signed(slice *out, const key_metadata *m, pub_type t)
{
	for (size_t i = 0; i < m->digests; i++)
		if (m->digest[i].type == t) return *out = m->digest[i].digest, OK;
	return err_fail(ERR_STATE, "the key publishes no %s", pub_type_name(t));
}

static err metadata_of(const key_metadata **out, keys *k, const id32 *epoch, const id32 *key)
{
	pthread_mutex_lock(&k->lock);
	const held_key *h = keys_find(k, epoch, key);
	pthread_mutex_unlock(&k->lock);
	if (!h) return key_not_found(epoch, key);
	*out = &h->record.metadata;
	return OK;
}

static err map_signed(slice *out, keys *k, const key_metadata *m, pub_type t)
{
	uint8_t found[KEY_DIGEST_BYTES];
	slice want = { 0 }, file;

	TRY(digest_signed(&want, m, t));
	TRY(vault_map_public(&file, k->vault, t, &m->key_id, MAX_TFHERS_FILE));
	tkms_key_digest_view(found, file);
	if (slice_eq_var(slice_of(found, sizeof found), want)) return *out = file, OK;
	file_unmap(&file);
	return err_fail(ERR_STATE, "its published file %s is not the one that was signed; restore it from a copy", pub_type_name(t));
}

err keys_map_published(slice *out, keys *k, pub_type t, const id32 *epoch, const id32 *key)
{
	const key_metadata *m = NULL;

	TRY(metadata_of(&m, k, epoch, key));
	return map_signed(out, k, m, t);
}

err keys_map_key_set(slice *out, keys *k, const id32 *epoch, const id32 *key)
{
	const key_metadata *m = NULL;

	TRY(metadata_of(&m, k, epoch, key));
	return map_signed(out, k, m, key_set_type(m));
}
