/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_postgres.h -- a PostgreSQL server of a bench's own, as its packages configure it: what is committed is on disk.
 *
 * It listens on a socket in the bench's folder only, and ends with this process.  As it refuses to be root, root starts it as postgres.
 */
#ifndef ARCA_CLI_BENCH_POSTGRES_H
#define ARCA_CLI_BENCH_POSTGRES_H

#include <sys/types.h>
#include "cli/bench_folder.h"

typedef struct bench_postgres { pid_t pid; char url[2 * BENCH_DIR]; } bench_postgres;

/* dir: the bench's folder, in which it makes one.  ERR_NOT_FOUND: there is no PostgreSQL on this machine. */
err  bench_postgres_start(bench_postgres *p, const char *dir);
void bench_postgres_stop(bench_postgres *p);

#endif
