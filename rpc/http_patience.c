/* SPDX-License-Identifier: MIT */
/* rpc/http_patience.c -- a list under a lock, and a thread with a bell. */
#include "rpc/http_patience.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/wait.h"

struct http_waiting {
	struct http_waiting *next, **link;
	int     fd;
	bool    ours;                              /* the request is here; the answer may take its time */
	int64_t since_ms;
};

struct http_patience {
	pthread_mutex_t lock;
	pthread_cond_t  bell;
	pthread_t       thread;
	bool            stopping;
	const clock_source *clock;
	http_waiting   *first;
};

static size_t look(http_patience *p)
{
	const int64_t now = clock_now_ms(p->clock);
	size_t n = 0;

	for (http_waiting *w = p->first; w; w = w->next) {
		if (w->ours || now - w->since_ms < HTTP_REQUEST_MS) continue;
		(void)shutdown(w->fd, SHUT_RDWR);
		w->ours = true;                    /* once is enough */
		n++;
	}
	return n;
}

size_t http_patience_look(http_patience *p)
{
	pthread_mutex_lock(&p->lock);
	const size_t n = look(p);
	pthread_mutex_unlock(&p->lock);
	return n;
}

static void *keep_looking(void *arg)
{
	http_patience *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		(void)wait_until(&p->bell, &p->lock, clock_now_ms(clock_system()) + 1000);
		(void)look(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

err http_patience_new(http_patience **out, const clock_source *clock)
{
	http_patience *p = calloc(1, sizeof *p);

	if (!p) return err_fail(ERR_NOMEM, "no memory for an HTTP server");
	p->clock = clock;
	pthread_mutex_init(&p->lock, NULL);
	wait_init(&p->bell);
	if (pthread_create(&p->thread, NULL, keep_looking, p) != 0) {
		pthread_cond_destroy(&p->bell);
		pthread_mutex_destroy(&p->lock);
		free(p);
		return err_fail(ERR_NOMEM, "no thread for an HTTP server");
	}
	*out = p;
	return OK;
}

void http_patience_free(http_patience **pp)
{
	http_patience *p = *pp;

	if (!p) return;
	pthread_mutex_lock(&p->lock);
	ASSERT(!p->first);
	p->stopping = true;
	pthread_cond_signal(&p->bell);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->bell);
	pthread_mutex_destroy(&p->lock);
	free(p);
	*pp = NULL;
}

http_waiting *http_patience_begin(http_patience *p, int fd)
{
	http_waiting *w = malloc(sizeof *w);

	if (!w) return NULL;
	pthread_mutex_lock(&p->lock);
	*w = (http_waiting){ .next = p->first, .link = &p->first, .fd = fd, .since_ms = clock_now_ms(p->clock) };
	if (w->next) w->next->link = &w->next;
	p->first = w;
	pthread_mutex_unlock(&p->lock);
	return w;
}

static void mark(http_patience *p, http_waiting *w, bool ours)
{
	if (!w) return;
	pthread_mutex_lock(&p->lock);
	w->ours = ours;
	w->since_ms = clock_now_ms(p->clock);
	pthread_mutex_unlock(&p->lock);
}

void http_patience_came(http_patience *p, http_waiting *w) { mark(p, w, true); }
void http_patience_next(http_patience *p, http_waiting *w) { mark(p, w, false); }

void http_patience_end(http_patience *p, http_waiting *w)
{
	if (!w) return;
	pthread_mutex_lock(&p->lock);
	*w->link = w->next;
	if (w->next) w->next->link = w->link;
	pthread_mutex_unlock(&p->lock);
	free(w);
}
