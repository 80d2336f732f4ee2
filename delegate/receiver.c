/* SPDX-License-Identifier: MIT */
/* delegate/receiver.c */
#include "delegate/receiver.h"
#include "mpc/mpc.h"

/* ---- keys for shares --------------------------------------------------------------------------------------------- */

static bool read_key(receiver *w, party j, slice m, size_t text)
{
	reader r = reader_of(m);
	knowledge known;

	if (m.n != text + SECP_PK + KNOWLEDGE_BYTES) return false;
	read_bytes(&r, text);
	if (secp_pk_read(&w->E[j], read_bytes(&r, SECP_PK)) != OK || secp_pk_read(&known.R, read_bytes(&r, SECP_PK)) != OK) {
		err_clear();
		return false;
	}
	return secp_scalar_read(&known.z, read_bytes(&r, SECP_SK).p) && knowledge_ok_var(&known, &w->sid, j, &w->E[j]);
}

err receiver_keys(receiver *w, session *s, const hash32 *sid, slice text, slice *said, const secp *curve)
{
	const size_t size = text.n + SECP_PK + KNOWLEDGE_BYTES;
	knowledge known;
	uint8_t *m;

	*w = (receiver){ .s = s, .curve = curve, .sid = *sid };
	w->x = (deal_terms){ .sid = &w->sid, .n = s->n, .T = s->t, .E = w->E };
	secp_sk_random(&w->e, s->random);
	const secp_pk E = secp_pk_of(curve, &w->e);
	knowledge_prove(&known, sid, s->me, &w->e, &E, curve, s->random);

	TRY(arena_new(&s->arena, &m, size));
	if (text.n) memcpy(m, text.p, text.n);
	memcpy(m + text.n, E.b, sizeof E.b);
	memcpy(m + text.n + SECP_PK, known.R.b, sizeof known.R.b);
	memcpy(m + text.n + 2 * SECP_PK, known.z.b, sizeof known.z.b);
	TRY(s->p->bcast(s, slice_of(m, size), size, said));
	FOR_EACH_IN(j, live(s)) {
		if (read_key(w, j, said[j], text.n)) add_to(&w->x.to, j);
		else accuse(s, j, "published no key for its shares");
		said[j].n = text.n;
	}
	return within_model(s);
}

/* ---- complaints -------------------------------------------------------------------------------------------------- */

/* Of one party: each against another dealer, in order. */
static bool is_well_formed(const receiver *w, slice m)
{
	party last = 0;

	if (!m.p || m.n % COMPLAINT_BYTES) return false;
	for (size_t at = 0; at < m.n; at += COMPLAINT_BYTES) {
		if (m.p[at] <= last || m.p[at] > MAX_PARTIES || !has(w->dealers, m.p[at])) return false;
		last = m.p[at];
	}
	return true;
}

static void judge(receiver *w, party j, slice m, party_set *faulty)
{
	if (!is_well_formed(w, m)) {
		accuse(w->s, j, "broadcast something else than complaints");
		return;
	}
	for (size_t at = 0; at < m.n; at += COMPLAINT_BYTES) {
		const party i = m.p[at];
		if (complaint_judge(m.p + at, &w->d[i], &w->x, j, w->curve) == COMPLAINT_RIGHT) add_to(faulty, i);
		else accuse(w->s, j, "complained about a share that is right");
	}
}

err receiver_complain(receiver *w, party_set *faulty)
{
	session *s = w->s;
	const size_t most = size_of_set(w->dealers) * (size_t)COMPLAINT_BYTES;
	slice all[MAX_PARTIES + 1];
	size_t n = 0;
	uint8_t *m;

	TRY(arena_new(&s->arena, &m, most));
	FOR_EACH_IN(i, w->dealers) {
		if (dealt_open(&w->share[i], &w->d[i], &w->x, i, s->me, &w->e, w->curve)) continue;
		complaint_write(m + n, &w->d[i], &w->x, i, s->me, &w->e, w->curve, s->random);
		n += COMPLAINT_BYTES;
	}
	TRY(s->p->bcast(s, slice_of(m, n), most, all));
	*faulty = 0;
	FOR_EACH_IN(j, live(s)) judge(w, j, all[j], faulty);
	return within_model(s);
}

/* ---- the sum ----------------------------------------------------------------------------------------------------- */

/* Sum of weight[i] times the k-th commitment. */
static bool sum_of_commitments(secp_pk *A, const receiver *w, unsigned k, party_set Q, const secp_scalar *weight)
{
	secp_pk of[MAX_PARTIES];
	secp_scalar by[MAX_PARTIES];
	size_t n = 0;

	FOR_EACH_IN(i, Q) {
		of[n] = w->d[i].A[k];
		by[n] = weight ? weight[i] : secp_scalar_of(1);
		n++;
	}
	return secp_pk_sum_var(A, of, weight ? by : NULL, n);
}

static bool sum_of_shares(group_share *out, const receiver *w, party_set Q, const secp_scalar *weight)
{
	secp_scalar sum = secp_scalar_of(0), term;

	FOR_EACH_IN(i, Q) {
		term = weight ? secp_scalar_mul(&weight[i], &w->share[i]) : w->share[i];
		sum = secp_scalar_add(&sum, &term);
	}
	*out = (group_share){ .index = w->s->me };
	const bool some = secp_sk_of_scalar(&out->s, &sum);
	wipe(&sum, sizeof sum);
	wipe(&term, sizeof term);
	return some;
}

err receiver_sum(group_key *key, group_share *held, const receiver *w, party_set Q, const secp_scalar *weight)
{
	secp_pk A[FELDMAN_TERMS];

	for (unsigned k = 0; k <= w->x.T; k++)
		if (!sum_of_commitments(&A[k], w, k, Q, weight))
			return err_fail(ERR_STATE, "a coefficient of the key's polynomial came out as 0, which has no chance; start again");
	key->P = A[0];
	for (party j = 1; j <= w->x.n; j++)
		if (!feldman_public_var(&key->Y[j], A, w->x.T, j)) key->Y[j] = (secp_pk){ { 0 } };
	if (!sum_of_shares(held, w, Q, weight))
		return err_fail(ERR_STATE, "this party's share came out as 0, which has no chance; start again");
	const secp_pk Y = secp_pk_of(w->curve, &held->s);
	ASSERT(memcmp(Y.b, key->Y[w->s->me].b, sizeof Y.b) == 0);
	return OK;
}
