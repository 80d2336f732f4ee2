/* SPDX-License-Identifier: MIT */
/* base/file.c -- write beside, sync, rename, sync the directory. */
#include "base/file.h"
#include "base/base.h"
#include "base/file_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { OTHERS = 077 };                           /* the permissions that nothing private has */

err file_failed(const char *doing, const char *path)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_fail(ERR_IO, "cannot %s %s: the disk is full; free some space and try again", doing, path);
	if (errno == EACCES)
		return err_fail(ERR_IO, "cannot %s %s: permission denied to user %ju, or a sandbox closed it; chown it, or run as another user", doing, path,
		                (uintmax_t)geteuid());
	if (errno == EROFS)
		return err_fail(ERR_IO, "cannot %s %s: it is mounted read-only, or closed by the unit (ProtectSystem=); write elsewhere, or mount "
		                "it for writing", doing, path);
	return err_fail(ERR_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

err file_take_room(int fd, const char *path, uint64_t n)
{
	struct statvfs disk;
	int failed;

	if (fstatvfs(fd, &disk)) return file_failed("ask for the room for", path);
	const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (room < n)
		return err_fail(ERR_IO, "cannot write %s: it takes %llu bytes and its disk has %llu left; free some space and try again", path,
		                (unsigned long long)n, (unsigned long long)room);
	do failed = posix_fallocate(fd, 0, (off_t)n); while (failed == EINTR);
	errno = failed;
	if (failed == ENOSPC || failed == EDQUOT || failed == EFBIG)
		return err_fail(ERR_IO, "cannot write %s: the disk is full, or a limit is reached: it takes %llu bytes; free some space and "
		                "try again", path, (unsigned long long)n);
	return failed ? file_failed("take the room for", path) : OK;
}

static err open_sized(const char *path, size_t max, int *fd, size_t *size)
{
	struct stat s;

	/* O_NONBLOCK: opening a pipe, which is refused below, does not wait for its writer. */
	*fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT) return err_fail(ERR_NOT_FOUND, "%s: there is no such file", path);
	if (*fd < 0) return file_failed("open", path);
	if (fstat(*fd, &s)) {
		err e = file_failed("read", path);
		close(*fd);
		return e;
	}
	if (!S_ISREG(s.st_mode) || (uintmax_t)s.st_size > max) {
		close(*fd);
		if (!S_ISREG(s.st_mode)) return err_fail(ERR_REQUEST, "%s is not a regular file", path);
		return err_fail(ERR_REQUEST, "%s has %jd bytes; at most %zu are read", path, (intmax_t)s.st_size, max);
	}
	*size = (size_t)s.st_size;
	return OK;
}

err file_read(buf *out, const char *path, size_t max)
{
	int fd;
	size_t size = 0;

	TRY(open_sized(path, max, &fd, &size));
	const size_t before = out->n;
	uint8_t *p = buf_grow(out, size);
	while (size) {
		ssize_t got = read(fd, p, size);
		if (got < 0 && errno == EINTR) continue;
		if (got <= 0) {
			err e = got < 0 ? file_failed("read", path) : err_fail(ERR_IO, "%s became shorter while it was read", path);
			close(fd);
			out->n = before;
			return e;
		}
		p += got;
		size -= (size_t)got;
	}
	close(fd);
	return OK;
}

static err write_all(int fd, slice bytes, const char *path)
{
	while (bytes.n) {
		ssize_t put = write(fd, bytes.p, bytes.n);
		if (put < 0 && errno == EINTR) continue;
		if (put < 0) return file_failed("write", path);
		bytes = slice_of(bytes.p + put, bytes.n - (size_t)put);
	}
	return OK;
}

static err sync_directory_of(const char *path)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof dir, "%s", path);
	char *slash = strrchr(dir, '/');
	if (slash) slash[slash == dir ? 1 : 0] = '\0';
	int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) return file_failed("open", dir);
	err e = fsync(fd) ? file_failed("sync", dir) : OK;
	close(fd);
	return e;
}

/* A rename would replace a device or a socket by a file. */
static err refuse_special(const char *path)
{
	struct stat s;

	if (lstat(path, &s) || S_ISREG(s.st_mode) || S_ISLNK(s.st_mode)) return OK;
	return err_fail(ERR_REQUEST, "%s is not a regular file; name another one to write to", path);
}

err file_beside(int *fd, char temporary[static PATH_MAX], const char *path)
{
	int n = snprintf(temporary, PATH_MAX, "%s.unfinished-XXXXXX", path);
	if (n < 0 || n >= PATH_MAX) return err_fail(ERR_REQUEST, "the path %.60s… is too long", path);

	*fd = mkostemp(temporary, O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT) return err_fail(ERR_IO, "cannot write %s: its folder does not exist", path);
	return *fd < 0 ? file_failed("create a file beside", path) : OK;
}

/* ---- erasing ---------------------------------------------------------------------------------------------------- */

/* False: errno says why. */
static bool overwrite(int fd)
{
	static const uint8_t ZERO[64 << 10];
	struct stat s;

	if (fstat(fd, &s)) return false;
	for (off_t at = 0; at < s.st_size;) {
		const ssize_t n = pwrite(fd, ZERO, size_min(sizeof ZERO, (size_t)(s.st_size - at)), at);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		at += n;
	}
	return s.st_size == 0 || fsync(fd) == 0;
}

static bool erase(const char *path)
{
	const int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool erased = fd >= 0 && overwrite(fd);

	if (fd >= 0 && close(fd)) erased = false;
	const int error = errno;
	if (unlink(path)) return false;
	errno = error;
	return erased;
}

err file_erase(const char *path)
{
	return erase(path) || errno == ENOENT ? OK : file_failed("erase", path);
}

bool file_drop(const char *temporary, mode_t mode)
{
	return mode & OTHERS ? unlink(temporary) == 0 : erase(temporary);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* Leaves a synced temporary file with the given bytes; its name goes to `temporary`. */
static err write_beside(char temporary[static PATH_MAX], const char *path, slice bytes, mode_t mode)
{
	int fd;

	TRY(file_beside(&fd, temporary, path));
	err e = write_all(fd, bytes, path);
	if (e == OK && fchmod(fd, mode)) e = file_failed("set the permissions of", path);
	if (e == OK && fsync(fd)) e = file_failed("sync", path);
	if (close(fd) && e == OK) e = file_failed("close", path);
	if (e != OK) (void)file_drop(temporary, mode);
	return e;
}

err file_write_atomic(const char *path, slice bytes, mode_t mode)
{
	char temporary[PATH_MAX];

	TRY(refuse_special(path));
	TRY(write_beside(temporary, path, bytes, mode));
	if (rename(temporary, path)) {
		err e = file_failed("rename into", path);
		(void)file_drop(temporary, mode);
		return e;
	}
	return sync_directory_of(path);
}

err file_write_exchange(char *old, size_t room, const char *path, slice bytes, mode_t mode)
{
	char temporary[PATH_MAX];

	TRY(write_beside(temporary, path, bytes, mode));
	const bool fits = strlen(temporary) < room, done = fits && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_EXCHANGE) == 0;
	if (!done) {
		const bool cannot = errno == EINVAL || errno == ENOSYS;
		err e = !fits    ? err_fail(ERR_REQUEST, "the path %.60s… is too long", path)
		        : cannot ? err_fail(ERR_IO, "cannot replace %s: its file system cannot exchange two files in one step; ext4, xfs and btrfs can", path)
		                 : file_failed("exchange a file with", path);
		(void)file_drop(temporary, mode);
		return e;
	}
	memcpy(old, temporary, strlen(temporary) + 1);
	return sync_directory_of(path);
}

err file_link_once(const char *temporary, const char *path, mode_t mode, bool *existed)
{
	const bool created = link(temporary, path) == 0;
	err e = created || errno == EEXIST ? OK : file_failed("create", path);

	const bool dropped = created ? unlink(temporary) == 0 : file_drop(temporary, mode);
	if (e == OK && !dropped) e = file_failed("erase what was written beside", path);
	TRY(e);
	TRY(sync_directory_of(path));          /* also if it existed: whoever created it may have failed before this */
	*existed = !created;
	return OK;
}

err file_write_once(const char *path, slice bytes, mode_t mode, bool *existed)
{
	char temporary[PATH_MAX];

	TRY(write_beside(temporary, path, bytes, mode));
	return file_link_once(temporary, path, mode, existed);
}

/* One folder whose parent is there. */
static err make_one(const char *path, mode_t mode)
{
	struct stat s;

	if (mkdir(path, mode) == 0) {
		err e = sync_directory_of(path);
		if (e != OK) rmdir(path);      /* so that the next attempt makes it again, and syncs */
		return e;
	}
	if (errno != EEXIST) return file_failed("make the directory", path);
	if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) return OK;
	return err_fail(ERR_IO, "cannot make the directory %s: something else has this name", path);
}

err dir_make(const char *path, mode_t mode)
{
	char p[PATH_MAX];

	if (*path == '\0') return err_fail(ERR_REQUEST, "the path of a directory is empty");
	if (snprintf(p, sizeof p, "%s", path) >= (int)sizeof p) return err_fail(ERR_REQUEST, "the path %.60s… is too long", path);
	for (char *at = p + 1; *at; at++) {
		if (*at != '/') continue;
		*at = '\0';
		TRY(make_one(p, mode));
		*at = '/';
	}
	return make_one(p, mode);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

err file_map(slice *view, const char *path, size_t max)
{
	int fd;
	size_t size = 0;

	TRY(open_sized(path, max, &fd, &size));
	if (size == 0) {
		close(fd);
		*view = (slice){ 0 };
		return OK;
	}
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	err e = p != MAP_FAILED ? OK : errno != ENOMEM ? file_failed("map", path)
		: err_fail(ERR_NOMEM, "%s has %zu MB, more than this process may map (ulimit -v)", path, size / 1000000);
	close(fd);
	TRY(e);
	*view = slice_of(p, size);
	return OK;
}

void file_view_release(slice part)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t from = ((uintptr_t)part.p + page - 1) / page * page, to = ((uintptr_t)part.p + part.n) / page * page;

	if (from < to) madvise((void *)from, to - from, MADV_DONTNEED);
}

void file_unmap(slice *view)
{
	if (view->p) munmap((void *)(uintptr_t)view->p, view->n);
	*view = (slice){ 0 };
}
