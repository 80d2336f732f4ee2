/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"

/* Digest, and the signature that the wallet makes of it: RFC 6979 leaves it no choice. */
static void check(const json_t *v, const signer *wallet, hash32 digest)
{
	uint8_t expected[SECP_RSIG];

	assert_true(hash32_eq_var(digest, known_hash(v, "digest")));
	json_bytes_of(expected, sizeof expected, v, "signature");
	const secp_rsig sig = sign_external(wallet, &digest);
	assert_memory_equal(sig.b, expected, sizeof expected);
}

static void the_proof_of_the_public_key_is_the_known_one(void **state)
{
	json_t *all = known_vector(), *v = json_member(all, "publicKeyProof");
	AUTO(signer) *wallet = known_signer(all, "kmsWalletPriv");
	const slice pk = json_text_of(all, "kmsPublicKey");

	(void)state;
	assert_true(eth_address_eq_var(*signer_address(wallet), known_address(all, "kmsSigner")));
	check(json_member(v, "profile_2026_01_noprefix"), wallet, typed_public_key(KNOWN_CHAIN, TYPED_BARE, pk));
	check(json_member(v, "profile_prefixed"), wallet, typed_public_key(KNOWN_CHAIN, TYPED_AS_SENT, pk));
	json_decref(all);
}

static void the_gateways_authorisation_is_the_known_one_in_both_forms(void **state)
{
	json_t *all = known_vector(), *v = json_member(all, "delegateAuthorization"), *m = json_member(v, "message");
	AUTO(signer) *gateway = known_signer(all, "gatewayWalletPriv");
	const slice K = json_text_of(m, "ephemeralPubKey"), target = json_text_of(m, "targetPubKey");

	(void)state;
	check(json_member(v, "noprefix"), gateway, typed_authorization(KNOWN_CHAIN, TYPED_BARE, K, target));
	check(json_member(v, "prefixed"), gateway, typed_authorization(KNOWN_CHAIN, TYPED_AS_SENT, K, target));
	json_decref(all);
}

static void the_proof_of_a_response_is_the_known_one_and_a_salt_of_zeros_counts(void **state)
{
	json_t *all = known_vector(), *v = json_member(all, "delegateResponseProof");
	AUTO(signer) *wallet = known_signer(all, "kmsWalletPriv");
	const slice text = json_text_of(v, "encryptedSharedSecret");
	const uint8_t zeros[DOMAIN_SALT] = { 0 };
	uint8_t salt[DOMAIN_SALT];

	(void)state;
	json_bytes_of(salt, sizeof salt, v, "salt");
	check(json_member(v, "nosalt_noprefix"), wallet, typed_response(KNOWN_CHAIN, TYPED_BARE, NULL, text));
	check(json_member(v, "nosalt_prefixed"), wallet, typed_response(KNOWN_CHAIN, TYPED_AS_SENT, NULL, text));
	check(json_member(v, "salted_prefixed"), wallet, typed_response(KNOWN_CHAIN, TYPED_AS_SENT, salt, text));
	check(json_member(v, "zerosalt_prefixed"), wallet, typed_response(KNOWN_CHAIN, TYPED_AS_SENT, zeros, text));
	json_decref(all);
}

TESTS(TEST(the_proof_of_the_public_key_is_the_known_one), TEST(the_gateways_authorisation_is_the_known_one_in_both_forms),
      TEST(the_proof_of_a_response_is_the_known_one_and_a_salt_of_zeros_counts))
