/* SPDX-License-Identifier: MIT */
/* delegate/group_move.c */
#include "delegate/group_move.h"
#include "delegate/group_ceremony_internal.h"
#include "mpc/relay.h"

/* ---- what is said ---------------------------------------------------------------------------------------------------- */

/* An offer of one of n1 parties, filled up to one length. */
static size_t message_bytes(unsigned n1) { return 4 + MAX_GROUP_OFFER - MAX_GROUP_RECORD + 84 + n1 * (20 + SECP_PK + SECP_RSIG); }

static void write_message(uint8_t *out, size_t room, const group_holding *h)
{
	AUTO(buf) offer = { 0 };

	memset(out, 0, room);
	group_offer_write(&offer, h);
	if (offer.n + 4 > room) return;                    /* of a cluster of another size: nothing that counts here */
	store32(out, (uint32_t)offer.n);
	memcpy(out + 4, offer.p, offer.n);
}

static bool read_message(group_holding *out, slice m)
{
	reader r = reader_of(m);
	const slice offer = read_bytes(&r, read_u32(&r));
	const bool is = offer.p && group_offer_read(out, offer) == OK;

	err_clear();
	return is;
}

/* ---- in the new set -------------------------------------------------------------------------------------------------- */

typedef struct moving {
	const group_move_job *j;
	group_holding *offer;            /* [i]: of i in `said`, by numbers in the connections */
	party_set      said;
	group_record   newest;
	bool           exists;
} moving;

static party_set outsiders(const reshare_sets *x)
{
	party_set out = 0;

	for (party i = 1; i <= x->n1; i++) if (x->at[i] > x->n2) add_to(&out, x->at[i]);
	return out;
}

static err hear_outside(session *s, moving *m, crossing *x)
{
	const party_set from = outsiders(m->j->sets);
	const hash32 roster = group_roster_hash(&m->j->c->roster);
	slice got[MAX_PARTIES + 1];

	next_round(s);
	crossing_next_round(x);
	FOR_EACH_IN(i, from) TRY(crossing_send(x, i, hash32_slice(&roster)));
	session_allow(s, s->round_ms);                     /* they wait for the slowest of us */
	TRY(relay(s, x, got, from, message_bytes(m->j->sets->n1)));
	FOR_EACH_IN(i, from) if (got[i].p && read_message(&m->offer[i], got[i])) add_to(&m->said, i);
	return OK;
}

static err hear_all(session *s, moving *m)
{
	__attribute__((cleanup(crossing_close))) crossing x = { 0 };

	TRY(group_hear_offers(s, m->offer, &m->said, m->j->c));
	if (!outsiders(m->j->sets)) return OK;
	TRY(crossing_open(&x, m->j->route, s->me, s->inbox, s->out));
	return hear_outside(s, m, &x);
}

/* Who the old parties say that they are. */
static group_roster roster_now(const moving *m)
{
	const reshare_sets *x = m->j->sets;
	group_roster r = { .n = x->n1 };

	for (party i = 1; i <= x->n1; i++) if (has(m->said, x->at[i])) r.wallet[i] = m->offer[x->at[i]].wallet;
	return r;
}

static void find_newest(moving *m)
{
	const group_roster now = roster_now(m);

	FOR_EACH_IN(i, m->said) {
		const group_record *r = &m->offer[i].newest;
		if (!m->offer[i].certified || r->key.chain_id != m->j->c->chain_id || (m->exists && !group_is_newer(r, &m->newest))) continue;
		if (!group_is_certified_var(r, &now, m->j->sets->t1)) continue;
		m->exists = true;
		m->newest = *r;
	}
}

/* Of the old set, by old numbers, those in both who say that they have no share. */
static party_set who_lacks(const moving *m)
{
	const hash32 digest = group_digest(&m->newest.key);
	const reshare_sets *x = m->j->sets;
	party_set out = 0;

	for (party i = 1; i <= x->n1; i++)
		if (x->at[i] <= x->n2 && !(has(m->said, x->at[i]) && group_has(&m->offer[x->at[i]], &digest))) add_to(&out, i);
	return out;
}

/* Those who were not heard may have a key.  If n1 - t1 say that they have nothing, t1 at most have shares, and these make no key. */
static err no_key(const moving *m)
{
	const reshare_sets *x = m->j->sets;
	unsigned heard = 0, without = 0;

	for (party i = 1; i <= x->n1; i++) if (has(m->said, x->at[i])) {
		const group_holding *h = &m->offer[x->at[i]];
		heard++;
		without += !h->certified && !h->held;
	}
	if (without >= x->n1 - x->t1) return err_fail(ERR_NOT_FOUND, "chain %u has no key that the old parties share", m->j->c->chain_id);
	return err_fail(ERR_STATE, "of the %u old parties %u said in time what they have of the key of chain %u, and %u of them that it is nothing; "
	                "what there is stays where it is; ask all for another epoch", x->n1, heard, m->j->c->chain_id, without);
}

static err move(session *s, moving *m)
{
	const group_move_job *j = m->j;
	const group_holding *have = j->c->have;

	TRY(hear_all(s, m));
	find_newest(m);
	if (!m->exists) return no_key(m);
	if (j->as && (!have->certified || group_is_newer(&m->newest, &have->newest))) TRY(j->c->take(j->c->ctx, &m->newest));
	regroup_plan plan = { .sets = *j->sets, .route = sid_sub(j->route, 1), .old = &m->newest.key,
	                      .roster = group_roster_hash(&j->c->roster), .as = j->as, .lacking = who_lacks(m) };
	return group_renew(s, j->c, &plan, group_free_epoch(m->newest.key.epoch + 1, m->offer, m->said));
}

err group_move(session *s, void *arg)
{
	moving *m;

	IN_SCOPE(s);
	TRY(arena_new(&s->arena, &m, 1));
	TRY(arena_new(&s->arena, &m->offer, MAX_PARTIES + 1));
	m->j = arg;
	return move(s, m);
}

/* ---- for a member of the old set alone ------------------------------------------------------------------------------- */

/* What more than t2 of the new set say about it. */
static err agreed(hash32 *roster, const slice *got, const reshare_sets *sets)
{
	for (party i = 1; i <= sets->n2; i++) {
		unsigned count = 0;
		for (party k = 1; got[i].p && k <= sets->n2; k++) count += slice_eq_var(got[i], got[k]);
		if (count <= sets->t2) continue;
		memcpy(roster->b, got[i].p, sizeof roster->b);
		return OK;
	}
	return err_fail(ERR_STATE, "of %u parties that get shares of the delegation key no %u say the same in time", sets->n2, sets->t2 + 1);
}

static err tell(hash32 *roster, arena *a, const reshare_giver *g, const group_move_job *j)
{
	__attribute__((cleanup(crossing_close))) crossing x = { 0 };
	const size_t size = message_bytes(j->sets->n1);
	const party_set to = parties_all(j->sets->n2);
	slice got[MAX_PARTIES + 1] = { 0 };
	uint8_t *m;

	TRY(crossing_open(&x, j->route, g->me, g->in, g->out));
	crossing_next_round(&x);
	const crossing_wait wait = { crossing_now_ms(&x) + g->patience_ms, j->sets->t2 + 1, g->round_ms };
	TRY(crossing_gather(&x, got, a, to, sizeof roster->b, &wait));
	TRY(agreed(roster, got, j->sets));
	TRY(arena_new(a, &m, size));
	write_message(m, size, j->c->have);
	crossing_next_round(&x);
	FOR_EACH_IN(i, to) TRY(crossing_send(&x, i, slice_of(m, size)));
	return OK;
}

static err give(arena *a, const reshare_giver *g, const group_move_job *j, const rng *r)
{
	const group_record *newest = &j->c->have->newest;
	group_share mine = { 0 };
	group_record *of;
	hash32 roster;

	TRY(tell(&roster, a, g, j));
	if (!j->c->have->certified) return OK;
	TRY(arena_new(a, &of, 1));
	const hash32 digest = group_digest(&newest->key);
	err e = j->c->load(j->c->ctx, &mine, of, &digest);
	if (e == ERR_NOT_FOUND) {
		err_clear();
		return OK;
	}
	const regroup_plan plan = { .sets = *j->sets, .route = sid_sub(j->route, 1), .old = &newest->key, .roster = roster, .as = j->as, .mine = &mine };
	if (e == OK) e = group_give(g, &plan, j->c->curve, r);
	wipe(&mine, sizeof mine);
	return e;
}

err group_move_give(const reshare_giver *g, const group_move_job *j, const rng *r)
{
	arena a = arena_with_limit(SESSION_MEMORY);

	const err e = give(&a, g, j, r);
	arena_free(&a);
	return e;
}
