/* SPDX-License-Identifier: MIT */
/* rpc/acceptor.c */
#include "rpc/acceptor.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAUSE_MS = 100 };

struct acceptor {
	int         listener;
	acceptor_to to;
	atomic_bool stopping;
	pthread_t   thread;
};

static bool nobody_is_there(int why)
{
	return why == EAGAIN || why == EWOULDBLOCK || why == EINTR || why == ECONNABORTED;
}

/* False: the system has no descriptor or no memory for it now, and it stays in the queue. */
static bool accept_one(const acceptor *a)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	const int fd = accept4(a->listener, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) return nobody_is_there(errno);
	a->to.take(a->to.ctx, fd, (const struct sockaddr *)&from, n);
	return true;
}

static void *keep_accepting(void *arg)
{
	acceptor *a = arg;
	struct pollfd at = { .fd = a->listener, .events = POLLIN };

	while (!atomic_load(&a->stopping)) {
		const bool room = a->to.room(a->to.ctx);
		if (room && poll(&at, 1, -1) < 1) continue;
		if (!room || !accept_one(a)) (void)poll(NULL, 0, PAUSE_MS);
	}
	return NULL;
}

err acceptor_new(acceptor **out, int listener, const acceptor_to *to)
{
	acceptor *a = calloc(1, sizeof *a);

	if (a) *a = (acceptor){ .listener = listener, .to = *to };
	if (!a || pthread_create(&a->thread, NULL, keep_accepting, a) != 0) {
		free(a);
		close(listener);
		return err_fail(ERR_NOMEM, "no thread that accepts connections");
	}
	*out = a;
	return OK;
}

void acceptor_free(acceptor **ap)
{
	acceptor *a = *ap;

	if (!a) return;
	atomic_store(&a->stopping, true);
	(void)shutdown(a->listener, SHUT_RDWR);              /* wakes it; accepting fails from now on */
	pthread_join(a->thread, NULL);
	close(a->listener);
	free(a);
	*ap = NULL;
}
