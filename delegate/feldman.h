/* SPDX-License-Identifier: MIT */
/*
 * delegate/feldman.h -- Shamir's sharing of a scalar, and commitments by which everybody can check a share.          [Feldman87]
 *
 *   f          a polynomial of degree T over the scalars; f(0) is the secret, f(j) the share of party j, 1 <= j <= n
 *   A_k        a_k G for the k-th coefficient of f: public.  f(j) G = sum over k of j^k A_k
 *   weights    l_i with  f(0) = sum over i in Q of l_i f(i)  for any Q of more than T parties: l_i = product of j / (j - i)
 *
 * Time: constant in coefficients and shares; commitments and weights are public.
 */
#ifndef ARCA_DELEGATE_FELDMAN_H
#define ARCA_DELEGATE_FELDMAN_H

#include "curve/point.h"
#include "share/party.h"

enum { FELDMAN_DEGREE = (MAX_PARTIES - 1) / 2, FELDMAN_TERMS = FELDMAN_DEGREE + 1 };

/* Secret; wiped by its owner. */
typedef struct feldman_poly {
	unsigned    degree;
	secp_scalar a[FELDMAN_TERMS];
} feldman_poly;

/* Random but for the secret.  secret NULL: random, too. */
void feldman_random(feldman_poly *f, unsigned degree, const secp_scalar *secret, const rng *r);

secp_scalar feldman_share(const feldman_poly *f, party j);

/* A[0 .. degree].  Requires: no coefficient is 0, as in feldman_random for a secret that is not. */
void feldman_commit(secp_pk *A, const feldman_poly *f, const secp *curve);

/* *Y = f(j) G.  False: that is infinity, or some A_k is no point. */
[[nodiscard]] bool feldman_public_var(secp_pk *Y, const secp_pk *A, unsigned degree, party j);

/* weight[i] for i in Q. */
void feldman_weights(secp_scalar *weight, party_set Q);

#endif
