/* SPDX-License-Identifier: MIT */
/*
 * evm/kms_events.h -- what contracts ask of a KMS: one table of events (KMS_EVENTS), by whose first topic a log is known,
 * and one decoder that gives every shape of the same request the same form.
 *
 *   gateway    contracts up to v0.11: Decryption and KMSGeneration on one chain, ciphertexts named by their digests
 *   v0.15      Decryption on the gateway, by handles only; KMSGeneration and ProtocolConfig on the host chain
 *
 * A contract of v0.15 emits its requests in the older shapes as well; who follows it asks for the rows of that profile
 * only, and so sees each request once.
 *
 * Everything here is public; a log that is not as its contract writes it is refused with a sentence.
 */
#ifndef ARCA_EVM_KMS_EVENTS_H
#define ARCA_EVM_KMS_EVENTS_H

#include "base/id.h"
#include "evm/abi_coder.h"

typedef enum kms_event_kind {
	KMS_PUBLIC_DECRYPTION, KMS_USER_DECRYPTION,
	KMS_PREP_KEYGEN, KMS_KEYGEN, KMS_CRSGEN,
	KMS_PRSS_INIT, KMS_KEY_RESHARE,                            /* gateway only */
	KMS_ABORT_KEYGEN, KMS_ABORT_CRSGEN,                        /* and the rest: v0.15 only */
	KMS_NEW_CONTEXT, KMS_NEW_EPOCH, KMS_CONTEXT_DESTROYED, KMS_EPOCH_DESTROYED,
	N_KMS_EVENT_KINDS
} kms_event_kind;

typedef enum kms_contract { KMS_DECRYPTION, KMS_GENERATION, KMS_PROTOCOL_CONFIG, N_KMS_CONTRACTS } kms_contract;
typedef enum kms_chain_profile { KMS_GATEWAY = 1, KMS_V015 = 2 } kms_chain_profile;

enum {
	MAX_LOG_TOPICS = 4,
	MAX_EVENT_HANDLES = 1024,          /* 2048 bits in all, at least 2 each */
	MAX_EVENT_ADDRESSES = 256,
	MAX_EVENT_BYTES = 64 << 10,        /* keys, signatures, extra data, certificates, each */
	MAX_EVENT_TEXT = 4 << 10,
	MAX_EVENT_NODES = 256,
};

/* Of which shape a request for decryption is: what it says of each ciphertext, and by whose permission. */
typedef enum kms_shape {
	KMS_MATERIALS,                     /* key, digest and holders of each ciphertext             */
	KMS_HANDLES,                       /* handles only                                           */
	KMS_SIGNED,                        /* handles with contract and owner, signed by the user    */
} kms_shape;

typedef struct kms_ciphertext {
	abi_word handle;
	abi_word key_id, digest;           /* KMS_MATERIALS */
	const eth_address *holders;
	size_t   n_holders;
	eth_address contract, owner;       /* KMS_SIGNED */
} kms_ciphertext;

typedef struct kms_decryption {
	kms_shape shape;
	const kms_ciphertext *ciphertext;
	size_t      n;
	slice       extra;
	eth_address user;                  /* from here on: decryption for a user; the delegate if there is one */
	slice       public_key;
	const eth_address *allowed;        /* KMS_SIGNED; none: all contracts */
	size_t      n_allowed;
	uint64_t    start_s, duration_s;
	slice       signature;
} kms_decryption;

/* Key generation, its preprocessing, resharing and CRSs.  What an event does not have is zero. */
typedef struct kms_generation {
	id32     prep, key, crs, reshare, epoch;
	abi_word max_bits;
	uint8_t  params;                   /* 0 default, 1 test */
	slice    extra;
} kms_generation;

typedef struct kms_member {
	eth_address tx_sender, signer;
	slice    address, storage_url, identity, certificate, storage_prefix;
	int32_t  party;
} kms_member;

typedef struct kms_context {
	id32     id, previous;
	bool     first;                    /* there is none before it: part of the deployment, not a request */
	const kms_member *member;
	size_t   n;
	abi_word public_threshold, user_threshold, generation_threshold, mpc_threshold;
	slice    software;
	const slice (*pcr)[3];
	size_t   n_pcr;
	hash32   anchor;                   /* what the contract keeps of all this */
} kms_context;

typedef struct kms_epoch {
	id32     id, context, previous, previous_context;
	uint64_t material_block;
} kms_epoch;

typedef struct kms_event {
	kms_event_kind kind;
	id32 id;                           /* of the request; zero for KMS_PRSS_INIT */
	union {
		kms_decryption decryption;
		kms_generation generation;
		kms_context    context;
		kms_epoch      epoch;
	};
} kms_event;

/* A log as a chain gives it.  data is borrowed. */
typedef struct evm_log {
	eth_address address;
	hash32   topic[MAX_LOG_TOPICS];
	unsigned n_topics;
	slice    data;
	uint64_t block, index;
	hash32   block_hash, tx;
	bool     removed;
} evm_log;

typedef struct kms_event_row {
	const char    *signature;          /* whose Keccak hash is the first topic */
	uint8_t        topic[32];
	kms_event_kind kind;
	kms_contract   contract;
	kms_chain_profile profile;
	unsigned       topics;             /* with the first */
	void         (*decode)(kms_event *out, arena *a, abi_reader *data, const evm_log *log);
} kms_event_row;

extern const kms_event_row KMS_EVENTS[];
extern const size_t N_KMS_EVENTS;

const char *kms_event_name(kms_event_kind kind);       /* "public_decryption_request", as in metrics */

/* The row of this profile with the log's first topic; NULL: there is none. */
const kms_event_row *kms_event_find(kms_chain_profile profile, const evm_log *log);

/* Lists are in the arena, bytes in the log.  ERR_REQUEST tells what is wrong with the log; ERR_NOMEM. */
err  kms_event_read(kms_event *out, arena *a, const kms_event_row *row, const evm_log *log);

#endif
