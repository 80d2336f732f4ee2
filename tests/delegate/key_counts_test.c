/* SPDX-License-Identifier: MIT */
/* Answers of keys are counted over restarts, and nobody waits for a disk because of it. */
#include "delegate/key_counts.h"
#include "tests/test.h"
#include "tests/vault/folder.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"

static void *folder;
static char path[512];
static const secp_pk P = { { 2, 1 } }, Q = { { 3, 1 } };

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&folder)) return -1;
	snprintf(path, sizeof path, "%s", below(&folder, "counts"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(&folder);
}

static key_counts *opened(void)
{
	key_counts *t = NULL;
	assert_ok(key_counts_open(&t, path));
	return t;
}

static void add(key_count *k, unsigned n) { for (unsigned i = 0; i < n; i++) key_count_add(k); }

/* What a process would find that starts now. */
static uint64_t found(const secp_pk *of)
{
	AUTO(buf) file = { 0 };

	assert_ok(file_read(&file, path, 1 << 20));
	for (size_t at = 8; at + SECP_PK + 8 <= file.n; at += SECP_PK + 8)
		if (memcmp(file.p + at, of->b, SECP_PK) == 0) return load64(file.p + at + SECP_PK);
	return 0;
}

/* The file of a process that gave so many answers and was stopped. */
static void given_before(const secp_pk *of, uint64_t n)
{
	AUTO(buf) file = { 0 };

	buf_put_str(&file, "ARCACNT1");
	buf_put(&file, of->b, sizeof of->b);
	buf_put_u64(&file, n);
	assert_ok(file_write_atomic(path, buf_slice(&file), 0600));
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

static void keys_are_counted_apart_and_exactly_over_a_stop(void **state)
{
	(void)state;
	unlink(path);
	for (unsigned i = 1; i < 4; i++) {
		AUTO(key_counts) *t = opened();
		key_count *p = key_counts_find(t, &P), *q = key_counts_find(t, &Q);
		assert_ptr_equal(key_counts_find(t, &P), p);
		add(p, 3);
		add(q, 1);
		assert_int_equal(key_count_given(p), 3 * i);
		assert_int_equal(key_count_given(q), i);
	}
	assert_int_equal(found(&P), 9);
}

static void a_crash_makes_a_count_too_great_by_a_step_at_most(void **state)
{
	(void)state;
	unlink(path);
	AUTO(key_counts) *t = opened();
	key_count *k = key_counts_find(t, &P);
	unsigned written = 0;
	for (uint64_t n = 1, last = 0; n < 3 * KEY_COUNT_STEP; n++) {
		key_count_add(k);
		if (n % 500 != 1) continue;
		const uint64_t kept = found(&P);
		assert_in_range(kept, n, n + KEY_COUNT_STEP);
		written += kept != last;
		last = kept;
	}
	assert_in_range(written, 3, 8);                                    /* not for each answer */
}

static void *add_thousands(void *k)
{
	add(k, 3 * KEY_COUNT_STEP);
	return NULL;
}

static void many_count_at_once(void **state)
{
	(void)state;
	unlink(path);
	AUTO(key_counts) *t = opened();
	key_count *k = key_counts_find(t, &P);
	pthread_t thread[4];
	for (size_t i = 0; i < COUNT(thread); i++) assert_int_equal(pthread_create(&thread[i], NULL, add_thousands, k), 0);
	for (size_t i = 0; i < COUNT(thread); i++) pthread_join(thread[i], NULL);
	assert_int_equal(key_count_given(k), 3 * KEY_COUNT_STEP * COUNT(thread));
	assert_true(found(&P) >= key_count_given(k) - KEY_COUNT_STEP);             /* somebody may be about to write */
	key_counts_free(&t);
	assert_int_equal(found(&P), 3 * KEY_COUNT_STEP * COUNT(thread));
}

/* ---- what is said ------------------------------------------------------------------------------------------------- */

/* What the log has of these answers. */
static void log_of(char *out, size_t room, key_count *k, unsigned n)
{
	FILE *to = tmpfile();
	const int before = dup(STDERR_FILENO);

	assert_true(to && before >= 0 && dup2(fileno(to), STDERR_FILENO) >= 0);
	add(k, n);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(to);
	out[fread(out, 1, room - 1, to)] = '\0';
	fclose(to);
}

static void half_of_the_answers_and_all_of_them_are_said_once(void **state)
{
	static const struct { uint64_t at; const char *says; } MARKS[] = {
		{ KEY_COUNT_WARNING, "prepare another key before" }, { KEY_COUNT_ALARM, "are a reason for another key" },
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(MARKS); i++) {
		given_before(&P, MARKS[i].at - 2);
		AUTO(key_counts) *t = opened();
		key_count *k = key_counts_find(t, &P);
		log_of(text, sizeof text, k, 1);
		assert_string_equal(text, "");
		log_of(text, sizeof text, k, 1);
		assert_non_null(strstr(text, MARKS[i].says));
		assert_non_null(strstr(text, "0x0201000000"));
		log_of(text, sizeof text, k, 5);
		assert_string_equal(text, "");
	}
}

/* ---- what goes wrong ----------------------------------------------------------------------------------------------- */

static void what_is_no_file_of_counts_begins_anew(void **state)
{
	static const char *const WRONG[] = { "", "ARCACNT", "ARCANON1", "ARCACNT1 and then something", "something that is longer than the file that comes to be in its place" };

	(void)state;
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		assert_ok(file_write_atomic(path, slice_str(WRONG[i]), 0600));
		AUTO(key_counts) *t = opened();
		add(key_counts_find(t, &P), 1);
		AUTO(key_counts) *killed = opened();               /* it is one again, at once */
		assert_in_range(key_count_given(key_counts_find(killed, &P)), 1, KEY_COUNT_STEP + 1);
		key_counts_free(&t);
		assert_int_equal(found(&P), 1);
	}
}

/* A full disk stops no answers. */
static void what_cannot_be_written_is_counted_on(void **state)
{
	AUTO(key_counts) *t = NULL;

	(void)state;
	assert_ok(key_counts_open(&t, below(&folder, "nowhere/counts")));
	key_count *k = key_counts_find(t, &P);
	add(k, 2 * KEY_COUNT_STEP);
	assert_int_equal(key_count_given(k), 2 * KEY_COUNT_STEP);
}

static void keys_beyond_the_last_are_not_counted(void **state)
{
	secp_pk each = { 0 };

	(void)state;
	unlink(path);
	AUTO(key_counts) *t = opened();
	for (unsigned i = 0; i < MAX_KEY_COUNTS; i++) {
		store32(each.b, i);
		assert_non_null(key_counts_find(t, &each));
	}
	store32(each.b, MAX_KEY_COUNTS);
	assert_null(key_counts_find(t, &each));
}

static const struct CMUnitTest tests_[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	CASE(keys_are_counted_apart_and_exactly_over_a_stop), CASE(a_crash_makes_a_count_too_great_by_a_step_at_most), CASE(many_count_at_once),
	CASE(half_of_the_answers_and_all_of_them_are_said_once), CASE(what_is_no_file_of_counts_begins_anew),
	CASE(what_cannot_be_written_is_counted_on), CASE(keys_beyond_the_last_are_not_counted),
};
int main(int argc, char **argv) { return test_main(argc, argv, __FILE__, tests_, COUNT(tests_)); }
