/* SPDX-License-Identifier: MIT */
/*
 * delegate/regroup.h -- new shares of a protocol key that stays as it is: for the same parties (a refresh, and how a party that has
 * lost its share gets one again), for others, or of a key that one party has alone (an import).
 *
 *   old set    P_1 .. P_n1, at most t1 corrupt, hold shares of degree t1 (group_key: n = n1, T = t1); an import: one party, t1 = 0
 *   new set    Q_1 .. Q_n2, at most t2 < n2/3 corrupt, get shares of degree t2
 *
 * Each P_i deals a random f_i of degree t2 with f_i(0) = its share (dealing.h), to fresh keys of the new set.  Q: those whose deals
 * are right, of whom t1 + 1 are needed.  The new share of Q_j is the sum over i in Q of l_i f_i(j), l_i being the weights by which
 * the shares of Q give the secret (feldman.h).
 *
 * Whatever t1 of the old and t2 of the new set do:
 *  (1) the honest of the new set end with the same key, with P as it was; their shares lie on one polynomial of degree t2.  A deal's
 *      A_0 must be the Y_i of the old key, so no P_i deals anything else than its share, and sum over Q of l_i Y_i = P;
 *  (2) they agree on Q, and on who has failed: all is computed from what is broadcast in the new set.  What a P_i outside of it
 *      has dealt, its members repeat to each other in a broadcast, and what more than t2 of them say is its deal: one of them is
 *      honest, and of an honest P_i all honest members say the same;
 *  (3) t1 old shares and t2 new ones say nothing about the secret: some f_i with i in Q is an honest party's, random but for its
 *      value at 0, and the new shares of who is not corrupt have it in them;
 *  (4) no honest party is accused, nor has any failed (dealing.h).
 *
 * A rushing P_i may see what others deal before it deals, and choose the new shares of corrupt parties.  They are known to it in
 * any case; the worst it can come to is a share of 0, whose Y is no point (receiver.h).
 *
 * A refresh does no more than that for n = n2: shares that were stolen before it are worth nothing with those stolen after.  Old
 * shares stay until their owner erases them.  Nobody needs an old share to get a new one.
 *
 * Cost: three broadcasts in the new set; four, and two messages to and from each party outside, if there are such parties.
 *
 *   sid    H_tag("arca/reshare/sid/v1"; key id, epoch u32, new roster, t2 + 1 u16, n2 u16, route (16), the keys of the new set as they
 *          travel: set u64 (little-endian), n2 points, zeros for who is not in it)
 *
 * Departure: the same parties do not add shares of 0 to theirs, but share them anew; so one protocol serves all.
 */
#ifndef ARCA_DELEGATE_REGROUP_H
#define ARCA_DELEGATE_REGROUP_H

#include "delegate/group.h"
#include "mpc/reshare.h"

typedef struct regroup_plan {
	reshare_sets sets;               /* numbers in the connections: new members first, then who is in the old set only */
	session_id   route;              /* of messages between the sets: reshare_route() */
	const group_key *old;            /* n1, t1 are its n and T */
	hash32       roster;             /* of the new set */
	party        as;                 /* this party is P_as; 0: it gives nothing */
	const group_share *mine;         /* if `as` is not 0: with s G = Y_as of the old key */
	party_set    lacking;            /* of the old set, by old numbers: who has said to all that it has no share */
} regroup_plan;

/* The old key, for an import: its owner is P_1, and its share the key.  What comes out has an id of its own and epoch 0. */
group_key group_of_one(const secp_pk *P, uint32_t chain_id);

/*
 * For a member of the new set.  *key: one epoch later, with the id as it was, unless it is an import.  *failed: of the old set, by old numbers: who is not
 * in Q; the same at all honest parties, and accused if it is in the new set and not lacking.  All untouched after an error.
 * ERR_REQUEST: no such sets.  ERR_STATE as within_model; t1 or fewer gave a right deal; or they do not make up P.
 * Requires: `lacking` is the same at all honest parties.
 */
err  group_reshare(session *s, group_key *key, group_share *held, party_set *failed, const regroup_plan *plan, const secp *curve);

/* For a member of the old set alone.  ERR_STATE: t2 or fewer of the new set agree on their keys in time. */
err  group_give(const reshare_giver *g, const regroup_plan *plan, const secp *curve, const rng *r);

#endif
