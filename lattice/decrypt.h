/* SPDX-License-Identifier: MIT */
/*
 * lattice/decrypt.h -- from runs of blocks back to the value, with the secret keys.
 *
 * Every block is rounded to the nearest multiple of delta.  A ciphertext is refused, and no value given, if the padding
 * bit of a block is set or its noise, phase less that multiple, is not in [-bound, bound):
 *
 *   64-bit blocks     2^56 of 2^58.  A bootstrap leaves at most 2^51 with production parameters, and what is sent for
 *                     decryption is a sum of few; garbage passes with probability 2^-3 a block.
 *   64-bit lists      2^60, all there is: rounding to storage_bits alone comes near it.  Garbage passes with 2^-1.
 *   128-bit blocks    2^80.  A squash leaves at most 2^70; the packing of the test set, one level of 61 bits, adds up to
 *                     256 * 2^66.  What was never encrypted under this key passes with probability 2^-42 a block.
 *
 * The value is the sum of block[i] * 4^i modulo 4^blocks, so that filled carries count.  Time does not depend on keys,
 * plaintext or noise; the one bit that is declassified is whether the ciphertext is refused.
 */
#ifndef ARCA_LATTICE_DECRYPT_H
#define ARCA_LATTICE_DECRYPT_H

#include "lattice/keys.h"
#include "lattice/ciphertext.h"

enum { DECRYPT_NOISE_LOG_64 = 56, DECRYPT_NOISE_LOG_128 = 80, MAX_VALUE_BLOCKS = 1024 };

/* Bytes of a little-endian value of that many 2-bit blocks. */
static inline size_t value_bytes(size_t blocks) { return (2 * blocks + 7) / 8; }

/*
 * out[0 .. value_bytes(blocks)) = the value; a boolean (blocks == 1) is 1 if its block modulo 4 is not 0.  On an error
 * out is wiped or untouched.  Requires: keys of the parameter set that the ciphertext has; dimensions were checked.
 *
 * ERR_REQUEST if the ciphertext is refused or has another number of blocks than a value of `blocks` has; ERR_STATE if
 * this client key came without the secret of the format.
 */
err decrypt_lwe64(uint8_t *out, const secret_keys *keys, lwe64_run ct, size_t blocks, bool boolean);
err decrypt_packed64(uint8_t *out, const secret_keys *keys, packed64 ct, size_t blocks, bool boolean);
err decrypt_lwe128(uint8_t *out, const secret_keys *keys, lwe128_run ct, size_t blocks, bool boolean);
err decrypt_packed128(uint8_t *out, const secret_keys *keys, packed128 ct, size_t blocks, bool boolean);

/* A compact list: block i of all that were pushed goes to out[i], one byte (0 .. 3) each.  For tests: clients' lists
 * are expanded, never decrypted.  ERR_REQUEST, and out wiped, if a message is refused; ERR_STATE as above; ERR_NOMEM. */
err decrypt_compact(uint8_t *out, const secret_keys *keys, const compact_list *ct);

#endif
