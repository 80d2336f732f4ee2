/* SPDX-License-Identifier: MIT */
/*
 * store/committer.h -- many small transactions share one commit.
 *
 * A commit costs a sync of the disk, whatever it holds.  A committer is a thread with a connection of its own that takes what came
 * within a few milliseconds, up to 256 groups, and commits it at once.  A group is all or nothing, as alone; groups are committed in
 * the order in which they came.
 *
 * While the database is away the committer tries again until it is back or the committer is freed: hence statements must do no harm
 * when done twice (store.h).  A group with a row that is refused is left out and told so; the others are not held up by it.
 */
#ifndef ARCA_STORE_COMMITTER_H
#define ARCA_STORE_COMMITTER_H

#include "store/store.h"

enum { COMMITTER_GROUPS = 256, COMMITTER_GATHER_US = 2000, COMMITTER_WAITING = 16384, COMMITTER_BYTES = 64 << 20 };

typedef struct store_committer store_committer;

/* Has a connection and a thread of its own.  As store_open; ERR_NOMEM. */
err  store_committer_new(store_committer **out, const store_config *config);

/* Commits what was given, unless the database is away: then groups end with ERR_CANCELLED.  NULL-safe. */
void store_committer_free(store_committer **c);

/*
 * Copies the statements and returns.  done runs on the committer's thread and must not block; e is OK once the group is
 * committed, ERR_REQUEST or ERR_INTERNAL if it was refused (bad: by which statement; err_text() says why), ERR_CANCELLED at the end.
 * changed[i] are the rows that statement i wrote.  ERR_EXHAUSTED: COMMITTER_WAITING groups or COMMITTER_BYTES wait already, and
 * done is not called.
 */
typedef void committed_fn(void *ctx, err e, size_t bad, const int64_t *changed, size_t n);
err  store_committer_submit(store_committer *c, const store_op *ops, size_t n, committed_fn *done, void *ctx);

size_t store_committer_waiting(store_committer *c);

/* Did the last commit fail, so that what was given waits for the database to be back? */
bool store_committer_behind(const store_committer *c);

#endif
