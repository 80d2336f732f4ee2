/* SPDX-License-Identifier: MIT */
/*
 * node/journal.h -- what the node must still know after it was stopped or killed: one file, only ever appended to.
 *
 *   "ARCAJNL" 1                                        eight bytes at the start
 *   u32 length || 8 bytes of SHA-256(payload) || payload       and so on
 *
 * A record is on disk (fsync) before its append returns, hence before anybody is told.  Only the last record can be torn
 * by a crash: at opening it is cut off.  Damage further in front is an error, for somebody has changed the file.
 *
 * Records: an outcome (a request done or failed, with the digest of its fields and the response's bytes or the reason),
 * and a consumption (a preprocessing used up by a key generation).  Done key generations have no record: the stored key
 * is theirs.
 */
#ifndef ARCA_NODE_JOURNAL_H
#define ARCA_NODE_JOURNAL_H

#include "node/requests.h"

enum { MAX_JOURNAL_RECORD = 64 << 20 };

typedef struct journal journal;

/*
 * Opens or makes the file and puts what it says into the table.  *cut: bytes of a torn record that were removed.  When
 * most of the file speaks of forgotten requests it is written anew.  ERR_STATE if it is damaged, ERR_IO.
 */
err  journal_open(journal **out, uint64_t *cut, const char *path, requests *into);
void journal_free(journal **j);

/* Any thread.  After ERR_IO (a full disk) the file is as before, and later appends may succeed. */
err  journal_outcome(journal *j, const request_view *outcome);
err  journal_consumed(journal *j, const id32 *preproc, const id32 *by, const hash32 *by_body);

/* The key generations that a consumption names, as they are read: to be called failed unless they are known otherwise. */
typedef void journal_consumer(void *ctx, const id32 *preproc, const id32 *by, const hash32 *by_body);
void journal_each_consumed(const journal *j, journal_consumer *each, void *ctx);

#endif
