/* SPDX-License-Identifier: MIT */
/*
 * node/clocks.h -- how far another party's clock is from this one's.
 *
 * Certificates begin and end, authorizations serve for minutes, shared keys are refreshed by the clock.  A party whose clock is wrong
 * refuses what is right and is refused, and learns of neither.  So each asks the others what time it is for them, and who is far off is
 * named.  Nothing else follows from it: what another says is only told.
 *
 *   word       u8 1 question, 2 answer | u64 token, the asker's own | u64 milliseconds since 1970, 0 in a question
 *
 * The answer was given at some time between question and answer.  What is kept of the difference is as much as is sure.
 */
#ifndef ARCA_NODE_CLOCKS_H
#define ARCA_NODE_CLOCKS_H

#include <stdatomic.h>
#include "base/base.h"

enum { CLOCK_WORD_BYTES = 1 + 8 + 8,
       CLOCK_FAR_MS = 5000,                  /* who differs by more is named */
       CLOCK_ROUND_MS = 10000,               /* an answer that took longer says nothing */
       CLOCK_TEXT = 64 };

typedef struct clock_word {
	bool     answer;
	uint64_t token;
	int64_t  unix_ms;
} clock_word;

void clock_word_write(uint8_t out[static CLOCK_WORD_BYTES], const clock_word *w);
[[nodiscard]] bool clock_word_read(clock_word *out, slice bytes);

/* One party's clock.  All zeros: nothing is known.  One thread, but for ahead_ms, which others may read. */
typedef struct clock_view {
	_Atomic int64_t ahead_ms;            /* of ours; negative: behind it */
	uint64_t token;
	int64_t  asked_ms;
	bool     asked, answers;             /* a question is under way; one was answered */
} clock_view;

/* token: fresh, also across restarts, for a link brings what was said to this process's predecessor.  now_ms: monotonic. */
clock_word clock_ask(clock_view *v, uint64_t token, int64_t now_ms);
/* False: it answers no question of ours, or came too late, and nothing was changed. */
bool clock_hear(clock_view *v, const clock_word *answer, int64_t now_ms, int64_t unix_ms);

static inline bool clock_is_far(int64_t ahead_ms) { return ahead_ms > CLOCK_FAR_MS || ahead_ms < -CLOCK_FAR_MS; }

/* "61.3 s ahead of this node's" */
void clock_text(char out[static CLOCK_TEXT], int64_t ahead_ms);

#endif
