/* SPDX-License-Identifier: MIT */
/*
 * tkms/keygen.h -- a key set made by one node.
 *
 * Secret keys, the twelve public parts from one mask stream, and the files that are published.  Digests are
 * SHAKE256("PDAT_KEY" || file), so whoever downloads a file can check it against the signed digest.
 */
#ifndef ARCA_TKMS_KEYGEN_H
#define ARCA_TKMS_KEYGEN_H

#include "base/draft.h"
#include "base/id.h"
#include "base/pool.h"
#include "base/progress.h"
#include "sym/dsep.h"
#include "tfhers/tfhers.h"

enum { KEY_DIGEST_BYTES = 32 };

typedef struct key_files {
	buf    client_key;                /* secret: wiped by key_files_free           */
	buf    public_key;                /* as published                              */
	draft *xof_keyset;                /* as published; of production, half a gigabyte.  Or (tkms_keygen_uncompress) the ServerKey */
	uint8_t public_key_digest[KEY_DIGEST_BYTES], xof_keyset_digest[KEY_DIGEST_BYTES];
} key_files;

/* The size of a key set's file. */
size_t tkms_keyset_bytes(const lat_params *params);

/* For whoever makes the bodies in place: where those of each part go in a file of that size (NULL: the set has no such part);
 * everything in the file but the bodies; and the public key's file, from a set that is whole. */
void tkms_keyset_places(uint8_t *where[static KEY_PARTS], uint8_t *file, const lat_params *params);
void tkms_keyset_frame(uint8_t *file, const seeded_keyset *set, const id32 *key_id);
err  tkms_public_key_file(buf *out, const seeded_keyset *set, const id32 *key_id);

/*
 * Every file carries the key id as its tag.  Before the files are given out, a value goes through each of the four
 * ciphertext formats and the decompression and must come back.  told: bytes of the key set's bodies, may be NULL.
 */
err  tkms_keygen(key_files *out, pool *cores, const lat_params *params, const id32 *key_id, const rng *random,
                 const progress *told);

/*
 * The same, and the key set's file is made in *room, a draft of tkms_keyset_bytes, which becomes out's, or is freed after
 * an error: the file exists once, and what was made of it need not stay in memory.
 */
err  tkms_keygen_into(key_files *out, draft **room, pool *cores, const lat_params *params, const id32 *key_id,
                      const rng *random, const progress *told);

/*
 * The same with secrets that exist already: new public parts for them.  tag: what the published files bear.  kept: the file
 * of a public key for these secrets, if that shall be this set's instead of a new one; else empty.
 */
err  tkms_keygen_from(key_files *out, draft **room, pool *cores, const secret_keys *secret, const id32 *key_id, const id32 *tag,
                      slice kept, const rng *random, const progress *told);

/*
 * Of files that were just made: the ServerKey in *room, a draft of tkms_server_key_bytes (server_key.h), takes the place of
 * the compressed set, which is dropped.  It is tried, too.  *room is f's then, or freed after an error.
 */
err  tkms_keygen_uncompress(key_files *f, draft **room, pool *cores, const rng *random);
void key_files_free(key_files *f);

void tkms_key_digest(uint8_t out[static KEY_DIGEST_BYTES], slice file);

/* The same in pieces: xof x = tkms_key_digest_begin(); xof_absorb(&x, piece)... */
xof  tkms_key_digest_begin(void);
void tkms_key_digest_end(uint8_t out[static KEY_DIGEST_BYTES], xof *x);

/* Of a view by file_map, and of a draft; neither keeps the file in memory. */
void tkms_key_digest_view(uint8_t out[static KEY_DIGEST_BYTES], slice view);
void tkms_key_digest_draft(uint8_t out[static KEY_DIGEST_BYTES], const draft *d);

#endif
