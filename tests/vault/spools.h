/* SPDX-License-Identifier: MIT */
/* tests/vault/spools.h -- spools to put into and take from: every byte of a sample follows from its place. */
#ifndef ARCA_TESTS_VAULT_SPOOLS_H
#define ARCA_TESTS_VAULT_SPOOLS_H

#include <dirent.h>
#include <sys/stat.h>
#include "base/file.h"
#include "tests/vault/vaults.h"
#include "vault/spool.h"

#define FOLDER_OF "PRIV/Preprocessing/0800000000000000000000000000000000000000000000000000000000000001"
#define KEY_OF    FOLDER_OF "/0000000000000000000000000000000000000000000000000000000000000001"
#define SECOND_OF FOLDER_OF "/0000000000000000000000000000000000000000000000000000000000000002"

/* Streams of every kind: less than a record, exactly two, one more than three, none, and large samples. */
static const spool_shape SHAPE = {
	.streams = 5, .stream = { { 10, 32 }, { 2 * SPOOL_RECORD, 8 }, { 3 * SPOOL_RECORD + 1, 64 }, { 0, 64 }, { 100, SPOOL_SAMPLE } },
	.tag = { (const uint8_t *)"a key of theirs", 15 },
};
enum { LARGEST = 3 * SPOOL_RECORD + 1 };

static inline uint8_t byte_of(unsigned stream, uint64_t at) { return (uint8_t)(0x5a + 31 * stream + 7 * at + (at >> 9)); }

static inline void samples_of(uint8_t *out, const spool_shape *shape, unsigned stream, uint64_t first, size_t count)
{
	const size_t each = shape->stream[stream].bytes;

	for (size_t i = 0; i < count * each; i++) out[i] = byte_of(stream, first * each + i);
}

/* Samples from .. to - 1 of a stream, in pieces of about `piece`. */
static inline void put_range(spool *s, const spool_shape *shape, unsigned stream, uint64_t from, uint64_t to, size_t piece)
{
	uint8_t *bytes = malloc(piece * SPOOL_SAMPLE);

	assert_non_null(bytes);
	for (uint64_t at = from; at < to;) {
		const size_t n = size_min(1 + (size_t)test_below(piece), (size_t)(to - at));
		samples_of(bytes, shape, stream, at, n);
		assert_ok(spool_put(s, stream, at, n, bytes));
		at += n;
	}
	free(bytes);
}

static inline void take_range(spool *s, const spool_shape *shape, unsigned stream, uint64_t from, uint64_t to, size_t piece)
{
	uint8_t *bytes = malloc(piece * SPOOL_SAMPLE), *right = malloc(piece * SPOOL_SAMPLE);

	assert_non_null(bytes);
	assert_non_null(right);
	for (uint64_t at = from; at < to;) {
		const size_t n = size_min(1 + (size_t)test_below(piece), (size_t)(to - at));
		samples_of(right, shape, stream, at, n);
		assert_ok(spool_take(s, stream, at, n, bytes));
		assert_memory_equal(bytes, right, n * shape->stream[stream].bytes);
		at += n;
	}
	free(bytes), free(right);
}

static inline spool *begin(vault *v, const id32 *id)
{
	spool *s = NULL;
	assert_ok(spool_new(&s, v, &EPOCH, id, &SHAPE, test_rng()));
	return s;
}

static inline void fill(spool *s, size_t piece)
{
	for (unsigned i = 0; i < SHAPE.streams; i++) put_range(s, &SHAPE, i, 0, SHAPE.stream[i].samples, piece);
}

static inline void make(vault *v, const id32 *id)
{
	spool *s = begin(v, id);
	fill(s, LARGEST);
	assert_ok(spool_finish(s));
	spool_free(&s);
}

static inline bool exists(vault *v, const id32 *id)
{
	bool there = false;
	assert_ok(spool_exists(&there, v, &EPOCH, id));
	return there;
}

static inline unsigned files_in(const char *folder)
{
	unsigned n = 0;
	DIR *d = opendir(folder);
	if (!d) return 0;
	for (struct dirent *f; (f = readdir(d));) n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

static inline size_t size_of_file(const char *path)
{
	struct stat s;
	assert_int_equal(stat(path, &s), 0);
	return (size_t)s.st_size;
}

#endif
