/* SPDX-License-Identifier: MIT */
/* bench/stub_web.c -- see the header. */
#include "bench/stub_web.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "rpc/listen.h"

enum { PIECE = 64 << 10, MAX_STUB_PATH = 256 };

typedef struct visitor visitor;
struct visitor {
	stub_web *w;
	visitor  *next, **before;
	reactor_watch watch;
	buf       in, out;
	size_t    sent;
};

struct stub_web {
	reactor  *loop;
	reactor_watch watch;
	unsigned  port;
	stub_handler *handler;
	void     *ctx;
	visitor  *first;
	stub_answer answer;
};

static void leave(visitor *v)
{
	reactor_watch_clear(v->w->loop, &v->watch);
	close(v->watch.fd);
	if (v->next) v->next->before = v->before;
	*v->before = v->next;
	buf_free(&v->in), buf_free(&v->out);
	free(v);
}

/* The bytes of the request at the front, head and body; 0: not all of it is there. */
static size_t whole(const visitor *v, size_t *head)
{
	static const char LENGTH[] = "Content-Length:";
	const char *text = (const char *)v->in.p, *end = memmem(text, v->in.n, "\r\n\r\n", 4);

	if (!end) return 0;
	*head = (size_t)(end - text) + 4;
	const char *length = memmem(text, *head, LENGTH, sizeof LENGTH - 1);      /* as libcurl writes it */
	const size_t body = length ? strtoul(length + sizeof LENGTH - 1, NULL, 10) : 0;
	return *head + body <= v->in.n ? *head + body : 0;
}

static bool serve_one(visitor *v, size_t head, size_t all)
{
	stub_answer *a = &v->w->answer;
	char path[MAX_STUB_PATH];
	const char *text = (const char *)v->in.p, *from = memchr(text, ' ', head);
	const char *to = from ? memchr(from + 1, ' ', head - (size_t)(from + 1 - text)) : NULL;

	if (!to || (size_t)(to - from) > sizeof path) return false;
	memcpy(path, from + 1, (size_t)(to - from - 1));
	path[to - from - 1] = '\0';
	buf_clear(&a->body);
	a->status = 200, a->headers = "";
	v->w->handler(v->w->ctx, a, path, slice_of(v->in.p + head, all - head));
	buf_printf(&v->out, "HTTP/1.1 %u -\r\n%sContent-Length: %zu\r\n\r\n", a->status, a->headers, a->body.n);
	buf_put_slice(&v->out, buf_slice(&a->body));
	memmove(v->in.p, v->in.p + all, v->in.n - all);
	v->in.n -= all;
	return true;
}

static bool serve_all(visitor *v)
{
	size_t head, all;

	while ((all = whole(v, &head)))
		if (!serve_one(v, head, all)) return false;
	return v->in.n <= MAX_STUB_REQUEST;
}

/* False: it is gone. */
static bool receive(visitor *v)
{
	buf_reserve(&v->in, PIECE);
	const ssize_t n = recv(v->watch.fd, v->in.p + v->in.n, PIECE, 0);
	if (n > 0) v->in.n += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool say(visitor *v)
{
	while (v->sent < v->out.n) {
		const ssize_t n = send(v->watch.fd, v->out.p + v->sent, v->out.n - v->sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN) return false;
		if (n < 0) return reactor_watch_set(v->w->loop, &v->watch, EPOLLIN | EPOLLOUT) == OK;
		v->sent += (size_t)n;
	}
	buf_clear(&v->out);
	v->sent = 0;
	return v->watch.events == EPOLLIN || reactor_watch_set(v->w->loop, &v->watch, EPOLLIN) == OK;
}

static void ready(void *arg, uint32_t events)
{
	visitor *v = arg;

	if ((events & ~(uint32_t)EPOLLOUT && !receive(v)) || !serve_all(v) || !say(v)) leave(v);
	err_clear();
}

static void welcome(void *arg, uint32_t events)
{
	stub_web *w = arg;

	(void)events;
	for (int fd; (fd = accept4(w->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
		visitor *v = calloc(1, sizeof *v);
		ASSERT(v);
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		*v = (visitor){ .w = w, .next = w->first, .before = &w->first, .watch = { .fd = fd, .ready = ready, .arg = v } };
		if (v->next) v->next->before = &v->next;
		w->first = v;
		if (reactor_watch_set(w->loop, &v->watch, EPOLLIN) != OK) err_clear(), leave(v);
	}
}

err stub_web_new(stub_web **out, reactor *r, stub_handler *handler, void *ctx)
{
	stub_web *w = calloc(1, sizeof *w);

	if (!w) return err_fail(ERR_NOMEM, "no memory for a stub");
	*w = (stub_web){ .loop = r, .handler = handler, .ctx = ctx, .watch = { .fd = -1, .ready = welcome, .arg = w } };
	err e = listen_on(&w->watch.fd, &w->port, "127.0.0.1", 0);
	if (e == OK) e = reactor_watch_set(r, &w->watch, EPOLLIN);
	if (e == OK) *out = w;
	else stub_web_free(&w);
	return e;
}

unsigned stub_web_port(const stub_web *w) { return w->port; }

void stub_web_free(stub_web **w)
{
	if (!*w) return;
	while ((*w)->first) leave((*w)->first);
	reactor_watch_clear((*w)->loop, &(*w)->watch);
	if ((*w)->watch.fd >= 0) close((*w)->watch.fd);
	buf_free(&(*w)->answer.body);
	free(*w);
	*w = NULL;
}
