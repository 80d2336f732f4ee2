/* SPDX-License-Identifier: MIT */
/* node/keys_open.c -- at the start: remove what is marked as unfinished, load the rest, verify what is published. */
#include "node/keys_internal.h"
#include <limits.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/hex.h"

/* The largest secret file; production keys have about half a megabyte. */
enum { MAX_CLIENT_KEY_FILE = 64 << 20 };

static err verify_file(vault *v, const id32 *key, const stored_digest *want)
{
	uint8_t found[KEY_DIGEST_BYTES];
	char path[PATH_MAX], digest[2 * KEY_DIGEST_BYTES + 1];
	const char *type = pub_type_name(want->type);
	slice file;

	err e = vault_map_public(&file, v, want->type, key, MAX_TFHERS_FILE);
	if (e == ERR_NOT_FOUND) return err_fail(ERR_STATE, "its published file %s is missing; restore it from a copy", type);
	TRY(e);
	tkms_key_digest_view(found, file);
	const size_t bytes = file.n;
	file_unmap(&file);
	if (slice_eq_var(slice_of(found, sizeof found), want->digest)) return OK;
	if (!vault_public_path(path, sizeof path, v, want->type, key)) snprintf(path, sizeof path, "%s", type);
	hex_write(digest, slice_of(want->digest.p, size_min(want->digest.n, KEY_DIGEST_BYTES)));
	return err_fail(ERR_STATE, "its published file %.200s is not the one that was signed: its %zu bytes do not have the digest %s; "
	                "restore it from a copy, such as another node's /PUB/%s/", path, bytes, digest, type);
}

err key_verify_published(vault *v, const key_metadata *m)
{
	for (size_t i = 0; i < m->digests; i++) TRY(verify_file(v, &m->key_id, &m->digest[i]));
	return OK;
}

static err read_files(buf *record, buf *client_key, vault *v, const id32 *epoch, const id32 *key)
{
	TRY(vault_get_private(record, v, PRIV_FHE_KEY_INFO, epoch, key, MAX_KEY_RECORD));
	return vault_get_private(client_key, v, PRIV_FHE_PRIVATE_KEY, epoch, key, MAX_CLIENT_KEY_FILE);
}

static err load_key(keys *k, const id32 *epoch, const id32 *key)
{
	held_key *h = NULL;
	buf record = { 0 }, client_key = { 0 };

	err e = read_files(&record, &client_key, k->vault, epoch, key);
	if (e == OK) e = held_key_read(&h, epoch, key, buf_slice(&record), buf_slice(&client_key));
	if (e == OK) e = key_verify_published(k->vault, &h->record.metadata);
	if (e == OK) keys_join(k, h), h = NULL;
	held_key_free(&h);
	buf_free(&record);
	buf_free(&client_key);
	if (e == OK) return OK;

	char id[ID_TEXT];
	id_text(id, key);
	err_context("key %s: ", id);
	return e == ERR_IO || e == ERR_NOMEM ? e : ERR_STATE;
}

/* In this epoch or any other: then the published files are no pieces. */
static err has_record(bool *out, keys *k, const id32 *key)
{
	id32 *epoch = NULL;
	size_t epochs = 0;

	*out = false;
	err e = vault_list_epochs(&epoch, &epochs, k->vault, PRIV_FHE_KEY_INFO);
	for (size_t i = 0; e == OK && !*out && i < epochs; i++) e = vault_has_private(out, k->vault, PRIV_FHE_KEY_INFO, &epoch[i], key);
	free(epoch);
	return e;
}

/* One of its epoch: there is no other. */
static err is_decompression_key(bool *out, keys *k, const id32 *epoch, const id32 *key)
{
	return vault_has_private(out, k->vault, PRIV_DECOMPRESSION_KEY_INFO, epoch, key);
}

/* A mark beside a record: the crash came when the key was whole. */
err key_clear_mark(keys *k, const id32 *epoch, const id32 *key)
{
	bool whole;

	TRY(is_decompression_key(&whole, k, epoch, key));
	if (!whole) TRY(has_record(&whole, k, key));
	return whole ? key_unmark(k, epoch, key) : key_remove_pieces(k, epoch, key);
}

static err require_record(keys *k, const id32 *epoch, const id32 *key)
{
	char e[ID_TEXT], id[ID_TEXT];
	bool there;

	TRY(vault_has_private(&there, k->vault, PRIV_FHE_KEY_INFO, epoch, key));
	if (there) return OK;
	id_text(e, epoch);
	id_text(id, key);
	return err_fail(ERR_STATE, "key %s: its record %s/FheKeyInfo/%s/%s is missing, but its secret file is there; restore the record "
	                "from a copy, or move the secret file away", id, vault_private_folder(k->vault), e, id);
}

err keys_each_object(keys *k, priv_type t, err (*each)(keys *, const id32 *, const id32 *))
{
	id32 *epoch = NULL;
	size_t epochs = 0;

	err e = vault_list_epochs(&epoch, &epochs, k->vault, t);
	for (size_t i = 0; e == OK && i < epochs; i++) {
		id32 *id = NULL;
		size_t ids = 0;
		e = vault_list_private(&id, &ids, k->vault, t, &epoch[i]);
		for (size_t j = 0; e == OK && j < ids; j++) e = each(k, &epoch[i], &id[j]);
		free(id);
	}
	free(epoch);
	return e;
}

err keys_open(keys **out, vault *v)
{
	keys *k;

	TRY(keys_table_new(&k, v));
	err e = keys_each_object(k, PRIV_UNFINISHED_KEY, key_clear_mark);
	if (e == OK) e = keys_each_object(k, PRIV_FHE_PRIVATE_KEY, require_record);
	if (e == OK) e = keys_each_object(k, PRIV_FHE_KEY_INFO, load_key);
	if (e == OK) e = keys_each_object(k, PRIV_DECOMPRESSION_KEY_INFO, decompression_load);
	if (e == OK) e = additions_load(k);
	if (e != OK) {
		keys_free(&k);
		return e;
	}
	*out = k;
	return OK;
}
