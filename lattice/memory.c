/* SPDX-License-Identifier: MIT */
/* lattice/memory.c -- who limits us is asked in /proc and in the control group's files; what cannot be read does not. */
#include "lattice/memory.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SMALL = 16 << 20, FILE_MAX = 4096 };             /* not worth asking; bytes of a file of the system that are read */

typedef struct limit { size_t left; const char *whose; } limit;

static bool read_text(char text[static FILE_MAX], const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return false;
	const ssize_t got = read(fd, text, FILE_MAX - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* The number that follows `name` at the beginning of a line. */
static bool number_after(uint64_t *out, const char *text, const char *name)
{
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, name, strlen(name)) != 0) continue;
		char *end;
		*out = strtoull(line + strlen(name), &end, 10);
		return end != line + strlen(name);
	}
	return false;
}

static void lower(limit *l, uint64_t left, const char *whose)
{
	if (left < l->left) *l = (limit){ left, whose };
}

static uint64_t above(uint64_t most, uint64_t used)
{
	return most > used ? most - used : 0;
}

static void ask_machine(limit *l)
{
	char text[FILE_MAX];
	uint64_t kib;

	if (read_text(text, "/proc/meminfo") && number_after(&kib, text, "MemAvailable:"))
		lower(l, kib * 1024, "the machine");
}

static void ask_address_space(limit *l)
{
	char text[FILE_MAX];
	uint64_t pages;
	struct rlimit r;

	if (getrlimit(RLIMIT_AS, &r) || r.rlim_cur == RLIM_INFINITY) return;
	if (!read_text(text, "/proc/self/statm") || !number_after(&pages, text, "")) return;
	lower(l, above(r.rlim_cur, pages * (uint64_t)sysconf(_SC_PAGESIZE)), "the limit on the address space (ulimit -v)");
}

/* Where the two versions keep what; a hybrid system has both, and the other then has no such files. */
typedef struct group_version { const char *ours, *root, *most, *used, *cached; } group_version;

/* Every folder from ours up to the root may set a limit; cached pages of files can be had back.  Inside a container the list may
 * name a folder that only the host sees: the root is then the container's own. */
static void ask_control_group(limit *l, const char *list, const group_version *v)
{
	char text[FILE_MAX], path[FILE_MAX], folder[FILE_MAX / 2];
	uint64_t most, used, cached;

	const char *ours = strstr(list, v->ours);
	if (!ours) return;
	ours += strlen(v->ours);
	snprintf(folder, sizeof folder, "%.*s", (int)strcspn(ours, "\n"), ours);
	for (;;) {
		snprintf(path, sizeof path, "%s%s/%s", v->root, folder, v->most);
		bool limited = read_text(text, path) && number_after(&most, text, "");
		snprintf(path, sizeof path, "%s%s/%s", v->root, folder, v->used);
		limited = limited && read_text(text, path) && number_after(&used, text, "");
		snprintf(path, sizeof path, "%s%s/memory.stat", v->root, folder);
		if (limited && read_text(text, path) && number_after(&cached, text, v->cached)) used = above(used, cached);
		if (limited) lower(l, above(most, used), "the control group");
		char *slash = strrchr(folder, '/');
		if (!slash || !folder[1]) return;
		*(slash == folder ? slash + 1 : slash) = '\0';
	}
}

static void ask_control_groups(limit *l)
{
	static const group_version VERSIONS[] = {
		{ ":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache " },
		{ "0::", "/sys/fs/cgroup", "memory.max", "memory.current", "file " },
	};
	char list[FILE_MAX];

	if (!read_text(list, "/proc/self/cgroup")) return;
	for (size_t i = 0; i < COUNT(VERSIONS); i++) ask_control_group(l, list, &VERSIONS[i]);
}

err memory_ask(size_t bytes, const char *what)
{
	limit l = { SIZE_MAX, "" };

	if (bytes < SMALL) return OK;
	ask_machine(&l);
	ask_address_space(&l);
	ask_control_groups(&l);
	if (bytes <= l.left) return OK;
	return err_fail(ERR_NOMEM, "%s needs %zu MB of memory, and %s leaves %zu MB", what, bytes / 1000000, l.whose,
	                l.left / 1000000);
}

err memory_take(void **out, size_t bytes, const char *what)
{
	const size_t all = round_up(bytes, HUGE_PAGE) + HUGE_PAGE;

	TRY(memory_ask(all, what));
	uint8_t *p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) return err_fail(ERR_NOMEM, "no memory for the %zu bytes of %s", bytes, what);
	const size_t before = -(uintptr_t)p % HUGE_PAGE, kept = all - HUGE_PAGE;
	if (before) munmap(p, before);
	if (before < HUGE_PAGE) munmap(p + before + kept, HUGE_PAGE - before);
	(void)madvise(p + before, kept, MADV_HUGEPAGE);
	*out = p + before;
	return OK;
}

void memory_give_back(void *p, size_t bytes)
{
	if (p) munmap(p, round_up(bytes, HUGE_PAGE));
}

/* The system says how much of each mapping is in huge pages; the words differ by what is mapped. */
bool memory_is_huge(const void *p)
{
	static const char *const words[] = { "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:" };
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	bool ours = false, huge = false;
	uintptr_t begin, end;
	uint64_t kib;

	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) ours = begin <= (uintptr_t)p && (uintptr_t)p < end;
		for (size_t i = 0; ours && i < COUNT(words); i++)
			if (number_after(&kib, line, words[i]) && kib > 0) huge = true;
	}
	if (f) fclose(f);
	return huge;
}
