/* SPDX-License-Identifier: MIT */
/*
 * node/new_key.h -- what a party has in its hands when a key was made in a ceremony, and the ceremony's last step: that enough
 * parties have the same.
 */
#ifndef ARCA_NODE_NEW_KEY_H
#define ARCA_NODE_NEW_KEY_H

#include "mpc/mpc.h"
#include "tkms/key_share.h"
#include "tkms/keygen.h"

typedef struct new_key {
	buf       public_key;                            /* the published files */
	draft    *keyset;                                /* or a decompression key, which has no public key and whose share, used
	                                                  * for its making alone, is of both sets that it connects */
	uint8_t   public_key_digest[KEY_DIGEST_BYTES], keyset_digest[KEY_DIGEST_BYTES];
	key_share share;
} new_key;

/* Wipes the share, drops what was not kept. */
void new_key_clear(new_key *k);

/* The ServerKey (tkms/server_key.h), made in *plain, takes the place of the compressed set, which is dropped, and its digest that
 * of the other.  *plain is the key's then.  ERR_STATE if the compressed set is none. */
err  new_key_uncompress(new_key *k, draft **plain, pool *cores);

/* All broadcast a digest of key id and files; n - t equal ones make the key.  ERR_STATE: there are fewer, or this party has
 * another key.  Who says that it has the key can no longer be stopped, so that n - t who say so will store it; ERR_CANCELLED:
 * it was stopped before. */
err  new_key_agree(session *s, const new_key *k, const id32 *id);

#endif
