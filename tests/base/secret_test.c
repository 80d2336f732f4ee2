/* SPDX-License-Identifier: MIT */
/* Linked with --wrap=munmap, to see what pages hold when they are given back, and with --wrap=mlock, because that of ASan
 * does nothing and says that all went well. */
#include "base/file.h"
#include "tests/test.h"
#include <glob.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNIT = 16, SKIP = 77 };           /* secret memory ends at a multiple of 16; a child that may not try says 77 */

static size_t page(void) { return (size_t)sysconf(_SC_PAGESIZE); }
static size_t rounded(size_t n) { return (n + UNIT - 1) / UNIT * UNIT; }

/* The exit code of a child that runs f(arg), or minus the signal that ended it. */
static int child(int (*f)(void *), void *arg)
{
	int status;

	fflush(NULL);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		_exit(f(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void secret_memory_is_zero_and_writable_to_its_last_byte(void **state)
{
	(void)state;
	for (size_t n = 0; n < 10000; n = n * 3 + 1) {
		uint8_t *p;
		assert_ok(secret_alloc((void **)&p, n));
		assert_int_equal((uintptr_t)p % UNIT, 0);
		for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		secret_release(p);
	}
	secret_release(NULL);
}

static void more_than_there_is_is_refused(void **state)
{
	(void)state;
	void *p = &p;

	assert_err(ERR_NOMEM, secret_alloc(&p, SIZE_MAX));
	assert_err(ERR_NOMEM, secret_alloc(&p, SIZE_MAX / 4));
	assert_ptr_equal(p, &p);
}

/* ---- guards -------------------------------------------------------------------------------------------------- */

static int write_at(void *at)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	*(volatile uint8_t *)at = 1;
	return 0;
}

static int read_at(void *at)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	return *(volatile uint8_t *)at & 0;
}

static void a_step_past_either_end_faults(void **state)
{
	(void)state;
	const size_t sizes[] = { 1, 16, 17, 1000, page() - 16, page(), page() + 1, 3 * page() };

	for (unsigned i = 0; i < COUNT(sizes); i++) {
		uint8_t *p;
		assert_ok(secret_alloc((void **)&p, sizes[i]));
		uint8_t *end = p + rounded(sizes[i]), *begin = (uint8_t *)((uintptr_t)p / page() * page());
		uint8_t *const wild[] = { end, end + page() - 1, begin - 1, begin - page() };
		for (unsigned w = 0; w < COUNT(wild); w++) {
			assert_int_equal(child(write_at, wild[w]), -SIGSEGV);
			assert_int_equal(child(read_at, wild[w]), -SIGSEGV);
		}
		/* The parent's last byte is ours; a child's is its own zero, but writable too. */
		assert_int_equal(child(write_at, end - 1), 0);
		secret_release(p);
	}
}

/* ---- wiping -------------------------------------------------------------------------------------------------- */

static struct { const uint8_t *p; size_t n, left; bool seen; } watch;

int __real_munmap(void *p, size_t n);
int __wrap_munmap(void *p, size_t n);
int __wrap_munmap(void *p, size_t n)
{
	const uintptr_t from = (uintptr_t)p, at = (uintptr_t)watch.p;

	if (watch.p && from <= at && at - from < n) {
		watch.seen = true;
		for (size_t i = 0; i < watch.n; i++) watch.left += watch.p[i] != 0;
	}
	return __real_munmap(p, n);
}

static void secret_memory_is_wiped_when_released(void **state)
{
	(void)state;
	for (size_t n = 1; n < 20000; n = n * 5 + 3) {
		uint8_t *p;
		assert_ok(secret_alloc((void **)&p, n));
		memset(p, 0xa5, rounded(n));
		watch.p = p, watch.n = rounded(n), watch.left = 0, watch.seen = false;
		secret_release(p);
		watch.p = NULL;
		assert_true(watch.seen);
		assert_int_equal(watch.left, 0);
	}
}

static void a_wipe_reaches_every_byte_and_no_other(void **state)
{
	(void)state;
	uint8_t b[40];

	for (size_t n = 0; n <= 38; n++) {
		memset(b, 0xff, sizeof b);
		wipe(b + 1, n);
		for (size_t i = 0; i < sizeof b; i++) assert_int_equal(b[i], i >= 1 && i <= n ? 0 : 0xff);
	}
	wipe(NULL, 0);
}

/* ---- locked, undumpable, not inherited ------------------------------------------------------------------------- */

int __wrap_mlock(const void *p, size_t n);
int __wrap_mlock(const void *p, size_t n) { return (int)syscall(SYS_mlock, p, n); }

/* Does the mapping that p lies in have this flag (proc(5), VmFlags)?  Fails the test if the kernel does not say. */
static bool has_flag(const void *p, const char *flag)
{
	char line[1024], want[8];
	bool here = false, said = false, has = false;
	FILE *f = fopen("/proc/self/smaps", "r");

	assert_non_null(f);
	snprintf(want, sizeof want, " %s", flag);
	while (!said && fgets(line, sizeof line, f)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) here = from <= (uintptr_t)p && (uintptr_t)p < to;
		said = here && strncmp(line, "VmFlags:", 8) == 0;
		has = said && strstr(line, want);
	}
	fclose(f);
	assert_true(said);
	return has;
}

static int sum_of_page(void *p)
{
	int all = 0;
	for (size_t i = 0; i < page(); i++) all |= ((volatile uint8_t *)p)[i];
	return all;
}

static void secret_pages_stay_out_of_core_dumps_and_of_children(void **state)
{
	(void)state;
	uint8_t *p;

	assert_ok(secret_alloc((void **)&p, 2 * page()));
	memset(p, 0x5a, 2 * page());
	assert_true(has_flag(p, "dd"));
	assert_true(has_flag(p + 2 * page() - 1, "dd"));
	assert_int_equal(child(sum_of_page, p), 0);
	assert_int_equal(child(sum_of_page, p + page()), 0);
	assert_int_equal(p[0], 0x5a);
	secret_release(p);
}

static void secret_pages_are_locked_or_it_is_said_that_they_are_not(void **state)
{
	(void)state;
	uint8_t *p;

	assert_ok(secret_alloc((void **)&p, 3 * page()));
	const bool locked = has_flag(p, "lo") && has_flag(p + 3 * page() - 1, "lo");
	secret_release(p);
	assert_true(locked != secret_unlocked());
}

/* As a process that may lock no page: without the capability that root has, under a limit of nothing. */
static int alloc_unlocked(void *arg)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	uint8_t *p;

	(void)arg;
	if (syscall(SYS_capset, &head, none) || setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 0, 0 })) return SKIP;
	if (secret_alloc((void **)&p, 100) != OK) return 1;
	if (!secret_unlocked()) return 2;
	for (size_t i = 0; i < 100; i++)
		if (p[i]) return 3;
	memset(p, 1, 100);
	if (has_flag(p, "lo") || !has_flag(p, "dd")) return 4;
	if (child(write_at, p + rounded(100)) != -SIGSEGV) return 5;
	secret_release(p);
	return secret_unlocked() ? 0 : 6;
}

static void where_nothing_may_be_locked_it_is_said_and_the_rest_holds(void **state)
{
	(void)state;
	const int result = child(alloc_unlocked, NULL);
	if (result == SKIP) {
		print_message("# not tried: the limit on locked memory cannot be lowered here\n");
		return;
	}
	assert_int_equal(result, 0);
}

/* ---- a core dump --------------------------------------------------------------------------------------------- */

enum { MARK = 32 };

typedef struct dumping { const char *folder; int tell; } dumping;

/* Tells the parent the complement of two random marks, one in secret memory and one in ordinary, and dies of it. */
static int dump_core(void *arg)
{
	const dumping *d = arg;
	uint8_t *marked, *plain, told[2 * MARK];

	if (chdir(d->folder) || setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY })) return SKIP;
	if (secret_alloc((void **)&marked, MARK) != OK || !(plain = malloc(MARK))) return 1;
	rng_fill(rng_os(), marked, MARK);
	rng_fill(rng_os(), plain, MARK);
	for (unsigned i = 0; i < MARK; i++) told[i] = (uint8_t)~marked[i], told[MARK + i] = (uint8_t)~plain[i];
	if (write(d->tell, told, sizeof told) != sizeof told) return 1;
	__asm__ volatile("" :: "r"(plain) : "memory");
	abort();
}

static bool core_holds(const char *path, const uint8_t *complement)
{
	uint8_t mark[MARK];
	slice core;

	for (unsigned i = 0; i < MARK; i++) mark[i] = (uint8_t)~complement[i];
	assert_ok(file_map(&core, path, SIZE_MAX / 2));
	const bool found = memmem(core.p, core.n, mark, sizeof mark) != NULL;
	file_unmap(&core);
	return found;
}

static void a_core_dump_holds_no_secret(void **state)
{
	(void)state;
	char folder[] = "/tmp/arca-core-XXXXXX", pattern[64];
	uint8_t told[2 * MARK];
	int ends[2];
	glob_t cores;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(pipe(ends), 0);
	const int result = child(dump_core, &(dumping){ folder, ends[1] });
	snprintf(pattern, sizeof pattern, "%s/core*", folder);
	const bool dumped = result == -SIGABRT && glob(pattern, 0, NULL, &cores) == 0;
	if (dumped) {
		assert_int_equal(read(ends[0], told, sizeof told), sizeof told);
		assert_true(core_holds(cores.gl_pathv[0], told + MARK));
		assert_false(core_holds(cores.gl_pathv[0], told));
		for (size_t i = 0; i < cores.gl_pathc; i++) unlink(cores.gl_pathv[i]);
		globfree(&cores);
	}
	close(ends[0]);
	close(ends[1]);
	rmdir(folder);
	assert_true(result == -SIGABRT || result == SKIP);
	if (!dumped) print_message("# not tried: the system writes no core dump into the folder where a process dies\n");
}

TESTS(TEST(secret_memory_is_zero_and_writable_to_its_last_byte),
      TEST(more_than_there_is_is_refused),
      TEST(a_step_past_either_end_faults),
      TEST(secret_memory_is_wiped_when_released),
      TEST(a_wipe_reaches_every_byte_and_no_other),
      TEST(secret_pages_stay_out_of_core_dumps_and_of_children),
      TEST(secret_pages_are_locked_or_it_is_said_that_they_are_not),
      TEST(where_nothing_may_be_locked_it_is_said_and_the_rest_holds),
      TEST(a_core_dump_holds_no_secret))
