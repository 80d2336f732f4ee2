/* SPDX-License-Identifier: MIT */
/*
 * cli/cli.h -- `arca <noun> <verb>`: the operator's and the developer's hand.
 *
 * A command is a value: its words, its options, its help and its function.  table.c lists them all; main.c finds the
 * one that was typed, reads its options, runs it, and turns what came of it into a sentence and an exit code.
 *
 * Read in this order:
 *   args.h      words to options
 *   table.c     the commands
 *   cluster.h   devnet.json: whom to ask, and whose signature to believe
 *   request.h   what every request needs
 *   client.h    one node over gRPC: start, wait, fetch
 *   group.h     every party at once, answers as they come
 *   verify.h    what an answer must prove before it is looked at
 *   tally.h     what may be believed of many, whatever T parties do
 *   ceremony.h  jobs in which every party takes part
 *   devnet.h    nodes on this machine            devnet_node.h   before they run
 *   process.h   each as a process
 *
 * and a file for each command.
 */
#ifndef ARCA_CLI_CLI_H
#define ARCA_CLI_CLI_H

#include <jansson.h>
#include "cli/args.h"

typedef enum exit_code {
	EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_PARTLY = 2, EXIT_USAGE = 64, EXIT_UNAVAILABLE = 69, EXIT_IO = 74
} exit_code;

typedef struct cli {
	args      args;
	exit_code code;          /* other than EXIT_DONE: what main returns, error or not */
} cli;

typedef struct command {
	const char *noun, *verb;                /* verb NULL: the noun is the command                              */
	err  (*run)(cli *c);
	const char *line;                       /* one line, no full stop                                          */
	const option *options;
	const char *plain;                      /* plain words, as help calls them; NULL: none                     */
	size_t plains;                          /* that many are required ...                                      */
	bool   plains_optional;                 /* ... or any number up to that                                    */
	const char *help;                       /* paragraphs, wrapped at 78 columns                               */
	const char *examples;                   /* a command line each                                             */
} command;

extern const command COMMAND_ENCRYPT, COMMAND_COPROCESS, COMMAND_INSPECT, COMMAND_KEYGEN, COMMAND_DECRYPT_PUBLIC,
	COMMAND_DECRYPT_USER, COMMAND_DEVNET_UP, COMMAND_DEVNET_STATUS, COMMAND_DEVNET_DOWN, COMMAND_DEVNET_KILL,
	COMMAND_DEVNET_START, COMMAND_EPOCH_NEW, COMMAND_EPOCH_STATUS, COMMAND_EPOCH_DESTROY, COMMAND_CONTEXT_NEW,
	COMMAND_CONTEXT_LIST, COMMAND_CONTEXT_DESTROY, COMMAND_CERTS_CA, COMMAND_CERTS_LEAF,
	COMMAND_DELEGATE_KEYGEN, COMMAND_DELEGATE_ENCRYPT, COMMAND_DELEGATE_REQUEST, COMMAND_DELEGATE_DECRYPT, COMMAND_DELEGATE_STATUS,
	COMMAND_CONFIG_CHECK, COMMAND_CONNECTOR_STATUS, COMMAND_CONNECTOR_RETRY, COMMAND_CONNECTOR_FAIL, COMMAND_BENCH;

/* ---- table.c, help.c ----------------------------------------------------------------------------------------- */

extern const command *const COMMANDS[];     /* ends with NULL; verbs of one noun stand together */
const char *noun_line(const char *noun);    /* of nouns with verbs */

/* "devnet up" */
enum { COMMAND_NAME = 48 };
void command_name(char out[static COMMAND_NAME], const command *c);

/* The command that words[0], words[1] name, and how many of them it took.  ERR_REQUEST with the nearest one. */
err  command_find(const command **out, size_t *taken, size_t count, char *const *words);

void help_all(FILE *to);
void help_command(FILE *to, const command *c);
bool help_noun(FILE *to, const char *noun);  /* false: there is no such noun */
void help_man(FILE *to);                     /* the manual page, in roff     */

/* ---- cli.c: what every command needs ------------------------------------------------------------------------- */

/* Marks an error as one of usage: the code is EXIT_USAGE, and help is offered. */
err  cli_usage(cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As TRY inside a command, for what a person typed. */
#define TRY_USAGE(c, e) do { err u_ = (e); if (u_ != OK) (c)->code = EXIT_USAGE; TRY(u_); } while (0)

/* A file whole, or a URL's content if `url` is allowed.  Sets EXIT_IO when it cannot be read. */
typedef struct input { slice bytes; } input;
err  input_read(input *in, cli *c, const char *name, size_t max, bool url);
void input_free(input *in);

/* A result: whole or absent, readable by all.  Sets EXIT_IO. */
err  output_write(cli *c, const char *path, slice bytes);

/* Prints the object as one line on stdout and releases it. */
void print_json(json_t *object);

/* Did a signal ask us to stop?  After signals_catch the first SIGINT or SIGTERM is remembered, the second is fatal. */
void signals_catch(void);
bool signals_came(void);

#endif
