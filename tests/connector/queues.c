/* SPDX-License-Identifier: MIT */
/* tests/connector/queues.c -- see queues.h. */
#include "tests/connector/queues.h"

int64_t TIME_MS = 1763786000000;
store_dialect SQLITE = STORE_SQLITE, POSTGRES = STORE_POSTGRES;
static const char *url;

static int64_t time_ms(void *ctx) { (void)ctx; return TIME_MS; }

const clock_source *test_clock(void)
{
	static const clock_source CLOCK = { NULL, time_ms, time_ms };
	return &CLOCK;
}

queue *second_queue(const char *owner, const store_driver *driver)
{
	queue *q = NULL;
	assert_ok(queue_open(&q, &(queue_config){ .store = { .url = url, .clock = test_clock(), .driver = driver }, .owner = owner }));
	return q;
}

queue *fresh_queue(store_dialect d)
{
	url = test_database(d);
	return second_queue("first", NULL);
}

queue *queue_alone(void)
{
	url = test_database_alone();
	return second_queue("first", NULL);
}

const char *queue_url(void) { return url; }
void queue_use(const char *database) { url = database; }

queue_item public_request(unsigned n)
{
	static uint8_t handle[32] = { 7, [30] = 5 };
	static const slice handles[] = { { handle, sizeof handle } };
	queue_item item = { .kind = QUEUE_PUBLIC_DECRYPTION, .handles = { handles, 1 }, .extra_data = slice_of("\0", 1), .created_ms = TIME_MS };

	item.id.b[0] = 1, item.id.b[30] = (uint8_t)(n >> 8), item.id.b[31] = (uint8_t)n;
	item.place = (queue_place){ .chain = QUEUE_GATEWAY, .block_number = 100 + n, .log_index = n };
	item.place.block_hash.b[0] = (uint8_t)n;
	item.place.tx_hash.b[31] = (uint8_t)n;
	return item;
}

queue_item public_answer(void)
{
	return (queue_item){ .kind = QUEUE_PUBLIC_DECRYPTION_RESPONSE, .result = slice_str("result"), .signature = slice_str("signature") };
}

void add_requests(queue *q, unsigned first, unsigned n)
{
	static queue_item item[1000];
	static queue_change c[1000];

	assert_true(n <= 1000);
	for (unsigned i = 0; i < n; i++) {
		item[i] = public_request(first + i);
		c[i] = (queue_change){ .verb = QUEUE_ADD, .item = &item[i] };
	}
	assert_ok(queue_apply(q, c, n, NULL));
}

bool change(queue *q, queue_change c)
{
	assert_ok(queue_apply(q, &c, 1, NULL));
	return c.done;
}

uint64_t rows_in(queue *q, queue_kind k, queue_status s)
{
	queue_count counts[QUEUE_KINDS];
	assert_ok(queue_counts(counts, q));
	return counts[k].rows[s];
}

queue_batch pick(queue *q, queue_kind kind, size_t n)
{
	queue_batch b = { 0 };
	assert_ok(queue_pick(&b, q, kind, n, 60000));
	return b;
}

int64_t pick_one(queue *q, queue_kind kind)
{
	queue_batch b = pick(q, kind, 1);
	assert_int_equal(b.n, 1);
	const int64_t seq = b.item[0].seq;
	queue_batch_free(&b);
	return seq;
}

size_t pick_count(queue *q, queue_kind kind)
{
	queue_batch b = pick(q, kind, QUEUE_PICK_MAX);
	const size_t n = b.n;
	queue_batch_free(&b);
	return n;
}
