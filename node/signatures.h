/* SPDX-License-Identifier: MIT */
/*
 * node/signatures.h -- the signatures of one answer: that for contracts, and one of each scheme that the request names.
 *
 * ECDSA's is the one for contracts again.  The others are over a domain and a payload: what is answered, as bytes.
 */
#ifndef ARCA_NODE_SIGNATURES_H
#define ARCA_NODE_SIGNATURES_H

#include "node/request.h"

enum { TYPED_SIGNATURES_BYTES = SECP_RSIG + 64 + 2420 + 3309 + 4627 };

typedef struct signatures {
	secp_rsig external;
	size_t    n;
	uint32_t  scheme[MAX_SCHEMES];                         /* in the request's order */
	uint8_t   bytes[TYPED_SIGNATURES_BYTES];               /* one after the other */
} signatures;

/* digest: of what contracts check. */
void signatures_make(signatures *out, const signer *by, const request *r, const hash32 *digest, const char *dsep, slice payload);

/* The typed ones, borrowed. */
size_t signatures_typed(stored_signature out[static MAX_SCHEMES], const signatures *s);
static inline slice signatures_external(const signatures *s) { return slice_of(s->external.b, sizeof s->external.b); }

#endif
