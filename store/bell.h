/* SPDX-License-Identifier: MIT */
/*
 * store/bell.h -- waiting until somebody wrote, instead of asking all the time.
 *
 * A channel is a name.  On PostgreSQL it is one of NOTIFY, which triggers or statements send when a transaction commits; a bell
 * has a connection of its own that listens.  On SQLite a commit of this process says it directly, and commits of other processes
 * are seen by looking at the file's counter every 50 ms, which cannot tell channels apart: all of them ring.
 *
 * A bell may ring for nothing, and what rang while the connection was away is made up for by ringing every channel once when it is
 * back.  So who waits looks for work after each ring, and rarely without one.
 */
#ifndef ARCA_STORE_BELL_H
#define ARCA_STORE_BELL_H

#include "store/store.h"

enum { MAX_BELL_CHANNELS = 63 };

typedef struct store_bell store_bell;

/* channel[] is borrowed.  Does not wait for the database: the bell connects, and connects again, while it is waited for.
 * ERR_REQUEST: a URL of no database that is built in; ERR_NOMEM; ERR_IO. */
err  store_bell_new(store_bell **out, const store_config *config, const char *const *channel, unsigned n);
void store_bell_free(store_bell **b);

/* Waits until something rang, or wait_ms passed (-1: for ever): bit i of the result is channel i.  One thread waits. */
uint64_t store_bell_wait(store_bell *b, int64_t wait_ms);

/* From any thread: the one that waits comes back now, with these bits, which may be none. */
void store_bell_ring(store_bell *b, uint64_t bits);

#endif
