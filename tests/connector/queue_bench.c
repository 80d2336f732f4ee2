/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/queue_bench.c -- how many rows a second the queues take, on a database that is empty.
 *
 *   tests/tools/postgres run DIR fsync=on &      keeps fsync on, as a database that matters has it
 *   connector_queue_bench "host=DIR/socket user=arca dbname=postgres" [ROWS]
 *   connector_queue_bench sqlite:FILE [ROWS]
 *
 * A row is a request of 32 handles' worth of bytes at most: what is measured is commits and statements, not copying.
 */
#include "connector/queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 200, PICK = 64, ALONE = 300, LEASE_MS = 600000 };
static queue *q;

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(err e)
{
	if (e == OK) return;
	fprintf(stderr, "%s: %s\n", err_name(e), err_text());
	err_print_trail(stderr);
	exit(1);
}

static void report(const char *what, unsigned n, double since) { printf("%-64s %9.0f rows/s\n", what, n / (seconds() - since)); }

static queue_item request(unsigned n)
{
	static uint8_t handle[32], key[800];
	static const slice handles[] = { { handle, sizeof handle } };
	queue_item x = { .kind = QUEUE_USER_DECRYPTION, .handles = { handles, 1 }, .user = { handle, 20 }, .public_key = { key, sizeof key } };

	x.id.b[0] = 2;
	for (int i = 0; i < 4; i++) x.id.b[28 + i] = (uint8_t)(n >> (24 - 8 * i));
	x.place.block_number = n;
	return x;
}

static void add(unsigned first, unsigned n, unsigned at_once)
{
	static queue_item item[BATCH];
	static queue_change c[BATCH];

	for (unsigned done = 0; done < n; done += at_once) {
		for (unsigned i = 0; i < at_once; i++) {
			item[i] = request(first + done + i);
			c[i] = (queue_change){ .verb = QUEUE_ADD, .item = &item[i] };
		}
		must(queue_apply(q, c, at_once, NULL));
	}
}

/* ---- picked and answered, in shared commits ------------------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static unsigned waiting;

static void on_done(void *ctx, err e, const bool *changed, size_t n)
{
	(void)ctx, (void)changed, (void)n;
	must(e);
	pthread_mutex_lock(&lock);
	waiting--;
	pthread_cond_signal(&news);
	pthread_mutex_unlock(&lock);
}

static void submit(const queue_change *c, size_t n)
{
	pthread_mutex_lock(&lock);
	while (waiting >= 1000) pthread_cond_wait(&news, &lock);
	waiting++;
	pthread_mutex_unlock(&lock);
	must(queue_submit(q, c, n, on_done, NULL));
}

/* Picks everything of a kind and says `verb` of each. */
static unsigned drain(queue_kind kind, queue_verb verb)
{
	static uint8_t bytes[1500];
	const queue_item answer = { .kind = QUEUE_USER_DECRYPTION_RESPONSE, .result = { bytes, sizeof bytes }, .signature = { bytes, 65 } };
	unsigned total = 0;

	for (;;) {
		queue_batch b = { 0 };
		must(queue_pick(&b, q, kind, PICK, LEASE_MS));
		for (size_t i = 0; i < b.n; i++) {
			const queue_change c = { .verb = verb, .kind = kind, .seq = b.item[i].seq, .item = &answer };
			submit(&c, 1);
		}
		total += (unsigned)b.n;
		const bool last = b.n == 0;
		queue_batch_free(&b);
		if (last) break;
	}
	pthread_mutex_lock(&lock);
	while (waiting > 0) pthread_cond_wait(&news, &lock);
	pthread_mutex_unlock(&lock);
	return total;
}

int main(int argc, char **argv)
{
	const unsigned rows = argc > 2 ? (unsigned)atoi(argv[2]) / BATCH * BATCH : 20000;
	double since;

	if (argc < 2 || rows == 0) return 64;
	must(queue_open(&q, &(queue_config){ .store = { .url = argv[1] } }));
	since = seconds(), add(0, ALONE, 1);
	report("a request a commit", ALONE, since);
	since = seconds(), add(ALONE, rows, BATCH);
	report("200 requests a commit", rows, since);
	since = seconds();
	unsigned n = drain(QUEUE_USER_DECRYPTION, QUEUE_FINISH);
	report("picked by 64, answered one by one in shared commits", n, since);
	since = seconds();
	n = drain(QUEUE_USER_DECRYPTION_RESPONSE, QUEUE_COMPLETE);
	report("responses picked by 64, completed one by one in shared commits", n, since);
	queue_close(&q);
	return 0;
}
