/* SPDX-License-Identifier: MIT */
/* rpc/link_dial.c -- getaddrinfo aside, connect in the reactor. */
#include "rpc/link_dial.h"
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_TEXT = 16, HOST_TEXT = 256, WHY = 200 };

/* ---- looking up ----------------------------------------------------------------------------------------------- */

/* Shared by the thread that looks up and the one who waits for it; the last one frees it. */
typedef struct link_lookup {
	pthread_mutex_t lock;
	link_dial   *owner;                  /* NULL: nobody waits any more */
	reactor_task task;
	char host[HOST_TEXT], port[PORT_TEXT];
	int  rv;
	struct addrinfo *found;
} link_lookup;

static int resolve(struct addrinfo **out, const char *host, const char *port, int flags)
{
	const struct addrinfo hints = { .ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	*out = NULL;
	return getaddrinfo(host, port, &hints, out);
}

static void lookup_free(link_lookup *k)
{
	if (k->found) freeaddrinfo(k->found);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static void found(link_dial *d, int rv, struct addrinfo *all);

static void looked_up(void *arg)
{
	link_lookup *k = arg;

	pthread_mutex_lock(&k->lock);        /* its thread has left */
	link_dial *d = k->owner;
	pthread_mutex_unlock(&k->lock);
	if (d) {
		struct addrinfo *all = k->found;
		k->found = NULL;
		d->lookup = NULL;
		found(d, k->rv, all);
	}
	lookup_free(k);
}

static void *look_up(void *arg)
{
	link_lookup *k = arg;

	k->rv = resolve(&k->found, k->host, k->port, 0);
	pthread_mutex_lock(&k->lock);
	bool wanted = k->owner;
	if (wanted) {
		reactor_post(k->owner->reactor, &k->task, looked_up, k);
	}
	pthread_mutex_unlock(&k->lock);
	if (!wanted) lookup_free(k);
	return NULL;
}

static bool begin_lookup(link_dial *d, const char *port)
{
	pthread_attr_t detached;
	pthread_t thread;
	link_lookup *k = calloc(1, sizeof *k);

	if (!k) return false;
	pthread_mutex_init(&k->lock, NULL);
	k->owner = d;
	snprintf(k->host, sizeof k->host, "%s", d->host);
	snprintf(k->port, sizeof k->port, "%s", port);
	d->lookup = k;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	bool ok = pthread_create(&thread, &detached, look_up, k) == 0;
	pthread_attr_destroy(&detached);
	if (!ok) {
		d->lookup = NULL;
		lookup_free(k);
	}
	return ok;
}

static void give_up_lookup(link_dial *d)
{
	link_lookup *k = d->lookup;
	if (!k) return;
	d->lookup = NULL;
	pthread_mutex_lock(&k->lock);
	k->owner = NULL;                     /* its task, or its thread, frees it */
	pthread_mutex_unlock(&k->lock);
}

/* ---- connecting ----------------------------------------------------------------------------------------------- */

static void forget(link_dial *d)
{
	give_up_lookup(d);
	reactor_watch_clear(d->reactor, &d->watch);
	if (d->all) freeaddrinfo(d->all);
	d->all = d->at = NULL;
}

static void end(link_dial *d, int fd, const char *why)
{
	forget(d);
	d->fd = -1;
	d->done(d->arg, fd, why);
}

static void fail(link_dial *d, int why)
{
	char text[WHY];
	snprintf(text, sizeof text, "cannot connect: %s%s", strerror(why),
	         why == ECONNREFUSED ? "; is the node running, and is the port right?" : "");
	end(d, -1, text);
}

static void connected(void *arg, uint32_t events);

/* The addresses from d->at on, until one answers or has not refused yet. */
static void try_next(link_dial *d, int why)
{
	for (; d->at; d->at = d->at->ai_next) {
		const struct addrinfo *a = d->at;
		int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		int rv = fd < 0 ? -1 : connect(fd, a->ai_addr, a->ai_addrlen);
		if (rv < 0) why = errno;
		if (fd >= 0 && (rv == 0 || why == EINPROGRESS || why == EINTR)) {
			d->fd = fd;
			d->watch = (reactor_watch){ .fd = fd, .ready = connected, .arg = d };
			if (reactor_watch_set(d->reactor, &d->watch, EPOLLOUT) == OK) return;
			err_clear();
			why = ENOMEM;
		}
		if (fd >= 0) close(fd);
		d->fd = -1;
	}
	fail(d, why);
}

static void connected(void *arg, uint32_t events)
{
	link_dial *d = arg;
	int why = 0, fd = d->fd;
	socklen_t n = sizeof why;
	(void)events;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0) why = errno;
	reactor_watch_clear(d->reactor, &d->watch);
	if (why == 0) {
		d->behind = 0;
		end(d, fd, NULL);
		return;
	}
	close(fd);
	d->fd = -1;
	d->at = d->at->ai_next;
	try_next(d, why);
}

static void found(link_dial *d, int rv, struct addrinfo *all)
{
	unsigned skip = d->behind;
	char text[WHY];

	if (rv != 0) {
		snprintf(text, sizeof text, "cannot find the address of that name: %s",
		         rv == EAI_SYSTEM ? "the system failed to look it up" : gai_strerror(rv));
		end(d, -1, text);
		return;
	}
	d->all = d->at = all;
	while (skip-- && d->at->ai_next) d->at = d->at->ai_next;
	d->behind = d->at->ai_next ? d->behind + 1 : 0;        /* unless this attempt gets through */
	try_next(d, ECONNREFUSED);
}

void link_dial_start(link_dial *d)
{
	struct addrinfo *all;
	char port[PORT_TEXT];

	d->fd = -1;
	snprintf(port, sizeof port, "%u", d->port);
	int rv = resolve(&all, d->host, port, AI_NUMERICHOST);
	if (rv != EAI_NONAME) found(d, rv, all);
	else if (!begin_lookup(d, port)) end(d, -1, "cannot look up that name: no thread or no memory for it");
}

void link_dial_cancel(link_dial *d)
{
	if (d->watch.on) {
		reactor_watch_clear(d->reactor, &d->watch);
		close(d->fd);
	}
	forget(d);
	d->fd = -1;
}
