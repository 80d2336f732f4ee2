/* SPDX-License-Identifier: MIT */
/*
 * vault/sealed.h -- an object sealed at rest: bytes that only who holds the vault's key can read, and only in their place.
 *
 *   "ARCASEAL" || u8 version 1 || key id || salt                    the header, 49 bytes
 *   chunk 0 || chunk 1 || ...                                       each of SEALED_CHUNK bytes and a tag; the last of 1 or more
 *
 *   key id        SHAKE256("ARCA_KID" || K)[0..8)                   public: it says which key is missing
 *   object's key  SHAKE256("ARCA_OBJ" || K || salt)[0..32)          the salt is 32 fresh bytes an object
 *   chunk         AES-256-GCM under it; nonce u64le(number) || u8(last) || 0 0 0
 *   bound to      header || u8 length of type || type || u8 has an epoch || epoch, or zeros || id
 *
 * Against whoever reads or changes the disk, a copy of it or a backup: objects tell their lengths and no more; bytes that were
 * changed, cut off, added or put in another order, and objects in the places of others, are found before anything is used.
 * Not against an older object in its own place, or none: that takes a memory outside of the disk.
 *
 * Time: constant in the key and in what is sealed.
 */
#ifndef ARCA_VAULT_SEALED_H
#define ARCA_VAULT_SEALED_H

#include "base/id.h"
#include "sym/aes.h"

enum {
	SEALED_MAGIC = 8, SEALED_KEY_ID = 8, SEALED_SALT = 32, SEALED_HEADER = SEALED_MAGIC + 1 + SEALED_KEY_ID + SEALED_SALT,
	SEALED_CHUNK = 1 << 20, SEALED_TYPE = 32, SEALED_BOUND = SEALED_HEADER + 1 + SEALED_TYPE + 1 + 2 * 32,
	KEY_ID_TEXT = 2 * SEALED_KEY_ID + 1,
};

/* K: 32 bytes that nobody can guess. */
typedef struct vault_key { uint8_t b[AES256_KEY]; } vault_key;

/* Where an object is.  type: at most SEALED_TYPE bytes; epoch: NULL if it has none. */
typedef struct sealed_place { const char *type; const id32 *epoch, *id; } sealed_place;

void vault_key_id(char out[static KEY_ID_TEXT], const vault_key *k);

/* Is this the beginning of a sealed object?  The key that it needs; ERR_STATE if it has no such header. */
bool sealed_begins(slice file);
err  sealed_key_id(char out[static KEY_ID_TEXT], slice file);

/* Appends it.  Requires: plain.n > 0. */
void sealed_write(buf *out, const vault_key *k, const sealed_place *place, slice plain, const rng *random);

/* The plaintext of a whole file, appended.  ERR_REQUEST if it has more than max bytes; ERR_STATE: it is sealed with another key,
 * or damaged, or another object's.  Then out is as it was. */
err  sealed_read(buf *out, const vault_key *k, const sealed_place *place, slice file, size_t max);

/* ---- chunk by chunk: a plaintext goes where it belongs, and is nowhere else --------------------------------------- */

typedef struct sealed_reader {
	uint8_t  key[AES256_KEY], bound[SEALED_BOUND];
	size_t   bound_n;
	uint64_t number, left;                         /* of the next chunk; bytes of the file from there on */
} sealed_reader;

/* *n: bytes of plaintext, if it is whole.  header: SEALED_HEADER bytes, or fewer if the file has no more.  ERR_STATE. */
err  sealed_begin(sealed_reader *r, uint64_t *n, const vault_key *k, const sealed_place *place, slice header, uint64_t file_bytes);
/* Bytes of the next chunk in the file; 0 behind the last. */
size_t sealed_next(const sealed_reader *r);
/* out has room for GCM_TAG bytes less.  ERR_STATE, and out wiped.  What came out counts when sealed_next is 0. */
err  sealed_chunk(sealed_reader *r, uint8_t *out, slice chunk);
void sealed_end(sealed_reader *r);                     /* wipes */

#endif
