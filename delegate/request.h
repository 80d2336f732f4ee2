/* SPDX-License-Identifier: MIT */
/*
 * delegate/request.h -- the one door for bytes from outside: a query, two headers and a body of JSON become a typed request.
 *
 *   POST /v0/delegate[?chain_id=N][&salt=0x<64>]        Content-Type: application/json
 *   Authorization: Bearer 0x<130>                       { "ephemeralPubKey": "0x<66>", "targetPubKey": "0x<spki>" }
 *
 * Strict: no key of an object twice, no zero in a string, nothing behind the object; hexadecimal text is 0x and an even number
 * of digits of either case.  What is wrong is a status and a sentence: 400 malformed, 401 not authorised, 415 not JSON,
 * 422 JSON without the members that are needed.
 */
#ifndef ARCA_DELEGATE_REQUEST_H
#define ARCA_DELEGATE_REQUEST_H

#include "delegate/rsa.h"
#include "delegate/typed.h"

enum { MAX_DELEGATE_BODY = 64 << 10 };

/* As HTTP brings it, borrowed. */
typedef struct delegate_call {
	const char *chain_id, *salt;               /* of the query; NULL: absent  */
	const char *authorization, *content_type;  /* headers; "": absent         */
	slice       body;
} delegate_call;

typedef struct delegate_request {
	bool      has_chain, salted;
	uint32_t  chain_id;
	uint8_t   salt[DOMAIN_SALT];
	slice     ephemeral, target;               /* as they stand in the JSON, which holds them */
	struct json_t *json;
} delegate_request;

/* What needs no key: shape, chain and salt.  *status is set with every error, which is ERR_REQUEST. */
err  delegate_request_read(delegate_request *out, unsigned *status, const delegate_call *c);
/* Then the header, once the chain is known to be there; v is 27 or 28.  As above. */
err  delegate_request_signature(secp_rsig *out, unsigned *status, const delegate_call *c);
void delegate_request_free(delegate_request *r);

/* A decimal number below 2^32, without sign or leading zeros. */
bool chain_id_read(uint32_t *out, slice text);

/* 0x and 2 n digits, nothing else. */
bool hex_strict(uint8_t *out, size_t n, slice text);

#endif
