/* SPDX-License-Identifier: MIT */
/* tests/delegate/known.h -- the known answers of one deployment, and a KMS with its keys. */
#ifndef ARCA_TESTS_DELEGATE_KNOWN_H
#define ARCA_TESTS_DELEGATE_KNOWN_H

#include "delegate/delegate.h"
#include "sym/sha2.h"
#include "tests/kat/json.h"

enum { KNOWN_CHAIN = 31337 };

static inline json_t *known_vector(void) { return json_vector("delegation/nox-kat.json"); }

static inline secp_sk known_sk(const json_t *v, const char *name)
{
	uint8_t b[SECP_SK];
	secp_sk sk;

	json_bytes_of(b, sizeof b, v, name);
	assert_ok(secp_sk_read(&sk, b));
	return sk;
}

static inline signer *known_signer(const json_t *v, const char *name)
{
	const secp_sk sk = known_sk(v, name);
	signer *s;

	assert_ok(signer_new(&s, &sk, test_rng()));
	return s;
}

static inline eth_address known_address(const json_t *v, const char *name)
{
	eth_address a;

	json_bytes_of(a.b, sizeof a.b, v, name);
	return a;
}

static inline hash32 known_hash(const json_t *v, const char *name)
{
	hash32 h;

	json_bytes_of(h.b, sizeof h.b, v, name);
	return h;
}

#endif
