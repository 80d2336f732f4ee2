/* SPDX-License-Identifier: MIT */
/*
 * tests/base/file_faults_test.c -- base/file.c on a disk that fails at its k-th call, for every k, and the order in which it
 * syncs.  The program is linked with --wrap, so each call passes here first.
 */
#include "base/draft.h"
#include "base/file.h"
#include "tests/test.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the disk ------------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/arca-faults-XXXXXX";

static struct {
	bool     on, peace;              /* peace: nothing fails, and no call counts */
	unsigned calls, fail_at;         /* the call of this number fails; 0: none does */
	int      error;
	size_t   most;                   /* bytes a read or write moves; 0: all */
	bool     lost, not_erased;       /* a name was the last one of bytes that were written; what erases failed */
	buf      trace;                  /* what was done, with names below `folder` */
} disk;

/* Is this the call that fails?  Then errno says why. */
static bool fails(void)
{
	if (!disk.on || disk.peace || ++disk.calls != disk.fail_at) return false;
	errno = disk.error;
	return true;
}

static const char *below(const char *path)
{
	const size_t n = strlen(folder);
	if (strncmp(path, folder, n)) return path;
	return path[n] ? path + n + 1 : ".";
}

/* The temporary file's name is random. */
static void trace(const char *what, const char *path)
{
	if (!disk.on) return;
	const char *dot = strrchr(below(path), '.');
	const bool temporary = dot && dot != below(path) && !strncmp(dot, ".unfinished-", 12);
	buf_printf(&disk.trace, "%s%s %s", disk.trace.n ? ", " : "", what, temporary ? "temporary" : below(path));
}

static void trace_fd(const char *what, int fd)
{
	char link_name[64], path[PATH_MAX];
	snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", fd);
	const ssize_t n = readlink(link_name, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	trace(what, path);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!fails()) return __real_open64(path, flags, mode);
	disk.not_erased |= (flags & O_ACCMODE) == O_WRONLY;
	return -1;
}

int __real_mkostemp64(char *path, int flags);
int __wrap_mkostemp64(char *path, int flags);
int __wrap_mkostemp64(char *path, int flags) { return fails() ? -1 : __real_mkostemp64(path, flags); }

ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n)
{
	return fails() ? -1 : __real_read(fd, p, disk.on && disk.most ? size_min(n, disk.most) : n);
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (fails()) return -1;
	trace_fd("write", fd);
	return __real_write(fd, p, disk.on && disk.most ? size_min(n, disk.most) : n);
}

ssize_t __real_pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at)
{
	if (!fails()) return __real_pwrite64(fd, p, disk.on && disk.most ? size_min(n, disk.most) : n, at);
	disk.not_erased = true;
	return -1;
}

/* This one returns its error. */
int __real_posix_fallocate64(int fd, off_t at, off_t n);
int __wrap_posix_fallocate64(int fd, off_t at, off_t n);
int __wrap_posix_fallocate64(int fd, off_t at, off_t n) { return fails() ? errno : __real_posix_fallocate64(fd, at, n); }

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode) { return fails() ? -1 : (trace_fd("mode", fd), __real_fchmod(fd, mode)); }

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) { return fails() ? -1 : (trace_fd("sync", fd), __real_fsync(fd)); }

/* A close that fails has closed. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	const int result = __real_close(fd);
	return fails() ? -1 : result;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to) { return fails() ? -1 : (trace("rename", to), __real_rename(from, to)); }

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to) { return fails() ? -1 : (trace("link", to), __real_link(from, to)); }

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	struct stat s;
	char byte[16] = { 0 };
	const int fd = disk.on && lstat(path, &s) == 0 && s.st_nlink == 1 ? __real_open64(path, O_RDONLY) : -1;

	for (ssize_t n = 0; fd >= 0 && (n = __real_read(fd, byte, sizeof byte)) > 0;)
		for (ssize_t i = 0; i < n; i++) disk.lost |= byte[i] != 0;
	if (fd >= 0) __real_close(fd);
	return __real_unlink(path);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	if (fails()) return -1;
	const int result = __real_mkdir(path, mode), error = errno;
	if (result == 0) trace("mkdir", path);
	errno = error;
	return result;
}

static void disk_on(unsigned fail_at, int error)
{
	buf_free(&disk.trace);
	disk.calls = 0, disk.fail_at = fail_at, disk.error = error, disk.lost = disk.not_erased = false, disk.on = true;
}

/* Off again; did the fault come to pass? */
static bool disk_off(void)
{
	disk.on = false;
	return disk.fail_at && disk.calls >= disk.fail_at;
}

static int folder_make(void **state) { return (void)state, mkdtemp(folder) ? 0 : -1; }
static int folder_remove(void **state) { return (void)state, buf_free(&disk.trace), rmdir(folder); }

/* ---- what is done to it -------------------------------------------------------------------------------------- */

static char object[64], deep[64];
static mode_t mode = 0644;                       /* of what is written */

typedef struct operation { err (*run)(void); const char *before, *after; } operation;      /* NULL: no file */

static err replace(void) { return file_write_atomic(object, slice_str("new bytes"), mode); }
static err create(void)
{
	bool existed = true;
	err e = file_write_once(object, slice_str("new bytes"), mode, &existed);
	assert_true(existed == (e != OK));             /* untouched by a failure */
	return e;
}
static err keep(void)
{
	bool existed = false;
	err e = file_write_once(object, slice_str("new bytes"), mode, &existed);
	assert_true(existed == (e == OK));
	return e;
}

/* Through a draft.  It is freed in peace: what is kept is kept by then. */
static err in_place(bool *existed)
{
	draft *d = NULL;
	err e = draft_new(&d, object, strlen("new bytes"), mode);

	if (e == OK) memcpy(draft_bytes(d), "new bytes", draft_slice(d).n);
	if (e == OK) e = draft_keep(d, existed);
	disk.peace = true;
	draft_free(&d);
	disk.peace = false;
	return e;
}
static err place(void)
{
	bool existed = true;
	err e = in_place(&existed);
	assert_true(existed == (e != OK));
	return e;
}
static err leave(void)
{
	bool existed = false;
	err e = in_place(&existed);
	assert_true(existed == (e == OK));
	return e;
}

static const operation OPERATIONS[] = {
	{ replace, NULL, "new bytes" },
	{ replace, "old bytes", "new bytes" },
	{ create, NULL, "new bytes" },
	{ keep, "old bytes", "old bytes" },
	{ place, NULL, "new bytes" },
	{ leave, "old bytes", "old bytes" },
};

static void prepare(const operation *o)
{
	snprintf(object, sizeof object, "%s/object", folder);
	unlink(object);
	if (o->before) assert_ok(file_write_atomic(object, slice_str(o->before), 0600));
}

/* NULL: that there is none. */
static bool holds(const char *want)
{
	if (!want) return !file_exists(object);
	if (!file_exists(object)) return false;
	buf b = test_read(object);
	const bool same = slice_eq_var(buf_slice(&b), slice_str(want));
	buf_free(&b);
	return same;
}

static unsigned files(void)
{
	unsigned n = 0;
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *f; (f = readdir(d));) n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

/* How many calls there are, and one: for k beyond them nothing fails. */
static unsigned fail_at_each_call(const operation *o, int error)
{
	for (unsigned k = 1;; k++) {
		prepare(o);
		disk_on(k, error);
		err e = o->run();
		const bool failed = disk_off();
		assert_true(mode != 0600 || !disk.lost || (disk.not_erased && e == ERR_IO));
		if (!failed) return k;
		if (e != OK) {
			assert_int_equal(e, ERR_IO);
			assert_non_null(strstr(err_text(), folder));
			if (error == ENOSPC || error == EDQUOT) assert_non_null(strstr(err_text(), "the disk is full"));
			err_clear();
		} else {                         /* all was synced, and only closing the folder failed */
			assert_int_equal(disk.calls, k);
			assert_true(holds(o->after));
		}
		assert_true(holds(o->before) || holds(o->after));
		assert_int_equal(files(), file_exists(object));
	}
}

static void whatever_call_fails_the_file_is_old_or_new_and_nothing_is_left_beside(void **state)
{
	(void)state;
	static const int ERRORS[] = { ENOSPC, EDQUOT, EIO, EMFILE, ENOENT };

	for (unsigned o = 0; o < COUNT(OPERATIONS); o++)
		for (unsigned i = 0; i < COUNT(ERRORS); i++) {
			assert_true(fail_at_each_call(&OPERATIONS[o], ERRORS[i]) > 8);
			assert_true(holds(OPERATIONS[o].after));
		}
	unlink(object);
}

/* Bytes that were written and are not kept do not stay on the disk without a name, unless the disk refuses that, too, and then it is
 * said. */
static void what_is_private_and_not_kept_is_erased(void **state)
{
	mode = 0600;
	for (disk.most = 0; disk.most <= 4; disk.most += 4)
		whatever_call_fails_the_file_is_old_or_new_and_nothing_is_left_beside(state);
	disk.most = 0;
	mode = 0644;
}

static void bytes_and_mode_are_synced_before_the_name_and_the_name_before_the_answer(void **state)
{
	(void)state;
	static const char *const WANT[] = {
		"write temporary, mode temporary, sync temporary, rename object, sync .",
		"write temporary, mode temporary, sync temporary, rename object, sync .",
		"write temporary, mode temporary, sync temporary, link object, sync .",
		"write temporary, mode temporary, sync temporary, link object, sync .",
		"mode temporary, sync temporary, link object, sync .",
		"mode temporary, sync temporary, link object, sync .",
	};
	for (unsigned o = 0; o < COUNT(OPERATIONS); o++) {
		prepare(&OPERATIONS[o]);
		disk_on(0, 0);
		assert_ok(OPERATIONS[o].run());
		disk_off();
		assert_string_equal(buf_str(&disk.trace), WANT[o]);
	}
	unlink(object);
}

static void short_and_interrupted_transfers_are_continued(void **state)
{
	(void)state;
	buf b = { 0 };

	snprintf(object, sizeof object, "%s/object", folder);
	for (unsigned k = 2; k <= 4; k++) {            /* of the calls to create, write, write, write */
		disk.most = 4;
		disk_on(k, EINTR);
		assert_ok(replace());
		assert_true(disk_off());
		assert_true(holds("new bytes"));

		disk_on(k, EINTR);
		assert_ok(file_read(&b, object, 100));
		assert_true(disk_off());
		assert_string_equal(buf_str(&b), "new bytes");
		buf_clear(&b);
	}
	disk.most = 0;
	buf_free(&b);
	unlink(object);
}

static void a_read_that_fails_appends_nothing(void **state)
{
	(void)state;
	buf b = { 0 };

	prepare(&OPERATIONS[1]);
	buf_put_str(&b, "before");
	disk.most = 4;
	for (unsigned k = 1; k <= 3; k++) {            /* open, read, read */
		disk_on(k, EIO);
		assert_int_equal(file_read(&b, object, 100), ERR_IO);
		assert_true(disk_off());
		assert_non_null(strstr(err_text(), object));
		assert_true(slice_eq_var(buf_slice(&b), slice_str("before")));
	}
	disk_on(1, EMFILE);
	slice view = slice_str("untouched");
	assert_int_equal(file_map(&view, object, 100), ERR_IO);
	assert_true(disk_off());
	assert_int_equal(view.n, 9);
	disk.most = 0;
	err_clear();
	buf_free(&b);
	unlink(object);
}

/* ---- folders ------------------------------------------------------------------------------------------------- */

static void remove_folders(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s/a/b", folder);
	rmdir(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static void each_new_folder_is_synced_into_its_parent(void **state)
{
	(void)state;
	snprintf(deep, sizeof deep, "%s/a/b", folder);
	disk_on(0, 0);
	assert_ok(dir_make(deep, 0700));
	disk_off();
	assert_string_equal(buf_str(&disk.trace), "mkdir a, sync ., mkdir a/b, sync a");
	remove_folders();
}

static void a_folder_that_could_not_be_synced_is_made_and_synced_again(void **state)
{
	(void)state;
	static const int ERRORS[] = { ENOSPC, EIO, EMFILE, EACCES, EROFS };

	snprintf(deep, sizeof deep, "%s/a/b", folder);
	for (unsigned i = 0; i < COUNT(ERRORS); i++)
		for (unsigned k = 1;; k++) {
			unsigned synced = 0;
			remove_folders();
			disk_on(k, ERRORS[i]);
			err e = dir_make(deep, 0700);
			if (!disk_off()) break;
			if (e != OK) {
				assert_int_equal(e, ERR_IO);
				assert_non_null(strstr(err_text(), "/"));
				if (ERRORS[i] == ENOSPC) assert_non_null(strstr(err_text(), "the disk is full"));
				if (ERRORS[i] == EACCES) assert_non_null(strstr(err_text(), "chown it"));
				if (ERRORS[i] == EROFS) assert_non_null(strstr(err_text(), "mounted read-only"));
				err_clear();
			}
			/* Of the two attempts together: what stands was synced after it was made. */
			buf first = disk.trace;
			disk.trace = (buf){ 0 };
			disk_on(0, 0);
			assert_ok(dir_make(deep, 0700));
			disk_off();
			synced += strstr(buf_str(&first), "sync .") || strstr(buf_str(&disk.trace), "sync .");
			synced += strstr(buf_str(&first), "mkdir a/b, sync a") || strstr(buf_str(&disk.trace), "mkdir a/b, sync a");
			assert_int_equal(synced, 2);
			buf_free(&first);
		}
	remove_folders();
}

static const struct CMUnitTest tests[] = {
	TEST(whatever_call_fails_the_file_is_old_or_new_and_nothing_is_left_beside),
	TEST(what_is_private_and_not_kept_is_erased),
	TEST(bytes_and_mode_are_synced_before_the_name_and_the_name_before_the_answer),
	TEST(short_and_interrupted_transfers_are_continued),
	TEST(a_read_that_fails_appends_nothing),
	TEST(each_new_folder_is_synced_into_its_parent),
	TEST(a_folder_that_could_not_be_synced_is_made_and_synced_again),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), folder_make, folder_remove);
}
