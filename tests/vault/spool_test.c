/* SPDX-License-Identifier: MIT */
/* Preprocessing on disk: what was put comes back, once; what is not whole never was. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include "tests/vault/spools.h"

/* Of samples in records, each with a tag. */
static uint64_t samples_bytes(const spool_shape *shape)
{
	enum { TAG = 16 };
	uint64_t n = 0;

	for (unsigned i = 0; i < shape->streams; i++)
		n += shape->stream[i].samples * shape->stream[i].bytes + (shape->stream[i].samples + SPOOL_RECORD - 1) / SPOOL_RECORD * TAG;
	return n;
}

/* ---- what was put comes back ------------------------------------------------------------------------------------- */

static void samples_come_back_in_pieces_of_any_size(void **state)
{
	static const size_t PIECES[] = { 1, 100, SPOOL_RECORD, SPOOL_RECORD + 1, LARGEST };
	vault *v = open_vault(state);

	for (size_t i = 0; i < COUNT(PIECES); i++) for (size_t j = 0; j < COUNT(PIECES); j++) {
		spool *s = begin(v, &ONE);
		fill(s, PIECES[i]);
		assert_false(exists(v, &ONE));
		assert_ok(spool_finish(s));
		spool_free(&s);
		assert_null(s);
		assert_true(exists(v, &ONE));
		assert_int_equal(samples_bytes(&SHAPE), size_of_file(below(state, KEY_OF ".spool")));
		assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
		for (unsigned k = SHAPE.streams; k--;) take_range(s, &SHAPE, k, 0, SHAPE.stream[k].samples, PIECES[j]);
		spool_free(&s);
	}
	vault_free(&v);
}

/* More records are begun than are kept: those that were read make room for each other. */
static void samples_are_taken_in_any_order(void **state)
{
	enum { RECORDS = SPOOL_OPEN + 9, EACH = 8 };
	static const spool_shape many = { .streams = 1, .stream = { { RECORDS * SPOOL_RECORD, EACH } } };
	vault *v = open_vault(state);
	spool *s;

	assert_ok(spool_new(&s, v, &EPOCH, &ONE, &many, test_rng()));
	for (uint64_t r = RECORDS; r--;) put_range(s, &many, 0, r * SPOOL_RECORD, (r + 1) * SPOOL_RECORD, 700);
	assert_ok(spool_finish(s));
	spool_free(&s);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &many));
	for (unsigned from = 0; from < SPOOL_RECORD; from += SPOOL_RECORD / 4) for (uint64_t r = 0; r < RECORDS; r++)
		take_range(s, &many, 0, r * SPOOL_RECORD + from, r * SPOOL_RECORD + from + SPOOL_RECORD / 4, SPOOL_RECORD);
	spool_free(&s);
	vault_free(&v);
}

enum { THREADS = 4, SHARE = 40 * SPOOL_RECORD };
static const spool_shape WIDE = { .streams = 2, .stream = { { THREADS * SHARE, 16 }, { THREADS * (SHARE / 4) + 3, 32 } } };
typedef struct worker { spool *s; unsigned number; bool takes; bool right; } worker;

/* The range of a thread begins and ends within records: two threads have parts of one. */
static void *work(void *arg)
{
	worker *w = arg;
	static _Thread_local uint8_t bytes[1000 * 32], expected[1000 * 32];

	w->right = true;
	for (unsigned i = 0; i < WIDE.streams; i++) {
		const uint64_t all = WIDE.stream[i].samples, to = all * (w->number + 1) / THREADS;
		for (uint64_t at = all * w->number / THREADS; at < to;) {
			const size_t n = size_min(777 + 10 * w->number, (size_t)(to - at));
			samples_of(expected, &WIDE, i, at, n);
			if (w->takes) {
				w->right &= spool_take(w->s, i, at, n, bytes) == OK && !memcmp(bytes, expected, n * WIDE.stream[i].bytes);
			} else {
				w->right &= spool_put(w->s, i, at, n, expected) == OK;
			}
			at += n;
		}
	}
	return NULL;
}

static void work_all(spool *s, bool takes)
{
	pthread_t thread[THREADS];
	worker w[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		w[i] = (worker){ .s = s, .number = i, .takes = takes };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_true(w[i].right);
	}
}

static void threads_put_and_take_side_by_side(void **state)
{
	vault *v = open_vault(state);
	spool *s;

	assert_ok(spool_new(&s, v, &EPOCH, &ONE, &WIDE, test_rng()));
	work_all(s, false);
	assert_ok(spool_finish(s));
	spool_free(&s);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &WIDE));
	work_all(s, true);
	spool_free(&s);
	vault_free(&v);
}

/* ---- once -------------------------------------------------------------------------------------------------------- */

static void it_is_used_once(void **state)
{
	vault *v = open_vault(state);
	spool *s, *again = NULL;

	assert_err(ERR_NOT_FOUND, spool_use(&again, v, &EPOCH, &ONE, &SHAPE));
	make(v, &ONE);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_false(exists(v, &ONE));
	assert_err(ERR_NOT_FOUND, spool_use(&again, v, &EPOCH, &ONE, &SHAPE));
	take_range(s, &SHAPE, 2, 0, 100, 100);
	spool_free(&s);
	assert_err(ERR_NOT_FOUND, spool_use(&again, v, &EPOCH, &ONE, &SHAPE));
	assert_null(again);
	vault_free(&v);
}

typedef struct rush { vault *v; spool *s; err e; } rush;

static void *use_it(void *arg)
{
	rush *r = arg;
	r->e = spool_use(&r->s, r->v, &EPOCH, &ONE, &SHAPE);
	return NULL;
}

static void of_many_who_want_it_at_once_one_gets_it(void **state)
{
	vault *v = open_vault(state);

	for (unsigned round = 0; round < 20; round++) {
		pthread_t thread[THREADS];
		rush r[THREADS] = { 0 };
		unsigned got = 0;
		make(v, &ONE);
		for (unsigned i = 0; i < THREADS; i++) {
			r[i].v = v;
			assert_int_equal(pthread_create(&thread[i], NULL, use_it, &r[i]), 0);
		}
		for (unsigned i = 0; i < THREADS; i++) {
			pthread_join(thread[i], NULL);
			got += r[i].e == OK;
			assert_true(r[i].e == OK || r[i].e == ERR_NOT_FOUND);
			if (r[i].e == OK) take_range(r[i].s, &SHAPE, 0, 0, 10, 10);
		}
		assert_int_equal(got, 1);
		for (unsigned i = 0; i < THREADS; i++) spool_free(&r[i].s);
	}
	vault_free(&v);
}

/* Our own bug, which must not pass: a sample is put again, or taken again.  The child makes its own spool: keys are not inherited. */
static bool aborts(vault *v, bool takes)
{
	static uint8_t bytes[SPOOL_SAMPLE];
	int how;
	const pid_t child = fork();

	if (child == 0) {
		spool *s = NULL;
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr)) _exit(1);
		err e = takes ? spool_use(&s, v, &EPOCH, &ONE, &SHAPE) : spool_new(&s, v, &EPOCH, &TWO, &SHAPE, test_rng());
		for (unsigned i = 0; i < 2 && e == OK; i++) e = takes ? spool_take(s, 0, 3, 1, bytes) : spool_put(s, 0, 3, 1, bytes);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	return WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT;
}

static void a_sample_is_put_once_and_taken_once(void **state)
{
	vault *v = open_vault(state);

	make(v, &ONE);
	assert_true(aborts(v, false));
	assert_true(aborts(v, true));
	vault_free(&v);
}

/* ---- making it --------------------------------------------------------------------------------------------------- */

static void one_that_is_not_whole_is_not_finished_and_leaves_nothing(void **state)
{
	vault *v = open_vault(state);
	spool *s = begin(v, &ONE), *second = NULL;

	assert_err(ERR_EXISTS, spool_new(&second, v, &EPOCH, &ONE, &SHAPE, test_rng()));
	assert_true(file_exists(below(state, KEY_OF ".spool")));
	for (unsigned i = 0; i < SHAPE.streams; i++) put_range(s, &SHAPE, i, i == 1, SHAPE.stream[i].samples, LARGEST);
	assert_err(ERR_STATE, spool_finish(s));
	spool_free(&s);
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);

	s = begin(v, &ONE);
	fill(s, LARGEST);
	spool_free(&s);                                      /* whole, but given up */
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);

	make(v, &ONE);
	assert_err(ERR_EXISTS, spool_new(&second, v, &EPOCH, &ONE, &SHAPE, test_rng()));
	assert_true(exists(v, &ONE));
	assert_null(second);
	spool_free(&second);
	vault_free(&v);
}

static void a_disk_with_too_little_room_is_an_error_that_names_both_numbers(void **state)
{
	vault *v = open_vault(state);
	struct statvfs disk;
	char number[40];
	spool *s = NULL;

	assert_int_equal(statvfs(below(state, "PRIV"), &disk), 0);
	const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
	spool_shape large = { .streams = 0 };
	while (samples_bytes(&large) < room + ((uint64_t)1 << 33)) {
		if (large.streams == SPOOL_STREAMS) skip();                      /* a disk of 8 TB */
		large.stream[large.streams].samples = (uint64_t)1 << 31, large.stream[large.streams++].bytes = SPOOL_SAMPLE;
	}
	assert_int_equal(spool_new(&s, v, &EPOCH, &ONE, &large, test_rng()), ERR_IO);
	snprintf(number, sizeof number, "takes %llu bytes", (unsigned long long)samples_bytes(&large));
	assert_non_null(strstr(err_text(), number));
	assert_non_null(strstr(err_text(), "left"));
	err_clear();
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	vault_free(&v);
}

/* A limit on the size of files stands for a disk that fills between the question and the taking. */
static void a_disk_that_gives_no_room_is_an_error_before_anything_is_written(void **state)
{
	vault *v = open_vault(state);
	struct rlimit before;
	spool *s = NULL;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { 100000, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const err e = spool_new(&s, v, &EPOCH, &ONE, &SHAPE, test_rng());
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(e, ERR_IO);
	assert_non_null(strstr(err_text(), "free some space"));
	err_clear();
	assert_null(s);
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	vault_free(&v);
}

static void a_write_that_fails_is_an_error_and_nothing_is_finished(void **state)
{
	static uint8_t bytes[LARGEST * 64];
	vault *v = open_vault(state);
	struct rlimit before;
	spool *s = begin(v, &ONE);

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { 100000, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const err e = spool_put(s, 2, 0, LARGEST, bytes);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_err(ERR_IO, e);
	put_range(s, &SHAPE, 0, 0, 10, 10);
	put_range(s, &SHAPE, 1, 0, 2 * SPOOL_RECORD, LARGEST);
	put_range(s, &SHAPE, 2, SPOOL_RECORD, LARGEST, LARGEST);
	put_range(s, &SHAPE, 4, 0, 100, 100);
	assert_err(ERR_STATE, spool_finish(s));
	spool_free(&s);
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	vault_free(&v);
}

static void its_files_are_private_whatever_the_umask(void **state)
{
	const mode_t before = umask(0);
	vault *v = open_vault(state);
	struct stat s;

	make(v, &ONE);
	umask(before);
	assert_int_equal(stat(below(state, FOLDER_OF), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0700);
	assert_int_equal(stat(below(state, KEY_OF ".spool"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	vault_free(&v);
	v = open_vault(state);                               /* which looks at the permissions, and takes away nothing */
	assert_true(exists(v, &ONE));
	vault_free(&v);
}

TESTS(TEST_IN_FOLDER(samples_come_back_in_pieces_of_any_size), TEST_IN_FOLDER(samples_are_taken_in_any_order),
      TEST_IN_FOLDER(threads_put_and_take_side_by_side), TEST_IN_FOLDER(it_is_used_once),
      TEST_IN_FOLDER(of_many_who_want_it_at_once_one_gets_it), TEST_IN_FOLDER(a_sample_is_put_once_and_taken_once),
      TEST_IN_FOLDER(one_that_is_not_whole_is_not_finished_and_leaves_nothing),
      TEST_IN_FOLDER(a_disk_with_too_little_room_is_an_error_that_names_both_numbers),
      TEST_IN_FOLDER(a_disk_that_gives_no_room_is_an_error_before_anything_is_written),
      TEST_IN_FOLDER(a_write_that_fails_is_an_error_and_nothing_is_finished),
      TEST_IN_FOLDER(its_files_are_private_whatever_the_umask))
