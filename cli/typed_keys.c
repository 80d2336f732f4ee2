/* SPDX-License-Identifier: MIT */
/* cli/typed_keys.c -- by name, by identity, from a folder or over HTTP. */
#include "cli/typed_keys.h"
#include <strings.h>
#include "base/file.h"
#include "rpc/fetch.h"
#include "vault/objects.h"
#include "vault/signing_key.h"

enum { MAX_KEY_FILE = 4096, FETCH_MS = 10000 };

bool typed_scheme_by_name(uint32_t *scheme, slice name)
{
	for (uint32_t s = SCHEME_ECDSA256K1 + 1; s < MAX_SCHEMES; s++) {
		const char *is = scheme_name(s);
		if (strlen(is) != name.n || strncasecmp(is, (const char *)name.p, name.n)) continue;
		*scheme = s;
		return true;
	}
	return false;
}

err typed_schemes_of_args(uint32_t scheme[static MAX_SCHEMES], size_t *n, cli *c)
{
	const char *text = args_text(&c->args, "scheme");

	*n = 0;
	for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		const size_t length = strcspn(at, ",");
		uint32_t s;
		if (!typed_scheme_by_name(&s, slice_of(at, length)))
			return cli_usage(c, "--scheme %.80s: there are Ed25519, MlDsa44, MlDsa65 and MlDsa87", text);
		for (size_t i = 0; i < *n; i++)
			if (scheme[i] == s) return cli_usage(c, "--scheme %.80s: %s stands twice", text, scheme_name(s));
		scheme[(*n)++] = s;
	}
	return OK;
}

/* The key in a published file, of the wanted scheme. */
static err key_in(slice *key, slice file, uint32_t scheme)
{
	uint32_t is;

	TRY(unified_public_key_read(&is, key, file));
	return is == scheme ? OK : err_fail(ERR_REQUEST, "it is a key of %s, not of %s", scheme_name(is), scheme_name(scheme));
}

err typed_key_of(buf *out, const cluster_party *p, uint32_t scheme)
{
	AUTO(buf) url = { 0 }, file = { 0 };
	char id[ID_TEXT];
	slice key;
	id32 at;

	if (!cluster_knows_typed(p, scheme))
		return err_fail(ERR_REQUEST, "the cluster file does not say by which %s key party %u is known; typed_signers lists them",
		                scheme_name(scheme), p->party_id);
	signing_key_id_of(&at, scheme);
	id_text(id, &at);
	buf_printf(&url, "%s/PUB/TypedVerfKey/%s", p->http, id);
	TRY(fetch_url(&file, buf_str(&url), MAX_KEY_FILE, FETCH_MS));
	err e = key_in(&key, buf_slice(&file), scheme);
	if (e == OK) {
		const hash32 is = typed_identity(scheme, key);
		if (memcmp(is.b, p->typed[scheme].b, sizeof is.b))
			e = err_fail(ERR_REQUEST, "it is not the %s key that party %u is known by", scheme_name(scheme), p->party_id);
	}
	if (e != OK) {
		err_context("%s: ", buf_str(&url));
		return e;
	}
	buf_put_slice(out, key);
	return OK;
}

err typed_identities_read(hash32 out[static MAX_SCHEMES], const char *public_folder)
{
	for (uint32_t s = SCHEME_ECDSA256K1 + 1; s < MAX_SCHEMES; s++) {
		AUTO(buf) path = { 0 }, file = { 0 };
		char id[ID_TEXT];
		slice key;
		id32 at;

		signing_key_id_of(&at, s);
		id_text(id, &at);
		buf_printf(&path, "%s/TypedVerfKey/%s", public_folder, id);
		TRY(file_read(&file, buf_str(&path), MAX_KEY_FILE));
		TRY(key_in(&key, buf_slice(&file), s));
		out[s] = typed_identity(s, key);
	}
	return OK;
}
