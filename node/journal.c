/* SPDX-License-Identifier: MIT */
/* node/journal.c -- the file: appending, reading back, cutting. */
#include "node/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
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

/* What was half-written, or never reached the disk, must not stay in front of later records. */
static void cut_back(journal *j)
{
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

/* Without the lock.  *end: where the group ends. */
static int put_group(uint64_t *end, const char **doing, int fd, uint64_t at, waiting_append *group)
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
	*end = at;
	return fdatasync(fd) ? errno : 0;
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

	j->first = NULL;
	j->last = &j->first;
	if (!j->broken) {
		j->writing = true;
		pthread_mutex_unlock(&j->lock);
		error = put_group(&end, &doing, fd, at, group);
		pthread_mutex_lock(&j->lock);
		j->writing = false;
		if (error) cut_back(j);
		else j->size = end;
	}
	for (waiting_append *next; group; group = next) {
		next = group->next;
		group->error = error;
		group->doing = doing;
		group->over = true;
	}
	pthread_cond_broadcast(&j->changed);
	if (j->size >= j->measure_at) pthread_cond_signal(&j->large);
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
	j->size = JOURNAL_MAGIC;
	j->measure_at = JOURNAL_SLACK;
	return open_file(j);
}

enum { MOST_CUTS_A_SECOND = 100 };

/* What is cut off is somebody's last trace of a request: it stays in a file of its own. */
static err keep_cut(const journal *j, slice tail)
{
	const time_t now = time(NULL);
	bool existed = true;

	for (unsigned i = 0; existed && i < MOST_CUTS_A_SECOND; i++) {
		char path[PATH_MAX];
		const int n = snprintf(path, sizeof path, "%s.cut-%jd", j->path, (intmax_t)now + i);
		if (n >= (int)sizeof path) return err_fail(ERR_REQUEST, "the path %.60s… is too long", j->path);
		TRY(file_write_once(path, tail, 0600, &existed));
		if (!existed) log_warn("%s ended in %zu bytes of an unfinished record; they are now in %s", j->path, tail.n, path);
	}
	return existed ? err_fail(ERR_STATE, "there is no free name for what must be cut off %s", j->path) : OK;
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
	if (e == OK) *cut = file.n - j->size;
	if (e == OK && *cut) e = keep_cut(j, slice_of(file.p + j->size, file.n - j->size));
	file_unmap(&file);
	TRY(e);
	if (j->size == 0) return start_empty(j);
	TRY(open_file(j));
	TRY(go_on_with(j));
	return shrink_at_start(j);
}

/* ---- life --------------------------------------------------------------------------------------------------- */

static void *rewrite_when_large(void *arg)
{
	journal *j = arg;

	pthread_mutex_lock(&j->lock);
	while (!j->closing) {
		if (j->size < j->measure_at || j->broken) {
			pthread_cond_wait(&j->large, &j->lock);
			continue;
		}
		j->rewriting = true;
		pthread_mutex_unlock(&j->lock);
		err e = journal_rewrite(j, JOURNAL_SLACK);
		if (e != OK) log_err(LOG_WARN, "the journal could not be written anew", e);
		pthread_mutex_lock(&j->lock);
		j->rewriting = false;
		pthread_cond_broadcast(&j->changed);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

static err begin(journal *j, uint64_t *cut, const char *path)
{
	j->path = strdup(path);
	if (!j->path) return err_fail(ERR_NOMEM, "no memory for the journal");
	TRY(load(j, cut));
	j->has_rewriter = pthread_create(&j->rewriter, NULL, rewrite_when_large, j) == 0;
	return j->has_rewriter ? OK : err_fail(ERR_NOMEM, "no thread for the journal");
}

err journal_open(journal **out, uint64_t *cut, const char *path, requests *table)
{
	journal *j = calloc(1, sizeof *j);

	if (!j) return err_fail(ERR_NOMEM, "no memory for the journal");
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->changed, NULL);
	pthread_cond_init(&j->large, NULL);
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

static void stop_rewriter(journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	pthread_cond_signal(&j->large);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->rewriter, NULL);
}

void journal_free(journal **jp)
{
	journal *j = *jp;
	if (!j) return;
	if (j->has_rewriter) stop_rewriter(j);
	if (j->fd >= 0) close(j->fd);
	pthread_cond_destroy(&j->large);
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	buf_free(&j->consumed);
	free(j->path);
	free(j);
	*jp = NULL;
}
