/* SPDX-License-Identifier: MIT */
/*
 * cli/main.c -- arca: from the words that were typed to an exit code.
 *
 *   arca <noun> [<verb>] options...     the table's command
 *   arca help [<noun> [<verb>]]         what the table says
 *
 * Results go to stdout, everything else to stderr.  A failure is one sentence: what, where, what to try next.
 */
#include "cli/cli.h"
#include "base/trace.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int usage(const char *who, const char *more)
{
	fprintf(stderr, "%s: %s\ntry: %s\n", who, err_text(), more);
	err_clear();
	return EXIT_USAGE;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int help(size_t count, char *const *words)
{
	const command *c;
	size_t taken;

	if (count == 0) help_all(stdout);
	else if (count == 1 && strcmp(words[0], "--man") == 0) help_man(stdout);
	else if (count == 1 && help_noun(stdout, words[0])) return EXIT_DONE;
	else if (command_find(&c, &taken, count, words) != OK) return usage("arca", "arca help");
	else help_command(stdout, c);
	return EXIT_DONE;
}

static exit_code code_of(const cli *c, err e)
{
	if (c->code != EXIT_DONE) return c->code;
	return e == OK ? EXIT_DONE : e == ERR_IO ? EXIT_IO : EXIT_FAILED;
}

static int run(const command *k, size_t count, char *const *words)
{
	char words_of_it[COMMAND_NAME], name[COMMAND_NAME + 8], try_help[COMMAND_NAME + 16];
	cli c = { .code = EXIT_DONE };

	command_name(words_of_it, k);
	snprintf(name, sizeof name, "arca %s", words_of_it);
	snprintf(try_help, sizeof try_help, "%s --help", name);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], "--") == 0) break;
		if (is_help(words[i])) {
			help_command(stdout, k);
			return EXIT_DONE;
		}
	}
	if (args_read(&c.args, k->options, k->plain, k->plains, count, words) != OK) return usage(name, try_help);
	err e = OK;
	if (!k->plains_optional && c.args.plains < k->plains) e = cli_usage(&c, "%s is missing", k->plain);
	if (e == OK) e = k->run(&c);

	exit_code code = code_of(&c, e);
	if (e != OK) fprintf(stderr, "%s: %s\n", name, err_text());
	if (e != OK && code == EXIT_USAGE) fprintf(stderr, "try: %s\n", try_help);
	if (e != OK && getenv("ARCA_TRACE")) err_print_trail(stderr);
	err_clear();
	args_free(&c.args);
	return (int)code;
}

/* A result that did not reach its reader is no result. */
static int finish(int code)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_DONE) {
		fputs("arca: the result could not be written to standard output\n", stderr);
		return EXIT_IO;
	}
	return code;
}

/* What one command asks of nodes is one trace: that of whoever started it, if TRACEPARENT names one. */
static void join_trace(void)
{
	const char *above = getenv("TRACEPARENT");
	trace t;

	if (!above || !trace_read(&t, slice_str(above))) {
		t = (trace){ .flags = TRACE_SAMPLED };
		rng_fill(rng_os(), t.id, sizeof t.id);
	}
	t = trace_below(&t, rng_os());
	trace_of_process(&t);
}

int main(int argc, char **argv)
{
	const command *k;
	size_t taken, count = argc > 0 ? (size_t)argc - 1 : 0;
	char *const *words = argv + 1;

	signal(SIGPIPE, SIG_IGN);
	if (count && strcmp(words[0], "--version") == 0) {
		puts("arca " ARCA_VERSION);
		return finish(EXIT_DONE);
	}
	if (count && (is_help(words[0]) || strcmp(words[0], "help") == 0)) return finish(help(count - 1, words + 1));
	if (count == 0) {
		help_all(stderr);
		return EXIT_USAGE;
	}
	if (count == 2 && is_help(words[1]) && help_noun(stdout, words[0])) return finish(EXIT_DONE);
	if (command_find(&k, &taken, count, words) != OK) return usage("arca", "arca help");
	join_trace();
	return finish(run(k, count - taken, words + taken));
}
