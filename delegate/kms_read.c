/* SPDX-License-Identifier: MIT */
/* delegate/kms_read.c -- who asks, and what: everything that is looked at before a key does something. */
#include "base/ct.h"
#include "base/hex.h"
#include "delegate/kms_internal.h"

static bool by_gateway(const kms_chain *c, const secp_rsig *sig, const hash32 *digest)
{
	eth_address by;

	return sign_external_by_var(&by, sig, digest) && ct_bytes_eq(by.b, c->c.gateway.b, sizeof by.b);
}

err kms_authorise(const kms_chain *c, const secp_rsig *sig, const hash32 *digest)
{
	if (by_gateway(c, sig, digest)) return OK;
	return err_fail(ERR_REQUEST, "the gateway of chain %u has not signed this request", c->c.id);
}

static err read_point(kms_question *q, const uint8_t sec1[static SECP_PK])
{
	const err e = secp_point_read(&q->point, slice_of(sec1, SECP_PK));

	if (e != OK) err_context("ephemeralPubKey: ");
	else memcpy(q->K.b, sec1, sizeof q->K.b);
	return e;
}

/* ---- the first form ------------------------------------------------------------------------------------------------ */

static bool prefixed(slice text) { return text.n >= 2 && text.p[0] == '0' && text.p[1] == 'x'; }

/* q->text = the text that the gateway signed: what it signed last is tried first.  One signature cannot be of both. */
static err authorise(kms_question *q, const delegate_request *r)
{
	kms_chain *c = q->chain;
	const typed_text first = atomic_load_explicit(&c->likely, memory_order_relaxed),
	                 text[] = { first, first == TYPED_BARE ? TYPED_AS_SENT : TYPED_BARE };
	bool authorised = false;

	for (unsigned i = 0; i < COUNT(text) && !authorised && prefixed(r->ephemeral) && prefixed(r->target); i++) {
		q->text = text[i];
		q->request = typed_authorization_in(&c->domain, q->text, r->ephemeral, r->target);
		authorised = by_gateway(c, &q->authorization, &q->request);
	}
	if (!authorised) return err_fail(ERR_REQUEST, "the gateway of chain %u has not signed this request", c->c.id);
	if (q->text != first) atomic_store_explicit(&c->likely, q->text, memory_order_relaxed);
	return OK;
}

static err read_keys(kms_question *q, const delegate_request *r)
{
	uint8_t K[SECP_PK];
	rsa_pk to;

	if (!hex_strict(K, sizeof K, r->ephemeral))
		return err_fail(ERR_REQUEST, "ephemeralPubKey is not 0x and the 33 bytes of a compressed point in hexadecimal");
	TRY(read_point(q, K));
	q->spki_n = r->target.n / 2 - 1;
	if (q->spki_n > sizeof q->spki || !hex_strict(q->spki, q->spki_n, r->target))
		return err_fail(ERR_REQUEST, "targetPubKey is not 0x and at most %d bytes in hexadecimal", MAX_SPKI);
	memcpy(q->ephemeral, r->ephemeral.p, sizeof q->ephemeral);
	memcpy(q->target, r->target.p, r->target.n);
	q->target_n = r->target.n;
	return rsa_pk_read(&to, slice_of(q->spki, q->spki_n));
}

static err look(kms_question *q, delegate_kms *k, unsigned *status, const delegate_call *c, const delegate_request *r)
{
	*status = 400;
	TRY(kms_find_chain(&q->chain, k, r->has_chain, r->chain_id));
	TRY(delegate_request_signature(&q->authorization, status, c));
	*status = 401;
	TRY(authorise(q, r));
	*status = 400;
	TRY(read_keys(q, r));
	TRY(kms_may_answer(k, status, q->chain));
	q->once = false;
	q->v1.chain_id = q->chain->c.id;
	q->v1.has_contract = false;
	q->salted = r->salted;
	memcpy(q->salt, r->salt, sizeof q->salt);
	if (repeats_has(k->seen, &q->request)) atomic_fetch_add(&k->repeated, 1);
	return OK;
}

err kms_read(kms_question *q, delegate_kms *k, unsigned *status, const delegate_call *c)
{
	delegate_request r;

	TRY(delegate_request_read(&r, status, c));
	const err e = look(q, k, status, c, &r);
	delegate_request_free(&r);
	return e;
}

/* ---- the second ------------------------------------------------------------------------------------------------------ */

err kms_in_time(const delegate_kms *k, const delegate_v1 *w)
{
	const uint64_t now = (uint64_t)(clock_unix_ms(k->clock) / 1000);

	if (w->expires_at < w->not_before || w->expires_at - w->not_before > DELEGATE_WINDOW_S)
		return err_fail(ERR_REQUEST, "expiresAt is not from 0 to %d seconds after notBefore", DELEGATE_WINDOW_S);
	if (now < w->not_before) return err_fail(ERR_REQUEST, "the authorization holds in %ju seconds", (uintmax_t)(w->not_before - now));
	if (now > w->expires_at) return err_fail(ERR_REQUEST, "the authorization ended %ju seconds ago", (uintmax_t)(now - w->expires_at));
	return OK;
}

static err for_this_key(delegate_kms *k, unsigned *status, kms_chain *c, const delegate_v1 *w)
{
	char text[ID_TEXT];

	*status = 503;
	kms_group *g = kms_group_hold(k, c);
	if (!g) return kms_no_group(k, c);
	const id32 id = g->key.key_id;
	const uint32_t epoch = g->key.epoch;
	kms_group_release(g);
	*status = 400;
	if (memcmp(w->key_id.b, id.b, sizeof id.b) == 0 && w->epoch == epoch) return OK;
	id_text(text, &id);
	return err_fail(ERR_REQUEST, "the request is for another key: that of chain %u is 0x%s in epoch %u", c->c.id, text, epoch);
}

static err look_v1(kms_question *q, delegate_kms *k, unsigned *status, const delegate_call *c, const delegate_request_v1 *r)
{
	rsa_pk to;

	*status = 400;
	TRY(kms_find_chain(&q->chain, k, r->has_chain, r->what.chain_id));
	q->once = true;
	q->v1 = r->what;
	q->v1.chain_id = q->chain->c.id;
	TRY(delegate_request_signature(&q->authorization, status, c));
	q->request = typed_v1_authorization(&q->v1);
	*status = 401;
	TRY(kms_authorise(q->chain, &q->authorization, &q->request));
	TRY(kms_in_time(k, &q->v1));
	TRY(for_this_key(k, status, q->chain, &q->v1));
	TRY(read_point(q, q->v1.ephemeral));
	q->spki_n = r->spki_n;
	memcpy(q->spki, r->spki, r->spki_n);
	TRY(rsa_pk_read(&to, slice_of(q->spki, q->spki_n)));
	return kms_may_answer(k, status, q->chain);
}

err kms_read_v1(kms_question *q, delegate_kms *k, unsigned *status, const delegate_call *c)
{
	delegate_request_v1 r;

	*status = 503;
	if (!k->used) return err_fail(ERR_STATE, "this KMS keeps no nonces, so that it answers /v0/delegate only");
	TRY(delegate_request_v1_read(&r, status, c));
	return look_v1(q, k, status, c, &r);
}
