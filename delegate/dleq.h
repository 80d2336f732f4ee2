/* SPDX-License-Identifier: MIT */
/*
 * delegate/dleq.h -- proofs about discrete logarithms, made not interactive by a hash.               [Schnorr89], [ChaumPedersen92]
 *
 *   knowledge   "I know x with X = x G":                           R = k G, c = H(sid, i, X, R), z = k + c x
 *   equality    "the x of X = x G is that of D = x B, too":        R1 = k G, R2 = k B, c = H(ctx, X, B, D, R1, R2), z = k + c x
 *
 * The nonce k is a hash of the secret, of what is proved and of fresh random bytes: neither a broken generator nor the same
 * statement proved twice gives x away.
 *
 * Time: proving is constant in x and k.  Checking is of variable time in c and z: they are public, or, in a partial answer
 * (group.h), known to who may know D.
 */
#ifndef ARCA_DELEGATE_DLEQ_H
#define ARCA_DELEGATE_DLEQ_H

#include "curve/point.h"
#include "share/party.h"
#include "sym/keccak.h"

enum { KNOWLEDGE_BYTES = SECP_PK + SECP_SK, DLEQ_BYTES = 2 * SECP_SK };

typedef struct knowledge { secp_pk R; secp_scalar z; } knowledge;      /* as bytes: R || z */
typedef struct dleq { secp_scalar c, z; } dleq;                        /* as bytes: c || z */

void knowledge_prove(knowledge *out, const hash32 *sid, party i, const secp_sk *x, const secp_pk *X, const secp *curve, const rng *r);
bool knowledge_ok_var(const knowledge *p, const hash32 *sid, party i, const secp_pk *X);

/* Requires: X = x G, D = x B. */
void dleq_prove(dleq *out, const hash32 *ctx, const secp_sk *x, const secp_pk *X, const secp_pk *B, const secp_pk *D,
                const secp *curve, const rng *r);
/* X, B, D: points (secp_pk_read). */
bool dleq_ok_var(const dleq *p, const hash32 *ctx, const secp_pk *X, const secp_pk *B, const secp_pk *D);

/* With a nonce that the caller chose; for known answers. */
void dleq_prove_with(dleq *out, const secp_sk *k, const hash32 *ctx, const secp_sk *x, const secp_pk *X, const secp_pk *B,
                     const secp_pk *D, const secp *curve);

#endif
