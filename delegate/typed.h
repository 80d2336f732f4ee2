/* SPDX-License-Identifier: MIT */
/*
 * delegate/typed.h -- the typed data (EIP-712) that the gateway and the KMS sign.
 *
 *   ProtocolPublicKey   PublicKeyProof(string publicKey)                                         KMS
 *   ProtocolDelegate    DelegateAuthorization(string ephemeralPubKey,string targetPubKey)        gateway
 *   ProtocolDelegate    DelegateResponseProof(string encryptedSharedSecret)                      KMS
 *
 * Domains have version 1, the chain, and no contract.  Every member is a string: bytes as hexadecimal text.  Three profiles are
 * in use:
 *
 *   A   text without 0x                       B   text with 0x, as it stands in the JSON
 *   C   as B, and the domain of the response has the salt that the asker chose; a salt of zeros is one, too
 *
 * Everything here is public.
 */
#ifndef ARCA_DELEGATE_TYPED_H
#define ARCA_DELEGATE_TYPED_H

#include "evm/eip712.h"

typedef enum typed_text { TYPED_AS_SENT, TYPED_BARE } typed_text;          /* B and C; A */

/* The separator of what is signed of a chain's delegations: who signs or checks many keeps it.  salt NULL: none. */
hash32 typed_domain(uint32_t chain_id, const uint8_t salt[DOMAIN_SALT]);
hash32 typed_authorization_in(const hash32 *domain, typed_text t, slice ephemeral, slice target);
hash32 typed_response_in(const hash32 *domain, typed_text t, slice encrypted);

/* Texts begin with 0x, here and above. */
hash32 typed_public_key(uint32_t chain_id, typed_text t, slice public_key);
hash32 typed_authorization(uint32_t chain_id, typed_text t, slice ephemeral, slice target);
hash32 typed_response(uint32_t chain_id, typed_text t, const uint8_t salt[DOMAIN_SALT], slice encrypted);

#endif
