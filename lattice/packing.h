/* SPDX-License-Identifier: MIT */
/*
 * lattice/packing.h -- the packing keyswitch: LWE ciphertexts into the slots of one GLWE ciphertext.
 *
 *   slot i of the result:  X^i * ((0, .., 0, b_i) - sum_j sum_lev digit_lev(a_ij) * row(j, lev))
 *
 * The key of production has 8192 rows of 7168 words, 940 MB, most of them masks.  It is never expanded: threads take ranges
 * of its rows, generate them as they are needed, and use each for all slots.  Two ways, which give the same words:
 *
 *   by slots     each slot's sum on its own, turned by X^i at the end: cost grows with the slots
 *   by products  sum_i X^i digit(a_ij) is a polynomial of digits, and the whole a sum of products of polynomials
 *                (ring/ntt.h): nearly the same cost for one slot and for all, so for long lists of 128 bits
 *
 * Everything here works on public data.
 */
#ifndef ARCA_LATTICE_PACKING_H
#define ARCA_LATTICE_PACKING_H

#include "base/pool.h"
#include "lattice/keys.h"
#include "lattice/ciphertext.h"

/* A packing key as it is published. */
typedef struct packing_key { part_shape shape; const seeded_part *part; } packing_key;

/* out: (k + 1) N words.  Requires: in.count <= N.  ERR_NOMEM. */
err packing64_var(uint64_t *out, packing_key key, lwe64_run in, pool *p);
err packing128_var(u128 *out, packing_key key, lwe128_run in, pool *p);

/* For tests and benches: one way or the other.  By products needs an N of ring/ntt.h.  ERR_NOMEM. */
err packing128_by_slots_var(u128 *out, packing_key key, lwe128_run in, pool *p);
err packing128_by_products_var(u128 *out, packing_key key, lwe128_run in, pool *p);

#endif
