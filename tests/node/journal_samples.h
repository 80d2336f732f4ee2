/* SPDX-License-Identifier: MIT */
/* tests/node/journal_samples.h -- requests for journals, and looking at what a journal tells of them. */
#ifndef ARCA_TESTS_NODE_JOURNAL_SAMPLES_H
#define ARCA_TESTS_NODE_JOURNAL_SAMPLES_H

#include <sys/stat.h>
#include "base/file.h"
#include "node/journal.h"
#include "node/journal_frame.h"
#include "node/journal_record.h"
#include "tests/vault/folder.h"

static const hash32 BODY = {{ 5 }};

static inline id32 id_of(unsigned n)
{
	id32 id = {{ 9 }};
	store32(id.b + 28, n);
	return id;
}

static inline requests *table(size_t capacity)
{
	const requests_limit limit[REQUEST_KINDS] = { [REQUEST_PUBLIC_DECRYPT] = { .capacity = capacity } };
	requests *t = NULL;
	assert_ok(requests_new(&t, limit, test_rng()));
	return t;
}

static inline request_view outcome(unsigned n, request_state s, const char *text)
{
	return (request_view){ .kind = REQUEST_PUBLIC_DECRYPT, .id = id_of(n), .body = BODY, .state = s, .why = text,
	                       .response = slice_str(text) };
}

static inline err take_in(journal *j, unsigned n, slice message)
{
	const request_view v = { .kind = REQUEST_PUBLIC_DECRYPT, .id = id_of(n), .body = BODY, .state = REQUEST_PENDING };
	return journal_taken(j, &v, message);
}

typedef struct found { request_view v; char text[64]; } found;

static inline void keep(void *ctx, const request_view *v)
{
	found *f = ctx;
	f->v = *v;
	const slice s = v->state == REQUEST_DONE ? v->response : slice_str(v->why);
	snprintf(f->text, sizeof f->text, "%.*s", (int)s.n, (const char *)s.p);
}

static inline bool look(requests *t, unsigned n, found *f)
{
	const id32 id = id_of(n);
	return requests_look(t, REQUEST_PUBLIC_DECRYPT, &id, keep, f);
}

/* Removes what was cut off path, if there is something; its bytes go to *out. */
static inline bool take_cut(buf *out, const char *path)
{
	char cut[600];

	snprintf(cut, sizeof cut, "%s.cut", path);
	if (!file_exists(cut)) return false;
	*out = test_read(cut);
	assert_int_equal(unlink(cut), 0);
	return true;
}

static inline size_t size_of(const char *path)
{
	struct stat s;
	assert_int_equal(stat(path, &s), 0);
	return (size_t)s.st_size;
}

/* Opens and closes what the bytes are in a file of their own; the requests that it tells of go to *known. */
static inline err open_bytes(void **state, slice bytes, size_t *known, uint64_t *cut)
{
	const char *path = below(state, "bytes");
	requests *t = table(1000);
	journal *j = NULL;
	buf tail = { 0 };

	assert_ok(file_write_atomic(path, bytes, 0600));
	err e = journal_open(&j, cut, path, t);
	*known = requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all;
	assert_int_equal(take_cut(&tail, path), e == OK && *cut > 0);
	journal_free(&j);
	assert_int_equal(size_of(path), e == OK ? frame_before_zeros(bytes).n - *cut : bytes.n);
	buf_free(&tail);
	requests_free(&t);
	return e;
}

typedef struct told { unsigned n, id[64]; char text[64][16]; size_t bytes; } told;

static inline void tell(void *ctx, request_kind kind, const id32 *id, slice message)
{
	told *t = ctx;

	assert_int_equal(kind, REQUEST_PUBLIC_DECRYPT);
	assert_true(t->n < COUNT(t->id));
	t->id[t->n] = load32(id->b + 28);
	snprintf(t->text[t->n++], sizeof t->text[0], "%.*s", (int)size_min(message.n, 15), (const char *)message.p);
	t->bytes += message.n;
}

enum { SECTOR = 512 };

#endif
