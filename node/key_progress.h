/* SPDX-License-Identifier: MIT */
/*
 * node/key_progress.h -- how far the making of a key is: a line in the log now and then, and what /metrics says.
 *
 * One step a time is shown, the one that told something last.  Any thread.
 */
#ifndef ARCA_NODE_KEY_PROGRESS_H
#define ARCA_NODE_KEY_PROGRESS_H

#include <pthread.h>
#include "base/clock.h"
#include "base/id.h"
#include "base/progress.h"
#include "base/slice.h"

/* Of the node. */
typedef struct key_progress {
	pthread_mutex_t lock;
	const char *step;                            /* NULL: no key is being made */
	uint64_t done, of;
	int64_t  left_ms;                            /* an estimate; -1: too early for one */
} key_progress;

#define KEY_PROGRESS_INIT { .lock = PTHREAD_MUTEX_INITIALIZER, .left_ms = -1 }

/* What is done, to what, and how it is counted: "made", "key", "bytes". */
typedef struct key_work { const char *step, *what, *unit; } key_work;
extern const key_work KEY_MADE, KEY_DEALT, KEY_RECEIVED, KEY_UNPACKED, KEY_PREPARED;

/* A step of one key. */
typedef struct key_step {
	key_progress *all;                           /* may be NULL: then only the log */
	const clock_source *clock;
	const key_work *work;
	char     key[ID_TEXT];
	bool     telling;                            /* from the first word on, time counts: before it, others were waited for */
	uint64_t first;
	int64_t  began_ms, said_ms;
} key_step;

key_step key_step_begin(key_progress *all, const clock_source *clock, const key_work *work, const id32 *key);

/* For who does the work; valid as long as the step. */
progress key_step_progress(key_step *s);

/* The step is over, well or not. */
void key_step_end(key_step *s);

/* Nothing if no key is being made. */
void key_progress_print(buf *out, key_progress *all);

#endif
