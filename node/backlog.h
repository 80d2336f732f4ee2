/* SPDX-License-Identifier: MIT */
/*
 * node/backlog.h -- how much may wait to be computed at this node: no more than it computes in a second.  So whoever is taken in
 * is served about as soon, and an overload is over a second after its end.
 *
 * Ciphertexts are counted, from when their request is taken in until this node's part of them is done.  What then waits for other
 * parties is not: parties that refuse different requests never wait for each other, for what a node has taken in it computes,
 * whatever the others do.
 *
 * The second is one of work: time in which nothing waits does not count, so a quiet night does not make a node refuse what it
 * could do the evening before.  Who computes less than `least` in a second, or has not computed yet, may keep that many: enough
 * for a batch at work and the next.  Formats that must be squashed here, which takes a thousand times as long, are counted apart.
 *
 * Any thread; no clock of its own.
 */
#ifndef ARCA_NODE_BACKLOG_H
#define ARCA_NODE_BACKLOG_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/base.h"

typedef enum backlog_lane { BACKLOG_FAST, BACKLOG_SLOW, BACKLOG_LANES } backlog_lane;

enum { BACKLOG_LEAST_FAST = 256, BACKLOG_LEAST_SLOW = 64 };

typedef struct backlog {
	pthread_mutex_t lock;
	struct backlog_count {
		size_t   least, waiting;
		uint64_t a_second;                     /* computed in the last whole second of work */
		uint64_t done;                         /* in the one that goes on, of which `busy_ms` are over */
		int64_t  busy_ms, at_ms;               /* at_ms: when it was looked at last */
	} count[BACKLOG_LANES];
} backlog;

void backlog_init(backlog *b);
void backlog_free(backlog *b);

/* What of a request waits. */
typedef struct backlog_part {
	backlog *of;                                   /* NULL: nothing */
	backlog_lane lane;
	_Atomic size_t items;
} backlog_part;

/* ERR_EXHAUSTED with a sentence, unless nothing else waits: a large request may be more than its second alone. */
err  backlog_take(backlog_part *out, backlog *b, backlog_lane lane, size_t items, int64_t now_ms);
/* Without asking: what was taken in before the node was stopped. */
void backlog_add(backlog_part *out, backlog *b, backlog_lane lane, size_t items, int64_t now_ms);

/* So many of it are computed, at most as many as wait.  And: the rest will not be.  NULL-safe. */
void backlog_done(backlog_part *p, size_t items, int64_t now_ms);
void backlog_end(backlog_part *p, int64_t now_ms);

#endif
