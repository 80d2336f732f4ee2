/* SPDX-License-Identifier: MIT */
/* tests/cli/process_test.c -- ports are picked for servers that are yet to start; all else is tried with nodes (devnet.txt). */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include "cli/process.h"
#include "tests/test.h"

/* Does a server get to listen there?  Sharing the address is what every server of ours asks for. */
static bool listens(unsigned port, bool shares)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (shares) assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
	const bool does = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
	close(fd);
	return does;
}

/* Draws one number after the other. */
static void count(void *ctx, uint8_t *out, size_t n)
{
	uint64_t *next = ctx;

	assert_int_equal(n, sizeof *next);
	memcpy(out, next, n);
	++*next;
}

/* Two that draw the same: what the first has picked the second does not. */
static void a_picked_port_is_its_servers_and_nobody_elses(void **state)
{
	uint64_t first = rng_u64(test_rng()), second = first;
	unsigned a, b;

	(void)state;
	assert_ok(port_pick(&a, &(rng){ .fill = count, .ctx = &first }));
	assert_ok(port_pick(&b, &(rng){ .fill = count, .ctx = &second }));
	assert_int_not_equal(a, b);
	assert_true(listens(a, true));
	assert_false(listens(a, false));
	assert_ok(port_check(a));
}

TESTS(TEST(a_picked_port_is_its_servers_and_nobody_elses))
