/* SPDX-License-Identifier: MIT */
/* evm/attestation.c -- what a coprocessor says of a ciphertext. */
#include "evm/attestation.h"
#include <jansson.h>
#include "evm/eth_read.h"

enum { VERSION = 1, SIGNED_FOR = 1 };                /* for what it is signed: attestations of ciphertexts */

static const struct { const char *name; attested_format format; } FORMATS[] = {
	{ "uncompressed_on_cpu", ATTESTED_EXPANDED_CPU }, { "compressed_on_cpu", ATTESTED_COMPRESSED_CPU },
	{ "uncompressed_on_gpu", ATTESTED_EXPANDED_GPU }, { "compressed_on_gpu", ATTESTED_COMPRESSED_GPU },
};

static void put(uint8_t **at, const void *p, size_t n)
{
	memcpy(*at, p, n);
	*at += n;
}

hash32 attestation_digest(const attested_claim *c, const abi_word *handle)
{
	static const uint8_t BEGIN[] = { 'F', 'H', 'E', 'V', 'M', 'C', 'T', 'A', VERSION };
	const abi_word purpose = abi_u64(SIGNED_FOR);
	uint8_t all[ATTESTATION_BYTES], *at = all;

	put(&at, BEGIN, sizeof BEGIN);
	put(&at, handle->b, sizeof handle->b);
	put(&at, c->key_id.b, sizeof c->key_id.b);
	put(&at, purpose.b, sizeof purpose.b);
	put(&at, c->ciphertext.b, sizeof c->ciphertext.b);
	put(&at, c->squashed.b, sizeof c->squashed.b);
	put(&at, &c->format, sizeof c->format);
	ASSERT(at == all + sizeof all);
	return keccak256(slice_of(all, sizeof all));
}

static bool read_format(uint8_t *out, const json_t *j)
{
	const char *name = json_string_value(j);

	for (size_t i = 0; name && i < COUNT(FORMATS); i++)
		if (!strcmp(name, FORMATS[i].name)) return *out = (uint8_t)FORMATS[i].format, true;
	return false;
}

/* NULL: all members are there. */
static const char *read_members(attestation *a, secp_rsig *signature, const json_t *j)
{
	const json_t *version = json_object_get(j, "version");
	abi_word key;

	if (!json_is_integer(version) || json_integer_value(version) != VERSION) return "version";
	if (!eth_read_word(&key, json_object_get(j, "key_id"))) return "key_id";
	if (!eth_read_fixed(a->claim.ciphertext.b, sizeof a->claim.ciphertext.b, json_object_get(j, "ciphertext_digest"))) return "ciphertext_digest";
	if (!eth_read_fixed(a->claim.squashed.b, sizeof a->claim.squashed.b, json_object_get(j, "sns_ciphertext_digest"))) return "sns_ciphertext_digest";
	if (!read_format(&a->claim.format, json_object_get(j, "format"))) return "format";
	if (!eth_read_fixed(a->signer.b, sizeof a->signer.b, json_object_get(j, "signer"))) return "signer";
	if (!eth_read_fixed(signature->b, sizeof signature->b, json_object_get(j, "signature"))) return "signature";
	memcpy(a->claim.key_id.b, key.b, sizeof key.b);
	return NULL;
}

err attestation_read(attestation *out, const abi_word *handle, slice text)
{
	attestation a = { 0 };
	secp_rsig signature;
	eth_address by;

	if (text.n > MAX_ATTESTATION) return err_fail(ERR_REQUEST, "an attestation has %zu bytes, more than %d", text.n, MAX_ATTESTATION);
	json_t *j = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	const char *lacks = json_is_object(j) ? read_members(&a, &signature, j) : "form of a JSON object";
	json_decref(j);
	if (lacks) return err_fail(ERR_REQUEST, "an attestation lacks its %s, or has one that is unknown here", lacks);
	const hash32 digest = attestation_digest(&a.claim, handle);
	if (!sign_external_by_var(&by, &signature, &digest) || !eth_address_eq_var(by, a.signer))
		return err_fail(ERR_REQUEST, "an attestation is not signed, for this handle, by the one whom it names");
	*out = a;
	return OK;
}
