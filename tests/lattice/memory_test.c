/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/memory_test.c -- too little memory is said beforehand, with both numbers and whose limit it is; what the system
 * tells of control groups comes from files of ours.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "lattice/memory.h"
#include "tests/test.h"

enum { MB = 1000000 };

static char top[] = "/tmp/arca-memory-XXXXXX";

/* ---- a system of ours --------------------------------------------------------------------------------------------- */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	const bool ours = strcmp(path, "/proc/self/cgroup") == 0 || strncmp(path, "/sys/fs/cgroup", 14) == 0;
	char instead[512];
	va_list args;

	va_start(args, flags);
	const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	snprintf(instead, sizeof instead, "%s%s", ours ? top : "", path);
	return __real_open64(instead, flags, mode);
}

static void say(const char *path, const char *text)
{
	char folder[512], file[1024];

	snprintf(folder, sizeof folder, "%s%s", top, path);
	*strrchr(folder, '/') = '\0';
	assert_ok(dir_make(folder, 0700));
	snprintf(file, sizeof file, "%s%s", top, path);
	assert_ok(file_write_atomic(file, slice_str(text), 0600));
}

static int forget(void **state)
{
	(void)state;
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command);
}

static int folder_make(void **state) { return (void)state, mkdtemp(top) ? 0 : -1; }

/* ---- what is asked ------------------------------------------------------------------------------------------------ */

static void assert_refused(size_t bytes, const char *numbers)
{
	const err e = memory_ask(bytes, "the key");

	if (e == OK || !strstr(err_text(), numbers)) print_error("expected \"%s\", heard: %s\n", numbers, e == OK ? "nothing" : err_text());
	assert_int_equal(e, ERR_NOMEM);
	assert_non_null(strstr(err_text(), numbers));
	err_clear();
}

static void more_than_the_machine_has_is_refused(void **state)
{
	(void)state;
	assert_refused((size_t)1 << 60, "the key needs 1152921504606 MB of memory, and the machine leaves ");
	assert_ok(memory_ask(0, "nothing"));
}

/* Ours, or one above it, whichever leaves less; pages of files that are cached can be had back. */
static void a_control_group_of_version_2_limits(void **state)
{
	(void)state;
	say("/proc/self/cgroup", "0::/service/node\n");
	say("/sys/fs/cgroup/service/node/memory.max", "max\n");
	say("/sys/fs/cgroup/service/node/memory.current", "20000000\n");
	assert_ok(memory_ask(100 * MB, "the key"));
	say("/sys/fs/cgroup/service/memory.max", "300000000\n");
	say("/sys/fs/cgroup/service/memory.current", "290000000\n");
	say("/sys/fs/cgroup/service/memory.stat", "anon 10000000\nfile 80000000\nkernel 7\n");
	assert_ok(memory_ask(90 * MB, "the key"));
	assert_refused(91 * MB, "the key needs 91 MB of memory, and the control group leaves 90 MB");
	say("/sys/fs/cgroup/service/node/memory.max", "50000000\n");
	assert_refused(31 * MB, "the control group leaves 30 MB");
	say("/sys/fs/cgroup/service/node/memory.max", "19000000\n");
	assert_refused(31 * MB, "the control group leaves 0 MB");
}

/* As in a container: the folder is the host's, and what is mounted is the container's own. */
static void a_control_group_of_version_1_limits(void **state)
{
	(void)state;
	say("/proc/self/cgroup", "9:name=systemd:/docker/1234\n4:memory:/docker/1234\n3:cpuset:/docker/1234\n0::/\n");
	say("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	say("/sys/fs/cgroup/memory/memory.usage_in_bytes", "60000000\n");
	assert_ok(memory_ask(100 * MB, "the key"));
	say("/sys/fs/cgroup/memory/memory.limit_in_bytes", "100000000\n");
	assert_ok(memory_ask(40 * MB, "the key"));
	assert_refused(41 * MB, "the key needs 41 MB of memory, and the control group leaves 40 MB");
	say("/sys/fs/cgroup/memory/memory.stat", "cache 5\ntotal_cache 50000000\n");
	assert_refused(91 * MB, "the control group leaves 90 MB");
	say("/sys/fs/cgroup/memory/docker/1234/memory.limit_in_bytes", "30000000\n");
	say("/sys/fs/cgroup/memory/docker/1234/memory.usage_in_bytes", "10000000\n");
	assert_refused(31 * MB, "the control group leaves 20 MB");
}

static void what_the_system_does_not_tell_limits_nothing(void **state)
{
	(void)state;
	assert_ok(memory_ask(100 * MB, "the key"));
	say("/proc/self/cgroup", "");
	assert_ok(memory_ask(100 * MB, "the key"));
	say("/proc/self/cgroup", "0::/gone\n4:memory:/gone");
	assert_ok(memory_ask(100 * MB, "the key"));
	say("/sys/fs/cgroup/memory.max", "1000\n");              /* and not what is used of it */
	assert_ok(memory_ask(100 * MB, "the key"));
}

/* ---- what is taken ------------------------------------------------------------------------------------------------ */

static void memory_is_zero_aligned_and_given_back(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1, HUGE_PAGE - 1, HUGE_PAGE, 3 * HUGE_PAGE + 5 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		void *p;
		assert_ok(memory_take(&p, sizes[i], "a test"));
		assert_int_equal((uintptr_t)p % HUGE_PAGE, 0);
		assert_int_equal(((uint8_t *)p)[0] | ((uint8_t *)p)[sizes[i] - 1], 0);
		memset(p, 1, sizes[i]);
		memory_give_back(p, sizes[i]);
	}
	memory_give_back(NULL, 5);
}

#define IN_A_SYSTEM(f) { .name = #f, .test_func = f, .teardown_func = forget }

static const struct CMUnitTest tests[] = {
	TEST(more_than_the_machine_has_is_refused),
	IN_A_SYSTEM(a_control_group_of_version_2_limits),
	IN_A_SYSTEM(a_control_group_of_version_1_limits),
	IN_A_SYSTEM(what_the_system_does_not_tell_limits_nothing),
	TEST(memory_is_zero_aligned_and_given_back),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), folder_make, forget);
}
