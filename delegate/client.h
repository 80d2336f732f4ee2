/* SPDX-License-Identifier: MIT */
/*
 * delegate/client.h -- the asker's side: what is sent, and what must be true of an answer before it is used.
 */
#ifndef ARCA_DELEGATE_CLIENT_H
#define ARCA_DELEGATE_CLIENT_H

#include "delegate/ecies.h"
#include "delegate/rsa.h"
#include "delegate/typed.h"
#include "seal/sign.h"

/* Nothing that a KMS answers is longer. */
enum { MAX_DELEGATE_ANSWER = 8 << 10 };

/* What is asked.  salt NULL: none, and the proof is of profile A or B, as text says. */
typedef struct delegate_ask {
	uint32_t       chain_id;
	typed_text     text;
	const uint8_t *salt;
	secp_pk        K;
	slice          spki;
} delegate_ask;

/* Appends the body, and "Bearer 0x..." signed by the gateway. */
void delegate_ask_body(buf *out, const delegate_ask *a);
void delegate_ask_authorization(buf *out, const delegate_ask *a, const signer *gateway);

/* Appends what was sealed to the reader's key.  ERR_REQUEST if the answer is malformed or not signed by the wallet. */
err  delegate_reply_read(buf *sealed, const delegate_ask *a, const eth_address *wallet, slice json);

/* The same without looking at the proof: for an answer that was looked at before. */
err  delegate_reply_sealed(buf *sealed, slice json);

/* The answer to GET /v0/public-key.  *by = who signed it, which the caller compares; ERR_REQUEST if nobody did. */
err  public_key_reply_read(secp_pk *out, eth_address *by, uint32_t chain_id, slice json);

/* The sentence of {"error":"..."}; false if the answer has none. */
bool delegate_error_read(buf *sentence, slice json);

#endif
