/* SPDX-License-Identifier: MIT */
/*
 * tests/rpc/echo_server.c -- a gRPC server for foreign clients to try, see tests/clients/rpc_echo.mjs.
 *
 * Prints its port, serves until stdin ends, drains, and exits 0 if everything was answered.
 *
 *   /test.Echo/Unary    the request comes back
 *   /test.Echo/Fail     FAILED_PRECONDITION with the request as its sentence
 *   /test.Echo/Trace    the value of the header `traceparent`
 *   /test.Echo/Hold     no answer until the client has gone or the deadline has passed
 *   /test.Echo/Gone     how many held calls have seen their client go, as a decimal number
 */
#include "rpc/rpc.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static reactor *loop;
static _Atomic unsigned gone;

static void unary(void *ctx, rpc_call *call, slice request)
{
	(void)ctx;
	rpc_reply(call, request);
}

static void fail(void *ctx, rpc_call *call, slice request)
{
	(void)ctx;
	buf text = { 0 };
	buf_put_slice(&text, request);
	rpc_fail_details(call, GRPC_FAILED_PRECONDITION, buf_str(&text), slice_of("\x08\x09", 2));
	buf_free(&text);
}

static void trace(void *ctx, rpc_call *call, slice request)
{
	(void)ctx, (void)request;
	rpc_reply(call, rpc_call_traceparent(call));
}

static void *wait_until_gone(void *arg)
{
	rpc_call *call = arg;
	while (!rpc_call_cancelled(call)) usleep(1000);
	atomic_fetch_add(&gone, 1);
	rpc_reply(call, (slice){ 0 });
	return NULL;
}

static void hold(void *ctx, rpc_call *call, slice request)
{
	pthread_t t;
	(void)ctx, (void)request;
	if (pthread_create(&t, NULL, wait_until_gone, call) == 0) pthread_detach(t);
	else rpc_fail(call, GRPC_INTERNAL, "no thread");
}

static void count_gone(void *ctx, rpc_call *call, slice request)
{
	char text[16];
	(void)ctx, (void)request;
	snprintf(text, sizeof text, "%u", atomic_load(&gone));
	rpc_reply(call, slice_str(text));
}

int main(void)
{
	static const rpc_method METHODS[] = {
		{ "/test.Echo/Unary", unary, NULL }, { "/test.Echo/Fail", fail, NULL }, { "/test.Echo/Trace", trace, NULL },
		{ "/test.Echo/Hold", hold, NULL }, { "/test.Echo/Gone", count_gone, NULL },
	};
	rpc_server *server;
	char byte;

	err e = reactor_new(&loop, NULL);
	if (e == OK) e = reactor_start(loop);
	if (e == OK) e = rpc_server_new(&server, loop, "127.0.0.1", 0, METHODS, COUNT(METHODS), NULL);
	if (e != OK) {
		fprintf(stderr, "echo_server: %s\n", err_text());
		return 1;
	}
	printf("%u\n", rpc_server_port(server));
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) continue;
	e = rpc_server_drain(server, 10000);
	if (e != OK) fprintf(stderr, "echo_server: %s\n", err_text());
	rpc_server_free(&server);
	reactor_free(&loop);
	return e == OK ? 0 : 1;
}
