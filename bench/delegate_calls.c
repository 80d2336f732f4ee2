/* SPDX-License-Identifier: MIT */
/* bench/delegate_calls.c */
#include "bench/delegate_calls.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CALLERS = 64, OPENED = 16, ANSWER = 4096 };

/* ---- requests --------------------------------------------------------------------------------------------------- */

err askers_open(askers *a, uint32_t chain_id, const secp_sk *gateway)
{
	*a = (askers){ .chain_id = chain_id };
	TRY(secp_new(&a->curve, rng_os()));
	TRY(signer_new(&a->gateway, gateway, rng_os()));
	for (unsigned i = 0; i < BENCH_READERS; i++) {
		TRY(rsa_sk_new(&a->sk[i], 2048));
		rsa_sk_spki(&a->spki[i], a->sk[i]);
	}
	return OK;
}

void askers_close(askers *a)
{
	for (unsigned i = 0; i < BENCH_READERS; i++) {
		rsa_sk_free(&a->sk[i]);
		buf_free(&a->spki[i]);
	}
	signer_free(&a->gateway);
	secp_free(&a->curve);
}

exchange *exchanges_new(size_t n)
{
	exchange *x = calloc(n, sizeof *x);
	ASSERT(x);
	return x;
}

void exchanges_free(exchange *x, size_t n)
{
	for (size_t i = 0; i < n; i++) buf_free(&x[i].body), buf_free(&x[i].authorization), buf_free(&x[i].http), buf_free(&x[i].answer);
	free(x);
}

void exchange_prepare(exchange *x, const askers *a, size_t i)
{
	buf_clear(&x->body), buf_clear(&x->authorization), buf_clear(&x->http), buf_clear(&x->answer);
	secp_sk_random(&x->k, rng_os());
	x->sk = a->sk[i % BENCH_READERS];
	x->ask = (delegate_ask){
		.chain_id = a->chain_id, .text = TYPED_AS_SENT, .K = secp_pk_of(a->curve, &x->k), .spki = buf_slice(&a->spki[i % BENCH_READERS]),
	};
	delegate_ask_body(&x->body, &x->ask);
	delegate_ask_authorization(&x->authorization, &x->ask, a->gateway);
	(void)buf_str(&x->authorization);
	buf_printf(&x->http, "POST /v0/delegate?chain_id=%u HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
	           "Authorization: %s\r\nContent-Length: %zu\r\n\r\n", a->chain_id, buf_str(&x->authorization), x->body.n);
	buf_put_slice(&x->http, buf_slice(&x->body));
}

err exchange_check(const exchange *x, const askers *a, bool open)
{
	AUTO(buf) sealed = { 0 };
	shared_x expected;
	uint8_t got[ECIES_X];

	TRY(delegate_reply_read(&sealed, &x->ask, &a->wallet, buf_slice(&x->answer)));
	if (!open) return OK;
	TRY(rsa_open(got, sizeof got, x->sk, buf_slice(&sealed)));
	TRY(ecies_shared(&expected, &x->k, slice_of(a->P.b, sizeof a->P.b)));
	return memcmp(got, expected.b, sizeof got) == 0 ? OK : err_fail(ERR_INTERNAL, "a wrong secret was handed out");
}

/* ---- over HTTP ------------------------------------------------------------------------------------------------------ */

/* One connection, kept alive, and the part of the requests that goes over it. */
typedef struct caller {
	int       fd;
	exchange *x;
	size_t    n;
	bool      ok;
	double   *took_ms;                 /* of each, or NULL */
	pthread_t thread;
} caller;

static bool send_all(int fd, const buf *b)
{
	size_t at = 0;

	while (at < b->n) {
		const ssize_t n = send(fd, b->p + at, b->n - at, MSG_NOSIGNAL);
		if (n <= 0) return false;
		at += (size_t)n;
	}
	return true;
}

/* An answer with a Content-Length: only its body is kept. */
static bool receive(int fd, buf *out)
{
	char text[ANSWER];
	size_t have = 0;

	for (;;) {
		const ssize_t n = recv(fd, text + have, sizeof text - 1 - have, 0);
		if (n <= 0) return false;
		have += (size_t)n;
		text[have] = '\0';
		const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
		if (!end || !length) continue;
		const size_t body = strtoul(length + strlen("content-length:"), NULL, 10), head = (size_t)(end + 4 - text);
		if (head + body > sizeof text - 1) return false;
		if (have < head + body) continue;
		buf_put(out, text + head, body);
		return strncmp(text, "HTTP/1.1 200", 12) == 0;
	}
}

static void *call_on(void *arg)
{
	caller *c = arg;

	c->ok = true;
	for (size_t i = 0; i < c->n && c->ok; i++) {
		const double began = bench_seconds(BENCH_WALL);
		c->ok = send_all(c->fd, &c->x[i].http) && receive(c->fd, &c->x[i].answer);
		if (c->took_ms) c->took_ms[i] = 1e3 * (bench_seconds(BENCH_WALL) - began);
	}
	return NULL;
}

static err connect_one(int *fd, unsigned port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1;

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || connect(*fd, (const struct sockaddr *)&a, sizeof a) != 0) return err_fail(ERR_IO, "no connection to the server");
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return OK;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static err serve_once(bench *b, const askers *a, exchange *x, size_t n, caller *c)
{
	for (size_t i = 0; i < n; i++) exchange_prepare(&x[i], a, i);
	const double began = bench_seconds(BENCH_WALL);
	for (unsigned i = 0; i < b->threads; i++) ASSERT(pthread_create(&c[i].thread, NULL, call_on, &c[i]) == 0);
	for (unsigned i = 0; i < b->threads; i++) pthread_join(c[i].thread, NULL);
	const double took = bench_seconds(BENCH_WALL) - began;
	for (unsigned i = 0; i < b->threads; i++)
		if (!c[i].ok) return err_fail(ERR_INTERNAL, "a request was not answered with 200");
	if (c[0].took_ms) qsort(c[0].took_ms, n, sizeof *c[0].took_ms, by_size);
	bench_take(b, c[0].took_ms ? c[0].took_ms[n / 2] : (double)n / took);
	for (size_t i = 0; i < n; i++) TRY(exchange_check(&x[i], a, i % OPENED == 0));
	return OK;
}

err askers_over_http(bench *b, const askers *a, unsigned port, size_t requests, unsigned callers)
{
	exchange *x = exchanges_new(requests);
	double *took = calloc(requests, sizeof *took);
	caller c[MOST_CALLERS] = { 0 };
	err e = OK;

	ASSERT(took);
	b->threads = callers < MOST_CALLERS ? callers : MOST_CALLERS;
	for (unsigned i = 0; i < b->threads; i++) {
		const size_t from = requests * i / b->threads;
		c[i] = (caller){ .fd = -1, .x = x + from, .n = requests * (i + 1) / b->threads - from, .took_ms = callers == 1 ? took : NULL };
		if (e == OK) e = connect_one(&c[i].fd, port);
	}
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;
	for (unsigned runs = 0; e == OK && (runs < 3 || bench_seconds(BENCH_WALL) < until); runs++) e = serve_once(b, a, x, requests, c);
	for (unsigned i = 0; i < b->threads; i++)
		if (c[i].fd >= 0) close(c[i].fd);
	free(took);
	exchanges_free(x, requests);
	return e;
}
