/* SPDX-License-Identifier: MIT */
/* cli/bench_folder.h -- a folder for a bench's processes, in $TMPDIR or /tmp, and what a process used of the machine. */
#ifndef ARCA_CLI_BENCH_FOLDER_H
#define ARCA_CLI_BENCH_FOLDER_H

#include "base/base.h"

enum { BENCH_DIR = 128 };

err  bench_folder_new(char out[static BENCH_DIR]);
void bench_folder_remove(const char *dir);

/* The most memory that it ever had in use, pages of files included; and seconds of a core so far, its children's too once they ended. */
err  bench_memory(double *mib, int64_t pid);
err  bench_spent(double *core_s, int64_t pid);

/* The same of it and all that it has started and that still runs. */
err  bench_spent_by_all(double *core_s, int64_t pid);

#endif
