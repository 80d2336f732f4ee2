/* SPDX-License-Identifier: MIT */
/* share/party.c -- which clusters there can be. */
#include "share/party.h"
#include <limits.h>

unsigned binomial(unsigned n, unsigned t)
{
	u128 c = 1;

	if (t > n) return 0;
	for (unsigned i = 1; i <= t; i++)
		if ((c = c * (n - t + i) / i) > UINT_MAX) return UINT_MAX;
	return (unsigned)c;
}

bool parties_allowed(unsigned n, unsigned t)
{
	return t >= 1 && n <= MAX_PARTIES && 3 * t < n && binomial(n, t) <= MAX_PRSS_SETS;
}
