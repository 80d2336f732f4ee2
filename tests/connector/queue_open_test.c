/* SPDX-License-Identifier: MIT */
/* tests/connector/queue_open_test.c -- which databases a queue is opened on, and what is said of them. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "connector/queue_internal.h"
#include "tests/connector/queues.h"

/* Or numbers of one chain would be taken for those of another. */
static void a_database_is_of_one_deployment(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state)), *again = NULL;

	assert_ok(queue_bind(q, QUEUE_GATEWAY, "chain_id", "1"));
	assert_ok(queue_bind(q, QUEUE_ETHEREUM, "chain_id", "2"));
	assert_ok(queue_bind(q, QUEUE_GATEWAY, "contract", "3"));
	again = second_queue("second", NULL);
	assert_ok(queue_bind(again, QUEUE_GATEWAY, "chain_id", "1"));
	assert_err(ERR_REQUEST, queue_bind(again, QUEUE_GATEWAY, "chain_id", "10"));
	assert_err(ERR_REQUEST, queue_bind(again, QUEUE_ETHEREUM, "chain_id", "1"));
	assert_ok(queue_bind(q, QUEUE_GATEWAY, "chain_id", "1"));                  /* as it was said first */
}

static void a_database_of_an_older_program_is_brought_up_to_date(void **state)
{
	AUTO_QUEUE *q = NULL;
	AUTO(store) *old = NULL;
	store_migration first[2];
	size_t n = 0;

	queue_use(test_database(DIALECT(state)));
	for (size_t i = 0; i < QUEUE_MIGRATIONS_N; i++)
		if (QUEUE_MIGRATIONS[i].number == 1) first[n++] = QUEUE_MIGRATIONS[i];
	assert_ok(store_open(&old, &(store_config){ .url = queue_url() }));
	assert_ok(store_migrate(old, first, n));
	store_free(&old);
	q = second_queue("first", NULL);
	assert_ok(queue_bind(q, QUEUE_GATEWAY, "chain_id", "1"));
	add_requests(q, 1, 1);
	assert_int_equal(pick_count(q, QUEUE_PUBLIC_DECRYPTION), 1);
}

static queue *looking(err expected)
{
	queue *q = NULL;
	const err e = queue_open(&q, &(queue_config){ .store = { .url = queue_url(), .clock = test_clock(), .as_is = true } });

	assert_int_equal(e, expected);
	err_clear();
	return q;
}

static void who_only_looks_makes_nothing(void **state)
{
	const bool file = DIALECT(state) == STORE_SQLITE;
	AUTO(store) *old = NULL;
	AUTO_QUEUE *q = NULL, *looks = NULL;

	queue_use(test_database(DIALECT(state)));
	for (int again = 0; again < 2; again++) assert_null(looking(file ? ERR_IO : ERR_NOT_FOUND));
	if (file) {                                                                /* one that is empty stays so */
		const char *path = queue_url() + strlen("sqlite:");
		struct stat s;
		assert_int_equal(access(path, F_OK), -1);
		const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0 && close(fd) == 0);
		assert_null(looking(ERR_NOT_FOUND));
		assert_int_equal(stat(path, &s), 0);
		assert_int_equal(s.st_size, 0);
	}
	assert_ok(store_open(&old, &(store_config){ .url = queue_url() }));
	assert_ok(store_migrate(old, QUEUE_MIGRATIONS, 2));                        /* the first of both dialects */
	assert_null(looking(ERR_STATE));
	q = second_queue("first", NULL);
	add_requests(q, 1, 3);
	looks = looking(OK);
	assert_int_equal(rows_in(looks, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 3);
}

/* A standby is shown as it is, and nobody takes it for one that works. */
static void a_database_that_takes_no_writes_can_be_looked_at(void **state)
{
	char url[256];

	(void)state;
	AUTO_QUEUE *q = fresh_queue(STORE_POSTGRES), *looks = NULL;
	assert_ok(queue_reached(q));
	add_requests(q, 1, 3);
	snprintf(url, sizeof url, "%s options=-cdefault_transaction_read_only=on", queue_url());
	assert_ok(queue_open(&looks, &(queue_config){ .store = { .url = url, .clock = test_clock() } }));
	assert_int_equal(rows_in(looks, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 3);
	assert_err(ERR_IO, queue_reached(looks));
	assert_err(ERR_IO, queue_bind(looks, QUEUE_GATEWAY, "chain_id", "1"));
}

TESTS(
	BOTH(a_database_is_of_one_deployment), BOTH(a_database_of_an_older_program_is_brought_up_to_date),
	BOTH(who_only_looks_makes_nothing), TEST(a_database_that_takes_no_writes_can_be_looked_at))
