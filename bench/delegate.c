/* SPDX-License-Identifier: MIT */
/*
 * bench/delegate.c -- delegations: what one core computes, and what is served over HTTP.
 *
 * Every request is for another point, signed by the gateway for it alone; readers' keys are few and take turns.  Requests are
 * made before the clock runs and answers are looked at after: each must be signed, and hold the secret of its point.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/bench.h"
#include "delegate/delegate.h"

enum { CHAIN = 31337, READERS = 4, COMPUTED = 128, SERVED = 2048, CALLERS = 8, MOST_CALLERS = 64, OPENED = 16, ANSWER = 4096 };

typedef struct world {
	secp *curve;
	signer *wallet, *gateway;
	delegate_kms *kms;
	secp_pk P;
	rsa_sk *sk[READERS];
	buf     spki[READERS];
} world;

/* One request, and the answer to it. */
typedef struct exchange {
	secp_sk k;
	delegate_ask ask;
	const rsa_sk *sk;
	buf body, authorization, http, answer;
} exchange;

/* ---- a deployment --------------------------------------------------------------------------------------------- */

static err new_signer(signer **out)
{
	secp_sk sk;

	secp_sk_random(&sk, rng_os());
	return signer_new(out, &sk, rng_os());
}

static err world_open(world *w)
{
	delegate_chain chain = { .id = CHAIN };

	*w = (world){ 0 };
	TRY(secp_new(&w->curve, rng_os()));
	TRY(new_signer(&w->wallet));
	TRY(new_signer(&w->gateway));
	chain.gateway = *signer_address(w->gateway);
	secp_sk_random(&chain.key, rng_os());
	w->P = secp_pk_of(w->curve, &chain.key);
	TRY(delegate_kms_new(&w->kms, &chain, 1, w->wallet, rng_os()));
	for (unsigned i = 0; i < READERS; i++) {
		TRY(rsa_sk_new(&w->sk[i], 2048));
		rsa_sk_spki(&w->spki[i], w->sk[i]);
	}
	return OK;
}

static void world_close(world *w)
{
	for (unsigned i = 0; i < READERS; i++) {
		rsa_sk_free(&w->sk[i]);
		buf_free(&w->spki[i]);
	}
	delegate_kms_free(&w->kms);
	signer_free(&w->wallet);
	signer_free(&w->gateway);
	secp_free(&w->curve);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static void prepare(const world *w, exchange *x, size_t i)
{
	buf_clear(&x->body), buf_clear(&x->authorization), buf_clear(&x->http), buf_clear(&x->answer);
	secp_sk_random(&x->k, rng_os());
	x->sk = w->sk[i % READERS];
	x->ask = (delegate_ask){
		.chain_id = CHAIN, .text = TYPED_AS_SENT, .K = secp_pk_of(w->curve, &x->k), .spki = buf_slice(&w->spki[i % READERS]),
	};
	delegate_ask_body(&x->body, &x->ask);
	delegate_ask_authorization(&x->authorization, &x->ask, w->gateway);
	(void)buf_str(&x->authorization);
	buf_printf(&x->http, "POST /v0/delegate?chain_id=%d HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
	           "Authorization: %s\r\nContent-Length: %zu\r\n\r\n", CHAIN, buf_str(&x->authorization), x->body.n);
	buf_put_slice(&x->http, buf_slice(&x->body));
}

static err check(const world *w, exchange *x, bool open)
{
	AUTO(buf) sealed = { 0 };
	shared_x expected;
	uint8_t got[ECIES_X];

	TRY(delegate_reply_read(&sealed, &x->ask, signer_address(w->wallet), buf_slice(&x->answer)));
	if (!open) return OK;
	TRY(rsa_open(got, sizeof got, x->sk, buf_slice(&sealed)));
	TRY(ecies_shared(&expected, &x->k, slice_of(w->P.b, sizeof w->P.b)));
	return memcmp(got, expected.b, sizeof got) == 0 ? OK : err_fail(ERR_INTERNAL, "a wrong secret was handed out");
}

static exchange *exchanges_new(size_t n)
{
	exchange *x = calloc(n, sizeof *x);
	ASSERT(x);
	return x;
}

static void exchanges_free(exchange *x, size_t n)
{
	for (size_t i = 0; i < n; i++) buf_free(&x[i].body), buf_free(&x[i].authorization), buf_free(&x[i].http), buf_free(&x[i].answer);
	free(x);
}

/* ---- one core ----------------------------------------------------------------------------------------------------- */

static err compute_once(bench *b, const world *w, exchange *x)
{
	for (size_t i = 0; i < COMPUTED; i++) prepare(w, &x[i], i);
	const double began = bench_seconds(BENCH_THREAD);
	for (size_t i = 0; i < COMPUTED; i++) {
		const delegate_call c = {
			.chain_id = "31337", .authorization = (const char *)x[i].authorization.p, .content_type = "application/json",
			.body = buf_slice(&x[i].body),
		};
		if (delegate_answer(w->kms, &x[i].answer, &c) != 200) return err_fail(ERR_INTERNAL, "%s", buf_str(&x[i].answer));
	}
	bench_take(b, COMPUTED / (bench_seconds(BENCH_THREAD) - began));
	for (size_t i = 0; i < COMPUTED; i++) TRY(check(w, &x[i], true));
	return OK;
}

static err compute(bench *b)
{
	exchange *x = exchanges_new(COMPUTED);
	world w;

	err e = world_open(&w);
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;
	for (unsigned runs = 0; e == OK && (runs < 5 || bench_seconds(BENCH_WALL) < until); runs++) e = compute_once(b, &w, x);
	world_close(&w);
	exchanges_free(x, COMPUTED);
	return e;
}

/* ---- over HTTP ------------------------------------------------------------------------------------------------------ */

/* One connection, kept alive, and the part of the requests that goes over it. */
typedef struct caller {
	int       fd;
	exchange *x;
	size_t    n;
	bool      ok;
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
	for (size_t i = 0; i < c->n && c->ok; i++) c->ok = send_all(c->fd, &c->x[i].http) && receive(c->fd, &c->x[i].answer);
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

static err serve_once(bench *b, const world *w, exchange *x, caller *c)
{
	for (size_t i = 0; i < SERVED; i++) prepare(w, &x[i], i);
	const double began = bench_seconds(BENCH_WALL);
	for (unsigned i = 0; i < b->threads; i++) ASSERT(pthread_create(&c[i].thread, NULL, call_on, &c[i]) == 0);
	for (unsigned i = 0; i < b->threads; i++) pthread_join(c[i].thread, NULL);
	bench_take(b, SERVED / (bench_seconds(BENCH_WALL) - began));
	for (unsigned i = 0; i < b->threads; i++)
		if (!c[i].ok) return err_fail(ERR_INTERNAL, "a request was not answered with 200");
	for (size_t i = 0; i < SERVED; i++) TRY(check(w, &x[i], i % OPENED == 0));
	return OK;
}

static err serve_on(bench *b, const world *w, exchange *x, unsigned port)
{
	const unsigned want = b->options->threads ? b->options->threads : CALLERS;
	caller c[MOST_CALLERS] = { 0 };
	err e = OK;

	b->threads = want < MOST_CALLERS ? want : MOST_CALLERS;
	for (unsigned i = 0; i < b->threads; i++) {
		const size_t from = SERVED * i / b->threads;
		c[i] = (caller){ .fd = -1, .x = x + from, .n = SERVED * (i + 1) / b->threads - from };
		if (e == OK) e = connect_one(&c[i].fd, port);
	}
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;
	for (unsigned runs = 0; e == OK && (runs < 3 || bench_seconds(BENCH_WALL) < until); runs++) e = serve_once(b, w, x, c);
	for (unsigned i = 0; i < b->threads; i++)
		if (c[i].fd >= 0) close(c[i].fd);
	return e;
}

static err serve(bench *b)
{
	exchange *x = exchanges_new(SERVED);
	http_route routes[DELEGATE_ROUTES];
	http_server *server = NULL;
	world w;

	err e = world_open(&w);
	delegate_service service = { .kms = w.kms, .clock = clock_system() };
	delegate_routes(routes, &service);
	if (e == OK) e = http_server_new(&server, "127.0.0.1", 0, routes, COUNT(routes));
	if (e == OK) e = serve_on(b, &w, x, http_server_port(server));
	http_server_free(&server);
	world_close(&w);
	exchanges_free(x, SERVED);
	return e;
}

static const bench_row ROWS[] = {
	{ "delegate/compute", "1/s", "delegations computed by one core: JSON in, authorisation, ECDH, RSA-2048, proof, JSON out",
	  compute, { 0 } },
	{ "delegate/http", "1/s", "delegations over HTTP, 8 connections kept alive (--threads), both sides in this process",
	  serve, { 0 } },
};
const bench_group BENCH_DELEGATE = { ROWS, COUNT(ROWS), NULL, NULL };
