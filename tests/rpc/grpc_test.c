/* SPDX-License-Identifier: MIT */
/* Server and client over loopback: threads, big messages, loss, reconnection, draining. */
#include "tests/test.h"
#include "rpc/rpc.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  came = PTHREAD_COND_INITIALIZER;
static rpc_call *held[16];
static unsigned n_held;

static void echo(void *ctx, rpc_call *call, slice request) { (void)ctx; rpc_reply(call, request); }

static void hold(void *ctx, rpc_call *call, slice request)
{
	(void)ctx, (void)request;
	pthread_mutex_lock(&lock);
	held[n_held++] = call;
	pthread_cond_broadcast(&came);
	pthread_mutex_unlock(&lock);
}

static void refuse(void *ctx, rpc_call *call, slice request)
{
	(void)ctx, (void)request;
	rpc_fail_err(call, err_fail(ERR_NOT_FOUND, "no key 04\xe2\x80\xa6%%20 here"));
}

static const rpc_method METHODS[] = { { "/t.T/Echo", echo, NULL }, { "/t.T/Hold", hold, NULL }, { "/t.T/Refuse", refuse, NULL } };

/* The i-th call held, as soon as there is one. */
static rpc_call *wait_held(unsigned i)
{
	pthread_mutex_lock(&lock);
	while (n_held <= i) pthread_cond_wait(&came, &lock);
	rpc_call *call = held[i];
	pthread_mutex_unlock(&lock);
	return call;
}

static reactor *loop;
static rpc_server *server;

/* A clock that stands still until the test moves it. */
static _Atomic int64_t now_ms;
static int64_t test_now(void *ctx) { (void)ctx; return now_ms; }
static const clock_source TEST_CLOCK = { NULL, test_now, test_now };
static const clock_source *chosen_clock;             /* NULL: the system's */

static void nothing(void *arg) { (void)arg; }

static void start_on(unsigned port, const rpc_limits *limits)
{
	n_held = 0;
	assert_ok(reactor_new(&loop, chosen_clock));
	assert_ok(reactor_start(loop));
	assert_ok(rpc_server_new(&server, loop, "127.0.0.1", port, METHODS, COUNT(METHODS), limits));
}

static rpc_conn *start(const rpc_limits *limits)
{
	rpc_conn *c;
	start_on(0, limits);
	assert_ok(rpc_conn_new(&c, NULL, "127.0.0.1", rpc_server_port(server), NULL));
	return c;
}

static void stop_server(void)
{
	rpc_server_free(&server);
	reactor_free(&loop);
}

static void stop(rpc_conn *c)
{
	rpc_conn_free(&c);
	stop_server();
}

/* Asserting is for the test's own thread; the others only report. */
static bool echoes(rpc_conn *c, size_t n, unsigned seed)
{
	buf message = { 0 }, answer = { 0 };
	buf_reserve(&message, n + 1);
	for (size_t i = 0; i < n; i++) message.p[message.n++] = (uint8_t)(i * 31 + i / 257 + seed);
	err e = rpc_conn_call(c, &answer, NULL, "/t.T/Echo", buf_slice(&message), PATIENCE_MS);
	if (e != OK) print_error("%s: %s\n", err_name(e), err_text());
	bool same = e == OK && slice_eq_var(buf_slice(&answer), buf_slice(&message));
	buf_free(&message);
	buf_free(&answer);
	return same;
}

static void assert_echo(rpc_conn *c, size_t n, unsigned seed)
{
	assert_true(echoes(c, n, seed));
}

/* A call on a thread of its own. */
typedef struct asked {
	rpc_conn *c;
	const char *path;
	int64_t timeout_ms;
	buf answer;
	rpc_status status;
	pthread_t thread;
} asked;

static void *ask_thread(void *arg)
{
	asked *a = arg;
	err e = rpc_conn_call(a->c, &a->answer, &a->status, a->path, slice_str("question"), a->timeout_ms);
	(void)e;                                     /* the status says the same */
	err_clear();
	return NULL;
}

static void ask(asked *a, rpc_conn *c, const char *path, int64_t timeout_ms)
{
	*a = (asked){ .c = c, .path = path, .timeout_ms = timeout_ms };
	assert_int_equal(pthread_create(&a->thread, NULL, ask_thread, a), 0);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static void a_message_of_any_size_comes_back(void **state)
{
	(void)state;
	static const size_t SIZES[] = { 0, 1, 100, 16379, 16384, 65530, 65531, 65535, 65536, 1 << 20, 8 << 20, 20 << 20 };
	rpc_conn *c = start(NULL);
	for (unsigned i = 0; i < COUNT(SIZES); i++) assert_echo(c, SIZES[i], i);
	stop(c);
}

static void an_answer_is_appended_to_what_the_caller_has(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	buf answer = { 0 };
	assert_ok(rpc_conn_call(c, &answer, NULL, "/t.T/Echo", slice_str("one "), PATIENCE_MS));
	assert_ok(rpc_conn_call(c, &answer, NULL, "/t.T/Echo", slice_str("two"), PATIENCE_MS));
	assert_string_equal(buf_str(&answer), "one two");
	buf_free(&answer);
	stop(c);
}

typedef struct worker { rpc_conn *c; unsigned rounds, seed, good; size_t size; pthread_t thread; } worker;

static void *work(void *arg)
{
	worker *w = arg;
	for (unsigned i = 0; i < w->rounds; i++) w->good += echoes(w->c, w->size, w->seed + i);
	return NULL;
}

static void work_at_once(rpc_conn *c, unsigned threads, unsigned rounds, size_t size)
{
	worker w[32];
	for (unsigned i = 0; i < threads; i++) {
		w[i] = (worker){ .c = c, .rounds = rounds, .seed = 1000 * i, .size = size };
		assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (unsigned i = 0; i < threads; i++) pthread_join(w[i].thread, NULL);
	for (unsigned i = 0; i < threads; i++) assert_int_equal(w[i].good, rounds);
}

static void many_small_calls_share_a_connection(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	work_at_once(c, 32, 200, 300);
	stop(c);
}

static void large_messages_beyond_the_budget_wait_their_turn(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.message = 8 << 20, limits.buffered = limits.buffered_all = 24 << 20;
	rpc_conn *c = start(&limits);
	work_at_once(c, 12, 3, 8 << 20);
	stop(c);
}

static void calls_beyond_the_server_s_streams_queue_at_the_client(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	limits.streams = 2;
	rpc_conn *c = start(&limits);
	assert_echo(c, 1, 0);                        /* its SETTINGS are known from here on */
	work_at_once(c, 16, 20, 1000);
	stop(c);
}

/* ---- how calls end ------------------------------------------------------------------------------------------------ */

static void failures_arrive_with_code_and_sentence(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	rpc_status s;
	buf answer = { 0 };
	err e = rpc_conn_call(c, &answer, &s, "/t.T/Refuse", slice_str(""), PATIENCE_MS);
	assert_int_equal(e, ERR_NOT_FOUND);
	assert_int_equal(s.code, GRPC_NOT_FOUND);
	assert_string_equal(s.message, "no key 04\xe2\x80\xa6%20 here");
	assert_non_null(strstr(err_text(), "NOT_FOUND: no key"));
	err_clear();
	assert_err(ERR_UNSUPPORTED, rpc_conn_call(c, &answer, &s, "/t.T/None", slice_str(""), PATIENCE_MS));
	assert_int_equal(s.code, GRPC_UNIMPLEMENTED);
	assert_int_equal(answer.n, 0);
	stop(c);
}

static void a_message_too_large_for_the_server_is_refused(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	rpc_status s;
	buf big = { 0 }, answer = { 0 };
	limits.message = 1 << 20;
	rpc_conn *c = start(&limits);
	memset(buf_grow(&big, (4 << 20) + 1), 0, (4 << 20) + 1);
	assert_err(ERR_EXHAUSTED, rpc_conn_call(c, &answer, &s, "/t.T/Echo", buf_slice(&big), PATIENCE_MS));
	assert_int_equal(s.code, GRPC_RESOURCE_EXHAUSTED);
	assert_non_null(strstr(s.message, "1048576"));
	assert_echo(c, 1 << 20, 0);                  /* exactly the limit, and the connection lives */
	buf_free(&big);
	stop(c);
}

static void messages_beyond_the_client_s_limit_are_refused_either_way(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	rpc_conn *c;
	rpc_status s;
	asked a;
	char bytes[1001] = "";
	limits.message = 1000;
	start_on(0, NULL);
	assert_ok(rpc_conn_new(&c, NULL, "127.0.0.1", rpc_server_port(server), &limits));
	assert_err(ERR_EXHAUSTED, rpc_conn_call(c, &(buf){ 0 }, &s, "/t.T/Echo", slice_of(bytes, sizeof bytes), PATIENCE_MS));
	ask(&a, c, "/t.T/Hold", PATIENCE_MS);
	rpc_reply(wait_held(0), slice_of(bytes, sizeof bytes));
	pthread_join(a.thread, NULL);
	assert_int_equal(a.status.code, GRPC_RESOURCE_EXHAUSTED);
	assert_non_null(strstr(a.status.message, "1001 bytes"));
	assert_echo(c, 1000, 0);
	stop(c);
}

static void a_deadline_ends_the_call_on_both_sides(void **state)
{
	(void)state;
	rpc_conn *c;
	asked a;
	now_ms = 1000;
	chosen_clock = &TEST_CLOCK;
	start_on(0, NULL);
	chosen_clock = NULL;
	assert_ok(rpc_conn_new(&c, loop, "127.0.0.1", rpc_server_port(server), NULL));
	ask(&a, c, "/t.T/Hold", 30);
	rpc_call *call = wait_held(0);
	assert_false(rpc_call_cancelled(call));
	now_ms = 1030;
	reactor_run(loop, nothing, NULL);            /* wakes it to look at the time */
	pthread_join(a.thread, NULL);
	assert_int_equal(a.status.code, GRPC_DEADLINE_EXCEEDED);
	while (!rpc_call_cancelled(call)) sched_yield();
	rpc_reply(call, slice_str("late"));
	assert_echo(c, 10, 0);
	stop(c);
}

static void nobody_listening_is_unavailable_and_says_where(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	rpc_status s;
	unsigned port = rpc_server_port(server);
	char where[32];
	stop_server();
	assert_err(ERR_BUSY, rpc_conn_call(c, &(buf){ 0 }, &s, "/t.T/Echo", slice_str(""), PATIENCE_MS));
	assert_int_equal(s.code, GRPC_UNAVAILABLE);
	snprintf(where, sizeof where, "127.0.0.1 port %u", port);
	assert_non_null(strstr(s.message, where));
	assert_null(strchr(s.message, '?'));          /* what to try is the caller's to say */
	rpc_conn_free(&c);
}

static void a_lost_connection_ends_calls_and_the_next_call_reconnects(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	unsigned port = rpc_server_port(server);
	asked a;
	for (unsigned round = 0; round < 3; round++) {
		assert_echo(c, 10, round);
		ask(&a, c, "/t.T/Hold", PATIENCE_MS);
		rpc_call *call = wait_held(0);
		stop_server();
		pthread_join(a.thread, NULL);
		assert_int_equal(a.status.code, GRPC_UNAVAILABLE);
		rpc_reply(call, slice_str("late"));
		start_on(port, NULL);
		assert_echo(c, 10, round);
	}
	stop(c);
}

/* ---- draining -------------------------------------------------------------------------------------------------------- */

typedef struct drain { int64_t timeout_ms; err e; pthread_t thread; } drain;

static void *drain_thread(void *arg)
{
	drain *d = arg;
	d->e = rpc_server_drain(server, d->timeout_ms);
	return NULL;
}

static void a_drained_server_finishes_what_it_has(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	buf big = { 0 };
	asked a;
	drain d = { .timeout_ms = PATIENCE_MS };
	memset(buf_grow(&big, 4 << 20), 7, 4 << 20);
	ask(&a, c, "/t.T/Hold", PATIENCE_MS);
	rpc_call *call = wait_held(0);
	assert_int_equal(pthread_create(&d.thread, NULL, drain_thread, &d), 0);
	rpc_status s;
	do {                                         /* until the port is closed */
		err e = rpc_conn_call(c, &(buf){ 0 }, &s, "/t.T/Refuse", slice_str(""), PATIENCE_MS);
		assert_int_not_equal(e, OK);
		err_clear();
	} while (s.code != GRPC_UNAVAILABLE);
	rpc_reply(call, buf_slice(&big));
	pthread_join(a.thread, NULL);
	assert_int_equal(a.status.code, GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&a.answer), buf_slice(&big)));
	pthread_join(d.thread, NULL);
	assert_int_equal(d.e, OK);
	buf_free(&a.answer);
	buf_free(&big);
	stop(c);
}

static void draining_says_what_is_still_open_when_time_is_up(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	asked a;
	ask(&a, c, "/t.T/Hold", PATIENCE_MS);
	rpc_call *call = wait_held(0);
	err e = rpc_server_drain(server, 1);
	assert_int_equal(e, ERR_BUSY);
	assert_non_null(strstr(err_text(), "1 calls are unanswered"));
	err_clear();
	rpc_server_free(&server);
	pthread_join(a.thread, NULL);
	assert_int_equal(a.status.code, GRPC_UNAVAILABLE);
	rpc_fail(call, GRPC_CANCELLED, "stopping");
	stop(c);
}

static void an_idle_connection_does_not_delay_draining(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	assert_echo(c, 10, 0);
	assert_ok(rpc_server_drain(server, PATIENCE_MS));
	stop(c);
}

/* ---- the port ----------------------------------------------------------------------------------------------------------- */

static void a_taken_port_is_named_with_what_to_try(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	rpc_server *second = NULL;
	char where[40];
	err e = rpc_server_new(&second, loop, "127.0.0.1", rpc_server_port(server), METHODS, COUNT(METHODS), NULL);
	assert_int_equal(e, ERR_IO);
	assert_null(second);
	snprintf(where, sizeof where, "127.0.0.1 port %u", rpc_server_port(server));
	assert_non_null(strstr(err_text(), where));
	assert_non_null(strstr(err_text(), "choose another port"));
	err_clear();
	assert_err(ERR_IO, rpc_server_new(&second, loop, "203.0.113.7", 0, METHODS, COUNT(METHODS), NULL));
	assert_err(ERR_IO, rpc_server_new(&second, loop, "no.such.host.invalid", 0, METHODS, COUNT(METHODS), NULL));
	assert_err(ERR_REQUEST, rpc_server_new(&second, loop, "127.0.0.1", 65536, METHODS, COUNT(METHODS), NULL));
	assert_echo(c, 10, 0);
	stop(c);
}

static int plain_socket(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)rpc_server_port(server)) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void strangers_at_the_port_do_no_harm(void **state)
{
	(void)state;
	rpc_conn *c = start(NULL);
	uint8_t bytes[4096];
	for (unsigned round = 0; round < 40; round++) {
		int fd = plain_socket();
		rng_fill(test_rng(), bytes, sizeof bytes);
		if (round % 4 == 1) memcpy(bytes, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
		if (round % 4 == 2) memcpy(bytes, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
		size_t n = round % 4 == 3 ? 0 : 1 + (size_t)test_below(sizeof bytes - 1);
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
		(void)sent;
		if (round % 2) {
			(void)shutdown(fd, SHUT_WR);
			while (recv(fd, bytes, sizeof bytes, 0) > 0) continue;       /* the server closes too */
		}
		close(fd);
		assert_echo(c, 100, round);
	}
	stop(c);
}

/* Until the server closes the connection. */
static void assert_closed(int fd)
{
	uint8_t bytes[256];
	while (recv(fd, bytes, sizeof bytes, 0) > 0) continue;
	close(fd);
}

static void a_crowd_of_idle_connections_does_not_keep_a_caller_out(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	int idle[8];
	limits.connections = 4;
	rpc_conn *c = start(&limits);
	for (unsigned i = 0; i < COUNT(idle); i++) idle[i] = plain_socket();
	for (unsigned i = 0; i < 4; i++) assert_closed(idle[i]);
	assert_echo(c, 10, 0);
	assert_closed(idle[4]);
	for (unsigned i = 5; i < COUNT(idle); i++) close(idle[i]);
	stop(c);
}

static void a_connection_beyond_the_limit_is_closed_while_all_others_have_calls(void **state)
{
	(void)state;
	rpc_limits limits = rpc_limits_default();
	rpc_conn *other;
	asked a, b;
	limits.connections = 2;
	rpc_conn *c = start(&limits);
	assert_ok(rpc_conn_new(&other, NULL, "127.0.0.1", rpc_server_port(server), NULL));
	ask(&a, c, "/t.T/Hold", PATIENCE_MS);
	rpc_call *first = wait_held(0);
	ask(&b, other, "/t.T/Hold", PATIENCE_MS);
	rpc_call *second = wait_held(1);
	assert_closed(plain_socket());
	rpc_reply(first, slice_str("one")), rpc_reply(second, slice_str("two"));
	pthread_join(a.thread, NULL), pthread_join(b.thread, NULL);
	assert_string_equal(buf_str(&a.answer), "one");
	assert_string_equal(buf_str(&b.answer), "two");
	buf_free(&a.answer), buf_free(&b.answer);
	rpc_conn_free(&other);
	stop(c);
}

TESTS(TEST(a_message_of_any_size_comes_back),
      TEST(an_answer_is_appended_to_what_the_caller_has),
      TEST(many_small_calls_share_a_connection),
      TEST(large_messages_beyond_the_budget_wait_their_turn),
      TEST(calls_beyond_the_server_s_streams_queue_at_the_client),
      TEST(failures_arrive_with_code_and_sentence),
      TEST(a_message_too_large_for_the_server_is_refused),
      TEST(messages_beyond_the_client_s_limit_are_refused_either_way),
      TEST(a_deadline_ends_the_call_on_both_sides),
      TEST(nobody_listening_is_unavailable_and_says_where),
      TEST(a_lost_connection_ends_calls_and_the_next_call_reconnects),
      TEST(a_drained_server_finishes_what_it_has),
      TEST(draining_says_what_is_still_open_when_time_is_up),
      TEST(an_idle_connection_does_not_delay_draining),
      TEST(a_taken_port_is_named_with_what_to_try),
      TEST(strangers_at_the_port_do_no_harm),
      TEST(a_crowd_of_idle_connections_does_not_keep_a_caller_out),
      TEST(a_connection_beyond_the_limit_is_closed_while_all_others_have_calls))
