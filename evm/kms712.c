/* SPDX-License-Identifier: MIT */
/* evm/kms712.c -- the type strings are constants of deployed contracts: a changed letter changes every digest. */
#include "evm/kms712.h"

err kms712_handle(abi_word *out, slice handle)
{
	return abi_read(out, "a ciphertext's handle", handle);
}

/* Bits of the FHE types that fit a word, by their number; 0: none such. */
static const uint16_t BITS[] = { [0] = 1, [2] = 8, [3] = 16, [4] = 32, [5] = 64, [6] = 128, [7] = 160, [8] = 256 };

err kms712_put_plaintext(buf *result, int32_t fhe_type, slice le_bytes)
{
	const unsigned bits = fhe_type >= 0 && (size_t)fhe_type < COUNT(BITS) ? BITS[fhe_type] : 0;
	const size_t whole = bits / 8;
	bool fits = true;

	if (bits == 0)
		return err_fail(ERR_REQUEST, "values of FHE type %d have no place in a decryption result", (int)fhe_type);
	for (size_t i = whole; i < le_bytes.n; i++)
		if (le_bytes.p[i] >> (i == whole ? bits % 8 : 0)) fits = false;
	if (!fits) return err_fail(ERR_REQUEST, "a value of FHE type %d has more than %u bits", (int)fhe_type, bits);
	const abi_word w = abi_little_endian(slice_of(le_bytes.p, size_min(le_bytes.n, sizeof w.b)));
	buf_put_slice(result, abi_slice(&w));
	return OK;
}

hash32 kms712_public_decrypt(const eip712_domain *d, const abi_word *handles, size_t n, slice result, slice extra)
{
	eip712_struct s = eip712_begin(
		"PublicDecryptVerification(bytes32[] ctHandles,bytes decryptedResult,bytes extraData)");
	eip712_put_words(&s, handles, n);
	eip712_put_bytes(&s, result);
	eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

hash32 kms712_user_response(const eip712_domain *d, slice public_key, const abi_word *handles, size_t n, slice share,
                            slice extra)
{
	eip712_struct s = eip712_begin(
		"UserDecryptResponseVerification(bytes publicKey,bytes32[] ctHandles,bytes userDecryptedShare,bytes extraData)");
	eip712_put_bytes(&s, public_key);
	eip712_put_words(&s, handles, n);
	eip712_put_bytes(&s, share);
	eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

hash32 kms712_user_request(const eip712_domain *d, const eth_address *user, slice public_key, const eth_address *allowed, size_t n,
                           uint64_t start_s, uint64_t duration_s, slice extra)
{
	eip712_struct s = eip712_begin("UserDecryptRequestVerification(address userAddress,bytes publicKey,address[] allowedContracts,"
	                               "uint256 startTimestamp,uint256 durationSeconds,bytes extraData)");
	const abi_word start = abi_u64(start_s), duration = abi_u64(duration_s);

	eip712_put_address(&s, user);
	eip712_put_bytes(&s, public_key);
	eip712_put_addresses(&s, allowed, n);
	eip712_put_word(&s, &start);
	eip712_put_word(&s, &duration);
	eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

hash32 kms712_user_request_v011(const eip712_domain *d, slice public_key, const eth_address *contracts, size_t n, const eth_address *delegator,
                                const abi_word *start_s, const abi_word *days, slice extra)
{
	eip712_struct s = eip712_begin(delegator
		? "DelegatedUserDecryptRequestVerification(bytes publicKey,address[] contractAddresses,address delegatorAddress,uint256 startTimestamp,"
		  "uint256 durationDays,bytes extraData)"
		: "UserDecryptRequestVerification(bytes publicKey,address[] contractAddresses,uint256 startTimestamp,uint256 durationDays,bytes extraData)");

	eip712_put_bytes(&s, public_key);
	eip712_put_addresses(&s, contracts, n);
	if (delegator) eip712_put_address(&s, delegator);
	eip712_put_word(&s, start_s);
	eip712_put_word(&s, days);
	eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

hash32 kms712_link(const eip712_domain *d, slice public_key, const abi_word *handles, size_t n, const eth_address *user)
{
	eip712_struct s = eip712_begin("UserDecryptionLinker(bytes publicKey,bytes32[] handles,address userAddress)");
	eip712_put_bytes(&s, public_key);
	eip712_put_words(&s, handles, n);
	eip712_put_address(&s, user);
	return eip712_digest(d, &s);
}

hash32 kms712_prep_keygen(const eip712_domain *d, kms712_profile profile, const id32 *prep, slice extra)
{
	eip712_struct s = eip712_begin(profile == KMS712_V011
		? "PrepKeygenVerification(uint256 prepKeygenId)"
		: "PrepKeygenVerification(uint256 prepKeygenId,bytes extraData)");
	eip712_put_id(&s, prep->b);
	if (profile != KMS712_V011) eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

#define KEY_DIGEST "KeyDigest(uint8 keyType,bytes digest)"

static abi_word key_digest_hash(const kms712_key_digest *k)
{
	const abi_word type = abi_u64(k->type);
	eip712_struct s = eip712_begin(KEY_DIGEST);
	eip712_put_word(&s, &type);
	eip712_put_bytes(&s, k->digest);
	const hash32 h = eip712_end(&s);
	return abi_hash(&h);
}

hash32 kms712_keygen(const eip712_domain *d, kms712_profile profile, const id32 *prep, const id32 *key,
                     const kms712_key_digest *digests, size_t n, slice extra)
{
	abi_word hashes[MAX_KEY_DIGESTS];
	eip712_struct s = eip712_begin(profile == KMS712_V011
		? "KeygenVerification(uint256 prepKeygenId,uint256 keyId,KeyDigest[] keyDigests)" KEY_DIGEST
		: "KeygenVerification(uint256 prepKeygenId,uint256 keyId,KeyDigest[] keyDigests,bytes extraData)" KEY_DIGEST);

	ASSERT(n <= MAX_KEY_DIGESTS);
	for (size_t i = 0; i < n; i++) hashes[i] = key_digest_hash(&digests[i]);
	eip712_put_id(&s, prep->b);
	eip712_put_id(&s, key->b);
	eip712_put_words(&s, hashes, n);
	if (profile != KMS712_V011) eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

hash32 kms712_crsgen(const eip712_domain *d, kms712_profile profile, const id32 *crs, uint32_t max_bits, slice digest,
                     slice extra)
{
	const abi_word bits = abi_u64(max_bits);
	eip712_struct s = eip712_begin(profile == KMS712_V011
		? "CrsgenVerification(uint256 crsId,uint256 maxBitLength,bytes crsDigest)"
		: "CrsgenVerification(uint256 crsId,uint256 maxBitLength,bytes crsDigest,bytes extraData)");
	eip712_put_id(&s, crs->b);
	eip712_put_word(&s, &bits);
	eip712_put_bytes(&s, digest);
	if (profile != KMS712_V011) eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}

hash32 kms712_decompression_key(const eip712_domain *d, slice digest, slice extra)
{
	eip712_struct s = eip712_begin("FheDecompressionUpgradeKey(bytes decompressionUpgradeKeyDigest,bytes extraData)");
	eip712_put_bytes(&s, digest);
	eip712_put_bytes(&s, extra);
	return eip712_digest(d, &s);
}
