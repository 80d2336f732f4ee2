/* SPDX-License-Identifier: MIT */
/* share/prss_sets.c -- sets of parties and their polynomials: what everybody may know of a pseudo-random sharing. */
#include "share/prss_state.h"

/* The last member that can move up does, and the ones after it follow closely. */
party_set prss_set_after(party_set A, unsigned n)
{
	party_set after = 0;                     /* members above the one that is looked at */

	for (unsigned i = n; i; i--) {
		if (!has(A, (party)i)) continue;
		if (i < n && !has(A, (party)(i + 1))) {
			const unsigned moving = 1 + size_of_set(after);
			return (A & (((party_set)1 << i) - 1)) | parties_all(moving) << i;
		}
		add_to(&after, (party)i);
	}
	return 0;
}

void prss_sets(party_set *out, unsigned n, unsigned t)
{
	ASSERT(t < n && n <= MAX_PARTIES && binomial(n, t) <= MAX_PRSS_SETS);
	for (party_set A = parties_all(n - t); A; A = prss_set_after(A, n)) *out++ = A;
}

/* f_A(Z) = product over the parties j outside A of (a_j - Z) / a_j */
gr prss_weight(const ring *R, unsigned n, party_set A, party i)
{
	gr above = GR_ONE, below = GR_ONE;

	ASSERT(has(A, i));
	FOR_EACH_IN(j, parties_all(n) & ~A) {
		above = gr_sub(R, gr_times_point(R, j, above), gr_times_point(R, i, above));
		below = gr_times_point(R, j, below);
	}
	return gr_mul(R, above, gr_inv(R, below));
}
