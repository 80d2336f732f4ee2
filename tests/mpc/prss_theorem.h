/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/prss_theorem.h -- what theorems of protocols over PRSS have in common: the keys of the cluster, and trials that
 * all of them stand.  Such a theorem has .prss = group.p.
 */
#ifndef ARCA_TESTS_MPC_PRSS_THEOREM_H
#define ARCA_TESTS_MPC_PRSS_THEOREM_H

#include "share/prss_batch.h"
#include "tests/mpc/theorem.h"
#include "tests/share/prss_keys.h"

/* Of the cluster of the last keys_for, which makes other keys only for another size. */
extern prss_group  group;
extern prss_batch *tables[MAX_PARTIES + 1];
void keys_for(unsigned n, unsigned t);

/* trial_must_hold_keep, with keys for it. */
void must_hold(trial *x);

static inline const ring *ring_of_trial(const trial *x) { return ring_of(x->k, ring_degree(x->n)); }

/* Adds to an element what makes an error of all liars that vanishes on 2t of the honest. */
void add_codeword(const trial *x, party liar, uint8_t *element);

/* All liars run `crash`, or nothing: they are named, and *lost stays 0. */
void try_crash_and_silence(const theorem *of, program crash, const unsigned *lost);

/* sweep() for the three smallest clusters: at most most_of_4 runs for the first of them, `most` for others. */
void try_faults_on_the_wire(const theorem *of, unsigned most_of_4, unsigned most, unsigned pairs);

/* Each of GENERIC_LIES once, by t liars, for each of the smallest clusters. */
void try_generic_lies(const theorem *of, size_t clusters, unsigned k);

#endif
