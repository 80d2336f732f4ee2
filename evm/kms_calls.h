/* SPDX-License-Identifier: MIT */
/*
 * evm/kms_calls.h -- the functions of contracts that a KMS calls: answers to requests, and what is read beside them.
 *
 * Each function appends the data of a call; each of the readers takes what the call returned.  Both are public.  A
 * contract that is not there answers a read with nothing: readers refuse that with a sentence.
 */
#ifndef ARCA_EVM_KMS_CALLS_H
#define ARCA_EVM_KMS_CALLS_H

#include "evm/kms712.h"
#include "evm/abi_coder.h"

enum { MAX_READ_ADDRESSES = 4096, MAX_READ_IDS = 1 << 16, MAX_READ_TEXT = 4096, MAX_READ_KEYS = 1024 };

/* ---- answers, sent as transactions ------------------------------------------------------------------------------ */

void call_public_response(buf *out, const id32 *id, slice result, slice signature, slice extra);
void call_user_response(buf *out, const id32 *id, slice share, slice signature, slice extra);
void call_prep_keygen_response(buf *out, const id32 *prep, slice signature);
void call_keygen_response(buf *out, const id32 *key, const kms712_key_digest *digests, size_t n, slice signature);
void call_crsgen_response(buf *out, const id32 *crs, slice digest, slice signature);
void call_confirm_context(buf *out, const id32 *context);

/* What a new epoch holds of each key and each CRS. */
typedef struct call_epoch_key {
	id32 prep, key;
	const kms712_key_digest *digest;
	size_t n_digests;
	slice  signature;
} call_epoch_key;
typedef struct call_epoch_crs {
	id32     crs;
	abi_word max_bits;
	slice    digest, signature;
} call_epoch_crs;
void call_confirm_epoch(buf *out, const id32 *epoch, const call_epoch_key *keys, size_t n_keys,
                        const call_epoch_crs *crs, size_t n_crs);

/* ---- reads ------------------------------------------------------------------------------------------------------ */

/* A read that takes words only: which function, and how many words. */
typedef enum call_read {
	READ_DECRYPTION_DONE,                          /* Decryption: id -> bool */
	READ_COPROCESSOR,                              /* GatewayConfig: address -> call_read_party */
	READ_COPROCESSOR_SIGNERS, READ_COPROCESSOR_SENDERS,           /* -> addresses */
	READ_COPROCESSOR_MAJORITY,                     /* -> number */
	READ_KMS_NODE,                                 /* address -> call_read_party */
	READ_IS_KMS_SENDER,                            /* address -> bool */
	READ_KMS_SIGNERS,                              /* -> addresses */
	READ_PUBLIC_THRESHOLD, READ_USER_THRESHOLD, READ_GENERATION_THRESHOLD,    /* -> number */
	READ_CONTEXT_PUBLIC_THRESHOLD, READ_CONTEXT_USER_THRESHOLD,   /* context -> number */
	READ_CURRENT_CONTEXT,                          /* -> id */
	READ_ALLOWED_FOR_DECRYPTION,                   /* ACL: handle -> bool */
	READ_ALLOWED,                                  /* ACL: handle, address -> bool */
	READ_DELEGATED,                                /* ACL: delegator, delegate, contract, handle -> bool */
	READ_INVALIDATED_BEFORE,                       /* ACL: address -> number */
	READ_CURRENT_CONTEXT_AND_EPOCH,                /* ProtocolConfig: -> id, id */
	READ_CONTEXT_VALID,                            /* context -> bool */
	READ_EPOCH_VALID,                              /* context, epoch -> bool */
	READ_CONTEXT_ANCHOR,                           /* context -> number (block), hash */
	READ_COMPLETED_KEYS, READ_COMPLETED_CRS,       /* KMSGeneration: -> ids */
	READ_KEY_INFO,                                 /* key -> call_read_key */
	READ_CRS_MATERIALS,                            /* crs -> texts, bytes */
	READ_MATERIAL_ADDED,                           /* CiphertextCommits: handle -> bool */
	READ_DOMAIN,                                   /* any: eip712Domain() -> call_read_domain */
	N_CALL_READS
} call_read;

extern const struct call_read_row { const char *signature; uint32_t selector; unsigned words; } CALL_READS[N_CALL_READS];

/* Requires: as many words as the function takes. */
void call_read_put(buf *out, call_read which, const abi_word *words, size_t n);

/* ERC-1271: is the signature valid for the contract?  The answer is yes if it begins with CALL_SIGNATURE_VALID. */
enum { CALL_SIGNATURE_VALID = 0x1626ba7e };
void call_signature_valid(buf *out, const hash32 *digest, slice signature);

/* What came back.  ERR_REQUEST with a sentence that begins with the function's name. */
err  call_read_bool(bool *out, call_read which, slice answer);
err  call_read_u64(uint64_t *out, call_read which, slice answer);
err  call_read_words(abi_word *out, size_t n, call_read which, slice answer);
err  call_read_addresses(const eth_address **out, size_t *n, arena *a, call_read which, slice answer);
err  call_read_ids(const id32 **out, size_t *n, arena *a, call_read which, slice answer);

/* A coprocessor (url: its bucket) or a node of the KMS (url: its storage; address: where it is reached). */
typedef struct call_party { eth_address tx_sender, signer; slice address, url; } call_party;
err  call_read_party(call_party *out, call_read which, slice answer);

typedef struct call_key {
	id32 prep, key;
	uint8_t params;
	kms712_key_digest digest[MAX_KEY_DIGESTS];
	size_t n;
} call_key;
err  call_read_key(call_key *out, slice answer);
err  call_read_crs_digest(slice *out, slice answer);

/* The domain that a contract checks signatures under; texts are borrowed from the answer. */
err  call_read_domain(eip712_domain *out, slice answer);

/* ---- requests, as users sent them ------------------------------------------------------------------------------- */

typedef struct call_pair { abi_word handle; eth_address contract; } call_pair;

/* userDecryptionRequest and delegatedUserDecryptionRequest, from the data of their transaction.  The user signed what is below chain_id. */
typedef struct call_user_request {
	bool        delegated;
	eth_address delegator;                         /* if delegated */
	eth_address user;                              /* the delegate if delegated */
	const call_pair *pair;
	size_t      n;
	slice       signature;                         /* of data, as the slices below */
	uint64_t    chain_id;                          /* of the contracts */
	const eth_address *contract;
	size_t      contracts;
	slice       public_key, extra_data;
	abi_word    start, days;
} call_user_request;

/* ERR_REQUEST if the data are of another function or malformed. */
err  call_user_request_read(call_user_request *out, arena *a, slice data);

#endif
