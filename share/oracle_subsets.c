/* SPDX-License-Identifier: MIT */
/* share/oracle_subsets.c -- the acceptance rule itself: through any D + 1 shares, then count who agrees. */
#include "share/oracle.h"

/* f of degree <= D through the shares of I, |I| = D + 1, by Newton's divided differences. */
static void through(gr *f, const ring *R, const gr *y, party_set I)
{
	gr newton[MAX_PARTIES];
	party node[MAX_PARTIES];
	unsigned m = 0;

	FOR_EACH_IN(i, I) {                      /* newton[m]: so that the polynomial so far is also right at i */
		gr value = GR_ZERO, product = GR_ONE;

		for (unsigned b = 0; b < m; b++) {
			value = gr_add(R, value, gr_mul(R, newton[b], product));
			product = gr_mul(R, product, gr_sub(R, gr_point(i), gr_point(node[b])));
		}
		newton[m] = gr_mul(R, gr_sub(R, y[i], value), gr_inv(R, product));
		node[m++] = i;
	}
	for (unsigned a = 0; a < m; a++) f[a] = GR_ZERO;
	for (unsigned b = m; b--;) {             /* f <- f (x - a_node[b]) + newton[b] */
		for (unsigned a = m - 1; a; a--) f[a] = gr_sub(R, f[a - 1], gr_mul(R, gr_point(node[b]), f[a]));
		f[0] = gr_sub(R, newton[b], gr_mul(R, gr_point(node[b]), f[0]));
	}
}

/* The next larger number with as many bits set; sets of one size follow each other like this. */
static uint64_t next_of_size(uint64_t set)
{
	const uint64_t lowest = set & -set, ripple = set + lowest;

	return ripple | ((set ^ ripple) / lowest) >> 2;
}

bool oracle_subsets_var(gr *f, party_set *wrong, const ring *R, unsigned D, const gr *y, party_set present, unsigned liars)
{
	const unsigned m = size_of_set(present);
	party member[MAX_PARTIES];
	unsigned count = 0;

	if (m < D + 1 + liars) return false;
	FOR_EACH_IN(i, present) member[count++] = i;
	for (uint64_t pick = ((uint64_t)1 << (D + 1)) - 1; pick < (uint64_t)1 << m; pick = next_of_size(pick)) {
		party_set I = 0, off = 0;

		for (unsigned b = 0; b < m; b++)
			if (pick >> b & 1) add_to(&I, member[b]);
		through(f, R, y, I);
		FOR_EACH_IN(i, present)
			if (!gr_eq_var(gr_eval(R, f, D, gr_point(i)), y[i])) add_to(&off, i);
		if (m - size_of_set(off) >= D + 1 + liars && size_of_set(off) <= liars) {
			*wrong = off;
			return true;
		}
	}
	return false;
}
