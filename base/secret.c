/* SPDX-License-Identifier: MIT */
/*
 * base/secret.c -- guarded pages.
 *
 *   | header page | guard | ... data pages ... | guard |
 *
 * The header is the length of the data pages.  The data is pushed against the far guard page (up to 16-byte alignment),
 * so that the first byte read or written past its end faults.
 */
#include "base/base.h"
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 16 };

static _Atomic bool some_unlocked;

static size_t page_size(void)
{
	static _Atomic size_t known;
	if (!known) known = (size_t)sysconf(_SC_PAGESIZE);
	return known;
}

void wipe(void *p, size_t n)
{
	if (n) explicit_bzero(p, n);
}

bool secret_unlocked(void)
{
	return some_unlocked;
}

err secret_alloc(void **out, size_t n)
{
	const size_t page = page_size();
	if (n > SIZE_MAX / 2) return err_fail(ERR_NOMEM, "%zu bytes of secret memory were asked for", n);
	const size_t bytes = (size_max(n, 1) + ALIGN - 1) / ALIGN * ALIGN;
	const size_t data = (bytes + page - 1) / page * page;
	const size_t all = data + 3 * page;

	uint8_t *base = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED) return err_fail(ERR_NOMEM, "no memory for %zu secret bytes", n);
	if (mprotect(base, page, PROT_READ | PROT_WRITE) || mprotect(base + 2 * page, data, PROT_READ | PROT_WRITE)) {
		munmap(base, all);
		return err_fail(ERR_NOMEM, "cannot guard %zu secret bytes", n);
	}
	if (mlock(base + 2 * page, data)) some_unlocked = true;
	(void)madvise(base + 2 * page, data, MADV_DONTDUMP);
	(void)madvise(base + 2 * page, data, MADV_WIPEONFORK);

	*(size_t *)base = data;
	*out = base + 2 * page + data - bytes;
	return OK;
}

void secret_release(void *p)
{
	if (!p) return;
	const size_t page = page_size();
	uint8_t *at = (uint8_t *)((uintptr_t)p / page * page);
	/* Less than a page of slack lies before the data, so p is in the first data page. */
	uint8_t *base = at - 2 * page;
	const size_t data = *(size_t *)base;
	wipe(at, data);
	(void)munlock(at, data);
	munmap(base, data + 3 * page);
}
