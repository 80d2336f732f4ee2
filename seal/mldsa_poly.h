/* SPDX-License-Identifier: MIT */
/*
 * seal/mldsa_poly.h -- the ring of ML-DSA: R_q = (Z/q)[X] / (X^256 + 1), q = 2^23 - 2^13 + 1, and how its elements are
 * sampled, rounded and packed.                                                             FIPS 204, section 7
 *
 *   dsa_poly   f_0 + f_1 X + ...; every coefficient canonical, in [0, q); "-x" is q - x
 *   NTT form   the 256 values of f at the odd powers of zeta = 1753, of order 512; the same type
 *
 * A product in NTT form carries a factor 2^-32, which dsa_ntt_inverse takes away: it is given sums of products only.
 *
 * Time: constant in the coefficients, except for functions in _var and, in dsa_sample_short, for which nibbles of the
 * stream are passed over.
 */
#ifndef ARCA_SEAL_MLDSA_POLY_H
#define ARCA_SEAL_MLDSA_POLY_H

#include "base/base.h"

enum { MLDSA_N = 256, MLDSA_Q = 8380417, MLDSA_D = 13 };

typedef struct dsa_poly { uint32_t c[MLDSA_N]; } dsa_poly;

void dsa_add(dsa_poly *f, const dsa_poly *g);                               /* f += g */
void dsa_sub(dsa_poly *f, const dsa_poly *g);                               /* f -= g */
void dsa_ntt(dsa_poly *f);
void dsa_ntt_inverse(dsa_poly *f);
void dsa_mul_add(dsa_poly *f, const dsa_poly *g, const dsa_poly *h);        /* f += g h 2^-32; all in NTT form */

/* Uniform in NTT form from SHAKE128(rho || j || i): entry (row i, column j) of the matrix A. */
void dsa_sample_var(dsa_poly *f, const uint8_t rho[static 32], uint8_t i, uint8_t j);
/* Coefficients in [-eta, eta], eta 2 or 4, from SHAKE256(key || u16le(nonce)). */
void dsa_sample_short(dsa_poly *f, unsigned eta, const uint8_t key[static 64], uint16_t nonce);
/* Coefficients in (-2^(bits-1), 2^(bits-1)] likewise. */
void dsa_sample_mask(dsa_poly *f, unsigned bits, const uint8_t key[static 64], uint16_t nonce);
/* The challenge: tau coefficients 1 or -1, the others 0. */
void dsa_sample_ball_var(dsa_poly *f, unsigned tau, slice seed);

/* f = high 2^13 + low, low in (-2^12, 2^12]; high is below 2^10. */
void dsa_power2_round(dsa_poly *high, dsa_poly *low, const dsa_poly *f);

/* f = high 2 gamma2 + low, low in (-gamma2, gamma2], but for the top, where high is 0 and low one less. */
void dsa_high(dsa_poly *high, uint32_t gamma2, const dsa_poly *f);
void dsa_low(dsa_poly *low, uint32_t gamma2, const dsa_poly *f);
/* The high part of what f was before the difference that the hint is for.  hint: 256 numbers, 0 or 1. */
void dsa_use_hint_var(dsa_poly *f, uint32_t gamma2, const uint8_t hint[static MLDSA_N]);

/* All ones if a coefficient's distance from 0 is bound or more; else 0.  Requires: 0 < bound < q / 2. */
uint64_t dsa_reaches(const dsa_poly *f, uint32_t bound);

/* Coefficients of so many bits, packed from the lowest bit on: 32 bits bytes.  Centred: 2^(bits-1) - f is packed. */
void dsa_pack(uint8_t *out, unsigned bits, const dsa_poly *f);
void dsa_unpack(dsa_poly *f, unsigned bits, const uint8_t *in);
void dsa_pack_centred(uint8_t *out, unsigned bits, const dsa_poly *f);
void dsa_unpack_centred(dsa_poly *f, unsigned bits, const uint8_t *in);

#endif
