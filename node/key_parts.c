/* SPDX-License-Identifier: MIT */
/* node/key_parts.c -- a party's parts of keys: loaded, held, made, and wiped. */
#include <stdlib.h>
#include "base/file.h"
#include "node/keys_internal.h"

void own_part_free(own_part **pp)
{
	own_part *p = *pp;
	if (!p) return;
	ASSERT(p->holds == 0);
	online_key_free(&p->online);
	if (p->small) {
		derived_close(&p->small);
		file_unmap(&p->keyset);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
	*pp = NULL;
}

static err part_new(own_part **out, const key_share *mine)
{
	own_part *p = calloc(1, sizeof *p);

	if (!p) return err_fail(ERR_NOMEM, "no memory for a key");
	err e = online_key_new(&p->online, mine);
	if (e != OK) {
		free(p);
		return e;
	}
	pthread_mutex_init(&p->lock, NULL);
	*out = p;
	return OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static err check_part(const key_record *r, const key_share *mine, const id32 *epoch, const id32 *key)
{
	if (!id_eq_var(&mine->holder.key_id, key) || !id_eq_var(&mine->holder.epoch_id, epoch) || !id_eq_var(&r->metadata.key_id, key))
		return err_fail(ERR_STATE, "the stored file belongs to another key");
	if (mine->params->fhe_parameter != r->fhe_parameter)
		return err_fail(ERR_STATE, "the key's share has other parameters than its record says");
	return OK;
}

/* Names the published key set, for what is derived from it. */
static err keyset_digest(hash32 *out, const key_metadata *m)
{
	for (size_t i = 0; i < m->digests; i++) {
		const stored_digest *d = &m->digest[i];
		if (d->type != key_set_type(m) || d->digest.n != sizeof out->b) continue;
		memcpy(out->b, d->digest.p, sizeof out->b);
		return OK;
	}
	return err_fail(ERR_STATE, "the key's record does not name its key set");
}

/* A part from the bytes of its object, which must be of this key in this epoch. */
static err held_part_read(held_key **out, const id32 *epoch, const id32 *key, slice object)
{
	key_share mine = { 0 };
	slice bytes;
	held_key *h = calloc(1, sizeof *h);

	if (!h) return err_fail(ERR_NOMEM, "no memory for a key");
	err e = own_part_read(&h->record, &bytes, object);
	if (e == OK) e = key_share_read(&mine, bytes);
	if (e == OK) e = check_part(&h->record, &mine, epoch, key);
	if (e == OK) e = part_new(&h->part, &mine);
	if (e == OK) e = keyset_digest(&h->part->keyset_digest, &h->record.metadata);
	if (e == OK) h->part->keyset_type = key_set_type(&h->record.metadata);
	if (e == OK) {
		/* Without the share, which is in guarded memory now. */
		key_record_write(&h->record_bytes, &h->record);
		e = key_record_read(&h->record, buf_slice(&h->record_bytes));
	}
	if (e == OK)
		h->facts = (key_facts){ *epoch, *key, h->record.state, h->record.marks, h->record.created_ms, mine.params };
	key_share_free(&mine);
	if (e != OK) {
		held_key_free(&h);
		return e;
	}
	*out = h;
	return OK;
}

enum { GIVEN_BYTES = 8 };

static err load_given(held_key *h, keys *k, const id32 *epoch, const id32 *key)
{
	buf bytes = { 0 };
	bool given;

	TRY(vault_has_private(&given, k->vault, PRIV_GIVEN_KEY, epoch, key));
	if (!given) return OK;
	err e = vault_get_private(&bytes, k->vault, PRIV_GIVEN_KEY, epoch, key, GIVEN_BYTES);
	if (e == OK && bytes.n != GIVEN_BYTES) e = err_fail(ERR_STATE, "the file that says when it was given away has %zu bytes", bytes.n);
	if (e == OK) h->given_ms = (int64_t)load64(bytes.p);
	buf_free(&bytes);
	return e;
}

static err load_part(keys *k, const id32 *epoch, const id32 *key)
{
	held_key *h = NULL;
	buf object = { 0 };

	err e = vault_get_private(&object, k->vault, PRIV_FHE_KEY_INFO, epoch, key, MAX_OWN_PART + MAX_KEY_RECORD);
	if (e == OK) e = held_part_read(&h, epoch, key, buf_slice(&object));
	if (e == OK) e = key_verify_published(k->vault, &h->record.metadata);
	if (e == OK) e = load_given(h, k, epoch, key);
	if (e == OK) keys_join(k, h), h = NULL;
	held_key_free(&h);
	buf_free(&object);
	if (e == OK) return OK;

	char id[ID_TEXT];
	id_text(id, key);
	err_context("key %s: ", id);
	return e == ERR_IO || e == ERR_NOMEM ? e : ERR_STATE;
}

static err refuse_whole_key(keys *k, const id32 *epoch, const id32 *key)
{
	char id[ID_TEXT];

	(void)epoch, (void)k;
	id_text(id, key);
	return err_fail(ERR_STATE, "the vault has the whole key %s: it is a centralized node's; a party of a cluster needs one of its own", id);
}

/* Under a mark an epoch is whole, or its parts are leftovers. */
static err clear_epoch(keys *k, const id32 *epoch)
{
	bool whole;

	TRY(vault_has_private(&whole, k->vault, PRIV_EPOCH_DATA, NULL, epoch));
	return whole ? keys_end_epoch(k, epoch) : keys_drop_epoch(k, epoch);
}

static err clear_epochs(keys *k)
{
	id32 *id = NULL;
	size_t ids = 0;

	err e = vault_list_private(&id, &ids, k->vault, PRIV_UNFINISHED_EPOCH, NULL);
	for (size_t i = 0; e == OK && i < ids; i++) e = clear_epoch(k, &id[i]);
	free(id);
	return e;
}

err keys_open_parts(keys **out, vault *v)
{
	keys *k;

	TRY(keys_table_new(&k, v));
	k->parts = true;
	err e = clear_epochs(k);
	if (e == OK) e = keys_each_object(k, PRIV_UNFINISHED_KEY, key_clear_mark);
	if (e == OK) e = keys_each_object(k, PRIV_FHE_PRIVATE_KEY, refuse_whole_key);
	if (e == OK) e = keys_each_object(k, PRIV_FHE_KEY_INFO, load_part);
	if (e == OK) e = keys_each_object(k, PRIV_DECOMPRESSION_KEY_INFO, decompression_load);
	if (e == OK) e = additions_load(k);
	if (e != OK) {
		keys_free(&k);
		return e;
	}
	*out = k;
	return OK;
}

/* ---- holding ------------------------------------------------------------------------------------------------------ */

err keys_hold(own_part **out, keys *k, const id32 *epoch, const id32 *key)
{
	pthread_mutex_lock(&k->lock);
	held_key *h = keys_find(k, epoch, key);
	err e = h && h->part ? key_may(&h->facts, KEY_USE_DECRYPT) : key_not_found(epoch, key);
	if (e == OK) {
		h->part->holds++;
		*out = h->part;
	}
	pthread_mutex_unlock(&k->lock);
	return e;
}

/* Under the lock; to be freed without it, for letting go of a large key set takes a while.  NULL: somebody holds it. */
static own_part *take_if_unused(held_key *h)
{
	own_part *p = h->gone && h->part && h->part->holds == 0 ? h->part : NULL;
	if (p) h->part = NULL;
	return p;
}

void keys_release(keys *k, own_part **p)
{
	if (!*p) return;
	pthread_mutex_lock(&k->lock);
	held_key *h = k->first;
	while (h->part != *p) h = h->next;
	(*p)->holds--;
	own_part *unused = take_if_unused(h);
	pthread_mutex_unlock(&k->lock);
	own_part_free(&unused);
	*p = NULL;
}

const online_key *own_part_online(const own_part *p) { return &p->online; }

/* ---- small formats --------------------------------------------------------------------------------------------------- */

const eval_keys *own_part_small(own_part *p)
{
	pthread_mutex_lock(&p->lock);
	const eval_keys *small = p->small ? derived_keys(p->small) : NULL;
	pthread_mutex_unlock(&p->lock);
	return small;
}

/* The file may have changed since the node started, and what is derived from it is every node's of this machine. */
static err is_what_was_signed(const own_part *p)
{
	hash32 found;
	char id[ID_TEXT];

	tkms_key_digest_view(found.b, p->keyset);
	if (memcmp(found.b, p->keyset_digest.b, sizeof found.b) == 0) return OK;
	id_text(id, &p->online.holder.key_id);
	return err_fail(ERR_STATE, "the published key set of key %s is not the one that was signed; restore it from a copy, such as another "
	                "node's", id);
}

/* Under the part's lock. */
static err prepare(own_part *p, vault *v, const small_making *how)
{
	seeded_keyset set;
	slice tag;

	TRY(vault_map_public(&p->keyset, v, p->keyset_type, &p->online.holder.key_id, MAX_TFHERS_FILE));
	err e = is_what_was_signed(p);
	if (e == OK) e = tfhers_read_keyset(&set, &tag, p->keyset);
	if (e == OK)
		e = derived_open(&p->small, how->folder, &p->keyset_digest, &set, SMALL_FORMAT_PARTS, EXACT, how->cores, how->told, how->news);
	if (e != OK) file_unmap(&p->keyset);
	else file_view_release(p->keyset);           /* read again only when a step of a squash has to be redone */
	return e;
}

err own_part_prepare(own_part *p, keys *k, const small_making *how)
{
	pthread_mutex_lock(&p->lock);
	err e = p->small ? OK : prepare(p, k->vault, how);
	pthread_mutex_unlock(&p->lock);
	return e;
}

/* ---- making, dropping ----------------------------------------------------------------------------------------------- */

/* What is stored of a part. */
static void part_object(buf *out, const key_share *mine, const key_record *record)
{
	AUTO(buf) bytes = { 0 };

	key_share_write(&bytes, mine);
	own_part_write(out, record, buf_slice(&bytes));
}

err keys_create_part(keys *k, const key_share *mine, slice public_key_file, draft *keyset_file, const key_record *record)
{
	const id32 *key = &mine->holder.key_id, *epoch = &mine->holder.epoch_id;
	held_key *h = NULL;
	buf object = { 0 };

	part_object(&object, mine, record);
	const new_files f = { .public_key = public_key_file, .keyset = keyset_file, .keyset_type = key_set_type(&record->metadata),
	                      .record = buf_slice(&object) };
	/* Read before anything is written: a key that this node cannot load again must not exist. */
	err e = held_part_read(&h, epoch, key, buf_slice(&object));
	if (e == OK) e = keys_store(k, epoch, key, &f);
	if (e == OK) keys_join(k, h), h = NULL;
	held_key_free(&h);
	buf_free(&object);
	return e;
}

static err drop_files(keys *k, priv_type t, const id32 *epoch)
{
	id32 *id = NULL;
	size_t ids = 0;

	err e = vault_list_private(&id, &ids, k->vault, t, epoch);
	for (size_t i = 0; e == OK && i < ids; i++) e = vault_remove_private(k->vault, t, epoch, &id[i]);
	free(id);
	return e;
}

err keys_drop_epoch(keys *k, const id32 *epoch)
{
	TRY(drop_files(k, PRIV_FHE_KEY_INFO, epoch));
	TRY(drop_files(k, PRIV_GIVEN_KEY, epoch));
	pthread_mutex_lock(&k->lock);
	for (held_key *h = k->first; h; h = h->next) {
		if (h->gone || !id_eq_var(&h->facts.epoch_id, epoch)) continue;
		h->gone = true;
		own_part *unused = take_if_unused(h);
		pthread_mutex_unlock(&k->lock);
		own_part_free(&unused);                      /* keys join in front, so what comes after this one stays */
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return keys_end_epoch(k, epoch);
}

/* ---- resharing ------------------------------------------------------------------------------------------------------ */

err keys_begin_epoch(keys *k, const id32 *epoch)
{
	bool there;
	return vault_put_private(k->vault, PRIV_UNFINISHED_EPOCH, NULL, epoch, (slice){ 0 }, &there);
}

err keys_end_epoch(keys *k, const id32 *epoch)
{
	return vault_remove_private(k->vault, PRIV_UNFINISHED_EPOCH, NULL, epoch);
}

static err give(keys *k, held_key *h, int64_t unix_ms)
{
	uint8_t bytes[GIVEN_BYTES];
	bool existed;

	if (h->given_ms) return OK;
	store64(bytes, (uint64_t)unix_ms);
	TRY(vault_put_private(k->vault, PRIV_GIVEN_KEY, &h->facts.epoch_id, &h->facts.key_id, slice_of(bytes, sizeof bytes), &existed));
	h->given_ms = unix_ms;
	return OK;
}

err keys_given(keys *k, const id32 *epoch, const id32 *key, int64_t unix_ms)
{
	ASSERT(unix_ms > 0);
	pthread_mutex_lock(&k->lock);
	held_key *h = k->first;
	const bool there = keys_find(k, epoch, key);
	pthread_mutex_unlock(&k->lock);
	if (!there) return key_not_found(epoch, key);
	for (; h; h = h->next) {
		const key_facts *f = &h->facts;
		if (h->gone || !id_eq_var(&f->key_id, key) || memcmp(f->epoch_id.b, epoch->b, sizeof epoch->b) > 0) continue;
		TRY(give(k, h, unix_ms));
	}
	return OK;
}

int64_t keys_given_ms(keys *k, const id32 *epoch, const id32 *key)
{
	pthread_mutex_lock(&k->lock);
	const held_key *h = keys_find(k, epoch, key);
	pthread_mutex_unlock(&k->lock);
	return h ? h->given_ms : 0;
}

err keys_begin_key(keys *k, const id32 *epoch, const id32 *key)
{
	bool there;
	return vault_put_private(k->vault, PRIV_UNFINISHED_KEY, epoch, key, (slice){ 0 }, &there);
}

err keys_end_key(keys *k, const id32 *epoch, const id32 *key) { return key_unmark(k, epoch, key); }
err keys_drop_key(keys *k, const id32 *epoch, const id32 *key) { return key_remove_pieces(k, epoch, key); }

err keys_read_share(key_share *out, keys *k, const id32 *epoch, const id32 *key)
{
	key_share mine = { 0 };
	key_record record;
	buf object = { 0 };
	slice bytes;

	err e = vault_get_private(&object, k->vault, PRIV_FHE_KEY_INFO, epoch, key, MAX_OWN_PART + MAX_KEY_RECORD);
	if (e == OK) e = own_part_read(&record, &bytes, buf_slice(&object));
	if (e == OK) e = key_share_read(&mine, bytes);
	if (e == OK) e = check_part(&record, &mine, epoch, key);
	buf_free(&object);
	if (e != OK) key_share_free(&mine);
	else *out = mine;
	return e;
}

static err put_part(keys *k, const id32 *epoch, const id32 *key, slice object)
{
	bool existed = false;

	TRY(vault_put_private(k->vault, PRIV_FHE_KEY_INFO, epoch, key, object, &existed));
	return existed ? err_fail(ERR_EXISTS, "the epoch has a part of this key already") : OK;
}

err keys_add_part(keys *k, const key_share *fresh, const key_record *record)
{
	const id32 *key = &fresh->holder.key_id, *epoch = &fresh->holder.epoch_id;
	held_key *h = NULL;
	buf object = { 0 };

	part_object(&object, fresh, record);
	err e = held_part_read(&h, epoch, key, buf_slice(&object));
	if (e == OK) e = put_part(k, epoch, key, buf_slice(&object));
	if (e == OK) keys_join(k, h), h = NULL;
	held_key_free(&h);
	buf_free(&object);
	return e;
}
