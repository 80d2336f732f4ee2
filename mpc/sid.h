/* SPDX-License-Identifier: MIT */
/*
 * mpc/sid.h -- where session ids come from.
 *
 * A session that evaluates a PRF must have an id that no session had before, even if the same work is done again: a
 * repeated session would use, in secret, values that the Check path of its predecessor published.  So each ceremony begins
 * with a hello (mpc/hello.h), under an id that only routes; what the parties say in it makes the id of the ceremony.
 *
 *   hello      H("hello", c)           c: what the ceremony is, field by field
 *   ceremony   H("session", c, nonce)  nonce: from the hello
 *   sub        H("sub", sid, index)    parts of a ceremony that run side by side
 *   coin       H("coin", sid, index)   coins tossed inside it
 *   routing    H("route", bytes)       for messages that need no PRF, such as the openings of a decryption
 *
 * H is SHAKE256 behind `ARCA_SID`, each field after its length, 16 bytes.
 */
#ifndef ARCA_MPC_SID_H
#define ARCA_MPC_SID_H

#include "base/id.h"
#include "mpc/wire.h"

enum { MAX_OPERATION = 32, SID_NONCE = 16 };

typedef struct ceremony {
	char      operation[MAX_OPERATION];      /* zero-terminated: "prss", "keygen", "reshare"            */
	id32      request, context, epoch;
	party_set parties;                       /* of the context                                          */
	unsigned  t;
	uint32_t  attempt;                       /* journalled; grows when the ceremony is started again    */
} ceremony;

session_id sid_hello(const ceremony *c);
session_id sid_of_ceremony(const ceremony *c, const uint8_t nonce[static SID_NONCE]);
session_id sid_sub(const session_id *of, uint64_t index);
session_id sid_coin(const session_id *of, uint64_t index);
session_id sid_route(slice bytes);

#endif
