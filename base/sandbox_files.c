/* SPDX-License-Identifier: MIT */
/*
 * base/sandbox_files.c -- Landlock, by its system calls: a set of rules, each a folder with what may be done below it.
 *
 * A rule is of the folder or file that is there now.  A file that is replaced by another of its name (a new /etc/resolv.conf)
 * is a file without a rule; what is below a folder may come and go.
 */
#include "base/sandbox_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/base.h"

/* What the headers of older systems do not name; the numbers are the kernel's. */
#define FS_TRUNCATE   (1ULL << 14)                         /* from version 3 on */
#define FS_IOCTL_DEV  (1ULL << 15)                         /* 5                 */
#define NET_BIND_TCP  (1ULL << 0)                          /* 4                 */
#define NET_CONNECT   (1ULL << 1)                          /* 4, TCP            */
enum { RULE_PORT = 2 };
typedef struct handled { uint64_t fs, net; } handled;
typedef struct port_rule { uint64_t allowed, port; } port_rule;

#define READ      (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define OF_FILES  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define WRITE     (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER)
#define EVERYTHING ((FS_IOCTL_DEV << 1) - 1)

/* What the C library, libcurl and the kernel's figures take; what is not there needs no rule. */
static const char *const READABLE[] = {
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
	"/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/localtime",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/usr/share/zoneinfo",
	"/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev/urandom", "/dev/random",
};

/* A set in the making, and the newest version that the kernel and this file know. */
typedef struct rules { int fd; unsigned version, made; uint64_t handled; } rules;

static err failed(const char *what)
{
	return err_fail(ERR_STATE, "files cannot be closed to this process: %s: %s; internal_config.sandbox = false does without", what,
	                strerror(errno));
}

static err allow(rules *r, const char *path, uint64_t what)
{
	struct stat s;
	const int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0) return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? OK : failed(path);
	if (fstat(fd, &s) == 0 && !S_ISDIR(s.st_mode)) what &= OF_FILES;
	const struct landlock_path_beneath_attr rule = { .allowed_access = what & r->handled, .parent_fd = fd };
	const bool done = syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	err e = done ? OK : failed(path);
	close(fd);
	r->made++;
	return e;
}

static err allow_folders(rules *r, const sandbox_needs *needs)
{
	for (size_t i = 0; i < SANDBOX_FOLDERS; i++)
		if (needs->folder[i]) TRY(allow(r, needs->folder[i], WRITE));
	for (size_t i = 0; i < SANDBOX_READABLE; i++)
		if (needs->readable[i]) TRY(allow(r, needs->readable[i], READ));
	if (needs->core_files) TRY(allow(r, ".", LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_WRITE_FILE));
	return OK;
}

static err allow_port(rules *r, uint64_t what, unsigned port)
{
	const port_rule rule = { what, port };

	return syscall(SYS_landlock_add_rule, r->fd, RULE_PORT, &rule, 0) ? failed("ports") : OK;
}

static err allow_ports(rules *r, const sandbox_needs *needs)
{
	for (size_t i = 0; i < needs->ports; i++) TRY(allow_port(r, NET_BIND_TCP, needs->port[i]));
	for (size_t i = 0; i < needs->tos; i++) TRY(allow_port(r, NET_CONNECT, needs->to[i]));
	return OK;
}

static err fill(rules *r, const sandbox_needs *needs)
{
	TRY(allow_folders(r, needs));
	r->made = 0;
	for (size_t i = 0; i < COUNT(READABLE); i++) TRY(allow(r, READABLE[i], READ));
	TRY(allow(r, "/dev/null", READ | LANDLOCK_ACCESS_FS_WRITE_FILE));
	if (r->version >= 4) TRY(allow_ports(r, needs));
	return syscall(SYS_landlock_restrict_self, r->fd, 0) ? failed("all rules") : OK;
}

err sandbox_files(sandbox_report *out, const sandbox_needs *needs)
{
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	rules r = { .version = version > 0 ? (unsigned)version : 0 };

	if (version <= 0) {
		buf_printf(&out->said, "files are not closed: there is no Landlock here (%s)", strerror(errno));
		out->partly = true;
		return OK;
	}
	r.handled = r.version >= 5 ? EVERYTHING : r.version >= 3 ? FS_IOCTL_DEV - 1 : r.version == 2 ? FS_TRUNCATE - 1 : LANDLOCK_ACCESS_FS_REFER - 1;
	const handled h = { r.handled, r.version < 4 ? 0 : needs->tos ? NET_BIND_TCP | NET_CONNECT : NET_BIND_TCP };
	/* Older kernels know the first member only, and take a longer structure if the rest is zero. */
	r.fd = (int)syscall(SYS_landlock_create_ruleset, &h, sizeof h, 0);
	if (r.fd < 0) return failed("a set of rules");
	err e = fill(&r, needs);
	close(r.fd);
	TRY(e);
	out->partly |= r.version < 4;
	buf_printf(&out->said, "files: its own folders, and %u places to read (Landlock %u)%s", r.made, r.version,
	           r.version >= 4 ? "; no port but its own is opened" : "; ports are not closed: that takes Landlock 4");
	if (r.version >= 4 && needs->tos) buf_printf(&out->said, ", and of others %zu can be reached", needs->tos);
	return OK;
}

const char *sandbox_folder_of(char out[static PATH_MAX], const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!file[0] || slash == file) return NULL;
	snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - file) : 1, slash ? file : ".");
	return out;
}
