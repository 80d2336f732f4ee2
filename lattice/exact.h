/* SPDX-License-Identifier: MIT */
/*
 * lattice/exact.h -- blind rotation in whole numbers, one thread: by the definition, or by the transforms of ring/ntt.h.
 *
 * The slow twins of the limb engine.  The second is also what a step is redone with that the limb engine got wrong: it
 * needs no prepared key, only the stored part.
 */
#ifndef ARCA_LATTICE_EXACT_H
#define ARCA_LATTICE_EXACT_H

#include "lattice/engine.h"

typedef struct exact exact;

/* rows: the GGSWs as words, one after the other; NULL: they are expanded from the stored part and transformed.  Everything
 * is borrowed.  ERR_NOMEM. */
err  exact_new(exact **out, const boot_form *form, const seeded_part *from, const void *rows);
void exact_free(exact **x);                      /* NULL-safe */
const boot_form *exact_form(const exact *x);

/* From here on, steps are those with GGSW i. */
void exact_load(exact *x, size_t i);

/* acc (k + 1 polynomials) += GGSW_i [x] (X^a * acc - acc) */
void exact_step64(exact *x, uint64_t *acc, unsigned a);
void exact_step128(exact *x, u128 *acc, unsigned a);

/* Whole rotations of all ciphertexts of `out`, together; see boot_rotate64.  ERR_NOMEM. */
err exact_rotate64(lwe64_run out, exact *x, const uint32_t *switched, const uint64_t *lut);
err exact_rotate128(lwe128_run out, exact *x, const uint32_t *switched, const u128 *lut);

#endif
