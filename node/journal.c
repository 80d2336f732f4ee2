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

const uint8_t journal_magic[JOURNAL_MAGIC] = { 'A', 'R', 'C', 'A', 'J', 'N', 'L', 2 };

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
	if (memcmp(magic.p, journal_magic, JOURNAL_MAGIC))
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

err journal_write_at(int fd, const char *path, uint64_t at, slice bytes)
{
	while (bytes.n) {
		ssize_t put = pwrite(fd, bytes.p, bytes.n, (off_t)at);
		if (put < 0 && errno == EINTR) continue;
		if (put < 0) return journal_failed("write", path);
		bytes = slice_of(bytes.p + put, bytes.n - (size_t)put);
		at += (uint64_t)put;
	}
	return OK;
}

/* What was half-written, or never reached the disk, must not stay in front of later records. */
static void cut_back(journal *j)
{
	if (ftruncate(j->fd, (off_t)j->size) || fdatasync(j->fd)) j->broken = true;
}

/* An append whose record is in the file.  Many of them are synced by one call: of the first that comes. */
typedef struct waiting_append {
	struct waiting_append *next;
	bool over;
	err  failed;                       /* once it is over */
} waiting_append;

/* Under the lock: everybody whose record was in the file when the sync began is told of its end. */
static void end_waiting(waiting_append *list, err e)
{
	for (waiting_append *next; list; list = next) {
		next = list->next;
		list->failed = e;
		list->over = true;
	}
}

/* Under the lock, which is let go meanwhile. */
static void sync_for_all(journal *j)
{
	waiting_append *mine = j->waiting;
	const uint64_t upto = j->size;

	j->waiting = NULL;
	j->syncing = true;
	pthread_mutex_unlock(&j->lock);
	const bool synced = fdatasync(j->fd) == 0;
	const int why = errno;
	pthread_mutex_lock(&j->lock);
	j->syncing = false;
	if (synced) {
		j->durable = upto;
		end_waiting(mine, OK);
	} else {
		/* Also those that came since: their records stand behind what is cut off. */
		errno = why;
		j->size = j->durable;
		cut_back(j);
		end_waiting(mine, ERR_IO);
		end_waiting(j->waiting, ERR_IO);
		j->waiting = NULL;
	}
	pthread_cond_broadcast(&j->synced);
}

static err wait_for_disk(journal *j)
{
	waiting_append me = { .next = j->waiting };

	j->waiting = &me;
	while (!me.over) {
		if (j->syncing) pthread_cond_wait(&j->synced, &j->lock);
		else sync_for_all(j);
	}
	return me.failed == OK ? OK : err_fail(me.failed, "cannot sync %s; is the disk full?", j->path);
}

static err append_locked(journal *j, slice frame)
{
	if (j->broken) return err_fail(ERR_IO, "%s could not be put in order after a failed write; restart the node", j->path);
	err e = journal_write_at(j->fd, j->path, j->size, frame);
	if (e != OK) {
		cut_back(j);
		return e;
	}
	j->size += frame.n;
	return wait_for_disk(j);
}

/* The append that brought us here has succeeded whatever happens to the rest of the file. */
static void shrink_if_large(journal *j)
{
	const bool quiet = !j->syncing && !j->waiting;
	err e = j->size < j->measure_at || !quiet ? OK : journal_shrink(j, JOURNAL_SLACK);
	if (e != OK) log_err(LOG_WARN, "the journal could not be written anew", e);
	if (quiet) j->durable = j->size;
}

static err append(journal *j, slice payload)
{
	buf frame = { 0 };

	frame_put(&frame, payload);
	pthread_mutex_lock(&j->lock);
	err e = append_locked(j, buf_slice(&frame));
	if (e == OK) shrink_if_large(j);
	pthread_mutex_unlock(&j->lock);
	buf_free(&frame);
	return e;
}

err journal_outcome(journal *j, const request_view *outcome)
{
	buf record = { 0 };

	record_outcome(&record, outcome);
	err e = record.n <= MAX_JOURNAL_RECORD ? append(j, buf_slice(&record))
	      : err_fail(ERR_EXHAUSTED, "the response has %zu bytes; at most %d can be recorded", outcome->response.n,
	                 MAX_JOURNAL_RECORD);
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
	err e = journal_shrink(j, 0);
	if (e == OK || j->broken) return e;
	log_err(LOG_WARN, "the journal could not be written anew", e);
	return OK;
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
	if (*cut) cut_back(j);
	if (j->broken) return journal_failed("cut", j->path);
	return shrink_at_start(j);
}

err journal_open(journal **out, uint64_t *cut, const char *path, requests *table)
{
	journal *j = calloc(1, sizeof *j);
	if (!j) return err_fail(ERR_NOMEM, "no memory for the journal");
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->synced, NULL);
	j->fd = -1;
	j->table = table;
	j->path = strdup(path);
	err e = j->path ? load(j, cut) : err_fail(ERR_NOMEM, "no memory for the journal");
	j->durable = j->size;
	if (e != OK) {
		journal_free(&j);
		return e;
	}
	*out = j;
	return OK;
}

void journal_free(journal **jp)
{
	journal *j = *jp;
	if (!j) return;
	if (j->fd >= 0) close(j->fd);
	pthread_cond_destroy(&j->synced);
	pthread_mutex_destroy(&j->lock);
	buf_free(&j->consumed);
	free(j->path);
	free(j);
	*jp = NULL;
}
