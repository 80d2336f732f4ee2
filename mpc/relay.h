/* SPDX-License-Identifier: MIT */
/*
 * mpc/relay.h -- what parties outside of a session say to its members, agreed on by these.
 *
 * Each of those outside has sent the same to every member (mpc/crossing.h).  The members repeat to each other in a broadcast what they
 * got, and what more than t of them say is what it said: one of these is honest, and of an honest party outside all honest members say
 * the same.  Of one that lies all honest members at least take the same, or nothing.
 */
#ifndef ARCA_MPC_RELAY_H
#define ARCA_MPC_RELAY_H

#include "mpc/crossing.h"
#include "mpc/session.h"

/*
 * out[i], i in `from`, as the connections number them: `size` bytes that i sent in this round, which begins here; {NULL, 0}: nothing that
 * all take.  In the arena.  A round, and a broadcast; who repeats something that is no list is accused.  ERR_STATE as within_model.
 */
err  relay(session *s, crossing *x, slice *out, party_set from, size_t size);

#endif
