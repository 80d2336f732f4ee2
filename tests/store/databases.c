/* SPDX-License-Identifier: MIT */
/* tests/store/databases.c -- see databases.h.  The server is kept by holding its pipe open, see tests/tools/postgres --help. */
#include "tests/store/databases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sym/sha2.h"
#include "tests/test.h"

enum { PATIENCE_MS = 60000 };
typedef struct server { char folder[64]; int users; } server;
static char folder[64];
static server shared = { .users = -1 }, alone = { .users = -1 };

static void remove_files(void)
{
	DIR *d = opendir(folder);

	for (struct dirent *f; d && (f = readdir(d));) (void)unlinkat(dirfd(d), f->d_name, 0);
	if (d) closedir(d);
	(void)rmdir(folder);
}

static const char *new_file(void)
{
	static unsigned n;
	static char url[sizeof folder + 32];

	if (!folder[0]) {
		snprintf(folder, sizeof folder, "/tmp/arca-store-XXXXXX");
		assert_non_null(mkdtemp(folder));
		atexit(remove_files);
	}
	snprintf(url, sizeof url, "sqlite:%s/%u.db", folder, n++);
	return url;
}

/* ---- the server --------------------------------------------------------------------------------------------------- */

/* Its watch is a process of its own, in a session of its own; it ends at once if there is one already. */
static void start_watch(server *s)
{
	char *const args[] = { (char[]){ ARCA_SOURCE_DIR "/tests/tools/postgres" }, (char[]){ "run" }, s->folder, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	char log_path[96];
	pid_t pid;

	snprintf(log_path, sizeof log_path, "%s.log", s->folder);
	assert_int_equal(posix_spawn_file_actions_init(&files), 0);
	assert_int_equal(posix_spawnattr_init(&how), 0);
	assert_int_equal(posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_RDWR, 0), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&files, 2, log_path, O_RDWR | O_CREAT | O_APPEND, 0600), 0);
	assert_int_equal(posix_spawn(&pid, args[0], &files, &how, args, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
}

static PGconn *connect_admin(const server *s)
{
	char info[256];

	snprintf(info, sizeof info, "host=%s/socket user=arca dbname=postgres connect_timeout=5", s->folder);
	PGconn *c = PQconnectdb(info);
	if (PQstatus(c) == CONNECTION_OK) return c;
	PQfinish(c);
	return NULL;
}

/* Opens the pipe of those who need the server, and says so; false: there is no watch, or it is about to go. */
static bool join(server *s)
{
	char path[96];

	snprintf(path, sizeof path, "%s/users", s->folder);
	if (s->users < 0) {
		s->users = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		return s->users >= 0 && write(s->users, "\n", 1) == 1;
	}
	if (access(path, F_OK) == 0) return true;
	close(s->users);
	s->users = -1;
	return false;
}

static PGconn *admin(server *s)
{
	const int64_t end = clock_now_ms(clock_system()) + PATIENCE_MS;
	const hash32 h = sha256(slice_str(ARCA_BUILD_DIR));

	/* In /tmp, as the path of a socket is short; of this user, and of this build or this program. */
	char home[48];
	snprintf(home, sizeof home, "/tmp/arca-postgres-%u", getuid());
	assert_true(mkdir(home, 0711) == 0 ? chmod(home, 0711) == 0 : errno == EEXIST);
	if (s == &alone) snprintf(s->folder, sizeof s->folder, "%s/%d", home, (int)getpid());
	else snprintf(s->folder, sizeof s->folder, "%s/%02x%02x%02x%02x", home, h.b[0], h.b[1], h.b[2], h.b[3]);
	while (clock_now_ms(clock_system()) < end) {
		if (!join(s)) {
			start_watch(s);
			usleep(300000);
			continue;
		}
		PGconn *c = connect_admin(s);
		if (c) return c;
		usleep(20000);
	}
	fail_msg("there is no PostgreSQL server in %s; see %s.log", s->folder, s->folder);
	return NULL;
}

static void command(server *s, const char *text)
{
	PGconn *c = admin(s);
	PGresult *r = PQexec(c, text);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) fail_msg("%s: %s", text, PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
}

static const char *new_on_server(server *s)
{
	static unsigned n, latest;
	static char url[256];
	char text[256];

	snprintf(text, sizeof text, "DROP DATABASE t%d_%u WITH (FORCE)", (int)getpid(), latest);
	if (latest > 0 && s == &shared) command(s, text);
	snprintf(text, sizeof text, "CREATE DATABASE t%d_%u", (int)getpid(), ++n);
	command(s, text);
	if (s == &shared) latest = n;
	snprintf(url, sizeof url, "host=%s/socket user=arca dbname=t%d_%u", s->folder, (int)getpid(), n);
	return url;
}

const char *test_database_alone(void) { return new_on_server(&alone); }

void test_database_kill(void)
{
	char path[96];
	int pid = 0;

	snprintf(path, sizeof path, "%s/data/postmaster.pid", alone.folder);
	FILE *f = fopen(path, "r");
	if (!f) return;                                      /* it is not back yet */
	const int n = fscanf(f, "%d", &pid);
	fclose(f);
	if (n == 1 && pid > 1) (void)kill(pid, SIGKILL);
}

const char *test_database(store_dialect d)
{
	return d == STORE_SQLITE ? new_file() : new_on_server(&shared);
}

void test_database_cut(const char *url)
{
	char text[256];

	snprintf(text, sizeof text, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", strstr(url, "dbname=") + 7);
	command(&shared, text);
}
