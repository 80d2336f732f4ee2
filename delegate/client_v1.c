/* SPDX-License-Identifier: MIT */
/* delegate/client_v1.c -- the same texts as request_v1.c and kms_v1.c, from the other side. */
#include "delegate/client_v1.h"
#include "delegate/client_internal.h"

static void put_bytes(buf *out, const char *name, slice bytes)
{
	buf_printf(out, "\"%s\":\"", name);
	client_put_hex(out, bytes);
	buf_put_str(out, "\",");
}

void delegate_v1_body(buf *out, const delegate_v1 *w, slice spki)
{
	buf_put_str(out, "{");
	put_bytes(out, "handle", hash32_slice(&w->handle));
	put_bytes(out, "ephemeralPubKey", slice_of(w->ephemeral, sizeof w->ephemeral));
	put_bytes(out, "targetPubKey", spki);
	put_bytes(out, "keyId", hash32_slice(&w->key_id));
	put_bytes(out, "nonce", hash32_slice(&w->nonce));
	if (w->has_contract) put_bytes(out, "verifyingContract", slice_of(w->contract.b, sizeof w->contract.b));
	buf_printf(out, "\"epoch\":%ju,\"notBefore\":%ju,\"expiresAt\":%ju}", (uintmax_t)w->epoch, (uintmax_t)w->not_before,
	           (uintmax_t)w->expires_at);
}

void delegate_v1_authorization(buf *out, const delegate_v1 *w, const signer *gateway)
{
	const hash32 digest = typed_v1_authorization(w);
	const secp_rsig sig = sign_external(gateway, &digest);

	buf_put_str(out, "Bearer ");
	client_put_hex(out, slice_of(sig.b, sizeof sig.b));
}

static err read_reply(buf *sealed, const delegate_v1 *w, const eth_address *wallet, const json_t *j, const char *name)
{
	AUTO(buf) bytes = { 0 };
	eth_address by;
	secp_rsig proof;

	TRY(client_proof(&proof, j));
	TRY(client_sealed(&bytes, j, name));
	const hash32 request = typed_v1_authorization(w), ciphertext = keccak256(buf_slice(&bytes)),
	             digest = typed_v1_response(w, &request, &ciphertext);
	if (!sign_external_by_var(&by, &proof, &digest) || !eth_address_eq_var(by, *wallet))
		return err_fail(ERR_REQUEST, "the answer is not signed by the wallet of this KMS for this request");
	buf_put_slice(sealed, buf_slice(&bytes));
	return OK;
}

static err read_named(buf *sealed, const delegate_v1 *w, const eth_address *wallet, slice json, const char *name)
{
	err e = OK;
	json_t *j = client_load(&e, json);

	if (j) e = read_reply(sealed, w, wallet, j, name);
	json_decref(j);
	return e;
}

err delegate_v1_reply_read(buf *sealed, const delegate_v1 *w, const eth_address *wallet, slice json)
{
	return read_named(sealed, w, wallet, json, "encryptedSharedSecret");
}

err delegate_v1_partial_read(buf *sealed, const delegate_v1 *w, const eth_address *wallet, slice json)
{
	return read_named(sealed, w, wallet, json, "encryptedPartial");
}
