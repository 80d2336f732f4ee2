/* SPDX-License-Identifier: MIT */
/*
 * lattice/bootstrap.h -- keyswitch, modulus switch, lookup tables and blind rotation, as the formulas are.
 *
 * Notation    n dimension of the small key, k and N of the output key, B and l base and levels of the part
 *   keyswitch         out = (0, .., 0, b) - sum_i sum_j digit_j(a_i) * row(i, j)
 *   modulus switch    round(x) = ((x + 2^(63-L)) mod 2^64) >> (64-L), 2^L = 2N
 *   blind rotation    acc = X^-b~ * LUT;  for every i: acc += GGSW_i [x] (X^a~_i * acc - acc)
 *   external product  GGSW [x] c = sum over levels j and polynomials r of digit_j(c_r) * row(j, r)
 *
 * Everything here works on public data.
 */
#ifndef ARCA_LATTICE_BOOTSTRAP_H
#define ARCA_LATTICE_BOOTSTRAP_H

#include "lattice/keys.h"
#include "lattice/ciphertext.h"

/* out: to-dimension + 1 words; in: from-dimension + 1 words. */
void keyswitch_var(uint64_t *out, const uint64_t *in, const key_rows *ksk);

/*
 * out[0 .. dim] = the rounded mask and body, in [0, 2N).
 *
 *   MS_CENTERED_MEAN  the body is first moved by the mean of the rounding errors:
 *                     e_i = round(a_i) * 2^(64-L) - a_i, H = sum trunc(e_i / 2), D = sum (2 trunc(e_i / 2) - e_i),
 *                     body += H - trunc(D / 2) - 2^(63-L)
 *   MS_DRIFT          as MS_STANDARD: nodes skip the search among encryptions of zero.  For the test set it would never
 *                     start: with dim = 1 and 2N = 512 the measure is at most (3 + 9.8) * 2^53 < 2^57, below 2^58.
 */
void modulus_switch_var(uint32_t *out, const uint64_t *ct, unsigned dim, unsigned N, ms_kind kind);

/* The polynomial that sends the phase of x to f[x] * 2^delta_log for 0 <= x < p.  Requires: 2p divides N. */
void lut64(uint64_t *poly, unsigned N, const uint8_t *f, unsigned p, unsigned delta_log);
void lut128(u128 *poly, unsigned N, const uint8_t *f, unsigned p, unsigned delta_log);

/* out: an LWE ciphertext of dimension k*N.  switched: from-dimension + 1 words.  ERR_NOMEM. */
err bootstrap64_var(uint64_t *out, const uint32_t *switched, const uint64_t *lut, const key_rows *bsk);
err bootstrap128_var(u128 *out, const uint32_t *switched, const u128 *lut, const key_rows *bsk);

#endif
