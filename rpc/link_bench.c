/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_bench.c -- how fast bytes get to peers: sessions that send a payload and wait for its acknowledgement.
 *
 * Payloads are made while they are sent, and thrown away by the receiver, so they take no memory on either side.  They
 * go behind all frames.  A token names a session and one payload of it, so that late answers are not counted.
 *
 * Latencies are kept exactly up to SAMPLES; then every second one is dropped, and from there on only every second one
 * kept, and so on: quantiles are of an even selection, the rest is of all.
 */
#include "rpc/link_internal.h"
#include <stdlib.h>

enum { SAMPLES = 1 << 16, RECORDS = 4, TOKEN = 8, FILL = LINK_BODY_MAX - TOKEN };

typedef struct bench_session {
	int64_t  start_us;
	uint64_t token;                      /* 0: it waits for nothing */
} bench_session;

typedef struct link_bench_peer {
	link_bench *b;
	link_peer  *p;
	links_bench_result *result;
	bench_session *sessions;
	unsigned *queue, first, queued;      /* sessions whose payload is to be sent: a ring */
	uint64_t  left;                      /* bytes of the first one's */
	unsigned  open;                      /* sessions with a payload that has no answer */
	int64_t  *samples;
	size_t    n_samples;
	uint64_t  stride, sum_us;            /* every stride'th answer is a sample */
	bool      over;
} link_bench_peer;

struct link_bench {
	links      *l;
	links_bench what;
	link_bench_peer *peers;
	size_t      n, running;
	int64_t     start_ms, end_ms;        /* no payload begins at or after the end */
	uint64_t    tokens;
	reactor_timer timer;
	bool        done;                    /* under the lock */
	pthread_cond_t finished;
	const unsigned *numbers;
	links_bench_result *results;
};

/* ---- sessions ------------------------------------------------------------------------------------------------- */

static void begin_payload(link_bench_peer *k, unsigned session)
{
	k->sessions[session] = (bench_session){ link_now_us(k->b->l), ++k->b->tokens };
	k->queue[(k->first + k->queued++) % k->b->what.sessions] = session;
	if (k->queued == 1) k->left = k->b->what.payload;
	k->open++;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t quantile(const link_bench_peer *k, unsigned percent)
{
	return k->samples[(k->n_samples - 1) * percent / 100];
}

static void peer_over(link_bench_peer *k)
{
	link_bench *b = k->b;
	links_bench_result *r = k->result;

	if (k->over) return;
	k->over = true;
	if (k->p) k->p->bench = NULL;
	r->lost += k->open;
	r->duration_ms = link_now_ms(b->l) - b->start_ms;
	if (r->answers) {
		qsort(k->samples, k->n_samples, sizeof *k->samples, compare);
		r->average_us = (int64_t)(k->sum_us / r->answers);
		r->p50_us = quantile(k, 50), r->p90_us = quantile(k, 90), r->p99_us = quantile(k, 99);
	}
	b->running--;
}

static void finish_if_over(link_bench *b)
{
	links *l = b->l;
	if (b->running) return;
	reactor_timer_clear(l->reactor, &b->timer);
	pthread_mutex_lock(&l->lock);
	b->done = true;
	pthread_cond_signal(&b->finished);
	pthread_mutex_unlock(&l->lock);              /* b may be gone from here on */
}

void link_bench_stop(links *l)
{
	link_bench *b = l->bench;
	if (!b || b->running == 0) return;
	for (size_t i = 0; i < b->n; i++) peer_over(&b->peers[i]);
	finish_if_over(b);
}

void link_bench_lost(link_peer *p)
{
	link_bench_peer *k = p->bench;
	if (!k) return;
	link_bench *b = k->b;
	peer_over(k);
	finish_if_over(b);
}

static void add_sample(link_bench_peer *k, int64_t us)
{
	if (k->n_samples == SAMPLES) {
		for (size_t i = 0; i < SAMPLES / 2; i++) k->samples[i] = k->samples[2 * i];
		k->n_samples = SAMPLES / 2;
		k->stride *= 2;
	}
	if (k->result->answers % k->stride == 0) k->samples[k->n_samples++] = us;
}

void link_bench_answer(link_peer *p, uint64_t token)
{
	link_bench_peer *k = p->bench;
	unsigned s = 0;

	if (!k || token == 0) return;
	while (s < k->b->what.sessions && k->sessions[s].token != token) s++;
	if (s == k->b->what.sessions) return;

	links_bench_result *r = k->result;
	int64_t us = link_now_us(k->b->l) - k->sessions[s].start_us;
	add_sample(k, us);
	if (r->answers == 0 || us < r->fastest_us) r->fastest_us = us;
	if (us > r->slowest_us) r->slowest_us = us;
	k->sum_us += (uint64_t)us;
	r->answers++;
	r->bytes_sent += k->b->what.payload;
	k->sessions[s].token = 0;
	k->open--;
	if (k->b->what.duration_ms && link_now_ms(k->b->l) < k->b->end_ms) begin_payload(k, s);
	else if (k->open == 0) link_bench_lost(p);
}

/* A session's answer cannot come before its last record was written: its token is in none before. */
void link_bench_next(link_peer *p, buf *out)
{
	link_bench_peer *k = p->bench;
	if (!k) return;
	for (unsigned i = 0; i < RECORDS && k->queued; i++) {
		const unsigned s = k->queue[k->first];
		const size_t n = (size_t)(k->left < FILL ? k->left : FILL);
		k->left -= n;
		link_put_filler(out, k->sessions[s].token, n, k->left == 0);
		if (k->left) continue;
		k->first = (k->first + 1) % k->b->what.sessions;
		k->queued--;
		k->left = k->b->what.payload;
	}
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static void bench_free(link_bench *b)
{
	for (size_t i = 0; b->peers && i < b->n; i++) {
		link_bench_peer *k = &b->peers[i];
		free(k->sessions);
		free(k->queue);
		free(k->samples);
	}
	free(b->peers);
	pthread_cond_destroy(&b->finished);
	free(b);
}

static link_bench *bench_new(links *l, links_bench_result *out, const unsigned *peers, size_t n, const links_bench *what)
{
	link_bench *b = calloc(1, sizeof *b);
	if (!b) return NULL;
	pthread_cond_init(&b->finished, NULL);
	b->l = l;
	b->what = *what;
	b->numbers = peers;
	b->results = out;
	b->n = b->running = n;
	b->peers = calloc(n, sizeof *b->peers);
	bool ok = b->peers;
	for (size_t i = 0; ok && i < n; i++) {
		link_bench_peer *k = &b->peers[i];
		*k = (link_bench_peer){ .b = b, .result = &out[i], .stride = 1 };
		k->sessions = calloc(what->sessions, sizeof *k->sessions);
		k->queue = calloc(what->sessions, sizeof *k->queue);
		k->samples = malloc(SAMPLES * sizeof *k->samples);
		ok = k->sessions && k->queue && k->samples;
		out[i] = (links_bench_result){ .number = peers[i] };
	}
	if (ok) return b;
	bench_free(b);
	return NULL;
}

static void ring(void *arg)
{
	link_bench *b = arg;
	link_bench_stop(b->l);
}

static void start(void *arg)
{
	link_bench *b = arg;
	links *l = b->l;
	const int64_t most = b->what.duration_ms ? b->what.duration_ms : l->config.bench_ms;

	b->start_ms = link_now_ms(l);
	b->end_ms = b->start_ms + most;
	b->timer = (reactor_timer){ .ring = ring, .arg = b };
	reactor_timer_set(l->reactor, &b->timer, b->end_ms);
	for (size_t i = 0; i < b->n; i++) {
		link_bench_peer *k = &b->peers[i];
		link_peer *p = link_find(l, b->numbers[i]);
		if (l->stopping || !p || !p->up || p->bench) {         /* twice the same number: once is enough */
			peer_over(k);
			continue;
		}
		k->p = p;
		p->bench = k;
		for (unsigned s = 0; s < b->what.sessions; s++) begin_payload(k, s);
		link_conn_touch(p->out);
	}
	finish_if_over(b);
}

static err check(const links_config *limits, size_t n, const links_bench *what)
{
	if (n == 0 || what->sessions == 0 || what->payload == 0)
		return err_fail(ERR_REQUEST, "a benchmark has at least one peer, one session and one byte of payload");
	if (what->payload > limits->bench_payload)
		return err_fail(ERR_REQUEST, "a payload may have %llu bytes", (unsigned long long)limits->bench_payload);
	if (what->sessions > limits->bench_sessions)
		return err_fail(ERR_REQUEST, "a benchmark may have %u sessions", limits->bench_sessions);
	if (n > LINKS_PEERS_MAX || what->payload > limits->bench_in_flight / what->sessions / n)
		return err_fail(ERR_REQUEST, "payload, sessions and peers together may have %llu bytes in flight",
		                (unsigned long long)limits->bench_in_flight);
	if (what->duration_ms < 0 || what->duration_ms > limits->bench_ms)
		return err_fail(ERR_REQUEST, "a benchmark may take %lld ms", (long long)limits->bench_ms);
	return OK;
}

err links_bench_run(links *l, links_bench_result *out, const unsigned *peers, size_t n, const links_bench *what)
{
	TRY(check(&l->config, n, what));
	ASSERT(!reactor_here(l->reactor));
	link_bench *b = bench_new(l, out, peers, n, what);
	if (!b) return err_fail(ERR_NOMEM, "no memory for a benchmark");

	pthread_mutex_lock(&l->lock);
	bool busy = l->bench;
	if (!busy) l->bench = b;
	pthread_mutex_unlock(&l->lock);
	if (busy) {
		bench_free(b);
		return err_fail(ERR_BUSY, "a benchmark is running; one at a time");
	}
	reactor_run(l->reactor, start, b);
	pthread_mutex_lock(&l->lock);
	while (!b->done) pthread_cond_wait(&b->finished, &l->lock);
	l->bench = NULL;
	pthread_mutex_unlock(&l->lock);
	bench_free(b);
	return OK;
}
