/* SPDX-License-Identifier: MIT */
/* delegate/typed.c -- the strings below are what deployed gateways and applications hash. */
#include "delegate/typed.h"

static eip712_domain domain_of(const char *name, uint32_t chain_id, const uint8_t *salt)
{
	eip712_domain d = {
		.name = slice_str(name), .version = slice_str("1"), .chain_id = abi_u64(chain_id), .without_contract = true,
		.salted = salt != NULL,
	};
	if (salt) memcpy(d.salt, salt, sizeof d.salt);
	return d;
}

static void put_text(eip712_struct *s, typed_text t, slice text)
{
	ASSERT(text.n >= 2);
	eip712_put_bytes(s, t == TYPED_BARE ? slice_of(text.p + 2, text.n - 2) : text);
}

hash32 typed_public_key(uint32_t chain_id, typed_text t, slice public_key)
{
	const eip712_domain d = domain_of("ProtocolPublicKey", chain_id, NULL);
	eip712_struct s = eip712_begin("PublicKeyProof(string publicKey)");

	put_text(&s, t, public_key);
	return eip712_digest(&d, &s);
}

hash32 typed_domain(uint32_t chain_id, const uint8_t salt[DOMAIN_SALT])
{
	const eip712_domain d = domain_of("ProtocolDelegate", chain_id, salt);

	return eip712_separator(&d);
}

hash32 typed_authorization_in(const hash32 *domain, typed_text t, slice ephemeral, slice target)
{
	eip712_struct s = eip712_begin("DelegateAuthorization(string ephemeralPubKey,string targetPubKey)");

	put_text(&s, t, ephemeral);
	put_text(&s, t, target);
	return eip712_digest_in(domain, &s);
}

hash32 typed_response_in(const hash32 *domain, typed_text t, slice encrypted)
{
	eip712_struct s = eip712_begin("DelegateResponseProof(string encryptedSharedSecret)");

	put_text(&s, t, encrypted);
	return eip712_digest_in(domain, &s);
}

hash32 typed_authorization(uint32_t chain_id, typed_text t, slice ephemeral, slice target)
{
	const hash32 domain = typed_domain(chain_id, NULL);

	return typed_authorization_in(&domain, t, ephemeral, target);
}

hash32 typed_response(uint32_t chain_id, typed_text t, const uint8_t salt[DOMAIN_SALT], slice encrypted)
{
	const hash32 domain = typed_domain(chain_id, salt);

	return typed_response_in(&domain, t, encrypted);
}
