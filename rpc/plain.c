/* SPDX-License-Identifier: MIT */
/* rpc/plain.c -- the transport that is just a TCP socket. */
#include "rpc/transport.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static io shake(transport *t)
{
	(void)t;
	return IO_DONE;
}

static io receive(transport *t, uint8_t *out, size_t room, size_t *got)
{
	ssize_t n;
	do n = recv(t->fd, out, room, 0); while (n < 0 && errno == EINTR);
	if (n == 0) return IO_END;
	if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? IO_WAIT_READ : IO_BROKEN;
	*got = (size_t)n;
	return IO_DONE;
}

static io put_out(transport *t, size_t *put, const uint8_t *p, size_t n)
{
	ssize_t sent;
	do sent = send(t->fd, p, n, MSG_NOSIGNAL); while (sent < 0 && errno == EINTR);
	if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? IO_WAIT_WRITE : IO_BROKEN;
	*put = (size_t)sent;
	return IO_DONE;
}

static void finish(transport *t)
{
	(void)shutdown(t->fd, SHUT_WR);
}

static void plain_close(transport *t)
{
	close(t->fd);
	free(t);
}

static err make(void *ctx, transport **out, int fd, bool server)
{
	static const transport_ops ops = { shake, receive, put_out, finish, plain_close };
	const int one = 1;
	(void)ctx, (void)server;

	transport *t = malloc(sizeof *t);
	if (!t) return err_fail(ERR_NOMEM, "no memory for a connection");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	*t = (transport){ &ops, fd };
	*out = t;
	return OK;
}

const transport_maker TRANSPORT_PLAIN = { make, NULL };
