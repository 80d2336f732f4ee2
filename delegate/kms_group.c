/* SPDX-License-Identifier: MIT */
/* delegate/kms_group.c -- keys of which this node has a share: what it says of them, and its part of an answer. */
#include "delegate/kms_internal.h"
#include "sym/sha2.h"

/* ---- shares ------------------------------------------------------------------------------------------------------- */

kms_group *kms_group_hold(delegate_kms *k, kms_chain *c)
{
	pthread_mutex_lock(&k->lock);
	kms_group *g = c->group;
	if (g) atomic_fetch_add(&g->holders, 1);
	pthread_mutex_unlock(&k->lock);
	return g;
}

void kms_group_release(kms_group *g)
{
	if (g && atomic_fetch_sub(&g->holders, 1) == 1) secret_release(g);
}

err kms_may_answer(delegate_kms *k, unsigned *status, kms_chain *c)
{
	kms_group *g = kms_group_hold(k, c);

	*status = 503;
	err e = g ? key_state_may(g->state, KEY_USE_DECRYPT, &g->key.key_id) : OK;
	kms_group_release(g);
	if (e == OK && !kms_has_room(k, c))
		e = err_fail(ERR_EXHAUSTED, "the key of chain %u gives at most %jd answers a second; ask again in a moment", c->c.id, (intmax_t)k->rate);
	return e;
}

/* SHA-256("arca/keyid/v1", P, no roster, one of one, no session). */
static id32 key_id_alone(const secp_pk *P)
{
	static const uint8_t NONE[32], ONE_OF_ONE[] = { 0, 1, 0, 1 };
	AUTO(buf) text = { 0 };
	id32 id;

	buf_put_str(&text, "arca/keyid/v1");
	buf_put(&text, P->b, sizeof P->b);
	buf_put(&text, NONE, sizeof NONE);
	buf_put(&text, ONE_OF_ONE, sizeof ONE_OF_ONE);
	buf_put(&text, NONE, sizeof NONE);
	const hash32 h = sha256(buf_slice(&text));
	memcpy(id.b, h.b, sizeof id.b);
	return id;
}

static err new_group(kms_group **out, const group_key *key, key_state state, const group_share *share)
{
	void *p;

	if (!key_state_is(state)) return err_fail(ERR_REQUEST, "the key of chain %u is in the state %d, which does not exist", key->chain_id, state);
	TRY(secret_alloc(&p, sizeof(kms_group)));
	kms_group *g = p;
	g->key = *key;
	g->state = state;
	if (share) g->share = *share;
	atomic_init(&g->holders, 1);
	*out = g;
	return OK;
}

err kms_group_alone(kms_group **out, delegate_kms *k, const delegate_chain *c)
{
	const secp_pk P = secp_pk_of(k->curve, &c->key);
	const group_key key = { .key_id = key_id_alone(&P), .chain_id = c->id, .n = 1, .P = P, .Y = { [1] = P } };
	group_share share = { 1, c->key };

	const err e = new_group(out, &key, c->state, &share);
	wipe(&share, sizeof share);
	return e;
}

static void put(delegate_kms *k, kms_chain *c, kms_group *g)
{
	pthread_mutex_lock(&k->lock);
	kms_group *old = c->group;
	c->group = g;
	pthread_mutex_unlock(&k->lock);
	kms_group_release(old);
}

/* What was whole, and is shared now, is the same key. */
static err succeeds(delegate_kms *k, kms_chain *c, const group_key *key)
{
	kms_group *g = kms_group_hold(k, c);
	const bool other = kms_group_is_whole(g) && memcmp(g->key.P.b, key->P.b, sizeof key->P.b) != 0;

	kms_group_release(g);
	return other ? err_fail(ERR_REQUEST, "chain %u has a key here that is whole, and nodes share another one", c->c.id) : OK;
}

err delegate_kms_put_share(delegate_kms *k, const group_key *key, key_state state, const group_share *share)
{
	kms_chain *c = NULL;
	kms_group *g = NULL;

	TRY(kms_find_chain(&c, k, true, key->chain_id));
	TRY(succeeds(k, c, key));
	TRY(new_group(&g, key, state, share));
	if (share) {
		const secp_pk Y = secp_pk_of(k->curve, &share->s);
		if (share->index < 1 || share->index > key->n || memcmp(Y.b, key->Y[share->index].b, sizeof Y.b) != 0) {
			kms_group_release(g);
			return err_fail(ERR_STATE, "this node's share of the key of chain %u is not the one that was published", c->c.id);
		}
	}
	kms_count_by(k, c, &key->P);
	put(k, c, g);
	return OK;
}

err delegate_kms_whole(delegate_kms *k, secp_sk *out, uint32_t chain_id)
{
	kms_chain *c;

	TRY(kms_find_chain(&c, k, true, chain_id));
	kms_group *g = kms_group_hold(k, c);
	const bool whole = kms_group_is_whole(g);
	if (whole) *out = g->share.s;
	kms_group_release(g);
	return whole ? OK : err_fail(ERR_NOT_FOUND, "this node has no key of chain %u that is whole", chain_id);
}

bool delegate_kms_is_whole(delegate_kms *k, uint32_t chain_id)
{
	kms_chain *c;

	if (kms_find_chain(&c, k, true, chain_id) != OK) {
		err_clear();
		return false;
	}
	kms_group *g = kms_group_hold(k, c);
	const bool whole = kms_group_is_whole(g);
	kms_group_release(g);
	return whole;
}

void delegate_kms_drop_share(delegate_kms *k, uint32_t chain_id, const char *why)
{
	for (size_t i = 0; i < k->chains; i++) {
		if (k->chain[i].c.id != chain_id) continue;
		pthread_mutex_lock(&k->lock);
		k->chain[i].why = why;
		pthread_mutex_unlock(&k->lock);
		put(k, &k->chain[i], NULL);
	}
}

err kms_no_group(delegate_kms *k, kms_chain *c)
{
	pthread_mutex_lock(&k->lock);
	const char *why = c->why ? c->why : "is not made yet";
	pthread_mutex_unlock(&k->lock);
	return err_fail(ERR_STATE, "the key of chain %u %s", c->c.id, why);
}

/* ---- a part of an answer, sealed to the reader ------------------------------------------------------------------------ */

/* As bytes. */
static void make(uint8_t out[static GROUP_PARTIAL_BYTES], delegate_kms *k, const kms_group *g, const secp_pk *K, const hash32 *request)
{
	group_partial p;

	group_partial_make(&p, &g->key, &g->share, K, request, k->curve, k->random);
	group_partial_write(out, &p);
	wipe(&p, sizeof p);
}

static err partial(delegate_kms *k, buf *out, unsigned *status, const kms_question *q)
{
	uint8_t bytes[GROUP_PARTIAL_BYTES];
	AUTO(buf) sealed = { 0 };

	kms_group *g = kms_group_hold(k, q->chain);
	const bool mine = g && g->share.index && memcmp(g->key.key_id.b, q->v1.key_id.b, 32) == 0 && g->key.epoch == q->v1.epoch;
	*status = 503;
	const err e = mine ? kms_use_nonce(k, status, &q->v1) : err_fail(ERR_STATE, "this node has no share of the key of chain %u now", q->chain->c.id);
	if (e == OK) {
		make(bytes, k, g, &q->K, &q->request);
		kms_seal(&sealed, k, q, slice_of(bytes, sizeof bytes));
		wipe(bytes, sizeof bytes);
	}
	kms_group_release(g);
	TRY(e);
	kms_count_answer(q->chain);
	kms_put_answer_v1(out, k, q, "encryptedPartial", buf_slice(&sealed), "");
	*status = 200;
	return OK;
}

unsigned delegate_answer_partial(delegate_kms *k, buf *out, const delegate_call *c)
{
	unsigned status = 500;
	kms_question q;

	err e = kms_read_v1(&q, k, &status, c);
	if (e == OK) e = partial(k, out, &status, &q);
	return kms_count(k, e == OK ? status : kms_refuse(out, e, status));
}

/* ---- a part of an answer, for another node that combines --------------------------------------------------------------- */

static ask_verdict authorised(delegate_kms *k, kms_chain *c, secp_pk *K, hash32 *request, const ask_frame *a)
{
	uint8_t sec1[SECP_PK];
	unsigned status;

	*request = ask_request(a);
	if (a->form == ASK_ONCE) {
		if (!k->used || kms_authorise(c, &a->authorization, request) != OK || kms_in_time(k, &a->v1) != OK) return ASK_REFUSED;
		if (secp_pk_read(K, slice_of(a->v1.ephemeral, SECP_PK)) != OK) return ASK_REFUSED;
		if (!kms_has_room(k, c)) return ASK_FAILED;
		const err e = kms_use_nonce(k, &status, &a->v1);
		return e == OK ? ASK_ANSWERED : e == ERR_EXISTS ? ASK_NONCE_USED : ASK_FAILED;
	}
	if (kms_authorise(c, &a->authorization, request) != OK || !hex_strict(sec1, sizeof sec1, a->ephemeral)) return ASK_REFUSED;
	if (secp_pk_read(K, slice_of(sec1, sizeof sec1)) != OK) return ASK_REFUSED;
	return kms_has_room(k, c) ? ASK_ANSWERED : ASK_FAILED;
}

static void sign(const delegate_kms *k, ask_answer *out, const ask_frame *a, const hash32 *request)
{
	const hash32 what = keccak256(slice_of(out->partial, sizeof out->partial)), digest = typed_v1_response(&a->v1, request, &what);
	out->signature = sign_external(k->wallet, &digest);
}

static void answer_with(delegate_kms *k, ask_answer *out, kms_chain *c, const kms_group *g, const ask_frame *a)
{
	hash32 request;
	secp_pk K;

	out->verdict = ASK_NO_KEY;
	if (key_state_may(g->state, KEY_USE_DECRYPT, &g->key.key_id) != OK) {
		err_clear();
		return;
	}
	out->verdict = ASK_OTHER_EPOCH;
	if (a->epoch != g->key.epoch || (a->form == ASK_ONCE && memcmp(a->v1.key_id.b, g->key.key_id.b, 32) != 0)) return;
	out->verdict = authorised(k, c, &K, &request, a);
	err_clear();
	if (out->verdict != ASK_ANSWERED) return;
	make(out->partial, k, g, &K, &request);
	sign(k, out, a, &request);
	kms_count_answer(c);
}

bool delegate_answer_ask(delegate_kms *k, buf *out, bool may_combine, slice frame)
{
	kms_chain *c = NULL;
	ask_answer answer = { 0 };
	ask_frame a;

	if (!ask_read(&a, frame)) return false;
	answer.number = a.number;
	answer.verdict = may_combine ? ASK_NO_KEY : ASK_NOT_YOU;
	for (size_t i = 0; i < k->chains && may_combine; i++)
		if (k->chain[i].c.id == a.chain_id) c = &k->chain[i];
	kms_group *g = c ? kms_group_hold(k, c) : NULL;
	if (g && !kms_group_is_whole(g) && g->share.index) answer_with(k, &answer, c, g, &a);
	kms_group_release(g);
	ask_answer_write(out, &answer);
	wipe(&answer, sizeof answer);
	return true;
}
