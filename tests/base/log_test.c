/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/trace.h"
#include "base/utf8.h"
#include "tests/test.h"
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a log call writes to stderr. */
static FILE *captured;
static int stderr_before;

static void capture(void)
{
	captured = tmpfile();
	assert_non_null(captured);
	stderr_before = dup(STDERR_FILENO);
	assert_true(stderr_before >= 0 && dup2(fileno(captured), STDERR_FILENO) >= 0);
}

static const char *written(void)
{
	static char text[8192];

	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	rewind(captured);
	text[fread(text, 1, sizeof text - 1, captured)] = '\0';
	fclose(captured);
	return text;
}

static const char *line_of(bool json, const char *message)
{
	log_setup(LOG_INFO, json);
	capture();
	log_info("%s", message);
	return written();
}

/* One line, in UTF-8, in which nothing moves a cursor. */
static void assert_one_line(const char *line)
{
	const size_t n = strlen(line);

	assert_true(n > 0 && line[n - 1] == '\n');
	assert_true(utf8_ok(slice_str(line)));
	for (size_t i = 0; i + 1 < n; i++) {
		const uint8_t c = (uint8_t)line[i], next = (uint8_t)line[i + 1];
		assert_true(c >= 0x20 && c != 0x7f);
		assert_false(c == 0xc2 && next < 0xa0);
	}
}

/* The message of a line of JSON; free() it. */
static char *parsed(const char *line)
{
	json_error_t why;
	const char *level, *message, *time;

	assert_one_line(line);
	json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, &why);
	if (!j) print_error("%s: %s\n", why.text, line);
	assert_non_null(j);
	assert_int_equal(json_unpack_ex(j, &why, JSON_STRICT, "{s:s, s:s, s:s}", "time", &time, "level", &level, "message", &message), 0);
	assert_string_equal(level, "info");
	assert_int_equal(strlen(time), strlen("2026-01-01T00:00:00.000Z"));
	char *copy = strdup(message);
	json_decref(j);
	return copy;
}

static void whatever_the_bytes_a_line_of_json_is_json(void **state)
{
	(void)state;
	static const char *const PIECES[] = { "\"", "\\", "\n", "\r\n", "\x1b[2J", "\x7f", "\xc2\x9b", "\xc2\x85", "\xff", "\xe2\x82", "\xf0\x9f\x94",
		"\xed\xa0\x80", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "plain", "%s", "}\n{" };

	for (unsigned c = 1; c < 256; c++) {
		const char message[] = { 'a', (char)c, 'b', '\0' };
		char *got = parsed(line_of(true, message));
		if (c < 0x80) assert_string_equal(got, message);
		else assert_string_equal(got, "a\xef\xbf\xbd" "b");
		free(got);
		assert_one_line(line_of(false, message));
	}
	for (unsigned round = 0; round < 300; round++) {
		buf message = { 0 };
		for (size_t n = test_below(20); n; n--) {
			if (test_below(2)) buf_put_str(&message, PIECES[test_below(COUNT(PIECES))]);
			else buf_put_u8(&message, (uint8_t)(1 + test_below(255)));
		}
		char *got = parsed(line_of(true, buf_str(&message)));
		if (utf8_ok(buf_slice(&message))) assert_string_equal(got, buf_str(&message));
		free(got);
		assert_one_line(line_of(false, buf_str(&message)));
		buf_free(&message);
	}
}

static void text_keeps_characters_and_drops_what_moves_the_cursor(void **state)
{
	(void)state;
	const char *line = line_of(false, "caf\xc3\xa9 \xff \x1b[2J\nsecond\x7f\xc2\x9b" "31m \"quoted\\\"");

	assert_one_line(line);
	assert_non_null(strstr(line, "Z info  caf\xc3\xa9 \xef\xbf\xbd  [2J second  31m \"quoted\\\"\n"));
}

static void a_sentence_that_is_cut_inside_a_character_stays_utf8(void **state)
{
	(void)state;
	char message[3000];

	for (unsigned shift = 0; shift < 4; shift++) {
		memset(message, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof message; i += 4) memcpy(message + i, "\xf0\x9f\x94\x91", 5);
		char *got = parsed(line_of(true, message));
		assert_int_equal(strncmp(got, message, 900), 0);
		free(got);
		assert_one_line(line_of(false, message));
	}
}

static void a_line_of_a_traced_thread_names_trace_and_span(void **state)
{
	(void)state;
	const char *const text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", *message, *of_trace, *of_span;
	const trace none = { 0 };
	trace t;

	assert_true(trace_read(&t, slice_str(text)));
	trace_enter(&t);
	const char *line = line_of(false, "hello");
	assert_non_null(strstr(line, "hello trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7\n"));
	line = line_of(true, "hello");
	json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	assert_int_equal(json_unpack(j, "{s:s, s:s, s:s}", "message", &message, "trace_id", &of_trace, "span_id", &of_span), 0);
	assert_string_equal(message, "hello");
	assert_string_equal(of_trace, "4bf92f3577b34da6a3ce929d0e0e4736");
	assert_string_equal(of_span, "00f067aa0ba902b7");
	json_decref(j);
	trace_enter(&none);
	assert_null(strstr(line_of(false, "hello"), "trace_id"));
}

static void what_is_below_the_level_is_not_written(void **state)
{
	(void)state;
	log_setup(LOG_WARN, false);
	capture();
	log_debug("one");
	log_info("two");
	log_warn("three");
	log_error("four");
	const char *text = written();
	assert_null(strstr(text, "one"));
	assert_null(strstr(text, "two"));
	assert_non_null(strstr(text, "warn  three\n"));
	assert_non_null(strstr(text, "error four\n"));
	log_setup(LOG_DEBUG, false);
	capture();
	log_debug("one");
	assert_non_null(strstr(written(), "debug one\n"));
}

static void an_error_is_logged_with_its_trail_and_cleared(void **state)
{
	(void)state;
	log_setup(LOG_INFO, true);
	for (unsigned with = 0; with < 2; with++) {
		err e = with ? err_fail(ERR_IO, "line one\nline \xfftwo") : ERR_BUSY;
		capture();
		log_err(LOG_INFO, "request", e);
		char *got = parsed(written());
		assert_int_equal(strncmp(got, with ? "request: line one\nline \xef\xbf\xbdtwo (input or output failed)"
		                                   : "request: not finished (not finished)", with ? 40 : 30), 0);
		assert_int_equal(strstr(got, "log_test.c:") != NULL, with);
		assert_string_equal(err_text(), "");
		free(got);
	}
}

static const char *from_signal(bool json, log_level level)
{
	log_setup(LOG_WARN, json);
	capture();
	log_from_signal(level, "refused: ", "execve");
	return written();
}

static void a_line_from_the_handler_of_a_signal_has_the_form_of_the_others(void **state)
{
	(void)state;
	assert_string_equal(from_signal(false, LOG_WARN), "warn  refused: execve\n");
	assert_string_equal(from_signal(true, LOG_ERROR), "{\"level\":\"error\",\"message\":\"refused: execve\"}\n");
	assert_string_equal(from_signal(true, LOG_INFO), "");
	log_setup(LOG_INFO, false);
}

/* All that is written after the variable names the file that stderr is, or another. */
static const char *lines_if_stream(bool ours, bool json)
{
	char stream[64];
	struct stat s;

	capture();
	assert_int_equal(fstat(STDERR_FILENO, &s), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino + !ours);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup(LOG_WARN, json);
	unsetenv("JOURNAL_STREAM");
	log_warn("one");
	log_error("two");
	log_from_signal(LOG_WARN, "refused: ", "execve");
	return written();
}

static void the_journal_is_told_how_much_a_line_matters_and_other_files_are_not(void **state)
{
	(void)state;
	const char *text = lines_if_stream(true, false);
	assert_int_equal(strncmp(text, "<4>2", 4), 0);
	assert_non_null(strstr(text, "warn  one\n<3>2"));
	assert_non_null(strstr(text, "error two\n<4>warn  refused: execve\n"));
	text = lines_if_stream(true, true);
	assert_int_equal(strncmp(text, "<4>{", 4), 0);
	assert_non_null(strstr(text, "}\n<3>{"));
	assert_non_null(strstr(text, "}\n<4>{\"level\""));
	assert_null(strchr(lines_if_stream(false, false), '<'));
	log_setup(LOG_INFO, false);
}

TESTS(TEST(whatever_the_bytes_a_line_of_json_is_json),
      TEST(text_keeps_characters_and_drops_what_moves_the_cursor),
      TEST(a_sentence_that_is_cut_inside_a_character_stays_utf8),
      TEST(a_line_of_a_traced_thread_names_trace_and_span),
      TEST(what_is_below_the_level_is_not_written),
      TEST(a_line_from_the_handler_of_a_signal_has_the_form_of_the_others),
      TEST(the_journal_is_told_how_much_a_line_matters_and_other_files_are_not),
      TEST(an_error_is_logged_with_its_trail_and_cleared))
