/* SPDX-License-Identifier: MIT */
/* node/keys_internal.h -- what keys.c and keys_open.c share. */
#ifndef ARCA_NODE_KEYS_INTERNAL_H
#define ARCA_NODE_KEYS_INTERNAL_H

#include <pthread.h>
#include "node/keys.h"

/* A part at work. */
struct own_part {
	online_key online;
	unsigned   holds;                  /* under the table's lock */
	hash32     keyset_digest;          /* that was signed */
	pub_type   keyset_type;
	pthread_mutex_t lock;              /* of what follows */
	slice      keyset;                 /* the published file, mapped as long as `small` is there */
	derived   *small;
};

typedef struct held_key {
	struct held_key *next;
	key_facts   facts;
	secret_keys secret;                /* of a whole key */
	own_part   *part;                  /* of a part; NULL once it is wiped */
	_Atomic bool gone;                 /* its epoch was destroyed */
	_Atomic int64_t given_ms;          /* as keys_given_ms        */
	key_record  record;                /* borrows from record_bytes */
	buf         record_bytes;
} held_key;

/* Records of published files that have no secret beside them (key_records.c): each kind has a list. */
typedef struct held_record {
	struct held_record *next;
	key_record record;                 /* borrows from bytes */
	buf        bytes;
} held_record;

typedef struct record_list {
	held_record *first;
	priv_type    type;                 /* where they are stored */
	const char  *what;                 /* for sentences         */
	bool       (*fits)(const key_metadata *m);
} record_list;

struct keys {
	pthread_mutex_t lock;              /* of the list's head, of holds, and of what is gone or given; the rest of a member never changes */
	held_key *first;
	record_list decompression, added;  /* likewise */
	vault    *vault;
	bool      parts;                   /* of a party: there are no secret files */
};

/* The files of a key in the order of writing; the last makes it exist. */
enum { FILE_SECRET, FILE_PUBLIC_KEY, FILE_SERVER_KEY, FILE_XOF_KEYSET, FILE_DECOMPRESSION_KEY, FILE_DECOMPRESSION_RECORD, FILE_RECORD,
       KEY_FILES };

/* One that is empty is not written; the key set's is a draft, and of one of the two types.  A decompression key, a draft, has only a
 * record beside it. */
typedef struct new_files { slice secret, public_key, record; draft *keyset, *decompression; pub_type keyset_type; } new_files;

/* Writes them with a mark around.  After an error nothing is left, or pieces with a mark. */
err  keys_store(keys *k, const id32 *epoch, const id32 *key, const new_files *files);

/* The files that the record vouches for are there and unchanged. */
err  key_verify_published(vault *v, const key_metadata *m);

/* Under the lock or at an opening.  Those that are gone are not found. */
held_key *keys_find(const keys *k, const id32 *epoch, const id32 *key);
err  key_not_found(const id32 *epoch, const id32 *key);

/* ERR_EXISTS with a sentence: there are files of this id. */
err  key_taken(const id32 *key);

/* Calls each(k, epoch, id) for every stored object of a type; what the marks say is put in order. */
err  keys_each_object(keys *k, priv_type t, err (*each)(keys *, const id32 *, const id32 *));
err  key_clear_mark(keys *k, const id32 *epoch, const id32 *key);

void own_part_free(own_part **p);

/* Loaded, with the published file verified; the first, the others by `next`; that of a key, or NULL; freed. */
err  records_load(keys *k, record_list *l, const id32 *epoch, const id32 *key);
const held_record *records_first(keys *k, const record_list *l);
const key_record  *records_find(keys *k, const record_list *l, const id32 *key);
void records_free(record_list *l);
/* Joins the list once put has stored its bytes. */
err  records_store(keys *k, record_list *l, const key_record *record, err (*put)(void *ctx, keys *k, const key_record *record, slice bytes),
                   void *ctx);

/* What marks say is put in order, the rest is loaded. */
err  decompression_load(keys *k, const id32 *epoch, const id32 *key);
err  additions_load(keys *k);
bool is_decompression_record(const key_metadata *m);
bool is_addition_record(const key_metadata *m);

err  keys_table_new(keys **out, vault *v);
void keys_join(keys *k, held_key *h);

/* A key from the bytes of its record and its secret file, which must be of this id. */
err  held_key_read(held_key **out, const id32 *epoch, const id32 *key, slice record, slice client_key);
void held_key_free(held_key **h);

/* Removes the mark of a key; removes its files, then its mark.  Requires: marked and not loaded. */
err  key_unmark(keys *k, const id32 *epoch, const id32 *key);
err  key_remove_pieces(keys *k, const id32 *epoch, const id32 *key);

#endif
