/* SPDX-License-Identifier: MIT */
/*
 * rpc/server.c -- accepting, draining and closing; the calls themselves are in rpc/call.c.
 *
 * Who owns what: the server belongs to its user and, from rpc_server_free on, to the calls that handlers still
 * hold; a call belongs to its stream and to its handler.  While the server is open both let go of it on the reactor's
 * thread.  Afterwards only handlers are left, and they free their calls themselves, under the server's lock.
 */
#include "rpc/server_internal.h"
#include "rpc/listen.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/wait.h"

enum { ACCEPT_PAUSE_MS = 100,
       ACCEPTS_A_TURN = 16 };            /* then those who are connected have a turn */

void server_release(rpc_server *s)
{
	if (atomic_fetch_sub(&s->references, 1) != 1) return;
	pthread_cond_destroy(&s->quiet);
	pthread_mutex_destroy(&s->lock);
	h2_group_done(&s->group);
	free(s->methods);
	free(s);
}

void server_count(rpc_server *s, unsigned *counter, int change)
{
	pthread_mutex_lock(&s->lock);
	*counter = (unsigned)((int)*counter + change);
	if (s->connections == 0 && s->held == 0) pthread_cond_broadcast(&s->quiet);
	pthread_mutex_unlock(&s->lock);
}

void server_connection_down(h2_group *g, h2 *c)
{
	rpc_server *s = g->owner;
	(void)c;
	server_count(s, &s->connections, -1);
}

/* ---- accepting ----------------------------------------------------------------------------------------------- */

err server_attach(rpc_server *s, transport *t, h2 **out)
{
	if (s->group.n_connections >= s->group.limits.connections && !h2_drop_idlest(&s->group)) {
		t->ops->close(t);
		return err_fail(ERR_BUSY, "%u connections are open and none is idle", s->group.n_connections);
	}
	server_count(s, &s->connections, 1);
	err e = h2_open(&s->group, out, t);
	if (e != OK) server_count(s, &s->connections, -1);
	return e;
}

static void accept_ready(void *arg, uint32_t events);

static void accept_again(void *arg)
{
	rpc_server *s = arg;
	if (reactor_watch_set(s->reactor, &s->watch, EPOLLIN) == OK) return;
	err_clear();
	reactor_timer_set(s->reactor, &s->again, reactor_now_ms(s->reactor) + ACCEPT_PAUSE_MS);
}

static void accept_ready(void *arg, uint32_t events)
{
	rpc_server *s = arg;
	transport *t;
	(void)events;

	for (unsigned i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
		if (fd < 0) {
			/* Out of descriptors or memory: the connection stays queued; look again a little later. */
			reactor_watch_clear(s->reactor, &s->watch);
			reactor_timer_set(s->reactor, &s->again, reactor_now_ms(s->reactor) + ACCEPT_PAUSE_MS);
			return;
		}
		if (s->maker->make(s->maker->ctx, &t, fd, true) != OK) {
			close(fd);
			err_clear();
		} else if (server_attach(s, t, NULL) != OK) {
			err_clear();
		}
	}
}

static void stop_listening(rpc_server *s)
{
	reactor_timer_clear(s->reactor, &s->again);
	reactor_watch_clear(s->reactor, &s->watch);
	if (s->listener >= 0) close(s->listener);
	s->listener = -1;
}

/* ---- the public functions ------------------------------------------------------------------------------------ */

static int by_path(const void *a, const void *b)
{
	return strcmp(((const rpc_method *)a)->path, ((const rpc_method *)b)->path);
}

const rpc_method *server_method(const rpc_server *s, const char *path)
{
	const rpc_method key = { .path = path };
	return bsearch(&key, s->methods, s->n_methods, sizeof *s->methods, by_path);
}

err server_new(rpc_server **out, reactor *r, const rpc_method *methods, size_t n_methods, const rpc_limits *limits)
{
	rpc_limits all = limits ? *limits : rpc_limits_default();
	ASSERT(all.buffered - all.buffered / 4 >= all.message && all.buffered_all >= all.buffered);

	rpc_server *s = calloc(1, sizeof *s);
	if (s) s->methods = malloc(n_methods * sizeof *methods + 1);
	if (!s || !s->methods) {
		free(s);
		return err_fail(ERR_NOMEM, "no memory for a server");
	}
	if (n_methods) memcpy(s->methods, methods, n_methods * sizeof *methods);
	qsort(s->methods, n_methods, sizeof *methods, by_path);
	s->n_methods = n_methods;
	s->reactor = r;
	s->maker = &TRANSPORT_PLAIN;
	s->listener = -1;
	s->references = 1;
	pthread_mutex_init(&s->lock, NULL);
	wait_init(&s->quiet);
	h2_group_init(&s->group, &SERVER_ROLE, s, r, &all);
	*out = s;
	return OK;
}

typedef struct start { rpc_server *s; err e; char why[512]; } start;

static void start_listening(void *arg)
{
	start *a = arg;
	a->e = reactor_watch_set(a->s->reactor, &a->s->watch, EPOLLIN);
	if (a->e != OK) snprintf(a->why, sizeof a->why, "%s", err_text());
}

err rpc_server_new(rpc_server **out, reactor *r, const char *address, unsigned port,
                   const rpc_method *methods, size_t n_methods, const rpc_limits *limits)
{
	rpc_server *s;
	int fd;
	unsigned bound;

	TRY(listen_on(&fd, &bound, address, port));
	err e = server_new(&s, r, methods, n_methods, limits);
	if (e != OK) {
		close(fd);
		return e;
	}
	s->listener = fd;
	s->port = bound;
	s->watch = (reactor_watch){ .fd = fd, .ready = accept_ready, .arg = s };
	s->again = (reactor_timer){ .ring = accept_again, .arg = s };
	start a = { .s = s };
	reactor_run(r, start_listening, &a);
	if (a.e != OK) {
		rpc_server_free(&s);
		return err_fail(a.e, "%s", a.why);   /* it was said on another thread */
	}
	*out = s;
	return OK;
}

unsigned rpc_server_port(const rpc_server *s)
{
	return s->port;
}

static void begin_drain(void *arg)
{
	rpc_server *s = arg;
	stop_listening(s);
	FOR_EACH_LINK(l, &s->group.connections) h2_go_away(h2_of_link(l));
}

err rpc_server_drain(rpc_server *s, int64_t timeout_ms)
{
	int64_t until = clock_now_ms(clock_system()) + timeout_ms;
	bool in_time = true;

	reactor_run(s->reactor, begin_drain, s);
	pthread_mutex_lock(&s->lock);
	while ((s->connections || s->held) && in_time) in_time = wait_until(&s->quiet, &s->lock, until);
	unsigned connections = s->connections, held = s->held;
	pthread_mutex_unlock(&s->lock);
	if (connections == 0 && held == 0) return OK;
	return err_fail(ERR_BUSY, "%u calls are unanswered and %u connections open after %lld ms", held, connections,
	                (long long)timeout_ms);
}

static void end_all(void *arg)
{
	rpc_server *s = arg;
	stop_listening(s);
	FOR_EACH_LINK(l, &s->group.connections) h2_end(h2_of_link(l));
}

void rpc_server_free(rpc_server **sp)
{
	rpc_server *s = *sp;
	if (!s) return;
	reactor_run(s->reactor, end_all, s);
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_mutex_unlock(&s->lock);
	reactor_settle(s->reactor);
	server_release(s);
	*sp = NULL;
}
