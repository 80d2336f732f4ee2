/* SPDX-License-Identifier: MIT */
/* cli/bench_folder.c -- see the header.  /proc is where all this is read. */
#include "cli/bench_folder.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a folder ------------------------------------------------------------------------------------------------------ */

static int remove_it(const char *path, const struct stat *s, int type, struct FTW *f)
{
	(void)s, (void)type, (void)f;
	return remove(path);
}

err bench_folder_new(char out[static BENCH_DIR])
{
	const char *place = getenv("TMPDIR");

	if (!place || !*place) place = "/tmp";
	if (snprintf(out, BENCH_DIR, "%s/arca-bench-XXXXXX", place) >= BENCH_DIR)
		return err_fail(ERR_REQUEST, "TMPDIR=%s is too long a name", place);
	return mkdtemp(out) ? OK : err_fail(ERR_IO, "cannot make a folder in %s: %s", place, strerror(errno));
}

void bench_folder_remove(const char *dir)
{
	nftw(dir, remove_it, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what a process used ------------------------------------------------------------------------------------------- */

err bench_memory(double *mib, int64_t pid)
{
	static const char PEAK[] = "VmHWM:";
	char path[64], line[256];
	double kib = 0;

	snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, PEAK, strlen(PEAK)) == 0) kib = strtod(line + strlen(PEAK), NULL);
	if (f) fclose(f);
	if (kib <= 0) return err_fail(ERR_IO, "%s does not tell how much memory was used", path);
	*mib = kib / 1024;
	return OK;
}

/* Behind the name in parentheses come the state and the parent, nine words, then the ticks in programs and in the system, its own and
 * those of children that ended. */
static bool read_stat(long long *parent, double *core_s, int64_t pid)
{
	unsigned long long user = 0, system = 0, theirs_user = 0, theirs_system = 0;
	char path[64], line[1024] = "";

	snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	FILE *f = fopen(path, "re");
	if (f && !fgets(line, sizeof line, f)) line[0] = '\0';
	if (f) fclose(f);
	const char *rest = strrchr(line, ')');
	if (!rest || sscanf(rest + 1, "%*s %lld %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %llu %llu", parent, &user, &system, &theirs_user,
	                    &theirs_system) != 5) return false;
	*core_s = (double)(user + system + theirs_user + theirs_system) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

err bench_spent(double *core_s, int64_t pid)
{
	long long parent;

	if (!read_stat(&parent, core_s, pid)) return err_fail(ERR_IO, "/proc/%lld/stat does not tell how long the process has worked", (long long)pid);
	return OK;
}

err bench_spent_by_all(double *core_s, int64_t pid)
{
	DIR *all = opendir("/proc");
	long long parent;
	double one;

	const err e = bench_spent(core_s, pid);
	for (struct dirent *d; e == OK && all && (d = readdir(all));)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && read_stat(&parent, &one, strtoll(d->d_name, NULL, 10)) && parent == pid) *core_s += one;
	if (all) closedir(all);
	return e;
}
