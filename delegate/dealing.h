/* SPDX-License-Identifier: MIT */
/*
 * delegate/dealing.h -- a share for everybody in one message that all may see, and complaints that all can judge.
 *
 * A dealer i publishes, for its polynomial f_i of degree T and a fresh r_i,
 *
 *   deal        A_i0 .. A_iT | knowledge of f_i(0) | K_i = r_i G | knowledge of r_i | c_i1 .. c_in
 *   c_ij        f_i(j) xor H_tag("arca/dkg/share/v1"; sid, i, j, K_i, x(r_i E_j)),  E_j = e_j G being a fresh key of party j
 *
 * j opens c_ij by e_j K_i and looks whether f_i(j) G is what the A_ik say, and f_i(j) not 0.  If not, it complains:
 *
 *   complaint   i | D = e_j K_i | proof that D has the logarithm to K_i that E_j has to G (dleq.h)
 *
 * With D anybody opens c_ij as j does.  So everybody who has the deal and the complaint comes to the same verdict: the proof does
 * not hold, or the share is right, and the complainer is lying; or it is wrong, and the dealer is.  No honest dealer's share is
 * wrong, no honest party's complaint is unfounded: neither is ever blamed.  Nobody has to answer a complaint, so nobody can delay
 * by not answering.
 *
 * What a complaint tells.  The share of its complainer from a dealer that has lied: a share of a polynomial that is dropped.  And
 * D = e_j K_i for a K_i of the dealer's choice, which would open another dealer's c_hj if K_i were K_h: hence the knowledge of
 * r_i, bound to i, from which the dealer could have made D itself.
 *
 * A party who has all but T + 1 of the e_j and what all have published knows T shares of each honest dealer, who are as good as
 * none; the rest is hashed Diffie-Hellman.  e_j and r_i are wiped when the shares are there: messages that were recorded stay
 * closed.
 *
 * Time: constant in f_i, r_i, e_j and shares.
 */
#ifndef ARCA_DELEGATE_DEALING_H
#define ARCA_DELEGATE_DEALING_H

#include "delegate/dleq.h"
#include "delegate/feldman.h"

/* What dealers and receivers agree on. */
typedef struct deal_terms {
	const hash32  *sid;              /* that of this dealing alone                 */
	unsigned       n, T;             /* of those who receive                       */
	party_set      to;               /* who has published a key; others get zeros  */
	const secp_pk *E;                /* [j]: of j in `to`                          */
} deal_terms;

enum { COMPLAINT_BYTES = 1 + SECP_PK + DLEQ_BYTES };

/* All but the shares, which is what a dealer commits itself to; and all. */
static inline size_t deal_head_bytes(unsigned T) { return (T + 2) * SECP_PK + 2 * KNOWLEDGE_BYTES; }
static inline size_t deal_bytes(unsigned n, unsigned T) { return deal_head_bytes(T) + n * SECP_SK; }

/* ---- who deals --------------------------------------------------------------------------------------------------- */

/* Secret; wiped by its owner. */
typedef struct dealer {
	party        i;
	feldman_poly f;
	secp_sk      r;
	secp_pk      K;
} dealer;

/* Draws f and r, and writes deal_head_bytes(T).  secret NULL: random.  x: E and `to` are not looked at. */
void dealer_begin(dealer *d, uint8_t *head, const deal_terms *x, party i, const secp_scalar *secret, const secp *curve, const rng *r);
/* n SECP_SK bytes. */
void dealer_seal(uint8_t *sealed, const dealer *d, const deal_terms *x);

/* ---- what all see ------------------------------------------------------------------------------------------------ */

typedef struct dealt {
	secp_pk A[FELDMAN_TERMS], K;
	slice   sealed;                  /* of the message it was read from            */
} dealt;

/* False: not deal_bytes(), points that are none, or proofs that do not hold. */
[[nodiscard]] bool dealt_read(dealt *out, const deal_terms *x, party i, slice message);

/* ---- who receives ------------------------------------------------------------------------------------------------ */

/* *share = f_i(j).  False: what was sealed for j, whose key is e, is not that. */
[[nodiscard]] bool dealt_open(secp_scalar *share, const dealt *d, const deal_terms *x, party i, party j, const secp_sk *e, const secp *curve);

/* COMPLAINT_BYTES of j against i. */
void complaint_write(uint8_t *out, const dealt *d, const deal_terms *x, party i, party j, const secp_sk *e, const secp *curve, const rng *r);

typedef enum complaint_verdict { COMPLAINT_FALSE, COMPLAINT_RIGHT } complaint_verdict;

/* Of j in `to`, against the dealer that its first byte names, whose deal is d.  Requires: COMPLAINT_BYTES. */
complaint_verdict complaint_judge(const uint8_t *complaint, const dealt *d, const deal_terms *x, party j, const secp *curve);

#endif
