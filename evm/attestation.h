/* SPDX-License-Identifier: MIT */
/*
 * evm/attestation.h -- what a coprocessor says of a ciphertext that lies in its bucket, signed: which key it is under, and the digests
 * of its two forms.  A KMS believes the ciphertext of a handle that enough coprocessors say the same of.
 *
 *   text       a JSON object in a header of HTTP: { version: 1, key_id, ciphertext_digest, sns_ciphertext_digest, format, signer,
 *              signature }, numbers and bytes as 0x..., the number of the key without leading zeros
 *   signature  65 bytes r || s || v over the Keccak digest of ATTESTATION_BYTES bytes, without a prefix:
 *              "FHEVMCTA" || u8 version || handle || u256 key_id || u256 1 || digest || digest of the squashed form || u8 format
 *
 * Everything here is public.
 */
#ifndef ARCA_EVM_ATTESTATION_H
#define ARCA_EVM_ATTESTATION_H

#include "base/id.h"
#include "evm/abi.h"

enum { ATTESTATION_BYTES = 170, MAX_ATTESTATION = 4096 };

/* How the squashed ciphertext is stored; the numbers are those that are signed. */
typedef enum attested_format {
	ATTESTED_EXPANDED_CPU = 10, ATTESTED_COMPRESSED_CPU = 11, ATTESTED_EXPANDED_GPU = 20, ATTESTED_COMPRESSED_GPU = 21,
} attested_format;

/* What is said, apart from who says it: equal claims are equal bytes. */
typedef struct attested_claim {
	id32    key_id;
	hash32  ciphertext, squashed;          /* Keccak digests */
	uint8_t format;                        /* attested_format */
} attested_claim;

_Static_assert(sizeof(attested_claim) == 97, "no padding: claims are compared as bytes");

typedef struct attestation { attested_claim claim; eth_address signer; } attestation;

static inline bool attested_compressed(const attested_claim *c) { return c->format == ATTESTED_COMPRESSED_CPU || c->format == ATTESTED_COMPRESSED_GPU; }

hash32 attestation_digest(const attested_claim *c, const abi_word *handle);

/* ERR_REQUEST with a sentence: it is no attestation, or the one whom it names did not sign it for this handle.  Whether that one is a
 * coprocessor is for the caller to know. */
err    attestation_read(attestation *out, const abi_word *handle, slice text);

#endif
