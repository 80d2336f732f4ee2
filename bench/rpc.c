/* SPDX-License-Identifier: MIT */
/* bench/rpc.c -- gRPC calls over loopback: server, connection and callers in this process, all of it counted. */
#include "bench/bench.h"
#include <pthread.h>
#include "rpc/conn.h"
#include "rpc/server.h"

enum { CALLERS = 8, MOST_CALLERS = 32, MESSAGE = 64, CALL_MS = 10000, SLICE_MS = 100 };

static const char ECHO[] = "/arca.Bench/Echo";

static void echo(void *ctx, rpc_call *call, slice request)
{
	(void)ctx;
	rpc_reply(call, request);
}

typedef struct caller {
	rpc_conn *conn;
	double    until;               /* by the wall's clock */
	size_t    calls;
	err       e;
	char      why[256];
	pthread_t thread;
} caller;

static err call_once(caller *c)
{
	AUTO(buf) answer = { 0 };
	uint8_t message[MESSAGE];

	memset(message, (int)c->calls, sizeof message);
	TRY(rpc_conn_call(c->conn, &answer, NULL, ECHO, slice_of(message, sizeof message), CALL_MS));
	if (!slice_eq_var(buf_slice(&answer), slice_of(message, sizeof message)))
		return err_fail(ERR_INTERNAL, "the echo came back changed");
	c->calls++;
	return OK;
}

static void *call_on(void *arg)
{
	caller *c = arg;

	while (c->e == OK && bench_seconds(BENCH_WALL) < c->until) c->e = call_once(c);
	if (c->e != OK) snprintf(c->why, sizeof c->why, "%s", err_text());
	err_clear();
	return NULL;
}

/* Everybody calls for a while: one sample. */
static err one_slice(bench *b, rpc_conn *conn, caller *c, unsigned callers)
{
	const double began = bench_seconds(BENCH_WALL);
	size_t calls = 0;

	for (unsigned i = 0; i < callers; i++) {
		c[i] = (caller){ .conn = conn, .until = began + SLICE_MS * 1e-3 };
		ASSERT(pthread_create(&c[i].thread, NULL, call_on, &c[i]) == 0);
	}
	for (unsigned i = 0; i < callers; i++) pthread_join(c[i].thread, NULL);
	const double took = bench_seconds(BENCH_WALL) - began;
	for (unsigned i = 0; i < callers; i++) {
		if (c[i].e != OK) return err_fail(c[i].e, "%s", c[i].why);
		calls += c[i].calls;
	}
	bench_take(b, (double)calls / took);
	return OK;
}

static err all_slices(bench *b, rpc_conn *conn)
{
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;
	const unsigned want = b->options->threads ? b->options->threads : CALLERS;
	caller c[MOST_CALLERS];

	b->threads = want < MOST_CALLERS ? want : MOST_CALLERS;
	do TRY(one_slice(b, conn, c, b->threads));
	while (bench_seconds(BENCH_WALL) < until);
	return OK;
}

static err grpc_unary(bench *b)
{
	static const rpc_method METHODS[] = { { ECHO, echo, NULL } };
	reactor *r = NULL;
	rpc_server *server = NULL;
	rpc_conn *conn = NULL;

	err e = reactor_new(&r, NULL);
	if (e == OK) e = reactor_start(r);
	if (e == OK) e = rpc_server_new(&server, r, "127.0.0.1", 0, METHODS, COUNT(METHODS), NULL);
	if (e == OK) e = rpc_conn_new(&conn, NULL, "127.0.0.1", rpc_server_port(server), NULL);
	if (e == OK) e = all_slices(b, conn);
	rpc_conn_free(&conn);
	rpc_server_free(&server);
	reactor_free(&r);
	return e;
}

static const bench_row ROWS[] = {
	{ "grpc-unary", "1/s", "gRPC calls of 64 bytes over loopback, one connection, 8 callers (--threads), both sides in this process",
	  grpc_unary, { 0 } },
};
const bench_group BENCH_RPC = { ROWS, COUNT(ROWS), NULL, NULL };
