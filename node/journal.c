/* SPDX-License-Identifier: MIT */
/* node/journal.c -- frames on disk: appending, reading back, cutting, writing anew. */
#include "node/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "node/journal_record.h"
#include "sym/sha2.h"

static const uint8_t MAGIC[8] = { 'A', 'R', 'C', 'A', 'J', 'N', 'L', 1 };

enum { CHECKSUM = 8, FRAME = 4 + CHECKSUM };

/* Largest file that is read at a start; rewriting keeps it far below. */
#define MAX_JOURNAL_FILE ((size_t)64 << 30)

struct journal {
	pthread_mutex_t lock;
	char    *path;
	int      fd;
	uint64_t size;                     /* whole records end here */
	bool     broken;                   /* the file could not be put back after a failed append */
	buf      consumed;                 /* of consumption records: preproc || by || by_body */
};

enum { CONSUMED_BYTES = 32 + 32 + 32 };

/* ---- frames ------------------------------------------------------------------------------------------------- */

static void put_frame(buf *out, slice payload)
{
	const hash32 h = sha256(payload);

	ASSERT(payload.n <= MAX_JOURNAL_RECORD);
	buf_put_u32(out, (uint32_t)payload.n);
	buf_put(out, h.b, CHECKSUM);
	buf_put_slice(out, payload);
}

/* The payload that stands at r, which moves behind it.  False, with r where it was, if there is no whole one. */
static bool next_frame(slice *payload, reader *r)
{
	const reader before = *r;
	const uint32_t n = read_u32(r);
	const slice sum = read_bytes(r, CHECKSUM), p = read_bytes(r, n);

	if (read_ok(r) && n > 0 && n <= MAX_JOURNAL_RECORD) {
		const hash32 h = sha256(p);
		if (!memcmp(h.b, sum.p, CHECKSUM)) {
			*payload = p;
			return true;
		}
	}
	*r = before;
	return false;
}

/* A crash tears only what was being written last: less than a frame says, or one frame that reaches the end. */
static bool may_be_torn(slice rest)
{
	if (rest.n < FRAME) return true;
	const size_t n = load32(rest.p);
	if (n == 0 || n > MAX_JOURNAL_RECORD) return rest.n <= FRAME + MAX_JOURNAL_RECORD;
	return rest.n <= FRAME + n;
}

static void remember_consumed(void *ctx, const id32 *preproc, const id32 *by, const hash32 *by_body)
{
	journal *j = ctx;
	buf_put_slice(&j->consumed, id_slice(preproc));
	buf_put_slice(&j->consumed, id_slice(by));
	buf_put_slice(&j->consumed, hash32_slice(by_body));
}

void journal_each_consumed(const journal *j, journal_consumer *each, void *ctx)
{
	for (const uint8_t *p = j->consumed.p; p && p < j->consumed.p + j->consumed.n; p += CONSUMED_BYTES) {
		id32 preproc, by;
		hash32 by_body;
		memcpy(preproc.b, p, 32), memcpy(by.b, p + 32, 32), memcpy(by_body.b, p + 64, 32);
		each(ctx, &preproc, &by, &by_body);
	}
}

/* Applies every whole record of the file; *size: where the last of them ends. */
static err apply_all(journal *j, uint64_t *size, size_t *records, slice file, requests *into)
{
	reader r = reader_of(file);
	slice magic = read_bytes(&r, sizeof MAGIC), payload;

	if (!read_ok(&r)) {                            /* torn while it was made */
		*size = 0;
		return OK;
	}
	if (memcmp(magic.p, MAGIC, sizeof MAGIC))
		return err_fail(ERR_STATE, "%s is not a journal of this version; move it away to start with an empty one", j->path);
	for (*records = 0; next_frame(&payload, &r); ++*records)
		if (record_apply(payload, into, remember_consumed, j) != OK) {
			err_context("%s at byte %zu: ", j->path, r.at);
			return ERR_STATE;
		}
	if (!may_be_torn(slice_of(file.p + r.at, file.n - r.at)))
		return err_fail(ERR_STATE, "%s is damaged at byte %zu of %zu; restore it from a copy, or move it away to lose the "
		                "results in it", j->path, r.at, file.n);
	*size = r.at;
	return OK;
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

static err failed(const char *doing, const char *path)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_fail(ERR_IO, "cannot %s %s: the disk is full; free some space and try again", doing, path);
	return err_fail(ERR_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

static err write_at_end(journal *j, slice bytes)
{
	uint64_t at = j->size;

	while (bytes.n) {
		ssize_t put = pwrite(j->fd, bytes.p, bytes.n, (off_t)at);
		if (put < 0 && errno == EINTR) continue;
		if (put < 0) return failed("write", j->path);
		bytes = slice_of(bytes.p + put, bytes.n - (size_t)put);
		at += (uint64_t)put;
	}
	if (fdatasync(j->fd)) return failed("sync", j->path);
	j->size = at;
	return OK;
}

/* A half-written record must not stay in front of later ones. */
static void cut_back(journal *j)
{
	if (ftruncate(j->fd, (off_t)j->size) || fdatasync(j->fd)) j->broken = true;
}

static err append(journal *j, slice payload)
{
	buf frame = { 0 };

	put_frame(&frame, payload);
	pthread_mutex_lock(&j->lock);
	err e = j->broken ? err_fail(ERR_IO, "%s could not be put in order after a failed write; restart the node", j->path)
	                  : write_at_end(j, buf_slice(&frame));
	if (e != OK && !j->broken) cut_back(j);
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
	return j->fd < 0 ? failed("open", j->path) : OK;
}

static bool put_view(void *ctx, const request_view *v)
{
	buf record = { 0 };

	/* A finished key generation is told by its stored key, a consumption by its own record. */
	if (v->state == REQUEST_FAILED || (v->state == REQUEST_DONE && v->kind != REQUEST_KEYGEN)) {
		record_outcome(&record, v);
		put_frame(ctx, buf_slice(&record));
	}
	buf_free(&record);
	return true;
}

static void put_consumption(void *ctx, const id32 *preproc, const id32 *by, const hash32 *by_body)
{
	buf record = { 0 };

	record_consumed(&record, preproc, by, by_body);
	put_frame(ctx, buf_slice(&record));
	buf_free(&record);
}

/* Writes the file anew from the table when most of it speaks of requests that are forgotten or told of again. */
static err rewrite(journal *j, size_t records, requests *from)
{
	buf fresh = { 0 };
	size_t live = j->consumed.n / CONSUMED_BYTES;

	for (unsigned k = 0; k < REQUEST_KINDS; k++) live += requests_count_of(from, (request_kind)k).all;
	if (live >= records / 2) return OK;

	buf_put(&fresh, MAGIC, sizeof MAGIC);
	for (unsigned k = 0; k < REQUEST_KINDS; k++) requests_each(from, (request_kind)k, put_view, &fresh);
	journal_each_consumed(j, put_consumption, &fresh);
	close(j->fd);
	j->fd = -1;
	err e = file_write_atomic(j->path, buf_slice(&fresh), 0600);
	if (e == OK) e = open_file(j);
	if (e == OK) j->size = fresh.n;
	buf_free(&fresh);
	return e;
}

/* By a rename, so that the file's name is on disk as well. */
static err start_empty(journal *j)
{
	if (j->fd >= 0) close(j->fd);
	j->fd = -1;
	TRY(file_write_atomic(j->path, slice_of(MAGIC, sizeof MAGIC), 0600));
	j->size = sizeof MAGIC;
	return open_file(j);
}

static err load(journal *j, uint64_t *cut, requests *into)
{
	slice file;
	size_t records = 0;

	*cut = 0;
	if (!file_exists(j->path)) return start_empty(j);
	TRY(open_file(j));
	TRY(file_map(&file, j->path, MAX_JOURNAL_FILE));
	err e = apply_all(j, &j->size, &records, file, into);
	*cut = file.n - j->size;
	file_unmap(&file);
	TRY(e);
	if (j->size == 0) return start_empty(j);
	if (*cut) cut_back(j);
	if (j->broken) return failed("cut", j->path);
	return rewrite(j, records, into);
}

err journal_open(journal **out, uint64_t *cut, const char *path, requests *into)
{
	journal *j = calloc(1, sizeof *j);
	if (!j) return err_fail(ERR_NOMEM, "no memory for the journal");
	pthread_mutex_init(&j->lock, NULL);
	j->fd = -1;
	j->path = strdup(path);
	err e = j->path ? load(j, cut, into) : err_fail(ERR_NOMEM, "no memory for the journal");
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
	pthread_mutex_destroy(&j->lock);
	buf_free(&j->consumed);
	free(j->path);
	free(j);
	*jp = NULL;
}
