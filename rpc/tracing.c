/* SPDX-License-Identifier: MIT */
/* rpc/tracing.c -- a ring of spans between those who work and the one who sends. */
#include "rpc/tracing.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "base/clock.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/wait.h"
#include "rpc/fetch.h"

enum { MAX_ANSWER = 64 << 10, MS_NS = 1000000 };

struct tracing {
	tracing_config c;
	char    *url, *service;              /* c.service is this one */
	_Atomic uint64_t sent, dropped;

	pthread_mutex_t lock;
	pthread_cond_t  more;
	bool     closing, failing;           /* failing: it was said already */
	span    *ring, *batch;
	size_t   first, n;
	pthread_t sender;
	bool     runs;
};

int64_t tracing_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 * MS_NS + now.tv_nsec;
}

/* ---- as JSON -------------------------------------------------------------------------------------------------- */

/* What is not plain ASCII is left out: sentences quote what others wrote. */
static void put_text(buf *b, const char *s)
{
	buf_put_u8(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\') buf_printf(b, "\\%c", *s);
		else buf_put_u8(b, *s >= 0x20 && *s < 0x7f ? (uint8_t)*s : '?');
	}
	buf_put_u8(b, '"');
}

static void put_attribute(buf *b, const char *comma, const char *key, const char *value)
{
	buf_printf(b, "%s{\"key\":\"%s\",\"value\":{\"stringValue\":", comma, key);
	put_text(b, value);
	buf_put_str(b, "}}");
}

static void put_id(buf *b, const char *name, const uint8_t *id, size_t n)
{
	buf_printf(b, "\"%s\":\"", name);
	buf_put_hex(b, slice_of(id, n));
	buf_put_str(b, "\",");
}

static void put_span(buf *b, const span *s)
{
	enum { INTERNAL = 1, FAILED = 2 };
	static const uint8_t NONE[TRACE_SPAN];
	char request[ID_TEXT];

	id_text(request, &s->request);
	buf_put_u8(b, '{');
	put_id(b, "traceId", s->at.id, TRACE_ID);
	put_id(b, "spanId", s->at.span, TRACE_SPAN);
	if (memcmp(s->at.above, NONE, TRACE_SPAN)) put_id(b, "parentSpanId", s->at.above, TRACE_SPAN);
	buf_printf(b, "\"name\":\"%s\",\"kind\":%d,\"startTimeUnixNano\":\"%jd\",\"endTimeUnixNano\":\"%jd\",\"attributes\":[", s->name,
	           INTERNAL, (intmax_t)s->from_ns, (intmax_t)s->to_ns);
	put_attribute(b, "", "arca.request_id", request);
	buf_put_str(b, "]");
	if (s->why[0]) {
		buf_printf(b, ",\"status\":{\"code\":%d,\"message\":", FAILED);
		put_text(b, s->why);
		buf_put_u8(b, '}');
	}
	buf_put_u8(b, '}');
}

void tracing_write(buf *out, const tracing_config *c, const span *s, size_t n)
{
	buf_put_str(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
	put_attribute(out, "", "service.name", c->service);
	put_attribute(out, ",", "service.instance.id", c->instance);
	buf_printf(out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"%s\"},\"spans\":[", c->scope);
	for (size_t i = 0; i < n; i++) {
		if (i) buf_put_u8(out, ',');
		put_span(out, &s[i]);
	}
	buf_put_str(out, "]}]}]}");
}

/* ---- sending -------------------------------------------------------------------------------------------------- */

static void send_batch(tracing *t, size_t n)
{
	AUTO(buf) text = { 0 };
	AUTO(buf) answer = { 0 };
	unsigned status = 0;

	tracing_write(&text, &t->c, t->batch, n);
	const slice body = buf_slice(&text);
	err e = fetch_ask(&answer, &status, t->url, NULL, &body, MAX_ANSWER, t->c.timeout_ms);
	if (e == OK && status / 100 != 2) e = err_fail(ERR_IO, "%s answers with status %u", t->url, status);
	atomic_fetch_add(e == OK ? &t->sent : &t->dropped, n);
	if (e != OK && !t->failing) log_err(LOG_WARN, "traces are not recorded", e);
	t->failing = e != OK;
	err_clear();
}

/* Waits until a batch is full, or for a while. */
static size_t take_batch(tracing *t, bool *closing)
{
	pthread_mutex_lock(&t->lock);
	const int64_t until = clock_now_ms(clock_system()) + t->c.delay_ms;
	while (!t->closing && t->n < t->c.most && wait_until(&t->more, &t->lock, until)) {}
	const size_t n = size_min(t->n, t->c.most);
	for (size_t i = 0; i < n; i++) t->batch[i] = t->ring[(t->first + i) % t->c.room];
	t->first = (t->first + n) % t->c.room;
	t->n -= n;
	*closing = t->closing;
	pthread_mutex_unlock(&t->lock);
	return n;
}

static void *send_all(void *arg)
{
	tracing *t = arg;

	for (bool closing = false;;) {
		const size_t n = take_batch(t, &closing);
		if (n) send_batch(t, n);
		/* At the end a collector that is not there is asked once only. */
		if (closing && (n == 0 || t->failing)) return NULL;
	}
}

void tracing_tell(tracing *t, const span *s)
{
	if (!t || !(s->at.flags & TRACE_SAMPLED)) return;
	pthread_mutex_lock(&t->lock);
	const bool full = t->n == t->c.room;
	if (!full) {
		t->ring[(t->first + t->n++) % t->c.room] = *s;
		if (t->n >= t->c.most) pthread_cond_signal(&t->more);
	}
	pthread_mutex_unlock(&t->lock);
	if (full) atomic_fetch_add(&t->dropped, 1);
}

tracing_counts tracing_counted(tracing *t)
{
	if (!t) return (tracing_counts){ 0 };
	return (tracing_counts){ atomic_load(&t->sent), atomic_load(&t->dropped) };
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

/* http://collector:4318 stands for its usual path. */
static char *url_of(const char *endpoint)
{
	const char *host = strstr(endpoint, "://"), *path = host ? strchr(host + 3, '/') : NULL;
	char *url = NULL;

	if (asprintf(&url, "%s%s", endpoint, !path ? "/v1/traces" : path[1] ? "" : "v1/traces") < 0) url = NULL;
	ASSERT(url);
	return url;
}

const char *tracing_endpoint_wrong(const char *url)
{
	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8)) return "is no URL of a collector, as http://127.0.0.1:4318";
	if (strchr(url, '@')) return "has a user or password in it, which the log might show; leave them out";
	return NULL;
}

err tracing_new(tracing **out, const tracing_config *c)
{
	if (!c->endpoint[0]) return OK;
	tracing *t = calloc(1, sizeof *t);
	if (!t) return err_fail(ERR_NOMEM, "no memory for traces");
	pthread_mutex_init(&t->lock, NULL);
	wait_init(&t->more);
	t->c = *c;
	t->c.most = size_min(c->most, c->room);
	t->url = url_of(c->endpoint);
	t->c.service = t->service = strdup(c->service);
	t->ring = calloc(t->c.room, sizeof *t->ring);
	t->batch = calloc(t->c.most, sizeof *t->batch);
	t->runs = t->service && t->ring && t->batch && pthread_create(&t->sender, NULL, send_all, t) == 0;
	if (!t->runs) {
		tracing_free(&t);
		return err_fail(ERR_NOMEM, "no memory for traces");
	}
	*out = t;
	return OK;
}

void tracing_free(tracing **tp)
{
	tracing *t = *tp;
	if (!t) return;
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	pthread_cond_signal(&t->more);
	pthread_mutex_unlock(&t->lock);
	if (t->runs) pthread_join(t->sender, NULL);
	pthread_cond_destroy(&t->more);
	pthread_mutex_destroy(&t->lock);
	free(t->ring);
	free(t->batch);
	free(t->url);
	free(t->service);
	free(t);
	*tp = NULL;
}
