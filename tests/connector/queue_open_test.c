/* SPDX-License-Identifier: MIT */
/* tests/connector/queue_open_test.c -- which databases a queue is opened on, and what is said of them. */
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
	TEST(a_database_that_takes_no_writes_can_be_looked_at))
