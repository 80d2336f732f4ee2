/* SPDX-License-Identifier: MIT */
/* node/parse.c -- which parser, whose memory, and the fields that all requests have. */
#include "node/parse_internal.h"
#include "rpc/pb.h"

err parse_id(id32 *out, const char *what, const Kms__V1__RequestId *m)
{
	if (!m) return err_fail(ERR_REQUEST, "%s is missing", what);
	return id_parse(out, what, slice_str(m->request_id));
}

err parse_id_or(id32 *out, const char *what, const Kms__V1__RequestId *m, const id32 *fallback)
{
	if (m) return parse_id(out, what, m);
	*out = *fallback;
	return OK;
}

err parse_domain(eip712_domain *out, const Kms__V1__Eip712DomainMsg *m)
{
	if (!m) return err_fail(ERR_REQUEST, "domain is missing: it says for which contract the answer is signed");
	const bool salted = m->_salt_case == KMS__V1__EIP712_DOMAIN_MSG___SALT_SALT;
	const eip712_domain_parts parts = {
		.name = slice_str(m->name), .version = slice_str(m->version), .chain_id = pb_slice(m->chain_id),
		.contract = slice_str(m->verifying_contract), .salted = salted,
		.salt = salted ? pb_slice(m->salt) : (slice){ 0 },
	};
	return eip712_domain_read(out, &parts);
}

/* Each scheme once, in the order of first mention. */
err parse_schemes(request *r, size_t n, const Kms__V1__SigningSchemeType *scheme)
{
	for (size_t i = 0; i < n; i++) {
		const int s = (int)scheme[i];
		bool seen = false;
		if (s < 0 || s >= MAX_SCHEMES) return err_fail(ERR_REQUEST, "signing_schemes[%zu] is %d, which is no scheme", i, s);
		for (size_t k = 0; k < r->schemes; k++) seen |= r->scheme[k] == (uint32_t)s;
		if (!seen) r->scheme[r->schemes++] = (uint32_t)s;
	}
	return OK;
}

err parse_extra_data(request *r, ProtobufCBinaryData extra)
{
	if (extra.len > MAX_EXTRA_DATA)
		return err_fail(ERR_REQUEST, "extra_data has %zu bytes; at most %d are signed", extra.len, MAX_EXTRA_DATA);
	r->extra_data = pb_slice(extra);
	return OK;
}

err parse_common(request *r, const common_fields *f)
{
	TRY(parse_id(&r->id, "request_id", f->id));
	TRY(parse_id_or(&r->context_id, "context_id", f->context, &ID_DEFAULT_CONTEXT));
	TRY(parse_id_or(&r->epoch_id, "epoch_id", f->epoch, &ID_DEFAULT_EPOCH));
	TRY(parse_domain(&r->domain, f->domain));
	TRY(parse_extra_data(r, f->extra_data));
	return parse_schemes(r, f->schemes, f->scheme);
}

static err parse_kind(request *r, arena *a, slice message)
{
	switch (r->kind) {
	case REQUEST_PREPROC:        return parse_preproc(r, a, message);
	case REQUEST_KEYGEN:         return parse_keygen(r, a, message);
	case REQUEST_PUBLIC_DECRYPT: return parse_public_decrypt(r, a, message);
	case REQUEST_USER_DECRYPT:   return parse_user_decrypt(r, a, message);
	case REQUEST_NEW_EPOCH:      return parse_new_epoch(r, a, message);
	case REQUEST_KINDS:          break;
	}
	return err_fail(ERR_INTERNAL, "there is no request of kind %d", (int)r->kind);
}

err parse_request(request **out, request_kind kind, slice message)
{
	arena a = arena_with_limit(PB_ROOM(message.n));
	request *r = NULL;

	err e = arena_new(&a, &r, 1);
	if (e == OK) {
		r->kind = kind;
		e = parse_kind(r, &a, message);
	}
	if (e != OK) {
		arena_free(&a);
		return e;
	}
	r->body = request_body(r);
	r->memory = a;
	*out = r;
	return OK;
}

err parse_insecure_request(request **out, request_kind kind, slice message)
{
	ASSERT(kind == REQUEST_PREPROC || kind == REQUEST_KEYGEN);
	TRY(parse_request(out, kind, message));
	const keyset_config *keyset = kind == REQUEST_KEYGEN ? &(*out)->keygen.keyset : &(*out)->preproc.keyset;
	if (keyset->secrets != SECRETS_NEW || keyset->type != KEYSET_STANDARD) {
		request_free(out);
		return err_fail(ERR_UNSUPPORTED, "keyset_config: a dealer makes key sets whose secrets are new, with neither UseExisting nor "
		                "DecompressionOnly");
	}
	(*out)->insecure = true;
	(*out)->body = request_body(*out);
	return OK;
}

err parse_request_id(id32 *out, slice message)
{
	arena a = arena_with_limit(PB_ROOM(message.n));
	Kms__V1__RequestId *m;

	err e = pb_unpack(&a, &m, &kms__v1__request_id__descriptor, message);
	if (e == OK) e = parse_id(out, "request_id", m);
	arena_free(&a);
	return e;
}
