/* SPDX-License-Identifier: MIT */
/* rpc/listen.c -- bind and connect over whatever addresses a name stands for. */
#include "rpc/listen.h"
#include "base/clock.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128, MAX_PORT = 65535 };

static err resolve(struct addrinfo **out, const char *host, unsigned port, int flags)
{
	const struct addrinfo hints = { .ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char text[16];

	if (port > MAX_PORT) return err_fail(ERR_REQUEST, "%u is not a port: ports end at %d", port, MAX_PORT);
	snprintf(text, sizeof text, "%u", port);
	int rv = getaddrinfo(host, text, &hints, out);
	if (rv == 0) return OK;
	return err_fail(ERR_IO, "cannot find the address of %s: %s", host,
	                rv == EAI_SYSTEM ? strerror(errno) : gai_strerror(rv));
}

static unsigned port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0) return 0;
	if (a.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return ntohs(((struct sockaddr_in *)&a)->sin_port);
}

/* A listening socket, or -1 with errno. */
static int try_listen(const struct addrinfo *a)
{
	const int one = 1;
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* What went wrong, and what to try. */
static const char *why_not(int why)
{
	switch (why) {
	case EADDRINUSE: return "another program does; stop it, choose another port, or 0 for any free one";
	case EACCES: return "not permitted; choose a port from 1024 on";
	case EADDRNOTAVAIL: return "this machine has no such address; try 127.0.0.1 or 0.0.0.0";
	default: return strerror(why);
	}
}

err listen_on(int *fd, unsigned *bound, const char *address, unsigned port)
{
	struct addrinfo *all;
	int got = -1, why = 0;

	TRY(resolve(&all, address, port, AI_PASSIVE));
	for (const struct addrinfo *a = all; a && got < 0; a = a->ai_next) {
		got = try_listen(a);
		if (got < 0 && why == 0) why = errno;
	}
	freeaddrinfo(all);
	if (got < 0)
		return err_fail(ERR_IO, "cannot listen on %s port %u: %s", address, port, why_not(why));
	*fd = got;
	*bound = port_of(got);
	return OK;
}

/* 0 or the errno of the failure.  *fd is a socket exactly on 0. */
static int try_connect(int *fd, const struct addrinfo *a, int64_t deadline_ms)
{
	int why = 0, s = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof why;

	if (s < 0) return errno;
	if (connect(s, a->ai_addr, a->ai_addrlen) < 0) why = errno;
	if (why == EINPROGRESS || why == EINTR) {
		struct pollfd p = { .fd = s, .events = POLLOUT };
		int ready;
		do {
			int64_t left = deadline_ms - clock_now_ms(clock_system());
			ready = poll(&p, 1, left < 0 ? 0 : (int)(left < 3600000 ? left : 3600000));
		} while (ready < 0 && errno == EINTR);
		if (ready <= 0) why = ETIMEDOUT;
		else if (getsockopt(s, SOL_SOCKET, SO_ERROR, &why, &n) < 0) why = errno;
	}
	if (why == 0) *fd = s;
	else close(s);
	return why;
}

err connect_to(int *fd, const char *host, unsigned port, int64_t timeout_ms)
{
	int64_t deadline_ms = clock_now_ms(clock_system()) + timeout_ms;
	struct addrinfo *all;
	int why = -1;

	TRY(resolve(&all, host, port, 0));
	for (const struct addrinfo *a = all; a && why != 0; a = a->ai_next) why = try_connect(fd, a, deadline_ms);
	freeaddrinfo(all);
	if (why == 0) return OK;
	return err_fail(ERR_IO, "cannot connect to %s port %u: %s", host, port, strerror(why));
}
