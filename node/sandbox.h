/* SPDX-License-Identifier: MIT */
/*
 * node/sandbox.h -- what the kernel is asked to refuse this process from now on, whatever code comes to run in it.
 *
 * Against an attacker who makes the node run code of his by what he sends to it: he finds no program to start, no other
 * process to look into, no file outside the vault to write, and none to read but what every process reads.  Not against
 * root, nor against the use of what a node itself may do: it has its keys, and its connections.
 *
 *   files          sandbox_files.c, Landlock: the node's folders are written and read; libraries, name resolution, certificates
 *                  of authorities and the kernel's figures are read; all else is closed, the configuration and what it names too
 *                  (but for the folder of credentials for AWS, which are read again when they expire)
 *   ports          the same, from Landlock's version 4 on: it listens on TCP at the ports of the configuration only
 *   system calls   sandbox_calls.c, seccomp: those of a table; what is not in it fails with EPERM and one line of the log a
 *                  call.  Two phases: starting, and serving, which opens no more ports
 *
 * What the kernel does not have is left out and said.  There is no way back: a phase ends with the process.
 */
#ifndef ARCA_NODE_SANDBOX_H
#define ARCA_NODE_SANDBOX_H

#include "base/slice.h"

enum { SANDBOX_FOLDERS = 4, SANDBOX_PORTS = 4 };

typedef struct sandbox_needs {
	const char *folder[SANDBOX_FOLDERS];             /* written and read, and made if need be; NULL: none */
	const char *readable[SANDBOX_FOLDERS];           /* only read, as long as they are there; NULL: none */
	unsigned    port[SANDBOX_PORTS];                 /* listened at; 0: at any */
	size_t      ports;
	bool        core_files;                          /* a crash may write one into the working directory */
} sandbox_needs;

/* A build with a sanitizer needs more than a node may have. */
bool sandbox_possible(void);

/* What is in force, as a sentence for the log, and is that all of it?  It begins empty and whole. */
typedef struct sandbox_report { buf said; bool partly; } sandbox_report;

/* Before the first thread, for this one and all that come from it: starting.  ERR_STATE if the kernel has it and refuses. */
err  sandbox_begin(sandbox_report *out, const sandbox_needs *needs);

/* For all threads: serving.  Requires: sandbox_begin. */
err  sandbox_serve(sandbox_report *out);

#endif
