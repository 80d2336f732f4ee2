/* SPDX-License-Identifier: MIT */
/*
 * vault/spool_records.c -- records of samples: gathered, sealed and written in place; read, opened and handed out.
 *
 * A record lies in memory from its first sample to its last one, in both directions.  Which samples have gone through is kept
 * a bit each: 5 MB for the largest preprocessing there is.  A record whose turn was over too early (more than SPOOL_OPEN are
 * begun) is read again.
 *
 * Record r of the file (all streams counted) is sealed under the nonce r with the digest of the header as associated data.  A
 * key serves one spool and each of its records is sealed once, so no nonce comes twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "sym/aes.h"
#include "vault/spool_internal.h"

enum { WORD_BITS = 64, AHEAD = 8 };

size_t spool_samples_in(const spool *s, unsigned stream, uint64_t number)
{
	const uint64_t before = (number - s->first_record[stream]) * SPOOL_RECORD;
	const uint64_t left = s->shape.stream[stream].samples - before;

	return left < SPOOL_RECORD ? (size_t)left : SPOOL_RECORD;
}

static spool_part place_of(const spool *s, unsigned stream, uint64_t number)
{
	const size_t each = s->shape.stream[stream].bytes;

	return (spool_part){ s->offset[stream] + (number - s->first_record[stream]) * (SPOOL_RECORD * each + GCM_TAG),
	                     spool_samples_in(s, stream, number) * each + GCM_TAG };
}

/* ---- sealing and the disk ---------------------------------------------------------------------------------------- */

/* Its samples are there.  Pages of the last few records stay with the system until it has written them. */
static void was_written(spool *s, const spool_record *r, spool_part p)
{
	(void)sync_file_range(s->fd, (off_t)p.at, (off_t)p.n, SYNC_FILE_RANGE_WRITE);
	pthread_mutex_lock(&s->lock);
	s->missing -= spool_samples_in(s, r->stream, r->number);
	const spool_part old = s->recent[s->oldest];
	s->recent[s->oldest] = p, s->oldest = (s->oldest + 1) % SPOOL_RECENT;
	pthread_mutex_unlock(&s->lock);
	if (old.n) (void)posix_fadvise(s->fd, (off_t)old.at, (off_t)old.n, POSIX_FADV_DONTNEED);
}

static void nonce_of(uint8_t nonce[static GCM_NONCE], uint64_t number)
{
	memset(nonce, 0, GCM_NONCE);
	store64(nonce, number);
}

/* Its samples are lost. */
static err seal_and_write(spool *s, spool_record *r)
{
	const spool_part p = place_of(s, r->stream, r->number);
	uint8_t nonce[GCM_NONCE];

	nonce_of(nonce, r->number);
	aes256_gcm_seal(r->bytes, s->key, nonce, hash32_slice(&s->bound), slice_of(r->bytes, r->n));
	for (size_t done = 0; done < p.n;) {
		const ssize_t put = pwrite(s->fd, r->bytes + done, p.n - done, (off_t)(p.at + done));
		if (put < 0 && errno == EINTR) continue;
		if (put < 0) return spool_failed(s, "write");
		done += (size_t)put;
	}
	was_written(s, r, p);
	return OK;
}

static err read_and_open(spool *s, spool_record *r)
{
	const spool_part p = place_of(s, r->stream, r->number);
	uint8_t nonce[GCM_NONCE];

	for (size_t done = 0; done < p.n;) {
		const ssize_t got = pread(s->fd, r->bytes + done, p.n - done, (off_t)(p.at + done));
		if (got < 0 && errno == EINTR) continue;
		if (got < 0) return spool_failed(s, "read");
		if (!got) return err_fail(ERR_STATE, "%s became shorter while it was used", s->path);
		done += (size_t)got;
	}
	(void)posix_fadvise(s->fd, (off_t)p.at, (off_t)p.n, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(s->fd, (off_t)(p.at + p.n), (off_t)(AHEAD * p.n), POSIX_FADV_WILLNEED);
	nonce_of(nonce, r->number);
	if (aes256_gcm_open(r->bytes, s->key, nonce, hash32_slice(&s->bound), slice_of(r->bytes, p.n))) return OK;
	return err_fail(ERR_STATE, "%s was changed, or is damaged; make this preprocessing again", s->path);
}

/* ---- records that are begun -------------------------------------------------------------------------------------- */

void spool_drop(spool_record *r)
{
	if (r->bytes) wipe(r->bytes, r->n);
	free(r->bytes);
	*r = (spool_record){ 0 };
}

/* A free place.  Of those that were read, the one that was not asked for longest makes room. */
static spool_record *place_for(spool *s)
{
	spool_record *oldest = &s->open[0];

	for (unsigned i = 0; i < SPOOL_OPEN; i++) {
		if (!s->open[i].bytes) return &s->open[i];
		if (s->open[i].touched < oldest->touched) oldest = &s->open[i];
	}
	ASSERT(!s->writing);
	spool_drop(oldest);
	return oldest;
}

static err find(spool_record **out, spool *s, unsigned stream, uint64_t number)
{
	for (unsigned i = 0; i < SPOOL_OPEN; i++) {
		if (!s->open[i].bytes || s->open[i].number != number) continue;
		*out = &s->open[i];
		return OK;
	}
	spool_record r = { .stream = stream, .number = number };
	r.n = spool_samples_in(s, stream, number) * s->shape.stream[stream].bytes;
	r.bytes = malloc(r.n + GCM_TAG);
	if (!r.bytes) return err_fail(ERR_NOMEM, "no memory for a record of preprocessing");
	err e = s->writing ? OK : read_and_open(s, &r);
	if (e != OK) {
		spool_drop(&r);
		return e;
	}
	*out = place_for(s);
	**out = r;
	return OK;
}

/* Each sample goes through once. */
static void mark(spool *s, uint64_t number, size_t first, size_t count)
{
	for (uint64_t b = number * SPOOL_RECORD + first, end = b + count; b < end; b++) {
		const uint64_t bit = (uint64_t)1 << b % WORD_BITS;
		ASSERT(!(s->gone[b / WORD_BITS] & bit));
		s->gone[b / WORD_BITS] |= bit;
	}
	s->left[number] = (uint16_t)(s->left[number] - count);
}

/* Samples first .. first + count - 1 of a record.  *complete: it has no others left, and is the caller's. */
static err pass(spool *s, spool_record *complete, unsigned stream, uint64_t number, size_t first, size_t count, uint8_t *out,
                const uint8_t *in)
{
	const size_t each = s->shape.stream[stream].bytes;
	spool_record *r = NULL;

	TRY(find(&r, s, stream, number));
	mark(s, number, first, count);
	if (in) memcpy(r->bytes + first * each, in, count * each);
	else memcpy(out, r->bytes + first * each, count * each);
	r->touched = ++s->clock;
	if (s->left[number]) return OK;
	*complete = *r;
	*r = (spool_record){ 0 };
	return OK;
}

/* One of out and in is NULL. */
static err pass_all(spool *s, unsigned stream, uint64_t first, size_t count, uint8_t *out, const uint8_t *in)
{
	ASSERT(stream < s->shape.streams && first <= s->shape.stream[stream].samples);
	ASSERT(count <= s->shape.stream[stream].samples - first && s->writing == !out && !s->finished);
	while (count) {
		const size_t at = first % SPOOL_RECORD, some = size_min(count, SPOOL_RECORD - at);
		const size_t n = some * s->shape.stream[stream].bytes;
		spool_record complete = { 0 };
		pthread_mutex_lock(&s->lock);
		err e = pass(s, &complete, stream, s->first_record[stream] + first / SPOOL_RECORD, at, some, out, in);
		pthread_mutex_unlock(&s->lock);
		if (e == OK && complete.bytes && s->writing) e = seal_and_write(s, &complete);
		spool_drop(&complete);
		TRY(e);
		first += some, count -= some;
		if (in) in += n;
		else out += n;
	}
	return OK;
}

err spool_put(spool *s, unsigned stream, uint64_t first, size_t count, const void *samples)
{
	return pass_all(s, stream, first, count, NULL, samples);
}

err spool_take(spool *s, unsigned stream, uint64_t first, size_t count, void *samples)
{
	return pass_all(s, stream, first, count, samples, NULL);
}
