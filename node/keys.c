/* SPDX-License-Identifier: MIT */
/* node/keys.c -- the table of keys in memory, and how one is made. */
#include "node/keys.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/log.h"
#include "tkms/server_key.h"
#include "node/keys_internal.h"

err keys_table_new(keys **out, vault *v)
{
	keys *k = calloc(1, sizeof *k);
	if (!k) return err_fail(ERR_NOMEM, "no memory for the table of keys");
	pthread_mutex_init(&k->lock, NULL);
	k->vault = v;
	k->decompression = (record_list){ NULL, PRIV_DECOMPRESSION_KEY_INFO, "decompression key", is_decompression_record };
	k->added = (record_list){ NULL, PRIV_ADDED_KEY_SET, "key set that was added to key", is_addition_record };
	*out = k;
	return OK;
}

void held_key_free(held_key **hp)
{
	held_key *h = *hp;
	if (!h) return;
	secret_keys_free(&h->secret);
	own_part_free(&h->part);
	buf_free(&h->record_bytes);
	free(h);
	*hp = NULL;
}

void keys_free(keys **kp)
{
	keys *k = *kp;
	if (!k) return;
	for (held_key *h = k->first, *next; h; h = next) {
		next = h->next;
		held_key_free(&h);
	}
	records_free(&k->decompression);
	records_free(&k->added);
	pthread_mutex_destroy(&k->lock);
	free(k);
	*kp = NULL;
}

/* ---- looking ------------------------------------------------------------------------------------------------ */

held_key *keys_find(const keys *k, const id32 *epoch, const id32 *key)
{
	held_key *h = k->first;
	while (h && (h->gone || !id_eq_var(&h->facts.key_id, key) || !id_eq_var(&h->facts.epoch_id, epoch))) h = h->next;
	return h;
}

static held_key *find(keys *k, const id32 *epoch, const id32 *key)
{
	pthread_mutex_lock(&k->lock);
	held_key *h = keys_find(k, epoch, key);
	pthread_mutex_unlock(&k->lock);
	return h;
}

err key_not_found(const id32 *epoch, const id32 *key)
{
	char e[ID_TEXT], t[ID_TEXT];

	id_text(e, epoch);
	id_text(t, key);
	return err_fail(ERR_NOT_FOUND, "key_id: there is no key %s in epoch %s", t, e);
}

err keys_facts(key_facts *out, keys *k, const id32 *epoch, const id32 *key)
{
	const held_key *h = find(k, epoch, key);
	if (!h) return key_not_found(epoch, key);
	*out = h->facts;
	return OK;
}

err key_may(const key_facts *f, key_use use)
{
	return key_state_may(f->state, use, &f->key_id);
}

err keys_for_decryption(const secret_keys **out, keys *k, const id32 *epoch, const id32 *key)
{
	const held_key *h = find(k, epoch, key);
	if (!h) return key_not_found(epoch, key);
	TRY(key_may(&h->facts, KEY_USE_DECRYPT));
	*out = &h->secret;
	return OK;
}

void keys_each(keys *k, void (*each)(void *, const key_facts *, const key_record *), void *ctx)
{
	pthread_mutex_lock(&k->lock);
	const held_key *h = k->first;
	pthread_mutex_unlock(&k->lock);
	/* Keys join in front and never leave the list, so the rest of it stays as it is. */
	for (; h; h = h->next)
		if (!h->gone) each(ctx, &h->facts, &h->record);
}

size_t keys_count(keys *k)
{
	size_t n = 0;

	pthread_mutex_lock(&k->lock);
	for (const held_key *h = k->first; h; h = h->next) n += !h->gone;
	pthread_mutex_unlock(&k->lock);
	return n;
}

void keys_join(keys *k, held_key *h)
{
	pthread_mutex_lock(&k->lock);
	h->next = k->first;
	k->first = h;
	pthread_mutex_unlock(&k->lock);
}

/* ---- making ------------------------------------------------------------------------------------------------- */

err held_key_read(held_key **out, const id32 *epoch, const id32 *key, slice record, slice client_key)
{
	slice tag;
	held_key *h = calloc(1, sizeof *h);
	if (!h) return err_fail(ERR_NOMEM, "no memory for a key");

	buf_put_slice(&h->record_bytes, record);
	err e = key_record_read(&h->record, buf_slice(&h->record_bytes));
	if (e == OK) e = tfhers_read_client_key(&h->secret, &tag, client_key);
	if (e == OK && !(slice_eq_var(tag, id_slice(key)) && id_eq_var(&h->record.metadata.key_id, key)))
		e = err_fail(ERR_STATE, "the stored files belong to another key");
	if (e == OK && h->secret.params->fhe_parameter != h->record.fhe_parameter)
		e = err_fail(ERR_STATE, "the secret key has other parameters than its record says");
	if (e != OK) {
		held_key_free(&h);
		return e;
	}
	h->facts = (key_facts){ *epoch, *key, h->record.state, h->record.marks, h->record.created_ms, h->secret.params };
	*out = h;
	return OK;
}

pub_type key_set_type(const key_metadata *m)
{
	for (size_t i = 0; i < m->digests; i++)
		if (m->digest[i].type == PUB_SERVER_KEY) return PUB_SERVER_KEY;
	return PUB_COMPRESSED_XOF_KEY_SET;
}

static err put_keyset(keys *k, pub_type t, const id32 *key, const new_files *f, bool *existed)
{
	return f->keyset_type == t ? vault_keep_public(k->vault, t, key, f->keyset, existed) : OK;
}

static err put(keys *k, unsigned which, const id32 *epoch, const id32 *key, const new_files *f, bool *existed)
{
	const bool between = f->decompression;

	switch (which) {
	case FILE_SECRET:     return f->secret.n ? vault_put_private(k->vault, PRIV_FHE_PRIVATE_KEY, epoch, key, f->secret, existed) : OK;
	case FILE_PUBLIC_KEY: return between ? OK : vault_put_public(k->vault, PUB_PUBLIC_KEY, key, f->public_key, existed);
	case FILE_SERVER_KEY: return between ? OK : put_keyset(k, PUB_SERVER_KEY, key, f, existed);
	case FILE_XOF_KEYSET: return between ? OK : put_keyset(k, PUB_COMPRESSED_XOF_KEY_SET, key, f, existed);
	case FILE_DECOMPRESSION_KEY:
		return between ? vault_keep_public(k->vault, PUB_DECOMPRESSION_KEY, key, f->decompression, existed) : OK;
	case FILE_DECOMPRESSION_RECORD:
		return between ? vault_put_private(k->vault, PRIV_DECOMPRESSION_KEY_INFO, epoch, key, f->record, existed) : OK;
	default:              return between ? OK : vault_put_private(k->vault, PRIV_FHE_KEY_INFO, epoch, key, f->record, existed);
	}
}

static err is_there(bool *out, keys *k, unsigned which, const id32 *epoch, const id32 *key)
{
	switch (which) {
	case FILE_SECRET:     return vault_has_private(out, k->vault, PRIV_FHE_PRIVATE_KEY, epoch, key);
	case FILE_PUBLIC_KEY: return vault_has_public(out, k->vault, PUB_PUBLIC_KEY, key);
	case FILE_SERVER_KEY: return vault_has_public(out, k->vault, PUB_SERVER_KEY, key);
	case FILE_XOF_KEYSET: return vault_has_public(out, k->vault, PUB_COMPRESSED_XOF_KEY_SET, key);
	case FILE_DECOMPRESSION_KEY:    return vault_has_public(out, k->vault, PUB_DECOMPRESSION_KEY, key);
	case FILE_DECOMPRESSION_RECORD: return vault_has_private(out, k->vault, PRIV_DECOMPRESSION_KEY_INFO, epoch, key);
	default:              return vault_has_private(out, k->vault, PRIV_FHE_KEY_INFO, epoch, key);
	}
}

static err take_away(keys *k, unsigned which, const id32 *epoch, const id32 *key)
{
	switch (which) {
	case FILE_SECRET:     return vault_remove_private(k->vault, PRIV_FHE_PRIVATE_KEY, epoch, key);
	case FILE_PUBLIC_KEY: return vault_remove_public(k->vault, PUB_PUBLIC_KEY, key);
	case FILE_SERVER_KEY: return vault_remove_public(k->vault, PUB_SERVER_KEY, key);
	case FILE_XOF_KEYSET: return vault_remove_public(k->vault, PUB_COMPRESSED_XOF_KEY_SET, key);
	case FILE_DECOMPRESSION_KEY:    return vault_remove_public(k->vault, PUB_DECOMPRESSION_KEY, key);
	case FILE_DECOMPRESSION_RECORD: return vault_remove_private(k->vault, PRIV_DECOMPRESSION_KEY_INFO, epoch, key);
	default:              return vault_remove_private(k->vault, PRIV_FHE_KEY_INFO, epoch, key);
	}
}

err key_taken(const id32 *key)
{
	char id[ID_TEXT];

	id_text(id, key);
	return err_fail(ERR_EXISTS, "a file of key %s is in the vault already; choose a fresh id", id);
}

static err draft_of(draft **out, keys *k, pub_type t, const id32 *key, size_t bytes)
{
	bool there;

	TRY(vault_has_public(&there, k->vault, t, key));
	return there ? key_taken(key) : vault_draft_public(out, k->vault, t, key, bytes);
}

err keys_draft(draft **out, keys *k, const id32 *key, const lat_params *params)
{
	return draft_of(out, k, PUB_COMPRESSED_XOF_KEY_SET, key, tkms_keyset_bytes(params));
}

err keys_draft_server_key(draft **out, keys *k, const id32 *key, const lat_params *params)
{
	return draft_of(out, k, PUB_SERVER_KEY, key, tkms_server_key_bytes(params));
}

/* From here on the files of this id are the pieces of an unfinished key: there must be none that are anything else. */
static err mark(keys *k, const id32 *epoch, const id32 *key)
{
	bool there;

	for (unsigned f = 0; f < KEY_FILES; f++) {
		TRY(is_there(&there, k, f, epoch, key));
		if (there) return key_taken(key);
	}
	return vault_put_private(k->vault, PRIV_UNFINISHED_KEY, epoch, key, (slice){ 0 }, &there);
}

err key_unmark(keys *k, const id32 *epoch, const id32 *key)
{
	return vault_remove_private(k->vault, PRIV_UNFINISHED_KEY, epoch, key);
}

/* The first n files, last written first: without its record the key does not exist. */
static err remove_first(keys *k, unsigned n, const id32 *epoch, const id32 *key)
{
	while (n--) TRY(take_away(k, n, epoch, key));
	return key_unmark(k, epoch, key);
}

err key_remove_pieces(keys *k, const id32 *epoch, const id32 *key)
{
	return remove_first(k, KEY_FILES, epoch, key);
}

/* *begun: so many of the files may be there because of this call. */
static err write_files(keys *k, unsigned *begun, const id32 *epoch, const id32 *key, const new_files *files)
{
	for (*begun = 0; *begun < KEY_FILES;) {
		bool existed = false;
		err e = put(k, *begun, epoch, key, files, &existed);
		if (e == OK && existed) return key_taken(key);
		++*begun;
		TRY(e);
	}
	return OK;
}

err keys_store(keys *k, const id32 *epoch, const id32 *key, const new_files *files)
{
	char why[512];
	unsigned begun;

	TRY(mark(k, epoch, key));
	err e = write_files(k, &begun, epoch, key, files);
	if (e != OK) {
		/* The sentence that counts is the first one. */
		snprintf(why, sizeof why, "%s", err_text());
		if (remove_first(k, begun, epoch, key) != OK) err_clear();
		return err_fail(e, "%s", why);
	}
	/* The key is whole beside a mark that stays; the next start removes it. */
	e = key_unmark(k, epoch, key);
	if (e != OK) log_err(LOG_WARN, "a new key is still marked as unfinished; restart the node", e);
	return OK;
}

err keys_create(keys *k, const id32 *epoch, const key_files *files, const key_record *record)
{
	const id32 *key = &record->metadata.key_id;
	held_key *h = NULL;
	buf bytes = { 0 };

	key_record_write(&bytes, record);
	const new_files f = { .secret = buf_slice(&files->client_key), .public_key = buf_slice(&files->public_key),
	                      .keyset = files->xof_keyset, .keyset_type = key_set_type(&record->metadata), .record = buf_slice(&bytes) };
	/* Read before anything is written: a key that this node cannot load again must not exist. */
	err e = held_key_read(&h, epoch, key, buf_slice(&bytes), buf_slice(&files->client_key));
	if (e == OK) e = keys_store(k, epoch, key, &f);
	if (e == OK) keys_join(k, h), h = NULL;
	held_key_free(&h);
	buf_free(&bytes);
	return e;
}
