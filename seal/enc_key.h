/* SPDX-License-Identifier: MIT */
/*
 * seal/enc_key.h -- the key to which answers for one user are encrypted: ML-KEM-512 in the envelope of TFHE-rs.
 *
 * On the wire a public key is always ENC_KEY_BYTES long: a fixed prefix (envelope version 0.5, type name
 * UnifiedPublicEncKey, version 0, variant 0 = ML-KEM-512, length 800) and the 800 bytes of ek.  These bytes, not a
 * re-encoding, enter the user's link and the signed response.
 */
#ifndef ARCA_SEAL_ENC_KEY_H
#define ARCA_SEAL_ENC_KEY_H

#include "seal/mlkem.h"

enum { ENC_KEY_BYTES = 869 };

typedef struct enc_key { uint8_t ek[MLKEM_512_EK]; } enc_key;          /* coefficients below q: checked by readers */
typedef struct dec_key { uint8_t dk[MLKEM_512_DK]; } dec_key;          /* secret; wiped by its owner               */

void enc_key_generate(enc_key *ek, dec_key *dk, const rng *r);
enc_key enc_key_of(const dec_key *dk);

void enc_key_write(uint8_t out[static ENC_KEY_BYTES], const enc_key *k);
/* ERR_REQUEST for any other prefix, length or coefficient; ERR_UNSUPPORTED for ML-KEM-1024. */
err  enc_key_read(enc_key *out, slice wire);

#endif
