/* SPDX-License-Identifier: MIT */
/* tests/store/bell_test.c -- who waits is woken: by this process, by another one, and after the connection was away. */
#include "store/bell.h"
#include "tests/store/databases.h"
#include "tests/store/faults.h"

#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { LONG_MS = 20000 };
static const char *const CHANNELS[] = { "first_available", "second_available", "third_available" };
static const store_migration TABLES[] = { { 1, "sqlite", "first", "CREATE TABLE thing (n integer CHECK (n < 9));" },
                                          { 1, "postgres", "first", "CREATE TABLE thing (n bigint CHECK (n < 9));" } };
static const store_sql PUT = { "put", "INSERT INTO thing (n) VALUES (1)" };
static const store_sql RING = { "ring", "SELECT pg_notify($1, '')" };
static const store_sql REFUSED = { "refused", "INSERT INTO thing (n) VALUES (9)" };

static store *fresh(const char **url, void **state)
{
	store *s = NULL;
	*url = test_database(*(const store_dialect *)*state);
	assert_ok(store_open(&s, &(store_config){ .url = *url }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	return s;
}

static const char *fresh_url(void **state)
{
	const char *url;
	AUTO(store) *s = fresh(&url, state);
	return s ? url : NULL;
}

static void put_and_ring(store *s, const char *channel)
{
	store_op ops[] = { { .sql = &PUT }, { &RING, (store_value[]){ store_text(channel) }, 1, 0 } };
	assert_ok(store_batch(s, ops, 2, NULL));
}

/* Every channel rings once when the bell begins to listen. */
static store_bell *listening(const char *url)
{
	store_bell *b = NULL;
	assert_ok(store_bell_new(&b, &(store_config){ .url = url }, CHANNELS, COUNT(CHANNELS)));
	assert_int_equal(store_bell_wait(b, LONG_MS), 7);
	return b;
}

static void a_commit_rings(void **state)
{
	const char *url;
	AUTO(store) *s = fresh(&url, state);
	AUTO(store_bell) *b = listening(url);

	assert_int_equal(store_bell_wait(b, 0), 0);
	assert_int_equal(store_bell_wait(b, 10), 0);
	put_and_ring(s, CHANNELS[1]);
	assert_true(store_bell_wait(b, LONG_MS) & 2);
	put_and_ring(s, "somebody_elses");
	put_and_ring(s, CHANNELS[2]);
	assert_true(store_bell_wait(b, LONG_MS) & 4);
}

static void what_is_not_committed_does_not_ring(void **state)
{
	const char *url;
	AUTO(store) *s = fresh(&url, state);
	AUTO(store_bell) *b = listening(url);
	store_op ops[] = { { &RING, (store_value[]){ store_text(CHANNELS[0]) }, 1, 0 }, { .sql = &REFUSED } };

	assert_err(ERR_REQUEST, store_batch(s, ops, 2, NULL));
	assert_int_equal(store_bell_wait(b, 120), 0);
}

static void *ring_later(void *b)
{
	usleep(20000);
	store_bell_ring(b, 4);
	return NULL;
}

static void a_thread_may_wake_the_one_that_waits(void **state)
{
	const char *url = fresh_url(state);
	AUTO(store_bell) *b = listening(url);
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, ring_later, b), 0);
	assert_int_equal(store_bell_wait(b, -1), 4);
	pthread_join(t, NULL);
	store_bell_ring(b, 0);                            /* for no channel: it wakes all the same */
	assert_int_equal(store_bell_wait(b, -1), 0);
}

/* This program again, with other arguments: see main. */
static void another_process_rings(void **state)
{
	const char *url = fresh_url(state);
	AUTO(store_bell) *b = listening(url);
	char *const args[] = { (char[]){ "/proc/self/exe" }, (char[]){ "ring" }, (char *)(uintptr_t)url, NULL };
	pid_t pid;
	int status;

	assert_int_equal(posix_spawn(&pid, args[0], NULL, NULL, args, environ), 0);
	assert_true(store_bell_wait(b, LONG_MS) & 2);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_bell_whose_connection_was_cut_rings_when_it_is_back(void **state)
{
	const char *url = fresh_url(state);
	AUTO(store_bell) *b = listening(url);

	test_database_cut(url);
	assert_int_equal(store_bell_wait(b, LONG_MS), 7);
	assert_int_equal(store_bell_wait(b, 0), 0);
}

static void a_bell_waits_for_a_database_that_is_away(void **state)
{
	faults f = faults_around(*(const store_dialect *)*state);
	const char *url = fresh_url(state);
	AUTO(store_bell) *b = NULL;

	f.closed = true;
	assert_ok(store_bell_new(&b, &(store_config){ .url = url, .driver = &f.driver }, CHANNELS, COUNT(CHANNELS)));
	assert_int_equal(store_bell_wait(b, 30), 0);
	f.closed = false;
	assert_int_equal(store_bell_wait(b, LONG_MS), 7);
}

static store_dialect SQLITE = STORE_SQLITE, POSTGRES = STORE_POSTGRES;
#define ON(f, d) { .name = #f ", on " #d, .test_func = f, .initial_state = &d }
#define BOTH(f) ON(f, SQLITE), ON(f, POSTGRES)

static const struct CMUnitTest ALL[] = {
	BOTH(a_commit_rings),
	BOTH(what_is_not_committed_does_not_ring),
	BOTH(a_thread_may_wake_the_one_that_waits),
	BOTH(another_process_rings),
	ON(a_bell_whose_connection_was_cut_rings_when_it_is_back, POSTGRES),
	BOTH(a_bell_waits_for_a_database_that_is_away),
};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "ring") == 0) {
		AUTO(store) *s = NULL;
		assert_ok(store_open(&s, &(store_config){ .url = argv[2] }));
		put_and_ring(s, CHANNELS[1]);
		return 0;
	}
	return test_main(argc, argv, __FILE__, ALL, COUNT(ALL));
}
