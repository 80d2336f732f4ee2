/* SPDX-License-Identifier: MIT */
/*
 * delegate/ecies.h -- encryption to a point of secp256k1: a fresh k, K = k G, x = x(k P), then
 *
 *   key          HKDF-SHA256(salt: 32 zero bytes, input: x, info: "ECIES:AES_GCM:v1"), 32 bytes
 *   ciphertext   AES-256-GCM(key, nonce, no additional data), the tag at its end
 *
 * Time: constant in k, x, the key and the plaintext.
 */
#ifndef ARCA_DELEGATE_ECIES_H
#define ARCA_DELEGATE_ECIES_H

#include "curve/secp.h"
#include "sym/aes.h"

enum { ECIES_X = 32 };

/* The x of a point that only the two ends know; wiped by its owner. */
typedef struct shared_x { uint8_t b[ECIES_X]; } shared_x;

/* What is public beside the ciphertext. */
typedef struct ecies_header { secp_pk K; uint8_t nonce[GCM_NONCE]; } ecies_header;

/* The holder's part: x(d K).  K: 33 bytes, compressed; ERR_REQUEST if they are no point. */
err  ecies_shared(shared_x *out, const secp_sk *d, slice K);
/* The same with a point that was read before. */
shared_x ecies_shared_at(const secp_sk *d, const secp_point *K);

/* Appends plain.n + GCM_TAG bytes to *out.  curve: makes K. */
void ecies_seal(buf *out, ecies_header *header, const secp_pk *P, slice plain, const secp *curve, const rng *r);

/* Appends the plaintext.  ERR_REQUEST, and *out as before, if x, nonce and ciphertext do not belong together. */
err  ecies_open(buf *out, const shared_x *x, const uint8_t nonce[static GCM_NONCE], slice ciphertext);

/* The key of the cipher; for tests. */
void ecies_key(uint8_t key[static AES256_KEY], const shared_x *x);

#endif
