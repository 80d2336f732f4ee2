/* SPDX-License-Identifier: MIT */
/*
 * node/announce.h -- how parties come together for a ceremony.
 *
 * Every party is asked on its own, by its operator, perhaps minutes apart; a ceremony runs in rounds that take seconds.  So
 * whoever was asked announces the ceremony and its number of attempt to all, again and again: first that it waits, then that
 * it begins.  The latter
 *
 *   - when all parties have announced the same attempt, or
 *   - when n - t of them have, and the others have been waited for, or
 *   - when t + 1 others, so one honest at least, say that they are beginning.
 *
 * It does begin when 2t + 1 say so, itself among them: t + 1 of these are honest, at whose word all that wait here begin as
 * well, whatever the rest tells to whom.  Nobody ever begins alone; without a quorum there is an error in the end.
 *
 * Attempts differ after a crash.  Each says in the beginning which is the least that it can take part in; the least in which
 * n - t of those present can is the one.
 *
 * Only words count that came since this party was asked, and lately.  Who has what is being asked for answers so.
 *
 * If a key goes from one set of parties to another, the ceremony is that of the new set, which comes first in the numbers of
 * the committee.  The old set takes no part in the above, but nobody begins by its own count before all but t1 of it are there;
 * who is in the old set only hears from the new one when it begins, and when it is done.
 *
 * Announcements of a peer that are kept are bounded; the oldest goes.
 */
#ifndef ARCA_NODE_ANNOUNCE_H
#define ARCA_NODE_ANNOUNCE_H

#include "node/frames.h"
#include "node/peers.h"

typedef struct announcements announcements;

/* time: wait_system(), if it is not a test's.  ERR_NOMEM. */
err  announcements_new(announcements **out, wait_source time);
void announcements_free(announcements **a);

/* Whoever waits stops with ERR_CANCELLED, and so does whoever comes later. */
void announcements_cancel(announcements *a);

/* What a peer announced; the links' thread. */
void announce_heard(announcements *a, committee *c, party from, slice what);

/* Answers that what the ceremony would make exists here. */
void announce_there(committee *c, party to, const announcement *asked);

typedef struct gathering_plan {
	committee *c;
	attempted  what;
	id32       request;
	vault     *vault;                        /* where attempts are recorded          */
	int64_t    all_ms, quorum_ms, away_ms;   /* how long to wait for a quorum; then for the rest; for the rest
	                                          * if none of these can be reached     */
	const stop_flag *stop;                   /* may be NULL                          */
	unsigned   n, t;                         /* whose ceremony it is: parties 1 .. n; 0: all of the context, with its t */
	party_set  old;                          /* the old set, if there is another than these, and how many of it may fail */
	unsigned   old_t;
} gathering_plan;

/* Waits until the ceremony begins; then *attempt is on disk.  ERR_STATE: too few parties came, or others have it
 * already (of a delegation key: ERR_EXISTS); ERR_CANCELLED; ERR_IO. */
err  announce_gather(announcements *a, uint32_t *attempt, const gathering_plan *g);

/* For a party that is in the old set only: says that it is there until t + 1 of the new set begin, or have it already: *attempt
 * is 0 then.  until_there: only the latter counts.  Waits quorum_ms and all_ms.  ERR_STATE: neither came; ERR_CANCELLED. */
err  announce_attend(announcements *a, uint32_t *attempt, const gathering_plan *g, bool until_there);

#endif
