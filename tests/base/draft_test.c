/* SPDX-License-Identifier: MIT */
/* Large files in the making: kept whole or dropped, and never a signal instead of an error. */
#include "base/draft.h"
#include "base/file.h"
#include "tests/test.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char folder[] = "/tmp/arca-draft-XXXXXX", object[64];

static int folder_make(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(folder)) return -1;
	snprintf(object, sizeof object, "%s/object", folder);
	return 0;
}

static int folder_remove(void **state) { return (void)state, rmdir(folder); }       /* fails if a test leaves something */

static unsigned files(void)
{
	unsigned n = 0;
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *f; (f = readdir(d));) n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

enum { PAGES = 300, BYTES = PAGES * 4096 + 77 };

static uint8_t byte_at(size_t i) { return (uint8_t)(i * 31 + (i >> 12)); }

static void fill(const draft *d)
{
	for (size_t i = 0; i < draft_slice(d).n; i++) draft_bytes(d)[i] = byte_at(i);
}

static void assert_filled(slice bytes)
{
	assert_int_equal(bytes.n, BYTES);
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] != byte_at(i)) fail_msg("byte %zu is another", i);
}

static void what_was_written_through_memory_is_in_the_file(void **state)
{
	(void)state;
	draft *d;
	bool existed = true;
	struct stat s;

	assert_ok(draft_new(&d, object, BYTES, 0644));
	assert_true(draft_has_file(d));
	fill(d);
	assert_false(file_exists(object));
	assert_int_equal(files(), 1);
	assert_ok(draft_keep(d, &existed));
	assert_false(existed);
	assert_int_equal(files(), 1);
	assert_filled(draft_slice(d));
	draft_free(&d);
	assert_null(d);
	buf b = test_read(object);
	assert_filled(buf_slice(&b));
	assert_int_equal(stat(object, &s), 0);
	assert_int_equal(s.st_mode & 07777, 0644);
	buf_free(&b);
	unlink(object);
}

static void a_draft_that_is_not_kept_leaves_nothing(void **state)
{
	(void)state;
	draft *d;

	assert_ok(draft_new(&d, object, BYTES, 0644));
	fill(d);
	draft_free(&d);
	assert_int_equal(files(), 0);
	draft_free(&d);
}

static void what_is_there_already_stays(void **state)
{
	(void)state;
	draft *d;
	bool existed = false;

	assert_ok(file_write_atomic(object, slice_str("older"), 0600));
	assert_ok(draft_new(&d, object, BYTES, 0644));
	fill(d);
	assert_ok(draft_keep(d, &existed));
	assert_true(existed);
	assert_filled(draft_slice(d));
	draft_free(&d);
	assert_int_equal(files(), 1);
	buf b = test_read(object);
	assert_string_equal(buf_str(&b), "older");
	buf_free(&b);
	unlink(object);
}

/* Pages of the mapping that this process has, by mincore it cannot be told: by the kernel's own count. */
static size_t resident_pages(const draft *d)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512], begin[32];
	size_t kb = 0;
	bool here = false;

	assert_non_null(f);
	snprintf(begin, sizeof begin, "%lx-", (unsigned long)(uintptr_t)draft_bytes(d));
	while (fgets(line, sizeof line, f)) {
		if (!strncmp(line, begin, strlen(begin))) here = true;
		else if (here && sscanf(line, "Rss: %zu kB", &kb) == 1) break;
	}
	fclose(f);
	return kb / 4;
}

static void released_pages_leave_memory_and_keep_their_bytes(void **state)
{
	(void)state;
	draft *d;
	bool existed;

	assert_ok(draft_new(&d, object, BYTES, 0600));
	fill(d);
	assert_true(resident_pages(d) >= PAGES);
	draft_release(d, 0, 100 * 4096);
	assert_true(resident_pages(d) <= PAGES + 1 - 100);
	draft_release(d, 100 * 4096 + 5, 7);                     /* less than a page: nothing happens */
	draft_release(d, 100 * 4096, BYTES - 100 * 4096);
	assert_int_equal(resident_pages(d), 0);
	assert_filled(draft_slice(d));
	assert_ok(draft_keep(d, &existed));
	draft_release(d, 0, BYTES);
	assert_filled(draft_slice(d));
	draft_free(&d);
	buf b = test_read(object);
	assert_filled(buf_slice(&b));
	buf_free(&b);
	unlink(object);
}

static void releasing_parts_of_a_view_keeps_its_bytes(void **state)
{
	(void)state;
	draft *d;
	bool existed;
	slice view;

	assert_ok(draft_new(&d, object, BYTES, 0600));
	fill(d);
	assert_ok(draft_keep(d, &existed));
	draft_free(&d);
	assert_ok(file_map(&view, object, BYTES));
	assert_filled(view);
	file_view_release(view);
	file_view_release(slice_of(view.p + 1, 3 * 4096));
	file_view_release((slice){ 0 });
	assert_filled(view);
	file_unmap(&view);
	unlink(object);
}

static void a_disk_with_too_little_room_is_an_error_that_names_both_numbers(void **state)
{
	(void)state;
	struct statvfs s;
	draft *d = NULL;

	assert_int_equal(statvfs(folder, &s), 0);
	const size_t more = (size_t)s.f_bavail * s.f_frsize + ((size_t)1 << 32);
	char number[32];
	snprintf(number, sizeof number, "%zu bytes", more);
	assert_int_equal(draft_new(&d, object, more, 0600), ERR_IO);
	assert_non_null(strstr(err_text(), number));
	assert_non_null(strstr(err_text(), object));
	err_clear();
	assert_null(d);
	assert_int_equal(files(), 0);
}

/* A limit on the size of files stands for a disk that fills between the question and the taking. */
static void a_disk_that_gives_no_room_is_an_error_before_anything_is_written(void **state)
{
	(void)state;
	struct rlimit before;
	draft *d = NULL;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { BYTES - 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const err e = draft_new(&d, object, BYTES, 0600);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(e, ERR_IO);
	assert_non_null(strstr(err_text(), "free some space"));
	err_clear();
	assert_null(d);
	assert_int_equal(files(), 0);
}

static void a_missing_folder_is_an_error(void **state)
{
	(void)state;
	draft *d = NULL;
	char path[100];

	snprintf(path, sizeof path, "%s/none/object", folder);
	assert_err(ERR_IO, draft_new(&d, path, BYTES, 0600));
	assert_null(d);
}

static void a_draft_in_memory_has_no_file(void **state)
{
	(void)state;
	draft *d;

	assert_ok(draft_in_memory(&d, BYTES));
	assert_false(draft_has_file(d));
	assert_int_equal(draft_bytes(d)[BYTES - 1], 0);
	fill(d);
	draft_release(d, 0, BYTES);
	assert_filled(draft_slice(d));
	assert_int_equal(files(), 0);
	draft_free(&d);
}

static const struct CMUnitTest tests[] = {
	TEST(what_was_written_through_memory_is_in_the_file), TEST(a_draft_that_is_not_kept_leaves_nothing),
	TEST(what_is_there_already_stays), TEST(released_pages_leave_memory_and_keep_their_bytes),
	TEST(releasing_parts_of_a_view_keeps_its_bytes), TEST(a_disk_with_too_little_room_is_an_error_that_names_both_numbers),
	TEST(a_disk_that_gives_no_room_is_an_error_before_anything_is_written), TEST(a_missing_folder_is_an_error),
	TEST(a_draft_in_memory_has_no_file),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), folder_make, folder_remove);
}
