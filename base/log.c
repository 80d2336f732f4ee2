/* SPDX-License-Identifier: MIT */
/* base/log.c -- each line is built whole and written by one call, so that lines of threads never mix. */
#include "base/log.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/trace.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static log_level shown = LOG_INFO;
static bool as_json, to_journal;

static const char *const LEVEL[] = { "debug", "info", "warn", "error" };
/* The journal takes a line's priority, of syslog(3), from its first bytes, and takes these away: sd-daemon(3). */
static const char *const PRIORITY[] = { "<7>", "<6>", "<4>", "<3>" };

bool log_level_by_name(log_level *out, const char *name)
{
	for (size_t i = 0; i < COUNT(LEVEL); i++) {
		if (strcmp(name, LEVEL[i])) continue;
		*out = (log_level)i;
		return true;
	}
	return false;
}

/* systemd names the file by device and inode: a program whose stderr was sent elsewhere since has the variable all the same. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat s;

	if (!stream || fstat(STDERR_FILENO, &s)) return false;
	snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_setup(log_level least, bool json)
{
	shown = least;
	as_json = json;
	to_journal = stderr_is_journal();
}

/* One event is one line and moves no cursor: a message may quote a name that somebody else chose.  So control characters
 * (C0, DEL, C1) are escaped in JSON and blanks in text, and what is not UTF-8 becomes U+FFFD. */
static void put_message(buf *b, const char *message)
{
	for (slice left = slice_str(message); left.n;) {
		const uint8_t *p = left.p;
		const size_t n = utf8_step(left);
		const bool control = p[0] < 0x20 || p[0] == 0x7f || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);

		if (n == 0) buf_put_str(b, "\xef\xbf\xbd");
		else if (control && as_json) buf_printf(b, "\\u%04x", p[n - 1]);      /* C1: the second byte is the code */
		else if (control) buf_put_u8(b, ' ');
		else if (as_json && (*p == '"' || *p == '\\')) buf_printf(b, "\\%c", *p);
		else buf_put(b, p, n);
		left = slice_of(p + size_max(n, 1), left.n - size_max(n, 1));
	}
}

/* Whose work this is: the names are those that collectors of logs look for. */
static void put_trace(buf *b)
{
	const trace t = trace_current();

	if (!trace_is_any(&t)) return;
	buf_put_str(b, as_json ? ",\"trace_id\":\"" : " trace_id=");
	buf_put_hex(b, slice_of(t.id, sizeof t.id));
	buf_put_str(b, as_json ? "\",\"span_id\":\"" : " span_id=");
	buf_put_hex(b, slice_of(t.span, sizeof t.span));
	if (as_json) buf_put_str(b, "\"");
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
	if (to_journal) buf_put_str(&line, PRIORITY[level]);
	if (as_json) {
		buf_printf(&line, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"message\":\"", stamp, (int)(ms % 1000), LEVEL[level]);
		put_message(&line, text);
		buf_put_str(&line, "\"");
		put_trace(&line);
		buf_put_str(&line, "}\n");
	} else {
		buf_printf(&line, "%s.%03dZ %-5s ", stamp, (int)(ms % 1000), LEVEL[level]);
		put_message(&line, text);
		put_trace(&line);
		buf_put_str(&line, "\n");
	}
	ssize_t ignored = write(STDERR_FILENO, line.p, line.n);
	(void)ignored;
	buf_free(&line);
}

void log_from_signal(log_level level, const char *what, const char *which)
{
	const char *const priority = to_journal ? PRIORITY[level] : "";
	const char *const text[] = { priority, LEVEL[level], "  ", what, which, "\n" };
	const char *const json[] = { priority, "{\"level\":\"", LEVEL[level], "\",\"message\":\"", what, which, "\"}\n" };
	const char *const *part = as_json ? json : text;
	const size_t parts = as_json ? COUNT(json) : COUNT(text);
	char line[256];
	size_t n = 0;

	if (level < shown) return;
	for (size_t i = 0; i < parts; i++)
		for (const char *c = part[i]; *c && n < sizeof line; c++) line[n++] = *c;
	ssize_t ignored = write(STDERR_FILENO, line, n);
	(void)ignored;
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
