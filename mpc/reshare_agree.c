/* SPDX-License-Identifier: MIT */
/*
 * mpc/reshare_agree.c -- which messages of the old set the new set works with: those of which more than t2 of it say that they
 * got the same.  An honest member that did not get one gets it from t2 + 1 of those who did.
 *
 * Notation as in mpc/reshare.c.      vote   u64 a set of P_j, bit j | for each P_j 32 bytes: the digest of v_j, if it came
 */
#include "mpc/reshare_internal.h"
#include "sym/dsep.h"

typedef struct vote { party_set on; hash32 of[MAX_PARTIES + 1]; } vote;      /* by old number */
enum { VOTE_HEAD = 8 };

static hash32 digest_of(const reshare_work *x, party j, slice v)
{
	xof hash = dsep_begin("RESHAREV");

	xof_absorb(&hash, slice_of(x->plan->route.b, SID_BYTES));
	xof_absorb(&hash, slice_of(&j, 1));
	xof_absorb(&hash, v);
	return xof_squeeze32(&hash);
}

static err broadcast_digests(reshare_work *x, vote *votes)
{
	session *s = x->s;
	const size_t size = VOTE_HEAD + x->sets->n1 * sizeof(hash32);
	slice all[MAX_PARTIES + 1];
	party_set got = 0;
	uint8_t *m;

	TRY(arena_new(&s->arena, &m, size));
	for (party j = 1; j <= x->sets->n1; j++) if (x->v[j].p) {
		const hash32 h = digest_of(x, j, x->v[j]);
		add_to(&got, j);
		memcpy(m + VOTE_HEAD + (j - 1u) * sizeof h, h.b, sizeof h);
	}
	store64(m, got);
	TRY(s->p->bcast(s, slice_of(m, size), size, all));
	FOR_EACH_IN(i, live(s)) {
		votes[i].on = all[i].n == size ? load64(all[i].p) : 1;       /* 0 is nobody's number */
		if (votes[i].on & ~parties_all(x->sets->n1)) {
			accuse(s, i, "broadcast something else than digests of the old set's messages");
			continue;
		}
		memcpy(&votes[i].of[1], all[i].p + VOTE_HEAD, size - VOTE_HEAD);
	}
	return within_model(s);
}

static bool votes_for(const vote *v, party j, const hash32 *h) { return has(v->on, j) && hash32_eq_var(v->of[j], *h); }

/* What most say P_j's message is, if more than t2 do; of several, what the first of them says. */
static bool most_say(hash32 *out, const reshare_work *x, const vote *votes, party j)
{
	unsigned most = x->sets->t2;

	FOR_EACH_IN(i, live(x->s)) if (has(votes[i].on, j)) {
		unsigned count = 0;
		FOR_EACH_IN(k, live(x->s)) count += votes_for(&votes[k], j, &votes[i].of[j]);
		if (count > most) most = count, *out = votes[i].of[j];
	}
	return most > x->sets->t2;
}

/* Q_i passes on those of `lacks` for which it is among the first t2 + 1 who have them: one of these is honest. */
static party_set passes_on(const reshare_work *x, const vote *votes, const hash32 *agreed, party i, party_set lacks)
{
	party_set out = 0;

	FOR_EACH_IN(j, lacks) if (votes_for(&votes[i], j, &agreed[j])) {
		unsigned before = 0;
		FOR_EACH_IN(k, live(x->s) & parties_all(i - 1u)) before += votes_for(&votes[k], j, &agreed[j]);
		if (before <= x->sets->t2) add_to(&out, j);
	}
	return out;
}

static err send_lacking(reshare_work *x, party to, party_set which)
{
	session *s = x->s;
	IN_SCOPE(s);
	uint8_t *m;

	TRY(arena_new(&s->arena, &m, size_of_set(which) * x->bytes));
	const slice all = slice_of(m, size_of_set(which) * x->bytes);
	FOR_EACH_IN(j, which) {
		memcpy(m, x->v[j].p, x->bytes);
		m += x->bytes;
	}
	return mpc_send(s, to, all);
}

static err receive_lacking(reshare_work *x, party from, party_set which, const hash32 *agreed)
{
	session *s = x->s;
	const size_t size = size_of_set(which) * x->bytes;
	const uint8_t *at;
	slice m;

	TRY(mpc_recv(s, from, &m, size));
	if (m.n != size) return OK;
	at = m.p;
	FOR_EACH_IN(j, which) {
		const slice v = slice_of(at, x->bytes);
		at += x->bytes;
		if (hash32_eq_var(digest_of(x, j, v), agreed[j])) x->v[j] = v;
		else suspect(s, from, "passed on something else than what was agreed on", m);
	}
	return OK;
}

/* Everybody gets what it lacks.  All see from the votes who that is, and who has to send it. */
static err pass_on(reshare_work *x, const vote *votes, const hash32 *agreed)
{
	session *s = x->s;
	party_set lacks[MAX_PARTIES + 1] = { 0 }, any = 0;

	FOR_EACH_IN(i, live(s)) {
		FOR_EACH_IN(j, x->G) if (!votes_for(&votes[i], j, &agreed[j])) add_to(&lacks[i], j);
		if (size_of_set(lacks[i]) > x->sets->t1) accuse(s, i, "lacks what honest parties sent to all");
	}
	TRY(within_model(s));
	FOR_EACH_IN(j, lacks[s->me]) x->v[j] = (slice){ 0 };
	FOR_EACH_IN(i, live(s)) any |= lacks[i];
	if (!any) return OK;

	next_round(s);
	FOR_EACH_IN(i, live(s)) {
		const party_set which = passes_on(x, votes, agreed, s->me, lacks[i]);
		if (which) TRY(send_lacking(x, i, which));
	}
	FOR_EACH_IN(i, live(s)) {
		const party_set which = passes_on(x, votes, agreed, i, lacks[s->me]);
		if (which) TRY(receive_lacking(x, i, which, agreed));
	}
	FOR_EACH_IN(j, lacks[s->me])
		if (!x->v[j].p) return err_fail(ERR_STATE, "a share was agreed on, but nobody who has it sent it in time");
	return OK;
}

err reshare_agree(reshare_work *x)
{
	hash32 agreed[MAX_PARTIES + 1];
	vote *votes;

	TRY(arena_new(&x->s->arena, &votes, x->s->n + 1u));
	TRY(broadcast_digests(x, votes));
	for (party j = 1; j <= x->sets->n1; j++)
		if (!reshare_is_out(x, j) && most_say(&agreed[j], x, votes, j)) add_to(&x->G, j);
	FOR_EACH_IN(j, parties_all(x->sets->n1) & ~x->G) TRY(reshare_fail(x, j, "gave no share, or not the same to all"));
	return pass_on(x, votes, agreed);
}
