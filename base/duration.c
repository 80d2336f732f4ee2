/* SPDX-License-Identifier: MIT */
/* base/duration.c -- spans of time as people write them. */
#include "base/duration.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/base.h"

static const struct unit { const char *name; int64_t ms; } UNITS[] = {
	/* the shortest name first: duration_text writes it */
	{ "w", 604800000 }, { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
	{ "week", 604800000 }, { "weeks", 604800000 }, { "day", 86400000 }, { "days", 86400000 },
	{ "hour", 3600000 }, { "hours", 3600000 }, { "hr", 3600000 }, { "min", 60000 }, { "mins", 60000 },
	{ "minute", 60000 }, { "minutes", 60000 }, { "sec", 1000 }, { "secs", 1000 }, { "second", 1000 },
	{ "seconds", 1000 }, { "msec", 1 }, { "millis", 1 }, { "millisecond", 1 }, { "milliseconds", 1 },
};
enum { SHORT_UNITS = 6 };

static int64_t unit_ms(const char *name, size_t n)
{
	for (size_t u = 0; u < COUNT(UNITS); u++)
		if (strlen(UNITS[u].name) == n && !strncmp(UNITS[u].name, name, n)) return UNITS[u].ms;
	return 0;
}

bool duration_read(int64_t *ms, const char *text)
{
	int64_t sum = 0;
	const char *p = text;

	do {
		int64_t number = 0, part;
		const char *digits = p;
		for (; isdigit((unsigned char)*p); p++)
			if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *p - '0', &number)) return false;
		if (p == digits) return false;
		const char *unit = p;
		while (isalpha((unsigned char)*p)) p++;
		const int64_t each = unit_ms(unit, (size_t)(p - unit));
		if (!each || __builtin_mul_overflow(number, each, &part) || __builtin_add_overflow(sum, part, &sum)) return false;
		while (*p == ' ') p++;
	} while (*p);
	*ms = sum;
	return true;
}

void duration_text(char out[static DURATION_TEXT], int64_t ms)
{
	size_t u = 0;

	while (u + 1 < SHORT_UNITS && (ms == 0 || ms % UNITS[u].ms)) u++;
	snprintf(out, DURATION_TEXT, "%" PRId64 "%s", ms / UNITS[u].ms, UNITS[u].name);
}
