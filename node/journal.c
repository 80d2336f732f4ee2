/* SPDX-License-Identifier: MIT */
/* node/journal.c -- the file: appending, reading back, cutting. */
#include "node/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "node/journal_frame.h"
#include "node/journal_internal.h"
#include "node/journal_record.h"

const uint8_t journal_magic[JOURNAL_MAGIC] = { 'A', 'R', 'C', 'A', 'J', 'N', 'L', 3 };

/* The version before knew neither groups nor requests that were taken in; its files are gone on with. */
enum { VERSION_AT = JOURNAL_MAGIC - 1, VERSION_BEFORE = 2 };

/* Largest file that is read at a start. */
#define MAX_JOURNAL_FILE ((size_t)64 << 30)

enum { CONSUMED_BYTES = 32 + 32 + 32 };

static void remember_consumed(void *ctx, const id32 *preproc, const id32 *by, const hash32 *by_body)
{
	journal *j = ctx;
	buf_put_slice(&j->consumed, id_slice(preproc));
	buf_put_slice(&j->consumed, id_slice(by));
	buf_put_slice(&j->consumed, hash32_slice(by_body));
}

/* At a start, when nobody appends. */
void journal_each_consumed(const journal *j, journal_consumer *each, void *ctx)
{
	for (const uint8_t *p = j->consumed.p; p && p < j->consumed.p + j->consumed.n; p += CONSUMED_BYTES) {
		id32 preproc, by;
		hash32 by_body;
		memcpy(preproc.b, p, 32), memcpy(by.b, p + 32, 32), memcpy(by_body.b, p + 64, 32);
		each(ctx, &preproc, &by, &by_body);
	}
}

/* Applies every whole record of the file; *size: where the last of them ends, 0 if there is not even the beginning. */
static err apply_all(journal *j, uint64_t *size, slice file)
{
	reader r = reader_of(file);
	slice magic = read_bytes(&r, JOURNAL_MAGIC), payload;

	if (!read_ok(&r)) {                            /* torn while it was made */
		*size = 0;
		return OK;
	}
	const bool before = magic.p[VERSION_AT] == VERSION_BEFORE && !memcmp(magic.p, journal_magic, VERSION_AT);
	if (!before && memcmp(magic.p, journal_magic, JOURNAL_MAGIC))
		return err_fail(ERR_STATE, "%s is not a journal of this version; move it away to start with an empty one", j->path);
	while (frame_next(&payload, &r))
		if (record_apply(payload, j->table, remember_consumed, j) != OK) {
			err_context("%s at byte %zu: ", j->path, r.at);
			return ERR_STATE;
		}
	if (!frame_may_be_torn(slice_of(file.p + r.at, file.n - r.at), r.at))
		return err_fail(ERR_STATE, "%s is damaged at byte %zu of %zu; restore it from a copy, or move it away to lose the "
		                "results in it", j->path, r.at, file.n);
	*size = r.at;
	return OK;
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

err journal_failed(const char *doing, const char *path)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_fail(ERR_IO, "cannot %s %s: the disk is full; free some space and try again", doing, path);
	return err_fail(ERR_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

int journal_put_at(int fd, uint64_t at, slice bytes)
{
	while (bytes.n) {
		ssize_t put = pwrite(fd, bytes.p, bytes.n, (off_t)at);
		if (put < 0 && errno == EINTR) continue;
		if (put < 0) return errno;
		bytes = slice_of(bytes.p + put, bytes.n - (size_t)put);
		at += (uint64_t)put;
	}
	return 0;
}

/* What was half-written, or never reached the disk, must not stay in front of later records.  Under the lock. */
static void cut_back(journal *j)
{
	while (j->filling) pthread_cond_wait(&j->changed, &j->lock);
	j->filled = j->size;
	if (ftruncate(j->fd, (off_t)j->size) || fdatasync(j->fd)) j->broken = true;
}

/* ---- appending ---------------------------------------------------------------------------------------------- */

/* An append that waits until its frame is on disk.  The first that comes writes for all that have come by then. */
typedef struct waiting_append {
	struct waiting_append *next;
	buf  frame;
	bool over;
	int  error;                        /* once it is over: errno, or 0 */
	const char *doing;                 /* what it was that failed      */
} waiting_append;

/* No zeros are written behind a larger one (journal_ahead.c). */
enum { SMALL_GROUP = 1 << 20 };

/* Without the lock. */
static int put_group(const char **doing, int fd, uint64_t at, waiting_append *group)
{
	int error = 0;

	frame_begin_group(group->frame.p);
	*doing = "write";
	for (const waiting_append *w = group; w && !error; w = w->next) {
		error = journal_put_at(fd, at, buf_slice(&w->frame));
		at += w->frame.n;
	}
	if (error) return error;
	*doing = "sync";
	return fdatasync(fd) ? errno : 0;
}

/* Zeros are never written over the group: the next step of them begins behind it. */
static void claim(journal *j, uint64_t end)
{
	while (j->filling && end > j->filled) pthread_cond_wait(&j->changed, &j->lock);
	if (end > j->filled) j->filled = end;
}

/* Under the lock, which is let go meanwhile. */
static void write_for_all(journal *j)
{
	waiting_append *group = j->first;
	const int fd = j->fd;
	const uint64_t at = j->size;
	const char *doing = "go on with";
	uint64_t end = at;
	int error = EIO;

	for (const waiting_append *w = group; w; w = w->next) end += w->frame.n;

	j->first = NULL;
	j->last = &j->first;
	if (!j->broken) {
		j->writing = true;
		claim(j, end);
		pthread_mutex_unlock(&j->lock);
		error = put_group(&doing, fd, at, group);
		pthread_mutex_lock(&j->lock);
		if (error) cut_back(j);
		else j->size = end;
		j->writing = false;
		j->small = end - at <= SMALL_GROUP;
	}
	for (waiting_append *next; group; group = next) {
		next = group->next;
		group->error = error;
		group->doing = doing;
		group->over = true;
	}
	pthread_cond_broadcast(&j->changed);
	if (j->size >= j->measure_at || journal_wants_zeros(j)) pthread_cond_signal(&j->work);
}

/* A file that grows faster than it is written anew would fill the disk. */
static bool must_wait(const journal *j)
{
	return j->rewriting && j->size > 2 * j->measure_at + JOURNAL_SLACK;
}

static err append(journal *j, slice record)
{
	waiting_append me = { 0 };

	if (record.n > MAX_JOURNAL_RECORD)
		return err_fail(ERR_EXHAUSTED, "%zu bytes are to be recorded; the journal takes %d at once", record.n, MAX_JOURNAL_RECORD);
	frame_put(&me.frame, record);
	pthread_mutex_lock(&j->lock);
	while (must_wait(j)) pthread_cond_wait(&j->changed, &j->lock);
	*j->last = &me;
	j->last = &me.next;
	while (!me.over) {
		if (j->writing) pthread_cond_wait(&j->changed, &j->lock);
		else write_for_all(j);
	}
	const bool broken = j->broken;
	pthread_mutex_unlock(&j->lock);
	buf_free(&me.frame);
	if (!me.error) return OK;
	if (broken) return err_fail(ERR_IO, "%s could not be put in order after a failed write; restart the node", j->path);
	errno = me.error;
	return journal_failed(me.doing, j->path);
}

err journal_taken(journal *j, const request_view *pending, slice message)
{
	buf record = { 0 };

	record_taken(&record, pending, message);
	err e = append(j, buf_slice(&record));
	buf_free(&record);
	return e;
}

err journal_outcome(journal *j, const request_view *outcome)
{
	buf record = { 0 };

	record_outcome(&record, outcome);
	err e = append(j, buf_slice(&record));
	buf_free(&record);
	return e;
}

err journal_consumed(journal *j, const id32 *preproc, const id32 *by, const hash32 *by_body)
{
	buf record = { 0 };

	record_consumed(&record, preproc, by, by_body);
	err e = append(j, buf_slice(&record));
	buf_free(&record);
	return e;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static err open_file(journal *j)
{
	j->fd = open(j->path, O_RDWR | O_CLOEXEC);
	return j->fd < 0 ? journal_failed("open", j->path) : OK;
}

/* By a rename, so that the file's name is on disk as well. */
static err start_empty(journal *j)
{
	TRY(file_write_atomic(j->path, slice_of(journal_magic, JOURNAL_MAGIC), 0600));
	j->size = j->filled = JOURNAL_MAGIC;
	j->measure_at = JOURNAL_SLACK;
	return open_file(j);
}

/* What is cut off is somebody's last trace of a request: it stays in a file of its own, until the next time. */
static err keep_cut(const journal *j, slice tail)
{
	char path[PATH_MAX];

	if (tail.n == 0) return OK;
	if (snprintf(path, sizeof path, "%s.cut", j->path) >= (int)sizeof path)
		return err_fail(ERR_REQUEST, "the path %.60s… is too long", j->path);
	TRY(file_write_atomic(path, tail, 0600));
	log_warn("%s ended in %zu bytes of unfinished records; they are now in %s", j->path, tail.n, path);
	return OK;
}

/* Nothing but room depends on it, so a failure is no reason not to start. */
static err shrink_at_start(journal *j)
{
	err e = journal_rewrite(j, 0);
	if (e == OK || j->broken) return e;
	log_err(LOG_WARN, "the journal could not be written anew", e);
	return OK;
}

/* What was read must be on disk before anybody is told of it: a killed process may have left it in the system's memory. */
static err go_on_with(journal *j)
{
	const int error = journal_put_at(j->fd, 0, slice_of(journal_magic, JOURNAL_MAGIC));

	if (error) {
		errno = error;
		return journal_failed("write", j->path);
	}
	cut_back(j);
	return j->broken ? journal_failed("sync", j->path) : OK;
}

static err load(journal *j, uint64_t *cut)
{
	slice file;

	*cut = 0;
	TRY(journal_remove_unfinished(j));
	err e = file_map(&file, j->path, MAX_JOURNAL_FILE);
	if (e == ERR_NOT_FOUND) {
		err_clear();
		return start_empty(j);
	}
	TRY(e);
	e = apply_all(j, &j->size, file);
	if (e == OK) {
		const slice tail = frame_before_zeros(slice_of(file.p ? file.p + j->size : NULL, file.n - j->size));
		*cut = tail.n;
		e = keep_cut(j, tail);
	}
	file_unmap(&file);
	TRY(e);
	if (j->size == 0) return start_empty(j);
	TRY(open_file(j));
	TRY(go_on_with(j));
	return shrink_at_start(j);
}

/* ---- life --------------------------------------------------------------------------------------------------- */

/* Under the lock, which is let go meanwhile. */
static void rewrite_large(journal *j)
{
	j->rewriting = true;
	pthread_mutex_unlock(&j->lock);
	err e = journal_rewrite(j, JOURNAL_SLACK);
	if (e != OK) log_err(LOG_WARN, "the journal could not be written anew", e);
	pthread_mutex_lock(&j->lock);
	j->rewriting = false;
	pthread_cond_broadcast(&j->changed);
}

static void *keep_in_order(void *arg)
{
	journal *j = arg;

	pthread_mutex_lock(&j->lock);
	while (!j->closing) {
		if (j->size >= j->measure_at && !j->broken) rewrite_large(j);
		else if (journal_wants_zeros(j)) journal_fill_ahead(j);
		else pthread_cond_wait(&j->work, &j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

static err begin(journal *j, uint64_t *cut, const char *path)
{
	j->path = strdup(path);
	if (!j->path) return err_fail(ERR_NOMEM, "no memory for the journal");
	TRY(load(j, cut));
	j->has_keeper = pthread_create(&j->keeper, NULL, keep_in_order, j) == 0;
	return j->has_keeper ? OK : err_fail(ERR_NOMEM, "no thread for the journal");
}

err journal_open(journal **out, uint64_t *cut, const char *path, requests *table)
{
	journal *j = calloc(1, sizeof *j);

	if (!j) return err_fail(ERR_NOMEM, "no memory for the journal");
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->changed, NULL);
	pthread_cond_init(&j->work, NULL);
	j->fd = -1;
	j->last = &j->first;
	j->table = table;
	err e = begin(j, cut, path);
	if (e != OK) {
		journal_free(&j);
		return e;
	}
	*out = j;
	return OK;
}

static void stop_keeper(journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	pthread_cond_signal(&j->work);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->keeper, NULL);
}

static void close_file(journal *j)
{
	if (ftruncate(j->fd, (off_t)j->size)) log_warn("the zeros at the end of %s stay: %s", j->path, strerror(errno));
	close(j->fd);
}

void journal_free(journal **jp)
{
	journal *j = *jp;
	if (!j) return;
	if (j->has_keeper) stop_keeper(j);
	if (j->fd >= 0) close_file(j);
	pthread_cond_destroy(&j->work);
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	buf_free(&j->consumed);
	free(j->path);
	free(j);
	*jp = NULL;
}
