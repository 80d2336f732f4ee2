/* SPDX-License-Identifier: MIT */
/* cli/process.c -- start, look after, stop. */
#include "cli/process.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "rpc/fetch.h"

enum { POLL_MS = 50, READY_TIMEOUT_MS = 2000, MAX_CMDLINE = 1 << 16, MAX_LOG_TAIL = 4096, TAIL_LINES = 12, MAX_PID_FILE = 64, MAX_COMM = 32 };

/* Ports below the range from which the system takes its own, so that no outgoing connection sits on one. */
enum { FIRST_PORT = 15000, LAST_PORT = 31999, PORT_TRIES = 200 };

const process_kind PROCESS_NODE = { "node", NODE_PROGRAM, "node.pid" };
const process_kind PROCESS_CONNECTOR = { "connector", CONNECTOR_PROGRAM, "connector.pid" };

static const process_kind *kind_of(const node_process *p) { return p->kind ? p->kind : &PROCESS_NODE; }

err program_beside(buf *path, const char *name)
{
	char self[PATH_MAX];

	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0) return err_fail(ERR_IO, "cannot tell where this program is: %s", strerror(errno));
	self[n] = '\0';
	buf_put(path, self, (size_t)(strrchr(self, '/') - self) + 1);
	buf_put_str(path, name);
	if (access(buf_str(path), X_OK) != 0)
		return err_fail(ERR_NOT_FOUND, "%s is missing; build it, or install arca again", buf_str(path));
	return OK;
}

/* ---- ports --------------------------------------------------------------------------------------------------- */

static const int YES = 1;

/* 0, or an errno. */
static int bind_to(int fd, unsigned port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return bind(fd, (const struct sockaddr *)&at, sizeof at) ? errno : 0;
}

err port_check(unsigned port)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) return err_fail(ERR_IO, "cannot open a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &YES, sizeof YES);
	const int failed = bind_to(fd, port);
	close(fd);
	if (failed == EADDRINUSE)
		return err_fail(ERR_IO, "port %u of 127.0.0.1 is in use; choose others with --base-port, or none for free ones", port);
	if (failed) return err_fail(ERR_IO, "cannot use port %u of 127.0.0.1: %s", port, strerror(failed));
	return OK;
}

/*
 * By a socket that is bound, does not listen, and stays open: who asks to share the address, as nodes and connectors do, may listen there
 * at once, but it is nobody else's to pick meanwhile.
 */
static bool hold(unsigned port)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind_to(fd, port) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &YES, sizeof YES) == 0) return true;
	if (fd >= 0) close(fd);
	return false;
}

err port_pick(unsigned *out, const rng *random)
{
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		const unsigned port = FIRST_PORT + (unsigned)(rng_u64(random) % (LAST_PORT - FIRST_PORT + 1));
		if (hold(port)) {
			*out = port;
			return OK;
		}
	}
	return err_fail(ERR_IO, "no free port of 127.0.0.1 between %d and %d was found", FIRST_PORT, LAST_PORT);
}

/* ---- start --------------------------------------------------------------------------------------------------- */

/* The environment without what would override the configuration: they do what their files say.  malloc'ed. */
static char **plain_environment(void)
{
	static const char *const PREFIXES[] = { "ARCA_NODE__", "KMS_CORE__", "ARCA_CONNECTOR__", "KMS_CONNECTOR__" };
	size_t n = 0, kept = 0;

	while (environ[n]) n++;
	char **out = calloc(n + 1, sizeof *out);
	ASSERT(out);
	for (size_t i = 0; i < n; i++) {
		bool overrides = false;
		for (size_t k = 0; k < COUNT(PREFIXES); k++)
			overrides |= strncmp(environ[i], PREFIXES[k], strlen(PREFIXES[k])) == 0;
		if (!overrides) out[kept++] = environ[i];
	}
	return out;
}

/* DIR/node.pid of DIR/node.toml. */
static void pid_file(buf *path, const node_process *p)
{
	buf_put(path, p->config, (size_t)(strrchr(p->config, '/') - p->config));
	buf_printf(path, "/%s", kind_of(p)->pid_file);
}

/* When a process began; 0 if there is none: the 22nd field of its stat line, whose 2nd is in parentheses and may hold anything. */
static uint64_t began_at(int64_t pid)
{
	enum { STATE_FIELD = 3, BEGAN_FIELD = 22 };
	char path[64], line[1024];
	const char *at;

	snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return 0;
	ssize_t n = read(fd, line, sizeof line - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	at = strrchr(line, ')');
	for (unsigned field = STATE_FIELD - 1; at && field < BEGAN_FIELD; field++)
		if ((at = strchr(at, ' '))) at++;
	return at ? strtoull(at, NULL, 10) : 0;
}

static err write_down(node_process *p, pid_t child)
{
	AUTO(buf) path = { 0 }, text = { 0 };

	p->pid = child;
	p->began = began_at(child);
	pid_file(&path, p);
	buf_printf(&text, "%lld %llu\n", (long long)p->pid, (unsigned long long)p->began);
	return file_write_atomic(buf_str(&path), buf_slice(&text), 0644);
}

void process_find(node_process *p)
{
	AUTO(buf) path = { 0 }, text = { 0 };
	long long pid;
	unsigned long long began;

	p->pid = 0;
	p->began = 0;
	pid_file(&path, p);
	if (file_read(&text, buf_str(&path), MAX_PID_FILE) != OK) err_clear();
	else if (sscanf(buf_str(&text), "%lld %llu", &pid, &began) == 2) p->pid = pid, p->began = began;
}

/*
 * In the child: only calls that are safe between fork and exec.  It goes on when its number is written down, which `go`
 * tells; if the parent ends before that, so does the child.  What went wrong goes up the pipe `tell` as errno.
 */
__attribute__((noreturn))
static void become(const char *program, const char *config, char **environment, int log, int go, int tell)
{
	const char *words[] = { program, "--config-file", config, NULL };
	int null = open("/dev/null", O_RDONLY);
	char byte;

	if (read(go, &byte, 1) != 1) _exit(127);
	setsid();
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0)
		execve(program, (char *const *)(uintptr_t)words, environment);
	int failed = errno;
	(void)!write(tell, &failed, sizeof failed);
	_exit(127);
}

static void shut(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* Closes the ends of the pipes that it is done with. */
static err launch(node_process *p, const char *program, int log, int go[static 2], int tell[static 2])
{
	int failed = 0;
	char **environment = plain_environment();

	pid_t child = fork();
	if (child == 0) {
		close(go[1]);
		become(program, p->config, environment, log, go[0], tell[1]);
	}
	err e = child < 0 ? err_fail(ERR_IO, "cannot start %s: %s", program, strerror(errno)) : OK;
	free(environment);
	if (e == OK) e = write_down(p, child);
	if (e == OK && write(go[1], "", 1) != 1) e = err_fail(ERR_IO, "%s ended before it began", program);
	shut(&go[1]);
	shut(&tell[1]);
	if (e == OK && read(tell[0], &failed, sizeof failed) == (ssize_t)sizeof failed)
		e = err_fail(ERR_IO, "cannot run %s: %s", program, strerror(failed));
	if (e != OK && child > 0) waitpid(child, NULL, 0);
	return e;
}

err process_start(node_process *p, const char *program)
{
	int go[2] = { -1, -1 }, tell[2] = { -1, -1 };
	int log = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (log < 0) return err_fail(ERR_IO, "cannot write the log %s: %s", p->log, strerror(errno));
	err e = pipe2(go, O_CLOEXEC) || pipe2(tell, O_CLOEXEC) ? err_fail(ERR_IO, "cannot open a pipe: %s", strerror(errno)) : OK;
	if (e == OK) e = launch(p, program, log, go, tell);
	const int open_ones[] = { log, go[0], go[1], tell[0], tell[1] };
	for (size_t i = 0; i < COUNT(open_ones); i++)
		if (open_ones[i] >= 0) close(open_ones[i]);
	return e;
}

/* ---- look ---------------------------------------------------------------------------------------------------- */

/* The words of its command line, each with its final zero; empty for a process that ended but was not collected. */
static bool command_line(buf *out, int64_t pid)
{
	char path[64];
	uint8_t piece[4096];

	snprintf(path, sizeof path, "/proc/%lld/cmdline", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return false;
	ssize_t n = 0;
	while (out->n < MAX_CMDLINE && (n = read(fd, piece, sizeof piece)) > 0) buf_put(out, piece, (size_t)n);
	close(fd);
	return n >= 0 && out->n;
}

/* What the kernel calls it: what a process that keeps its memory to itself tells those who are not root. */
static bool is_called(int64_t pid, const char *program)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[MAX_COMM] = "";
	if (fd < 0) return false;
	const ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	return n > 0 && strncmp(text, program, strlen(program)) == 0;
}

/* By the name alone: a node goes on when its program is replaced by a newer one, or arca is called from elsewhere. */
static bool executes(int64_t pid, const char *wanted)
{
	static const char DELETED[] = " (deleted)";
	char path[64], program[PATH_MAX + sizeof DELETED];

	snprintf(path, sizeof path, "/proc/%lld/exe", (long long)pid);
	ssize_t n = readlink(path, program, sizeof program - 1);
	if (n < 0) return errno == EACCES && is_called(pid, wanted);
	program[n] = '\0';
	char *replaced = strstr(program, DELETED), *name = strrchr(program, '/');
	if (replaced && replaced[strlen(DELETED)] == '\0') *replaced = '\0';
	return name && strncmp(name + 1, wanted, strlen(wanted)) == 0;
}

bool process_alive(const node_process *p)
{
	AUTO(buf) words = { 0 };

	if (p->pid <= 1 || p->pid > INT_MAX) return false;
	waitpid((pid_t)p->pid, NULL, WNOHANG);           /* collects it if it was our child and has ended */
	if (began_at(p->pid) != p->began || !executes(p->pid, kind_of(p)->program) || !command_line(&words, p->pid)) return false;
	return memmem(words.p, words.n, p->config, strlen(p->config) + 1) != NULL;
}

bool process_ready(const node_process *p)
{
	AUTO(buf) url = { 0 }, body = { 0 };

	buf_printf(&url, "%s/ready", p->http);
	bool ready = fetch_url(&body, buf_str(&url), 4096, READY_TIMEOUT_MS) == OK;
	err_clear();
	return ready;
}

static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
}

void process_show_log(const char *path)
{
	char tail[MAX_LOG_TAIL + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) return;
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > MAX_LOG_TAIL ? size - MAX_LOG_TAIL : 0;
	ssize_t n = pread(fd, tail, MAX_LOG_TAIL, from);
	close(fd);
	if (n <= 0) return;
	tail[n] = '\0';
	char *start = tail + n;
	for (unsigned lines = 0; start > tail; start--)
		if (start[-1] == '\n' && start < tail + n && ++lines == TAIL_LINES) break;
	fprintf(stderr, "the last lines of %s:\n%s%s", path, start, tail[n - 1] == '\n' ? "" : "\n");
}

err process_wait_ready(const node_process *p, int64_t timeout_ms, const ticker *shown)
{
	const int64_t until = clock_now_ms(clock_system()) + timeout_ms;

	for (;;) {
		if (signals_came()) return err_fail(ERR_CANCELLED, "stopped by a signal");
		if (!process_alive(p)) {
			ticker_end(shown);
			process_show_log(p->log);
			return err_fail(ERR_STATE, "the %s ended while it was starting; its log %s says why",
			                kind_of(p)->what, p->log);
		}
		if (process_ready(p)) return OK;
		if (clock_now_ms(clock_system()) > until) {
			ticker_end(shown);
			process_show_log(p->log);
			return err_fail(ERR_STATE, "the %s was not ready after %lld s; its log %s may say why", kind_of(p)->what,
			                (long long)timeout_ms / 1000, p->log);
		}
		ticker_time(shown);
		wait_a_moment();
	}
}

/* ---- stop ---------------------------------------------------------------------------------------------------- */

static bool gone_within(const node_process *p, int64_t ms)
{
	const int64_t until = clock_now_ms(clock_system()) + ms;

	while (process_alive(p)) {
		if (clock_now_ms(clock_system()) > until) return false;
		wait_a_moment();
	}
	return true;
}

void process_ask(const node_process *p)
{
	if (process_alive(p)) kill((pid_t)p->pid, SIGTERM);
}

err process_stop(const node_process *p, int64_t grace_ms, bool *killed)
{
	*killed = false;
	if (!process_alive(p)) return OK;
	process_ask(p);
	if (gone_within(p, grace_ms)) return OK;
	*killed = true;
	return process_kill(p);
}

err process_kill(const node_process *p)
{
	if (!process_alive(p)) return err_fail(ERR_STATE, "the %s is not running", kind_of(p)->what);
	if (kill((pid_t)p->pid, SIGKILL) && errno != ESRCH)
		return err_fail(ERR_IO, "cannot kill process %lld: %s", (long long)p->pid, strerror(errno));
	if (!gone_within(p, 10000)) return err_fail(ERR_IO, "process %lld does not end", (long long)p->pid);
	return OK;
}
