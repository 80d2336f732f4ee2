/* SPDX-License-Identifier: MIT */
/* node/answers.h -- from decrypted values, or from what was sealed for a user, to a signed response. */
#ifndef ARCA_NODE_ANSWERS_H
#define ARCA_NODE_ANSWERS_H

#include "node/engine.h"

/* What a node says about itself in user decryption. */
typedef struct party_identity {
	uint32_t party_id, degree;
	bool     shares;                         /* what it sealed are shares, not values */
} party_identity;

extern const party_identity CENTRALIZED;

/* value, sealed: one of each ciphertext of the request. */
err  answer_public(const engine *e, buf *response, const request *r, const plaintext *value);
void answer_user(const engine *e, buf *response, const request *r, const hash32 *link, const buf *sealed, const party_identity *by);

#endif
