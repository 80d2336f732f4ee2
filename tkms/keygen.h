/* SPDX-License-Identifier: MIT */
/*
 * tkms/keygen.h -- a key set made by one node.
 *
 * Secret keys, the twelve public parts from one mask stream, and the files that are published.  Digests are
 * SHAKE256("PDAT_KEY" || file), so whoever downloads a file can check it against the signed digest.
 */
#ifndef ARCA_TKMS_KEYGEN_H
#define ARCA_TKMS_KEYGEN_H

#include "base/id.h"
#include "base/pool.h"
#include "base/progress.h"
#include "tfhers/tfhers.h"

enum { KEY_DIGEST_BYTES = 32 };

typedef struct key_files {
	buf client_key;                   /* secret: wiped by key_files_free           */
	buf public_key, xof_keyset;       /* as published                              */
	uint8_t public_key_digest[KEY_DIGEST_BYTES], xof_keyset_digest[KEY_DIGEST_BYTES];
} key_files;

/*
 * Every file carries the key id as its tag.  Before the files are given out, a value goes through each of the four
 * ciphertext formats and the decompression and must come back.  told: may be NULL.
 */
err  tkms_keygen(key_files *out, pool *cores, const lat_params *params, const id32 *key_id, const rng *random,
                 const progress *told);
void key_files_free(key_files *f);

void tkms_key_digest(uint8_t out[static KEY_DIGEST_BYTES], slice file);

#endif
