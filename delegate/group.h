/* SPDX-License-Identifier: MIT */
/*
 * delegate/group.h -- a protocol key of which every party has a share, and what is done with it: partial answers, each with
 * a proof, and the sum of them.
 *
 *   d, P       the key, which nobody has, and d G;  s_i, Y_i  the share of party i, of degree T, and s_i G: public
 *   D_i        s_i K, with a proof that its s_i is that of Y_i, for this request and epoch
 *   S          d K = sum of l_i D_i over T + 1 parties with right proofs
 *
 * So T parties cannot make S and no party can spoil it: a wrong D_i has no proof.  D_i is as secret as S.
 *
 *   context of a proof    H_tag("arca/dleq/ctx/v1"; key id, epoch u32, index u16, digest of the request)
 *   partial as bytes      1, index u16, epoch u32, D_i (33), c (32), z (32); integers most significant byte first
 *
 * Time: making is constant in the share, combining in the D_i; checking is of variable time in proofs, which say nothing of S.
 */
#ifndef ARCA_DELEGATE_GROUP_H
#define ARCA_DELEGATE_GROUP_H

#include "base/id.h"
#include "delegate/dleq.h"
#include "delegate/ecies.h"
#include "delegate/feldman.h"

/* What is public about a shared key in one epoch. */
typedef struct group_key {
	id32     key_id;                 /* stays the same in all epochs */
	uint32_t chain_id;
	uint32_t epoch;                  /* 0: as it was generated; one more after each resharing */
	unsigned n, T;                   /* T + 1 shares answer */
	hash32   roster;                 /* who the parties are */
	secp_pk  P, Y[MAX_PARTIES + 1];  /* Y[1 .. n] */
} group_key;

/* Y is zero for a party that was away when the shares were made. */
static inline bool group_has_share(const group_key *k, party i) { return k->Y[i].b[0] != 0; }

/* Secret; wiped by its owner. */
typedef struct group_share {
	party   index;
	secp_sk s;
} group_share;

typedef struct group_partial {
	party    index;
	uint32_t epoch;
	secp_pk  D;                      /* secret; wiped by its owner */
	dleq     proof;
} group_partial;

enum { GROUP_PARTIAL_BYTES = 1 + 2 + 4 + SECP_PK + DLEQ_BYTES };

/* request: the digest of what was authorised.  Requires: x->s G = k->Y[x->index], K is a point. */
void group_partial_make(group_partial *out, const group_key *k, const group_share *x, const secp_pk *K, const hash32 *request,
                  const secp *curve, const rng *r);
/* Whether it is of this key, epoch and request, and right. */
bool group_partial_ok_var(const group_partial *p, const group_key *k, const secp_pk *K, const hash32 *request);

/* *S = d K of T + 1 or more partials that are ok, of different parties.  ERR_REQUEST: they are too few, of other epochs or of one
 * party twice; or their sum is infinity, as that of partials that were not looked at may be. */
err  group_combine(secp_pk *S, const group_key *k, const group_partial *p, size_t count);
/* What ECIES makes of S. */
shared_x shared_x_of(const secp_pk *S);

void group_partial_write(uint8_t out[static GROUP_PARTIAL_BYTES], const group_partial *p);
/* ERR_REQUEST: not GROUP_PARTIAL_BYTES, no party's number, no point, or no scalars. */
err  group_partial_read(group_partial *out, slice bytes);

#endif
