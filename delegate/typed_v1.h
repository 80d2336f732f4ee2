/* SPDX-License-Identifier: MIT */
/*
 * delegate/typed_v1.h -- the typed data (EIP-712) of the second form of a delegation, which ends and serves once.
 *
 *   DelegateAuthorizationV1(bytes32 handle,bytes ephemeralPubKey,bytes32 targetKeyHash,bytes32 keyId,uint64 epoch,
 *                           bytes32 nonce,uint64 notBefore,uint64 expiresAt)                                     gateway
 *   DelegateResponseV1(bytes32 requestHash,bytes32 ciphertextHash)                                               KMS
 *
 * The domain is ArcaDelegate, version 1, the chain, and a contract if the gateway names one.  targetKeyHash is the Keccak-256 of
 * the reader's SubjectPublicKeyInfo in DER, requestHash the digest of the authorization, ciphertextHash the Keccak-256 of what is
 * sealed.  Times are seconds since 1970.  Everything here is public.
 */
#ifndef ARCA_DELEGATE_TYPED_V1_H
#define ARCA_DELEGATE_TYPED_V1_H

#include "curve/secp.h"
#include "evm/eip712.h"

enum { DELEGATE_WINDOW_S = 300 };      /* the longest time between notBefore and expiresAt */

typedef struct delegate_v1 {
	uint32_t    chain_id;
	bool        has_contract;
	eth_address contract;
	hash32      handle, target_hash, key_id, nonce;
	uint64_t    epoch, not_before, expires_at;
	uint8_t     ephemeral[SECP_PK];    /* as it was sent: perhaps no point */
} delegate_v1;

/* Of chain_id and contract. */
eip712_domain typed_v1_domain(const delegate_v1 *d);
hash32 typed_v1_authorization(const delegate_v1 *d);
/* Of the same domain. */
hash32 typed_v1_response(const delegate_v1 *d, const hash32 *request, const hash32 *ciphertext);

#endif
