/* SPDX-License-Identifier: MIT */
/* Connections whose time a test moves by hand. */
#include "tests/test.h"
#include "rpc/http_patience.h"
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static _Atomic int64_t now_ms;

static int64_t by_hand(void *ctx)
{
	(void)ctx;
	return atomic_load(&now_ms);
}

static const clock_source CLOCK = { NULL, by_hand, by_hand };

typedef struct pair { int fd[2]; http_waiting *w; } pair;

static pair connect_pair(http_patience *p)
{
	pair c;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, c.fd), 0);
	c.w = http_patience_begin(p, c.fd[0]);
	return c;
}

/* Does the other end see that the connection is over? */
static bool is_shut(const pair *c)
{
	char byte;
	return recv(c->fd[1], &byte, 1, 0) == 0;
}

static void close_pair(http_patience *p, pair *c)
{
	http_patience_end(p, c->w);
	close(c->fd[0]), close(c->fd[1]);
}

static void a_request_that_does_not_come_in_time_ends_its_connection(void **state)
{
	AUTO(http_patience) *p = NULL;

	(void)state;
	atomic_store(&now_ms, 0);
	assert_ok(http_patience_new(&p, &CLOCK));
	pair slow = connect_pair(p), busy = connect_pair(p), kept = connect_pair(p);
	atomic_store(&now_ms, HTTP_REQUEST_MS - 1);
	(void)http_patience_look(p);
	assert_false(is_shut(&slow));
	http_patience_came(p, busy.w);                             /* its request is here, the answer takes its time */
	http_patience_came(p, kept.w);
	http_patience_next(p, kept.w);                             /* answered; the next request has its own time */
	atomic_store(&now_ms, HTTP_REQUEST_MS);
	(void)http_patience_look(p);
	assert_true(is_shut(&slow));
	assert_false(is_shut(&busy) || is_shut(&kept));
	atomic_store(&now_ms, 2 * HTTP_REQUEST_MS - 1);
	(void)http_patience_look(p);
	assert_true(is_shut(&kept));
	assert_false(is_shut(&busy));
	close_pair(p, &busy), close_pair(p, &slow), close_pair(p, &kept);
}

static void nothing_is_looked_at_after_its_end(void **state)
{
	AUTO(http_patience) *p = NULL;

	(void)state;
	atomic_store(&now_ms, 0);
	assert_ok(http_patience_new(&p, &CLOCK));
	pair a = connect_pair(p), b = connect_pair(p), c = connect_pair(p);
	http_patience_end(p, b.w);
	atomic_store(&now_ms, HTTP_REQUEST_MS);
	(void)http_patience_look(p);
	assert_true(is_shut(&a) && is_shut(&c));
	assert_false(is_shut(&b));
	close(b.fd[0]), close(b.fd[1]);
	close_pair(p, &c), close_pair(p, &a);
	http_patience_came(p, NULL), http_patience_next(p, NULL), http_patience_end(p, NULL);
}

TESTS(TEST(a_request_that_does_not_come_in_time_ends_its_connection), TEST(nothing_is_looked_at_after_its_end))
