/* SPDX-License-Identifier: MIT */
/* cli/cli.c -- files in, files out, sentences, signals. */
#include "cli/cli.h"
#include <errno.h>
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

typedef struct kept { FILE *file; int failed; } kept;      /* failed: an errno */

static bool to_file(void *ctx, slice piece)
{
	kept *k = ctx;

	if (fwrite(piece.p, 1, piece.n, k->file) == piece.n) return true;
	k->failed = errno;
	return false;
}

/* Into a file without a name, which is mapped like any other: half a gigabyte of keys need not stay in memory. */
static err download(slice *view, const char *url, size_t max)
{
	kept k = { .file = tmpfile() };
	char path[64];

	if (!k.file) return err_fail(ERR_IO, "cannot make a temporary file for %s: %s", url, strerror(errno));
	err e = fetch_pieces(url, max, FETCH_TIMEOUT_MS, to_file, &k);
	if (e == OK && fflush(k.file)) k.failed = errno;
	if (k.failed) e = err_fail(ERR_IO, "cannot keep what comes from %s in a temporary file: %s", url, strerror(k.failed));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(k.file));
	if (e == OK) {
		e = file_map(view, path, max);
		if (e != OK) err_context("%s: ", url);
	}
	fclose(k.file);
	return e;
}

err input_read(input *in, cli *c, const char *name, size_t max, bool url)
{
	*in = (input){ 0 };
	err e = url && fetch_is_url(name) ? download(&in->bytes, name, max) : file_map(&in->bytes, name, max);
	if (e != OK) {
		c->code = url && fetch_is_url(name) ? EXIT_UNAVAILABLE : EXIT_IO;
		*in = (input){ 0 };
	}
	return e;
}

void input_free(input *in)
{
	file_unmap(&in->bytes);
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
