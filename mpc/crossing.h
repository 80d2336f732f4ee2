/* SPDX-License-Identifier: MIT */
/*
 * mpc/crossing.h -- messages between the members of two sets of parties, where neither set's session reaches.
 *
 * The connections number the members of both sets together.  A crossing is a box (mpc/inbox.h) under an id of its own, and
 * rounds whose ends its user says: no sharing, no broadcast, nobody known to be corrupt.  Its id only routes.
 */
#ifndef ARCA_MPC_CROSSING_H
#define ARCA_MPC_CROSSING_H

#include "mpc/inbox.h"

typedef struct crossing {
	session_id sid;
	party      me;                   /* as all numbers here: in the connections */
	inbox     *inbox;
	wire       out;
	box       *in;
	uint64_t   round;
	uint64_t   sent_messages, sent_bytes;    /* to others; bytes with headers */
} crossing;

/* ERR_EXISTS, ERR_EXHAUSTED as box_open. */
err  crossing_open(crossing *x, const session_id *sid, party me, inbox *in, wire out);
void crossing_close(crossing *x);                    /* idempotent */

void crossing_next_round(crossing *x);

/* To oneself too: that costs nothing and arrives. */
err  crossing_send(crossing *x, party to, slice m);

typedef struct crossing_wait {
	int64_t  until_ms;               /* by the box's clock                                        */
	unsigned enough;                 /* once so many have come, the rest has more_ms; 0: all of until_ms */
	int64_t  more_ms;
} crossing_wait;

/*
 * got[i], i in `from`: what i sent in this round if that is exactly `size` bytes, in the arena; otherwise {NULL, 0}.  Which
 * messages come in time matters, in which order does not.  Requires: size > 0.
 */
err  crossing_gather(crossing *x, slice *got, arena *a, party_set from, size_t size, const crossing_wait *wait);

int64_t crossing_now_ms(const crossing *x);

#endif
