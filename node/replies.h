/* SPDX-License-Identifier: MIT */
/*
 * node/replies.h -- the responses as protobuf: results in, bytes out.  What these append is what clients get, now and
 * after every restart.
 */
#ifndef ARCA_NODE_REPLIES_H
#define ARCA_NODE_REPLIES_H

#include "node/answers.h"
#include "node/request.h"

void reply_preproc(buf *out, const request *r, const signatures *s);
void reply_keygen(buf *out, const key_metadata *m);
/* Puts the same into the table, as the answer of a key generation that is done. */
void reply_keygen_again(requests *table, const key_record *k);
void reply_public_decrypt(buf *out, const request *r, const secp_pk *by, const plaintext *value, slice internal,
                          const signatures *s);
void reply_user_decrypt(buf *out, const request *r, const secp_pk *pk, const hash32 *link, const user_slot *slot,
                        const party_identity *by, slice internal, const signatures *s);
/* Of the keys that came to the epoch by resharing. */
void reply_epoch(buf *out, const key_metadata *const *key, size_t n);

/* The packing factor of a value that is not shared. */
enum { CENTRAL_PACKING = 1 };

#endif
