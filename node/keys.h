/* SPDX-License-Identifier: MIT */
/*
 * node/keys.h -- the FHE keys of this node, by epoch and key id: secret parts in guarded memory, what was signed about
 * them, and where they are in their lives.
 *
 * A key exists when its record (FheKeyInfo) does.  It is made in this order: mark (UnfinishedKey), secret file, published
 * files, record; then the mark goes.  So a crash leaves a whole key, or pieces with a mark, which opening removes.  Nothing
 * else is ever removed: a secret file without record and mark is the rest of a key that lost something.  Keys of a
 * centralized node are never unloaded while it runs, so what is given out stays valid.
 *
 * A party of a cluster has parts of keys instead: record and share are one object, FheKeyInfo/<epoch>/<key id>, and there is
 * no secret file.  Who decrypts holds the part; when its epoch is destroyed, the share is wiped with the last hold, while
 * what is public about the key stays valid.
 *
 * Any thread.
 */
#ifndef ARCA_NODE_KEYS_H
#define ARCA_NODE_KEYS_H

#include "lattice/derived.h"
#include "tkms/key_share.h"
#include "tkms/squashed.h"
#include "tkms/tkms.h"
#include "vault/objects.h"

typedef struct keys keys;

/*
 * Loads every key of the vault, removes the pieces of marked key generations, and compares the published files with their
 * signed digests.  ERR_STATE with a sentence that names key and file when something is missing or was changed.
 */
err  keys_open(keys **out, vault *v);
void keys_free(keys **k);

/* ---- what may be known by everybody ------------------------------------------------------------------------- */

typedef struct key_facts {
	id32      epoch_id, key_id;
	key_state state;
	uint8_t   marks;                     /* vault/objects.h */
	int64_t   created_ms;
	const lat_params *params;
} key_facts;

/* ERR_NOT_FOUND with a sentence. */
err  keys_facts(key_facts *out, keys *k, const id32 *epoch, const id32 *key);

/* May this key be used so, now (key_state_may)?  ERR_STATE with a sentence if not. */
err  key_may(const key_facts *f, key_use use);

/* Calls each for every key, those of later epochs first; facts and record stay valid as long as the table. */
void keys_each(keys *k, void (*each)(void *ctx, const key_facts *f, const key_record *r), void *ctx);
size_t keys_count(keys *k);

/* ---- for the engine alone ----------------------------------------------------------------------------------- */

/* ERR_NOT_FOUND; ERR_STATE if key_may says no. */
err  keys_for_decryption(const secret_keys **out, keys *k, const id32 *epoch, const id32 *key);

/* Where the file of a new key set is made.  ERR_EXISTS if there is one of this id; ERR_IO if the disk has no room for it. */
err  keys_draft(draft **out, keys *k, const id32 *key, const lat_params *params);
/* The same for a key set that is published as a ServerKey, which is made of the compressed one (tkms/server_key.h). */
err  keys_draft_server_key(draft **out, keys *k, const id32 *key, const lat_params *params);

/* The type of a key's published key set: ServerKey if its record names one, else CompressedXofKeySet. */
pub_type key_set_type(const key_metadata *m);

/*
 * Writes the files and loads the key.  After an error nothing of it is left, or, if the disk does not even let go, pieces
 * that the next opening removes.  ERR_EXISTS if any of the files is there already; they stay as they are.
 * The key set's file, if it was made with keys_draft, only gets its name.
 */
err  keys_create(keys *k, const id32 *epoch, const key_files *files, const key_record *record);

/* A published file of a key, mapped; whoever maps it unmaps it.  ERR_NOT_FOUND if there is no such key; ERR_STATE if the file is
 * not the one that was signed.  And the file of its key set, which is of either type. */
err  keys_map_published(slice *out, keys *k, pub_type t, const id32 *epoch, const id32 *key);
err  keys_map_key_set(slice *out, keys *k, const id32 *epoch, const id32 *key);

/* ---- decompression keys: nothing but a published file, and the record of what was signed ------------------------------ */

/* As keys_draft and keys_create; with its record it exists.  It decrypts nothing, and keys_find and keys_each pass it over. */
err  keys_draft_decompression(draft **out, keys *k, const id32 *key, const lat_params *params);
err  keys_create_decompression(keys *k, const id32 *epoch, draft *file, const key_record *record);
/* The same for one whose file is there as the record says; and is there one? */
err  keys_join_decompression(keys *k, const id32 *epoch, const key_record *record);
bool keys_has_decompression(keys *k, const id32 *key);
void keys_each_decompression(keys *k, void (*each)(void *ctx, const key_record *r), void *ctx);

/* ---- added key sets: a CompressedXofKeySet for a key that was published as a ServerKey -----------------------------------

 * It is for the same secrets and has a record of its own (AddedKeySet), in which it is signed beside the PublicKey as that of a
 * compressed key is.  The key's first record, its files and what is derived from its ServerKey stay as they are.  It outlives
 * epochs.  Made in this order: mark (UnfinishedAddition), file, record; then the mark goes.
 */

/* The record of one for this key, as far as the key tells it; borrows from the table and the digest.  ERR_NOT_FOUND; ERR_STATE
 * with a sentence if the key has a CompressedXofKeySet: a published file never changes. */
err  keys_addition(key_record *out, keys *k, const id32 *epoch, const id32 *key, const uint8_t *keyset_digest);

/* ERR_STATE as above, before anything is made. */
err  keys_may_add(keys *k, const id32 *key);

/* As keys_draft and keys_create.  Its bytes must be those that the record names. */
err  keys_draft_addition(draft **out, keys *k, const id32 *key, const lat_params *params);
err  keys_add_key_set(keys *k, draft *file, const key_record *record);

/* False if there is none.  The record stays valid as long as the table. */
bool keys_added(const key_record **out, keys *k, const id32 *key);
void keys_each_added(keys *k, void (*each)(void *ctx, const key_record *r), void *ctx);

/* ---- parts: for the decryptions and ceremonies of a cluster ---------------------------------------------------- */

/* As keys_open, for a party of a cluster.  ERR_STATE also if the vault has whole keys in it. */
err  keys_open_parts(keys **out, vault *v);

typedef struct own_part own_part;

/* ERR_NOT_FOUND; ERR_STATE if key_may says no.  The part stays until it is released. */
err  keys_hold(own_part **out, keys *k, const id32 *epoch, const id32 *key);
void keys_release(keys *k, own_part **p);            /* NULL-safe */

const online_key *own_part_online(const own_part *p);

/* What small formats need of the published set (tkms/squashed.h): NULL until own_part_prepare has been here, which may take
 * long and waits for whoever is at it already.  node/small_keys.h does both. */
typedef struct small_making { const char *folder; pool *cores; const progress *told; const derived_news *news; } small_making;
const eval_keys *own_part_small(own_part *p);
err  own_part_prepare(own_part *p, keys *k, const small_making *how);

/* As keys_create; the draft is of the type that the record names.  The share is copied. */
err  keys_create_part(keys *k, const key_share *mine, slice public_key_file, draft *keyset_file, const key_record *record);

/* Removes the parts of an epoch from disk and table; published files stay. */
err  keys_drop_epoch(keys *k, const id32 *epoch);

/* ---- resharing: parts of an epoch that is still being made ------------------------------------------------------- */

/*
 * The epoch is marked (UnfinishedEpoch), gets its parts, and exists when its own file does (node/epochs.h); then the mark
 * goes.  A mark without that file: keys_open_parts removes the parts.  Published files are those that the keys have already.
 * keys_drop_epoch takes everything back, the mark last.
 */
err  keys_begin_epoch(keys *k, const id32 *epoch);
err  keys_end_epoch(keys *k, const id32 *epoch);

/* In an epoch that is being made, a key of which this node has no record: its published files, which come from elsewhere, are
 * pieces until the mark (UnfinishedKey) goes, when the epoch is there.  keys_drop_key removes them with the mark. */
err  keys_begin_key(keys *k, const id32 *epoch, const id32 *key);
err  keys_end_key(keys *k, const id32 *epoch, const id32 *key);
err  keys_drop_key(keys *k, const id32 *epoch, const id32 *key);

/* The same for an added key set, whose file comes from elsewhere to a node that has the key.  ERR_STATE, of beginning: the file is
 * there.  And its record, for a file that is as the record says. */
err  keys_begin_addition(keys *k, const id32 *key);
err  keys_end_addition(keys *k, const id32 *key);
err  keys_drop_addition(keys *k, const id32 *key);
err  keys_join_addition(keys *k, const key_record *record);

/* All that this party has of a key, from the disk; the caller frees it. */
err  keys_read_share(key_share *out, keys *k, const id32 *epoch, const id32 *key);

/*
 * Parties of a context that this node is not in have new shares of a key since then: what it has of the key, in this epoch and
 * in those before it, is superseded.  On disk (GivenKey) when it returns, until the epoch is dropped; said twice, the first time
 * counts.  ERR_NOT_FOUND.  keys_given_ms: ms since 1970; 0: they have none that this node knows of.
 */
err     keys_given(keys *k, const id32 *epoch, const id32 *key, int64_t unix_ms);
int64_t keys_given_ms(keys *k, const id32 *epoch, const id32 *key);

/* ERR_EXISTS if the epoch has this key.  Requires: keys_begin_epoch.  The share is copied. */
err  keys_add_part(keys *k, const key_share *fresh, const key_record *record);

#endif
