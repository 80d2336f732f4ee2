/* SPDX-License-Identifier: MIT */
/*
 * tkms/identity.h -- the identity of a ciphertext, to which the masks of its decryption are bound.
 *
 * h = SHA-256 of
 *
 *     "ARCA-DD1" | u8 k/64 = 2 | u8 d | key id (32) | epoch id (32) | u8 operation | u8 secret key (1 SNS, 2 SNSCOMP)
 *     | u32 mask length in words | u32 first slot = 0 | u32 number of blocks m | words of 128 bits
 *
 * where the words are, under SNS, for each block its mask and its body; under SNSCOMP the mask of the list once, then the m
 * bodies.  Little-endian throughout; this encoding is frozen (tests/kat/mask_identity.kat).
 *
 * One ciphertext, one mask: decrypted again it shows nothing new, and no two ciphertexts share one, whatever the request
 * ids, types or users of the requests are: those do not enter.  Public and user decryption have different masks.
 */
#ifndef ARCA_TKMS_IDENTITY_H
#define ARCA_TKMS_IDENTITY_H

#include "sym/sha2.h"
#include "tkms/key_share.h"
#include "tkms/squashed.h"

/* The numbers are those of the encoding. */
typedef enum decrypt_operation { DECRYPT_PUBLIC = 1, DECRYPT_USER = 2 } decrypt_operation;

/* s: a stream at its beginning, and again so afterwards.  Of the holder, key, epoch and d enter. */
hash32 mask_identity(sha256_stream *s, const share_holder *holder, decrypt_operation operation, const squashed *ct);

/* The same for two ciphertexts in less than twice the time.  Requires: mask_identities_pair(ct), that they have one length. */
bool mask_identities_pair(const squashed ct[static 2]);
void mask_identity_pair(hash32 h[static 2], const share_holder *holder, decrypt_operation operation, const squashed ct[static 2]);

#endif
