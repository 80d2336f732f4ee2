/* SPDX-License-Identifier: MIT */
/*
 * tkms/trial_zeros.h -- the trial of two parts of a key set through which no value of a KMS passes, for they are there for
 * programs on encrypted values.  Each gives encryptions of zero under the big key; added to a value on its way they change
 * nothing if the part is right, and make noise of it if not.
 *
 *   re-randomisation         as it is used: zeros encrypted under this public key, in a list that is taken apart
 *   pseudo-random function   as it is used: a random mask, of whose phase nobody knows anything, is rotated by.  The table is a
 *                            constant quarter of the torus, so a quarter comes out or minus a quarter, as the secret has it;
 *                            doubled it is a half whatever the phase, and less a half it is zero
 *
 * So the sum of value and zeros opens to the value whatever the secret of the function is, and says nothing about it, which
 * values of the function would.  Cost: a zero takes one rotation, and a list two products of polynomials.
 */
#ifndef ARCA_TKMS_TRIAL_ZEROS_H
#define ARCA_TKMS_TRIAL_ZEROS_H

#include "lattice/ciphertext.h"
#include "lattice/keys.h"

/*
 * count zeros, each the sum of one from either part, into the arena (trial_zeros_memory).  Nothing but `random` and the set
 * decides their bits if `how` is EXACT.  ERR_REQUEST if the set has no such parts; ERR_NOMEM.
 */
err    trial_zeros(lwe64_run *out, arena *a, const seeded_keyset *set, size_t count, exactness how, pool *cores, const rng *random);
size_t trial_zeros_memory(const lat_params *p, size_t count);

/* block i += zero i.  Requires: as many of the one as of the other, and of the same dimension. */
void   trial_add(lwe64_run blocks, lwe64_run zeros);

#endif
