/* SPDX-License-Identifier: MIT */
/* delegate/generate.c */
#include "delegate/generate_internal.h"
#include "delegate/receiver.h"
#include "delegate/tagged.h"
#include "mpc/mpc.h"

typedef struct attempt {
	const secp *curve;
	dealer      mine;
	receiver    w;
} attempt;

hash32 generate_sid(const session *s, const generate_terms *terms, uint32_t number)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dkg/sid/v1");

	sha256_add(&h, hash32_slice(&terms->roster));
	hash_u16(&h, s->t + 1);
	hash_u16(&h, s->n);
	hash_u32(&h, terms->chain_id);
	sha256_add(&h, slice_of(s->sid.b, sizeof s->sid.b));
	hash_u32(&h, number);
	return sha256_end(&h);
}

id32 group_key_id(const secp_pk *P, const hash32 *roster, unsigned n, unsigned T, const hash32 *sid)
{
	AUTO(sha256_stream) h = sha256_begin();
	id32 id;

	sha256_add(&h, slice_str("arca/keyid/v1"));
	sha256_add(&h, slice_of(P->b, sizeof P->b));
	sha256_add(&h, hash32_slice(roster));
	hash_u16(&h, T + 1);
	hash_u16(&h, n);
	sha256_add(&h, hash32_slice(sid));
	const hash32 x = sha256_end(&h);
	memcpy(id.b, x.b, sizeof id.b);
	return id;
}

hash32 generate_commitment(const hash32 *sid, party i, slice head)
{
	AUTO(sha256_stream) h = sha256_begin();

	sha256_add(&h, slice_str("arca/dkg/commit/v1"));
	sha256_add(&h, hash32_slice(sid));
	hash_u16(&h, i);
	sha256_add(&h, head);
	return sha256_end(&h);
}

/* Round 2, after all have committed themselves. */
static err reveal(session *s, attempt *a, const slice *committed, uint8_t *message)
{
	const size_t head = deal_head_bytes(s->t), size = deal_bytes(s->n, s->t);
	slice all[MAX_PARTIES + 1];

	dealer_seal(message + head, &a->mine, &a->w.x);
	TRY(s->p->bcast(s, slice_of(message, size), size, all));
	FOR_EACH_IN(i, live(s)) {
		const hash32 is = generate_commitment(&a->w.sid, i, slice_of(all[i].p, size_min(head, all[i].n)));
		if (!slice_eq_var(hash32_slice(&is), committed[i])) accuse(s, i, "dealt something else than it had committed itself to");
		else if (!dealt_read(&a->w.d[i], &a->w.x, i, all[i])) accuse(s, i, "dealt what is no sharing of a secret that it knows");
		else add_to(&a->w.dealers, i);
	}
	return within_model(s);
}

/* One attempt.  *again: a dealer was found to be lying after its deal had been seen. */
static err try_once(session *s, bool *again, group_key *key, group_share *held, attempt *a, const hash32 *sid)
{
	const deal_terms head_terms = { .sid = sid, .n = s->n, .T = s->t };
	slice committed[MAX_PARTIES + 1];
	party_set faulty;
	uint8_t *message;

	/* Round 1.  Everybody commits itself to its deal, and publishes a key. */
	TRY(arena_new(&s->arena, &message, deal_bytes(s->n, s->t)));
	dealer_begin(&a->mine, message, &head_terms, s->me, NULL, a->curve, s->random);
	const hash32 mine = generate_commitment(sid, s->me, slice_of(message, deal_head_bytes(s->t)));
	TRY(receiver_keys(&a->w, s, sid, hash32_slice(&mine), committed, a->curve));
	const party_set dealers = live(s);

	/* Round 2.  Everybody deals. */
	TRY(reveal(s, a, committed, message));
	*again = a->w.dealers != dealers;
	if (*again) return OK;

	/* Round 3.  Complaints. */
	TRY(receiver_complain(&a->w, &faulty));
	FOR_EACH_IN(i, faulty) accuse(s, i, "dealt a share that is wrong");
	*again = faulty != 0;
	if (*again) return within_model(s);

	/* Output the sums. */
	return receiver_sum(key, held, &a->w, dealers, NULL);
}

err group_generate(session *s, group_key *key, group_share *held, const generate_terms *terms, const secp *curve)
{
	group_key made = { .chain_id = terms->chain_id, .n = s->n, .T = s->t, .roster = terms->roster };
	group_share mine = { 0 };
	bool again = true;
	hash32 sid;
	err e = OK;

	for (uint32_t number = 0; again && e == OK; number++) {
		IN_SCOPE(s);
		attempt *a;
		TRY(arena_new(&s->arena, &a, 1));
		a->curve = curve;
		sid = generate_sid(s, terms, number);
		e = try_once(s, &again, &made, &mine, a, &sid);
	}
	if (e == OK) {
		made.key_id = group_key_id(&made.P, &terms->roster, s->n, s->t, &sid);
		*key = made;
		*held = mine;
	}
	wipe(&mine, sizeof mine);
	return e;
}
