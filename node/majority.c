/* SPDX-License-Identifier: MIT */
/* node/majority.c */
#include "node/majority.h"

static party_set same_as(const session *s, const slice *all, slice what)
{
	party_set same = 0;
	FOR_EACH_PARTY(i, s)
		if (slice_eq_var(all[i], what)) add_to(&same, i);
	return same;
}

party_set majority_of(const session *s, const slice *all, size_t bytes)
{
	party_set most = 0;

	FOR_EACH_PARTY(i, s) {
		const party_set same = all[i].n == bytes ? same_as(s, all, all[i]) : 0;
		if (size_of_set(same) > size_of_set(most)) most = same;
	}
	return most;
}

void majority_list(char *out, size_t room, party_set of)
{
	size_t n = 0;

	out[0] = '\0';
	FOR_EACH_IN(i, of) n += (size_t)snprintf(out + n, n < room ? room - n : 0, "%s%u", n ? ", " : "", i);
}
