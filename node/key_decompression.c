/* SPDX-License-Identifier: MIT */
/*
 * node/key_decompression.c -- decompression keys: they are made by the mark and the order of files of keys.h, outlive the epoch
 * in which they were made, for nothing of them is secret, and are verified at every start as key sets are.
 */
#include <stdlib.h>
#include "base/file.h"
#include "node/keys_internal.h"
#include "tkms/decompression.h"

typedef struct held_decompression {
	struct held_decompression *next;
	key_record record;                 /* borrows from bytes */
	buf        bytes;
} held_decompression;

static void held_free(held_decompression **hp)
{
	if (!*hp) return;
	buf_free(&(*hp)->bytes);
	free(*hp);
	*hp = NULL;
}

void decompressions_free(keys *k)
{
	for (held_decompression *h = k->decompression, *next; h; h = next) {
		next = h->next;
		held_free(&h);
	}
	k->decompression = NULL;
}

static err held_read(held_decompression **out, const id32 *key, slice record)
{
	held_decompression *h = calloc(1, sizeof *h);

	if (!h) return err_fail(ERR_NOMEM, "no memory for the record of a key");
	buf_put_slice(&h->bytes, record);
	err e = key_record_read(&h->record, buf_slice(&h->bytes));
	const key_metadata *m = &h->record.metadata;
	if (e == OK && !(id_eq_var(&m->key_id, key) && m->digests == 1 && m->digest[0].type == PUB_DECOMPRESSION_KEY))
		e = err_fail(ERR_STATE, "the stored record is not that of this decompression key");
	if (e != OK) held_free(&h);
	else *out = h;
	return e;
}

static void join(keys *k, held_decompression *h)
{
	pthread_mutex_lock(&k->lock);
	h->next = k->decompression;
	k->decompression = h;
	pthread_mutex_unlock(&k->lock);
}

err decompression_load(keys *k, const id32 *epoch, const id32 *key)
{
	held_decompression *h = NULL;
	buf bytes = { 0 };
	char id[ID_TEXT];

	err e = vault_get_private(&bytes, k->vault, PRIV_DECOMPRESSION_KEY_INFO, epoch, key, MAX_KEY_RECORD);
	if (e == OK) e = held_read(&h, key, buf_slice(&bytes));
	if (e == OK) e = key_verify_published(k->vault, &h->record.metadata);
	if (e == OK) join(k, h), h = NULL;
	held_free(&h);
	buf_free(&bytes);
	if (e == OK) return OK;
	id_text(id, key);
	err_context("decompression key %s: ", id);
	return e == ERR_IO || e == ERR_NOMEM ? e : ERR_STATE;
}

err keys_draft_decompression(draft **out, keys *k, const id32 *key, const lat_params *params)
{
	bool there;

	TRY(vault_has_public(&there, k->vault, PUB_DECOMPRESSION_KEY, key));
	if (there) return key_taken(key);
	return vault_draft_public(out, k->vault, PUB_DECOMPRESSION_KEY, key, decompression_bytes(params));
}

err keys_create_decompression(keys *k, const id32 *epoch, draft *file, const key_record *record)
{
	const id32 *key = &record->metadata.key_id;
	held_decompression *h = NULL;
	buf bytes = { 0 };

	key_record_write(&bytes, record);
	const new_files f = { .decompression = file, .record = buf_slice(&bytes) };
	/* Read before anything is written: a key that this node cannot load again must not exist. */
	err e = held_read(&h, key, buf_slice(&bytes));
	if (e == OK) e = keys_store(k, epoch, key, &f);
	if (e == OK) join(k, h), h = NULL;
	held_free(&h);
	buf_free(&bytes);
	return e;
}

err keys_join_decompression(keys *k, const id32 *epoch, const key_record *record)
{
	const id32 *key = &record->metadata.key_id;
	held_decompression *h = NULL;
	buf bytes = { 0 };
	bool existed = false;

	key_record_write(&bytes, record);
	err e = held_read(&h, key, buf_slice(&bytes));
	if (e == OK) e = vault_put_private(k->vault, PRIV_DECOMPRESSION_KEY_INFO, epoch, key, buf_slice(&bytes), &existed);
	if (e == OK && existed) e = key_taken(key);
	if (e == OK) join(k, h), h = NULL;
	held_free(&h);
	buf_free(&bytes);
	return e;
}

static void find_id(void *ctx, const key_record *r)
{
	const id32 **wanted = ctx;
	if (*wanted && id_eq_var(&r->metadata.key_id, *wanted)) *wanted = NULL;
}

bool keys_has_decompression(keys *k, const id32 *key)
{
	const id32 *wanted = key;

	keys_each_decompression(k, find_id, &wanted);
	return !wanted;
}

void keys_each_decompression(keys *k, void (*each)(void *ctx, const key_record *r), void *ctx)
{
	pthread_mutex_lock(&k->lock);
	const held_decompression *h = k->decompression;
	pthread_mutex_unlock(&k->lock);
	/* They join in front and never leave the list, so the rest of it stays as it is. */
	for (; h; h = h->next) each(ctx, &h->record);
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
