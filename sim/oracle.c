/* SPDX-License-Identifier: MIT */
/* sim/oracle.c -- what only a test may ask: the secret behind shares, and whether a run went as it must. */
#include "share/shamir.h"
#include "sim/sim.h"

/* f(at) for the f of degree < |basis| through the shares of the basis. */
static gr interpolated(const ring *R, const share *y, party_set basis, gr at)
{
	gr weight[MAX_PARTIES + 1], sum = GR_ZERO;

	lagrange_weights(weight, R, basis, at);
	FOR_EACH_IN(i, basis) sum = gr_add(R, sum, gr_mul(R, weight[i], y[i].v));
	return sum;
}

bool sim_reconstruct(gr *secret, const ring *R, const share *y, party_set honest, unsigned D)
{
	party_set basis = 0;

	FOR_EACH_IN(i, honest) if (size_of_set(basis) <= D) add_to(&basis, i);
	ASSERT(size_of_set(basis) == D + 1);
	*secret = interpolated(R, y, basis, GR_ZERO);
	FOR_EACH_IN(j, honest & ~basis) if (!gr_eq_var(interpolated(R, y, basis, gr_point(j)), y[j].v)) return false;
	return true;
}

const char *sim_complaint(unsigned n, party_set corrupt, const sim_party *p)
{
	const party_set honest = parties_all(n) & ~corrupt;
	const sim_party *first = &p[first_of(honest)];

	FOR_EACH_IN(i, honest) {
		if (p[i].result != OK) return "an honest party failed";
		if (p[i].corrupt & ~corrupt) return "an honest party was accused";
		if (p[i].corrupt != first->corrupt) return "honest parties accuse differently";
		if (p[i].rounds != first->rounds) return "honest parties are out of step";
		if (!hash32_eq_var(p[i].transcript, first->transcript)) return "honest parties saw different broadcasts";
	}
	return NULL;
}
