/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/bcast_liars.h -- liars who know a broadcast's format: they tell each party what they like about each message, at
 * the right places of each phase.  For any protocol whose session begins with a broadcast.
 */
#ifndef ARCA_TESTS_MPC_BCAST_LIARS_H
#define ARCA_TESTS_MPC_BCAST_LIARS_H

#include "tests/mpc/theorem.h"

extern const lie BCAST_LIES[9];

/* Two of them: whatever comes to their minds; and what goes to so few that the others must get it from these. */
void rush_at_random(void *trial, sim *s, envelope *held, size_t count);
void rush_withhold(void *trial, sim *s, envelope *held, size_t count);

#endif
