/* SPDX-License-Identifier: MIT */
/* tests/crash_points.c -- steps that are counted, deaths, and what a folder looks like. */
#include "tests/crash_points.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "base/file.h"
#include "base/hex.h"
#include "sym/sha2.h"
#include "tests/vault/folder.h"

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static unsigned steps_left;                      /* 0: none is counted */
static slice secret;

static bool last_step(void) { return steps_left > 0 && --steps_left == 0; }

static void step(void)
{
	if (last_step()) kill(getpid(), SIGKILL);
}

/* The same with half of a write done. */
static size_t so_much(size_t n, bool *dies)
{
	step();
	*dies = n > 1 && last_step();
	return *dies ? n / 2 : n;
}

static ssize_t wrote(ssize_t n, bool dies)
{
	if (dies) kill(getpid(), SIGKILL);
	return n;
}

static void must_not_lose(const char *what, const char *path)
{
	AUTO(buf) b = { 0 };
	struct stat s;

	if (!secret.n || lstat(path, &s) || !S_ISREG(s.st_mode) || s.st_nlink > 1 || file_read(&b, path, 1 << 30) != OK) return err_clear();
	if (!b.n || !memmem(b.p, b.n, secret.p, secret.n)) return;
	fprintf(stderr, "%s %s: a secret is left on the disk without a name\n", what, path);
	abort();
}

/* The headers give these the names that the tree's calls have (open64 and so on). */
int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (flags & O_TRUNC) must_not_lose("open", path);
	if ((flags & (O_TRUNC | O_EXCL)) || ((flags & O_CREAT) && !file_exists(path))) step();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int mkostemp(char *path, int flags)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz";
	static unsigned number;
	char *at = path + strlen(path) - 6;
	int fd;

	step();
	do {
		unsigned n = ++number;
		for (unsigned i = 0; i < 6; i++, n /= sizeof LETTERS - 1) at[i] = LETTERS[n % (sizeof LETTERS - 1)];
		fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
	} while (fd < 0 && errno == EEXIST);
	return fd;
}

ssize_t write(int fd, const void *p, size_t n)
{
	bool dies = false;
	const bool counts = fd > STDERR_FILENO;
	const size_t some = counts ? so_much(n, &dies) : n;
	return wrote((ssize_t)syscall(SYS_write, fd, p, some), dies);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	bool dies;
	const size_t some = so_much(n, &dies);
	return wrote((ssize_t)syscall(SYS_pwrite64, fd, p, some, at), dies);
}

int link(const char *from, const char *to) { return step(), (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); }
int unlink(const char *path) { return must_not_lose("unlink", path), step(), (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
int mkdir(const char *path, mode_t mode) { return step(), (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode); }
int rmdir(const char *path) { return step(), (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR); }
int fchmod(int fd, mode_t mode) { return step(), (int)syscall(SYS_fchmod, fd, mode); }
int ftruncate(int fd, off_t n) { return step(), (int)syscall(SYS_ftruncate, fd, n); }
int fallocate(int fd, int mode, off_t at, off_t n) { return step(), (int)syscall(SYS_fallocate, fd, mode, at, n); }

int posix_fallocate(int fd, off_t at, off_t n)
{
	return step(), syscall(SYS_fallocate, fd, 0, at, n) ? errno : 0;
}

int rename(const char *from, const char *to)
{
	must_not_lose("rename over", to);
	step();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return step(), (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

static int not_synced(int fd)
{
	(void)fd;
	step();
	return 0;
}

int fsync(int fd) { return not_synced(fd); }
int fdatasync(int fd) { return not_synced(fd); }

/* ---- children ------------------------------------------------------------------------------------------------------ */

static unsigned *told;                           /* shared */
static struct { const char *name; unsigned death, second; bool again; } now;

void crash_told(void) { ++*told; }
void crash_keeps_secret(slice needle) { secret = needle; }

/* True: it was killed, in the step of this number; 0: in none. */
static bool killed(unsigned at, err (*does)(void **), void **state)
{
	int how;

	fflush(NULL);
	const pid_t child = fork();
	if (child == 0) {
		steps_left = at;
		const err e = does(state);
		steps_left = 0;
		if (e != OK) fprintf(stderr, "%s: %s\n", err_name(e), err_text());
		_exit(e != OK);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &how, 0), child);
	if (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) return true;
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
	return false;
}

/* ---- what there is ------------------------------------------------------------------------------------------------- */

static buf looks;
static bool tidy;

static int look_at(const char *path, const struct stat *s, int kind, struct FTW *w)
{
	(void)w;
	hash32 h = { 0 };
	if (kind == FTW_F) {
		AUTO(buf) b = test_read(path);
		h = sha256(buf_slice(&b));
	}
	if (strstr(path, ".unfinished") || strstr(path, ".erasing") || s->st_nlink > (kind == FTW_F ? 1 : UINT_MAX)) {
		print_error("%s is left over (%u names)\n", path, (unsigned)s->st_nlink);
		tidy = false;
	}
	buf_printf(&looks, "%s %o ", path, (unsigned)s->st_mode);
	buf_put_hex(&looks, hash32_slice(&h));
	buf_put_u8(&looks, '\n');
	return 0;
}

static int by_line(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Every name below the folder, with a digest of its bytes.  Nothing is left over. */
static hash32 look(void **state)
{
	char *line[1000], *rest = NULL;
	size_t lines = 0;
	AUTO(buf) sorted = { 0 };

	buf_clear(&looks);
	tidy = true;
	assert_int_equal(nftw(*state, look_at, 16, FTW_PHYS), 0);
	assert_true(tidy);
	for (char *l = strtok_r((char *)(uintptr_t)buf_str(&looks), "\n", &rest); l; l = strtok_r(NULL, "\n", &rest)) {
		assert_true(lines < COUNT(line));
		line[lines++] = l;
	}
	qsort(line, lines, sizeof *line, by_line);
	for (size_t i = 0; i < lines; i++) buf_put_str(&sorted, line[i]);
	return sha256(buf_slice(&sorted));
}

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *w)
{
	(void)s, (void)kind;
	return w->level ? remove(path) : 0;
}

/* ---- stories ------------------------------------------------------------------------------------------------------- */

static void opened(void **state, const crash_story *s, bool ended)
{
	assert_false(killed(0, s->opens, state));
	s->holds(state, *told, ended);
	const hash32 once = look(state);
	assert_false(killed(0, s->opens, state));
	assert_true(hash32_eq_var(look(state), once));
	s->holds(state, *told, ended);
}

/* Of long operations samples, unless there is time. */
static unsigned after(unsigned k, unsigned all, unsigned part) { return test_is_long() || k < all ? k + 1 : k + 1 + k / part; }

enum { ALL_DEATHS = 48, ALL_OF_OPENING = 4 };

/* In the second turn each death of the opening comes by itself, after the same death of the operation. */
static bool die_at(void **state, const crash_story *s, unsigned death, unsigned second, bool *second_died)
{
	now.death = death, now.second = second, now.again = false;
	*told = 0;
	assert_int_equal(nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
	s->before(state);
	const bool died = killed(death, s->does, state);
	if (second) *second_died = killed(second, s->opens, state);
	else for (unsigned k = 1; killed(k, s->opens, state); k = after(k, ALL_OF_OPENING, 2)) now.second = k;
	opened(state, s, !died);
	now.again = true;
	if (died) {
		assert_false(killed(0, s->does, state));
		opened(state, s, true);
	}
	return died;
}

void crash_everywhere(void **state, const crash_story *story, size_t stories)
{
	bool again;

	for (const crash_story *s = story; s < story + stories; s++) {
		now.name = s->name;
		unsigned death = 1;
		while (die_at(state, s, death, 0, &again)) {
			again = test_is_long();
			for (unsigned k = 2; again; k++) (void)die_at(state, s, death, k, &again);
			death = after(death, ALL_DEATHS, 8);
		}
		assert_true(death > 2);
		now.name = NULL;
	}
}

int crash_begin(void **state)
{
	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	secret = (slice){ 0 };
	return told == MAP_FAILED ? -1 : folder_make(state);
}

int crash_end(void **state)
{
	if (now.name)
		print_error("%s: killed at step %u, the opening after it at %u%s\n", now.name, now.death, now.second, now.again ? "; done again" : "");
	now.name = NULL;
	buf_free(&looks);
	munmap(told, sizeof *told);
	return folder_remove(state);
}
