/* SPDX-License-Identifier: MIT */
/* delegate/feldman.c */
#include "delegate/feldman.h"

void feldman_random(feldman_poly *f, unsigned degree, const secp_scalar *secret, const rng *r)
{
	ASSERT(degree <= FELDMAN_DEGREE);
	*f = (feldman_poly){ .degree = degree };
	for (unsigned k = 0; k <= degree; k++) f->a[k] = k == 0 && secret ? *secret : secp_scalar_random(r);
}

secp_scalar feldman_share(const feldman_poly *f, party j)
{
	const secp_scalar x = secp_scalar_of(j);
	secp_scalar y = f->a[f->degree], product;

	for (unsigned k = f->degree; k--;) {
		product = secp_scalar_mul(&y, &x);
		y = secp_scalar_add(&product, &f->a[k]);
	}
	wipe(&product, sizeof product);
	return y;
}

void feldman_commit(secp_pk *A, const feldman_poly *f, const secp *curve)
{
	secp_sk a;

	for (unsigned k = 0; k <= f->degree; k++) {
		ASSERT(secp_sk_of_scalar(&a, &f->a[k]));
		A[k] = secp_pk_of(curve, &a);
	}
	wipe(&a, sizeof a);
}

bool feldman_public_var(secp_pk *Y, const secp_pk *A, unsigned degree, party j)
{
	const secp_scalar x = secp_scalar_of(j);
	secp_scalar power[FELDMAN_TERMS];

	ASSERT(degree <= FELDMAN_DEGREE);
	power[0] = secp_scalar_of(1);
	for (unsigned k = 1; k <= degree; k++) power[k] = secp_scalar_mul(&power[k - 1], &x);
	return secp_pk_sum_var(Y, A, power, degree + 1);
}

void feldman_weights(secp_scalar *weight, party_set Q)
{
	FOR_EACH_IN(i, Q) {
		const secp_scalar x = secp_scalar_of(i);
		secp_scalar up = secp_scalar_of(1), down = up;
		FOR_EACH_IN(j, Q & ~((party_set)1 << i)) {
			const secp_scalar y = secp_scalar_of(j), difference = secp_scalar_sub(&y, &x);
			up = secp_scalar_mul(&up, &y);
			down = secp_scalar_mul(&down, &difference);
		}
		down = secp_scalar_inv(&down);
		weight[i] = secp_scalar_mul(&up, &down);
	}
}
