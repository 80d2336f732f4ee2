/* SPDX-License-Identifier: MIT */
/*
 * delegate/key_counts.h -- how many answers each key has given, over restarts.
 *
 * Each answer is x(d K) for a K that the asker chose.  From 2^24 chained answers of one key its logarithm would cost about 2^116 steps
 * in the place of 2^128 (Brown and Gallant, Cheon): far away, but a reason for another key, and new shares of the same one are none.
 * So keys are counted by their public point, which every epoch of their shares has, and who keeps the node is warned at half of it
 * and when it is reached.
 *
 *   file     "ARCACNT1" | records           integers little-endian
 *   record   public point (33) | u64 count
 *
 * The file is KEY_COUNT_STEP ahead of what was given and is written anew before that is used up, without waiting for the disk: so counting
 * costs next to nothing, and a kill makes the count too great by that much; a loss of power may take what was counted in the last half a
 * minute.  What cannot be written refuses nobody an answer: it is told in the log.  The file is not sealed: it tells how busy a key was.
 *
 * Any thread.
 */
#ifndef ARCA_DELEGATE_KEY_COUNTS_H
#define ARCA_DELEGATE_KEY_COUNTS_H

#include "base/base.h"
#include "curve/secp.h"

enum { KEY_COUNT_STEP = 1 << 14, KEY_COUNT_WARNING = 1 << 23, KEY_COUNT_ALARM = 1 << 24, MAX_KEY_COUNTS = 1024 };

typedef struct key_counts key_counts;
typedef struct key_count key_count;

/* What is no such file begins anew, with a warning.  ERR_IO: it is there and cannot be read; ERR_NOMEM. */
err  key_counts_open(key_counts **out, const char *path);
/* Writes how many it were.  NULL-safe; nobody uses it any more. */
void key_counts_free(key_counts **t);

/* The key's count, which lives as long as they do.  NULL: MAX_KEY_COUNTS are counted already. */
key_count *key_counts_find(key_counts *t, const secp_pk *P);

void     key_count_add(key_count *k);              /* one more */
uint64_t key_count_given(const key_count *k);

#endif
