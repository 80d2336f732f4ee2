/* SPDX-License-Identifier: MIT */
/*
 * mpc/meet.c -- patience forgotten together.                                                                t < n/3
 *
 * A clock that only one party restarts would betray it: a liar may hold that party, or another one, back in the round before, by
 * saying something to all but one; and with its patience gone the party takes an honest one for silent, or is taken for it.
 * Here everybody says that it has come here, and waits for n - t to have done so.
 *
 * How far apart they leave.  When an honest F goes on, n - 2t >= t + 1 honest parties are here.  Any other honest P has sent what
 * F waited for in the rounds before, and so is a round or two behind: the last in which all speak, and one in which a single
 * king does.  There t + 1 parties are ahead of it, and so it waits for what a liar withholds no longer than a round's time, and
 * for no liar twice (mpc/inbox.h): t rounds' time at most, and one for the messages themselves.
 *
 * What that asks of later rounds.  P's patience with a liar in round r ends meet_spread rounds' time after F's, at most; only then
 * P speaks in round r + 1, and F must still listen.  So each round is given meet_spread + 1 rounds' time.
 *
 * Cost: 1 round; a byte to each party.
 */
#include "mpc/mpc.h"

err meet(session *s)
{
	IN_SCOPE(s);
	static const uint8_t HERE[] = { 1 };
	party_set come = 0;

	next_round(s);
	FOR_EACH_IN(j, live(s)) TRY(mpc_send(s, j, slice_of(HERE, sizeof HERE)));
	while (size_of_set(come) < s->n - s->t) {
		party who;
		slice m;
		TRY(mpc_recv_any(s, &who, &m, sizeof HERE, MSG_ROUND, live(s) & ~come, 0));
		if (!who) break;                     /* by the clock: more than t parties are at fault, or this one is cut off */
		add_to(&come, who);
	}
	session_restart_clock(s);
	s->clock.step_ms = (meet_spread(s->t) + 1) * s->round_ms;
	return OK;
}
