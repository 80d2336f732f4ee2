/* SPDX-License-Identifier: MIT */
/*
 * cli/args.h -- the words after a command's name, read by the command's table of options.
 *
 *   --name value   or   --name=value   or   --flag   or a plain word; after -- every word is plain
 *
 * Options that may be repeated keep their order among each other, so that --type and --value come in pairs.  A word
 * that is not in the table is refused, with the nearest one that is.  Everything here speaks of what a person typed:
 * every error is ERR_REQUEST and means "wrong usage".
 */
#ifndef ARCA_CLI_ARGS_H
#define ARCA_CLI_ARGS_H

#include "base/base.h"

typedef enum option_rule {
	OPTIONAL,
	REQUIRED,
	REPEATED,              /* any number of times                                 */
	ONE_OF,                /* exactly one of the command's ONE_OF options is given */
} option_rule;

typedef struct option {
	const char *name;      /* without the dashes                                  */
	const char *value;     /* what its value is called in help; NULL: a flag      */
	option_rule rule;
	const char *line;      /* one line of help                                    */
} option;

/* Ends a table of options. */
#define OPTIONS_END { .name = NULL }

typedef struct given {
	const option *option;
	const char *value;     /* "" for flags */
} given;

typedef struct args {
	const option *options;
	given       *given;    /* in the order of the command line */
	const char **plain;
	size_t givens, plains;
} args;

/* Reads `count` words.  Requires: options ends with OPTIONS_END.  At most `most_plain` plain words are taken, which
 * `plain_name` calls by name. */
err  args_read(args *out, const option *options, const char *plain_name, size_t most_plain,
               size_t count, char *const *words);
void args_free(args *a);

/* Of an option in the table: was it given, its (last) value or NULL. */
bool        args_has(const args *a, const char *name);
const char *args_text(const args *a, const char *name);

/* The i-th value (from 0) of a repeated option; NULL beyond the last. */
const char *args_nth(const args *a, const char *name, size_t i);
size_t      args_count(const args *a, const char *name);

/* A decimal number in least .. most; `otherwise` when the option was not given. */
err  args_number(int64_t *out, const args *a, const char *name, int64_t least, int64_t most, int64_t otherwise);

/* The number of edits between two words, at most `most` + 1. */
size_t word_distance(const char *a, const char *b, size_t most);

/* Is `b` near enough to `word` to be what was meant?  Smaller is nearer; SIZE_MAX: no. */
size_t word_nearness(const char *word, const char *b);

#endif
