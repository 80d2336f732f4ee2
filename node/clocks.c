/* SPDX-License-Identifier: MIT */
/* node/clocks.c */
#include "node/clocks.h"
#include <stdio.h>

enum { QUESTION = 1, ANSWER = 2 };

static const int64_t LAST_MS = 253402300799999;              /* 9999-12-31 */

void clock_word_write(uint8_t out[static CLOCK_WORD_BYTES], const clock_word *w)
{
	out[0] = w->answer ? ANSWER : QUESTION;
	store64(out + 1, w->token);
	store64(out + 9, w->answer ? (uint64_t)w->unix_ms : 0);
}

bool clock_word_read(clock_word *out, slice bytes)
{
	reader r = reader_of(bytes);

	const uint8_t kind = read_u8(&r);
	const uint64_t token = read_u64(&r), unix_ms = read_u64(&r);
	if (!read_done(&r) || (kind != QUESTION && kind != ANSWER) || unix_ms > (uint64_t)LAST_MS) return false;
	if (kind == QUESTION && unix_ms) return false;
	*out = (clock_word){ kind == ANSWER, token, (int64_t)unix_ms };
	return true;
}

clock_word clock_ask(clock_view *v, uint64_t token, int64_t now_ms)
{
	v->token = token;
	v->asked = true;
	v->asked_ms = now_ms;
	return (clock_word){ .token = v->token };
}

bool clock_hear(clock_view *v, const clock_word *answer, int64_t now_ms, int64_t unix_ms)
{
	const int64_t round = now_ms - v->asked_ms, doubt = (round + 1) / 2;

	if (!v->asked || !answer->answer || answer->token != v->token || round > CLOCK_ROUND_MS) return false;
	const int64_t ahead = answer->unix_ms + round / 2 - unix_ms;
	atomic_store(&v->ahead_ms, ahead > doubt ? ahead - doubt : ahead < -doubt ? ahead + doubt : 0);
	v->asked = false;
	v->answers = true;
	return true;
}

void clock_text(char out[static CLOCK_TEXT], int64_t ahead_ms)
{
	const uint64_t tenths = (uint64_t)(ahead_ms < 0 ? -ahead_ms : ahead_ms) / 100;

	snprintf(out, CLOCK_TEXT, "%llu.%llu s %s this node's", (unsigned long long)tenths / 10, (unsigned long long)tenths % 10,
	         ahead_ms < 0 ? "behind" : "ahead of");
}
