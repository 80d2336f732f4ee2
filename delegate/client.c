/* SPDX-License-Identifier: MIT */
/* delegate/client.c -- the same texts as kms.c, from the other side. */
#include "delegate/client_internal.h"
#include "base/hex.h"
#include "delegate/request.h"

void client_put_hex(buf *out, slice bytes)
{
	buf_put_str(out, "0x");
	buf_put_hex(out, bytes);
}

void delegate_ask_body(buf *out, const delegate_ask *a)
{
	buf_put_str(out, "{\"ephemeralPubKey\":\"");
	client_put_hex(out, slice_of(a->K.b, sizeof a->K.b));
	buf_put_str(out, "\",\"targetPubKey\":\"");
	client_put_hex(out, a->spki);
	buf_put_str(out, "\"}");
}

void delegate_ask_authorization(buf *out, const delegate_ask *a, const signer *gateway)
{
	AUTO(buf) K = { 0 }, target = { 0 };

	client_put_hex(&K, slice_of(a->K.b, sizeof a->K.b));
	client_put_hex(&target, a->spki);
	const hash32 digest = typed_authorization(a->chain_id, a->text, buf_slice(&K), buf_slice(&target));
	const secp_rsig sig = sign_external(gateway, &digest);
	buf_put_str(out, "Bearer ");
	client_put_hex(out, slice_of(sig.b, sizeof sig.b));
}

static const char SECRET[] = "encryptedSharedSecret";

/* ---- answers ------------------------------------------------------------------------------------------------- */

json_t *client_load(err *e, slice json)
{
	json_error_t why;
	json_t *j = NULL;

	if (json.n > MAX_DELEGATE_ANSWER) *e = err_fail(ERR_REQUEST, "the KMS's answer has %zu bytes, more than any has", json.n);
	else if (!(j = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &why)))
		*e = err_fail(ERR_REQUEST, "the KMS's answer is not JSON: line %d: %.100s", why.line, why.text);
	return j;
}

slice client_text(const json_t *j, const char *name)
{
	const json_t *m = json_object_get(j, name);
	return json_is_string(m) ? slice_of(json_string_value(m), json_string_length(m)) : slice_str("");
}

err client_proof(secp_rsig *out, const json_t *j)
{
	if (hex_strict(out->b, sizeof out->b, client_text(j, "proof"))) return OK;
	return err_fail(ERR_REQUEST, "the KMS's answer has no proof of 65 bytes");
}

err client_sealed(buf *sealed, const json_t *j, const char *name)
{
	const slice text = client_text(j, name);

	if (text.n > 2 && memcmp(text.p, "0x", 2) == 0 && hex_read_all(sealed, text)) return OK;
	return err_fail(ERR_REQUEST, "the KMS's answer has no %s in hexadecimal", name);
}

static err read_reply(buf *sealed, const delegate_ask *a, const eth_address *wallet, const json_t *j)
{
	const slice text = client_text(j, SECRET);
	eth_address by;
	secp_rsig proof;

	TRY(client_proof(&proof, j));
	if (text.n < 2) return client_sealed(sealed, j, SECRET);
	const hash32 digest = typed_response(a->chain_id, a->salt ? TYPED_AS_SENT : a->text, a->salt, text);
	if (!sign_external_by_var(&by, &proof, &digest) || !eth_address_eq_var(by, *wallet))
		return err_fail(ERR_REQUEST, "the answer is not signed by the wallet of this KMS for this request");
	return client_sealed(sealed, j, SECRET);
}

err delegate_reply_sealed(buf *sealed, slice json)
{
	err e = OK;
	json_t *j = client_load(&e, json);

	if (j) e = client_sealed(sealed, j, SECRET);
	json_decref(j);
	return e;
}

err delegate_reply_read(buf *sealed, const delegate_ask *a, const eth_address *wallet, slice json)
{
	err e = OK;
	json_t *j = client_load(&e, json);

	if (j) e = read_reply(sealed, a, wallet, j);
	json_decref(j);
	return e;
}

static err read_public_key(secp_pk *out, eth_address *by, uint32_t chain_id, const json_t *j)
{
	const slice text = client_text(j, "publicKey");
	uint8_t sec1[SECP_PK];
	secp_rsig proof;
	secp_pk pk;

	TRY(client_proof(&proof, j));
	if (!hex_strict(sec1, sizeof sec1, text)) return err_fail(ERR_REQUEST, "the KMS's answer has no publicKey of 33 bytes");
	TRY(secp_pk_read(&pk, slice_of(sec1, sizeof sec1)));
	const hash32 digest = typed_public_key(chain_id, TYPED_BARE, text);
	if (!sign_external_by_var(by, &proof, &digest)) return err_fail(ERR_REQUEST, "the KMS's public key is signed by nobody");
	*out = pk;
	return OK;
}

err public_key_reply_read(secp_pk *out, eth_address *by, uint32_t chain_id, slice json)
{
	err e = OK;
	json_t *j = client_load(&e, json);

	if (j) e = read_public_key(out, by, chain_id, j);
	json_decref(j);
	return e;
}

bool delegate_error_read(buf *sentence, slice json)
{
	err e = OK;
	json_t *j = client_load(&e, json);
	const slice text = client_text(j, "error");

	buf_put_slice(sentence, text);
	json_decref(j);
	err_clear();
	return text.n > 0;
}
