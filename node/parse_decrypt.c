/* SPDX-License-Identifier: MIT */
/* node/parse_decrypt.c -- what shall be decrypted, and for whom. */
#include "evm/address.h"
#include "evm/kms712.h"
#include "node/parse_internal.h"
#include "rpc/pb.h"

static err parse_item(decrypt_item *item, abi_word *handle, const Kms__V1__TypedCiphertext *m)
{
	item->type = fhe_type_by_number_var(m->fhe_type);
	if (!item->type)
		return err_fail(ERR_REQUEST, "fhe_type is %d; bool (0), uint8 (2) to uint256 (8) and address (7) are decrypted", m->fhe_type);
	if ((int)m->ciphertext_format < 0 || (int)m->ciphertext_format >= CT_FORMATS)
		return err_fail(ERR_REQUEST, "ciphertext_format is %d, which does not exist", (int)m->ciphertext_format);
	item->format = (ct_format)m->ciphertext_format;
	item->file = pb_slice(m->ciphertext);
	if (item->file.n == 0) return err_fail(ERR_REQUEST, "ciphertext is empty");
	if (item->file.n > MAX_CIPHERTEXT_FILE)
		return err_fail(ERR_REQUEST, "ciphertext has %zu bytes; at most %d are read", item->file.n, MAX_CIPHERTEXT_FILE);
	item->handle = pb_slice(m->external_handle);
	if (item->handle.n > MAX_HANDLE)
		return err_fail(ERR_REQUEST, "external_handle has %zu bytes; at most %d are allowed", item->handle.n, MAX_HANDLE);
	return kms712_handle(handle, item->handle);
}

static err parse_items(request *r, arena *a, size_t n, Kms__V1__TypedCiphertext *const *list)
{
	decrypt_request *d = &r->decrypt;
	const char *field = request_items_field(r->kind);

	if (n == 0) return err_fail(ERR_REQUEST, "%s is empty: there is nothing to decrypt", field);
	if (n > MAX_CIPHERTEXTS)
		return err_fail(ERR_REQUEST, "%s has %zu entries; at most %d are decrypted at once", field, n, MAX_CIPHERTEXTS);
	TRY(arena_new(a, &d->item, n));
	TRY(arena_new(a, &d->handle, n));
	for (d->items = 0; d->items < n; d->items++) {
		err e = parse_item(&d->item[d->items], &d->handle[d->items], list[d->items]);
		if (e == OK) continue;
		err_context("%s[%zu]: ", field, d->items);
		return e;
	}
	return OK;
}

err parse_public_decrypt(request *r, arena *a, slice message)
{
	Kms__V1__PublicDecryptionRequest *m;

	TRY(pb_unpack(a, &m, &kms__v1__public_decryption_request__descriptor, message));
	TRY(parse_common(r, &COMMON_FIELDS(m)));
	TRY(parse_id(&r->decrypt.key_id, "key_id", m->key_id));
	return parse_items(r, a, m->n_ciphertexts, m->ciphertexts);
}

static err parse_enc_key(decrypt_request *d, ProtobufCBinaryData wire)
{
	err e = enc_key_read(&d->enc_key, pb_slice(wire));
	if (e != OK) {
		err_context("enc_key: ");
		return ERR_REQUEST;                    /* also for ML-KEM-1024, which is known but not taken */
	}
	d->enc_key_wire = pb_slice(wire);
	return OK;
}

err parse_user_decrypt(request *r, arena *a, slice message)
{
	Kms__V1__UserDecryptionRequest *m;
	decrypt_request *d = &r->decrypt;

	TRY(pb_unpack(a, &m, &kms__v1__user_decryption_request__descriptor, message));
	TRY(parse_common(r, &COMMON_FIELDS(m)));
	TRY(parse_id(&d->key_id, "key_id", m->key_id));
	TRY(address_parse(&d->client, "client_address", slice_str(m->client_address)));
	if (eth_address_eq_var(d->client, r->domain.contract))
		return err_fail(ERR_REQUEST, "client_address is the domain's verifying_contract; the user must be somebody else");
	TRY(parse_enc_key(d, m->enc_key));
	return parse_items(r, a, m->n_typed_ciphertexts, m->typed_ciphertexts);
}
