/* SPDX-License-Identifier: MIT */
/* base/draft.c -- a shared mapping of a temporary file whose blocks are all there. */
#include "base/draft.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "base/file.h"
#include "base/file_internal.h"

struct draft {
	uint8_t *p;
	size_t   n;
	int      fd;                                     /* -1: in memory */
	mode_t   mode;
	bool     named;                                  /* the temporary file has its name still */
	char     path[PATH_MAX], temporary[PATH_MAX];
};

static err map(draft *d)
{
	void *p = d->fd < 0 ? mmap(NULL, d->n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	                    : mmap(NULL, d->n, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
	if (p == MAP_FAILED) return err_fail(ERR_NOMEM, "no room in memory for %zu bytes: %s", d->n, strerror(errno));
	d->p = p;
	return OK;
}

static err make(draft **out, const char *path, size_t n, mode_t mode)
{
	draft *d = malloc(sizeof *d);
	err e = OK;

	if (!d) return err_fail(ERR_NOMEM, "no memory for a draft");
	ASSERT(n > 0);
	d->p = NULL, d->n = n, d->fd = -1, d->mode = mode, d->named = false;
	if (path) {
		if (snprintf(d->path, sizeof d->path, "%s", path) >= (int)sizeof d->path)
			e = err_fail(ERR_REQUEST, "the path %.60s… is too long", path);
		if (e == OK) e = file_beside(&d->fd, d->temporary, path);
		if (e == OK) d->named = true, e = file_take_room(d->fd, d->path, d->n);
	}
	if (e == OK) e = map(d);
	if (e != OK) {
		draft_free(&d);
		return e;
	}
	*out = d;
	return OK;
}

err draft_new(draft **out, const char *path, size_t n, mode_t mode) { return make(out, path, n, mode); }
err draft_in_memory(draft **out, size_t n) { return make(out, NULL, n, 0); }

uint8_t *draft_bytes(const draft *d) { return d->p; }
slice draft_slice(const draft *d) { return slice_of(d->p, d->n); }
bool draft_has_file(const draft *d) { return d->fd >= 0; }

void draft_release(const draft *d, size_t at, size_t n)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t from = (at + page - 1) / page * page, to = at + n == d->n ? d->n : (at + n) / page * page;

	ASSERT(at <= d->n && n <= d->n - at);
	if (d->fd < 0 || from >= to) return;
	/* Of a shared mapping this forgets where the pages are, not what is in them.  Failure only costs memory. */
	(void)madvise(d->p + from, to - from, MADV_DONTNEED);
	(void)sync_file_range(d->fd, (off_t)from, (off_t)(to - from), SYNC_FILE_RANGE_WRITE);
}

err draft_keep(draft *d, bool *existed)
{
	ASSERT(d->fd >= 0 && d->named);
	if (fchmod(d->fd, d->mode)) return file_failed("set the permissions of", d->path);
	if (fsync(d->fd)) return file_failed("sync", d->path);           /* writes what was changed through the mapping, too */
	d->named = false;
	return file_link_once(d->temporary, d->path, d->mode, existed);
}

void draft_free(draft **dp)
{
	draft *d = *dp;
	if (!d) return;
	if (d->p) munmap(d->p, d->n);
	if (d->fd >= 0) close(d->fd);
	if (d->named) (void)file_drop(d->temporary, d->mode);
	free(d);
	*dp = NULL;
}
