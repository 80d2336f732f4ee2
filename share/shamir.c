/* SPDX-License-Identifier: MIT */
/* share/shamir.c -- dealing and Lagrange interpolation. */
#include "share/shamir.h"

void shamir_deal(share *out, const ring *R, unsigned n, unsigned degree, gr secret, const rng *random)
{
	gr f[MAX_PARTIES + 1];

	ASSERT(n <= MAX_PARTIES && n < R->points && degree < n);
	f[0] = secret;
	for (unsigned j = 1; j <= degree; j++) f[j] = gr_random(R, random);
	for (unsigned i = 1; i <= n; i++) out[i].v = gr_eval_at(R, f, degree, i);
	wipe(f, sizeof f);
}

void lagrange_weights(gr *weight, const ring *R, party_set who, gr at)
{
	FOR_EACH_IN(i, who) {
		gr above = GR_ONE, below = GR_ONE;

		FOR_EACH_IN(j, who) if (j != i) {
			above = gr_mul(R, above, gr_sub(R, at, gr_point(j)));
			below = gr_mul(R, below, gr_sub(R, gr_point(i), gr_point(j)));
		}
		weight[i] = gr_mul(R, above, gr_inv(R, below));
	}
}

gr interpolate_unchecked(const ring *R, const gr *y, party_set who)
{
	gr weight[MAX_PARTIES + 1], sum = GR_ZERO;

	lagrange_weights(weight, R, who, GR_ZERO);
	FOR_EACH_IN(i, who) sum = gr_add(R, sum, gr_mul(R, weight[i], y[i]));
	return sum;
}
