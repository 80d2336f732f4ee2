/* SPDX-License-Identifier: MIT */
/*
 * mpc/reshare.h -- the same secrets shared anew: among the same parties for a new epoch, or among others.
 *
 *   old set    P_1 .. P_n1, of which t1 may be corrupt, hold shares of degree t1
 *   new set    Q_1 .. Q_n2, of which t2 may be corrupt, get shares of degree t2 that have nothing to do with the old ones
 *
 * Some P_j may be some Q_i: then one program does both.  The connections number Q_1 .. Q_n2 from 1 on, and after them those
 * P_j that are no Q_i, in any order that all agree on.  An inbox and a wire of these numbers carry everything.
 *
 *   who is in the new set    a session among the Q_i (of n2 and t2, k = 128) with fresh keys of PRSS, as for any ceremony:
 *                            hello under a ceremony whose `request` is reshare_binding(), prss_setup, session_follow under
 *                            the id that came out, session_use_prss; then reshare(), and when all is on disk reshare_done()
 *   who is only in the old   reshare_give(), at the time when the others begin
 *
 * Nothing is erased here.  The old shares are superseded when reshare_done() says so, and the caller keeps them as long as
 * requests of the old epoch are answered.
 */
#ifndef ARCA_MPC_RESHARE_H
#define ARCA_MPC_RESHARE_H

#include "mpc/mpc.h"

/* ---- what is agreed on before --------------------------------------------------------------------------------- */

typedef struct reshare_sets {
	unsigned n1, t1, n2, t2;
	party    at[MAX_PARTIES + 1];    /* [j]: the number of P_j in the connections: i if it is Q_i, otherwise above n2 */
} reshare_sets;

/* The same n parties before and after. */
reshare_sets reshare_same(unsigned n, unsigned t);

/* ERR_REQUEST: no such sets, or numbers that do not fit them; ERR_UNSUPPORTED: their rings have different degrees. */
err  reshare_sets_check(const reshare_sets *x);

typedef struct reshare_terms {
	id32 request, old_context, new_context, old_epoch, new_epoch;
	reshare_sets  sets;
	const hash32 *old_role, *new_role;       /* [j - 1], [i - 1]: who P_j and Q_i are: digests of their verification keys */
	const id32   *key;                       /* in this order */
	unsigned      keys;
} reshare_terms;

/* Stands for all of it: who means anything else by this resharing meets nobody. */
id32 reshare_binding(const reshare_terms *x);

/* Of the messages between the sets, for the key of this number.  What they say before, they say under RESHARE_BEFORE. */
enum { RESHARE_BEFORE = INT32_MAX };
session_id reshare_route(const id32 *binding, uint32_t attempt, unsigned key);

/* ---- the protocol ---------------------------------------------------------------------------------------------- */

typedef struct reshare_plan {
	reshare_sets sets;
	session_id   route;
	size_t       N;                  /* secrets: elements of d words of 128 bits, side by side */
	party        as;                 /* this party is P_as; 0: it gives nothing                */
	const u128  *old;                /* its N shares, if `as` is not 0                         */
	party_set    lacking;            /* of the old set, by old numbers: who has said to all that it has no share */
} reshare_plan;

/*
 * For a member of the new set.  fresh: N new shares; untouched after an error.  *failed: of the old set, by old numbers: who
 * is lacking, gave nothing, not the same to all, or something wrong, or was accused before its share was used; the same at all
 * honest parties, and in s->corrupt if it is in the new set as well and not lacking.  ERR_STATE as within_model, and if more
 * than t1 of the old set failed.  ERR_UNSUPPORTED: N is more than reshare_most().  Requires: s->prss was used for nothing else
 * under s->sid; `lacking` is the same at all honest parties of the new set.
 *
 * Rounds, those of a broadcast by n2 parties included:
 *
 *     2 + bcast_rounds(t2) + ceil(N / floor(RESHARE_OPENED / (n1 - t1 - 1)))         one more if liars made it necessary
 *
 * Bytes that Q_i sends if nobody lies, with e = 16 d and a header for each message: N e to each P_j; if it is a P_j, N e to
 * each Q; a broadcast of 8 + 32 n1; and (n1 - t1 - 1) N e to each Q.  What goes to itself is not sent.
 */
err  reshare(session *s, u128 *fresh, party_set *failed, const reshare_plan *plan);

enum { RESHARE_OPENED = 1 << 15 };   /* elements opened in a round, at most */

size_t   reshare_most(const reshare_sets *x);
uint64_t reshare_rounds(const reshare_sets *x, size_t N);      /* if nobody lies */

/* For a member of the old set alone: it sends one message of N elements to each Q.  patience_ms: how long it may take until
 * t2 + 1 of the new set speak; from then on the others have round_ms.  ERR_STATE if too few do. */
typedef struct reshare_giver {
	party   me;                      /* in the connections */
	inbox  *in;
	wire    out;
	int64_t patience_ms, round_ms;
} reshare_giver;

err  reshare_give(const reshare_giver *g, const reshare_plan *plan);

/* ---- afterwards ------------------------------------------------------------------------------------------------- */

/*
 * After everything is on disk: a broadcast of `what`, which stands for the outcome.  *done: who says the same, the same set at
 * all honest parties.  ERR_STATE if these are fewer than n - t: the old shares are not superseded then.
 */
err  reshare_done(session *s, party_set *done, const hash32 *what);

#endif
