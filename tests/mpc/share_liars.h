/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/share_liars.h -- liars who know that a protocol begins with a verifiable sharing by all (Round 1 and its broadcasts):
 * they deal by what they have seen of others, or nothing, or nonsense, and complain.  Their broadcasts are well formed.
 */
#ifndef ARCA_TESTS_MPC_SHARE_LIARS_H
#define ARCA_TESTS_MPC_SHARE_LIARS_H

#include "tests/mpc/theorem.h"

extern const lie SHARE_LIES[7];

/* The first of them: each deals minus all shares that honest dealers gave it.  Requires: `sharing_trial` is the trial that runs. */
extern const protocols CANCELLING;
extern const trial *sharing_trial;

#endif
