/* SPDX-License-Identifier: MIT */
/* bench/stub_gateway.c -- see the header. */
#include "bench/stub_gateway.h"
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include "bench/bench.h"
#include "bench/stub_web.h"
#include "rpc/pb.h"
#include "rpc/server.h"

enum { MAX_URL = 64 };

struct stub_gateway {
	const load *l;
	reactor    *loop;
	stub_web   *web;
	rpc_server *server;
	stub_chain *chain;
	buf         answer;
	stub_counts counts;
	char        chain_url[MAX_URL], bucket_url[MAX_URL], node_url[MAX_URL];
};

static const char CHAIN[] = "/chain", BUCKET[] = "/bucket/";

static void serve_web(void *ctx, stub_answer *out, const char *path, slice body)
{
	stub_gateway *g = ctx;
	size_t i;

	if (!strcmp(path, CHAIN)) stub_chain_answer(g->chain, &out->body, body);
	else if (!strncmp(path, BUCKET, strlen(BUCKET)) && load_find_digest(&i, g->l, slice_str(path + strlen(BUCKET)))) {
		out->headers = "x-amz-meta-ct-format: compressed_on_cpu\r\n";
		load_put_ciphertext(&out->body, g->l, i);
		g->counts.fetched++;
	} else out->status = 404;
}

static void take(void *ctx, rpc_call *call, slice request)
{
	stub_gateway *g = ctx;
	size_t i;

	if (load_asked(&i, g->l, request)) rpc_reply(call, (slice){ 0 });
	else g->counts.wrong++, rpc_fail(call, GRPC_INVALID_ARGUMENT, "this was not asked on chain");
}

static void give(void *ctx, rpc_call *call, slice request)
{
	stub_gateway *g = ctx;
	arena memory = arena_with_limit(PB_ROOM(request.n));
	Kms__V1__RequestId *m = NULL;
	size_t i;

	if (pb_unpack(&memory, &m, &kms__v1__request_id__descriptor, request) == OK && load_find(&i, g->l, slice_str(m->request_id))) {
		buf_clear(&g->answer);
		load_put_answer(&g->answer, g->l, i);
		rpc_reply(call, buf_slice(&g->answer));
	} else g->counts.wrong++, rpc_fail(call, GRPC_NOT_FOUND, "there is no such request");
	err_clear();
	arena_free(&memory);
}

static void tell_keys(void *ctx, rpc_call *call, slice request)
{
	stub_gateway *g = ctx;

	(void)request;
	buf_clear(&g->answer);
	load_put_keys(&g->answer);
	rpc_reply(call, buf_slice(&g->answer));
}

static void healthy(void *ctx, rpc_call *call, slice request)
{
	static const uint8_t SERVING[] = { 0x08, 0x01 };         /* HealthCheckResponse */

	(void)ctx, (void)request;
	rpc_reply(call, slice_of(SERVING, sizeof SERVING));
}

static void count(void *arg) { ((stub_gateway *)arg)->counts.core_s = bench_seconds(BENCH_THREAD); }

stub_counts stub_gateway_counts(stub_gateway *g)
{
	if (g->loop) reactor_run(g->loop, count, g);
	return g->counts;
}

stub_chain *stub_gateway_chain(stub_gateway *g) { return g->chain; }
const char *stub_gateway_chain_url(const stub_gateway *g) { return g->chain_url; }
const char *stub_gateway_node_url(const stub_gateway *g) { return g->node_url; }

static void close_web(void *arg) { stub_web_free(&((stub_gateway *)arg)->web); }

void stub_gateway_stop(stub_gateway *g)
{
	if (!g->loop) return;
	(void)stub_gateway_counts(g);
	reactor_run(g->loop, close_web, g);
	rpc_server_free(&g->server);
	reactor_free(&g->loop);
}

void stub_gateway_free(stub_gateway **g)
{
	if (!*g) return;
	stub_gateway_stop(*g);
	stub_chain_free(&(*g)->chain);
	buf_free(&(*g)->answer);
	free(*g);
	*g = NULL;
}

static err start(stub_gateway *g)
{
	const rpc_method methods[] = {
		{ "/kms_service.v1.CoreServiceEndpoint/PublicDecrypt", take, g },
		{ "/kms_service.v1.CoreServiceEndpoint/GetPublicDecryptionResult", give, g },
		{ "/kms_service.v1.CoreServiceEndpoint/GetKeyMaterialAvailability", tell_keys, g },
		{ "/grpc.health.v1.Health/Check", healthy, NULL },
	};

	TRY(reactor_new(&g->loop, NULL));
	TRY(stub_web_new(&g->web, g->loop, serve_web, g));
	snprintf(g->chain_url, MAX_URL, "http://127.0.0.1:%u%s", stub_web_port(g->web), CHAIN);
	snprintf(g->bucket_url, MAX_URL, "http://127.0.0.1:%u/bucket", stub_web_port(g->web));
	TRY(stub_chain_new(&g->chain, g->l, g->bucket_url));
	TRY(reactor_start(g->loop));
	TRY(rpc_server_new(&g->server, g->loop, "127.0.0.1", 0, methods, COUNT(methods), NULL));
	snprintf(g->node_url, MAX_URL, "http://127.0.0.1:%u", rpc_server_port(g->server));
	return OK;
}

err stub_gateway_new(stub_gateway **out, const load *l)
{
	stub_gateway *g = calloc(1, sizeof *g);

	if (!g) return err_fail(ERR_NOMEM, "no memory for a stub");
	g->l = l;
	const err e = start(g);
	if (e == OK) *out = g;
	else stub_gateway_free(&g);
	return e;
}
