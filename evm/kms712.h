/* SPDX-License-Identifier: MIT */
/*
 * evm/kms712.h -- the typed data that a KMS signs for contracts and wallets: one function a struct, giving the digest
 * for sign_external.
 *
 *   handles        opaque, at most 32 bytes each, padded on the left to a word (kms712_handle)
 *   public_key     the user's encryption key exactly as it came in the request
 *   extra          the request's extra_data, verbatim
 *   profile        contracts up to v0.11 know the structs of key generation and CRS without extraData
 */
#ifndef ARCA_EVM_KMS712_H
#define ARCA_EVM_KMS712_H

#include "base/id.h"
#include "evm/eip712.h"

typedef enum kms712_profile { KMS712_V015, KMS712_V011 } kms712_profile;

err    kms712_handle(abi_word *out, slice handle);

/*
 * Appends one plaintext to the decryptedResult of a public decryption: a word, big-endian, without offset or length.
 * le_bytes is the value, least significant byte first.  ERR_REQUEST if the type has no word (FHE types up to 256
 * bits and the address have one) or the value does not fit the type.
 */
err    kms712_put_plaintext(buf *result, int32_t fhe_type, slice le_bytes);

hash32 kms712_public_decrypt(const eip712_domain *d, const abi_word *handles, size_t n, slice result, slice extra);
hash32 kms712_user_response(const eip712_domain *d, slice public_key, const abi_word *handles, size_t n, slice share,
                            slice extra);

/* What a user signs to read values, of contracts of v0.15 (RFC-016): the domain is the gateway's, with the id of the chain of the
 * handles.  allowed: the contracts whose values may be read; none: all. */
hash32 kms712_user_request(const eip712_domain *d, const eth_address *user, slice public_key, const eth_address *allowed, size_t n,
                           uint64_t start_s, uint64_t duration_s, slice extra);

/* The same, of contracts before v0.15, which check it themselves.  delegator: for whom a delegate reads; NULL: nobody. */
hash32 kms712_user_request_v011(const eip712_domain *d, slice public_key, const eth_address *contracts, size_t n, const eth_address *delegator,
                                const abi_word *start_s, const abi_word *days, slice extra);

/* What ties an answer to its request: the key, the handles and the reader's address. */
hash32 kms712_link(const eip712_domain *d, slice public_key, const abi_word *handles, size_t n, const eth_address *user);

hash32 kms712_prep_keygen(const eip712_domain *d, kms712_profile profile, const id32 *prep, slice extra);

typedef enum kms712_key_type {
	KMS712_SERVER_KEY = 0, KMS712_PUBLIC_KEY = 1, KMS712_COMPRESSED_KEY_SET = 3
} kms712_key_type;
typedef struct kms712_key_digest { kms712_key_type type; slice digest; } kms712_key_digest;
enum { MAX_KEY_DIGESTS = 8 };

/* The order of the digests is part of what is signed: server before public, public before compressed key set.
 * Requires: n <= MAX_KEY_DIGESTS. */
hash32 kms712_keygen(const eip712_domain *d, kms712_profile profile, const id32 *prep, const id32 *key,
                     const kms712_key_digest *digests, size_t n, slice extra);
hash32 kms712_crsgen(const eip712_domain *d, kms712_profile profile, const id32 *crs, uint32_t max_bits, slice digest,
                     slice extra);
hash32 kms712_decompression_key(const eip712_domain *d, slice digest, slice extra);

#endif
