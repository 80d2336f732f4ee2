/* SPDX-License-Identifier: MIT */
/*
 * delegate/group_move.h -- a shared key goes to other parties, more or fewer, some of whom may have it already: a ceremony
 * (group_ceremony.h) of the new set, in which those who are in the old set only take part from outside.
 *
 *   Offers    broadcast in the new set, as in any ceremony.  Its roster goes to those outside, who send their own offers, and these are
 *             agreed on (mpc/relay.h)
 *   Making    regroup.h, from the newest record that n1 - t1 of the old parties have signed, t1 + 1 of them under the wallets that the old
 *             parties, inside and outside, name now
 *   Storing, Signing, Done: by the new set alone
 *
 * Who is in the old set only keeps its share until more of the new parties than can be corrupt have the certificate: that is the
 * caller's to find out.  So at any moment T + 1 honest parties of the one set or the other have shares that somebody honest can certify.
 */
#ifndef ARCA_DELEGATE_GROUP_MOVE_H
#define ARCA_DELEGATE_GROUP_MOVE_H

#include "delegate/group_ceremony.h"

typedef struct group_move_job {
	group_ceremony *c;
	const reshare_sets *sets;
	const session_id   *route;       /* of messages between the sets; set by the time the program begins */
	party as;                        /* this party is P_as of the old set; 0: none */
} group_move_job;

/* A program of the new set; arg: a group_move_job.  ERR_NOT_FOUND: n1 - t1 of the old set say that they have neither a key nor a part of
 * one.  ERR_STATE, too: no key is shown, and too few say that there is none.  c->take: only for a party of the old set too. */
err  group_move(session *s, void *arg);

/* For a member of the old set alone.  OK, too, if it has nothing to give.  ERR_STATE as group_give. */
err  group_move_give(const reshare_giver *g, const group_move_job *j, const rng *r);

#endif
