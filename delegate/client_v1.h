/* SPDX-License-Identifier: MIT */
/* delegate/client_v1.h -- the asker's side of the second form (request_v1.h). */
#ifndef ARCA_DELEGATE_CLIENT_V1_H
#define ARCA_DELEGATE_CLIENT_V1_H

#include "delegate/client.h"
#include "delegate/typed_v1.h"

/* Appends the body.  what.target_hash must be the Keccak-256 of spki. */
void delegate_v1_body(buf *out, const delegate_v1 *what, slice spki);
/* Appends "Bearer 0x...", signed by the gateway. */
void delegate_v1_authorization(buf *out, const delegate_v1 *what, const signer *gateway);

/* Appends what was sealed to the reader's key.  ERR_REQUEST: malformed, or not signed by the wallet for this request. */
err  delegate_v1_reply_read(buf *sealed, const delegate_v1 *what, const eth_address *wallet, slice json);
/* The same of a part of an answer (delegate_answer_partial). */
err  delegate_v1_partial_read(buf *sealed, const delegate_v1 *what, const eth_address *wallet, slice json);

#endif
