/* SPDX-License-Identifier: MIT */
/* delegate/typed_v1.c */
#include "delegate/typed_v1.h"

eip712_domain typed_v1_domain(const delegate_v1 *d)
{
	return (eip712_domain){
		.name = slice_str("ArcaDelegate"), .version = slice_str("1"), .chain_id = abi_u64(d->chain_id),
		.without_contract = !d->has_contract, .contract = d->contract,
	};
}

static void put_u64(eip712_struct *s, uint64_t x)
{
	const abi_word w = abi_u64(x);
	eip712_put_word(s, &w);
}

hash32 typed_v1_authorization(const delegate_v1 *d)
{
	const eip712_domain at = typed_v1_domain(d);
	eip712_struct s = eip712_begin("DelegateAuthorizationV1(bytes32 handle,bytes ephemeralPubKey,bytes32 targetKeyHash,bytes32 keyId,"
	                               "uint64 epoch,bytes32 nonce,uint64 notBefore,uint64 expiresAt)");

	eip712_put_id(&s, d->handle.b);
	eip712_put_bytes(&s, slice_of(d->ephemeral, sizeof d->ephemeral));
	eip712_put_id(&s, d->target_hash.b);
	eip712_put_id(&s, d->key_id.b);
	put_u64(&s, d->epoch);
	eip712_put_id(&s, d->nonce.b);
	put_u64(&s, d->not_before);
	put_u64(&s, d->expires_at);
	return eip712_digest(&at, &s);
}

hash32 typed_v1_response(const delegate_v1 *d, const hash32 *request, const hash32 *ciphertext)
{
	const eip712_domain at = typed_v1_domain(d);
	eip712_struct s = eip712_begin("DelegateResponseV1(bytes32 requestHash,bytes32 ciphertextHash)");

	eip712_put_id(&s, request->b);
	eip712_put_id(&s, ciphertext->b);
	return eip712_digest(&at, &s);
}
