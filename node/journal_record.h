/* SPDX-License-Identifier: MIT */
/*
 * node/journal_record.h -- the records of the journal as bytes, and what each does to the table of requests.
 *
 *   outcome       u8 1, u8 kind, u8 state, id, body, u32 length of the facts, facts, then the response or the reason
 *   consumption   u8 2, preprocessing, key generation that used it, body of that
 *   taken in      u8 3, u8 kind, u8 0, id, body, then the message that asked for it; of decryptions only
 */
#ifndef ARCA_NODE_JOURNAL_RECORD_H
#define ARCA_NODE_JOURNAL_RECORD_H

#include "node/journal.h"

/* Requires: done or failed. */
void record_outcome(buf *out, const request_view *v);
void record_consumed(buf *out, const id32 *preproc, const id32 *by, const hash32 *by_body);

/* Requires: pending, a decryption. */
void record_taken(buf *out, const request_view *v, slice message);

/* The message of such a record; ERR_REQUEST if it is none. */
err  record_message(slice *message, slice record);

/* Puts what the record says into the table, and tells of consumptions (consumed may be NULL).  ERR_REQUEST. */
err  record_apply(slice record, requests *into, journal_consumer *consumed, void *ctx);

/* What a record speaks of: a request, which was taken in or has ended, or the consumption of a preprocessing. */
typedef struct record_key { bool consumption, taken; request_kind kind; id32 id; } record_key;

/* From the first bytes of a record, RECORD_HEAD or all of them if it is shorter.  ERR_REQUEST. */
enum { RECORD_HEAD = 3 + 32 };
err  record_key_read(record_key *out, slice head);

#endif
