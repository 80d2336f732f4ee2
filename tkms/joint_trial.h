/* SPDX-License-Identifier: MIT */
/*
 * tkms/joint_trial.h -- the trial of a key set whose secret keys nobody has: ciphertexts that all parties make alike, each on
 * its own, and then decrypt together.  Nothing in it is secret.
 *
 * A value of 64 blocks is encrypted under the public key, expanded (which takes the cast key and the bootstrap key), and then
 *
 *   squashed, compressed                           the squash key and that of its compression
 *   compressed, decompressed, zeros added, squashed    both keys of compression; those of re-randomisation and of the
 *                                                  pseudo-random function, 64 zeros of each (trial_zeros.h); keyswitch and
 *                                                  squash again
 *
 * so 64 encryptions pass through every part of the set.  Whatever it is that the parties open, it is the value: what the
 * function is at a place would say something about its secret, and is not opened.
 *
 * Of shares that came by resharing, the set is known to be right: a short value is squashed once, and decrypted under both
 * secrets with which values are decrypted, before and after its compression.
 *
 * Of a decompression key between two sets there is one way: compressed under the one, decompressed with the key, and squashed
 * under the other, by whose shares it is then decrypted.
 */
#ifndef ARCA_TKMS_JOINT_TRIAL_H
#define ARCA_TKMS_JOINT_TRIAL_H

#include "base/pool.h"
#include "tkms/decompression.h"

enum { TRIALS = 2 };

typedef struct joint_trial {
	plaintext value;
	size_t    ways;                      /* so many ciphertexts are there, at most TRIALS */
	const char *made, *way[TRIALS];      /* what is tried ("key set is"), what each went through: for sentences */
	squashed  ct[TRIALS];
	arena     memory[TRIALS];
} joint_trial;

/* seed: the value and the randomness of its encryption.  ERR_REQUEST if the files are not of one whole set; ERR_NOMEM. */
err  joint_trial_new(joint_trial *out, slice public_key_file, slice keyset_file, slice seed, pool *cores);
err  joint_trial_shares(joint_trial *out, slice public_key_file, slice keyset_file, slice seed, pool *cores);
err  joint_trial_decompression(joint_trial *out, const decompression_files *files, slice seed, pool *cores);
void joint_trial_free(joint_trial *t);               /* NULL-safe */

/* ERR_INTERNAL with a sentence if ciphertext i was decrypted to another value. */
err  joint_trial_came_back(const joint_trial *t, size_t i, const plaintext *got);

#endif
