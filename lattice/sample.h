/* SPDX-License-Identifier: MIT */
/*
 * lattice/sample.h -- the two distributions of TFHE: fair bits and TUniform(b).
 *
 * TUniform(b) takes values in [-2^b, 2^b], the inner ones with probability 2^-(b+1), both ends with 2^-(b+2).  One
 * value costs ceil((b + 2) / 8) bytes, little-endian, of which the low b + 2 bits are r; it is
 * (r >> 1) + (r & 1) - 2^b.  Negative values are meant modulo the ciphertext modulus.
 *
 * To draw from a seeded stream of TFHE-rs instead of a generator, put the stream into a drbg:
 * drbg d = { mask_open(&seed) }; rng r = drbg_rng(&d);
 */
#ifndef ARCA_LATTICE_SAMPLE_H
#define ARCA_LATTICE_SAMPLE_H

#include "base/base.h"

enum { TUNIFORM_MAX = 61 };                     /* the largest b */

static inline size_t tuniform_bytes(unsigned b) { return (b + 2 + 7) / 8; }

/* The value that these tuniform_bytes(b) bytes stand for.  Requires: b <= TUNIFORM_MAX. */
int64_t tuniform_read(const uint8_t *bytes, unsigned b);

/* n values, drawn in order. */
void sample_tuniform(int64_t *out, size_t n, unsigned b, const rng *r);

/* n bits, one byte (0 or 1) each: one byte of r a bit, its lowest bit. */
void sample_bits(uint8_t *out, size_t n, const rng *r);

/* n bits, one byte each: eight from a byte of r, lowest first; what is left of the last byte is dropped. */
void sample_packed_bits(uint8_t *out, size_t n, const rng *r);

#endif
