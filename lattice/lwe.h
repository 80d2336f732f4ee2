/* SPDX-License-Identifier: MIT */
/*
 * lattice/lwe.h -- phases, sample extraction, and encryption under a secret key.
 *
 * Secret keys are arrays of bytes 0 and 1.  Phases and encryptions take the same time for every key and message.
 */
#ifndef ARCA_LATTICE_LWE_H
#define ARCA_LATTICE_LWE_H

#include "lattice/ciphertext.h"
#include "base/rng.h"

/* b - <a, s>.  ct: dim mask words, then the body. */
uint64_t lwe64_phase(const uint64_t *ct, const uint8_t *s, unsigned dim);
u128     lwe128_phase(const u128 *ct, const uint8_t *s, unsigned dim);

/* phase[0 .. N) = B - sum A_i S_i.  glwe: k mask polynomials, then the body.  ext: 2N words of scratch, which the
 * caller wipes if the mask is secret. */
void glwe64_phase(uint64_t *phase, uint64_t *ext, const uint64_t *glwe, const uint8_t *S, unsigned k, unsigned N);
void glwe128_phase(u128 *phase, u128 *ext, const u128 *glwe, const uint8_t *S, unsigned k, unsigned N);

/* The LWE ciphertext (dimension k*N, under the key read flat) of coefficient `slot` of a GLWE ciphertext. */
void glwe64_extract(uint64_t *lwe, const uint64_t *glwe, unsigned k, unsigned N, unsigned slot);
void glwe128_extract(u128 *lwe, const u128 *glwe, unsigned k, unsigned N, unsigned slot);

/* The same from packed ciphertexts.  Requires: slot < ct.bodies. */
void packed64_extract(uint64_t *lwe, packed64 ct, unsigned slot);
void packed128_extract(u128 *lwe, packed128 ct, unsigned slot);

/* ct = an encryption of the torus element m, mask and noise from r. */
void lwe64_encrypt(uint64_t *ct, uint64_t m, const uint8_t *s, unsigned dim, unsigned noise, const rng *r);
void lwe128_encrypt(u128 *ct, u128 m, const uint8_t *s, unsigned dim, unsigned noise, const rng *r);

#endif
