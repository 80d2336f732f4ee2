/* SPDX-License-Identifier: MIT */
/* node/keys_internal.h -- what keys.c and keys_open.c share. */
#ifndef ARCA_NODE_KEYS_INTERNAL_H
#define ARCA_NODE_KEYS_INTERNAL_H

#include <pthread.h>
#include "node/keys.h"

typedef struct held_key {
	struct held_key *next;
	key_facts   facts;
	secret_keys secret;
	key_record  record;                /* borrows from record_bytes */
	buf         record_bytes;
} held_key;

struct keys {
	pthread_mutex_t lock;              /* of the list's head; members never change */
	held_key *first;
	vault    *vault;
};

err  keys_table_new(keys **out, vault *v);
void keys_join(keys *k, held_key *h);

/* A key from the bytes of its record and its secret file, which must be of this id. */
err  held_key_read(held_key **out, const id32 *epoch, const id32 *key, slice record, slice client_key);
void held_key_free(held_key **h);

/* Removes the mark of a key; removes its files, then its mark.  Requires: marked and not loaded. */
err  key_unmark(keys *k, const id32 *epoch, const id32 *key);
err  key_remove_pieces(keys *k, const id32 *epoch, const id32 *key);

#endif
