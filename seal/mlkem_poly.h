/* SPDX-License-Identifier: MIT */
/*
 * seal/mlkem_poly.h -- the ring of ML-KEM: R_q = (Z/q)[X] / (X^256 + 1), q = 3329.            FIPS 203, section 4
 *
 *   poly      f_0 + f_1 X + ...; every coefficient canonical, in [0, q)
 *   NTT form  the 128 residues of f modulo X^2 - zeta^(2 brv(i) + 1), zeta = 17 of order 256; the same type
 *
 * Time: constant in the coefficients, except poly_sample_var, whose input is public.
 */
#ifndef ARCA_SEAL_MLKEM_POLY_H
#define ARCA_SEAL_MLKEM_POLY_H

#include "base/base.h"

enum { MLKEM_N = 256, MLKEM_Q = 3329 };

typedef struct poly { uint16_t c[MLKEM_N]; } poly;

void poly_add(poly *f, const poly *g);                                   /* f += g */
void poly_sub(poly *f, const poly *g);                                   /* f -= g */
void poly_ntt(poly *f);
void poly_ntt_inverse(poly *f);
void poly_mul_add(poly *f, const poly *g, const poly *h);                /* f += g h; all in NTT form */

/* Uniform in NTT form from SHAKE128(rho || j || i) by rejection: entry (row i, column j) of the matrix A. */
void poly_sample_var(poly *f, const uint8_t rho[static 32], uint8_t i, uint8_t j);

/* Centred binomial with parameter eta (2 or 3) from SHAKE256(key || nonce). */
void poly_noise(poly *f, unsigned eta, const uint8_t key[static 32], uint8_t nonce);

/* Coefficients of d bits, packed from the lowest bit on: 32 d bytes. */
void poly_encode(uint8_t *out, unsigned d, const poly *f);
void poly_decode(poly *f, unsigned d, const uint8_t *in);                /* d == 12: reduced modulo q */
bool poly_encoding_canonical_var(const uint8_t *in);                     /* d == 12: all below q      */

/* round(x 2^d / q) mod 2^d and back, halves upwards. */
void poly_compress(poly *f, unsigned d);
void poly_decompress(poly *f, unsigned d);

#endif
