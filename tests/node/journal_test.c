/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "base/file.h"
#include "node/journal.h"
#include "node/journal_frame.h"
#include "node/journal_record.h"
#include "tests/vault/folder.h"

/* In place of the C library's: so many calls fail, and a call may take its time, so that others come meanwhile. */
static _Atomic int syncs_that_fail, syncs, sync_us;

int fdatasync(int fd)
{
	syncs++;
	if (sync_us) usleep((useconds_t)sync_us);
	if (syncs_that_fail > 0 && syncs_that_fail-- > 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static const hash32 BODY = {{ 5 }};

static id32 id_of(unsigned n)
{
	id32 id = {{ 9 }};
	store32(id.b + 28, n);
	return id;
}

static requests *table(size_t capacity)
{
	const requests_limit limit[REQUEST_KINDS] = { [REQUEST_PUBLIC_DECRYPT] = { .capacity = capacity } };
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

/* Removes what was cut off path; its bytes go to *out if there is one such file, and their number is the answer. */
static size_t take_cut(buf *out, const char *path)
{
	char pattern[600];
	glob_t g;

	snprintf(pattern, sizeof pattern, "%s.cut-*", path);
	const int none = glob(pattern, 0, NULL, &g);
	assert_true(none == 0 || none == GLOB_NOMATCH);
	const size_t n = none ? 0 : g.gl_pathc;
	if (n) *out = test_read(g.gl_pathv[0]);
	for (size_t i = 0; i < n; i++) assert_int_equal(unlink(g.gl_pathv[i]), 0);
	globfree(&g);
	return n;
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
		buf tail = { 0 };
		assert_int_equal(take_cut(&tail, torn), cut > 0);
		assert_true(slice_eq_var(buf_slice(&tail), slice_of(whole.p + n - cut, cut)));
		buf_free(&tail);
		record(j, 99, REQUEST_DONE, "later");
		j = reopen(j, &t, torn, &cut);
		assert_int_equal(cut, 0);
		assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, complete + 1);
		journal_free(&j);
		requests_free(&t);
	}
	buf_free(&whole);
}

static size_t size_of(const char *path)
{
	struct stat s;
	assert_int_equal(stat(path, &s), 0);
	return (size_t)s.st_size;
}

/* Opens what the bytes are in a file of their own; the requests that it tells of go to *known. */
static err open_bytes(void **state, slice bytes, size_t *known, uint64_t *cut)
{
	const char *path = below(state, "bytes");
	requests *t = table(1000);
	journal *j = NULL;
	buf tail = { 0 };

	assert_ok(file_write_atomic(path, bytes, 0600));
	err e = journal_open(&j, cut, path, t);
	*known = requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all;
	assert_int_equal(take_cut(&tail, path), e == OK && *cut > 0);
	if (e == OK) assert_int_equal(size_of(path), bytes.n - *cut);
	else assert_int_equal(size_of(path), bytes.n);
	buf_free(&tail);
	journal_free(&j);
	requests_free(&t);
	return e;
}

/* A crash leaves the last payload changed in any way; any other change is the doing of somebody or of the disk. */
static void damage_is_cut_in_the_last_payload_and_refused_elsewhere(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	size_t known;

	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 1, REQUEST_DONE, "first");
	const size_t last = size_of(path);
	record(j, 2, REQUEST_DONE, "second");
	journal_free(&j);
	requests_free(&t);

	buf whole = test_read(path);
	for (size_t at = 0; at < whole.n; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			whole.p[at] ^= (uint8_t)(1 << bit);
			err e = open_bytes(state, buf_slice(&whole), &known, &cut);
			whole.p[at] ^= (uint8_t)(1 << bit);
			if (at >= last + FRAME_HEADER) {
				assert_ok(e);
				assert_int_equal(cut, whole.n - last);
				assert_int_equal(known, 1);
			} else {
				assert_int_equal(e, ERR_STATE);
				assert_non_null(strstr(err_text(), "bytes"));
				err_clear();
			}
		}
	buf_free(&whole);
}

enum { SECTOR = 512 };

/* A journal of two records; the header of the second begins `before` bytes in front of a sector's border. */
static buf around_a_border(unsigned before, size_t *header)
{
	char text[SECTOR] = "";
	buf b = { 0 }, payload = { 0 };
	request_view v = outcome(1, REQUEST_DONE, text);

	buf_put(&b, "ARCAJNL\2", 8);
	record_outcome(&payload, &v);
	const size_t pad = SECTOR - before - b.n - FRAME_HEADER - payload.n;
	memset(text, 'x', pad);
	v.response = slice_str(text);
	buf_clear(&payload);
	record_outcome(&payload, &v);
	frame_put(&b, buf_slice(&payload));
	assert_int_equal(b.n, SECTOR - before);
	*header = b.n;
	v = outcome(2, REQUEST_DONE, "second");
	buf_clear(&payload);
	record_outcome(&payload, &v);
	frame_put(&b, buf_slice(&payload));
	buf_free(&payload);
	return b;
}

/* A sector that did not reach the disk reads as zeros; zeros that do not end at a border come from elsewhere. */
static void a_header_of_which_a_sector_is_missing_is_torn(void **state)
{
	uint64_t cut;
	size_t known, header;

	for (unsigned before = 1; before < FRAME_HEADER; before++)
		for (unsigned zeros = 1; zeros <= FRAME_HEADER; zeros++)
			for (unsigned front = 0; front < 2; front++) {
				buf b = around_a_border(before, &header);
				uint8_t was[FRAME_HEADER];
				memcpy(was, b.p + header, FRAME_HEADER);
				memset(b.p + header + (front ? 0 : FRAME_HEADER - zeros), 0, zeros);
				const bool changed = memcmp(was, b.p + header, FRAME_HEADER) != 0;
				const uint8_t none[FRAME_HEADER] = { 0 };
				const bool torn = !memcmp(b.p + header, none, before) || !memcmp(b.p + SECTOR, none, FRAME_HEADER - before);
				err e = open_bytes(state, buf_slice(&b), &known, &cut);
				if (!changed) assert_int_equal(known, 2);
				else if (torn) assert_int_equal(known, 1), assert_int_equal(cut, b.n - header);
				assert_int_equal(e, torn || !changed ? OK : ERR_STATE);
				err_clear();
				buf_free(&b);
			}
}

static void nothing_is_cut_that_a_whole_record_follows(void **state)
{
	uint64_t cut;
	size_t known, header, end;

	buf b = around_a_border(5, &header);
	const slice last = slice_of(b.p + header, b.n - header);
	buf two = { 0 };
	buf_put_slice(&two, buf_slice(&b));
	end = two.n;
	buf_put_slice(&two, last);
	memset(two.p + header, 0, FRAME_HEADER);
	assert_err(ERR_STATE, open_bytes(state, buf_slice(&two), &known, &cut));
	two.p[end + FRAME_HEADER]++;                   /* now nothing behind it is whole */
	assert_ok(open_bytes(state, buf_slice(&two), &known, &cut));
	assert_int_equal(known, 1);
	buf_free(&b), buf_free(&two);
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

enum { LARGE = 200000 };

/* As the desk does it: the table learns of the outcome when it is on disk. */
static void begin(requests *t, unsigned n)
{
	const id32 id = id_of(n);
	assert_ok(requests_start(t, REQUEST_PUBLIC_DECRYPT, &id, &BODY, (slice){ 0 }));
}

static void finish_large(journal *j, requests *t, unsigned n)
{
	const id32 id = id_of(n);
	buf response = { 0 };

	memset(buf_grow(&response, LARGE), 'a' + (int)(n % 26), LARGE);
	request_view v = outcome(n, REQUEST_DONE, "");
	v.response = buf_slice(&response);
	assert_ok(journal_outcome(j, &v));
	requests_finish_done(t, REQUEST_PUBLIC_DECRYPT, &id, &response);
}

static void the_file_shrinks_while_the_node_runs(void **state)
{
	enum { KNOWN = 10, ALL = 400, SLOW = 1000 };
	const char *path = below(state, "journal");
	const uint64_t most = 2ull * KNOWN * (LARGE + 200) + JOURNAL_SLACK + JOURNAL_SLACK / 4 + LARGE + 200;
	requests *t = table(KNOWN);
	journal *j = NULL;
	uint64_t cut;
	size_t largest = 0, shrunk = 0;
	found f;
	const id32 prep = id_of(1), key = id_of(7);

	assert_ok(journal_open(&j, &cut, path, t));
	assert_ok(journal_consumed(j, &prep, &key, &BODY));
	begin(t, SLOW);
	record(j, SLOW, REQUEST_DONE, "on disk, not yet in the table");
	for (unsigned i = 0, before = 0; i < ALL; i++) {
		begin(t, i);
		finish_large(j, t, i);
		const size_t size = size_of(path);
		shrunk += size < before;
		before = (unsigned)size;
		largest = size_max(largest, size);
	}
	assert_true(shrunk > 0);
	assert_true(largest <= most);
	assert_false(file_exists(below(state, "journal.new")));

	j = reopen(j, &t, path, &cut);
	assert_int_equal(cut, 0);
	assert_true(look(t, SLOW, &f));
	assert_string_equal(f.text, "on disk, not yet in the table");
	for (unsigned i = ALL - KNOWN + 1; i < ALL; i++) {
		assert_true(look(t, i, &f));
		assert_int_equal(f.text[0], 'a' + (int)(i % 26));
	}
	unsigned n = 0;
	journal_each_consumed(j, count_consumed, &n);
	assert_int_equal(n, 1);
	journal_free(&j);
	requests_free(&t);
}

typedef struct writer { journal *j; requests *t; unsigned first; } writer;
enum { WRITERS = 4, EACH = 80 };

static void *write_many(void *arg)
{
	const writer *w = arg;
	for (unsigned i = w->first; i < w->first + EACH; i++) begin(w->t, i), finish_large(w->j, w->t, i);
	return NULL;
}

static void appends_beside_a_shrinking_are_not_lost(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(WRITERS * 2);
	journal *j = NULL;
	uint64_t cut;
	pthread_t thread[WRITERS];
	writer w[WRITERS];
	id32 known[WRITERS * 2];

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i < WRITERS; i++) {
		w[i] = (writer){ j, t, i * 1000 };
		assert_int_equal(pthread_create(&thread[i], NULL, write_many, &w[i]), 0);
	}
	for (unsigned i = 0; i < WRITERS; i++) pthread_join(thread[i], NULL);
	assert_true(size_of(path) < (size_t)WRITERS * EACH * LARGE / 2);
	size_t n = 0;
	found f;
	for (unsigned i = 0; i < WRITERS * 1000; i++)
		if (look(t, i, &f)) known[n++] = f.v.id;
	assert_int_equal(n, COUNT(known));
	journal_free(&j);
	requests_free(&t);
	t = table(1000);
	assert_ok(journal_open(&j, &cut, path, t));
	for (size_t i = 0; i < n; i++) {
		request_state s;
		assert_true(requests_state(t, &s, REQUEST_PUBLIC_DECRYPT, &known[i]));
		assert_int_equal(s, REQUEST_DONE);
	}
	journal_free(&j);
	requests_free(&t);
}

static void of_many_outcomes_of_a_request_the_last_stays(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i < 100; i++) record(j, 1, REQUEST_FAILED, "an early reason");
	record(j, 1, REQUEST_FAILED, "the last reason");
	const size_t before = size_of(path);
	assert_ok(file_write_atomic(below(state, "journal.new"), slice_str("left by a crash"), 0600));
	j = reopen(j, &t, path, &cut);
	assert_true(size_of(path) < before / 20);
	assert_false(file_exists(below(state, "journal.new")));
	assert_true(look(t, 1, &f));
	assert_string_equal(f.text, "the last reason");
	journal_free(&j);
	requests_free(&t);
}

/* ---- records ------------------------------------------------------------------------------------------------ */

static err apply(const buf *b)
{
	requests *t = table(1000);
	err e = record_apply(buf_slice(b), t, NULL, NULL);
	requests_free(&t);
	return e;
}

/* An outcome with so many bytes of facts. */
static buf outcome_bytes(uint8_t kind, uint8_t state, uint32_t facts)
{
	buf b = { 0 };
	buf_put_u8(&b, 1), buf_put_u8(&b, kind), buf_put_u8(&b, state);
	memset(buf_grow(&b, 64), 3, 64);
	buf_put_u32(&b, facts);
	memset(buf_grow(&b, facts), 4, facts);
	buf_put_u8(&b, 'r');
	return b;
}

/* ---- many at once ------------------------------------------------------------------------------------------------ */

enum { CLERKS = 8, ENDS = 20 };

typedef struct clerk { journal *j; unsigned first; bool kept[ENDS]; } clerk;

static void *write_some(void *arg)
{
	clerk *w = arg;

	for (unsigned i = 0; i < ENDS; i++) {
		const request_view v = outcome(w->first + i, REQUEST_DONE, "x");
		w->kept[i] = journal_outcome(w->j, &v) == OK;
		err_clear();
	}
	return NULL;
}

/* What an append was told is what is there after a stop, whoever had the file synced for whom. */
static void appended_together(void **state, int failing)
{
	pthread_t thread[CLERKS];
	clerk w[CLERKS];
	requests *t = table(10000);
	uint64_t cut;
	journal *j;

	assert_ok(journal_open(&j, &cut, below(state, "together"), t));
	syncs = 0;
	sync_us = 2000;
	syncs_that_fail = failing;
	for (unsigned k = 0; k < CLERKS; k++) {
		w[k] = (clerk){ .j = j, .first = 1000 * k };
		assert_int_equal(pthread_create(&thread[k], NULL, write_some, &w[k]), 0);
	}
	for (unsigned k = 0; k < CLERKS; k++) pthread_join(thread[k], NULL);
	sync_us = 0;
	if (!failing) assert_true(syncs < CLERKS * ENDS / 2);
	j = reopen(j, &t, below(state, "together"), &cut);
	unsigned lost = 0;
	for (unsigned k = 0; k < CLERKS; k++)
		for (unsigned i = 0; i < ENDS; i++) {
			found f;
			assert_true(look(t, w[k].first + i, &f) == w[k].kept[i]);
			lost += !w[k].kept[i];
		}
	assert_true((lost > 0) == (failing > 0));
	journal_free(&j);
	requests_free(&t);
}

static void many_appends_share_a_sync(void **state) { appended_together(state, 0); }
static void a_sync_that_fails_is_told_to_all_who_waited_for_it(void **state) { appended_together(state, 1); }

static void a_malformed_record_is_refused(void **state)
{
	static const struct { uint8_t kind, state; uint32_t facts; err want; } CASE[] = {
		{ REQUEST_PREPROC, REQUEST_DONE, MAX_FACTS, OK },
		{ REQUEST_PREPROC, REQUEST_FAILED, 0, OK },
		{ REQUEST_PREPROC, REQUEST_DONE, MAX_FACTS + 1, ERR_REQUEST },
		{ REQUEST_KINDS, REQUEST_DONE, 0, ERR_REQUEST },
		{ REQUEST_PREPROC, REQUEST_PENDING, 0, ERR_REQUEST },
		{ REQUEST_PREPROC, REQUEST_CONSUMED, 0, ERR_REQUEST },
		{ REQUEST_PREPROC, REQUEST_STATES, 0, ERR_REQUEST },
	};
	const id32 prep = id_of(1), key = id_of(7);
	buf b;

	(void)state;
	for (size_t i = 0; i < COUNT(CASE); i++) {
		b = outcome_bytes(CASE[i].kind, CASE[i].state, CASE[i].facts);
		assert_int_equal(apply(&b), CASE[i].want);
		err_clear();
		buf_free(&b);
	}
	record_consumed(&b, &prep, &key, &BODY);
	assert_ok(apply(&b));
	buf_put_u8(&b, 0);
	assert_err(ERR_REQUEST, apply(&b));
	for (b.n -= 2; b.n; b.n--) assert_err(ERR_REQUEST, apply(&b));
	buf_put_u8(&b, 3);
	assert_err(ERR_REQUEST, apply(&b));
	buf_free(&b);
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
      TEST_IN_FOLDER(a_torn_tail_is_cut_at_every_byte), TEST_IN_FOLDER(damage_is_cut_in_the_last_payload_and_refused_elsewhere),
      TEST_IN_FOLDER(a_header_of_which_a_sector_is_missing_is_torn), TEST_IN_FOLDER(nothing_is_cut_that_a_whole_record_follows),
      TEST_IN_FOLDER(the_file_shrinks_while_the_node_runs), TEST_IN_FOLDER(appends_beside_a_shrinking_are_not_lost),
      TEST_IN_FOLDER(of_many_outcomes_of_a_request_the_last_stays), TEST(a_malformed_record_is_refused),
      TEST_IN_FOLDER(forgotten_requests_leave_the_file), TEST_IN_FOLDER(a_full_disk_refuses_the_record_and_nothing_else),
      TEST_IN_FOLDER(a_foreign_file_is_refused), TEST_IN_FOLDER(many_appends_share_a_sync),
      TEST_IN_FOLDER(a_sync_that_fails_is_told_to_all_who_waited_for_it))
