/* SPDX-License-Identifier: MIT */
/* cli/cli.c -- files in, files out, sentences, signals. */
#include "cli/cli.h"
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include "base/file.h"
#include "rpc/fetch.h"

enum { FETCH_TIMEOUT_MS = 600000 };

err cli_usage(cli *c, const char *format, ...)
{
	char sentence[512];
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, sizeof sentence, format, list);
	va_end(list);
	c->code = EXIT_USAGE;
	return err_fail(ERR_REQUEST, "%s", sentence);
}

err input_read(input *in, cli *c, const char *name, size_t max, bool url)
{
	err e;

	*in = (input){ 0 };
	if (url && fetch_is_url(name)) {
		e = fetch_url(&in->owned, name, max, FETCH_TIMEOUT_MS);
		in->bytes = buf_slice(&in->owned);
	} else {
		e = file_map(&in->bytes, name, max);
		in->mapped = e == OK;
	}
	if (e != OK) {
		c->code = EXIT_IO;
		input_free(in);
	}
	return e;
}

void input_free(input *in)
{
	if (in->mapped) file_unmap(&in->bytes);
	buf_free(&in->owned);
	*in = (input){ 0 };
}

/* Writing whole means renaming over what was there: a device or a pipe must not be replaced by a file. */
static err write_file(const char *path, slice bytes)
{
	struct stat s;

	if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) return err_fail(ERR_IO, "%s is not a regular file; name a file", path);
	return file_write_atomic(path, bytes, 0644);
}

err output_write(cli *c, const char *path, slice bytes)
{
	err e = write_file(path, bytes);

	if (e != OK) c->code = EXIT_IO;
	return e;
}

void print_json(json_t *object)
{
	ASSERT(object);
	json_dumpf(object, stdout, JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(object);
}

static volatile sig_atomic_t came;

static void remember(int signal)
{
	(void)signal;
	came = 1;
}

void signals_catch(void)
{
	struct sigaction a = { .sa_handler = remember, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

bool signals_came(void)
{
	return came;
}
