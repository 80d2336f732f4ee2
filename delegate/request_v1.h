/* SPDX-License-Identifier: MIT */
/*
 * delegate/request_v1.h -- the second form of a request, whose authorization ends and serves once.
 *
 *   POST /v1/delegate[?chain_id=N]       Content-Type: application/json       Authorization: Bearer 0x<130>
 *   { "handle": "0x<64>", "ephemeralPubKey": "0x<66>", "targetPubKey": "0x<spki>", "keyId": "0x<64>", "epoch": N,
 *     "nonce": "0x<64>", "notBefore": N, "expiresAt": N, "verifyingContract": "0x<40>" (if the gateway signed one) }
 *
 * As strict as the first form (request.h).  Numbers are whole, from 0 to 2^63 - 1.
 */
#ifndef ARCA_DELEGATE_REQUEST_V1_H
#define ARCA_DELEGATE_REQUEST_V1_H

#include "delegate/request.h"
#include "delegate/typed_v1.h"

typedef struct delegate_request_v1 {
	bool        has_chain;             /* without it the KMS fills in what.chain_id */
	delegate_v1 what;
	size_t      spki_n;
	uint8_t     spki[MAX_SPKI];
} delegate_request_v1;

/* *status is set with every error, which is ERR_REQUEST. */
err  delegate_request_v1_read(delegate_request_v1 *out, unsigned *status, const delegate_call *c);

#endif
