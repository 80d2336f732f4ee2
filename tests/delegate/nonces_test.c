/* SPDX-License-Identifier: MIT */
#include "tests/delegate/clock.h"
#include "tests/delegate/known.h"
#include "tests/vault/folder.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "sym/sha2.h"

enum { NOW = 1767225600 };

static void *folder;
static char path[512];
static set_clock now;

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&folder)) return -1;
	snprintf(path, sizeof path, "%s", below(&folder, "nonces"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(&folder);
}

static nonces *opened(bool fresh)
{
	nonces *n = NULL;

	if (fresh) unlink(path);
	assert_ok(nonces_open(&n, path, set_clock_at(&now, NOW)));
	return n;
}

static hash32 number(uint64_t i)
{
	hash32 h = { 0 };
	store64(h.b, i);
	return h;
}

static err use(nonces *n, uint64_t i, uint64_t expires)
{
	const hash32 h = number(i);
	return nonces_use(n, 31337, &h, expires);
}

static size_t file_size(void)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static void a_nonce_serves_once_on_each_chain(void **state)
{
	nonces *n = opened(true);
	const hash32 h = number(1);

	(void)state;
	assert_ok(use(n, 1, NOW + 300));
	assert_err(ERR_EXISTS, use(n, 1, NOW + 300));
	assert_err(ERR_EXISTS, use(n, 1, NOW + 301));
	assert_ok(nonces_use(n, 1, &h, NOW + 300));
	assert_ok(use(n, 2, NOW + 300));
	assert_int_equal(nonces_count(n), 3);
	nonces_free(&n);
}

static void what_was_used_is_on_disk_before_the_caller_knows(void **state)
{
	nonces *n = opened(true);
	struct stat st;

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		assert_ok(use(n, i, NOW + 300));
		assert_int_equal(file_size(), NONCE_HEADER + NONCE_RECORD * (i + 1));
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* As after a kill: nothing is told to close. */
	nonces *again = opened(false);
	for (uint64_t i = 0; i < 100; i++) assert_err(ERR_EXISTS, use(again, i, NOW + 300));
	assert_ok(use(again, 100, NOW + 300));
	nonces_free(&again);
	nonces_free(&n);
}

static void a_record_in_pieces_or_changed_is_passed_over_and_the_others_stay(void **state)
{
	AUTO(buf) file = { 0 };
	nonces *n = opened(true);

	(void)state;
	for (uint64_t i = 0; i < 10; i++) assert_ok(use(n, i, NOW + 300));
	nonces_free(&n);
	assert_ok(file_read(&file, path, 1 << 20));
	file.p[NONCE_HEADER + 3 * NONCE_RECORD + 20] ^= 1;
	file.n -= 5;
	assert_ok(file_write_atomic(path, buf_slice(&file), 0600));
	n = opened(false);
	assert_int_equal(nonces_count(n), 8);
	for (uint64_t i = 0; i < 10; i++) {
		if (i == 3 || i == 9) assert_ok(use(n, i, NOW + 300));
		else assert_err(ERR_EXISTS, use(n, i, NOW + 300));
	}
	nonces_free(&n);
	n = opened(false);
	assert_int_equal(nonces_count(n), 10);
	nonces_free(&n);
}

static void another_kind_of_file_is_refused_and_left_alone(void **state)
{
	nonces *n = NULL;

	(void)state;
	assert_ok(file_write_atomic(path, slice_str("a letter of some length"), 0600));
	assert_err(ERR_STATE, nonces_open(&n, path, set_clock_at(&now, NOW)));
	assert_int_equal(file_size(), strlen("a letter of some length"));
}

static void the_file_stays_small_and_what_it_forgot_is_refused_whatever_the_clock_says(void **state)
{
	nonces *n = opened(true);
	const uint64_t all = 9000;                             /* the file is written anew twice */
	size_t largest = 0;

	(void)state;
	for (uint64_t i = 0; i < all; i++) {
		now.s = NOW + (int64_t)i / 10;
		assert_ok(use(n, i, (uint64_t)now.s + 60));
		if (i % 500 == 0) largest = largest > file_size() ? largest : file_size();
	}
	/* 600 at a time have not ended; the file has at most twice as many, and 4096. */
	assert_true(largest < NONCE_HEADER + NONCE_RECORD * 7000);
	assert_true(nonces_count(n) < 7000);
	now.s = NOW;
	assert_err(ERR_STATE, use(n, 0, NOW + 60));
	nonces_free(&n);
	n = opened(false);
	assert_err(ERR_STATE, use(n, 0, NOW + 60));
	assert_err(ERR_EXISTS, use(n, all - 1, NOW + all / 10 + 60));
	nonces_free(&n);
}

/* A record as nonces.h describes it; nobody drew the nonce. */
static void put_record(buf *out, uint64_t i, uint64_t expires)
{
	const size_t at = out->n;

	buf_put_u64(out, i * 0x9e3779b97f4a7c15u);
	buf_put_u64(out, i);
	buf_put_u64(out, expires);
	const hash32 h = sha256(slice_of(out->p + at, 24));
	buf_put(out, h.b, 8);
}

static void as_many_as_may_be_are_remembered_and_more_wait_until_some_have_ended(void **state)
{
	AUTO(buf) file = { 0 };

	(void)state;
	if (test_is_short()) skip();                           /* two million hashes */
	buf_reserve(&file, NONCE_HEADER + NONCE_RECORD * MAX_NONCES);
	buf_put_str(&file, "ARCANON1");
	buf_put_u64(&file, 0);
	for (uint64_t i = 1; i < MAX_NONCES; i++) put_record(&file, i, NOW + 100 + i % 2);
	assert_ok(file_write_atomic(path, buf_slice(&file), 0600));
	nonces *n = opened(false);
	assert_ok(use(n, 1, NOW + 101));
	assert_int_equal(nonces_count(n), MAX_NONCES);
	assert_err(ERR_EXHAUSTED, use(n, 2, NOW + 101));
	now.s = NOW + 101;
	assert_ok(use(n, 2, NOW + 102));
	assert_true(nonces_count(n) <= MAX_NONCES / 2 + 2);
	assert_err(ERR_EXISTS, use(n, 1, NOW + 101));
	nonces_free(&n);
}

static void what_cannot_be_written_is_used_up_and_nobody_may_act(void **state)
{
	nonces *n = opened(true);
	struct rlimit before, none;

	(void)state;
	assert_ok(use(n, 1, NOW + 300));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = NONCE_HEADER + NONCE_RECORD;
	void (*was)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	const err e = use(n, 2, NOW + 300);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, was);
	assert_int_equal(e, ERR_IO);
	err_clear();
	assert_err(ERR_EXISTS, use(n, 2, NOW + 300));
	assert_ok(use(n, 3, NOW + 300));
	nonces_free(&n);
	n = opened(false);
	assert_err(ERR_EXISTS, use(n, 1, NOW + 300));
	assert_err(ERR_EXISTS, use(n, 3, NOW + 300));
	nonces_free(&n);
}

typedef struct crowd { nonces *n; _Atomic uint64_t next; _Atomic unsigned won, lost; } crowd;

/* Everybody tries every nonce. */
static void *try_all(void *arg)
{
	crowd *c = arg;

	for (uint64_t i = 0; i < 200; i++) {
		if (use(c->n, i, NOW + 300) == OK) c->won++;
		else c->lost++;
		err_clear();
	}
	return NULL;
}

static void of_many_who_use_one_nonce_at_once_one_may_act(void **state)
{
	crowd c = { .n = opened(true) };
	pthread_t thread[8];

	(void)state;
	for (size_t i = 0; i < COUNT(thread); i++) assert_int_equal(pthread_create(&thread[i], NULL, try_all, &c), 0);
	for (size_t i = 0; i < COUNT(thread); i++) pthread_join(thread[i], NULL);
	assert_int_equal(c.won, 200);
	assert_int_equal(c.lost, 1400);
	assert_int_equal(file_size(), NONCE_HEADER + NONCE_RECORD * 200);
	nonces_free(&c.n);
}

static const struct CMUnitTest tests[] = {
	TEST(a_nonce_serves_once_on_each_chain), TEST(what_was_used_is_on_disk_before_the_caller_knows),
	TEST(a_record_in_pieces_or_changed_is_passed_over_and_the_others_stay), TEST(another_kind_of_file_is_refused_and_left_alone),
	TEST(the_file_stays_small_and_what_it_forgot_is_refused_whatever_the_clock_says),
	TEST(as_many_as_may_be_are_remembered_and_more_wait_until_some_have_ended),
	TEST(what_cannot_be_written_is_used_up_and_nobody_may_act), TEST(of_many_who_use_one_nonce_at_once_one_may_act),
};
int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
