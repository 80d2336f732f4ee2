/* SPDX-License-Identifier: MIT */
/*
 * share/oracle_welch.c -- Berlekamp and Welch.
 *
 * Look for E, monic of degree e = at_most, and Q of degree <= D + e with y_i E(a_i) = Q(a_i) at every place: linear
 * equations.  If at most e places are wrong there is a solution, f times a polynomial that vanishes at them; and every
 * solution has Q = f E, for Q - f E has degree <= D + e and at least D + 1 + e zeros.  Conversely, if E divides Q, y
 * is the quotient except where E is 0.
 */
#include "share/oracle.h"

typedef struct linear_system {
	unsigned rows, unknowns;
	gf       m[MAX_PARTIES][MAX_PARTIES + 2];    /* the right-hand side is column `unknowns` */
} linear_system;

/* Brings the system to reduced row echelon form and reads off the solution whose free unknowns are 0. */
static bool solve(gf *x, const gf_field *K, linear_system *s)
{
	int pivot_row[MAX_PARTIES + 2];
	unsigned rank = 0;

	for (unsigned c = 0; c < s->unknowns; c++) {
		unsigned r = rank;

		pivot_row[c] = -1;
		while (r < s->rows && !s->m[r][c]) r++;
		if (r == s->rows) continue;
		for (unsigned j = 0; j <= s->unknowns; j++) {
			const gf kept = s->m[rank][j];

			s->m[rank][j] = s->m[r][j], s->m[r][j] = kept;
		}
		const gf scale = gf_inv_var(K, s->m[rank][c]);
		for (unsigned j = 0; j <= s->unknowns; j++) s->m[rank][j] = gf_mul_var(K, scale, s->m[rank][j]);
		for (r = 0; r < s->rows; r++) {
			const gf factor = s->m[r][c];

			for (unsigned j = 0; r != rank && j <= s->unknowns; j++) s->m[r][j] ^= gf_mul_var(K, factor, s->m[rank][j]);
		}
		pivot_row[c] = (int)rank++;
	}
	for (unsigned r = rank; r < s->rows; r++)
		if (s->m[r][s->unknowns]) return false;
	for (unsigned c = 0; c < s->unknowns; c++) x[c] = pivot_row[c] < 0 ? 0 : s->m[pivot_row[c]][s->unknowns];
	return true;
}

bool oracle_welch_var(gf *f, const gf_field *K, unsigned D, const gf *y, party_set present, unsigned at_most)
{
	const unsigned e = at_most, q = D + e;
	linear_system s = { .unknowns = e + q + 1 };     /* E_0 .. E_{e-1}, Q_0 .. Q_q */
	gf x[MAX_PARTIES + 2], *Q = &x[e];

	ASSERT(size_of_set(present) >= D + 1 + 2 * at_most);
	FOR_EACH_IN(i, present) {
		gf *row = s.m[s.rows++], power = 1;

		for (unsigned a = 0; a <= q; a++, power = gf_mul_var(K, power, i)) {
			row[e + a] = power;
			if (a < e) row[a] = gf_mul_var(K, y[i], power);
			if (a == e) row[s.unknowns] = gf_mul_var(K, y[i], power);
		}
	}
	if (!solve(x, K, &s)) return false;
	for (unsigned a = D + 1; a--;) {                 /* Q divided by E, whose leading coefficient is 1 */
		f[a] = Q[a + e];
		for (unsigned b = 0; b < e; b++) Q[a + b] ^= gf_mul_var(K, f[a], x[b]);
	}
	for (unsigned a = 0; a < e; a++)
		if (Q[a]) return false;
	return true;
}
