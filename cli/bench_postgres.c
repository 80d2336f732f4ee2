/* SPDX-License-Identifier: MIT */
/* cli/bench_postgres.c -- see the header. */
#include "cli/bench_postgres.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "store/store.h"

enum { PATIENCE_MS = 30000, LOOK_MS = 50 };

/* Where initdb and postgres are: of the packages' versions the last, else in PATH. */
static err find_program(char out[static 512], const char *name)
{
	glob_t found = { 0 };
	char pattern[128];
	struct stat st;

	snprintf(pattern, sizeof pattern, "/usr/lib/postgresql/*/bin/%s", name);
	if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc) snprintf(out, 512, "%s", found.gl_pathv[found.gl_pathc - 1]);
	else snprintf(out, 512, "/usr/bin/%s", name);
	globfree(&found);
	return stat(out, &st) == 0 ? OK : err_fail(ERR_NOT_FOUND, "there is no PostgreSQL server here: install the package postgresql");
}

/* In the child, of a process that may have threads: only calls that are safe between fork and exec. */
__attribute__((noreturn))
static void become(char *const *words, const struct passwd *as, int log)
{
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (as && (setgroups(0, NULL) || setgid(as->pw_gid) || setuid(as->pw_uid))) _exit(126);
	prctl(PR_SET_PDEATHSIG, SIGQUIT);                /* a change of user has undone it */
	if (dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir("/")) _exit(126);
	execv(words[0], words);
	_exit(127);
}

/* postgres, or whoever may be it, if we are root. */
static const struct passwd *somebody(void)
{
	if (getuid() != 0) return NULL;
	const struct passwd *p = getpwnam("postgres");
	return p ? p : getpwnam("nobody");
}

static err start(pid_t *child, char *const *words, const char *dir)
{
	char path[BENCH_DIR + 32];
	const struct passwd *as = somebody();

	snprintf(path, sizeof path, "%s/postgres.log", dir);
	const int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0) return err_fail(ERR_IO, "cannot write %s: %s", path, strerror(errno));
	*child = fork();
	if (*child == 0) become(words, as, log);
	close(log);
	return *child > 0 ? OK : err_fail(ERR_IO, "cannot start %s: %s", words[0], strerror(errno));
}

static err make_cluster(char *data, const char *dir)
{
	char program[512];
	char *words[] = { program, (char[]){ "-D" }, data, (char[]){ "-U" }, (char[]){ "arca" }, (char[]){ "-A" }, (char[]){ "trust" },
	                  (char[]){ "-E" }, (char[]){ "UTF8" }, (char[]){ "--no-instructions" }, NULL };
	const struct passwd *as = somebody();
	int status = 0;
	pid_t child;

	TRY(find_program(program, "initdb"));
	if (mkdir(data, 0700) || (as && chown(data, as->pw_uid, as->pw_gid)) || chmod(dir, 0711))
		return err_fail(ERR_IO, "cannot make %s: %s", data, strerror(errno));
	TRY(start(&child, words, dir));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OK : err_fail(ERR_IO, "initdb failed; see %s/postgres.log", dir);
}

static err wait_ready(const bench_postgres *p, const char *dir)
{
	const int64_t until = clock_now_ms(clock_system()) + PATIENCE_MS;
	store *s = NULL;
	int64_t now;

	TRY(store_open(&s, &(store_config){ .url = p->url }));
	err e;
	while ((e = store_now_ms(&now, s)) != OK && clock_now_ms(clock_system()) < until) {
		err_clear();
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
	}
	store_free(&s);
	return e == OK ? OK : err_fail(ERR_IO, "PostgreSQL does not answer; see %s/postgres.log", dir);
}

err bench_postgres_start(bench_postgres *p, const char *dir)
{
	char program[512], data[BENCH_DIR + 16];
	char *words[] = { program, (char[]){ "-D" }, data, (char[]){ "-k" }, data, (char[]){ "-h" }, (char[]){ "" }, NULL };

	*p = (bench_postgres){ 0 };
	snprintf(data, sizeof data, "%s/postgres", dir);
	snprintf(p->url, sizeof p->url, "host=%s user=arca dbname=postgres", data);
	TRY(find_program(program, "postgres"));
	TRY(make_cluster(data, dir));
	TRY(start(&p->pid, words, dir));
	const err e = wait_ready(p, dir);
	if (e != OK) bench_postgres_stop(p);
	return e;
}

void bench_postgres_stop(bench_postgres *p)
{
	if (p->pid <= 0) return;
	kill(p->pid, SIGINT);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) continue;
	p->pid = 0;
}
