/* SPDX-License-Identifier: MIT */
/*
 * tkms/answer.h -- the payloads of decryption answers as bytes: what the internal signature (seal/sign.h, domains
 * PUBL_DEC and USER_DEC) covers and, for user decryption, what goes on chain (userDecryptedShare).
 *
 * Encoding: little-endian, fixed-width, vectors and strings with a u64 count in front (kms-service 0.1, "BC").
 */
#ifndef ARCA_TKMS_ANSWER_H
#define ARCA_TKMS_ANSWER_H

#include "base/id.h"
#include "curve/secp.h"
#include "tkms/decrypt.h"

enum { VERIFICATION_KEY_BYTES = 8 + SECP_PK, MAX_HANDLE = 32 };

/* The verification_key field: the compressed public key as a counted vector. */
void answer_verification_key(uint8_t out[static VERIFICATION_KEY_BYTES], const secp_pk *by);

void answer_public_payload(buf *out, const secp_pk *by, const plaintext *p, size_t count, const id32 *request);

typedef struct user_slot {
	int      fhe_type;
	slice    signcrypted, handle;
	uint32_t packing_factor;
} user_slot;

void answer_user_payload(buf *out, const secp_pk *by, const uint8_t link[static 32],
                         const user_slot *slot, size_t count, uint32_t party_id, uint32_t degree);

#endif
