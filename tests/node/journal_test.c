/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "node/journal_internal.h"
#include "tests/node/journal_samples.h"

/* In place of the C library's.  So many calls of appends fail, or all of others, and a call may take its time, so that others
 * come meanwhile; nothing is brought to the disk, for what is read back comes from the system's memory. */
static _Atomic int syncs_that_fail, syncs, sync_us, zeros_us;
static _Atomic bool syncs_of_zeros_fail;
static _Atomic unsigned zeros_not_synced, zeros_without_room;        /* how often */
static _Thread_local bool appends;

static bool sync_fails(void)
{
	if (appends) return syncs_that_fail > 0 && syncs_that_fail-- > 0;
	zeros_not_synced += syncs_of_zeros_fail;
	return syncs_of_zeros_fail;
}

int fdatasync(int fd)
{
	(void)fd;
	syncs += appends;
	if (sync_us) usleep((useconds_t)sync_us);
	if (sync_fails()) {
		errno = EIO;
		return -1;
	}
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	if (sync_us) usleep((useconds_t)sync_us);
	return 0;
}

/* Steps of zeros may take their time as well. */
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	const bool zeros = *(const uint8_t *)p == 0;

	if (zeros_us && zeros && n == JOURNAL_AHEAD_STEP) usleep((useconds_t)zeros_us);
	const ssize_t put = (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
	zeros_without_room += zeros && put < 0 && errno == EFBIG;
	return put;
}

/* The journal's thread does that when it comes to it. */
static void wait_until_some(const _Atomic unsigned *count)
{
	UNTIL(*count > 0);
}

static void record(journal *j, unsigned n, request_state s, const char *text)
{
	const request_view v = outcome(n, s, text);
	assert_ok(journal_outcome(j, &v));
}

static void leave(journal **j, requests **t)
{
	journal_free(j);
	requests_free(t);
}

static journal *reopen(journal *j, requests **t, const char *path, uint64_t *cut)
{
	leave(&j, t);
	*t = table(100000);
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
	leave(&j, &t);
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
	leave(&j, &t);
}

enum { RECORDS = 4 };

/* The file that so many records make. */
static buf some_records(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i < RECORDS; i++)
		record(j, i, i % 2 ? REQUEST_FAILED : REQUEST_DONE, i % 2 ? "why" : "a somewhat longer response");
	leave(&j, &t);
	return test_read(path);
}

/* Where n frames end. */
static size_t end_of(slice file, unsigned n)
{
	reader r = reader_of(file);
	slice payload;

	read_bytes(&r, JOURNAL_MAGIC);
	while (n--) assert_true(frame_next(&payload, &r));
	return r.at;
}

/* What is left, after n bytes, with so many zeros behind them: what is whole stays, the rest goes, and the journal can be
 * written on. */
static void cut_behind(void **state, slice whole, size_t n, size_t room)
{
	const char *torn = below(state, "torn");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	unsigned complete = 0;
	buf b = { 0 }, tail = { 0 };

	while (complete < RECORDS && end_of(whole, complete + 1) <= n) complete++;
	buf_put(&b, whole.p, n);
	memset(buf_grow(&b, room), 0, room);
	const size_t end = n < JOURNAL_MAGIC ? 0 : end_of(whole, complete);
	const slice left = frame_before_zeros(slice_of(whole.p + end, n - end));
	assert_ok(file_write_atomic(torn, buf_slice(&b), 0600));
	assert_ok(journal_open(&j, &cut, torn, t));
	assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, complete);
	assert_int_equal(cut, left.n);
	assert_int_equal(take_cut(&tail, torn), cut > 0);
	assert_true(slice_eq_var(buf_slice(&tail), left));
	record(j, 99, REQUEST_DONE, "later");
	j = reopen(j, &t, torn, &cut);
	assert_int_equal(cut, 0);
	assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, complete + 1);
	leave(&j, &t);
	buf_free(&b), buf_free(&tail);
}

static void a_torn_tail_is_cut_at_every_byte(void **state)
{
	buf whole = some_records(state);

	for (size_t n = 0; n <= whole.n; n++) cut_behind(state, buf_slice(&whole), n, 0);
	for (size_t n = end_of(buf_slice(&whole), RECORDS - 1); n <= whole.n; n++) cut_behind(state, buf_slice(&whole), n, 3000);
	buf_free(&whole);
}

static void of_what_was_cut_the_last_is_kept(void **state)
{
	buf whole = some_records(state), tail = { 0 };
	requests *t = table(1000);
	uint64_t cut;
	journal *j;

	for (size_t n = whole.n - 3; n < whole.n; n++) {
		assert_ok(file_write_atomic(below(state, "torn"), slice_of(whole.p, n), 0600));
		assert_ok(journal_open(&j, &cut, below(state, "torn"), t));
		journal_free(&j);
	}
	assert_true(take_cut(&tail, below(state, "torn")));
	assert_int_equal(tail.n, whole.n - 1 - end_of(buf_slice(&whole), RECORDS - 1));
	requests_free(&t);
	buf_free(&whole), buf_free(&tail);
}

/* A crash leaves the last payload changed in any way; any other change is the doing of somebody or of the disk.  Zeros behind,
 * or none, make no difference. */
static void damage_is_cut_in_the_last_payload_and_refused_elsewhere(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	size_t known;

	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 1, REQUEST_DONE, "first");
	record(j, 2, REQUEST_DONE, "second");
	leave(&j, &t);

	buf whole = test_read(path);
	const size_t last = end_of(buf_slice(&whole), 1), end = whole.n;
	memset(buf_grow(&whole, 1000), 0, 1000);
	for (size_t at = 0; at < end; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			if (at == 7 && bit == 0) continue;     /* the number of the version before */
			whole.p[at] ^= (uint8_t)(1 << bit);
			err e = open_bytes(state, slice_of(whole.p, (at + bit) % 2 ? whole.n : end), &known, &cut);
			whole.p[at] ^= (uint8_t)(1 << bit);
			if (at >= last + FRAME_HEADER) {
				assert_ok(e);
				assert_int_equal(cut, end - last);
				assert_int_equal(known, 1);
			} else {
				assert_int_equal(e, ERR_STATE);
				assert_non_null(strstr(err_text(), "bytes"));
				err_clear();
			}
		}
	buf_free(&whole);
}

/* A journal of two records; the header of the second begins `before` bytes in front of a sector's border. */
static buf around_a_border(unsigned before, size_t *header)
{
	char text[SECTOR] = "";
	buf b = { 0 }, payload = { 0 };
	request_view v = outcome(1, REQUEST_DONE, text);

	buf_put(&b, "ARCAJNL\3", 8);
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
	frame_begin_group(b.p + *header);
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

static void nothing_is_cut_that_a_whole_group_follows(void **state)
{
	uint64_t cut;
	size_t known, header, end;
	buf plain = { 0 };

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
	two.p[end + FRAME_HEADER]--;
	memset(buf_grow(&two, 5000), 0, 5000);         /* zeros behind it hide nothing */
	assert_err(ERR_STATE, open_bytes(state, buf_slice(&two), &known, &cut));
	two.n -= 5000;
	frame_put(&plain, slice_of(last.p + FRAME_HEADER, last.n - FRAME_HEADER));
	memcpy(two.p + end, plain.p, FRAME_HEADER);    /* or what is whole was written together with what is not */
	assert_ok(open_bytes(state, buf_slice(&two), &known, &cut));
	assert_int_equal(known, 1);
	assert_int_equal(cut, two.n - header);
	buf_free(&b), buf_free(&two), buf_free(&plain);
}

static void forgotten_requests_leave_the_file(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i < 100; i++) record(j, i, REQUEST_DONE, "some response");
	leave(&j, &t);
	const size_t before = size_of(path);

	t = table(10);
	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 200, REQUEST_DONE, "new");
	j = reopen(j, &t, path, &cut);
	assert_false(look(t, 89, &f));
	assert_true(look(t, 90, &f));
	assert_string_equal(f.text, "some response");
	assert_true(look(t, 200, &f));
	leave(&j, &t);
	assert_true(size_of(path) < before / 5);
}

/* A limit on the file's size stands for a full disk: zeros are left out, records fill it, one is refused, what was there
 * stays, writing goes on later. */
static void a_full_disk_refuses_the_record_and_nothing_else(void **state)
{
	enum { ROOM = JOURNAL_AHEAD_STEP + JOURNAL_AHEAD_STEP / 2, BYTES = 20000 };
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	unsigned n = 0;
	found f;
	struct rlimit before;
	char *text = calloc(1, BYTES + 1);

	memset(text, 'x', BYTES);
	assert_ok(journal_open(&j, &cut, path, t));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ ROOM, before.rlim_max }), 0);
	zeros_without_room = 0;
	for (request_view v; v = outcome(n, REQUEST_DONE, text), journal_outcome(j, &v) == OK; n++) wait_until_some(&zeros_without_room);
	assert_non_null(strstr(err_text(), "journal"));
	err_clear();
	assert_int_equal(n, ROOM / (BYTES + 16 + 71));
	record(j, 500, REQUEST_DONE, "a short one has room");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	record(j, n + 1, REQUEST_DONE, text);
	j = reopen(j, &t, path, &cut);
	assert_int_equal(cut, 0);
	for (unsigned i = 0; i < n; i++) assert_true(look(t, i, &f));
	assert_false(look(t, n, &f));
	assert_true(look(t, n + 1, &f) && look(t, 500, &f));
	leave(&j, &t);
	free(text);
}

/* ---- zeros ahead ------------------------------------------------------------------------------------------------ */

static void wait_for_zeros(const char *path)
{
	UNTIL(size_of(path) >= JOURNAL_AHEAD);
}

static void zeros_are_written_ahead_and_cut_off_at_a_stop(void **state)
{
	enum { BYTES = 100000 };
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut, end;
	buf message = { 0 };

	memset(buf_grow(&message, BYTES), 'm', BYTES);
	assert_ok(journal_open(&j, &cut, path, t));
	assert_int_equal(size_of(path), JOURNAL_MAGIC);
	for (unsigned i = 0; i * BYTES < 2 * JOURNAL_AHEAD; i++) {
		assert_ok(take_in(j, i, buf_slice(&message)));
		if (i % 20 == 0) wait_for_zeros(path);
		pthread_mutex_lock(&j->lock);
		const uint64_t size = j->size;
		pthread_mutex_unlock(&j->lock);
		assert_true(size_of(path) <= size + JOURNAL_AHEAD + JOURNAL_AHEAD_STEP);
	}
	end = j->size;
	journal_free(&j);
	assert_int_equal(size_of(path), end);
	buf_free(&message);
	requests_free(&t);
}

static void a_record_in_front_of_zeros_does_not_make_the_file_grow(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 1, REQUEST_DONE, "first");
	wait_for_zeros(path);
	const uint64_t filled = JOURNAL_AHEAD + JOURNAL_AHEAD_STEP;
	assert_in_range(size_of(path), JOURNAL_AHEAD, filled);
	for (unsigned i = 2; i < 50; i++) record(j, i, REQUEST_DONE, "another");
	assert_in_range(size_of(path), JOURNAL_AHEAD, filled);
	buf killed = test_read(path);                  /* as a kill would leave it */
	assert_ok(file_write_atomic(below(state, "killed"), buf_slice(&killed), 0600));
	buf_free(&killed);
	j = reopen(j, &t, below(state, "killed"), &cut);
	assert_int_equal(cut, 0);
	for (unsigned i = 1; i < 50; i++) assert_true(look(t, i, &f));
	leave(&j, &t);
}

/* While a step of zeros is on its way, records overtake it; and some are refused, so that the file is cut in front of it. */
static void zeros_never_come_over_a_record(void **state)
{
	enum { ALL = 60, BYTES = 300000 };
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	char *text = calloc(1, BYTES + 1);
	bool kept[ALL];
	found f;

	memset(text, 'x', BYTES);
	assert_ok(journal_open(&j, &cut, path, t));
	zeros_us = 3000;
	appends = true;
	for (unsigned i = 0; i < ALL; i++) {
		const request_view v = outcome(i, REQUEST_DONE, text + test_below(BYTES));
		syncs_that_fail = i % 8 == 5;
		kept[i] = journal_outcome(j, &v) == OK;
		assert_int_equal(kept[i], i % 8 != 5);
		err_clear();
		if (i % 4 == 0) usleep(1000);
	}
	appends = false;
	j = reopen(j, &t, path, &cut);
	zeros_us = 0;
	assert_int_equal(cut, 0);
	for (unsigned i = 0; i < ALL; i++) assert_int_equal(look(t, i, &f), kept[i]);
	leave(&j, &t);
	free(text);
}

static void a_sync_of_zeros_that_fails_is_told_to_nobody(void **state)
{
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	found f;

	assert_ok(journal_open(&j, &cut, below(state, "journal"), t));
	syncs_of_zeros_fail = true;
	zeros_not_synced = 0;
	appends = true;
	for (unsigned i = 0; i < 20; i++) {
		record(j, i, REQUEST_DONE, "x");
		wait_until_some(&zeros_not_synced);
	}
	appends = false;
	syncs_of_zeros_fail = false;
	j = reopen(j, &t, below(state, "journal"), &cut);
	for (unsigned i = 0; i < 20; i++) assert_true(look(t, i, &f));
	leave(&j, &t);
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
	const uint64_t measured = 2ull * KNOWN * (LARGE + 200) + JOURNAL_SLACK + JOURNAL_SLACK / 4;
	const uint64_t most = 2 * measured + JOURNAL_SLACK + LARGE + 200 + JOURNAL_AHEAD + JOURNAL_AHEAD_STEP;
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
	leave(&j, &t);
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
	UNTIL(size_of(path) < (size_t)WRITERS * EACH * LARGE / 2);
	size_t n = 0;
	found f;
	for (unsigned i = 0; i < WRITERS * 1000; i++)
		if (look(t, i, &f)) known[n++] = f.v.id;
	assert_int_equal(n, COUNT(known));
	leave(&j, &t);
	t = table(1000);
	assert_ok(journal_open(&j, &cut, path, t));
	for (size_t i = 0; i < n; i++) {
		request_state s;
		assert_true(requests_state(t, &s, REQUEST_PUBLIC_DECRYPT, &known[i]));
		assert_int_equal(s, REQUEST_DONE);
	}
	leave(&j, &t);
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
	journal_free(&j);
	const size_t before = size_of(path);
	assert_ok(file_write_atomic(below(state, "journal.new"), slice_str("left by a crash"), 0600));
	j = reopen(j, &t, path, &cut);
	assert_false(file_exists(below(state, "journal.new")));
	assert_true(look(t, 1, &f));
	assert_string_equal(f.text, "the last reason");
	leave(&j, &t);
	assert_true(size_of(path) < before / 20);
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

	appends = true;
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
	leave(&j, &t);
}

static void many_appends_share_a_sync(void **state) { appended_together(state, 0); }
static void a_sync_that_fails_is_told_to_all_who_waited_for_it(void **state) { appended_together(state, 1); }

/* ---- what was taken in -------------------------------------------------------------------------------------- */

static void what_was_taken_in_and_has_not_ended_is_told(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	found f;
	const id32 gone = id_of(4);

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 1; i <= 6; i++) {
		char text[16];
		snprintf(text, sizeof text, "message %u", i);
		begin(t, i);
		assert_ok(take_in(j, i, slice_str(text)));
	}
	record(j, 1, REQUEST_DONE, "over");
	record(j, 3, REQUEST_FAILED, "failed");
	assert_ok(take_in(j, 3, slice_str("message 3")));          /* asked again */
	record(j, 5, REQUEST_FAILED, "failed for good");
	for (unsigned round = 0; round < 3; round++) {
		told all = { 0 };
		j = reopen(j, &t, path, &cut);
		if (round == 2) {
			requests_finish_failed(t, REQUEST_PUBLIC_DECRYPT, &gone, ERR_IO, "not recorded");
			requests_forget(t, REQUEST_PUBLIC_DECRYPT, &gone);
		}
		assert_ok(journal_each_pending(j, tell, &all));
		assert_int_equal(all.n, round == 2 ? 3 : 4);
		assert_int_equal(all.id[0], 2);
		assert_string_equal(all.text[0], "message 2");
		if (round < 2) assert_int_equal(all.id[1], 4);
		assert_int_equal(all.id[all.n - 2], 6);
		assert_int_equal(all.id[all.n - 1], 3);
		assert_string_equal(all.text[all.n - 1], "message 3");
		assert_true(look(t, 1, &f) && f.v.state == REQUEST_DONE);
		assert_true(look(t, 2, &f) && f.v.state == REQUEST_PENDING && hash32_eq_var(f.v.body, BODY));
		assert_true(look(t, 5, &f) && f.v.state == REQUEST_FAILED);
	}
	leave(&j, &t);
}

/* Messages come and go; one stays, and so do the answers. */
static void messages_leave_the_file_when_their_requests_are_done(void **state)
{
	enum { ALL = 300, STAYS = 1000 };
	const char *path = below(state, "journal");
	requests *t = table(10000);
	journal *j = NULL;
	uint64_t cut;
	told all = { 0 };
	found f;
	buf message = { 0 }, response = { 0 };
	size_t largest = 0;

	assert_ok(journal_open(&j, &cut, path, t));
	memset(buf_grow(&message, LARGE), 'm', LARGE);
	begin(t, STAYS);
	assert_ok(take_in(j, STAYS, slice_str("this one stays")));
	for (unsigned i = 0; i < ALL; i++) {
		const id32 id = id_of(i);
		begin(t, i);
		assert_ok(take_in(j, i, buf_slice(&message)));
		record(j, i, REQUEST_DONE, "answer");
		buf_put_str(&response, "answer");
		requests_finish_done(t, REQUEST_PUBLIC_DECRYPT, &id, &response);
		largest = size_max(largest, size_of(path));
	}
	assert_true(largest < 3 * JOURNAL_SLACK + JOURNAL_SLACK / 2 + JOURNAL_AHEAD + JOURNAL_AHEAD_STEP);
	j = reopen(j, &t, path, &cut);
	assert_ok(journal_each_pending(j, tell, &all));
	assert_int_equal(all.n, 1);
	assert_string_equal(all.text[0], "this one stays");
	for (unsigned i = 0; i < ALL; i++) {
		assert_true(look(t, i, &f) && f.v.state == REQUEST_DONE);
		assert_string_equal(f.text, "answer");
	}
	buf_free(&message);
	leave(&j, &t);
	assert_true(size_of(path) < 200 * ALL);
}

typedef struct chatter { journal *j; requests *t; _Atomic bool enough; unsigned n; } chatter;

/* Small outcomes, one after the other. */
static void *end_small_ones(void *arg)
{
	chatter *c = arg;

	for (c->n = 0; !c->enough; c->n++) {
		const id32 id = id_of(100000 + c->n);
		buf response = { 0 };
		begin(c->t, 100000 + c->n);
		record(c->j, 100000 + c->n, REQUEST_DONE, "small");
		buf_put_str(&response, "small");
		requests_finish_done(c->t, REQUEST_PUBLIC_DECRYPT, &id, &response);
	}
	return NULL;
}

static void what_comes_while_the_file_is_written_anew_is_kept(void **state)
{
	enum { ALL = 200 };
	const char *path = below(state, "journal");
	requests *t = table(1000000);
	journal *j = NULL;
	uint64_t cut;
	pthread_t thread;
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	chatter c = { .j = j, .t = t };
	sync_us = 500;
	assert_int_equal(pthread_create(&thread, NULL, end_small_ones, &c), 0);
	size_t shrunk = 0, before = 0;
	for (unsigned i = 0; i < ALL; i++) {
		const id32 id = id_of(i);
		begin(t, i);
		finish_large(j, t, i);
		requests_forget(t, REQUEST_PUBLIC_DECRYPT, &id);
		const size_t size = size_of(path);
		shrunk += size < before;
		before = size;
	}
	c.enough = true;
	pthread_join(thread, NULL);
	sync_us = 0;
	assert_true(shrunk > 0);
	j = reopen(j, &t, path, &cut);
	for (unsigned i = 0; i < c.n; i++) assert_true(look(t, 100000 + i, &f));
	leave(&j, &t);
}

static void limits_that_were_made_narrower_lose_nothing_that_was_taken_in(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	told all = { 0 };

	assert_ok(journal_open(&j, &cut, path, t));
	for (unsigned i = 0; i < 20; i++) {
		begin(t, i);
		assert_ok(take_in(j, i, slice_str("m")));
	}
	leave(&j, &t);
	t = table(5);
	assert_ok(journal_open(&j, &cut, path, t));
	assert_ok(journal_each_pending(j, tell, &all));
	assert_int_equal(all.n, 20);
	const id32 fresh = id_of(99);
	assert_err(ERR_EXHAUSTED, requests_start(t, REQUEST_PUBLIC_DECRYPT, &fresh, &BODY, (slice){ 0 }));
	for (unsigned i = 0; i < 20; i++) {
		const id32 id = id_of(i);
		requests_finish_failed(t, REQUEST_PUBLIC_DECRYPT, &id, ERR_STATE, "over");
	}
	assert_ok(requests_start(t, REQUEST_PUBLIC_DECRYPT, &fresh, &BODY, (slice){ 0 }));
	assert_int_equal(requests_count_of(t, REQUEST_PUBLIC_DECRYPT).all, 5);
	leave(&j, &t);
}

/* A file of the version before: its frames are not marked, which the first that is appended makes good. */
static void a_file_of_the_version_before_is_gone_on_with(void **state)
{
	const char *path = below(state, "journal");
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	buf b = { 0 }, payload = { 0 };
	found f;

	buf_put(&b, "ARCAJNL\2", 8);
	for (unsigned i = 1; i <= 2; i++) {
		const request_view v = outcome(i, REQUEST_DONE, "of old");
		buf_clear(&payload);
		record_outcome(&payload, &v);
		frame_put(&b, buf_slice(&payload));
	}
	assert_ok(file_write_atomic(path, buf_slice(&b), 0600));
	assert_ok(journal_open(&j, &cut, path, t));
	record(j, 3, REQUEST_DONE, "new");
	j = reopen(j, &t, path, &cut);
	for (unsigned i = 1; i <= 3; i++) assert_true(look(t, i, &f));
	assert_string_equal(f.text, "new");
	leave(&j, &t);
	buf now = test_read(path);
	assert_memory_equal(now.p, "ARCAJNL\3", 8);
	now.p[20]++;
	assert_ok(file_write_atomic(path, buf_slice(&now), 0600));
	t = table(1000);
	assert_err(ERR_STATE, journal_open(&j, &cut, path, t));
	requests_free(&t);
	buf_free(&b), buf_free(&payload), buf_free(&now);
}

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
	const request_view taken = { .kind = REQUEST_USER_DECRYPT, .id = prep, .body = BODY, .state = REQUEST_PENDING };
	record_taken(&b, &taken, slice_str("m"));
	assert_ok(apply(&b));
	b.p[1] = REQUEST_KEYGEN;
	assert_err(ERR_REQUEST, apply(&b));
	b.p[1] = REQUEST_USER_DECRYPT, b.p[2] = 1;
	assert_err(ERR_REQUEST, apply(&b));
	for (b.p[2] = 0, b.n--; b.n; b.n--) assert_err(ERR_REQUEST, apply(&b));
	buf_put_u8(&b, 4);
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
      TEST_IN_FOLDER(a_header_of_which_a_sector_is_missing_is_torn), TEST_IN_FOLDER(nothing_is_cut_that_a_whole_group_follows),
      TEST_IN_FOLDER(the_file_shrinks_while_the_node_runs), TEST_IN_FOLDER(appends_beside_a_shrinking_are_not_lost),
      TEST_IN_FOLDER(of_many_outcomes_of_a_request_the_last_stays), TEST(a_malformed_record_is_refused),
      TEST_IN_FOLDER(forgotten_requests_leave_the_file), TEST_IN_FOLDER(a_full_disk_refuses_the_record_and_nothing_else),
      TEST_IN_FOLDER(of_what_was_cut_the_last_is_kept), TEST_IN_FOLDER(zeros_are_written_ahead_and_cut_off_at_a_stop),
      TEST_IN_FOLDER(a_record_in_front_of_zeros_does_not_make_the_file_grow), TEST_IN_FOLDER(zeros_never_come_over_a_record),
      TEST_IN_FOLDER(a_sync_of_zeros_that_fails_is_told_to_nobody),
      TEST_IN_FOLDER(a_foreign_file_is_refused), TEST_IN_FOLDER(many_appends_share_a_sync),
      TEST_IN_FOLDER(a_sync_that_fails_is_told_to_all_who_waited_for_it),
      TEST_IN_FOLDER(what_was_taken_in_and_has_not_ended_is_told),
      TEST_IN_FOLDER(messages_leave_the_file_when_their_requests_are_done),
      TEST_IN_FOLDER(what_comes_while_the_file_is_written_anew_is_kept),
      TEST_IN_FOLDER(limits_that_were_made_narrower_lose_nothing_that_was_taken_in),
      TEST_IN_FOLDER(a_file_of_the_version_before_is_gone_on_with))
