/* SPDX-License-Identifier: MIT */
/*
 * node/journal.h -- what the node must still know after it was stopped or killed: one file, appended to and now and then
 * written anew.
 *
 *   "ARCAJNL" 3        eight bytes at the start
 *   frames             journal_frame.h; in each a record, journal_record.h
 *   zeros              room for the next ones
 *
 * A record is on disk (fsync) before its append returns, hence before anybody is told.  Appends that come while the file
 * is being synced wait and go as the next group: one write and one sync for all of them, and none waits for company.  Only
 * the last group can be torn by a crash: at opening it is cut off behind its last whole record in front, and what was cut
 * is kept in a file beside, in place of what was cut before.  Anything else that is wrong is an error, for somebody or the
 * disk has changed the file.
 *
 * A thread writes zeros ahead of the records, at most JOURNAL_AHEAD and a step, because the sync of what is written over
 * them is several times faster (journal_ahead.c).  They count for nothing, and are cut off at opening and at a stop.
 *
 * When the records take more than twice what is still of use and JOURNAL_SLACK, the same thread writes the file anew without
 * the rest, while appends go on.  They wait if the file grows far beyond that meanwhile.
 *
 * Records: a decryption that was taken in (with the message that asked for it, so that the next start goes on with it), an
 * outcome (a request done or failed, with the digest of its fields and the response's bytes or the reason), and a
 * consumption (a preprocessing used up by a key generation).
 */
#ifndef ARCA_NODE_JOURNAL_H
#define ARCA_NODE_JOURNAL_H

#include "node/requests.h"

#define JOURNAL_SLACK ((uint64_t)16 << 20)
#define JOURNAL_AHEAD ((uint64_t)4 << 20)

typedef struct journal journal;

/*
 * Opens or makes the file and puts what it says into the table, which the journal keeps asking later what is still of use.
 * *cut: bytes of a torn group that were moved to "<path>.cut".  ERR_STATE if it is damaged, ERR_IO.
 */
err  journal_open(journal **out, uint64_t *cut, const char *path, requests *table);
void journal_free(journal **j);

/*
 * Any thread.  After ERR_IO (a full disk) the file is as before, and later appends may succeed.  ERR_EXHAUSTED if it is
 * more than a record may have.  journal_taken: of a decryption that the table calls pending.
 */
err  journal_taken(journal *j, const request_view *pending, slice message);
err  journal_outcome(journal *j, const request_view *outcome);
err  journal_consumed(journal *j, const id32 *preproc, const id32 *by, const hash32 *by_body);

/* The key generations that a consumption names, as they are read: to be called failed unless they are known otherwise. */
typedef void journal_consumer(void *ctx, const id32 *preproc, const id32 *by, const hash32 *by_body);
void journal_each_consumed(const journal *j, journal_consumer *each, void *ctx);

/* The decryptions that were taken in and have not ended, in the order in which they came, each with its message
 * (empty if it cannot be read).  Once, before anybody asks for more.  After an error nothing was called. */
typedef void journal_pending(void *ctx, request_kind kind, const id32 *id, slice message);
err  journal_each_pending(journal *j, journal_pending *each, void *ctx);

#endif
