/* SPDX-License-Identifier: MIT */
/*
 * mpc/lanes.h -- parts of a ceremony side by side: one computes while another waits for messages.
 *
 * Lane l is a session under H(sub, sid, first + l), with the clock and the known liars of the ceremony's session.  When all
 * have ended, these come back: whoever was proven corrupt or suspected in any lane, with the evidence, and the clock of the
 * lane that was given most time.
 * Randomness is the ceremony's, drawn from several threads at once.
 */
#ifndef ARCA_MPC_LANES_H
#define ARCA_MPC_LANES_H

#include "mpc/session.h"

typedef struct lane_plan {
	unsigned    lanes;
	uint64_t    first;                   /* numbers of sub-sessions are used once in a ceremony       */
	unsigned    k;                       /* of their ring                                             */
	const prss *prss;                    /* NULL: they use none                                       */
	const sid_record *record;            /* where their ids are recorded before that                  */
	err       (*run)(session *s, void *arg);
	void *const *arg;                    /* one a lane                                                */
	bool        in_turn;                 /* one after the other on this thread, by one clock: for simulations */
} lane_plan;

/*
 * The failure of the lane that failed first; the others are cancelled then.  All parties must have the same lanes, first, k
 * and in_turn.
 */
err mpc_lanes(session *s, const lane_plan *plan);

#endif
