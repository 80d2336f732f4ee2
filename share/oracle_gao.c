/* SPDX-License-Identifier: MIT */
/*
 * share/oracle_gao.c -- Gao's decoder.
 *
 * Let g0 vanish at every point of the word and g1 go through the word.  In the Euclidean algorithm on g0 and g1, each
 * remainder is g = u g0 + b g1.  The first of degree < (m + D + 1) / 2, with m the length of the word, has g = f b if
 * at most (m - D - 1) / 2 places are wrong; b vanishes exactly at them.
 */
#include "share/oracle.h"

/* Coefficients; those above the degree are 0.  The degree of 0 is -1. */
typedef struct poly { gf c[2 * MAX_PARTIES + 2]; } poly;

static int degree(const poly *a)
{
	int d = (int)COUNT(a->c) - 1;

	while (d >= 0 && !a->c[d]) d--;
	return d;
}

/* a += factor x^shift b */
static void add_multiple(const gf_field *K, poly *a, gf factor, const poly *b, int shift)
{
	for (int j = degree(b); j >= 0; j--) a->c[j + shift] ^= gf_mul_var(K, factor, b->c[j]);
}

/* a becomes the remainder by b; returns the quotient.  Requires: b != 0. */
static poly divide(const gf_field *K, poly *a, const poly *b)
{
	const int db = degree(b);
	const gf lead = gf_inv_var(K, b->c[db]);
	poly quotient = { { 0 } };

	for (int da; (da = degree(a)) >= db;) {
		quotient.c[da - db] = gf_mul_var(K, a->c[da], lead);
		add_multiple(K, a, quotient.c[da - db], b, da - db);
	}
	return quotient;
}

/* a -= quotient b */
static void subtract_product(const gf_field *K, poly *a, const poly *quotient, const poly *b)
{
	for (int j = degree(quotient); j >= 0; j--) add_multiple(K, a, quotient->c[j], b, j);
}

/* g0 and g1, adding one point after another: g1 is mended at the new point by a multiple of the g0 so far. */
static void interpolate(const gf_field *K, poly *g0, poly *g1, const gf *y, party_set present)
{
	*g0 = (poly){ { 1 } }, *g1 = (poly){ { 0 } };
	FOR_EACH_IN(i, present) {
		const unsigned top = COUNT(g0->c) - 1;
		const gf at_g0 = gf_eval_var(K, g0->c, top, i), at_g1 = gf_eval_var(K, g1->c, top, i);
		const poly old = *g0;

		add_multiple(K, g1, gf_mul_var(K, y[i] ^ at_g1, gf_inv_var(K, at_g0)), &old, 0);
		*g0 = (poly){ { 0 } };
		add_multiple(K, g0, i, &old, 0), add_multiple(K, g0, 1, &old, 1);
	}
}

bool oracle_gao_var(gf *f, const gf_field *K, unsigned D, const gf *y, party_set present, unsigned at_most)
{
	const int bound = (int)(size_of_set(present) + D + 1);
	poly before, g, b_before = { { 0 } }, b = { { 1 } };
	unsigned wrong = 0;

	ASSERT(size_of_set(present) >= D + 1 + 2 * at_most);
	interpolate(K, &before, &g, y, present);
	while (2 * degree(&g) >= bound) {
		const poly q = divide(K, &before, &g), next = before, kept = b;

		subtract_product(K, &b_before, &q, &b);
		b = b_before, b_before = kept;
		before = g, g = next;
	}
	memcpy(f, divide(K, &g, &b).c, D + 1);   /* if this is not f, it is not near the word either */
	FOR_EACH_IN(i, present) wrong += gf_eval_var(K, f, D, i) != y[i];
	return wrong <= at_most;
}
