/* SPDX-License-Identifier: MIT */
/* What a process could still do if somebody else's code ran in it: tried by children that have put themselves into the sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/file.h"
#include "base/sandbox.h"
#include "tests/base/apart.h"
#include "tests/port.h"
#include "tests/vault/folder.h"

enum { DONE = 0, BEYOND = 254 };

static struct world {
	void    *folder;
	char     own[128], foreign[160];
	unsigned port, other_port, far_port;
	int      held[3];
} w;

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.folder)) return -1;
	snprintf(w.own, sizeof w.own, "%s", below(&w.folder, "own"));
	snprintf(w.foreign, sizeof w.foreign, "%s", below(&w.folder, "foreign"));
	assert_int_equal(mkdir(w.own, 0700), 0);
	assert_ok(file_write_atomic(w.foreign, slice_str("not for a node"), 0600));
	w.port = port_hold(&w.held[0]), w.other_port = port_hold(&w.held[1]), w.far_port = port_hold(&w.held[2]);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(w.held); i++) close(w.held[i]);
	return folder_remove(&w.folder);
}

/* ---- a child in the sandbox ---------------------------------------------------------------------------------------- */

typedef int (*probe)(void);              /* DONE, or why not: errno */
typedef enum phase { STARTING, SERVING } phase;

static int enter(phase p)
{
	const sandbox_needs needs = { .folder = { w.own }, .port = { w.port }, .ports = 1, .to = &w.far_port, .tos = 1 };
	sandbox_report r = { 0 };

	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	if (sandbox_begin(&r, &needs) != OK) return BEYOND;
	if (p == SERVING && sandbox_serve(&r) != OK) return BEYOND;
	buf_free(&r.said);
	return DONE;
}

typedef struct attempt { phase p; probe what; } attempt;

static int enter_and_try(void *arg)
{
	const attempt *a = arg;
	const int entered = enter(a->p);
	return entered != DONE ? entered : a->what();
}

static int in_sandbox(char log[static APART_LOG], phase p, probe what)
{
	return apart(log, enter_and_try, &(attempt){ p, what });
}

static int result(long rv) { return rv < 0 ? errno : DONE; }

static void expect_in(phase p, const char *name, probe what, int expected)
{
	static char log[APART_LOG];
	const int got = in_sandbox(log, p, what);

	if (got != expected) print_error("%s: %d (%s), not %d\n%s", name, got, got > 0 ? strerror(got) : "", expected, log);
	assert_int_equal(got, expected);
}

#define expect(phase, probe, result) expect_in(phase, #probe, probe, result)

/* ---- what this kernel has -------------------------------------------------------------------------------------------- */

static long landlock_version(void) { return syscall(SYS_landlock_create_ruleset, NULL, 0, 1); }
static bool has_seccomp(void) { return prctl(PR_GET_SECCOMP) >= 0; }

static bool without(bool has, const char *what)
{
	if (sandbox_possible() && has) return false;
	print_message("# not tried: %s\n", sandbox_possible() ? what : "this build has a sanitizer, and no sandbox");
	return true;
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

static int opens(const char *path, int how)
{
	const int fd = open(path, how | O_CLOEXEC, 0600);
	return result(fd);
}

static int read_foreign(void) { return opens(w.foreign, O_RDONLY); }
static int write_foreign(void) { return opens(w.foreign, O_WRONLY); }
static int remove_foreign(void) { return result(unlink(w.foreign)); }
static int read_users(void) { return opens("/etc/passwd", O_RDONLY); }
static int list_top(void) { return opens("/", O_RDONLY | O_DIRECTORY); }
static int read_programs(void) { return opens("/bin/sh", O_RDONLY); }
static int make_beside(void) { return result(mkdir(below(&w.folder, "beside"), 0700)); }
static int write_library(void) { return opens("/usr/lib/arca-probe", O_WRONLY | O_CREAT); }
static int reach_up(void)
{
	char path[256];
	snprintf(path, sizeof path, "%s/../foreign", w.own);
	return opens(path, O_RDONLY);
}

static void files_that_are_no_part_of_the_vault_are_closed(void **state)
{
	(void)state;
	if (without(landlock_version() > 0, "this kernel has no Landlock")) return;
	expect(SERVING, read_foreign, EACCES);
	expect(SERVING, write_foreign, EACCES);
	expect(SERVING, remove_foreign, EACCES);
	expect(SERVING, read_users, EACCES);
	expect(SERVING, list_top, EACCES);
	expect(SERVING, read_programs, EACCES);
	expect(SERVING, make_beside, EACCES);
	expect(SERVING, write_library, EACCES);
	expect(SERVING, reach_up, EACCES);
	expect(STARTING, read_foreign, EACCES);
}

static int write_own(void)
{
	char path[256];
	bool existed;

	snprintf(path, sizeof path, "%s/a/object", w.own);
	if (file_exists(path) && unlink(path)) return errno;
	char folder[256];
	snprintf(folder, sizeof folder, "%s/a", w.own);
	if (dir_make(folder, 0700) != OK) return 1;
	if (file_write_once(path, slice_str("one"), 0600, &existed) != OK || existed) return 2;
	if (file_write_atomic(path, slice_str("two"), 0600) != OK) return 3;
	return opens(path, O_RDONLY);
}

static int read_figures(void) { return opens("/proc/self/statm", O_RDONLY); }
static int read_authorities(void) { return opens("/etc/ssl", O_RDONLY | O_DIRECTORY); }

static int resolve(void)
{
	struct addrinfo *a = NULL;
	const int failed = getaddrinfo("localhost", "1", NULL, &a);

	if (a) freeaddrinfo(a);
	return failed ? 1 : DONE;
}

static void what_a_node_does_it_may_still_do(void **state)
{
	(void)state;
	if (without(true, "")) return;
	expect(SERVING, write_own, DONE);
	expect(SERVING, read_figures, DONE);
	expect(SERVING, resolve, DONE);
	if (file_exists("/etc/ssl")) expect(SERVING, read_authorities, DONE);
}

/* ---- ports -------------------------------------------------------------------------------------------------------------- */

static int bind_to(unsigned port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	const int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ? errno : result(bind(fd, (const struct sockaddr *)&a, sizeof a));
}

static int bind_own(void) { return bind_to(w.port); }
static int bind_other(void) { return bind_to(w.other_port); }

static int connect_to(unsigned port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? errno : result(connect(fd, (const struct sockaddr *)&a, sizeof a));
}

static int connect_far(void) { return connect_to(w.far_port); }
static int connect_elsewhere(void) { return connect_to(w.other_port); }

static void it_reaches_the_ports_that_it_needs_and_no_others(void **state)
{
	(void)state;
	if (without(landlock_version() >= 4, "this kernel's Landlock closes no ports")) return;
	expect(SERVING, connect_far, ECONNREFUSED);             /* nobody is there */
	expect(SERVING, connect_elsewhere, EACCES);
}

static void it_listens_at_its_own_ports_and_only_while_it_starts(void **state)
{
	(void)state;
	if (without(has_seccomp(), "this kernel has no seccomp")) return;
	expect(STARTING, bind_own, DONE);
	expect(SERVING, bind_own, EPERM);
	if (landlock_version() >= 4) expect(STARTING, bind_other, EACCES);
}

/* ---- system calls --------------------------------------------------------------------------------------------------------- */

static int start_program(void) { return result(execl("/bin/true", "true", (char *)NULL)); }

static int start_process(void)
{
	const pid_t pid = fork();
	if (pid == 0) _exit(0);
	return result(pid);
}

static int look_into_parent(void)
{
	char byte;
	const struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)&w, 1 };
	return result(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int trace_parent(void) { return result(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL)); }
static int signal_parent(void) { return result(kill(getppid(), 0)); }
static int signal_thread_of_parent(void) { return result(syscall(SYS_tgkill, getppid(), getppid(), 0)); }
static int own_namespaces(void) { return result(unshare(CLONE_NEWUSER)); }
static int own_ring(void) { return result(syscall(SYS_io_uring_setup, 1, NULL)); }
static int own_filter(void) { return result(syscall(SYS_bpf, 0, NULL, 0)); }
static int file_without_name(void) { return result(syscall(SYS_memfd_create, "x", 0)); }
static int another_user(void) { return result(syscall(SYS_setuid, 1)); }
static int sandbox_again(void) { return result(syscall(SYS_seccomp, 0, 0, NULL)); }
static int more_memory_locked(void) { return result(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 1 << 20, 1 << 20 })); }
static int x32_call(void) { return result(syscall(0x40000000 + SYS_getpid)); }

static int code_that_is_written(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : DONE;
}

static int code_that_was_written(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? BEYOND : result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static void no_program_no_process_no_other_memory_is_within_reach(void **state)
{
	(void)state;
	if (without(has_seccomp(), "this kernel has no seccomp")) return;
	for (phase p = STARTING; p <= SERVING; p++) {
		expect(p, start_program, EPERM);
		expect(p, start_process, EPERM);
		expect(p, look_into_parent, EPERM);
		expect(p, trace_parent, EPERM);
		expect(p, signal_parent, EPERM);
		expect(p, signal_thread_of_parent, EPERM);
		expect(p, code_that_is_written, EPERM);
		expect(p, code_that_was_written, EPERM);
		expect(p, own_namespaces, EPERM);
		expect(p, own_ring, EPERM);
		expect(p, own_filter, EPERM);
		expect(p, file_without_name, EPERM);
		expect(p, another_user, EPERM);
		expect(p, more_memory_locked, EPERM);
		expect(p, x32_call, EPERM);
	}
	expect(SERVING, sandbox_again, EPERM);
}

static int family(int which)
{
	const int fd = socket(which, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return result(fd);
}

static int inet(void) { return family(AF_INET); }
static int inet6(void) { return family(AF_INET6); }
static int local(void) { return family(AF_UNIX); }
static int netlink(void) { return family(AF_NETLINK); }
static int packet(void) { return family(AF_PACKET); }
static int vsock(void) { return family(AF_VSOCK); }
static int crypto(void) { return family(AF_ALG); }

static void sockets_are_of_the_internet_or_of_this_machine(void **state)
{
	(void)state;
	if (without(has_seccomp(), "this kernel has no seccomp")) return;
	expect(SERVING, inet, DONE);
	if (family(AF_INET6) == DONE) expect(SERVING, inet6, DONE);
	expect(SERVING, local, DONE);
	expect(SERVING, netlink, EAFNOSUPPORT);
	expect(SERVING, packet, EPERM);
	expect(SERVING, vsock, EPERM);
	expect(SERVING, crypto, EPERM);
}

static void *try_program(void *arg)
{
	*(int *)arg = start_program();
	return NULL;
}

static int from_a_thread(void)
{
	pthread_t t;
	int why = DONE;

	if (pthread_create(&t, NULL, try_program, &why)) return BEYOND;
	pthread_join(t, NULL);
	return why;
}

static void threads_can_be_made_and_are_in_the_sandbox(void **state)
{
	(void)state;
	if (without(has_seccomp(), "this kernel has no seccomp")) return;
	expect(SERVING, from_a_thread, EPERM);
}

static int start_program_twice(void)
{
	(void)start_program();
	(void)trace_parent();
	return start_program();
}

static int stop_hard(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int keep_owner(void)
{
	const int fd = open(w.own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? BEYOND : result(fchown(fd, geteuid(), getegid()));
}

static int give_away(void)
{
	const int fd = open(w.own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? BEYOND : result(fchown(fd, geteuid() + 1, getegid()));
}

static void files_stay_their_owners(void **state)
{
	(void)state;
	if (without(has_seccomp(), "this kernel has no seccomp")) return;
	expect(SERVING, keep_owner, DONE);
	expect(SERVING, give_away, EPERM);
}

static void what_is_refused_is_named_once_and_the_process_lives(void **state)
{
	(void)state;
	char log[APART_LOG];

	if (without(has_seccomp(), "this kernel has no seccomp")) return;
	assert_int_equal(in_sandbox(log, SERVING, start_program_twice), EPERM);
	assert_string_equal(log, "warn  sandbox: this process is refused the system call execve\n"
	                         "warn  sandbox: this process is refused the system call ptrace\n");
}

static void it_can_still_abort(void **state)
{
	(void)state;
	if (without(true, "")) return;
	expect(SERVING, stop_hard, -SIGABRT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(files_that_are_no_part_of_the_vault_are_closed), TEST(what_a_node_does_it_may_still_do),
		TEST(it_listens_at_its_own_ports_and_only_while_it_starts), TEST(it_reaches_the_ports_that_it_needs_and_no_others),
		TEST(files_stay_their_owners), TEST(no_program_no_process_no_other_memory_is_within_reach),
		TEST(sockets_are_of_the_internet_or_of_this_machine), TEST(threads_can_be_made_and_are_in_the_sandbox),
		TEST(what_is_refused_is_named_once_and_the_process_lives), TEST(it_can_still_abort),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
