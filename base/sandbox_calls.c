/* SPDX-License-Identifier: MIT */
/*
 * base/sandbox_calls.c -- seccomp: a table of system calls, compiled to a filter of the kernel's.
 *
 * What is not in the table traps: the kernel does not do it, a handler writes a line the first time and lets the call fail with
 * EPERM.  So a library that merely tries something goes on, and the operator hears of it.
 *
 * A filter sees numbers, not memory: it can look at flags, not at paths or addresses.  Of calls that do much it lets pass the
 * arguments that a node or a connector has use for.  Every later filter is added to the earlier ones, so the second phase can only take away.
 */
#include "base/sandbox_internal.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "base/base.h"
#include "base/log.h"

#if defined __x86_64__

/* ---- the table ------------------------------------------------------------------------------------------------ */

static const short ALWAYS[] = {
	/* files: which ones is the other half's matter */
	SYS_openat, SYS_open, SYS_close, SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
	SYS_lseek, SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_access, SYS_faccessat,
	SYS_faccessat2, SYS_readlink, SYS_readlinkat, SYS_getdents64, SYS_getcwd, SYS_mkdir, SYS_mkdirat, SYS_rmdir, SYS_unlink,
	SYS_unlinkat, SYS_link, SYS_linkat, SYS_rename, SYS_renameat, SYS_renameat2, SYS_fchmod, SYS_ftruncate, SYS_fallocate,
	SYS_fadvise64, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_copy_file_range, SYS_sendfile, SYS_flock, SYS_umask,
	/* descriptors */
	SYS_fcntl, SYS_dup, SYS_dup2, SYS_dup3, SYS_pipe2, SYS_eventfd2, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_wait,
	SYS_epoll_pwait, SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6,
	/* connections */
	SYS_connect, SYS_accept4, SYS_accept, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg,
	SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
	/* memory */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mlock, SYS_mlock2, SYS_munlock, SYS_msync,
	/* threads, and the end of them */
	SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_membarrier, SYS_sched_yield, SYS_sched_getaffinity,
	SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_getpriority, SYS_setpriority, SYS_exit, SYS_exit_group,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_rt_sigpending, SYS_sigaltstack,
	SYS_restart_syscall,
	/* time, randomness, who am I */
	SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_time, SYS_getrandom, SYS_getpid,
	SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo, SYS_getrusage, SYS_times,
	SYS_getcpu,
};

/* And the second phase has no more use for: */
static const short STARTING[] = { SYS_bind, SYS_listen, SYS_seccomp };

/* A call may pass if the argument, seen through the mask, has the value; of several such rules one is enough.  With an error
 * that is the answer instead, and no matter for the log. */
typedef struct rule { short call, error; unsigned argument; uint64_t mask, value; } rule;

static const rule BY_ARGUMENT[] = {
	{ SYS_socket, 0, 0, UINT32_MAX, AF_UNIX }, { SYS_socket, 0, 0, UINT32_MAX, AF_INET }, { SYS_socket, 0, 0, UINT32_MAX, AF_INET6 },
	/* The C library asks so which addresses the machine has, before it resolves a name, and does without. */
	{ SYS_socket, EAFNOSUPPORT, 0, UINT32_MAX, AF_NETLINK },
	{ SYS_socketpair, 0, 0, UINT32_MAX, AF_UNIX },
	/* Threads, no processes.  clone3 has its flags in memory; the C library takes the older call where there is none. */
	{ SYS_clone, 0, 0, CLONE_THREAD, CLONE_THREAD }, { SYS_clone3, ENOSYS, 0, 0, 0 },
	/* No memory is both written and executed, and none becomes executable. */
	{ SYS_mmap, 0, 2, PROT_EXEC, 0 }, { SYS_mmap, 0, 2, PROT_WRITE, 0 }, { SYS_mprotect, 0, 2, PROT_EXEC, 0 },
	{ SYS_prctl, 0, 0, UINT32_MAX, PR_SET_NAME }, { SYS_prctl, 0, 0, UINT32_MAX, PR_GET_NAME }, { SYS_prctl, 0, 0, UINT32_MAX, PR_SET_VMA },
	{ SYS_ioctl, 0, 1, UINT32_MAX, FIONREAD }, { SYS_ioctl, 0, 1, UINT32_MAX, FIONBIO }, { SYS_ioctl, ENOTTY, 1, UINT32_MAX, TCGETS },
	/* Limits are read, not set: the fourth argument, if any, is for the answer. */
	{ SYS_prlimit64, 0, 2, UINT64_MAX, 0 },
};

/* ---- the filter --------------------------------------------------------------------------------------------------- */

enum { MAX_FILTER = 1024 };

typedef struct filter { struct sock_filter line[MAX_FILTER]; unsigned short n; } filter;

static void put(filter *f, unsigned code, uint32_t k, unsigned if_true, unsigned if_not)
{
	ASSERT(f->n < MAX_FILTER);
	f->line[f->n++] = (struct sock_filter){ (uint16_t)code, (uint8_t)if_true, (uint8_t)if_not, k };
}

static void load(filter *f, size_t at) { put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0); }
static void result(filter *f, uint32_t what) { put(f, BPF_RET | BPF_K, what, 0, 0); }

/* Unless the loaded word is k, so many lines are skipped. */
static void unless_skip(filter *f, uint32_t k, unsigned lines) { put(f, BPF_JMP | BPF_JEQ | BPF_K, k, 0, lines); }

static void put_calls(filter *f, const short *call, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unless_skip(f, (uint32_t)call[i], 1);
		result(f, SECCOMP_RET_ALLOW);
	}
}

/* Arguments have 64 bits, in two words; whatever comes of it, afterwards the number of the call is loaded again. */
static void put_rule(filter *f, const rule *r)
{
	const size_t at = offsetof(struct seccomp_data, args) + r->argument * sizeof(uint64_t);

	unless_skip(f, (uint32_t)r->call, 8);
	load(f, at);
	put(f, BPF_ALU | BPF_AND | BPF_K, (uint32_t)r->mask, 0, 0);
	unless_skip(f, (uint32_t)r->value, 4);
	load(f, at + sizeof(uint32_t));
	put(f, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(r->mask >> 32), 0, 0);
	unless_skip(f, (uint32_t)(r->value >> 32), 1);
	result(f, r->error ? SECCOMP_RET_ERRNO | (uint32_t)r->error : SECCOMP_RET_ALLOW);
	load(f, offsetof(struct seccomp_data, nr));
}

static void compile(filter *f, bool serving)
{
	/* What is not known before: abort() and assertions signal the own process; SQLite, as root, gives the files beside the database
	 * to its owner, and goes on if it may not. */
	const rule own[] = {
		{ SYS_tgkill, 0, 0, UINT32_MAX, (uint32_t)getpid() },
		{ SYS_fchown, 0, 1, UINT32_MAX, (uint32_t)geteuid() }, { SYS_fchown, EPERM, 0, 0, 0 },
	};

	load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	result(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
	/* The kernel knows by heart what always passes; of the others it runs the lines. */
	for (size_t i = 0; i < COUNT(BY_ARGUMENT); i++) put_rule(f, &BY_ARGUMENT[i]);
	for (size_t i = 0; i < COUNT(own); i++) put_rule(f, &own[i]);
	put_calls(f, ALWAYS, COUNT(ALWAYS));
	if (!serving) put_calls(f, STARTING, COUNT(STARTING));
	result(f, SECCOMP_RET_TRAP);
}

/* ---- what is refused ------------------------------------------------------------------------------------------------ */

static const char *const NAME[] = {
#include "base/syscalls.inc"
};

enum { CALLS = 1024 };
static _Atomic bool told[CALLS];

/* In the thread that asked, in place of the call, wherever it was: nothing here takes a lock. */
static void on_refused(int signal, siginfo_t *i, void *context)
{
	ucontext_t *at = context;
	const unsigned call = (unsigned)i->si_syscall;

	(void)signal;
	at->uc_mcontext.gregs[REG_RAX] = -EPERM;
	if (atomic_exchange(&told[call < CALLS ? call : 0], true)) return;
	log_from_signal(LOG_WARN, "sandbox: this process is refused the system call ", call < COUNT(NAME) && NAME[call] ? NAME[call] : "unknown");
}

/* A kernel without it, or a container that grants none. */
static bool lacking(int e) { return e == EINVAL || e == ENOSYS || e == EPERM; }

err sandbox_calls(sandbox_report *out, bool serving)
{
	const struct sigaction act = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER };
	filter *f = calloc(1, sizeof *f);

	if (!f) return err_fail(ERR_NOMEM, "no memory for the table of system calls");
	compile(f, serving);
	const struct sock_fprog program = { f->n, f->line };
	const bool handled = sigaction(SIGSYS, &act, NULL) == 0;
	ASSERT(handled);
	const long failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	const int why = errno;
	free(f);
	if (failed > 0) return err_fail(ERR_STATE, "system calls cannot be closed to thread %ld; internal_config.sandbox = false does without", failed);
	if (failed < 0 && !lacking(why))
		return err_fail(ERR_STATE, "system calls cannot be closed to this process: %s; internal_config.sandbox = false does without", strerror(why));
	out->partly |= failed != 0;
	if (failed) buf_printf(&out->said, "system calls are not closed: there is no seccomp here (%s)", strerror(why));
	else buf_printf(&out->said, "%zu system calls are left whole, some in part (seccomp)", COUNT(ALWAYS) + (serving ? 0 : COUNT(STARTING)));
	return OK;
}

#else

err sandbox_calls(sandbox_report *out, bool serving)
{
	(void)serving;
	out->partly = true;
	buf_put_str(&out->said, "system calls are not closed: there is no table of them for this processor");
	return OK;
}

#endif
