/* SPDX-License-Identifier: MIT */
/* base/trace.c -- the text of a traceparent, and what each thread has. */
#include "base/trace.h"
#include "base/hex.h"

enum { AT_TRACE = 3, AT_SPAN = AT_TRACE + 2 * TRACE_ID + 1, AT_FLAGS = AT_SPAN + 2 * TRACE_SPAN + 1, NEWEST = 0xff };

static _Thread_local trace of_thread;
static trace of_process;

/* Hexadecimal digits, none of them a capital. */
static bool read_field(uint8_t *out, size_t n, const uint8_t *digits)
{
	for (size_t i = 0; i < 2 * n; i++)
		if (digits[i] >= 'A' && digits[i] <= 'F') return false;
	return hex_read(out, n, slice_of(digits, 2 * n));
}

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i]) return false;
	return true;
}

bool trace_read(trace *out, slice s)
{
	trace t = { 0 };
	uint8_t version;

	*out = t;
	if (s.n < TRACE_TEXT - 1) return false;
	if (s.p[AT_TRACE - 1] != '-' || s.p[AT_SPAN - 1] != '-' || s.p[AT_FLAGS - 1] != '-') return false;
	if (!read_field(&version, 1, s.p) || version == NEWEST) return false;
	/* Later versions may have more fields behind these. */
	if (s.n > TRACE_TEXT - 1 && (version == 0 || s.p[TRACE_TEXT - 1] != '-')) return false;
	if (!read_field(t.id, sizeof t.id, s.p + AT_TRACE) || !read_field(t.span, sizeof t.span, s.p + AT_SPAN) ||
	    !read_field(&t.flags, 1, s.p + AT_FLAGS)) return false;
	if (is_zero(t.id, sizeof t.id) || is_zero(t.span, sizeof t.span)) return false;
	*out = t;
	return true;
}

void trace_write(char out[static TRACE_TEXT], const trace *t)
{
	memcpy(out, "00-", AT_TRACE);
	hex_write(out + AT_TRACE, slice_of(t->id, sizeof t->id));
	out[AT_SPAN - 1] = '-';
	hex_write(out + AT_SPAN, slice_of(t->span, sizeof t->span));
	out[AT_FLAGS - 1] = '-';
	hex_write(out + AT_FLAGS, slice_of(&t->flags, 1));
}

bool trace_is_any(const trace *t) { return !is_zero(t->id, sizeof t->id); }

trace trace_below(const trace *above, const rng *random)
{
	trace t = *above;

	if (!trace_is_any(above)) return (trace){ 0 };
	memcpy(t.above, above->span, sizeof t.above);
	do rng_fill(random, t.span, sizeof t.span); while (is_zero(t.span, sizeof t.span));
	return t;
}

trace trace_enter(const trace *t)
{
	const trace before = of_thread;

	of_thread = *t;
	return before;
}

trace trace_current(void) { return trace_is_any(&of_thread) ? of_thread : of_process; }

void trace_of_process(const trace *t) { of_process = *t; }
