/* SPDX-License-Identifier: MIT */
/*
 * seal/signcrypt.h -- a plaintext (or a share of one) that only one user can read, signed by the node inside.
 *
 *   msg     u64le(|P|) || P || i32le(fhe_type) || u64le(32) || link
 *   sig     internal signature, "USER_DEC", of msg || user's address || H_enc
 *   inner   msg || sig || H_vk
 *   wire    nonce(12) || u64le(768) || ct_kem || u64le(|body|) || body,   body = AES-256-GCM(ss, nonce, inner)
 *
 * with H_enc, H_vk the length-prefixed "SIGNCRYP" hashes of the user's key and of the node's public key.  The link
 * (an EIP-712 digest over the user's key, the handles and the address) binds the answer to the request; the
 * signature binds it to the node and to the reader.  A fresh ss for each message makes the nonce uncritical.
 *
 * Time: constant in keys, ss and plaintext; it may depend on the type, on lengths, and on whether an answer opens.
 */
#ifndef ARCA_SEAL_SIGNCRYPT_H
#define ARCA_SEAL_SIGNCRYPT_H

#include "seal/enc_key.h"
#include "seal/sign.h"
#include "sym/aes.h"

enum {
	SIGNCRYPT_MSG = 8 + 4 + 8 + 32,                          /* msg without the plaintext    */
	SIGNCRYPT_INNER = SIGNCRYPT_MSG + SECP_SIG + 32,
	SIGNCRYPT_HEAD = GCM_NONCE + 8 + MLKEM_512_CT + 8,
	SIGNCRYPT_OVERHEAD = SIGNCRYPT_HEAD + SIGNCRYPT_INNER + GCM_TAG,
	MAX_SIGNCRYPT_PLAIN = 1 << 16,                           /* 1024 ring elements           */
};

/* Appends SIGNCRYPT_OVERHEAD + plain.n bytes to out.  Requires: plain.n <= MAX_SIGNCRYPT_PLAIN. */
void signcrypt(const signer *from, buf *out, const enc_key *to, const eth_address *user, const hash32 *link,
               int32_t fhe_type, slice plain, const rng *r);

/*
 * Appends the plaintext to out and sets *fhe_type, after checking that `from` made it for this key, user and link.
 * ERR_REQUEST, with the outputs untouched, for anything else.
 */
err  unsigncrypt(buf *out, int32_t *fhe_type, const dec_key *dk, const secp_pk *from, const eth_address *user,
                 const hash32 *link, slice wire);

#endif
