/* SPDX-License-Identifier: MIT */
/* connector/core.c -- the nodes of the KMS, asked over gRPC. */
#include "connector/core.h"
#include <health.pb-c.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "connector/endpoint.h"
#include "rpc/conn.h"
#include "rpc/pb.h"

enum {
	SEND_MS = 30000, POLL_MS = 75000,            /* a node waits up to a minute with the result of a decryption */
};

typedef struct shard {
	rpc_conn  *conn[MAX_SHARD_ENDPOINTS];
	unsigned   n;
	atomic_uint at;                              /* the one that answered last */
} shard;

struct core {
	shard    shard[CONNECTOR_MAX_SHARDS];
	unsigned shards, tries;
	atomic_bool stopped;
};

/* ---- endpoints -------------------------------------------------------------------------------------------------- */

static err open_shard(shard *s, const char *text)
{
	endpoint at[MAX_SHARD_ENDPOINTS];
	unsigned n;

	TRY(endpoints_of(at, &n, text));
	for (; s->n < n; s->n++) TRY(rpc_conn_new(&s->conn[s->n], NULL, at[s->n].host, at[s->n].port, NULL));
	return OK;
}

err core_new(core **out, const connector_config *c)
{
	core *k = calloc(1, sizeof *k);
	err e = k ? OK : err_fail(ERR_NOMEM, "no memory for connections to nodes");

	for (size_t i = 0; e == OK && i < c->worker.endpoints.n; i++) e = open_shard(&k->shard[k->shards++], c->worker.endpoints.item[i]);
	if (e == OK) k->tries = (unsigned)c->worker.grpc_retries, *out = k;
	else core_free(&k);
	return e;
}

void core_free(core **k)
{
	if (!*k) return;
	for (unsigned i = 0; i < (*k)->shards; i++)
		for (unsigned j = 0; j < (*k)->shard[i].n; j++) rpc_conn_free(&(*k)->shard[i].conn[j]);
	free(*k);
	*k = NULL;
}

void core_stop(core *k)
{
	atomic_store(&k->stopped, true);
	for (unsigned i = 0; i < k->shards; i++)
		for (unsigned j = 0; j < k->shard[i].n; j++) rpc_conn_drop(k->shard[i].conn[j]);
}

/* The id, a number of 256 bits, modulo the shards. */
unsigned core_shard(const core *k, const queue_item *item)
{
	const id32 *id = ask_shard_id(item);
	unsigned rest = 0;

	for (size_t i = 0; i < sizeof id->b; i++) rest = (rest << 8 | id->b[i]) % k->shards;
	return rest;
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

/* The endpoint that answered last, and the next one when that is away. */
static void call(const core *k, shard *s, rpc_status *status, buf *response, const char *path, slice request, int64_t timeout_ms)
{
	const unsigned at = atomic_load(&s->at);

	*status = (rpc_status){ GRPC_UNAVAILABLE, "this process ends" };
	for (unsigned i = 0; i < s->n && !atomic_load(&k->stopped); i++) {
		const unsigned now = (at + i) % s->n;
		buf_clear(response);
		if (rpc_conn_call(s->conn[now], response, status, path, request, timeout_ms) != OK) err_clear();
		if (status->code == GRPC_UNAVAILABLE && i + 1 < s->n) continue;
		atomic_store(&s->at, now);
		return;
	}
}

static bool may_pass(grpc_status code)
{
	return code == GRPC_CANCELLED || code == GRPC_DEADLINE_EXCEEDED || code == GRPC_RESOURCE_EXHAUSTED || code == GRPC_UNAVAILABLE || code == GRPC_UNKNOWN;
}

static core_outcome outcome_of(queue_kind kind, grpc_status code)
{
	const bool epoch = ask_makes_epoch(kind);

	if (code == GRPC_ABORTED) return CORE_ABORTED;
	if (code == GRPC_UNKNOWN || code == GRPC_INTERNAL) return CORE_LATER;
	/* A key or an epoch may still come; two epochs are not made or ended at once. */
	if (code == GRPC_NOT_FOUND && (epoch || kind == QUEUE_PREP_KEYGEN || queue_is_decryption(kind))) return CORE_LATER;
	if (code == GRPC_FAILED_PRECONDITION && epoch) return CORE_LATER;
	return may_pass(code) ? CORE_AWAY : CORE_NEVER;
}

static void tell(buf *why, const char *what, const rpc_status *s)
{
	buf_clear(why);
	buf_printf(why, "%s: the node says %s: %s", what, grpc_status_name(s->code), s->message);
}

/* *known: the node knew the request before. */
static core_outcome send(core *k, shard *s, bool *sent, bool *known, core_counts *counts, buf *why, queue_kind kind, slice request)
{
	const char *path = ask_path_of(kind).send;
	rpc_status status = { 0 };
	AUTO(buf) empty = { 0 };

	for (unsigned i = 0; i < k->tries; i++) {
		call(k, s, &status, &empty, path, request, SEND_MS);
		*known = status.code == GRPC_ALREADY_EXISTS;
		*sent = status.code == GRPC_OK || *known;
		if (*sent) return counts->sent++, CORE_DONE;
		counts->sent_errors++;
		if (!may_pass(status.code)) break;
		if (status.code == GRPC_RESOURCE_EXHAUSTED) break;           /* it is full: asking at once again makes it fuller */
	}
	if (status.code == GRPC_NOT_FOUND && ask_ends(kind)) return CORE_DONE;
	tell(why, "the request was not taken", &status);
	return outcome_of(kind, status.code);
}

static core_outcome poll(core *k, shard *s, bool *sent, bool known, core_counts *counts, buf *answer, buf *why, queue_kind kind, slice id)
{
	const char *path = ask_path_of(kind).result;
	rpc_status status = { 0 };

	for (unsigned i = 0; i < k->tries; i++) {
		call(k, s, &status, answer, path, id, POLL_MS);
		if (status.code == GRPC_OK) return counts->polled++, CORE_DONE;
		counts->polled_errors += status.code != GRPC_UNAVAILABLE;    /* not ready is no error */
		if (!may_pass(status.code)) break;
	}
	/* The epoch is there, made before this node's requests were. */
	if (status.code == GRPC_NOT_FOUND && known && ask_makes_epoch(kind) && queue_response_of(kind) == QUEUE_KINDS) return CORE_DONE;
	tell(why, "there is no result", &status);
	if (status.code == GRPC_NOT_FOUND) return *sent = false, CORE_LATER;         /* forgotten: it is sent anew */
	if (status.code != GRPC_INTERNAL) return outcome_of(kind, status.code);
	/* It failed.  A node starts it again if it is sent again, but for a key whose preprocessing was used up: that one it knows. */
	if (known && kind == QUEUE_KEYGEN) return CORE_NEVER;
	return *sent = false, CORE_LATER;
}

core_outcome core_ask(core *k, buf *answer, buf *why, bool *sent, core_counts *counts, const queue_item *item, slice request)
{
	shard *s = &k->shard[core_shard(k, item)];
	bool known = false;
	AUTO(buf) id = { 0 };

	*counts = (core_counts){ 0 };
	if (!*sent) {
		const core_outcome o = send(k, s, sent, &known, counts, why, item->kind, request);
		if (o != CORE_DONE) return o;
	}
	if (!ask_path_of(item->kind).result) return CORE_DONE;
	ask_write_poll(&id, item);
	return poll(k, s, sent, known, counts, answer, why, item->kind, buf_slice(&id));
}

core_outcome core_key_material(core *k, buf *answer, buf *why, const queue_item *item)
{
	rpc_status status = { 0 };

	call(k, &k->shard[core_shard(k, item)], &status, answer, "/kms_service.v1.CoreServiceEndpoint/GetKeyMaterialAvailability", (slice){ 0 }, SEND_MS);
	if (status.code == GRPC_OK) return CORE_DONE;
	tell(why, "which keys a dealer knew, and the epochs of each, are not known", &status);
	return outcome_of(item->kind, status.code);
}

/* ---- health ----------------------------------------------------------------------------------------------------- */

bool core_healthy(core *k, buf *why, int64_t timeout_ms)
{
	Grpc__Health__V1__HealthCheckRequest m = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	AUTO(buf) request = { 0 }, response = { 0 };
	bool all = true;

	m.service = (char *)(uintptr_t)"kms_service.v1.CoreServiceEndpoint";
	pb_pack(&request, &m.base);
	for (unsigned i = 0; i < k->shards; i++) {
		rpc_status status = { 0 };
		call(k, &k->shard[i], &status, &response, "/grpc.health.v1.Health/Check", buf_slice(&request), timeout_ms);
		if (status.code == GRPC_OK) continue;
		buf_printf(why, "%sthe node of shard %u: %s: %s", why->n ? "; " : "", i, grpc_status_name(status.code), status.message);
		all = false;
	}
	return all;
}
