/* SPDX-License-Identifier: MIT */
/*
 * cli/verify.h -- what an answer must prove before it is believed.
 *
 * Every answer carries two signatures of the node: one over the payload as bytes (internal) and one that contracts and
 * wallets check (external, EIP-712), and one over the payload for each further scheme that was asked for.  All must be of the
 * signer that the cluster file names for this party, and what is signed must be about what was asked: ids, handle, type, key.
 * Anything else is ERR_REQUEST, with the party.
 */
#ifndef ARCA_CLI_VERIFY_H
#define ARCA_CLI_VERIFY_H

#include <kms.v1.pb-c.h>
#include "cli/cluster.h"
#include "cli/key_kind.h"
#include "seal/enc_key.h"
#include "tkms/decrypt.h"
#include "tkms/keygen.h"

/* One value that was asked for. */
typedef struct asked {
	const cluster  *cluster;
	id32            request;
	const fhe_type *type;
	slice           handle;

	/* Signatures under other schemes that were asked for beside, and where a party's key of one comes from (typed_keys.h). */
	size_t          schemes;
	uint32_t        scheme[MAX_SCHEMES];
	err           (*key_of)(buf *key, const cluster_party *p, uint32_t scheme);
} asked;

err verify_public(plaintext *out, const asked *q, const cluster_party *p, const Kms__V1__PublicDecryptionResponse *r);

/* Who may read the answer of a user decryption. */
typedef struct reader_keys {
	enc_key     ek;
	dec_key     dk;
	uint8_t     wire[ENC_KEY_BYTES];      /* ek as it stands in the request */
	eth_address address;
} reader_keys;

/* To what an answer to this reader must be linked. */
err verify_link(hash32 *out, const asked *q, const reader_keys *me);

/*
 * *opened = what the party sealed for the reader: the value itself (centralized), or its shares of it, of which no single
 * party's are to be believed (tkms/reconstruct.h).
 */
err verify_user(buf *opened, const asked *q, const reader_keys *me, const cluster_party *p,
                const Kms__V1__UserDecryptionResponse *r);

/* The value of a centralized node. */
err verify_value(plaintext *out, const asked *q, const cluster_party *p, slice opened);

err verify_preprocessing(const cluster *c, const cluster_party *p, const id32 *prep,
                         const Kms__V1__KeyGenPreprocResult *r);

/* Of the files of its kind, in their order. */
typedef struct key_digests { uint8_t of[KEY_KIND_FILES][KEY_DIGEST_BYTES]; } key_digests;

err verify_keygen(key_digests *out, const cluster *c, const cluster_party *p, const key_kind *kind, const id32 *prep,
                  const id32 *key, const Kms__V1__KeyGenResult *r);

#endif
