/* SPDX-License-Identifier: MIT */
/* base/err.c -- the sentence and the trail of the error that this thread is carrying. */
#include "base/err.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIL = 16, SENTENCE = 512 };

static _Thread_local struct {
	char     sentence[SENTENCE];
	unsigned steps;
	struct { const char *file; int line; } trail[TRAIL];
} carried;

static const char *const NAMES[ERR_COUNT] = {
	[OK] = "ok",
	[ERR_NOMEM] = "out of memory",
	[ERR_IO] = "input or output failed",
	[ERR_CANCELLED] = "cancelled",
	[ERR_REQUEST] = "bad request",
	[ERR_NOT_FOUND] = "not found",
	[ERR_EXISTS] = "already exists",
	[ERR_STATE] = "wrong state",
	[ERR_BUSY] = "not finished",
	[ERR_EXHAUSTED] = "over capacity",
	[ERR_UNSUPPORTED] = "not supported",
	[ERR_INTERNAL] = "internal failure",
};

const char *err_name(err e)
{
	return (unsigned)e < ERR_COUNT ? NAMES[e] : "unknown error";
}

err err_at(err e, const char *file, int line)
{
	if (carried.steps < TRAIL) {
		carried.trail[carried.steps].file = file;
		carried.trail[carried.steps].line = line;
	}
	carried.steps++;
	return e;
}

err err_fail_at(err e, const char *file, int line, const char *format, ...)
{
	va_list args;

	ASSERT(e != OK);
	err_clear();
	va_start(args, format);
	vsnprintf(carried.sentence, sizeof carried.sentence, format, args);
	va_end(args);
	return err_at(e, file, line);
}

void err_context(const char *format, ...)
{
	char before[SENTENCE], after[SENTENCE];
	va_list args;

	va_start(args, format);
	vsnprintf(before, sizeof before, format, args);
	va_end(args);
	memcpy(after, carried.sentence, sizeof after);
	size_t used = strlen(before);
	memcpy(carried.sentence, before, used + 1);
	snprintf(carried.sentence + used, sizeof carried.sentence - used, "%s", after);
}

const char *err_text(void)
{
	return carried.sentence;
}

void err_print_trail(FILE *to)
{
	for (unsigned i = 0; i < carried.steps && i < TRAIL; i++)
		fprintf(to, "  at %s:%d\n", carried.trail[i].file, carried.trail[i].line);
	if (carried.steps > TRAIL)
		fprintf(to, "  and %u more\n", carried.steps - TRAIL);
}

void err_clear(void)
{
	carried.sentence[0] = '\0';
	carried.steps = 0;
}

void assert_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: this must hold and does not: %s\n", file, line, what);
	abort();
}
