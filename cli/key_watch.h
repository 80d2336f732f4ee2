/* SPDX-License-Identifier: MIT */
/*
 * cli/key_watch.h -- how far a node is with a key that it makes, for the ticker: asked of its /metrics once a second.
 *
 * Only for people who look: nothing depends on it, so whatever a node says there, or that it says nothing, is no error.
 */
#ifndef ARCA_CLI_KEY_WATCH_H
#define ARCA_CLI_KEY_WATCH_H

#include "base/slice.h"
#include "cli/ticker.h"

typedef struct key_step_seen {
	char   step[16];                     /* "made", "dealt", "received"; "": no key is being made */
	double done;                         /* 0 ... 1 */
	double left_s;                       /* below 0: not known */
} key_step_seen;

/* From the text of /metrics. */
key_step_seen key_step_read(const char *metrics);

typedef struct key_watch {
	const char *http;                    /* NULL: nobody is asked */
	int64_t     asked_ms;
	key_step_seen seen;
} key_watch;

key_watch key_watch_begin(const char *http);

/* Asks if it is time to, and if anybody looks; renews the line. */
void key_watch_show(key_watch *w, const ticker *t);

#endif
