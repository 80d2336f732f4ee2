/* SPDX-License-Identifier: MIT */
/*
 * cli/process.h -- one arca-node, or one arca-connector, as a process of this machine, in the background.
 *
 * Its number is in DIR/node.pid beside its configuration DIR/node.toml (connector.pid beside connector.toml), with the moment
 * at which it began, from before it does anything: whoever started it may be killed at any time and it can still be found.  A
 * process is ours if number and moment are those of the file, it executes such a program, and its command line names the
 * configuration; so a number that the system has given to somebody else is never signalled.  /proc is where all this is read.
 */
#ifndef ARCA_CLI_PROCESS_H
#define ARCA_CLI_PROCESS_H

#include "base/base.h"
#include "cli/ticker.h"

typedef struct process_kind { const char *what, *program, *pid_file; } process_kind;
extern const process_kind PROCESS_NODE, PROCESS_CONNECTOR;

typedef struct node_process {
	const process_kind *kind;        /* NULL: PROCESS_NODE           */
	int64_t     pid;                 /* 0: none has been started     */
	uint64_t    began;               /* in ticks since the machine's */
	const char *config, *log;        /* files, borrowed             */
	const char *http;                /* "http://127.0.0.1:P"        */
} node_process;

/* Also the beginning of the name of every program that may take its place (a liar, in tests). */
#define NODE_PROGRAM "arca-node"
#define CONNECTOR_PROGRAM "arca-connector"

/* The path of `name` beside the running executable.  ERR_NOT_FOUND with a sentence. */
err  program_beside(buf *path, const char *name);

/* A port of 127.0.0.1 that nobody has, held for its server until this program ends, also against other arcas that pick. */
err  port_pick(unsigned *out, const rng *random);
/* ERR_IO with a sentence if this one is taken. */
err  port_check(unsigned port);

/* The last lines of a log, to stderr. */
void process_show_log(const char *path);

/* Starts the program in its own session, output appended to the log; fills pid and began, here and in node.pid. */
err  process_start(node_process *p, const char *program);

/* Reads pid and began from the file beside p->config; zero if there is none. */
void process_find(node_process *p);

bool process_alive(const node_process *p);

/* Does GET /ready answer 200? */
bool process_ready(const node_process *p);

/* Waits until it is ready.  When it ends or does not get there in time, the last lines of its log go to stderr. */
err  process_wait_ready(const node_process *p, int64_t timeout_ms, const ticker *shown);

/* Asks it to stop, and returns at once. */
void process_ask(const node_process *p);

/* Asks it to stop and waits; after grace_ms it is killed, which *killed tells.  OK also if it was not running. */
err  process_stop(const node_process *p, int64_t grace_ms, bool *killed);

/* Kills it at once.  ERR_STATE if it is not running. */
err  process_kill(const node_process *p);

#endif
