/* SPDX-License-Identifier: MIT */
/* delegate/kms.c -- who asks, for which chain, and what is answered. */
#include "delegate/kms_internal.h"
#include <jansson.h>
#include <stdlib.h>
#include "base/hex.h"
#include "base/log.h"
#include "delegate/description.h"
#include "delegate/ecies.h"

/* ---- life ---------------------------------------------------------------------------------------------------- */

static err check_chains(const delegate_chain *c, size_t n)
{
	static const eth_address NOBODY = { 0 };

	if (n == 0 || n > MAX_DELEGATE_CHAINS)
		return err_fail(ERR_REQUEST, "delegation for %zu chains; from 1 to %d are possible", n, MAX_DELEGATE_CHAINS);
	for (size_t i = 0; i < n; i++) {
		if (eth_address_eq_var(c[i].gateway, NOBODY))
			return err_fail(ERR_REQUEST, "the gateway of chain %u is the zero address", c[i].id);
		for (size_t j = 0; j < i; j++)
			if (c[j].id == c[i].id) return err_fail(ERR_REQUEST, "chain %u stands twice", c[i].id);
	}
	return OK;
}

err delegate_kms_new(delegate_kms **out, const delegate_chain *c, size_t chains, const signer *wallet, const rng *r)
{
	void *p;

	TRY(check_chains(c, chains));
	TRY(secret_alloc(&p, sizeof **out + chains * sizeof(kms_chain)));
	delegate_kms *k = p;
	const err e = secp_new(&k->curve, r);
	if (e != OK) {
		secret_release(k);
		return e;
	}
	pthread_mutex_init(&k->lock, NULL);
	k->wallet = wallet;
	k->random = r;
	k->chains = chains;
	err made = repeats_new(&k->seen);
	for (size_t i = 0; i < chains; i++) {
		k->chain[i].c = c[i];
		k->chain[i].domain = typed_domain(c[i].id, NULL);
		wipe(&k->chain[i].c.key, sizeof k->chain[i].c.key);
		if (made == OK && !c[i].shared) made = kms_group_alone(&k->chain[i].group, k, &c[i]);
	}
	if (made == OK) *out = k;
	else delegate_kms_free(&k);
	return made;
}

void delegate_kms_free(delegate_kms **kp)
{
	delegate_kms *k = *kp;

	if (!k) return;
	for (size_t i = 0; i < k->chains; i++) kms_group_release(k->chain[i].group);
	repeats_free(&k->seen);
	pthread_mutex_destroy(&k->lock);
	secp_free(&k->curve);
	secret_release(k);
	*kp = NULL;
}

void delegate_kms_remember(delegate_kms *k, nonces *used, const clock_source *clock)
{
	k->used = used;
	k->clock = clock;
}

void delegate_kms_count_in(delegate_kms *k, key_counts *counts)
{
	k->counts = counts;
	for (size_t i = 0; i < k->chains; i++)
		if (k->chain[i].group) kms_count_by(k, &k->chain[i], &k->chain[i].group->key.P);
}

void delegate_kms_limit(delegate_kms *k, int64_t answers_per_second) { k->rate = answers_per_second; }

/* ---- answers ------------------------------------------------------------------------------------------------- */

void delegate_error(buf *out, const char *sentence)
{
	json_t *j = json_pack("{s:s}", "error", sentence);
	char *text = j ? json_dumps(j, 0) : NULL;

	buf_put_str(out, text ? text : "{\"error\":\"the error has no text\"}");
	free(text);
	json_decref(j);
}

unsigned kms_refuse(buf *out, err e, unsigned status)
{
	const bool ours = e == ERR_IO || e == ERR_NOMEM || e == ERR_INTERNAL;

	delegate_error(out, ours ? "the KMS cannot answer now" : err_text());
	if (ours) log_err(LOG_ERROR, "delegation", e);
	err_clear();
	return ours ? 500 : status;
}

err kms_find_chain(kms_chain **out, delegate_kms *k, bool given, uint32_t id)
{
	if (!given && k->chains > 1) return err_fail(ERR_REQUEST, "chain_id is missing, and there are several chains here");
	for (size_t i = 0; i < k->chains; i++)
		if (!given || k->chain[i].c.id == id) {
			*out = &k->chain[i];
			return OK;
		}
	return err_fail(ERR_REQUEST, "chain %u is not served here", id);
}

void kms_put_hex(buf *out, const void *p, size_t n)
{
	buf_put_str(out, "0x");
	buf_put_hex(out, slice_of(p, n));
}

/* Appends {"name":text,"proof":signature and what follows }. */
static void put_proved(buf *out, const signer *wallet, const char *name, slice text, const char *more, hash32 digest)
{
	const secp_rsig proof = sign_external(wallet, &digest);

	buf_printf(out, "{\"%s\":\"", name);
	buf_put_slice(out, text);
	buf_put_str(out, "\",\"proof\":\"");
	kms_put_hex(out, proof.b, sizeof proof.b);
	buf_put_str(out, "\"");
	buf_put_str(out, more);
	buf_put_str(out, "}");
}

void kms_put_answer(buf *out, const delegate_kms *k, const kms_question *q, slice sealed, const char *signed_by)
{
	AUTO(buf) text = { 0 };

	kms_count_answer(q->chain);
	if (q->once) {
		kms_put_answer_v1(out, k, q, "encryptedSharedSecret", sealed, signed_by);
		return;
	}
	const hash32 domain = q->salted ? typed_domain(q->chain->c.id, q->salt) : q->chain->domain;
	kms_put_hex(&text, sealed.p, sealed.n);
	put_proved(out, k->wallet, "encryptedSharedSecret", buf_slice(&text), "",
	           typed_response_in(&domain, q->salted ? TYPED_AS_SENT : q->text, buf_slice(&text)));
}

/* ---- the public key ------------------------------------------------------------------------------------------ */

static err find_by_text(kms_chain **out, delegate_kms *k, const char *chain_id)
{
	uint32_t id = 0;

	if (chain_id && !chain_id_read(&id, slice_str(chain_id)))
		return err_fail(ERR_REQUEST, "chain_id is not a decimal number below 2^32");
	return kms_find_chain(out, k, chain_id != NULL, id);
}

/* The present epoch's; the caller releases it.  *status is set with every error. */
static err key_of(kms_group **out, kms_chain **of, delegate_kms *k, unsigned *status, const char *chain_id)
{
	*status = 400;
	TRY(find_by_text(of, k, chain_id));
	*status = 503;
	*out = kms_group_hold(k, *of);
	return *out ? OK : kms_no_group(k, *of);
}

unsigned delegate_public_key(delegate_kms *k, buf *out, const char *chain_id, bool prefixed)
{
	AUTO(buf) text = { 0 };
	unsigned status;
	kms_chain *c = NULL;
	kms_group *g = NULL;

	err e = key_of(&g, &c, k, &status, chain_id);
	if (e != OK) return kms_refuse(out, e, status);
	e = key_state_may(g->state, KEY_USE_ENCRYPT, &g->key.key_id);
	kms_put_hex(&text, g->key.P.b, sizeof g->key.P.b);
	kms_group_release(g);
	if (e != OK) return kms_refuse(out, e, 503);
	put_proved(out, k->wallet, "publicKey", buf_slice(&text), "",
	           typed_public_key(c->c.id, prefixed ? TYPED_AS_SENT : TYPED_BARE, buf_slice(&text)));
	return 200;
}

unsigned delegate_describe(delegate_kms *k, buf *out, const char *chain_id)
{
	unsigned status;
	kms_chain *c = NULL;
	kms_group *g = NULL;

	const err e = key_of(&g, &c, k, &status, chain_id);
	if (e != OK) return kms_refuse(out, e, status);
	description_write(out, &g->key, g->share.index, k->wallet);
	kms_group_release(g);
	return 200;
}

/* ---- delegation ---------------------------------------------------------------------------------------------- */

/* To be given back; ERR_STATE: nobody has it whole. */
static err hold_whole(kms_group **out, delegate_kms *k, unsigned *status, kms_chain *c)
{
	*out = kms_group_hold(k, c);
	if (kms_group_is_whole(*out)) return OK;
	kms_group_release(*out);
	*status = 503;
	return err_fail(ERR_STATE, "the key of chain %u is shared among nodes, and this one combines no answers", c->c.id);
}

/* Appends x(d K), sealed to the reader. */
static void seal_secret(buf *sealed, const delegate_kms *k, const kms_group *whole, const kms_question *q)
{
	shared_x x = ecies_shared_at(&whole->share.s, &q->point);

	kms_seal(sealed, k, q, slice_of(x.b, sizeof x.b));
	wipe(&x, sizeof x);
}

static err answer(delegate_kms *k, buf *out, unsigned *status, const kms_question *q)
{
	AUTO(buf) sealed = { 0 };
	kms_group *whole;

	TRY(hold_whole(&whole, k, status, q->chain));
	const err e = q->once ? kms_use_nonce(k, status, &q->v1) : OK;
	if (e == OK) seal_secret(&sealed, k, whole, q);
	kms_group_release(whole);
	TRY(e);
	kms_put_answer(out, k, q, buf_slice(&sealed), "");
	*status = 200;
	return OK;
}

unsigned delegate_answer(delegate_kms *k, buf *out, const delegate_call *c)
{
	unsigned status = 500;
	kms_question q;

	err e = kms_read(&q, k, &status, c);
	if (e == OK) e = answer(k, out, &status, &q);
	return kms_count(k, e == OK ? status : kms_refuse(out, e, status));
}

unsigned delegate_answer_v1(delegate_kms *k, buf *out, const delegate_call *c)
{
	unsigned status = 500;
	kms_question q;

	err e = kms_read_v1(&q, k, &status, c);
	if (e == OK) e = answer(k, out, &status, &q);
	return kms_count(k, e == OK ? status : kms_refuse(out, e, status));
}
