/* SPDX-License-Identifier: MIT */
/*
 * share/oracle_lift.c -- decoding in R, one binary digit of the polynomial at a time.
 *
 * If y = f at the right places and f = f_0 + 2 f_1 + 4 f_2 + ... with 0/1 coefficients, then y modulo 2 is a word of GF(2^d)
 * for f_0 modulo 2.  Take f_0 away: what is left is even at every right place, and half of it a word for f_1; and so on.
 * A place that is not even has been found out, and is left out from then on.
 */
#include "share/oracle.h"

static gr rest_of(const ring *R, const gr *f, unsigned D, const gr *y, party i)
{
	return gr_sub(R, y[i], gr_eval(R, f, D, gr_point(i)));
}

bool oracle_lift_var(gr *f, party_set *wrong, const ring *R, unsigned D, const gr *y, party_set present, unsigned liars,
                     field_decoder *decode)
{
	const unsigned m = size_of_set(present);
	party_set right = present;
	unsigned at_most;

	if (m < D + 1 + liars) return false;
	at_most = (unsigned)size_min(liars, m - (D + 1 + liars));
	for (unsigned a = 0; a <= D; a++) f[a] = GR_ZERO;
	for (unsigned digit = 0; digit < R->k; digit++) {
		gf word[MAX_PARTIES + 1], next[MAX_PARTIES];

		FOR_EACH_IN(i, right) word[i] = (gf)gr_residue_var(R, rest_of(R, f, D, y, i), digit);
		if (!decode(next, gf_of(R->d), D, word, right, at_most)) return false;
		for (unsigned a = 0; a <= D; a++) f[a] = gr_add(R, f[a], gr_scale(R, (u128)1 << digit, gr_point(next[a])));
		FOR_EACH_IN(i, right)
			if (gr_valuation_var(R, rest_of(R, f, D, y, i)) <= digit) take_from(&right, i), at_most--;
	}
	*wrong = present & ~right;
	return true;
}
