/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "rpc/acceptor.h"
#include "rpc/listen.h"
#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

typedef struct world {
	unsigned    port;
	acceptor   *a;
	atomic_bool full;
	atomic_uint asked, taken;
	_Atomic in_port_t from;
} world;

static bool has_room(void *ctx)
{
	world *w = ctx;

	atomic_fetch_add(&w->asked, 1);
	return !atomic_load(&w->full);
}

static void take(void *ctx, int fd, const struct sockaddr *from, socklen_t n)
{
	world *w = ctx;

	if (n == sizeof(struct sockaddr_in)) atomic_store(&w->from, ((const struct sockaddr_in *)from)->sin_port);
	close(fd);
	atomic_fetch_add(&w->taken, 1);
}

static void open_world(world *w, bool full)
{
	int fd;

	*w = (world){ .full = full };
	assert_ok(listen_on(&fd, &w->port, "127.0.0.1", 0));
	assert_ok(acceptor_new(&w->a, fd, &(acceptor_to){ w, has_room, take }));
}

static int visitor(const world *w)
{
	int fd;

	assert_ok(connect_to(&fd, "127.0.0.1", w->port, PATIENCE_MS));
	return fd;
}

static void until(const atomic_uint *count, unsigned least)
{
	while (atomic_load(count) < least) sched_yield();
}

static void who_comes_is_handed_on_with_an_address(void **state)
{
	struct sockaddr_in own;
	socklen_t n = sizeof own;
	world w;

	(void)state;
	open_world(&w, false);
	for (unsigned i = 1; i <= 3; i++) {
		const int fd = visitor(&w);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &n), 0);
		until(&w.taken, i);
		assert_int_equal(atomic_load(&w.from), own.sin_port);
		close(fd);
	}
	acceptor_free(&w.a);
	assert_null(w.a);
}

static void who_comes_when_there_is_no_room_waits_for_it(void **state)
{
	world w;

	(void)state;
	open_world(&w, true);
	const int fd = visitor(&w);
	until(&w.asked, atomic_load(&w.asked) + 2);
	assert_int_equal(atomic_load(&w.taken), 0);
	atomic_store(&w.full, false);
	until(&w.taken, 1);
	acceptor_free(&w.a);
	close(fd);
}

static void it_stops_while_it_waits_for_room_or_for_somebody(void **state)
{
	(void)state;
	for (unsigned full = 0; full < 2; full++) {
		world w;
		open_world(&w, full);
		until(&w.asked, 1);
		acceptor_free(&w.a);
	}
}

TESTS(TEST(who_comes_is_handed_on_with_an_address), TEST(who_comes_when_there_is_no_room_waits_for_it),
      TEST(it_stops_while_it_waits_for_room_or_for_somebody))
