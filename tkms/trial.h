/* SPDX-License-Identifier: MIT */
/*
 * tkms/trial.h -- a key set must work before anybody relies on it.
 *
 * One random byte is encrypted with the published files and goes to the two compressed formats, a way that passes through
 * the two others, and from the small one back through the decompression key, where zeros of the two remaining keys are added
 * to it (trial_zeros.h): every key of the set has its turn.  A set that is wrong by our bug or by a fault of memory is thus
 * found while nothing depends on it.
 */
#ifndef ARCA_TKMS_TRIAL_H
#define ARCA_TKMS_TRIAL_H

#include "tkms/coprocess.h"

/* Any error means that the set is not to be given out: ERR_INTERNAL if the byte came back changed, ERR_REQUEST if it was
 * refused on the way. */
err tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *keys, pool *cores, const rng *random);

/*
 * Every key that computes on values, in the forms in which few values pass through them at least cost.  The bytes of the set
 * outlive it; coprocessor_free.  And the same for some parts (PART_BIT of each); eval_keys_free.
 */
err trial_keys_new(eval_keys *out, const seeded_keyset *set, unsigned parts, exactness how, pool *cores);
err trial_computer_new(coprocessor *out, const seeded_keyset *set, exactness how, pool *cores);

#endif
