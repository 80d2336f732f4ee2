/* SPDX-License-Identifier: MIT */
/*
 * delegate/receiver.h -- the rounds that generation and resharing of a key have in common: keys for shares, and complaints; and
 * what a key is made of in the end.  As one member of the session that receives sees it; the session's parties are j, its dealers
 * i, who may have other numbers (regroup.h).
 */
#ifndef ARCA_DELEGATE_RECEIVER_H
#define ARCA_DELEGATE_RECEIVER_H

#include "delegate/dealing.h"
#include "delegate/group.h"
#include "mpc/session.h"

/* Secret; in the arena of its session. */
typedef struct receiver {
	session     *s;
	const secp  *curve;
	hash32       sid;                /* of the dealing                               */
	deal_terms   x;                  /* whose pointers lead here                     */
	secp_sk      e;                  /* of this party                                */
	secp_pk      E[MAX_PARTIES + 1];
	dealt        d[MAX_PARTIES + 1]; /* [i], i in `dealers`                          */
	party_set    dealers;            /* whose deals are read                         */
	secp_scalar  share[MAX_PARTIES + 1];     /* [i]: what i dealt to this party      */
} receiver;

/* Beside its own message, `text` bytes long, each party broadcasts a fresh key and proves, under `sid`, that it knows it.  Who
 * does not is accused.  said[j]: the text of P_j, in the arena; x.to and E: who has a key.  Sets w->sid = sid. */
err  receiver_keys(receiver *w, session *s, const hash32 *sid, slice text, slice *said, const secp *curve);

/* Opens the shares of all dealers, and broadcasts complaints.  *faulty: dealers of whom one was right; the same at all honest
 * parties.  Who complains without reason is accused. */
err  receiver_complain(receiver *w, party_set *faulty);

/*
 * key->P and ->Y of the polynomial that is the sum over i in Q of weight[i] f_i (NULL: of f_i), and this party's share.  A party
 * whose share of it would be 0 gets a Y that is no point: nobody believes its partial answers.  ERR_STATE: a coefficient is 0.
 * Requires: key->n and T are those of the session; no i in Q is faulty.
 */
err  receiver_sum(group_key *key, group_share *held, const receiver *w, party_set Q, const secp_scalar *weight);

#endif
