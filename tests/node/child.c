/* SPDX-License-Identifier: MIT */
/* tests/node/child.c -- fork, a pipe for the log, and waiting for the word. */
#include "tests/node/child.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include "base/file.h"

void child_write_config(const char *folder, const char *extra)
{
	buf text = { 0 };
	char path[512];

	buf_printf(&text, "[service]\nlisten_port = 0\n%s\n", extra ? extra : "");
	buf_printf(&text, "[public_vault.storage.file]\npath = \"%s\"\n[private_vault.storage.file]\npath = \"%s\"\n", folder, folder);
	buf_printf(&text, "[telemetry]\nmetrics_bind_address = \"127.0.0.1:0\"\n");
	snprintf(path, sizeof path, "%s/node.toml", folder);
	assert_ok(file_write_atomic(path, buf_slice(&text), 0600));
	buf_free(&text);
}

/* What waits for a process when it begins: a signal that is blocked and pending stays so when a program takes its place. */
static void leave_pending(int signal)
{
	sigset_t one;

	sigemptyset(&one), sigaddset(&one, signal);
	sigprocmask(SIG_BLOCK, &one, NULL);
	raise(signal);
}

/* The child's standard error arrives at *log.  pending: a signal that it has from the beginning, or 0. */
static pid_t spawn_program(int *log, const char *folder, const char *program, const char *lie, const char *const *arguments, int pending)
{
	char config[512];
	const char *argv[16] = { program, "--config-file", config };
	int pipe_ends[2];

	assert_non_null(argv[0]);
	snprintf(config, sizeof config, "%s/node.toml", folder);
	for (size_t i = 0; arguments && arguments[i]; i++) argv[3 + i] = arguments[i];
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (lie) setenv("ARCA_LIE", lie, 1);
		if (pending) leave_pending(pending);
		dup2(pipe_ends[1], STDERR_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipe_ends[1]);
	*log = pipe_ends[0];
	return pid;
}

static pid_t spawn(int *log, const char *folder, const char *const *arguments)
{
	return spawn_program(log, folder, getenv("ARCA_NODE"), NULL, arguments, 0);
}

typedef struct draining { FILE *from; char to[512]; } draining;

/* Until the child is gone, so that it never waits for a reader of its log. */
static void *drain_log(void *arg)
{
	draining *d = arg;
	char line[2048];
	FILE *to = fopen(d->to, "ae");

	while (fgets(line, sizeof line, d->from))
		if (to) fputs(line, to), fflush(to);
	if (to) fclose(to);
	fclose(d->from);
	free(d);
	return NULL;
}

void child_start(child *c, const char *folder)
{
	child_start_as(c, folder, getenv("ARCA_NODE"), NULL);
}

void child_start_as(child *c, const char *folder, const char *program, const char *lie)
{
	int log;
	char line[2048];
	bool is_ready = false;

	*c = (child){ .folder = folder };
	c->pid = spawn_program(&log, folder, program, lie, NULL, 0);
	draining *d = calloc(1, sizeof *d);
	assert_non_null(d);
	d->from = fdopen(log, "r");
	assert_non_null(d->from);
	snprintf(d->to, sizeof d->to, "%s/node.log", folder);
	FILE *to = fopen(d->to, "ae");
	assert_non_null(to);
	buf all = { 0 };
	while (!is_ready && fgets(line, sizeof line, d->from)) {
		buf_put_str(&all, line);
		fputs(line, to);
		const char *word = strstr(line, "ready: gRPC");
		is_ready = word && sscanf(word, "ready: gRPC on 127.0.0.1:%u, HTTP on http://127.0.0.1:%u, signer %42s",
		                          &c->grpc, &c->http, c->signer) == 3;
	}
	fclose(to);
	if (!is_ready) print_error("the node did not start:\n%s", buf_str(&all));
	assert_true(is_ready);
	buf_free(&all);
	assert_int_equal(pthread_create(&c->log, NULL, drain_log, d), 0);
	assert_ok(rpc_conn_new(&c->conn, NULL, "127.0.0.1", c->grpc, NULL));
}

/* asked_at: SIGTERM comes with the line of the log that has this, if it is not NULL. */
static int run_to_its_end(pid_t pid, int log, const char *asked_at, char *last_line, size_t room)
{
	char line[2048];
	int how;

	FILE *f = fdopen(log, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		snprintf(last_line, room, "%s", line);
		if (asked_at && strstr(line, asked_at)) assert_int_equal(kill(pid, SIGTERM), 0);
	}
	fclose(f);
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFEXITED(how));
	return WEXITSTATUS(how);
}

int child_run(const char *folder, char *last_line, size_t room, const char *const *arguments)
{
	int log;

	pid_t pid = spawn(&log, folder, arguments);
	return run_to_its_end(pid, log, NULL, last_line, room);
}

int child_run_asked_to_stop(const char *folder, const char *at, char *last_line, size_t room)
{
	int log;

	pid_t pid = spawn_program(&log, folder, getenv("ARCA_NODE"), NULL, NULL, at ? 0 : SIGTERM);
	return run_to_its_end(pid, log, at, last_line, room);
}

void child_refuses_without(const char *folder, const char *kind, const id32 *id)
{
	char path[512], line[2048] = "", text[ID_TEXT];

	id_text(text, id);
	snprintf(path, sizeof path, "%s/PUB/%s/%s", folder, kind, text);
	buf file = test_read(path);
	file.p[file.n / 2] ^= 1;
	assert_ok(file_write_atomic(path, buf_slice(&file), 0644));
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 1);
	assert_non_null(strstr(line, text));
	assert_non_null(strstr(line, kind));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(child_run(folder, line, sizeof line, NULL), 1);
	assert_non_null(strstr(line, "missing"));
	file.p[file.n / 2] ^= 1;
	assert_ok(file_write_atomic(path, buf_slice(&file), 0644));
	buf_free(&file);
}

void child_start_and_kill(const char *folder, unsigned lines)
{
	int log, how;
	char line[2048];

	pid_t pid = spawn(&log, folder, NULL);
	FILE *f = fdopen(log, "r");
	assert_non_null(f);
	for (unsigned i = 0; i < lines && fgets(line, sizeof line, f) && !strstr(line, "ready: gRPC"); i++) {}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFSIGNALED(how));
	fclose(f);
}

/* Does it do only what its sandbox lets it? */
static void check_log(const child *c)
{
	static const char REFUSED[] = "is refused the system call";
	char path[512];

	snprintf(path, sizeof path, "%s/node.log", c->folder);
	buf text = test_read(path);
	const char *at = strstr(buf_str(&text), REFUSED);
	if (at) print_error("the log of the node: %.100s\n", at);
	assert_null(at);
	buf_free(&text);
}

static int end(child *c, int with)
{
	int how;

	rpc_conn_free(&c->conn);
	assert_int_equal(kill(c->pid, with), 0);
	assert_int_equal(waitpid(c->pid, &how, 0), c->pid);
	pthread_join(c->log, NULL);
	check_log(c);
	return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

void child_kill(child *c) { (void)end(c, SIGKILL); }
int child_stop(child *c) { return end(c, SIGTERM); }
