/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/queue_faults_test.c -- nothing that was said to be kept is lost and nothing is done twice: when calls fail, when many
 * pick at once, when a process is killed, and when a clock is put back.
 */
#include "tests/connector/queues.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEASE_MS = 60000 };

/* ---- calls that fail ---------------------------------------------------------------------------------------------- */

/* What a process would do: again, until it is done. */
static void insist(queue *q, queue_change *c, size_t n)
{
	err e;
	while ((e = queue_apply(q, c, n, NULL)) == ERR_IO) err_clear();
	assert_ok(e);
}

/* A row whose pick was answered by nobody comes again when its lease runs out. */
static queue_item insist_on_one(queue *q, queue_kind kind, queue_batch *b)
{
	for (;;) {
		err e = queue_pick(b, q, kind, 5, LEASE_MS);
		if (e == ERR_IO) {
			err_clear();
			continue;
		}
		assert_ok(e);
		if (b->n > 0) break;
		queue_batch_free(b);
		TIME_MS += LEASE_MS + 1;
	}
	assert_int_equal(b->n, 1);
	return b->item[0];
}

static void one_request_end_to_end(queue *q, unsigned n)
{
	queue_item request = public_request(n), answer = public_answer();
	queue_batch b = { 0 };
	queue_tx tx = { .chain_id = 1, .nonce = n, .hash.b = { (uint8_t)n, 1 }, .raw = slice_str("raw") };

	insist(q, (queue_change[]){ { .verb = QUEUE_ADD, .item = &request }, { .verb = QUEUE_CURSOR, .block = 100 + n } }, 2);
	queue_item x = insist_on_one(q, QUEUE_PUBLIC_DECRYPTION, &b);
	insist(q, (queue_change[]){ { .verb = QUEUE_FINISH, .kind = x.kind, .seq = x.seq, .item = &answer } }, 1);
	queue_batch_free(&b);
	x = insist_on_one(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, &b);
	insist(q, (queue_change[]){ { .verb = QUEUE_TX, .tx = &tx } }, 1);
	tx.state = QUEUE_TX_MINED;
	insist(q, (queue_change[]){ { .verb = QUEUE_TX_STATE, .tx = &tx }, { .verb = QUEUE_COMPLETE, .kind = x.kind, .seq = x.seq } }, 2);
	queue_batch_free(&b);
}

static void whatever_call_fails_a_request_is_answered_once(void **state)
{
	static const fault hows[] = { FAULT_REFUSED, FAULT_LOST_BEFORE, FAULT_LOST_AFTER };
	faults f = faults_around(DIALECT(state));
	AUTO_QUEUE *first = fresh_queue(DIALECT(state));
	AUTO_QUEUE *q = second_queue("second", &f.driver);
	queue_txs txs;
	unsigned n = 0;

	for (size_t h = 0; h < COUNT(hows); h++)
		for (int at = 1; at <= 7; at++) {
			f.how = hows[h], f.fail_at = at;
			one_request_end_to_end(q, ++n);
		}
	assert_int_equal(rows_in(first, QUEUE_PUBLIC_DECRYPTION, QUEUE_COMPLETED), n);
	assert_int_equal(rows_in(first, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_COMPLETED), n);
	assert_ok(queue_outbox(&txs, first, 1, &(eth_address){ 0 }));
	assert_int_equal(txs.n, 0);
	queue_txs_free(&txs);
}

/* ---- many at once ------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, REQUESTS = 400 };
typedef struct picker { queue *q; _Atomic unsigned *times; unsigned answered; bool good; } picker;

/* Half of what it picks it answers at once, half in shared commits. */
static void *pick_all(void *arg)
{
	picker *p = arg;
	const queue_item answer = public_answer();

	for (;;) {
		queue_batch b = { 0 };
		if (queue_pick(&b, p->q, QUEUE_PUBLIC_DECRYPTION, 7, LEASE_MS) != OK) return NULL;
		for (size_t i = 0; i < b.n; i++) {
			queue_change c = { .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = b.item[i].seq, .item = &answer };
			atomic_fetch_add(&p->times[b.item[i].id.b[30] * 256 + b.item[i].id.b[31]], 1);
			if ((i % 2 ? queue_apply(p->q, &c, 1, NULL) : queue_submit(p->q, &c, 1, NULL, NULL)) != OK) return NULL;
		}
		const bool last = b.n == 0;
		queue_batch_free(&b);
		if (last) break;
	}
	p->good = true;
	return NULL;
}

static void many_who_pick_never_get_the_same_row(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	static _Atomic unsigned times[REQUESTS + 1];
	picker p[THREADS];
	pthread_t t[THREADS];

	add_requests(q, 1, REQUESTS);
	for (unsigned i = 0; i <= REQUESTS; i++) times[i] = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		p[i] = (picker){ .q = second_queue(NULL, NULL), .times = times };
		assert_int_equal(pthread_create(&t[i], NULL, pick_all, &p[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		queue_close(&p[i].q);                            /* commits what it was given */
		assert_true(p[i].good);
	}
	for (unsigned i = 1; i <= REQUESTS; i++) assert_int_equal(times[i], 1);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_COMPLETED), REQUESTS);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_PENDING), REQUESTS);
}

/* ---- a process that is killed ------------------------------------------------------------------------------------- */

/* Said on fd 1, in one write, once the change is committed. */
typedef struct said { uint32_t verb; int64_t seq; id32 id; } said;

static void say(queue_verb verb, const queue_item *x)
{
	const said s = { .verb = (uint32_t)verb, .seq = x->seq, .id = x->id };
	if (write(1, &s, sizeof s) != sizeof s) _exit(2);
}

static void on_finished(void *ctx, err e, const bool *changed, size_t n)
{
	(void)n;
	if (e == OK && changed[0]) say(QUEUE_FINISH, ctx);
	free(ctx);
}

/* The killed: adds, picks, answers, until the end. */
static int child(const char *url)
{
	queue *q = NULL;
	const queue_item answer = public_answer();
	const unsigned start = (unsigned)getpid() << 8;

	if (queue_open(&q, &(queue_config){ .store = { .url = url } }) != OK) return 1;
	for (unsigned n = 0;; n++) {
		queue_item x = public_request(start + n);
		x.id.b[28] = (uint8_t)(start >> 24), x.id.b[29] = (uint8_t)(start >> 16);
		queue_change c = { .verb = QUEUE_ADD, .item = &x };
		if (queue_apply(q, &c, 1, NULL) != OK) return 1;
		say(QUEUE_ADD, &x);
		queue_batch b = { 0 };
		if (n % 2 == 0 || queue_pick(&b, q, QUEUE_PUBLIC_DECRYPTION, 1, LEASE_MS) != OK) continue;
		for (size_t i = 0; i < b.n; i++) {
			queue_item *copy = malloc(sizeof *copy);
			*copy = b.item[i];
			c = (queue_change){ .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = copy->seq, .item = &answer };
			if (queue_submit(q, &c, 1, on_finished, copy) != OK) return 1;
		}
		queue_batch_free(&b);
	}
}

static pid_t start_child(int *out)
{
	char *const args[] = { (char[]){ "/proc/self/exe" }, (char[]){ "work" }, (char *)(uintptr_t)queue_url(), NULL };
	posix_spawn_file_actions_t files;
	int fd[2];
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd[1], 1);
	posix_spawn_file_actions_addclose(&files, fd[0]);
	assert_int_equal(posix_spawn(&pid, args[0], &files, NULL, args, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	close(fd[1]);
	*out = fd[0];
	return pid;
}

/* All that it said, is so. */
static void check_said(queue *q, const said *s, unsigned *adds, unsigned *finishes)
{
	queue_found found[QUEUE_KINDS];
	size_t n;

	assert_ok(queue_find(found, &n, q, &s->id));
	assert_true(n >= 1);
	if (s->verb == QUEUE_ADD) {
		++*adds;
		return;
	}
	++*finishes;
	assert_int_equal(n, 2);
	assert_int_equal(found[0].status, QUEUE_COMPLETED);
	assert_int_equal(found[1].ref.kind, QUEUE_PUBLIC_DECRYPTION_RESPONSE);
}

static void what_a_killed_process_said_is_so(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	unsigned adds = 0, finishes = 0;

	for (int round = 0; round < (test_is_long() ? 40 : 4); round++) {
		int fd, status;
		const pid_t pid = start_child(&fd);
		const uint64_t words = 40 + test_below(60);
		said s;

		for (uint64_t i = 0; read(fd, &s, sizeof s) == sizeof s; i++) {
			if (i == words) kill(pid, SIGKILL);
			check_said(q, &s, &adds, &finishes);
		}
		close(fd);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	assert_true(adds > 20 && finishes > 0);
	queue_count c[QUEUE_KINDS];
	assert_ok(queue_counts(c, q));
	/* The server may still be at the last commit of the one that was killed, between the counts of two tables. */
	for (int i = 0; i < 2000 && c[QUEUE_PUBLIC_DECRYPTION].rows[QUEUE_COMPLETED] != c[QUEUE_PUBLIC_DECRYPTION_RESPONSE].rows[QUEUE_PENDING]; i++) {
		usleep(1000);
		assert_ok(queue_counts(c, q));
	}
	assert_int_equal(c[QUEUE_PUBLIC_DECRYPTION].rows[QUEUE_COMPLETED], c[QUEUE_PUBLIC_DECRYPTION_RESPONSE].rows[QUEUE_PENDING]);
}

/* ---- a server that is killed -------------------------------------------------------------------------------------- */

typedef struct tally { pthread_mutex_t lock; pthread_cond_t news; unsigned waiting, refused; } tally;

static void on_committed(void *ctx, err e, const bool *changed, size_t n)
{
	tally *t = ctx;

	(void)changed, (void)n;
	pthread_mutex_lock(&t->lock);
	t->waiting--, t->refused += e != OK;
	pthread_cond_signal(&t->news);
	pthread_mutex_unlock(&t->lock);
}

/* Answers what is there; a pick whose answer was lost comes back when its lease ran out. */
static void answer_all(queue *q, tally *t)
{
	const queue_item answer = public_answer();
	queue_batch b = { 0 };

	while (queue_pick(&b, q, QUEUE_PUBLIC_DECRYPTION, 5, LEASE_MS) != OK) err_clear();
	for (size_t i = 0; i < b.n; i++) {
		const queue_change c = { .verb = QUEUE_FINISH, .kind = b.item[i].kind, .seq = b.item[i].seq, .item = &answer };
		pthread_mutex_lock(&t->lock);
		t->waiting++;
		pthread_mutex_unlock(&t->lock);
		assert_ok(queue_submit(q, &c, 1, on_committed, t));
	}
	queue_batch_free(&b);
}

static void what_is_said_while_the_server_is_killed_is_done_when_it_is_back(void **state)
{
	(void)state;
	AUTO_QUEUE *q = queue_alone();
	tally t = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };
	enum { ROWS = 100 };

	for (unsigned n = 1; n <= ROWS; n++) {
		queue_item request = public_request(n);
		if (n % 50 == 20) test_database_kill();
		insist(q, (queue_change[]){ { .verb = QUEUE_ADD, .item = &request } }, 1);
		if (n == 70) test_database_kill();
		answer_all(q, &t);
	}
	pthread_mutex_lock(&t.lock);
	while (t.waiting > 0) pthread_cond_wait(&t.news, &t.lock);
	pthread_mutex_unlock(&t.lock);
	TIME_MS += LEASE_MS + 1;
	for (unsigned n = 0; n < ROWS; n++) answer_all(q, &t);
	pthread_mutex_lock(&t.lock);
	while (t.waiting > 0) pthread_cond_wait(&t.news, &t.lock);
	pthread_mutex_unlock(&t.lock);
	assert_int_equal(t.refused, 0);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_COMPLETED), ROWS);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_PENDING), ROWS);
}

/* ---- clocks that are put back -------------------------------------------------------------------------------------- */

/* What was leased, or put off, by the time before waits no day for it. */
static void a_clock_that_is_put_back_holds_nothing_up(void **state)
{
	enum { DAY_MS = 86400000 };
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	bool held = false;

	add_requests(q, 1, 2);
	assert_int_equal(pick_count(q, QUEUE_PUBLIC_DECRYPTION), 2);              /* one is leased ... */
	assert_true(change(q, (queue_change){ .verb = QUEUE_RETRY, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = 2, .delay_ms = 5000, .reason = "x" }));
	assert_ok(queue_hold(&held, q, "role", 1000));                            /* ... one is put off, and a role is held */
	TIME_MS -= DAY_MS;
	AUTO_QUEUE *other = second_queue("second", NULL);
	assert_int_equal(pick_count(other, QUEUE_PUBLIC_DECRYPTION), 2);
	assert_ok(queue_hold(&held, other, "role", 1000));
	assert_true(held);
	TIME_MS += DAY_MS;
}

static const struct CMUnitTest ALL[] = {
	BOTH(whatever_call_fails_a_request_is_answered_once),
	BOTH(many_who_pick_never_get_the_same_row),
	BOTH(what_a_killed_process_said_is_so),
	BOTH(a_clock_that_is_put_back_holds_nothing_up),
	TEST(what_is_said_while_the_server_is_killed_is_done_when_it_is_back),
};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "work") == 0) return child(argv[2]);
	return test_main(argc, argv, __FILE__, ALL, COUNT(ALL));
}
