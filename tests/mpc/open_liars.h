/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/open_liars.h -- liars who know an opening: whatever else the protocol does, they do it as they should, and then send
 * other shares.  For any protocol that calls s->p->open.
 */
#ifndef ARCA_TESTS_MPC_OPEN_LIARS_H
#define ARCA_TESTS_MPC_OPEN_LIARS_H

#include "tests/mpc/theorem.h"

extern const lie OPEN_LIES[12];

#endif
