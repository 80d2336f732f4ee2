/* SPDX-License-Identifier: MIT */
/*
 * mpc/open.c -- robust opening: shares become values.                                              t < n/3
 *
 * Degree t: every receiver learns the right value, whatever t parties send.  Degree 2t with n = 3t + 1: the right value, or
 * that somebody lied -- never a wrong one.  Both by the one rule of share/code.h, with t - |corrupt| possible liars among
 * those whose shares came; a share that did not come, or came in a message of the wrong length, is not there at all.
 *
 * Cost: 1 round; an element to each receiver, for each value.
 */
#include "mpc/mpc.h"

static err code_for(code **out, session *s, unsigned D)
{
	code **c = &s->codes[D == s->t ? 0 : 1];

	ASSERT(D == s->t || D == 2 * s->t);
	if (!*c) TRY(code_new(c, s->R, s->n, D));
	*out = *c;
	return OK;
}

static bool learns(const party_set *to, size_t i, party j) { return !to || has(to[i], j); }

static size_t how_many(const party_set *to, size_t m, party j)
{
	size_t count = 0;

	for (size_t i = 0; i < m; i++) count += learns(to, i, j);
	return count;
}

err open_sync(session *s, gr *value, bool *opened, const share *x, const party_set *to, size_t m, unsigned D)
{
	IN_SCOPE(s);
	const size_t mine = how_many(to, m, s->me);
	slice got[MAX_PARTIES + 1];
	gr y[MAX_PARTIES + 1];
	party_set present = 0, wrong;
	code *c = NULL;

	TRY(within_model(s));
	const unsigned liars = s->t - size_of_set(s->corrupt);
	TRY(code_for(&c, s, D));

	/* Each P_i sends to P_j its shares of what P_j is to learn. */
	next_round(s);
	FOR_EACH_IN(j, live(s)) {
		msg shares;
		TRY(msg_new(s, &shares, how_many(to, m, j)));
		for (size_t i = 0; i < m; i++)
			if (learns(to, i, j)) put(&shares, x[i].v);
		TRY(mpc_send(s, j, msg_slice(&shares)));
	}
	FOR_EACH_IN(j, live(s)) {
		TRY(mpc_recv(s, j, &got[j], mine * s->R->bytes));
		DECLASSIFY(got[j].p, got[j].n, "shares told to this party so that it learns the value");
		if (is_elements(s, got[j], mine)) add_to(&present, j);
		else if (got[j].p) suspect(s, j, "sent shares of the wrong number", got[j]);
	}

	/* P_j decodes. */
	for (size_t i = 0, k = 0; i < m; i++) {
		if (!learns(to, i, s->me)) continue;
		FOR_EACH_IN(j, present) y[j] = nth(s, got[j], mine, k);
		const bool ok = code_decode_var(&value[i], NULL, &wrong, c, y, present, liars);
		if (ok) FOR_EACH_IN(j, wrong) suspect(s, j, "sent a wrong share", got[j]);
		if (!ok && !opened)
			return err_fail(ERR_STATE, "an opening of degree %u failed: more than %u of %u parties are at fault",
			                D, s->t, s->n);
		if (opened) opened[i] = ok;
		k++;
	}
	return OK;
}
