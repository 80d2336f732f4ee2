/* SPDX-License-Identifier: MIT */
/*
 * tests/node/child.h -- an arca-node as a child process, with free ports and folders below the test's folder.
 *
 * The program is $ARCA_NODE.  Its log goes to node.log; started means that the log has the line "ready".
 */
#ifndef ARCA_TESTS_NODE_CHILD_H
#define ARCA_TESTS_NODE_CHILD_H

#include <pthread.h>
#include <sys/types.h>
#include "base/id.h"
#include "rpc/conn.h"
#include "tests/vault/folder.h"

typedef struct child {
	const char *folder;
	pid_t    pid;
	unsigned grpc, http;
	char     signer[43];
	rpc_conn *conn;
	pthread_t log;                    /* copies the log */
} child;

/* extra: lines for the [service] section, or NULL. */
void child_write_config(const char *folder, const char *extra);

/* Starts with the configuration that is there, waits until it is ready and connects. */
void child_start(child *c, const char *folder);

/* The same with another program, and with $ARCA_LIE set (NULL: not). */
void child_start_as(child *c, const char *folder, const char *program, const char *lie);

/* Runs it without waiting for readiness; its exit code and the log's last line. */
int  child_run(const char *folder, char *last_line, size_t room, const char *const *arguments);

/* The same for one that is asked to stop when its log has a line with `at`; NULL: before it has begun. */
int  child_run_asked_to_stop(const char *folder, const char *at, char *last_line, size_t room);

/* A node that has stopped does not start while this published file is changed, nor while it is missing, and says so. */
void child_refuses_without(const char *folder, const char *kind, const id32 *id);

/* Starts it and kills it when it has written so many lines of log, or is ready. */
void child_start_and_kill(const char *folder, unsigned lines);

void child_kill(child *c);                /* SIGKILL */
int  child_stop(child *c);                /* SIGTERM; the exit code */

#endif
