/* SPDX-License-Identifier: MIT */
/* delegate/group_ceremony.c */
#include "delegate/group_ceremony_internal.h"
#include "delegate/generate.h"
#include "mpc/mpc.h"

/* ---- offers ---------------------------------------------------------------------------------------------------------- */

void group_offer_write(buf *out, const group_holding *h)
{
	AUTO(buf) record = { 0 };

	ASSERT(h->held <= MAX_HELD);
	buf_put(out, h->wallet.b, sizeof h->wallet.b);
	if (h->certified) group_record_write(&record, &h->newest);
	buf_put_u32(out, (uint32_t)record.n);
	buf_put_slice(out, buf_slice(&record));
	buf_put_u32(out, h->prepared);
	buf_put_u8(out, (uint8_t)h->held);
	buf_put(out, h->digest, h->held * sizeof *h->digest);
}

err group_offer_read(group_holding *out, slice bytes)
{
	reader r = reader_of(bytes);
	const slice wallet = read_bytes(&r, sizeof out->wallet.b), record = read_bytes(&r, read_u32(&r));

	*out = (group_holding){ .certified = record.n > 0 };
	if (wallet.p) memcpy(out->wallet.b, wallet.p, wallet.n);
	if (record.n) TRY(group_record_read(&out->newest, record));
	out->prepared = read_u32(&r);
	out->held = read_u8(&r);
	const slice digests = read_bytes(&r, out->held * sizeof *out->digest);
	if (!read_done(&r) || out->held > MAX_HELD)
		return err_fail(ERR_REQUEST, "%zu bytes do not say what somebody has of a shared key", bytes.n);
	if (out->held) memcpy(out->digest, digests.p, digests.n);
	return OK;
}

/* What all agree on after Offers. */
typedef struct standing {
	bool         exists;
	group_record newest;             /* certified; of the newest epoch */
	uint32_t     next;               /* above every epoch that anybody has prepared */
	party_set    lacking;            /* have no share of it */
	hash32       begun;              /* if there is none: what most of more than T have prepared, and who; nobody: it is all */
	party_set    begun_by;
} standing;

bool group_has(const group_holding *h, const hash32 *of)
{
	for (unsigned i = 0; i < h->held; i++) if (hash32_eq_var(h->digest[i], *of)) return true;
	return false;
}

bool group_is_newer(const group_record *a, const group_record *b)
{
	if (a->key.epoch != b->key.epoch) return a->key.epoch > b->key.epoch;
	return memcmp(a->key.key_id.b, b->key.key_id.b, sizeof a->key.key_id.b) < 0;
}

/* A claim far above all epochs would use them up.  Each attempt that fails may leave one that is above by one. */
enum { MOST_ATTEMPTS = 1 << 10 };

uint32_t group_free_epoch(uint32_t next, const group_holding *offer, party_set said)
{
	const uint32_t most = next + MOST_ATTEMPTS;

	FOR_EACH_IN(i, said)
		if (offer[i].prepared > next && offer[i].prepared <= most) next = offer[i].prepared;
	return next;
}

err group_hear_offers(session *s, group_holding *offer, party_set *said, group_ceremony *c)
{
	AUTO(buf) mine = { 0 };
	slice all[MAX_PARTIES + 1];

	c->roster = (group_roster){ .n = s->n };
	group_offer_write(&mine, c->have);
	TRY(s->p->bcast(s, buf_slice(&mine), MAX_GROUP_OFFER, all));
	FOR_EACH_IN(i, live(s)) {
		if (group_offer_read(&offer[i], all[i]) != OK) {
			err_clear();
			accuse(s, i, "broadcast something else than what it has of the key");
			continue;
		}
		add_to(said, i);
		c->roster.wallet[i] = offer[i].wallet;
	}
	return within_model(s);
}

/* Of several, what most have; of these, the first. */
static void find_begun(const session *s, standing *x, const group_holding *offer, party_set said)
{
	FOR_EACH_IN(i, said) for (unsigned k = 0; k < offer[i].held; k++) {
		party_set by = 0;
		FOR_EACH_IN(j, said) if (group_has(&offer[j], &offer[i].digest[k])) add_to(&by, j);
		if (size_of_set(by) > s->t && size_of_set(by) > size_of_set(x->begun_by)) x->begun = offer[i].digest[k], x->begun_by = by;
	}
}

static err exchange_offers(session *s, standing *x, group_ceremony *c)
{
	IN_SCOPE(s);
	group_holding *offer;
	party_set said = 0;

	*x = (standing){ 0 };
	TRY(arena_new(&s->arena, &offer, s->n + 1u));
	TRY(group_hear_offers(s, offer, &said, c));
	FOR_EACH_IN(i, said) {
		const group_record *r = &offer[i].newest;
		if (!offer[i].certified || r->key.chain_id != c->chain_id || (x->exists && !group_is_newer(r, &x->newest))) continue;
		if (!group_is_certified_var(r, &c->roster, s->t)) continue;
		x->exists = true;
		x->newest = *r;
	}
	x->next = group_free_epoch(x->exists ? x->newest.key.epoch + 1 : 0, offer, said);
	if (!x->exists) {
		find_begun(s, x, offer, said);
		return OK;
	}
	const hash32 digest = group_digest(&x->newest.key);
	x->lacking = parties_all(s->n);
	FOR_EACH_IN(i, said) if (group_has(&offer[i], &digest)) take_from(&x->lacking, i);
	if (!c->have->certified || group_is_newer(&x->newest, &c->have->newest)) TRY(c->take(c->ctx, &x->newest));
	return OK;
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

/* key, held: what came out here. */
static err store_and_sign(session *s, const group_ceremony *c, const group_key *key, const group_share *held)
{
	IN_SCOPE(s);
	slice all[MAX_PARTIES + 1];
	group_record *r;

	TRY(arena_new(&s->arena, &r, 1));
	r->key = *key, r->roster = c->roster;
	TRY(c->prepare(c->ctx, r, held));
	const hash32 digest = group_digest(key);
	const secp_rsig mine = sign_external(c->wallet, &digest);
	TRY(s->p->bcast(s, slice_of(mine.b, sizeof mine.b), sizeof mine.b, all));
	FOR_EACH_IN(i, live(s)) {
		if (all[i].n != SECP_RSIG) continue;
		memcpy(r->signature[i].b, all[i].p, SECP_RSIG);
		if (group_signed_by_var(key, &c->roster, i, &r->signature[i])) add_to(&r->signers, i);
		else memset(r->signature[i].b, 0, SECP_RSIG);
	}
	if (!group_is_certified_var(r, &c->roster, s->t))
		return err_fail(ERR_STATE, "only %u of %u parties say that their shares are stored; what there was before stays",
		                size_of_set(r->signers), s->n);
	return c->finish(c->ctx, r);
}

/* ---- programs -------------------------------------------------------------------------------------------------------- */

/* Nobody has a key of this chain yet. */
static err offers_of_none(session *s, standing *x, group_ceremony *c)
{
	TRY(exchange_offers(s, x, c));
	if (!x->exists) return OK;
	return err_fail(ERR_EXISTS, "chain %u has a key already, of epoch %u", c->chain_id, x->newest.key.epoch);
}

/* The same n parties. */
static regroup_plan plan_for(const session *s, const group_key *old, const group_ceremony *c)
{
	return (regroup_plan){ .sets = reshare_same(s->n, s->t), .route = sid_sub(&s->sid, 0), .old = old,
	                       .roster = group_roster_hash(&c->roster) };
}

err group_renew(session *s, const group_ceremony *c, regroup_plan *plan, uint32_t epoch)
{
	group_share old = { 0 }, held = { 0 };
	party_set failed;
	group_record *r;
	group_key key;

	TRY(arena_new(&s->arena, &r, 1));
	if (plan->as && has(plan->lacking, plan->as)) plan->as = 0;
	if (plan->as) {
		const hash32 digest = group_digest(plan->old);
		TRY(c->load(c->ctx, &old, r, &digest));
		plan->mine = &old;
	}
	err e = group_reshare(s, &key, &held, &failed, plan, c->curve);
	key.epoch = epoch;
	if (e == OK) e = store_and_sign(s, c, &key, &held);
	wipe(&old, sizeof old);
	wipe(&held, sizeof held);
	return e;
}

/* New shares of this key for the same parties, of the epoch x->next. */
static err renew(session *s, const group_ceremony *c, const group_key *from, party_set lacking, const standing *x)
{
	regroup_plan plan = plan_for(s, from, c);

	plan.lacking = lacking;
	plan.as = s->me;
	return group_renew(s, c, &plan, x->next);
}

err group_refresh(session *s, void *arg)
{
	group_ceremony *c = arg;
	standing x;

	TRY(exchange_offers(s, &x, c));
	if (!x.exists) return err_fail(ERR_NOT_FOUND, "chain %u has no key that is shared", c->chain_id);
	return renew(s, c, &x.newest.key, x.lacking, &x);
}

/* Who has prepared it says which key it is. */
static err hear_begun(session *s, group_record *out, const group_ceremony *c, const standing *x)
{
	slice all[MAX_PARTIES + 1];
	AUTO(buf) mine = { 0 };

	if (has(x->begun_by, s->me)) {
		group_share held;
		TRY(c->load(c->ctx, &held, out, &x->begun));
		wipe(&held, sizeof held);
		group_record_write(&mine, out);
	}
	TRY(s->p->bcast(s, buf_slice(&mine), MAX_GROUP_RECORD, all));
	FOR_EACH_IN(i, live(s) & x->begun_by) {
		if (group_record_read(out, all[i]) == OK && hash32_eq_var(group_digest(&out->key), x->begun) && out->key.n == s->n
		    && out->key.T == s->t && out->key.chain_id == c->chain_id) return OK;
		err_clear();
	}
	return err_fail(ERR_STATE, "nobody shows the key of which parties have prepared shares");
}

/* ERR_STATE: too few have shares of it. */
static err finish_begun(session *s, const group_ceremony *c, const standing *x)
{
	group_record *r;

	TRY(arena_new(&s->arena, &r, 1));
	TRY(hear_begun(s, r, c, x));
	return renew(s, c, &r->key, parties_all(s->n) & ~x->begun_by, x);
}

static err generate(session *s, const group_ceremony *c)
{
	const generate_terms terms = { .roster = group_roster_hash(&c->roster), .chain_id = c->chain_id };
	group_share held = { 0 };
	group_key key;

	err e = group_generate(s, &key, &held, &terms, c->curve);
	if (e == OK) e = store_and_sign(s, c, &key, &held);
	wipe(&held, sizeof held);
	return e;
}

/* *done: what somebody absent may have seen certified is the key. */
static err go_on(session *s, bool *done, group_ceremony *c)
{
	standing x;

	*done = false;
	TRY(offers_of_none(s, &x, c));
	if (!x.begun_by) return OK;
	const err e = finish_begun(s, c, &x);
	*done = e != ERR_STATE || !is_sound(s);
	if (*done) return e;
	err_clear();
	return OK;
}

err group_create(session *s, void *arg)
{
	group_ceremony *c = arg;
	bool done;

	TRY(go_on(s, &done, c));
	return done ? OK : generate(s, c);
}

/* The owner says which key it is. */
static err hear_owner(session *s, secp_pk *P, const group_import_job *j)
{
	slice all[MAX_PARTIES + 1], mine = { 0 };
	secp_pk own;

	if (j->d) own = secp_pk_of(j->c->curve, j->d), mine = slice_of(own.b, sizeof own.b);
	TRY(s->p->bcast(s, mine, SECP_PK, all));
	if (secp_pk_read(P, all[j->owner]) == OK && all[j->owner].n == SECP_PK) return OK;
	err_clear();
	return err_fail(ERR_STATE, "party %u, which has the key of chain %u, did not say which key it is", j->owner, j->c->chain_id);
}

static err import(session *s, const group_import_job *j)
{
	group_ceremony *c = j->c;
	group_share whole = { .index = 1 }, held = { 0 };
	group_key old, key;
	party_set failed;
	secp_pk P;

	TRY(hear_owner(s, &P, j));
	old = group_of_one(&P, c->chain_id);
	regroup_plan plan = plan_for(s, &old, c);
	plan.sets = (reshare_sets){ .n1 = 1, .n2 = s->n, .t2 = s->t, .at = { [1] = j->owner } };
	if (j->d) whole.s = *j->d, plan.as = 1, plan.mine = &whole;
	err e = group_reshare(s, &key, &held, &failed, &plan, c->curve);
	if (e == OK) e = store_and_sign(s, c, &key, &held);
	wipe(&whole, sizeof whole);
	wipe(&held, sizeof held);
	return e;
}

err group_import(session *s, void *arg)
{
	const group_import_job *j = arg;
	bool done;

	ASSERT(!j->d == (j->owner != s->me));
	TRY(go_on(s, &done, j->c));
	return done ? OK : import(s, j);
}
