/* SPDX-License-Identifier: MIT */
/* mpc/relay.c */
#include "mpc/relay.h"
#include "mpc/mpc.h"

/* What more than t members say; of several, what the first of them says.  said: a flag and a message for each. */
static slice most_say(const session *s, const slice *said, size_t at, size_t size)
{
	slice out = { 0 };
	unsigned most = s->t;

	FOR_EACH_IN(j, live(s)) if (said[j].p[at]) {
		unsigned count = 0;
		FOR_EACH_IN(k, live(s)) count += said[k].p[at] && memcmp(said[k].p + at + 1, said[j].p + at + 1, size) == 0;
		if (count > most) most = count, out = slice_of(said[j].p + at + 1, size);
	}
	return out;
}

err relay(session *s, crossing *x, slice *out, party_set from, size_t size)
{
	const size_t each = 1 + size;
	slice got[MAX_PARTIES + 1], said[MAX_PARTIES + 1];
	uint8_t *m;
	size_t k = 0;

	next_round(s);
	crossing_next_round(x);
	const crossing_wait wait = { .until_ms = session_round_ends_ms(s) };
	TRY(crossing_gather(x, got, &s->arena, from, size, &wait));
	TRY(arena_new(&s->arena, &m, size_of_set(from) * each));
	FOR_EACH_IN(i, from) {
		if (got[i].p) m[k] = 1, memcpy(m + k + 1, got[i].p, size);
		k += each;
	}
	TRY(s->p->bcast(s, slice_of(m, k), k, said));
	FOR_EACH_IN(j, live(s)) if (said[j].n != k) accuse(s, j, "broadcast something else than what others have sent");
	TRY(within_model(s));
	k = 0;
	FOR_EACH_IN(i, from) {
		out[i] = most_say(s, said, k, size);
		k += each;
	}
	return OK;
}
