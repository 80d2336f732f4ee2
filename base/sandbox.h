/* SPDX-License-Identifier: MIT */
/*
 * base/sandbox.h -- what the kernel is asked to refuse this process from now on, whatever code comes to run in it.
 *
 * Against an attacker who makes a node or a connector run code of his by what he sends to it: he finds no program to start, no
 * other process to look into, no file outside its folders to write, and none to read but what every process reads.  Not against
 * root, nor against the use of what the process itself may do: it has its keys, and its connections.
 *
 *   files          sandbox_files.c, Landlock: its own folders are written and read; libraries, name resolution, certificates
 *                  of authorities and the kernel's figures are read; all else is closed, the configuration and what it names too
 *                  (but for what is read again, as the folder of credentials for AWS when they expire)
 *   ports          the same, from Landlock's version 4 on: it listens on TCP at the ports of the configuration only, and reaches
 *                  only those that the caller names, if it names any
 *   system calls   sandbox_calls.c, seccomp: those of a table; what is not in it fails with EPERM and one line of the log a
 *                  call.  Two phases: starting, and serving, which opens no more ports
 *
 * What the kernel does not have is left out and said.  There is no way back: a phase ends with the process.
 */
#ifndef ARCA_BASE_SANDBOX_H
#define ARCA_BASE_SANDBOX_H

#include <limits.h>
#include "base/slice.h"

enum { SANDBOX_FOLDERS = 4, SANDBOX_READABLE = 12, SANDBOX_PORTS = 4 };

typedef struct sandbox_needs {
	const char *folder[SANDBOX_FOLDERS];             /* written and read, if they are there; NULL: none */
	const char *readable[SANDBOX_READABLE];          /* only read, as long as they are there; NULL: none */
	unsigned    port[SANDBOX_PORTS];                 /* listened at; 0: at any */
	size_t      ports;
	const unsigned *to;                              /* TCP ports of others that it connects to; none: any */
	size_t      tos;
	bool        core_files;                          /* a crash may write one into the working directory */
} sandbox_needs;

/* A build with a sanitizer needs more than a process may have here. */
bool sandbox_possible(void);

/*
 * For a process: starting, then serving, as below, unless its operator does not want it (internal_config.sandbox).  What is in force,
 * or that it is off, goes to the log.
 */
err  sandbox_enter(const sandbox_needs *needs, bool wanted);
err  sandbox_enter_serving(bool wanted);

/* What is in force, as a sentence for the log, and is that all of it?  It begins empty and whole. */
typedef struct sandbox_report { buf said; bool partly; } sandbox_report;

/* Before the first thread, for this one and all that come from it: starting.  ERR_STATE if the kernel has it and refuses. */
err  sandbox_begin(sandbox_report *out, const sandbox_needs *needs);

/* For all threads: serving.  Requires: sandbox_begin. */
err  sandbox_serve(sandbox_report *out);

/* The folder of a file that others may replace: a rule of the file itself is void when another one takes its name.  NULL for no file,
 * and for one in the root, which would open everything. */
const char *sandbox_folder_of(char out[static PATH_MAX], const char *file);

#endif
