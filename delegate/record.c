/* SPDX-License-Identifier: MIT */
/* delegate/record.c */
#include "delegate/record.h"
#include <jansson.h>
#include "base/hex.h"
#include "delegate/request.h"

static void put_member(buf *out, const char *before, const void *p, size_t n)
{
	buf_put_str(out, before);
	buf_put_str(out, "\"0x");
	buf_put_hex(out, slice_of(p, n));
	buf_put_str(out, "\"");
}

void record_write(buf *out, const ecies_header *header, slice ciphertext)
{
	put_member(out, "{\"public_key\":", header->K.b, sizeof header->K.b);
	put_member(out, ",\"nonce\":", header->nonce, sizeof header->nonce);
	put_member(out, ",\"ciphertext\":", ciphertext.p, ciphertext.n);
	buf_put_str(out, "}\n");
}

static slice text_of(const json_t *record, const char *name)
{
	const json_t *m = json_object_get(record, name);
	return json_is_string(m) ? slice_of(json_string_value(m), json_string_length(m)) : slice_str("");
}

static err read_members(ecies_header *header, buf *ciphertext, const json_t *record)
{
	uint8_t K[SECP_PK];

	const slice text = text_of(record, "ciphertext");
	if (!hex_strict(K, sizeof K, text_of(record, "public_key")))
		return err_fail(ERR_REQUEST, "public_key is not 0x and 33 bytes in hexadecimal");
	TRY(secp_pk_read(&header->K, slice_of(K, sizeof K)));
	if (!hex_strict(header->nonce, sizeof header->nonce, text_of(record, "nonce")))
		return err_fail(ERR_REQUEST, "nonce is not 0x and %d bytes in hexadecimal", GCM_NONCE);
	if (text.n < 2 + 2 * GCM_TAG || memcmp(text.p, "0x", 2) != 0 || !hex_read_all(ciphertext, text))
		return err_fail(ERR_REQUEST, "ciphertext is not 0x and at least %d bytes in hexadecimal", GCM_TAG);
	return OK;
}

err record_read(ecies_header *header, buf *ciphertext, slice json)
{
	ecies_header h;
	json_error_t why;

	if (json.n > MAX_RECORD) return err_fail(ERR_REQUEST, "the record has %zu bytes; at most %d are taken", json.n, MAX_RECORD);
	json_t *record = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &why);
	if (!record) return err_fail(ERR_REQUEST, "the record is not JSON: line %d: %.100s", why.line, why.text);
	err e = read_members(&h, ciphertext, record);
	json_decref(record);
	if (e == OK) *header = h;
	return e;
}
