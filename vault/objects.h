/* SPDX-License-Identifier: MIT */
/*
 * vault/objects.h -- the bytes of stored objects.
 *
 *   PrivateSigKey, PublicSigKey                           the node's ECDSA key and its public half
 *   UnifiedPublicSigKey                                   a public key of any scheme
 *   KeyGenMetadata                                        what was signed about a key, so that answers can be given again
 *   PrepKeygenSignedPayload, KeygenSignedPayload          what schemes other than ECDSA sign about a key; not stored
 *   key record                                            what this node knows of a key: state, parameters, metadata
 *   key part                                              of a party of a cluster: key record and key share in one object
 *
 * The first six are `safe_serialize` files (tfhers/envelope.h) whose bodies are versioned as the clients and tools of
 * other implementations expect; the others are ours and start with a version in one byte.  Those of clusters are in
 * context_info.h and epoch_data.h.
 *
 * Readers borrow from the file, check every length, and refuse trailing bytes with ERR_REQUEST.
 */
#ifndef ARCA_VAULT_OBJECTS_H
#define ARCA_VAULT_OBJECTS_H

#include "seal/typed.h"
#include "vault/key_state.h"
#include "vault/vault.h"

enum {
	MAX_SIG_KEY_FILE = 4096,
	MAX_EXTRA_DATA = 64 << 10,                     /* opaque bytes that a request carries and a signature covers */
	MAX_STORED_SIGNATURE = 8 << 10,
	MAX_KEY_RECORD = 256 << 10,
	MAX_OWN_PART = 8 << 20,
};

/* ---- the signing key ---------------------------------------------------------------------------------------- */

void private_key_write(buf *out, const secp_sk *sk);
err  private_key_read(secp_sk *out, slice file);

void public_key_write(buf *out, const secp_pk *pk);              /* PublicSigKey        */
err  public_key_read(secp_pk *out, slice file);

/* Requires: a scheme that exists, and a key of its length.  Read is any string of that length; of ECDSA, a point. */
void unified_public_key_write(buf *out, uint32_t scheme, slice key);
err  unified_public_key_read(uint32_t *scheme, slice *key, slice file);

/* ---- what was signed about a key ---------------------------------------------------------------------------- */

typedef struct stored_digest { pub_type type; slice digest; } stored_digest;
typedef struct stored_signature { uint32_t scheme; slice bytes; } stored_signature;

typedef struct key_metadata {
	id32   key_id, prep_id;
	size_t digests;
	stored_digest digest[PUB_TYPES];               /* ascending by type */
	bool   has_extra_data;
	slice  extra_data, external_signature;
	size_t signatures;
	stored_signature signature[MAX_SCHEMES];
} key_metadata;

void key_metadata_write(buf *out, const key_metadata *m);
err  key_metadata_read(key_metadata *out, slice file);

/* What is signed under PDAT_KEY.  Of the key: its ids, digests and extra data. */
void prep_payload_write(buf *out, const id32 *prep, slice extra_data);
void keygen_payload_write(buf *out, const key_metadata *m);

/* ---- what this node knows of a key -------------------------------------------------------------------------- */

/* Marks of a key.  The numbers are stored. */
enum {
	KEY_INSECURE = 1,                              /* one party had the whole key when it was made        */
	KEY_RESHARED = 2,                              /* this record was signed when the key came to an epoch */
};

typedef struct key_record {
	key_state state;                               /* at birth */
	uint8_t   marks;
	uint32_t  fhe_parameter;
	int64_t   created_ms;                          /* since 1970 */
	hash32    body;                                /* of the request that it was made for: digest of its fields */
	key_metadata metadata;
} key_record;

void key_record_write(buf *out, const key_record *r);
err  key_record_read(key_record *out, slice file);

/* ---- a party's part of a key: one object, so that it is there or not ------------------------------------------ */

/* share: opaque here (tkms/key_share.h). */
void own_part_write(buf *out, const key_record *r, slice share);
err  own_part_read(key_record *out, slice *share, slice file);

#endif
