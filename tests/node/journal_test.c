/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "base/file.h"
#include "node/journal.h"
#include "tests/vault/folder.h"

static const hash32 BODY = {{ 5 }};

static id32 id_of(unsigned n)
{
	id32 id = {{ 9 }};
	store32(id.b + 28, n);
	return id;
}

static requests *table(size_t capacity)
{
	const requests_limit limit[REQUEST_KINDS] = { [REQUEST_PUBLIC_DECRYPT] = { capacity, 0 } };
	requests *t = NULL;
	assert_ok(requests_new(&t, limit, test_rng()));
	return t;
}

static request_view outcome(unsigned n, request_state s, const char *text)
{
	return (request_view){ .kind = REQUEST_PUBLIC_DECRYPT, .id = id_of(n), .body = BODY, .state = s, .why = text, .response = slice_str(text) };
}

static void record(journal *j, unsigned n, request_state s, const char *text)
{
	const request_view v = outcome(n, s, text);
	assert_ok(journal_outcome(j, &v));
}

typedef struct found { request_view v; char text[64]; } found;

static void keep(void *ctx, const request_view *v)
{
	found *f = ctx;
	f->v = *v;
	const slice s = v->state == REQUEST_DONE ? v->response : slice_str(v->why);
	snprintf(f->text, sizeof f->text, "%.*s", (int)s.n, (const char *)s.p);
}

static bool look(requests *t, unsigned n, found *f)
{
	const id32 id = id_of(n);
	return requests_look(t, REQUEST_PUBLIC_DECRYPT, &id, keep, f);
}

static journal *reopen(journal *j, requests **t, const char *path, uint64_t *cut)
{
	journal_free(&j);
	requests_free(t);
	*t = table(1000);
	assert_ok(journal_open(&j, cut, path, *t));
	return j;
}

static void outcomes_survive_verbatim(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 1, REQUEST_DONE, "the response");
	record(j, 2, REQUEST_FAILED, "the reason");
	record(j, 2, REQUEST_DONE, "after another try");
	j = reopen(j, &t, path, &cut);
	assert_int_equal(cut, 0);
	assert_true(look(t, 1, &f));
	assert_int_equal(f.v.state, REQUEST_DONE);
	assert_true(hash32_eq_var(f.v.body, BODY));
	assert_string_equal(f.text, "the response");
	assert_true(look(t, 2, &f));
	assert_string_equal(f.text, "after another try");
	assert_false(look(t, 3, &f));
	journal_free(&j);
	requests_free(&t);
}

static void count_consumed(void *ctx, const id32 *preproc, const id32 *by, const hash32 *body)
{
	unsigned *n = ctx;
	const id32 p = id_of(1), k = id_of(7);
	assert_true(id_eq_var(preproc, &p) && id_eq_var(by, &k) && hash32_eq_var(*body, BODY));
	++*n;
}

static void a_consumption_survives(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	const id32 prep = id_of(1), key = id_of(7);
	const request_view v = { .kind = REQUEST_PREPROC, .id = prep, .body = BODY, .state = REQUEST_DONE,
	                         .facts = slice_str("facts"), .response = slice_str("r"), .why = "" };
	buf facts = { 0 };

	assert_ok(journal_open(&j, &cut, path, t));
	assert_ok(journal_outcome(j, &v));
	j = reopen(j, &t, path, &cut);
	assert_ok(requests_facts(t, &facts, REQUEST_PREPROC, &prep));
	assert_true(slice_eq_var(buf_slice(&facts), slice_str("facts")));
	assert_ok(journal_consumed(j, &prep, &key, &BODY));
	for (unsigned round = 0; round < 2; round++) {
		unsigned n = 0;
		j = reopen(j, &t, path, &cut);
		assert_err(ERR_EXISTS, requests_facts(t, &facts, REQUEST_PREPROC, &prep));
		journal_each_consumed(j, count_consumed, &n);
		assert_int_equal(n, 1);
	}
	buf_free(&facts);
	journal_free(&j);
	requests_free(&t);
}

/* Cut the file after every byte: what is whole stays, the rest goes, and the journal can be written on. */
static void a_torn_tail_is_cut_at_every_byte(void **state)
{
	enum { RECORDS = 4 };
	const char *path = below(state, "journal"), *torn = below(state, "torn");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut, end[RECORDS + 1];
	struct stat s;

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i <= RECORDS; i++) {
		assert_int_equal(stat(path, &s), 0);
		end[i] = (uint64_t)s.st_size;
		if (i < RECORDS) record(j, i, i % 2 ? REQUEST_FAILED : REQUEST_DONE, i % 2 ? "why" : "a somewhat longer response");
	}
	journal_free(&j);
	requests_free(&t);

	buf whole = test_read(path);
	for (size_t n = 0; n <= whole.n; n++) {
		unsigned complete = 0;
		while (complete < RECORDS && end[complete + 1] <= n) complete++;
		assert_ok(file_write_atomic(torn, slice_of(whole.p, n), 0600));
		t = table(1000);
		assert_ok(journal_open(&j, &cut, torn, t));
		assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, complete);
		assert_int_equal(cut, n < end[0] ? n : n - end[complete]);
		record(j, 99, REQUEST_DONE, "later");
		j = reopen(j, &t, torn, &cut);
		assert_int_equal(cut, 0);
		assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, complete + 1);
		journal_free(&j);
		requests_free(&t);
	}
	buf_free(&whole);
}

/* A crash leaves the last record changed in any way; a change in front of it is somebody's doing. */
static void damage_is_cut_at_the_end_and_refused_before(void **state)
{
	const char *path = below(state, "journal"), *bad = below(state, "bad");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	struct stat s;

	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 1, REQUEST_DONE, "first");
	assert_int_equal(stat(path, &s), 0);
	const size_t last = (size_t)s.st_size;
	record(j, 2, REQUEST_DONE, "second");
	journal_free(&j);
	requests_free(&t);

	buf whole = test_read(path);
	for (size_t at = 0; at < whole.n; at++) {
		whole.p[at] ^= 0x40;
		assert_ok(file_write_atomic(bad, buf_slice(&whole), 0600));
		whole.p[at] ^= 0x40;
		t = table(1000);
		err e = journal_open(&j, &cut, bad, t);
		const bool in_length = (at >= 8 && at < 12) || (at >= last && at < last + 4);
		if (in_length) {
			if (e != OK) assert_err(ERR_STATE, e);   /* a changed length may look like either */
		} else if (at >= last) {
			assert_ok(e);
			assert_int_equal(cut, whole.n - last);
			assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, 1);
		} else {
			assert_int_equal(e, ERR_STATE);
			assert_non_null(strstr(err_text(), bad));
			err_clear();
		}
		if (e == OK) journal_free(&j);
		requests_free(&t);
	}
	buf_free(&whole);
}

static void forgotten_requests_leave_the_file(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	struct stat before, after;
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i < 100; i++) record(j, i, REQUEST_DONE, "some response");
	journal_free(&j);
	requests_free(&t);
	assert_int_equal(stat(path, &before), 0);

	t = table(10);
	assert_ok(journal_open(&j, &cut, path, t));
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_size < before.st_size / 5);
	record(j, 200, REQUEST_DONE, "new");
	j = reopen(j, &t, path, &cut);
	assert_false(look(t, 89, &f));
	assert_true(look(t, 90, &f));
	assert_string_equal(f.text, "some response");
	assert_true(look(t, 200, &f));
	journal_free(&j);
	requests_free(&t);
}

/* A limit on the file's size stands for a full disk: the record is refused, what was there stays, writing goes on later. */
static void a_full_disk_refuses_the_record_and_nothing_else(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	struct stat s;
	found f;
	struct rlimit before;

	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 1, REQUEST_DONE, "first");
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { (rlim_t)s.st_size + 20, before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const request_view v = outcome(2, REQUEST_DONE, "too long for what is left");
	err e = journal_outcome(j, &v);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_err(ERR_IO, e);
	record(j, 3, REQUEST_DONE, "third");
	j = reopen(j, &t, path, &cut);
	assert_int_equal(cut, 0);
	assert_true(look(t, 1, &f));
	assert_false(look(t, 2, &f));
	assert_true(look(t, 3, &f));
	journal_free(&j);
	requests_free(&t);
}

static void a_foreign_file_is_refused(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;

	assert_ok(file_write_atomic(path, slice_str("this is not a journal"), 0600));
	assert_err(ERR_STATE, journal_open(&j, &cut, path, t));
	requests_free(&t);
}

TESTS(TEST_IN_FOLDER(outcomes_survive_verbatim), TEST_IN_FOLDER(a_consumption_survives),
      TEST_IN_FOLDER(a_torn_tail_is_cut_at_every_byte), TEST_IN_FOLDER(damage_is_cut_at_the_end_and_refused_before),
      TEST_IN_FOLDER(forgotten_requests_leave_the_file), TEST_IN_FOLDER(a_full_disk_refuses_the_record_and_nothing_else),
      TEST_IN_FOLDER(a_foreign_file_is_refused))
