/* SPDX-License-Identifier: MIT */
/*
 * lattice/bootstrap.h -- lookup tables and the steps of a blind rotation, as the formulas are.
 *
 * Notation    n dimension of the small key, k and N of the output key, B and l base and levels of the part
 *   blind rotation    acc = X^-b~ * LUT;  for every i: acc += GGSW_i [x] (X^a~_i * acc - acc)
 *   external product  GGSW [x] c = sum over levels j and polynomials r of digit_j(c_r) * row(j, r)
 *
 * Whole rotations, by this or by faster engines: lattice/engine.h.  Everything here works on public data.
 */
#ifndef ARCA_LATTICE_BOOTSTRAP_H
#define ARCA_LATTICE_BOOTSTRAP_H

#include "lattice/keys.h"
#include "lattice/ciphertext.h"

/* The polynomial that sends the phase of x to f[x] * 2^delta_log for 0 <= x < p.  Requires: 2p divides N. */
void lut64(uint64_t *poly, unsigned N, const uint8_t *f, unsigned p, unsigned delta_log);
void lut128(u128 *poly, unsigned N, const uint8_t *f, unsigned p, unsigned delta_log);

/* One step: acc (k + 1 polynomials) += GGSW [x] (X^a * acc - acc), with the level * (k + 1) rows of a GGSW.
 * scratch: cmux_scratch(shape) bytes, aligned as words of 128 bits are. */
size_t cmux_scratch(part_shape s);
void   cmux64_var(uint64_t *acc, const uint64_t *rows, unsigned a, part_shape s, void *scratch);
void   cmux128_var(u128 *acc, const u128 *rows, unsigned a, part_shape s, void *scratch);

#endif
