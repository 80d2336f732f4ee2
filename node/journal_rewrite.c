/* SPDX-License-Identifier: MIT */
/*
 * node/journal_rewrite.c -- which frames are still of use, and the file anew with these alone.
 *
 * The frames are copied, not made again from the table: an outcome is in the file before it is in the table, and must
 * not be lost in between.  Of several outcomes of one request the last counts; a request that the table has forgotten
 * has none; consumptions are for ever.
 */
#include "node/journal_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/base.h"
#include "node/journal_frame.h"
#include "node/journal_record.h"

typedef struct frame { record_key key; uint64_t at, bytes; } frame;

static err read_at(uint8_t *out, size_t n, const journal *j, uint64_t at)
{
	while (n) {
		ssize_t got = pread(j->fd, out, n, (off_t)at);
		if (got < 0 && errno == EINTR) continue;
		if (got < 0) return journal_failed("read", j->path);
		if (got == 0) return err_fail(ERR_IO, "%s became shorter while it was in use", j->path);
		out += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return OK;
}

/* ---- which frames are of use -------------------------------------------------------------------------------- */

static bool is_known(const journal *j, const record_key *k)
{
	request_state s;
	return k->consumption || requests_state(j->table, &s, k->kind, &k->id);
}

/* Appends a `frame` for every one that the table knows of. */
static err list_known(buf *frames, const journal *j)
{
	for (uint64_t at = JOURNAL_MAGIC; at < j->size;) {
		uint8_t head[FRAME_HEADER + RECORD_HEAD] = { 0 };
		frame f = { .at = at };
		size_t n;

		const size_t here = size_min(sizeof head, (size_t)(j->size - at));
		TRY(read_at(head, here, j, at));
		if (here < FRAME_HEADER || !frame_header_read(&n, head) || n > j->size - at - FRAME_HEADER)
			return err_fail(ERR_STATE, "%s was changed at byte %llu while it was in use", j->path, (unsigned long long)at);
		TRY(record_key_read(&f.key, slice_of(head + FRAME_HEADER, size_min(n, RECORD_HEAD))));
		f.bytes = FRAME_HEADER + n;
		if (is_known(j, &f.key)) buf_put(frames, &f, sizeof f);
		at += f.bytes;
	}
	return OK;
}

static int by_key(const void *a, const void *b)
{
	const frame *x = a, *y = b;

	if (x->key.consumption != y->key.consumption) return x->key.consumption ? 1 : -1;
	if (x->key.kind != y->key.kind) return x->key.kind < y->key.kind ? -1 : 1;
	const int id = memcmp(x->key.id.b, y->key.id.b, sizeof x->key.id.b);
	return id ? id : x->at < y->at ? -1 : x->at > y->at;
}

static int by_place(const void *a, const void *b)
{
	const frame *x = a, *y = b;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool same_key(const frame *a, const frame *b)
{
	return a->key.consumption == b->key.consumption && a->key.kind == b->key.kind && id_eq_var(&a->key.id, &b->key.id);
}

/* Leaves the last frame of each key, in the order of the file; *bytes: of them. */
static size_t keep_last(frame *f, size_t n, uint64_t *bytes)
{
	size_t kept = 0;

	*bytes = 0;
	if (n == 0) return 0;
	qsort(f, n, sizeof *f, by_key);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && same_key(&f[i], &f[i + 1])) continue;
		*bytes += f[i].bytes;
		f[kept++] = f[i];
	}
	qsort(f, kept, sizeof *f, by_place);
	return kept;
}

/* ---- the new file ------------------------------------------------------------------------------------------- */

enum { CHUNK = 1 << 16 };

static err copy(int fd, const char *path, uint64_t to, const journal *j, const frame *f)
{
	buf chunk = { 0 };
	uint8_t *p = buf_grow(&chunk, CHUNK);
	err e = OK;

	for (uint64_t done = 0; e == OK && done < f->bytes;) {
		const size_t n = size_min(CHUNK, (size_t)(f->bytes - done));
		e = read_at(p, n, j, f->at + done);
		if (e == OK) e = journal_write_at(fd, path, to + done, slice_of(p, n));
		done += n;
	}
	buf_free(&chunk);
	return e;
}

static err fill(int fd, const char *path, const journal *j, const frame *f, size_t n)
{
	uint64_t at = JOURNAL_MAGIC;

	TRY(journal_write_at(fd, path, 0, slice_of(journal_magic, JOURNAL_MAGIC)));
	for (size_t i = 0; i < n; at += f[i++].bytes) TRY(copy(fd, path, at, j, &f[i]));
	return fsync(fd) ? journal_failed("sync", path) : OK;
}

static err sync_folder_of(const char *path)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash) *slash = '\0';
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err e = fd >= 0 && fsync(fd) == 0 ? OK : journal_failed("sync", slash ? folder : ".");
	if (fd >= 0) close(fd);
	return e;
}

static err path_beside(char out[static PATH_MAX], const journal *j)
{
	if (snprintf(out, PATH_MAX, "%s.new", j->path) < PATH_MAX) return OK;
	return err_fail(ERR_REQUEST, "the path %.60s… is too long", j->path);
}

err journal_remove_unfinished(const journal *j)
{
	char path[PATH_MAX];

	TRY(path_beside(path, j));
	return unlink(path) && errno != ENOENT ? journal_failed("remove", path) : OK;
}

static err replace(journal *j, const frame *f, size_t n, uint64_t size)
{
	char path[PATH_MAX];

	TRY(path_beside(path, j));
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) return journal_failed("create", path);
	err e = fill(fd, path, j, f, n);
	if (e == OK && rename(path, j->path)) e = journal_failed("rename into", j->path);
	if (e != OK) {
		close(fd);
		unlink(path);
		return e;
	}
	close(j->fd);
	j->fd = fd;
	j->size = size;
	/* Until the name is on disk, a loss of power may bring the old file back, and what is appended now would be lost. */
	e = sync_folder_of(j->path);
	if (e != OK) j->broken = true;
	return e;
}

err journal_shrink(journal *j, uint64_t slack)
{
	buf frames = { 0 };
	uint64_t left = 0;

	err e = list_known(&frames, j);
	frame *f = (frame *)(void *)frames.p;
	const size_t n = keep_last(f, frames.n / sizeof *f, &left);
	const uint64_t size = JOURNAL_MAGIC + left;
	if (e == OK && j->size > 2 * size + slack) e = replace(j, f, n, size);
	buf_free(&frames);

	const uint64_t soon = j->size + JOURNAL_SLACK / 4, full = 2 * size + JOURNAL_SLACK;
	j->measure_at = e == OK && full > soon ? full : soon;
	return e;
}
