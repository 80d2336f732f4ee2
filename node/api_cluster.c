/* SPDX-License-Identifier: MIT */
/*
 * node/api_cluster.c -- what operators ask of a party: contexts and epochs made and destroyed, the links measured.
 *
 * These calls read, decide and write files, so they go through the door and are answered when they are done.
 */
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include "node/api_internal.h"
#include "node/cluster.h"
#include "node/parse.h"
#include "rpc/pb.h"

enum { MOST_AT_DOOR = 64, LISTING_ROOM = 16 << 20 };

/* ---- contexts and epochs -------------------------------------------------------------------------------------------- */

static err new_context(api *a, buf *response, slice message)
{
	arena memory = arena_with_limit(2 * PB_ROOM(message.n));
	context_info info;

	(void)response;                                  /* Empty */
	err e = parse_context(&info, &memory, message);
	if (e == OK) e = cluster_make_context(a->p.cluster, &info);
	arena_free(&memory);
	return e;
}

static err reply_ids(buf *response, slice ids)
{
	arena memory = arena_with_limit(LISTING_ROOM);
	Kms__V1__DestroyMpcContextResponse m = KMS__V1__DESTROY_MPC_CONTEXT_RESPONSE__INIT;
	const size_t n = ids.n / sizeof(id32);
	Kms__V1__RequestId *id;

	err e = arena_new(&memory, &m.epoch_ids, n);
	for (size_t i = 0; e == OK && i < n; i++) {
		id32 x;
		memcpy(x.b, ids.p + i * sizeof x, sizeof x);
		e = arena_new(&memory, &id, 1);
		if (e != OK) break;
		kms__v1__request_id__init(id);
		e = arena_new(&memory, &id->request_id, ID_TEXT);
		if (e != OK) break;
		id_text(id->request_id, &x);
		m.epoch_ids[m.n_epoch_ids++] = id;
	}
	if (e == OK) pb_pack(response, &m.base);
	arena_free(&memory);
	return e;
}

static err destroy_context(api *a, buf *response, slice message)
{
	buf gone = { 0 };
	id32 id;

	TRY(parse_destroy_context(&id, message));
	err e = cluster_destroy_context(a->p.cluster, &gone, &id);
	if (e == OK) e = reply_ids(response, buf_slice(&gone));
	buf_free(&gone);
	return e;
}

static err destroy_epoch(api *a, buf *response, slice message)
{
	id32 id;

	(void)response;                                  /* Empty */
	TRY(parse_destroy_epoch(&id, message));
	return cluster_destroy_epoch(a->p.cluster, &id);
}

/* ---- the links measured ------------------------------------------------------------------------------------------------ */

enum { MOST_BENCH_S = 3600 };

static err read_bench(links_bench *out, id32 *context, slice message)
{
	arena memory = arena_with_limit(PB_ROOM(message.n));
	Kms__V1__BandwidthBenchmarkRequest *m;

	err e = pb_unpack(&memory, &m, &kms__v1__bandwidth_benchmark_request__descriptor, message);
	*context = ID_DEFAULT_CONTEXT;
	if (e == OK && m->context_id) e = id_parse(context, "context_id", slice_str(m->context_id->request_id));
	if (e == OK && m->duration > MOST_BENCH_S) e = err_fail(ERR_REQUEST, "duration is %ju seconds", (uintmax_t)m->duration);
	if (e == OK) {
		const bool once = m->kind == KMS__V1__BANDWIDTH_KIND__Once;
		*out = (links_bench){ m->payload_size_per_session, m->number_sessions, once ? 0 : (int64_t)m->duration * 1000 };
		if (!once && m->duration == 0) e = err_fail(ERR_REQUEST, "duration is 0; for one payload a session, ask for the kind Once");
	}
	arena_free(&memory);
	return e;
}

/* A latency in whole milliseconds, rounded. */
static uint64_t in_ms(int64_t us) { return us < 0 ? 0 : (uint64_t)(us + 500) / 1000; }

typedef struct bench_reply {
	Kms__V1__PeerBandwidthInfo info[MAX_PARTIES], *list[MAX_PARTIES];
	Kms__V1__LatencyInfo latency[MAX_PARTIES];
	peer_state state[MAX_PARTIES + 1];
	links_bench_result result[MAX_PARTIES];
	unsigned number[MAX_PARTIES];
	party    id[MAX_PARTIES];
	size_t   n;
} bench_reply;

static void lay_out_result(bench_reply *b, size_t i)
{
	const links_bench_result *r = &b->result[i];

	kms__v1__peer_bandwidth_info__init(&b->info[i]);
	kms__v1__latency_info__init(&b->latency[i]);
	b->list[i] = &b->info[i];
	b->info[i].peer_id = b->id[i];
	b->info[i].endpoint = b->state[b->id[i]].endpoint;
	b->info[i].bytes_sent = r->bytes_sent;
	b->info[i].duration = (uint64_t)r->duration_ms;
	b->info[i].latency = &b->latency[i];
	b->latency[i].average = in_ms(r->average_us);
	b->latency[i].p50 = in_ms(r->p50_us), b->latency[i].p90 = in_ms(r->p90_us), b->latency[i].p99 = in_ms(r->p99_us);
	b->latency[i].slowest = in_ms(r->slowest_us), b->latency[i].fastest = in_ms(r->fastest_us);
}

static err measure(api *a, buf *response, bench_reply *b, const mpc_context *k, const links_bench *what)
{
	Kms__V1__BandwidthBenchmarkResponse m = KMS__V1__BANDWIDTH_BENCHMARK_RESPONSE__INIT;
	peers *p = a->p.cluster->peers;
	committee *c;

	TRY(peers_committee(&c, p, k));
	(void)peers_states(p, k, b->state);
	for (party i = 1; i <= k->n; i++) {
		if (i == k->me || c->number[i] == 0) continue;
		b->number[b->n] = c->number[i];
		b->id[b->n++] = i;
	}
	TRY(links_bench_run(peers_links(p), b->result, b->number, b->n, what));
	for (size_t i = 0; i < b->n; i++) lay_out_result(b, i);
	m.peers_info = b->list;
	m.n_peers_info = b->n;
	pb_pack(response, &m.base);
	return OK;
}

static err bandwidth(api *a, buf *response, slice message)
{
	const mpc_context *k;
	links_bench what;
	id32 context;

	TRY(read_bench(&what, &context, message));
	TRY(contexts_find(&k, a->p.cluster->contexts, &context));
	bench_reply *b = calloc(1, sizeof *b);
	if (!b) return err_fail(ERR_NOMEM, "no memory for the measurement");
	err e = measure(a, response, b, k, &what);
	free(b);
	return e;
}

/* ---- the door ---------------------------------------------------------------------------------------------------------------- */

static const struct operator_call { operation operation; err (*run)(api *a, buf *response, slice message); } CALLS[OPERATOR_CALLS] = {
	[CALL_NEW_CONTEXT] = { OPERATION_NEW_MPC_CONTEXT, new_context },
	[CALL_DESTROY_CONTEXT] = { OPERATION_DESTROY_MPC_CONTEXT, destroy_context },
	[CALL_DESTROY_EPOCH] = { OPERATION_DESTROY_MPC_EPOCH, destroy_epoch },
	[CALL_BANDWIDTH] = { OPERATION_BANDWIDTH_BENCHMARK, bandwidth },
};

typedef struct visit { const operator_method *method; rpc_call *call; slice message; } visit;

static void visit_run(void *arg)
{
	visit *v = arg;
	api *a = v->method->api;
	const struct operator_call *c = &CALLS[v->method->which];
	buf response = { 0 };

	err e = c->run(a, &response, v->message);
	if (e == OK) {
		metrics_ended(a->p.metrics, c->operation, GRPC_OK);
		rpc_reply(v->call, buf_slice(&response));
	} else {
		api_refuse(a, v->call, c->operation, e);
	}
	buf_free(&response);
	free(v);
}

void api_operate(void *ctx, rpc_call *call, slice message)
{
	const operator_method *m = ctx;
	visit *v = malloc(sizeof *v);

	ASSERT(v);
	*v = (visit){ m, call, message };
	err e = pool_submit(m->api->door, visit_run, v, MOST_AT_DOOR);
	if (e == OK) return;
	free(v);
	api_refuse(m->api, call, CALLS[m->which].operation, e);
}

/* ---- health ---------------------------------------------------------------------------------------------------------------- */

typedef struct gathering {
	api   *a;
	arena *memory;
	Kms__V1__PeersFromContext **list;
	size_t n, room;
	err    failed;
} gathering;

static Kms__V1__HealthStatus verdict(unsigned reachable, unsigned n)
{
	if (reachable == n) return KMS__V1__HEALTH_STATUS__HEALTH_STATUS_OPTIMAL;
	if (reachable >= 2 * n / 3 + 1) return KMS__V1__HEALTH_STATUS__HEALTH_STATUS_HEALTHY;
	if (reachable >= n / 3 + 1) return KMS__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED;
	return KMS__V1__HEALTH_STATUS__HEALTH_STATUS_UNHEALTHY;
}

static err lay_out_peers(Kms__V1__PeersFromContext *m, arena *memory, peer_state *of, const mpc_context *k)
{
	Kms__V1__PeerHealth *h;

	TRY(arena_new(memory, &m->peers, k->n));
	for (party i = 1; i <= k->n; i++) {
		if (i == k->me) continue;
		TRY(arena_new(memory, &h, 1));
		kms__v1__peer_health__init(h);
		h->peer_id = i;
		h->endpoint = of[i].endpoint;
		h->reachable = of[i].reachable;
		h->latency_ms = of[i].latency_ms;
		h->error = of[i].error;
		m->peers[m->n_peers++] = h;
	}
	return OK;
}

static err lay_out_context(gathering *g, const mpc_context *k)
{
	Kms__V1__PeersFromContext *m;
	peer_state *of;

	TRY(arena_new(g->memory, &m, 1));
	TRY(arena_new(g->memory, &of, k->n + 1u));
	kms__v1__peers_from_context__init(m);
	TRY(arena_new(g->memory, &m->context_id, 1));
	kms__v1__request_id__init(m->context_id);
	TRY(arena_new(g->memory, &m->context_id->request_id, ID_TEXT));
	id_text(m->context_id->request_id, &k->id);
	m->my_party_id = k->me;
	m->threshold_required = k->n / 3 + 1;
	m->nodes_reachable = peers_states(g->a->p.cluster->peers, k, of);
	m->status = verdict(m->nodes_reachable, k->n);
	g->list[g->n++] = m;
	return lay_out_peers(m, g->memory, of, k);
}

static bool add_context(void *ctx, const mpc_context *k)
{
	gathering *g = ctx;

	if (k->me == 0 || g->n == g->room) return true;
	g->failed = lay_out_context(g, k);
	return g->failed == OK;
}

err api_peers_health(api *a, arena *memory, Kms__V1__HealthStatusResponse *m)
{
	gathering g = { .a = a, .memory = memory, .room = contexts_count(a->p.cluster->contexts) };

	TRY(arena_new(memory, &g.list, g.room));
	contexts_each(a->p.cluster->contexts, add_context, &g);
	TRY(g.failed);
	m->peers_from_all_contexts = g.list;
	m->n_peers_from_all_contexts = g.n;
	return OK;
}
