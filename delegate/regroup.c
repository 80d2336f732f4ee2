/* SPDX-License-Identifier: MIT */
/* delegate/regroup.c */
#include "delegate/regroup.h"
#include "delegate/generate.h"
#include "delegate/receiver.h"
#include "delegate/tagged.h"
#include "mpc/relay.h"

/* ---- what is agreed on ------------------------------------------------------------------------------------------- */

group_key group_of_one(const secp_pk *P, uint32_t chain_id)
{
	group_key k = { .chain_id = chain_id, .n = 1, .P = *P };

	k.Y[1] = *P;
	return k;
}

static err check_sets(const regroup_plan *plan)
{
	const reshare_sets *x = &plan->sets;
	party_set seen = 0;

	for (party j = 1; j <= x->n1 && j <= MAX_PARTIES; j++)
		if (x->at[j] >= 1 && x->at[j] <= MAX_PARTIES) add_to(&seen, x->at[j]);
	if (x->n1 > MAX_PARTIES || size_of_set(seen) != x->n1 || plan->old->n != x->n1 || plan->old->T != x->t1 || x->t1 >= x->n1)
		return err_fail(ERR_REQUEST, "a key cannot go from %u parties to %u: they are not numbered as members of both sets must be",
		                x->n1, x->n2);
	if (!parties_allowed(x->n2, x->t2))
		return err_fail(ERR_REQUEST, "a key cannot go to %u parties of which %u may be corrupt", x->n2, x->t2);
	return OK;
}

static bool is_outside(const regroup_plan *plan, party i) { return plan->sets.at[i] > plan->sets.n2; }

/* Of the old set, by old numbers: who is not in the new one, and is to give something. */
static party_set outsiders(const regroup_plan *plan)
{
	party_set out = 0;

	for (party i = 1; i <= plan->sets.n1; i++)
		if (is_outside(plan, i) && !has(plan->lacking, i)) add_to(&out, i);
	return out;
}

/* ---- the keys of the new set, as they travel --------------------------------------------------------------------- */

static size_t keys_bytes(unsigned n) { return 8 + n * (size_t)SECP_PK; }

static void write_keys(uint8_t *out, const deal_terms *x)
{
	store64(out, x->to);
	for (party j = 1; j <= x->n; j++)
		if (has(x->to, j)) memcpy(out + 8 + (j - 1u) * SECP_PK, x->E[j].b, SECP_PK);
		else memset(out + 8 + (j - 1u) * SECP_PK, 0, SECP_PK);
}

static hash32 sid_of(const regroup_plan *plan, slice keys)
{
	AUTO(sha256_stream) h = tagged_begin("arca/reshare/sid/v1");

	sha256_add(&h, id_slice(&plan->old->key_id));
	hash_u32(&h, plan->old->epoch);
	sha256_add(&h, hash32_slice(&plan->roster));
	hash_u16(&h, plan->sets.t2 + 1);
	hash_u16(&h, plan->sets.n2);
	sha256_add(&h, slice_of(plan->route.b, sizeof plan->route.b));
	sha256_add(&h, keys);
	return sha256_end(&h);
}

/* The whole deal of P_as. */
static void deal_share(uint8_t *message, const regroup_plan *plan, const deal_terms *x, const secp *curve, const rng *r)
{
	secp_scalar secret = secp_scalar_of_sk(&plan->mine->s);
	dealer d;

	dealer_begin(&d, message, x, plan->as, &secret, curve, r);
	dealer_seal(message + deal_head_bytes(x->T), &d, x);
	wipe(&d, sizeof d);
	wipe(&secret, sizeof secret);
}

/* ---- for a member of the new set ----------------------------------------------------------------------------------- */

typedef struct regrouping {
	const regroup_plan *plan;
	session  *s;
	receiver  w;
	crossing  between;
	party_set failed;                /* by old numbers */
} regrouping;

/* P_i has failed, as is seen in what all of the new set agree on. */
static void fail(regrouping *g, party i, const char *why)
{
	add_to(&g->failed, i);
	take_from(&g->w.dealers, i);
	if (!is_outside(g->plan, i) && !has(g->plan->lacking, i)) accuse(g->s, g->plan->sets.at[i], why);
}

static void look_at(regrouping *g, party i, slice message)
{
	const secp_pk *Y = &g->plan->old->Y[i];

	if (!dealt_read(&g->w.d[i], &g->w.x, i, message)) fail(g, i, "dealt what is no sharing of a secret that it knows");
	else if (memcmp(g->w.d[i].A[0].b, Y->b, sizeof Y->b) != 0) fail(g, i, "dealt something else than its share");
	else add_to(&g->w.dealers, i);
}

/* Round 1.  Fresh keys. */
static err publish_keys(regrouping *g, uint8_t *keys, const secp *curve)
{
	AUTO(sha256_stream) h = tagged_begin("arca/reshare/keys/v1");
	slice said[MAX_PARTIES + 1];

	sha256_add(&h, slice_of(g->s->sid.b, sizeof g->s->sid.b));
	sha256_add(&h, slice_of(g->plan->route.b, sizeof g->plan->route.b));
	const hash32 base = sha256_end(&h);
	TRY(receiver_keys(&g->w, g->s, &base, (slice){ 0 }, said, curve));
	write_keys(keys, &g->w.x);
	g->w.sid = sid_of(g->plan, slice_of(keys, keys_bytes(g->s->n)));
	return OK;
}

/* To who is outside. */
static err send_keys(regrouping *g, slice keys)
{
	const party_set to = outsiders(g->plan);

	if (!to) return OK;
	next_round(g->s);
	crossing_next_round(&g->between);
	FOR_EACH_IN(i, to) TRY(crossing_send(&g->between, g->plan->sets.at[i], keys));
	return OK;
}

/* Round 2.  Who is in both sets deals. */
static err deal_inside(regrouping *g, const secp *curve)
{
	session *s = g->s;
	const size_t size = deal_bytes(s->n, s->t);
	slice all[MAX_PARTIES + 1], mine = { 0 };
	uint8_t *m;

	TRY(arena_new(&s->arena, &m, size));
	if (g->plan->as) {
		deal_share(m, g->plan, &g->w.x, curve, s->random);
		mine = slice_of(m, size);
	}
	TRY(s->p->bcast(s, mine, size, all));
	for (party i = 1; i <= g->plan->sets.n1; i++) {
		if (is_outside(g->plan, i)) continue;
		if (has(g->plan->lacking, i) || is_corrupt(s, g->plan->sets.at[i])) fail(g, i, "dealt nothing");
		else look_at(g, i, all[g->plan->sets.at[i]]);
	}
	return within_model(s);
}

/* Rounds 3 and 4.  Who is outside deals, and its deals are repeated to all. */
static err deal_outside(regrouping *g)
{
	const party_set from = outsiders(g->plan);
	slice deal[MAX_PARTIES + 1];
	party_set at = 0;

	if (!from) return OK;
	FOR_EACH_IN(i, from) add_to(&at, g->plan->sets.at[i]);
	TRY(relay(g->s, &g->between, deal, at, deal_bytes(g->s->n, g->s->t)));
	FOR_EACH_IN(i, from) look_at(g, i, deal[g->plan->sets.at[i]]);
	return OK;
}

static err combine(group_key *key, group_share *held, const regrouping *g)
{
	const group_key *old = g->plan->old;
	const party_set Q = g->w.dealers;
	secp_scalar weight[MAX_PARTIES + 1];

	if (size_of_set(Q) <= old->T)
		return err_fail(ERR_STATE, "of %u parties with a share of the key %u gave one, and %u are needed; the old shares stay",
		                old->n, size_of_set(Q), old->T + 1);
	feldman_weights(weight, Q);
	*key = (group_key){ .key_id = old->key_id, .chain_id = old->chain_id, .epoch = old->epoch + 1, .n = g->s->n, .T = g->s->t,
	                    .roster = g->plan->roster };
	TRY(receiver_sum(key, held, &g->w, Q, weight));
	if (memcmp(key->P.b, old->P.b, sizeof key->P.b) != 0)
		return err_fail(ERR_STATE, "the public shares of the key do not make up the key: what is stored about it is damaged");
	if (old->n > 1) return OK;
	key->key_id = group_key_id(&key->P, &key->roster, key->n, key->T, &g->w.sid);
	key->epoch = 0;
	return OK;
}

static err regroup(regrouping *g, group_key *key, group_share *held, const secp *curve)
{
	session *s = g->s;
	party_set faulty;
	uint8_t *keys;

	TRY(arena_new(&s->arena, &keys, keys_bytes(s->n)));
	TRY(publish_keys(g, keys, curve));
	TRY(send_keys(g, slice_of(keys, keys_bytes(s->n))));
	TRY(deal_inside(g, curve));
	TRY(deal_outside(g));
	TRY(receiver_complain(&g->w, &faulty));
	FOR_EACH_IN(i, faulty) fail(g, i, "dealt a share that is wrong");
	FOR_EACH_IN(i, g->plan->lacking) add_to(&g->failed, i);
	TRY(within_model(s));
	return combine(key, held, g);
}

err group_reshare(session *s, group_key *key, group_share *held, party_set *failed, const regroup_plan *plan, const secp *curve)
{
	IN_SCOPE(s);
	group_share mine = { 0 };
	group_key made;
	regrouping *g;

	TRY(check_sets(plan));
	ASSERT(s->n == plan->sets.n2 && s->t == plan->sets.t2);
	ASSERT(!plan->as || (plan->sets.at[plan->as] == s->me && !has(plan->lacking, plan->as)));
	TRY(arena_new(&s->arena, &g, 1));
	g->plan = plan, g->s = s;
	TRY(crossing_open(&g->between, &plan->route, s->me, s->inbox, s->out));
	const err e = regroup(g, &made, &mine, curve);
	crossing_close(&g->between);
	if (e == OK) *key = made, *held = mine, *failed = g->failed;
	wipe(&mine, sizeof mine);
	return e;
}

/* ---- for a member of the old set alone ------------------------------------------------------------------------------ */

/* What more than t2 of the new set say. */
static err read_keys(deal_terms *x, secp_pk *E, slice *keys, const slice *got, unsigned t)
{
	keys->p = NULL;
	for (party j = 1; j <= x->n && !keys->p; j++) {
		unsigned count = 0;
		for (party k = 1; got[j].p && k <= x->n; k++) count += slice_eq_var(got[j], got[k]);
		if (count > t) *keys = got[j];
	}
	if (!keys->p) return err_fail(ERR_STATE, "of %u parties that get new shares no %u say the same in time", x->n, t + 1);
	x->to = load64(keys->p) & parties_all(x->n);
	FOR_EACH_IN(j, x->to) TRY(secp_pk_read(&E[j], slice_of(keys->p + 8 + (j - 1u) * SECP_PK, SECP_PK)));
	return OK;
}

static err give(crossing *x, arena *a, const reshare_giver *g, const regroup_plan *plan, const secp *curve, const rng *r)
{
	const unsigned n = plan->sets.n2;
	const crossing_wait wait = { crossing_now_ms(x) + g->patience_ms, plan->sets.t2 + 1, g->round_ms };
	secp_pk E[MAX_PARTIES + 1];
	deal_terms terms = { .n = n, .T = plan->sets.t2, .E = E };
	slice got[MAX_PARTIES + 1] = { 0 }, keys;
	uint8_t *m;

	TRY(crossing_gather(x, got, a, parties_all(n), keys_bytes(n), &wait));
	TRY(read_keys(&terms, E, &keys, got, plan->sets.t2));
	const hash32 sid = sid_of(plan, keys);
	terms.sid = &sid;
	TRY(arena_new(a, &m, deal_bytes(n, terms.T)));
	deal_share(m, plan, &terms, curve, r);
	crossing_next_round(x);
	for (party j = 1; j <= n; j++) TRY(crossing_send(x, j, slice_of(m, deal_bytes(n, terms.T))));
	return OK;
}

err group_give(const reshare_giver *g, const regroup_plan *plan, const secp *curve, const rng *r)
{
	arena a = arena_with_limit(SESSION_MEMORY);
	__attribute__((cleanup(crossing_close))) crossing x = { 0 };

	TRY(check_sets(plan));
	ASSERT(plan->as && plan->sets.at[plan->as] == g->me && g->me > plan->sets.n2);
	TRY(crossing_open(&x, &plan->route, g->me, g->in, g->out));
	crossing_next_round(&x);
	const err e = give(&x, &a, g, plan, curve, r);
	arena_free(&a);
	return e;
}
