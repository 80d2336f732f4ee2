/* SPDX-License-Identifier: MIT */
/* delegate/kms.c -- who asks, for which chain, and what is answered. */
#include "delegate/kms_internal.h"
#include <jansson.h>
#include <stdlib.h>
#include "base/ct.h"
#include "base/hex.h"
#include "base/log.h"
#include "delegate/ecies.h"
#include "sym/sha2.h"

enum { TEXT_K = 2 + 2 * SECP_PK };

/* Statuses that are counted one by one; the last stands for others. */
static const unsigned STATUSES[KMS_STATUSES] = { 200, 400, 401, 404, 409, 413, 415, 422, 503, 500 };

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

/* As of a key that parties share, with one party, one share needed, and no roster. */
static hash32 key_id_alone(const secp_pk *P)
{
	static const uint8_t NONE[32], ONE_OF_ONE[] = { 0, 1, 0, 1 };
	AUTO(buf) text = { 0 };

	buf_put_str(&text, "arca/keyid/v1");
	buf_put(&text, P->b, sizeof P->b);
	buf_put(&text, NONE, sizeof NONE);
	buf_put(&text, ONE_OF_ONE, sizeof ONE_OF_ONE);
	buf_put(&text, NONE, sizeof NONE);
	return sha256(buf_slice(&text));
}

err delegate_kms_new(delegate_kms **out, const delegate_chain *c, size_t chains, const signer *wallet, const rng *r)
{
	secp *curve = NULL;
	void *p;

	TRY(check_chains(c, chains));
	TRY(secret_alloc(&p, sizeof **out + chains * sizeof(kms_chain)));
	delegate_kms *k = p;
	err e = secp_new(&curve, r);
	if (e != OK) {
		secret_release(k);
		return e;
	}
	k->wallet = wallet;
	k->chains = chains;
	for (size_t i = 0; i < chains; i++) {
		k->chain[i].c = c[i];
		k->chain[i].pk = secp_pk_of(curve, &c[i].key);
		k->chain[i].key_id = key_id_alone(&k->chain[i].pk);
	}
	secp_free(&curve);
	*out = k;
	return OK;
}

void delegate_kms_free(delegate_kms **k)
{
	secret_release(*k);
	*k = NULL;
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

void delegate_error(buf *out, const char *sentence)
{
	json_t *j = json_pack("{s:s}", "error", sentence);
	char *text = j ? json_dumps(j, 0) : NULL;

	buf_put_str(out, text ? text : "{\"error\":\"the error has no text\"}");
	free(text);
	json_decref(j);
}

unsigned kms_count(delegate_kms *k, unsigned status)
{
	size_t i = 0;

	while (i < COUNT(STATUSES) - 1 && STATUSES[i] != status) i++;
	atomic_fetch_add(&k->ended[i], 1);
	return status;
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

/* Appends {"name":text,"proof":signature}. */
static void put_proved(buf *out, const signer *wallet, const char *name, slice text, hash32 digest)
{
	const secp_rsig proof = sign_external(wallet, &digest);

	buf_printf(out, "{\"%s\":\"", name);
	buf_put_slice(out, text);
	buf_put_str(out, "\",\"proof\":\"");
	kms_put_hex(out, proof.b, sizeof proof.b);
	buf_put_str(out, "\"}");
}

/* ---- the public key ------------------------------------------------------------------------------------------ */

unsigned delegate_public_key(delegate_kms *k, buf *out, const char *chain_id, bool prefixed)
{
	AUTO(buf) text = { 0 };
	uint32_t id = 0;
	kms_chain *c = NULL;

	err e = chain_id && !chain_id_read(&id, slice_str(chain_id))
		? err_fail(ERR_REQUEST, "chain_id is not a decimal number below 2^32") : kms_find_chain(&c, k, chain_id != NULL, id);
	if (e != OK) return kms_refuse(out, e, 400);
	kms_put_hex(&text, c->pk.b, sizeof c->pk.b);
	put_proved(out, k->wallet, "publicKey", buf_slice(&text),
	           typed_public_key(c->c.id, prefixed ? TYPED_AS_SENT : TYPED_BARE, buf_slice(&text)));
	return 200;
}

/* ---- delegation ---------------------------------------------------------------------------------------------- */

static bool signed_by_gateway(const kms_chain *c, const delegate_request *r, typed_text t)
{
	const hash32 digest = typed_authorization(c->c.id, t, r->ephemeral, r->target);
	eth_address by;

	return sign_external_by_var(&by, &r->authorization, &digest) && ct_bytes_eq(by.b, c->c.gateway.b, sizeof by.b);
}

/* *t = the text that the gateway signed.  One signature cannot be of both. */
static err authorise(typed_text *t, kms_chain *c, const delegate_request *r)
{
	static const uint8_t PREFIX[] = { '0', 'x' };
	const slice prefix = slice_of(PREFIX, sizeof PREFIX);
	const typed_text first = atomic_load_explicit(&c->likely, memory_order_relaxed),
	                 other = first == TYPED_BARE ? TYPED_AS_SENT : TYPED_BARE;

	const bool readable = r->ephemeral.n >= 2 && r->target.n >= 2 && slice_eq_var(slice_of(r->ephemeral.p, 2), prefix) &&
	                      slice_eq_var(slice_of(r->target.p, 2), prefix);
	*t = first;
	if (readable && signed_by_gateway(c, r, first)) return OK;
	*t = other;
	if (!readable || !signed_by_gateway(c, r, other))
		return err_fail(ERR_REQUEST, "the gateway of chain %u has not signed this request", c->c.id);
	atomic_store_explicit(&c->likely, other, memory_order_relaxed);
	return OK;
}

err kms_seal_secret(buf *sealed, const kms_chain *c, slice K, const rsa_pk *to)
{
	shared_x x;

	err e = ecies_shared(&x, &c->c.key, K);
	if (e != OK) err_context("ephemeralPubKey: ");
	if (e == OK) e = rsa_seal(sealed, to, slice_of(x.b, sizeof x.b));
	wipe(&x, sizeof x);
	return e;
}

/* Appends x(d K), sealed to the target, as text. */
static err seal_as_text(buf *text, const kms_chain *c, const delegate_request *r)
{
	AUTO(buf) sealed = { 0 };
	uint8_t K[SECP_PK], spki[MAX_SPKI];
	rsa_pk to;

	if (!hex_strict(K, sizeof K, r->ephemeral))
		return err_fail(ERR_REQUEST, "ephemeralPubKey is not 0x and the 33 bytes of a compressed point in hexadecimal");
	const size_t n = r->target.n / 2 - 1;
	if (n > sizeof spki || !hex_strict(spki, n, r->target))
		return err_fail(ERR_REQUEST, "targetPubKey is not 0x and at most %d bytes in hexadecimal", MAX_SPKI);
	TRY(rsa_pk_read(&to, slice_of(spki, n)));
	TRY(kms_seal_secret(&sealed, c, slice_of(K, sizeof K), &to));
	kms_put_hex(text, sealed.p, sealed.n);
	return OK;
}

static err answer(delegate_kms *k, buf *out, unsigned *status, const delegate_request *r)
{
	AUTO(buf) text = { 0 };
	typed_text t;
	kms_chain *c = NULL;

	*status = 400;
	TRY(kms_find_chain(&c, k, r->has_chain, r->chain_id));
	*status = 401;
	TRY(authorise(&t, c, r));
	*status = 400;
	TRY(seal_as_text(&text, c, r));
	*status = 200;
	put_proved(out, k->wallet, "encryptedSharedSecret", buf_slice(&text),
	           typed_response(c->c.id, r->salted ? TYPED_AS_SENT : t, r->salted ? r->salt : NULL, buf_slice(&text)));
	atomic_fetch_add(&c->answers, 1);
	return OK;
}

unsigned delegate_answer(delegate_kms *k, buf *out, const delegate_call *c)
{
	delegate_request r;
	unsigned status = 500;

	err e = delegate_request_read(&r, &status, c);
	if (e != OK) return kms_count(k, kms_refuse(out, e, status));
	e = answer(k, out, &status, &r);
	delegate_request_free(&r);
	return kms_count(k, e == OK ? status : kms_refuse(out, e, status));
}

/* ---- what is counted ----------------------------------------------------------------------------------------- */

void delegate_kms_metrics(buf *out, delegate_kms *k)
{
	buf_put_str(out, "# HELP arca_delegate_requests_total Requests for a delegation, by the status of their answer.\n"
	                 "# TYPE arca_delegate_requests_total counter\n");
	for (size_t i = 0; i < COUNT(STATUSES); i++)
		buf_printf(out, "arca_delegate_requests_total{status=\"%u\"} %ju\n", STATUSES[i],
		           (uintmax_t)atomic_load(&k->ended[i]));
	buf_printf(out, "# HELP arca_delegate_answers_total Shared secrets handed out since the start, by chain; think of another "
	                "key before 2^24.\n# TYPE arca_delegate_answers_total counter\n");
	for (size_t i = 0; i < k->chains; i++)
		buf_printf(out, "arca_delegate_answers_total{chain_id=\"%u\"} %ju\n", k->chain[i].c.id,
		           (uintmax_t)atomic_load(&k->chain[i].answers));
	buf_put_str(out, "# HELP arca_delegate_answers_alarm Whether a key has given 2^24 answers since the start.\n"
	                 "# TYPE arca_delegate_answers_alarm gauge\n");
	for (size_t i = 0; i < k->chains; i++)
		buf_printf(out, "arca_delegate_answers_alarm{chain_id=\"%u\"} %d\n", k->chain[i].c.id,
		           atomic_load(&k->chain[i].answers) >= DELEGATE_ANSWERS_ALARM);
}
