/* SPDX-License-Identifier: MIT */
/*
 * node/journal.h -- what the node must still know after it was stopped or killed: one file, appended to and now and then
 * written anew.
 *
 *   "ARCAJNL" 2        eight bytes at the start
 *   frames             journal_frame.h; in each a record, journal_record.h
 *
 * A record is on disk (fsync) before its append returns, hence before anybody is told; appends of several threads share one.  Only the last record can be torn
 * by a crash: at opening it is cut off, and what was cut is kept in a file beside.  Anything else that is wrong is an
 * error, for somebody or the disk has changed the file.
 *
 * When the file is larger than twice what is still of use and JOURNAL_SLACK, it is written anew without the rest.
 *
 * Records: an outcome (a request done or failed, with the digest of its fields and the response's bytes or the reason),
 * and a consumption (a preprocessing used up by a key generation).  Done key generations have no record: the stored key
 * is theirs.
 */
#ifndef ARCA_NODE_JOURNAL_H
#define ARCA_NODE_JOURNAL_H

#include "node/requests.h"

#define JOURNAL_SLACK ((uint64_t)16 << 20)

typedef struct journal journal;

/*
 * Opens or makes the file and puts what it says into the table, which the journal keeps asking later what is still of use.
 * *cut: bytes of a torn record that were moved to "<path>.cut-<seconds since 1970>".  ERR_STATE if it is damaged, ERR_IO.
 */
err  journal_open(journal **out, uint64_t *cut, const char *path, requests *table);
void journal_free(journal **j);

/* Any thread.  After ERR_IO (a full disk) the file is as before, and later appends may succeed. */
err  journal_outcome(journal *j, const request_view *outcome);
err  journal_consumed(journal *j, const id32 *preproc, const id32 *by, const hash32 *by_body);

/* The key generations that a consumption names, as they are read: to be called failed unless they are known otherwise. */
typedef void journal_consumer(void *ctx, const id32 *preproc, const id32 *by, const hash32 *by_body);
void journal_each_consumed(const journal *j, journal_consumer *each, void *ctx);

#endif
