/* SPDX-License-Identifier: MIT */
/*
 * node/journal_rewrite.c -- which frames are still of use, and the file anew with these alone.
 *
 * The frames are copied, not made again from the table: an outcome is in the file before it is in the table, and must
 * not be lost in between.  Of several records of one request the last counts, so that its outcome replaces what it was
 * taken in with; a request that the table has forgotten has none; consumptions are for ever.
 *
 * The work is done on what the file has when it begins.  What is appended meanwhile is copied behind, as it is; only the
 * last bit of it, and the change of names, while appends wait.
 */
#include "node/journal_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/base.h"
#include "base/log.h"
#include "node/journal_frame.h"
#include "node/journal_record.h"

typedef struct frame { record_key key; uint64_t at, bytes; } frame;

/* A file that frames are read from; they end at `size`. */
typedef struct source { int fd; const char *path; uint64_t size; } source;

static err read_at(uint8_t *out, size_t n, const source *s, uint64_t at)
{
	while (n) {
		ssize_t got = pread(s->fd, out, n, (off_t)at);
		if (got < 0 && errno == EINTR) continue;
		if (got < 0) return journal_failed("read", s->path);
		if (got == 0) return err_fail(ERR_IO, "%s became shorter while it was in use", s->path);
		out += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return OK;
}

/* ---- which frames are of use -------------------------------------------------------------------------------- */

static bool is_of_use(requests *table, const record_key *k)
{
	request_state s;
	return k->consumption || requests_state(table, &s, k->kind, &k->id);
}

/* Appends a `frame` for every one that is of use to the table. */
static err list_useful(buf *frames, const source *from, requests *table)
{
	for (uint64_t at = JOURNAL_MAGIC; at < from->size;) {
		uint8_t head[FRAME_HEADER + RECORD_HEAD] = { 0 };
		frame f = { .at = at };
		size_t n;

		const size_t here = size_min(sizeof head, (size_t)(from->size - at));
		TRY(read_at(head, here, from, at));
		if (here < FRAME_HEADER || !frame_header_read(&n, head) || n > from->size - at - FRAME_HEADER)
			return err_fail(ERR_STATE, "%s was changed at byte %llu while it was in use", from->path, (unsigned long long)at);
		TRY(record_key_read(&f.key, slice_of(head + FRAME_HEADER, size_min(n, RECORD_HEAD))));
		f.bytes = FRAME_HEADER + n;
		if (is_of_use(table, &f.key)) buf_put(frames, &f, sizeof f);
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

static err put_at(int fd, const char *path, uint64_t at, slice bytes)
{
	const int error = journal_put_at(fd, at, bytes);

	errno = error;
	return error ? journal_failed("write", path) : OK;
}

/* The file that takes the place of the old one. */
typedef struct target { int fd; char path[PATH_MAX]; uint64_t size, filled; } target;

/* Appends bytes of the source; marked: they are a frame, in front of which everything is on disk when the file has its name. */
static err copy(target *t, const source *from, uint64_t at, uint64_t bytes, bool marked)
{
	buf chunk = { 0 };
	uint8_t *p = buf_grow(&chunk, CHUNK);
	err e = OK;

	for (uint64_t done = 0; e == OK && done < bytes;) {
		const size_t n = size_min(CHUNK, (size_t)(bytes - done));
		e = read_at(p, n, from, at + done);
		if (marked && done == 0) frame_begin_group(p);
		if (e == OK) e = put_at(t->fd, t->path, t->size + done, slice_of(p, n));
		done += n;
	}
	if (e == OK) t->size += bytes;
	if (t->filled < t->size) t->filled = t->size;
	buf_free(&chunk);
	return e;
}

static err fill(target *t, const source *from, const frame *f, size_t n)
{
	TRY(put_at(t->fd, t->path, 0, slice_of(journal_magic, JOURNAL_MAGIC)));
	t->size = t->filled = JOURNAL_MAGIC;
	for (size_t i = 0; i < n; i++) TRY(copy(t, from, f[i].at, f[i].bytes, true));
	/* On a full disk without: it is enough to say so when there is no room for a record. */
	const uint64_t end = t->size + JOURNAL_AHEAD;
	while (t->filled < end && !journal_put_zeros(t->fd, t->filled)) t->filled += JOURNAL_AHEAD_STEP;
	return fsync(t->fd) ? journal_failed("sync", t->path) : OK;
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

/* Appends what has come since; from->size: up to where it was copied. */
static err catch_up(target *t, source *from, uint64_t size)
{
	const uint64_t more = size - from->size;

	if (more == 0) return OK;
	TRY(copy(t, &(source){ from->fd, from->path, size }, from->size, more, false));
	from->size = size;
	return fdatasync(t->fd) ? journal_failed("sync", t->path) : OK;
}

/* Under the lock, when nobody writes. */
static err take_place(journal *j, target *t, source *from)
{
	TRY(catch_up(t, from, j->size));
	if (rename(t->path, j->path)) return journal_failed("rename into", j->path);
	close(j->fd);
	j->fd = t->fd;
	t->fd = -1;
	j->size = t->size;
	j->filled = t->filled;
	j->fill_from = 0;
	/* Until the name is on disk, a loss of power may bring the old file back, and what is appended now would be lost. */
	err e = sync_folder_of(j->path);
	if (e != OK) j->broken = true;
	return e;
}

/* How much may be copied while appends wait, unless it stays more after so many turns. */
enum { LAST_BIT = 1 << 20, MOST_TURNS = 8 };

static err follow_and_take_place(journal *j, target *t, source *from)
{
	err e = OK;

	pthread_mutex_lock(&j->lock);
	for (unsigned turn = 0; e == OK; turn++) {
		while (j->writing) pthread_cond_wait(&j->changed, &j->lock);
		const uint64_t size = j->size;
		if (size - from->size <= LAST_BIT || turn == MOST_TURNS) break;
		pthread_mutex_unlock(&j->lock);
		e = catch_up(t, from, size);
		pthread_mutex_lock(&j->lock);
	}
	if (e == OK) e = take_place(j, t, from);
	pthread_mutex_unlock(&j->lock);
	return e;
}

static err replace(journal *j, source *from, const frame *f, size_t n)
{
	target t = { .fd = -1 };

	TRY(path_beside(t.path, j));
	t.fd = open(t.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (t.fd < 0) return journal_failed("create", t.path);
	err e = fill(&t, from, f, n);
	if (e == OK) e = follow_and_take_place(j, &t, from);
	if (t.fd >= 0) {
		close(t.fd);
		unlink(t.path);
	}
	return e;
}

static source now(journal *j)
{
	pthread_mutex_lock(&j->lock);
	const source s = { j->fd, j->path, j->size };
	pthread_mutex_unlock(&j->lock);
	return s;
}

err journal_rewrite(journal *j, uint64_t slack)
{
	buf frames = { 0 };
	uint64_t left = 0;
	source from = now(j);

	err e = list_useful(&frames, &from, j->table);
	frame *f = (frame *)(void *)frames.p;
	const size_t n = keep_last(f, frames.n / sizeof *f, &left);
	const uint64_t useful = JOURNAL_MAGIC + left;
	if (e == OK && from.size > 2 * useful + slack) e = replace(j, &from, f, n);
	buf_free(&frames);

	pthread_mutex_lock(&j->lock);
	const uint64_t soon = j->size + JOURNAL_SLACK / 4, full = 2 * useful + JOURNAL_SLACK;
	j->measure_at = e == OK && full > soon ? full : soon;
	pthread_mutex_unlock(&j->lock);
	return e;
}

/* ---- what has not ended ------------------------------------------------------------------------------------- */

static err read_message(buf *b, slice *message, const source *from, const frame *f)
{
	slice record;

	TRY(read_at(buf_grow(b, f->bytes), f->bytes, from, f->at));
	reader r = reader_of(buf_slice(b));
	if (!frame_next(&record, &r)) return err_fail(ERR_STATE, "%s was changed while it was in use", from->path);
	return record_message(message, record);
}

static void tell_pending(const source *from, const frame *f, requests *table, journal_pending *each, void *ctx)
{
	request_state s;
	buf b = { 0 };
	slice message = { 0 };

	if (!f->key.taken || !requests_state(table, &s, f->key.kind, &f->key.id) || s != REQUEST_PENDING) return;
	err e = read_message(&b, &message, from, f);
	if (e != OK) log_err(LOG_ERROR, "a request that was taken in cannot be read", e);
	each(ctx, f->key.kind, &f->key.id, message);
	buf_free(&b);
}

/* The frames stay what they are, whatever is appended meanwhile, or written anew into another file. */
err journal_each_pending(journal *j, journal_pending *each, void *ctx)
{
	buf frames = { 0 };
	uint64_t bytes;
	source from = now(j);

	from.fd = dup(from.fd);
	if (from.fd < 0) return journal_failed("read", j->path);
	err e = list_useful(&frames, &from, j->table);
	const frame *f = (frame *)(void *)frames.p;
	const size_t n = keep_last((frame *)(void *)frames.p, frames.n / sizeof *f, &bytes);
	for (size_t i = 0; e == OK && i < n; i++) tell_pending(&from, &f[i], j->table, each, ctx);
	close(from.fd);
	buf_free(&frames);
	return e;
}
