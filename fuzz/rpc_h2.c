/* SPDX-License-Identifier: MIT */
/*
 * A client's bytes at the gRPC server: HTTP/2, its headers, gRPC framing.  The first byte chooses how they come.
 * Whatever they are, the connection ends, nothing stays charged, and every call that reached a handler is released.
 */
#include "fuzz/fuzz.h"
#include "tests/rpc/wire.h"

enum { GREETED = 1, HELD = 2, PIECEMEAL = 4, SLOW = 8, LATE = 16, MAX_HELD = 64 };

static int64_t now_ms;
static rpc_call *held[MAX_HELD];
static unsigned n_held;
static bool holding;

static int64_t fuzz_now(void *ctx)
{
	(void)ctx;
	return now_ms;
}

static void handle(void *ctx, rpc_call *call, slice request)
{
	(void)ctx;
	(void)rpc_call_traceparent(call);
	if (holding && n_held < MAX_HELD) held[n_held++] = call;
	else if (request.n % 2) rpc_fail_details(call, GRPC_ABORTED, rpc_call_path(call), request);
	else rpc_reply(call, request);
}

static rpc_server *start(void)
{
	static const clock_source clock = { NULL, fuzz_now, fuzz_now };
	static const rpc_method METHODS[] = { { "/a", handle, NULL } };
	rpc_limits limits = rpc_limits_default();
	reactor *loop;
	rpc_server *s;

	limits.message = 200000, limits.buffered = 300000, limits.buffered_all = 300000;
	limits.streams = 20, limits.calls = 10, limits.header_bytes = 1000;
	ASSERT(reactor_new(&loop, &clock) == OK);
	ASSERT(server_new(&s, loop, METHODS, COUNT(METHODS), &limits) == OK);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static rpc_server *server;
	if (!server) server = start();
	if (size == 0) return 0;

	const uint8_t how = data[0];
	slice left = slice_of(data + 1, size - 1);
	wire *w = wire_new(server);
	holding = how & HELD;
	if (how & SLOW) w->patience = 100;
	if (how & GREETED) raw_hello(&w->to);
	while (left.n && !w->gone) {
		size_t n = how & PIECEMEAL ? size_min(left.n, 1 + left.p[0]) : left.n;
		buf_put(&w->to, left.p, n);
		left.p += n, left.n -= n;
		wire_turn(w);
	}
	if (how & LATE) {
		now_ms += rpc_limits_default().receive_ms;
		wire_turn(w);
	}
	while (n_held) rpc_reply(held[--n_held], slice_str("late"));
	wire_turn(w);
	wire_free(w);
	reactor_turn(server->reactor, 0);
	ASSERT(server->group.buffered[H2_SMALL] == 0 && server->group.buffered[H2_LONG] == 0);
	ASSERT(server->held == 0 && server->connections == 0 && list_empty(&server->group.parked));
	err_clear();
	return 0;
}
