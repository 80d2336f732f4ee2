/* SPDX-License-Identifier: MIT */
/* delegate/request.c -- jansson reads the JSON; what may stand in it is decided here. */
#include "delegate/request_internal.h"
#include "base/hex.h"
#include <strings.h>

/* ---- small texts --------------------------------------------------------------------------------------------- */

bool hex_strict(uint8_t *out, size_t n, slice text)
{
	return text.n == 2 + 2 * n && text.p[0] == '0' && text.p[1] == 'x' && hex_read(out, n, text);
}

bool chain_id_read(uint32_t *out, slice text)
{
	uint64_t x = 0;

	if (text.n == 0 || text.n > 10 || (text.n > 1 && text.p[0] == '0')) return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9') return false;
		x = 10 * x + (uint64_t)(text.p[i] - '0');
	}
	if (x > UINT32_MAX) return false;
	*out = (uint32_t)x;
	return true;
}

err request_refuse(unsigned *status, unsigned what, const char *sentence)
{
	*status = what;
	return err_fail(ERR_REQUEST, "%s", sentence);
}

/* ---- query and headers --------------------------------------------------------------------------------------- */

err request_chain(bool *given, uint32_t *chain_id, unsigned *status, const delegate_call *c)
{
	*given = c->chain_id != NULL;
	if (*given && !chain_id_read(chain_id, slice_str(c->chain_id)))
		return request_refuse(status, 400, "chain_id is not a decimal number below 2^32");
	return OK;
}

static err read_query(delegate_request *r, unsigned *status, const delegate_call *c)
{
	r->salted = c->salt != NULL;
	TRY(request_chain(&r->has_chain, &r->chain_id, status, c));
	if (r->salted && !hex_strict(r->salt, sizeof r->salt, slice_str(c->salt)))
		return request_refuse(status, 400, "salt is not 0x and 64 hexadecimal digits");
	return OK;
}

/* "Bearer 0x<130>", the scheme in letters of either case, the 0x optional. */
err delegate_request_signature(secp_rsig *out, unsigned *status, const delegate_call *c)
{
	static const char SCHEME[] = "bearer";
	const char *s = c->authorization;

	if (!s[0]) return request_refuse(status, 401, "the Authorization header is missing; it is Bearer and the gateway's signature");
	if (strncasecmp(s, SCHEME, strlen(SCHEME)) != 0 || s[strlen(SCHEME)] != ' ')
		return request_refuse(status, 401, "the Authorization header does not begin with Bearer");
	s += strlen(SCHEME);
	s += strspn(s, " ");
	if (strncmp(s, "0X", 2) == 0 || !hex_read(out->b, sizeof out->b, slice_str(s)))
		return request_refuse(status, 401, "the signature in the Authorization header is not 65 bytes in hexadecimal");
	uint8_t *v = &out->b[SECP_SIG];
	if (*v < 2) *v = (uint8_t)(*v + 27);
	if (*v != 27 && *v != 28)
		return request_refuse(status, 401, "the signature in the Authorization header ends with a byte that is not 0, 1, 27 or 28");
	return OK;
}

/* "application/json", perhaps with parameters. */
static bool is_json(const char *content_type)
{
	static const char JSON[] = "application/json";
	const char *rest = content_type + strlen(JSON);

	if (strncasecmp(content_type, JSON, strlen(JSON)) != 0) return false;
	rest += strspn(rest, " \t");
	return *rest == '\0' || *rest == ';';
}

/* ---- body ---------------------------------------------------------------------------------------------------- */

err request_text(slice *out, unsigned *status, const json_t *object, const char *name)
{
	char sentence[80];
	const json_t *m = json_object_get(object, name);

	if (!m || !json_is_string(m)) {
		snprintf(sentence, sizeof sentence, m ? "%s is not a string" : "%s is missing", name);
		return request_refuse(status, 422, sentence);
	}
	*out = slice_of(json_string_value(m), json_string_length(m));
	return OK;
}

err request_object(json_t **out, unsigned *status, const delegate_call *c)
{
	json_error_t why;

	if (!is_json(c->content_type)) return request_refuse(status, 415, "the Content-Type is not application/json");
	if (c->body.n > MAX_DELEGATE_BODY) return request_refuse(status, 413, "the body is too long");
	if (c->body.n == 0) return request_refuse(status, 400, "the body is empty; it is a JSON object");
	/* Without further flags a string with a zero and whatever follows the object are errors. */
	json_t *j = json_loadb((const char *)c->body.p, c->body.n, JSON_REJECT_DUPLICATES, &why);
	if (!j) {
		*status = 400;
		return err_fail(ERR_REQUEST, "the body is not JSON: line %d, column %d: %.100s", why.line, why.column, why.text);
	}
	if (!json_is_object(j)) {
		json_decref(j);
		return request_refuse(status, 422, "the body is not a JSON object");
	}
	*out = j;
	return OK;
}

static err read_all(delegate_request *r, unsigned *status, const delegate_call *c)
{
	TRY(request_object(&r->json, status, c));
	TRY(request_text(&r->ephemeral, status, r->json, "ephemeralPubKey"));
	TRY(request_text(&r->target, status, r->json, "targetPubKey"));
	return read_query(r, status, c);
}

err delegate_request_read(delegate_request *out, unsigned *status, const delegate_call *c)
{
	delegate_request r = { 0 };

	err e = read_all(&r, status, c);
	if (e != OK) {
		delegate_request_free(&r);
		return e;
	}
	*out = r;
	return OK;
}

void delegate_request_free(delegate_request *r)
{
	json_decref(r->json);
	*r = (delegate_request){ 0 };
}
