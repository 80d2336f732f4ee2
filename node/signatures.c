/* SPDX-License-Identifier: MIT */
/* node/signatures.c -- each scheme signs into its place. */
#include "node/signatures.h"

void signatures_make(signatures *out, const signer *by, const request *r, const hash32 *digest, const char *dsep, slice payload)
{
	uint8_t *at = out->bytes;

	out->external = sign_external(by, digest);
	for (out->n = 0; out->n < r->schemes; out->n++) {
		const uint32_t scheme = r->scheme[out->n];
		const size_t n = scheme_sig_bytes(scheme);
		ASSERT(n <= (size_t)(out->bytes + sizeof out->bytes - at));
		if (scheme == SCHEME_ECDSA256K1) memcpy(at, out->external.b, n);
		else typed_sign(at, by, scheme, dsep, payload);
		out->scheme[out->n] = scheme;
		at += n;
	}
}

size_t signatures_typed(stored_signature out[static MAX_SCHEMES], const signatures *s)
{
	const uint8_t *at = s->bytes;

	for (size_t i = 0; i < s->n; i++) {
		out[i] = (stored_signature){ s->scheme[i], slice_of(at, scheme_sig_bytes(s->scheme[i])) };
		at += out[i].bytes.n;
	}
	return s->n;
}
