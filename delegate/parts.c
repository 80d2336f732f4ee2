/* SPDX-License-Identifier: MIT */
/* delegate/parts.c */
#include "delegate/parts.h"
#include <stdlib.h>
#include "base/hex.h"
#include "delegate/client_internal.h"
#include "delegate/request_internal.h"

void parts_write(buf *out, uint32_t chain_id, slice request, slice description, const buf *sealed, size_t n)
{
	buf_printf(out, "{\"chainId\":%u,\"request\":", chain_id);
	buf_put_slice(out, request);
	buf_put_str(out, ",\"description\":");
	buf_put_slice(out, description);
	buf_put_str(out, ",\"parts\":[");
	for (size_t i = 0; i < n; i++) {
		buf_put_str(out, i ? ",\"" : "\"");
		client_put_hex(out, buf_slice(&sealed[i]));
		buf_put_str(out, "\"");
	}
	buf_put_str(out, "]}\n");
}

bool parts_begin(slice json)
{
	static const char BEGIN[] = "{\"chainId\":";
	return json.n > strlen(BEGIN) && memcmp(json.p, BEGIN, strlen(BEGIN)) == 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static err wrong(const char *what) { return err_fail(ERR_REQUEST, "these are no parts of an answer: %s", what); }

static err read_request(delegate_v1 *out, const json_t *j, uint32_t chain_id)
{
	delegate_request_v1 r = { 0 };
	unsigned status;

	TRY(request_v1_members(&r, &status, j));
	*out = r.what;
	out->chain_id = chain_id;
	return OK;
}

static err read_description(group_key *out, const json_t *j, uint32_t chain_id)
{
	char *text = json_dumps(j, 0);
	eth_address by;
	party index;

	if (!text) return wrong("there is no description");
	const err e = description_read(out, &index, &by, chain_id, slice_str(text));
	free(text);
	return e;
}

static err read_sealed(parts_file *p, const json_t *list)
{
	if (!json_is_array(list) || json_array_size(list) > MAX_PARTIES) return wrong("there is no list of parts");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *t = json_array_get(list, i);
		if (!json_is_string(t) || !hex_read_all(&p->sealed[i], slice_str(json_string_value(t)))) return wrong("one is not hexadecimal");
		p->n = i + 1;
	}
	return OK;
}

static err read_all(parts_file *p, const json_t *j)
{
	const json_t *chain = json_object_get(j, "chainId");

	if (!json_is_integer(chain) || json_integer_value(chain) < 0 || json_integer_value(chain) > UINT32_MAX) return wrong("there is no chainId");
	const uint32_t id = (uint32_t)json_integer_value(chain);
	TRY(read_request(&p->what, json_object_get(j, "request"), id));
	TRY(read_description(&p->key, json_object_get(j, "description"), id));
	if (memcmp(p->what.key_id.b, p->key.key_id.b, 32) != 0 || p->what.epoch != p->key.epoch)
		return wrong("the request and the description are of different keys or epochs");
	return read_sealed(p, json_object_get(j, "parts"));
}

void parts_free(parts_file *p)
{
	for (size_t i = 0; i < COUNT(p->sealed); i++) buf_free(&p->sealed[i]);
	*p = (parts_file){ 0 };
}

err parts_read(parts_file *out, slice json)
{
	json_error_t why;

	if (json.n > MAX_PARTS_FILE) return wrong("there are too many bytes");
	json_t *j = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &why);
	if (!j) return err_fail(ERR_REQUEST, "these are no parts of an answer: line %d: %.100s", why.line, why.text);
	memset(out, 0, sizeof *out);
	const err e = read_all(out, j);
	json_decref(j);
	if (e != OK) parts_free(out);
	return e;
}

/* ---- opening --------------------------------------------------------------------------------------------------------- */

/* Is it right, and of nobody who is among the n already? */
static bool open_one(group_partial *good, size_t n, const parts_file *p, const rsa_sk *sk, slice sealed, const secp_pk *K, const hash32 *request)
{
	uint8_t bytes[GROUP_PARTIAL_BYTES];
	group_partial *part = &good[n];

	err e = rsa_open(bytes, sizeof bytes, sk, sealed);
	if (e == OK) e = group_partial_read(part, slice_of(bytes, sizeof bytes));
	wipe(bytes, sizeof bytes);
	err_clear();
	for (size_t i = 0; i < n && e == OK; i++)
		if (good[i].index == part->index) return false;
	return e == OK && group_partial_ok_var(part, &p->key, K, request);
}

err parts_open(shared_x *out, const parts_file *p, const rsa_sk *sk, const secp_pk *K)
{
	const hash32 request = typed_v1_authorization(&p->what);
	group_partial good[MAX_PARTIES + 1];
	size_t n = 0;
	secp_pk S;

	if (memcmp(K->b, p->what.ephemeral, sizeof K->b) != 0) return err_fail(ERR_REQUEST, "these are parts of the answer for another record");
	for (size_t i = 0; i < p->n && n <= p->key.T; i++)
		if (open_one(good, n, p, sk, buf_slice(&p->sealed[i]), K, &request)) n++;
	err e = n > p->key.T ? group_combine(&S, &p->key, good, n)
	                     : err_fail(ERR_REQUEST, "%zu of %zu parts are right and sealed to this RSA key, and %u are needed", n, p->n, p->key.T + 1);
	if (e == OK) *out = shared_x_of(&S);
	wipe(good, sizeof good);
	wipe(&S, sizeof S);
	return e;
}
