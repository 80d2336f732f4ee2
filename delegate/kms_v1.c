/* SPDX-License-Identifier: MIT */
/* delegate/kms_v1.c -- delegations whose authorization ends and serves once. */
#include "base/ct.h"
#include "delegate/kms_internal.h"
#include "delegate/request_v1.h"
#include "base/hex.h"

/* ---- may it be ------------------------------------------------------------------------------------------------- */

static err authorise(const kms_chain *c, const delegate_request_v1 *r, const hash32 *digest)
{
	eth_address by;

	if (sign_external_by_var(&by, &r->authorization, digest) && ct_bytes_eq(by.b, c->c.gateway.b, sizeof by.b)) return OK;
	return err_fail(ERR_REQUEST, "the gateway of chain %u has not signed this request", c->c.id);
}

static err in_time(const delegate_kms *k, const delegate_v1 *w)
{
	const uint64_t now = (uint64_t)(clock_unix_ms(k->clock) / 1000);

	if (w->expires_at < w->not_before || w->expires_at - w->not_before > DELEGATE_WINDOW_S)
		return err_fail(ERR_REQUEST, "expiresAt is not from 0 to %d seconds after notBefore", DELEGATE_WINDOW_S);
	if (now < w->not_before) return err_fail(ERR_REQUEST, "the authorization holds in %ju seconds", (uintmax_t)(w->not_before - now));
	if (now > w->expires_at) return err_fail(ERR_REQUEST, "the authorization ended %ju seconds ago", (uintmax_t)(now - w->expires_at));
	return OK;
}

static err for_this_key(const kms_chain *c, const delegate_v1 *w)
{
	char id[2 * sizeof c->key_id.b + 1];

	if (hash32_eq_var(w->key_id, c->key_id) && w->epoch == 0) return OK;
	hex_write(id, hash32_slice(&c->key_id));
	return err_fail(ERR_REQUEST, "the request is for another key: that of chain %u is 0x%s in epoch 0", c->c.id, id);
}

/* Used up from here on. */
static err once(delegate_kms *k, unsigned *status, const delegate_v1 *w)
{
	const err e = nonces_use(k->used, w->chain_id, &w->nonce, w->expires_at);

	*status = e == ERR_EXISTS ? 409 : e == ERR_EXHAUSTED ? 503 : e == ERR_STATE ? 401 : 500;
	return e;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void put_answer(buf *out, const delegate_kms *k, const delegate_v1 *w, const hash32 *request, slice sealed)
{
	const hash32 ciphertext = keccak256(sealed), digest = typed_v1_response(w, request, &ciphertext);
	const secp_rsig proof = sign_external(k->wallet, &digest);

	buf_put_str(out, "{\"encryptedSharedSecret\":\"");
	kms_put_hex(out, sealed.p, sealed.n);
	buf_put_str(out, "\",\"requestHash\":\"");
	kms_put_hex(out, request->b, sizeof request->b);
	buf_put_str(out, "\",\"proof\":\"");
	kms_put_hex(out, proof.b, sizeof proof.b);
	buf_put_str(out, "\"}");
}

/* Everything is looked at before the nonce is used up. */
static err answer(delegate_kms *k, buf *out, unsigned *status, delegate_request_v1 *r)
{
	AUTO(buf) sealed = { 0 };
	kms_chain *c = NULL;
	secp_pk K;
	rsa_pk to;

	*status = 400;
	TRY(kms_find_chain(&c, k, r->has_chain, r->what.chain_id));
	r->what.chain_id = c->c.id;
	const hash32 digest = typed_v1_authorization(&r->what);
	*status = 401;
	TRY(authorise(c, r, &digest));
	TRY(in_time(k, &r->what));
	*status = 400;
	TRY(for_this_key(c, &r->what));
	err e = secp_pk_read(&K, slice_of(r->what.ephemeral, sizeof r->what.ephemeral));
	if (e != OK) err_context("ephemeralPubKey: ");
	TRY(e);
	TRY(rsa_pk_read(&to, slice_of(r->spki, r->spki_n)));
	TRY(once(k, status, &r->what));
	*status = 400;
	TRY(kms_seal_secret(&sealed, c, slice_of(K.b, sizeof K.b), &to));
	put_answer(out, k, &r->what, &digest, buf_slice(&sealed));
	atomic_fetch_add(&c->answers, 1);
	*status = 200;
	return OK;
}

unsigned delegate_answer_v1(delegate_kms *k, buf *out, const delegate_call *c)
{
	delegate_request_v1 r;
	unsigned status = 503;

	err e = k->used ? OK : err_fail(ERR_STATE, "this KMS keeps no nonces, so that it answers /v0/delegate only");
	if (e == OK) e = delegate_request_v1_read(&r, &status, c);
	if (e == OK) e = answer(k, out, &status, &r);
	return kms_count(k, e == OK ? status : kms_refuse(out, e, status));
}

void delegate_kms_remember(delegate_kms *k, nonces *used, const clock_source *clock)
{
	k->used = used;
	k->clock = clock;
}
