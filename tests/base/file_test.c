/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "tests/test.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/arca-file-XXXXXX";

static int folder_make(void **state) { return (void)state, mkdtemp(folder) ? 0 : -1; }
static int folder_remove(void **state) { return (void)state, rmdir(folder); }       /* fails if a test leaves something */

static const char *in_folder(const char *name)
{
	static char path[4][256];
	static unsigned next;
	char *p = path[next++ % COUNT(path)];
	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static void assert_holds(const char *path, const char *want)
{
	buf b = test_read(path);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static mode_t mode_of(const char *path)
{
	struct stat s;
	assert_int_equal(lstat(path, &s), 0);
	return s.st_mode;
}

static void a_write_once_file_keeps_its_first_bytes(void **state)
{
	(void)state;
	const char *path = in_folder("object");
	bool existed = true;

	assert_ok(file_write_once(path, slice_str("first"), 0644, &existed));
	assert_false(existed);
	assert_ok(file_write_once(path, slice_str("second"), 0644, &existed));
	assert_true(existed);
	assert_holds(path, "first");
	unlink(path);
}

static void an_exchange_leaves_the_old_file_under_a_temporary_name(void **state)
{
	(void)state;
	const char *path = in_folder("object");
	char old[PATH_MAX], small[8] = "";

	assert_ok(file_write_atomic(path, slice_str("old and long"), 0640));
	assert_ok(file_write_exchange(old, sizeof old, path, slice_str("new"), 0600));
	assert_holds(path, "new");
	assert_int_equal(mode_of(path) & 0777, 0600);
	assert_holds(old, "old and long");
	unlink(old);
	assert_err(ERR_REQUEST, file_write_exchange(small, sizeof small, path, slice_str("newer"), 0600));
	assert_holds(path, "new");
	unlink(path);
	assert_err(ERR_IO, file_write_exchange(old, sizeof old, path, slice_str("newer"), 0600));
	assert_false(file_exists(path));                 /* and nothing is left beside it: the folder must be empty at the end */
}

static void an_atomic_write_replaces_the_old_bytes(void **state)
{
	(void)state;
	const char *path = in_folder("object");

	assert_ok(file_write_atomic(path, slice_str("old and long"), 0600));
	assert_ok(file_write_atomic(path, slice_str("new"), 0600));
	assert_holds(path, "new");
	unlink(path);
}

static void a_file_has_the_mode_that_was_asked_whatever_the_umask(void **state)
{
	(void)state;
	static const mode_t MODES[] = { 0600, 0644, 0666, 0400 }, MASKS[] = { 0, 022, 077 };
	const char *path = in_folder("object");

	for (unsigned m = 0; m < COUNT(MASKS); m++)
		for (unsigned i = 0; i < COUNT(MODES); i++) {
			bool existed;
			const mode_t before = umask(MASKS[m]);
			assert_ok(file_write_atomic(path, slice_str("x"), MODES[i]));
			assert_int_equal(mode_of(path) & 07777, MODES[i]);
			unlink(path);
			assert_ok(file_write_once(path, slice_str("x"), MODES[i], &existed));
			assert_int_equal(mode_of(path) & 07777, MODES[i]);
			unlink(path);
			umask(before);
		}
}

static void reading_appends_and_refuses_what_is_too_long(void **state)
{
	(void)state;
	const char *path = in_folder("object");
	buf b = { 0 };
	slice view = { 0 };

	assert_ok(file_write_atomic(path, slice_str("third"), 0600));
	buf_put_str(&b, "and ");
	assert_err(ERR_REQUEST, file_read(&b, path, 4));
	assert_string_equal(buf_str(&b), "and ");
	assert_ok(file_read(&b, path, 5));
	assert_string_equal(buf_str(&b), "and third");
	buf_free(&b);
	assert_err(ERR_REQUEST, file_map(&view, path, 4));
	assert_ok(file_map(&view, path, 5));
	assert_true(slice_eq_var(view, slice_str("third")));
	file_unmap(&view);
	assert_null(view.p);
	unlink(path);
}

/* Half a terabyte of nothing, of which nobody reads a byte. */
static void a_file_that_does_not_fit_into_the_address_space_is_said_with_its_size(void **state)
{
	(void)state;
	const char *path = in_folder("large");
	const off_t size = (off_t)500 * 1000000000;
	struct rlimit was, small;
	slice view = { 0 };

	assert_ok(file_write_atomic(path, (slice){ 0 }, 0600));
	assert_int_equal(truncate(path, size), 0);
	assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
	small = was;
	small.rlim_cur = (rlim_t)100 * 1000000000;
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	const err e = file_map(&view, path, (size_t)size);
	assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
	assert_int_equal(e, ERR_NOMEM);
	assert_non_null(strstr(err_text(), path));
	assert_non_null(strstr(err_text(), "has 500000 MB"));
	assert_non_null(strstr(err_text(), "ulimit -v"));
	assert_null(view.p);
	err_clear();
	unlink(path);
}

static void an_empty_file_is_read_as_nothing(void **state)
{
	(void)state;
	const char *path = in_folder("empty");
	buf b = { 0 };
	slice view = slice_str("x");

	assert_ok(file_write_atomic(path, (slice){ 0 }, 0600));
	assert_ok(file_read(&b, path, 0));
	assert_int_equal(b.n, 0);
	buf_free(&b);
	assert_ok(file_map(&view, path, 0));
	assert_int_equal(view.n, 0);
	file_unmap(&view);
	unlink(path);
}

static void a_file_that_is_missing_is_not_found(void **state)
{
	(void)state;
	const char *path = in_folder("missing");
	buf b = { 0 };
	slice view;

	assert_err(ERR_NOT_FOUND, file_read(&b, path, 4));
	assert_err(ERR_NOT_FOUND, file_map(&view, path, 4));
	assert_false(file_exists(path));
	assert_true(file_exists(folder));
}

static void a_folder_that_is_missing_is_a_failure_when_writing(void **state)
{
	(void)state;
	static const char *const GONE[] = { "gone/object", "gone/deeper/object" };
	bool existed = true;

	for (unsigned i = 0; i < COUNT(GONE); i++) {
		const char *path = in_folder(GONE[i]);
		assert_int_equal(file_write_atomic(path, slice_str("x"), 0600), ERR_IO);
		assert_non_null(strstr(err_text(), path));
		assert_int_equal(file_write_once(path, slice_str("x"), 0600, &existed), ERR_IO);
		assert_non_null(strstr(err_text(), path));
		assert_true(existed);
	}
	err_clear();
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	(void)state;
	char path[PATH_MAX + 10];
	bool existed;

	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_err(ERR_REQUEST, file_write_atomic(path, slice_str("x"), 0600));
	assert_err(ERR_REQUEST, file_write_once(path, slice_str("x"), 0600, &existed));
	assert_err(ERR_REQUEST, dir_make(path, 0700));
}

static void a_device_is_not_replaced_by_a_file(void **state)
{
	(void)state;
	const char *path = in_folder("pipe");

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_err(ERR_REQUEST, file_write_atomic(path, slice_str("x"), 0600));
	assert_true(S_ISFIFO(mode_of(path)));
	unlink(path);
}

static void a_pipe_that_nobody_writes_to_is_refused_at_once(void **state)
{
	(void)state;
	const char *path = in_folder("pipe");
	buf b = { 0 };
	slice view;

	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);                                     /* a reader that waits is killed */
	assert_err(ERR_REQUEST, file_read(&b, path, 100));
	assert_err(ERR_REQUEST, file_map(&view, path, 100));
	alarm(0);
	assert_err(ERR_REQUEST, file_read(&b, folder, 100));
	unlink(path);
}

static void folders_are_made_with_their_parents(void **state)
{
	(void)state;
	const mode_t before = umask(0);

	assert_ok(dir_make(in_folder("a//b/c/"), 0750));
	assert_int_equal(mode_of(in_folder("a/b/c")), S_IFDIR | 0750);
	assert_int_equal(mode_of(in_folder("a")), S_IFDIR | 0750);
	assert_ok(dir_make(in_folder("a/b"), 0700));
	assert_int_equal(mode_of(in_folder("a/b")), S_IFDIR | 0750);
	assert_ok(dir_make("/", 0700));
	assert_ok(dir_make(".", 0700));

	assert_int_equal(symlink("b", in_folder("a/link")), 0);
	assert_ok(dir_make(in_folder("a/link/d"), 0700));
	assert_true(file_exists(in_folder("a/b/d")));
	umask(before);

	static const char *const MADE[] = { "a/b/d", "a/b/c", "a/b", "a/link", "a" };
	for (unsigned i = 0; i < COUNT(MADE); i++) assert_int_equal(remove(in_folder(MADE[i])), 0);
}

static void a_relative_folder_is_made_where_we_are(void **state)
{
	(void)state;
	char before[PATH_MAX];

	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(folder), 0);
	assert_ok(dir_make("x/y", 0700));
	assert_ok(file_write_atomic("bare", slice_str("x"), 0600));
	assert_int_equal(chdir(before), 0);
	assert_true(S_ISDIR(mode_of(in_folder("x/y"))));
	assert_holds(in_folder("bare"), "x");
	rmdir(in_folder("x/y"));
	rmdir(in_folder("x"));
	unlink(in_folder("bare"));
}

static void a_folder_without_a_name_is_refused(void **state)
{
	(void)state;
	char path[PATH_MAX + 10];

	memset(path, 'a', sizeof path);                /* what lies behind the end of the text must not matter */
	path[0] = '\0';
	assert_err(ERR_REQUEST, dir_make(path, 0700));
}

static void what_is_no_folder_is_not_taken_for_one(void **state)
{
	(void)state;
	static const char *const PATHS[] = { "file", "file/", "file/x", "dangling", "dangling/x" };

	assert_ok(file_write_atomic(in_folder("file"), slice_str("x"), 0600));
	assert_int_equal(symlink("nowhere", in_folder("dangling")), 0);
	for (unsigned i = 0; i < COUNT(PATHS); i++) {
		assert_int_equal(dir_make(in_folder(PATHS[i]), 0700), ERR_IO);
		assert_non_null(strstr(err_text(), in_folder(i < 3 ? "file" : "dangling")));
	}
	err_clear();
	assert_holds(in_folder("file"), "x");
	unlink(in_folder("file"));
	unlink(in_folder("dangling"));
}

static const struct CMUnitTest tests[] = {
	TEST(a_write_once_file_keeps_its_first_bytes),
	TEST(an_exchange_leaves_the_old_file_under_a_temporary_name),
	TEST(an_atomic_write_replaces_the_old_bytes),
	TEST(a_file_has_the_mode_that_was_asked_whatever_the_umask),
	TEST(reading_appends_and_refuses_what_is_too_long),
	TEST(a_file_that_does_not_fit_into_the_address_space_is_said_with_its_size),
	TEST(an_empty_file_is_read_as_nothing),
	TEST(a_file_that_is_missing_is_not_found),
	TEST(a_folder_that_is_missing_is_a_failure_when_writing),
	TEST(a_path_that_is_too_long_is_refused),
	TEST(a_device_is_not_replaced_by_a_file),
	TEST(a_pipe_that_nobody_writes_to_is_refused_at_once),
	TEST(folders_are_made_with_their_parents),
	TEST(a_relative_folder_is_made_where_we_are),
	TEST(a_folder_without_a_name_is_refused),
	TEST(what_is_no_folder_is_not_taken_for_one),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), folder_make, folder_remove);
}
