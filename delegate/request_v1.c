/* SPDX-License-Identifier: MIT */
/* delegate/request_v1.c */
#include "delegate/request_v1.h"
#include "delegate/request_internal.h"

static err wrong(unsigned *status, unsigned what, const char *name, const char *form)
{
	*status = what;
	return err_fail(ERR_REQUEST, "%s is not %s", name, form);
}

static err read_bytes_of(uint8_t *out, size_t n, unsigned *status, const json_t *j, const char *name)
{
	char form[64];
	slice text;

	TRY(request_text(&text, status, j, name));
	if (hex_strict(out, n, text)) return OK;
	snprintf(form, sizeof form, "0x and %zu hexadecimal digits", 2 * n);
	return wrong(status, 400, name, form);
}

static err read_number(uint64_t *out, unsigned *status, const json_t *j, const char *name)
{
	const json_t *m = json_object_get(j, name);

	if (!json_is_integer(m)) return wrong(status, 422, name, "there as a whole number");
	if (json_integer_value(m) < 0) return wrong(status, 400, name, "0 or more");
	*out = (uint64_t)json_integer_value(m);
	return OK;
}

static err read_target(delegate_request_v1 *r, unsigned *status, const json_t *j)
{
	slice text;

	TRY(request_text(&text, status, j, "targetPubKey"));
	r->spki_n = text.n < 2 ? 0 : text.n / 2 - 1;
	if (r->spki_n > sizeof r->spki || !hex_strict(r->spki, r->spki_n, text)) {
		*status = 400;
		return err_fail(ERR_REQUEST, "targetPubKey is not 0x and at most %d bytes in hexadecimal", MAX_SPKI);
	}
	r->what.target_hash = keccak256(slice_of(r->spki, r->spki_n));
	return OK;
}

err request_v1_members(delegate_request_v1 *r, unsigned *status, const json_t *j)
{
	delegate_v1 *w = &r->what;

	TRY(read_bytes_of(w->handle.b, sizeof w->handle.b, status, j, "handle"));
	TRY(read_bytes_of(w->ephemeral, sizeof w->ephemeral, status, j, "ephemeralPubKey"));
	TRY(read_target(r, status, j));
	TRY(read_bytes_of(w->key_id.b, sizeof w->key_id.b, status, j, "keyId"));
	TRY(read_number(&w->epoch, status, j, "epoch"));
	TRY(read_bytes_of(w->nonce.b, sizeof w->nonce.b, status, j, "nonce"));
	TRY(read_number(&w->not_before, status, j, "notBefore"));
	TRY(read_number(&w->expires_at, status, j, "expiresAt"));
	w->has_contract = json_object_get(j, "verifyingContract") != NULL;
	return w->has_contract ? read_bytes_of(w->contract.b, sizeof w->contract.b, status, j, "verifyingContract") : OK;
}

err delegate_request_v1_read(delegate_request_v1 *out, unsigned *status, const delegate_call *c)
{
	delegate_request_v1 r = { 0 };
	json_t *j = NULL;

	TRY(request_object(&j, status, c));
	err e = request_v1_members(&r, status, j);
	json_decref(j);
	TRY(e);
	if (c->salt) return request_refuse(status, 400, "salt belongs to /v0/delegate: what is signed here is for this request alone");
	TRY(request_chain(&r.has_chain, &r.what.chain_id, status, c));
	*out = r;
	return OK;
}
