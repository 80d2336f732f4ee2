/* SPDX-License-Identifier: MIT */
/* delegate/kms_v1.c -- answers to authorizations that serve once. */
#include "delegate/kms_internal.h"

err kms_use_nonce(delegate_kms *k, unsigned *status, const delegate_v1 *w)
{
	const err e = nonces_use(k->used, w->chain_id, &w->nonce, w->expires_at);

	*status = e == ERR_EXISTS ? 409 : e == ERR_EXHAUSTED ? 503 : e == ERR_STATE ? 401 : 500;
	return e;
}

void kms_seal(buf *sealed, const delegate_kms *k, const kms_question *q, slice secret)
{
	rsa_pk to;

	ASSERT(rsa_pk_read(&to, slice_of(q->spki, q->spki_n)) == OK);              /* as it was when the question was */
	rsa_seal(sealed, &to, secret, k->random);
}

void kms_put_answer_v1(buf *out, const delegate_kms *k, const kms_question *q, const char *name, slice sealed, const char *signed_by)
{
	const hash32 ciphertext = keccak256(sealed), digest = typed_v1_response(&q->v1, &q->request, &ciphertext);
	const secp_rsig proof = sign_external(k->wallet, &digest);

	buf_printf(out, "{\"%s\":\"", name);
	kms_put_hex(out, sealed.p, sealed.n);
	buf_put_str(out, "\",\"requestHash\":\"");
	kms_put_hex(out, q->request.b, sizeof q->request.b);
	buf_put_str(out, "\",\"proof\":\"");
	kms_put_hex(out, proof.b, sizeof proof.b);
	buf_put_str(out, "\"");
	buf_put_str(out, signed_by);
	buf_put_str(out, "}");
}
