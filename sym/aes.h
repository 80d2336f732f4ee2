/* SPDX-License-Identifier: MIT */
/*
 * sym/aes.h -- AES by libcrypto: AES-128 on batches of blocks, AES-256-GCM for sealing bytes.
 *
 * AES-128 in ECB is a building block (counter streams, pseudo-random functions), never a way to encrypt; it is
 * fast from a few hundred bytes a call on.
 */
#ifndef ARCA_SYM_AES_H
#define ARCA_SYM_AES_H

#include "base/base.h"

enum { AES_BLOCK = 16, AES128_KEY = 16, AES256_KEY = 32, GCM_NONCE = 12, GCM_TAG = 16 };

/* An expanded key.  For one thread at a time. */
typedef struct aes128 { struct evp_cipher_ctx_st *evp; } aes128;

aes128 aes128_new(const uint8_t key[static AES128_KEY]);
void   aes128_free(aes128 *k);                                  /* wipes; NULL-safe */

/* out = E(in) block by block.  in == out is allowed. */
void   aes128_blocks(aes128 *k, uint8_t *out, const uint8_t *in, size_t blocks);

/* out[0 .. plain.n + GCM_TAG) = ciphertext || tag.  A (key, nonce) pair is for one message only. */
void   aes256_gcm_seal(uint8_t *out, const uint8_t key[static AES256_KEY], const uint8_t nonce[static GCM_NONCE],
                       slice aad, slice plain);

/* out[0 .. sealed.n - GCM_TAG) = plaintext.  False, and out wiped, if the bytes are not what the key sealed. */
[[nodiscard]] bool aes256_gcm_open(uint8_t *out, const uint8_t key[static AES256_KEY],
                                   const uint8_t nonce[static GCM_NONCE], slice aad, slice sealed);

#endif
