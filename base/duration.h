/* SPDX-License-Identifier: MIT */
/*
 * base/duration.h -- spans of time as people write them: "500ms", "3s", "5m", "24h", "1h 30m".
 *
 * One or more whole numbers, each with its unit: ms, s, m, h, d or w, or one of the longer words for them (msec, sec, min, hour,
 * day, week, and their plurals).
 */
#ifndef ARCA_BASE_DURATION_H
#define ARCA_BASE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds.  False: not a duration, or longer than an int64 holds.  On public data only. */
bool duration_read(int64_t *ms, const char *text);

/* The shortest text that reads back as the same: 90000 -> "90s", 3600000 -> "1h".  Requires: ms >= 0. */
enum { DURATION_TEXT = 24 };
void duration_text(char out[static DURATION_TEXT], int64_t ms);

#endif
