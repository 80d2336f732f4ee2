/* SPDX-License-Identifier: MIT */
/* base/log.c -- each line is built whole and written by one call, so that lines of threads never mix. */
#include "base/log.h"
#include "base/base.h"
#include "base/clock.h"
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static log_level shown = LOG_INFO;
static bool as_json;

static const char *const LEVEL[] = { "debug", "info", "warn", "error" };

void log_setup(log_level least, bool json)
{
	shown = least;
	as_json = json;
}

static void put_json_string(buf *b, const char *s)
{
	buf_put_u8(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\') buf_printf(b, "\\%c", *s);
		else if ((unsigned char)*s < 0x20) buf_printf(b, "\\u%04x", (unsigned char)*s);
		else buf_put_u8(b, (uint8_t)*s);
	}
	buf_put_u8(b, '"');
}

void log_line(log_level level, const char *format, ...)
{
	if (level < shown) return;

	char text[1024], stamp[32];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);

	int64_t ms = clock_unix_ms(clock_system());
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	gmtime_r(&s, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);

	buf line = { 0 };
	if (as_json) {
		buf_printf(&line, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"message\":", stamp, (int)(ms % 1000), LEVEL[level]);
		put_json_string(&line, text);
		buf_put_str(&line, "}\n");
	} else {
		for (char *c = text; *c; c++)
			if ((unsigned char)*c < 0x20) *c = ' ';          /* one event, one line */
		buf_printf(&line, "%s.%03dZ %-5s %s\n", stamp, (int)(ms % 1000), LEVEL[level], text);
	}
	ssize_t ignored = write(STDERR_FILENO, line.p, line.n);
	(void)ignored;
	buf_free(&line);
}

void log_err(log_level level, const char *what, err e)
{
	char trail[512] = "";
	FILE *f = fmemopen(trail, sizeof trail - 1, "w");
	if (f) {
		err_print_trail(f);
		fclose(f);
	}
	for (char *c = trail; *c; c++)
		if (*c == '\n') *c = ';';
	log_line(level, "%s: %s (%s)%s", what, err_text()[0] ? err_text() : err_name(e), err_name(e), trail);
	err_clear();
}
