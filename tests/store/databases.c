/* SPDX-License-Identifier: MIT */
/* tests/store/databases.c -- see databases.h.  The server is kept by holding its pipe open, see tests/tools/postgres --help. */
#include "tests/store/databases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sym/sha2.h"
#include "tests/test.h"

enum { PATIENCE_MS = 60000 };
static char folder[64], socket_folder[128], server_folder[64];
static int users = -1;

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
static void start_watch(void)
{
	char *const args[] = { (char[]){ ARCA_SOURCE_DIR "/tests/tools/postgres" }, (char[]){ "run" }, server_folder, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	char log_path[96];
	pid_t pid;

	snprintf(log_path, sizeof log_path, "%s.log", server_folder);
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

static PGconn *connect_admin(void)
{
	char info[256];

	snprintf(info, sizeof info, "host=%s user=arca dbname=postgres connect_timeout=5", socket_folder);
	PGconn *c = PQconnectdb(info);
	if (PQstatus(c) == CONNECTION_OK) return c;
	PQfinish(c);
	return NULL;
}

static PGconn *admin(void)
{
	const int64_t end = clock_now_ms(clock_system()) + PATIENCE_MS;
	char pipe_path[96];
	hash32 h = sha256(slice_str(ARCA_BUILD_DIR));

	/* In /tmp, as the path of a socket is short; of this build and this user. */
	snprintf(server_folder, sizeof server_folder, "/tmp/arca-postgres-%u-%02x%02x%02x%02x", getuid(), h.b[0], h.b[1], h.b[2], h.b[3]);
	snprintf(socket_folder, sizeof socket_folder, "%s/socket", server_folder);
	snprintf(pipe_path, sizeof pipe_path, "%s/users", server_folder);
	for (bool started = false, told = users >= 0; clock_now_ms(clock_system()) < end; usleep(20000)) {
		if (users < 0 && (users = open(pipe_path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
			if (!started || errno == ENOENT) start_watch();
			started = true;
			usleep(200000);
			continue;
		}
		if (users >= 0 && !told) told = write(users, "\n", 1) == 1;
		PGconn *c = connect_admin();
		if (c) return c;
		if (access(pipe_path, F_OK) != 0) close(users), users = -1, told = false;       /* it was about to go */
	}
	fail_msg("there is no PostgreSQL server in %s; see %s.log", server_folder, server_folder);
	return NULL;
}

static void command(const char *text)
{
	PGconn *c = admin();
	PGresult *r = PQexec(c, text);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) fail_msg("%s: %s", text, PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
}

static const char *new_on_server(void)
{
	static unsigned n;
	static char url[256];
	char text[256];

	snprintf(text, sizeof text, "DROP DATABASE t%d_%u WITH (FORCE)", (int)getpid(), n);
	if (n > 0) command(text);
	snprintf(text, sizeof text, "CREATE DATABASE t%d_%u", (int)getpid(), ++n);
	command(text);
	snprintf(url, sizeof url, "host=%s user=arca dbname=t%d_%u", socket_folder, (int)getpid(), n);
	return url;
}

const char *test_database(store_dialect d)
{
	return d == STORE_SQLITE ? new_file() : new_on_server();
}

void test_database_cut(const char *url)
{
	char text[256];

	snprintf(text, sizeof text, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", strstr(url, "dbname=") + 7);
	command(text);
}
