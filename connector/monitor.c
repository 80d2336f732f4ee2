/* SPDX-License-Identifier: MIT */
/* connector/monitor.c -- how a connector fares, over HTTP. */
#include "connector/monitor.h"
#include <jansson.h>
#include <stdlib.h>

/* ---- metrics ---------------------------------------------------------------------------------------------------- */

static void counter(buf *out, const char *name, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
}

static void by_kind(buf *out, const char *name, const char *help, const atomic_ullong *counts)
{
	counter(out, name, help);
	for (queue_kind k = 0; k < QUEUE_REQUESTS; k++)
		buf_printf(out, "%s{event_type=\"%s\"} %llu\n", name, queue_label(k), atomic_load(&counts[k]));
}

static void one(buf *out, const char *name, const char *help, unsigned long long value)
{
	counter(out, name, help);
	buf_printf(out, "%s %llu\n", name, value);
}

#define WORKER "kms_connector_worker_"
#define SENDER "kms_connector_tx_sender_"

static void histogram_head(buf *out, const char *name, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
}

static void latencies(buf *out, const char *name, const char *label, const histogram *h, queue_kind from, queue_kind to, const histogram_scale *scale)
{
	for (queue_kind k = from; k < to; k++) {
		char text[64];
		if (!atomic_load(&h[k].sum) && !atomic_load(&h[k].step[0])) continue;
		snprintf(text, sizeof text, "%s=\"%s\"", label, queue_label(k));
		histogram_print(out, name, text, &h[k], scale);
	}
}

static void worker_metrics(buf *out, const worker_tally *t)
{
	by_kind(out, WORKER "event_received_counter", "Requests that were picked.", t->received);
	by_kind(out, WORKER "event_received_errors", "Rows that could not be read.", t->received_errors);
	by_kind(out, WORKER "grpc_request_sent_counter", "Requests that nodes took.", t->sent);
	by_kind(out, WORKER "grpc_request_sent_errors", "Requests that nodes did not take.", t->sent_errors);
	by_kind(out, WORKER "grpc_response_polled_counter", "Results that nodes gave.", t->polled);
	by_kind(out, WORKER "grpc_response_polled_errors", "Results that nodes refused.", t->polled_errors);
	one(out, WORKER "s3_ciphertext_retrieval_counter", "Ciphertexts that were fetched.", atomic_load(&t->fetched));
	one(out, WORKER "s3_ciphertext_retrieval_errors", "Ciphertexts that no bucket had.", atomic_load(&t->fetch_errors));
	one(out, WORKER "s3_requests", "Objects that were asked of buckets.", atomic_load(&t->buckets.asked));
	one(out, WORKER "s3_hedged_requests", "Of a second bucket, because the first was slow.", atomic_load(&t->buckets.hedged));
	one(out, WORKER "s3_hedged_wins", "Of these, first with a good answer.", atomic_load(&t->buckets.hedges_won));
	counter(out, WORKER "request_check_errors", "Requests that chains or coprocessors did not allow, or not yet, or that could not be checked.");
	for (check_type k = 0; k < CHECK_TYPES; k++)
		buf_printf(out, WORKER "request_check_errors{check_type=\"%s\"} %llu\n", check_type_name(k), atomic_load(&t->check_errors[k]));
	one(out, WORKER "wrong_signatures", "Answers of nodes that no contract would take.", atomic_load(&t->wrong_signatures));
	one(out, WORKER "ciphertext_cache_hits", "Ciphertexts that were kept from before.", atomic_load(&t->cache_hits));
	histogram_head(out, WORKER "decryption_latency_seconds", "From a decryption's event to the node's answer.");
	latencies(out, WORKER "decryption_latency_seconds", "event_type", t->latency, 0, QUEUE_REQUESTS, &WORKER_LATENCY);
}

static void wallet_metrics(buf *out, const sender_tally *t)
{
	static const struct { const char *name, *help; } ROWS[] = {
		{ SENDER "wallet_balance_gwei", "What the wallet has." }, { SENDER "wallet_pays_for", "Answers that it can pay for, about, at the present price." },
		{ SENDER "wallet_registered", "Do the gateway's contracts know it?" },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", ROWS[i].name, ROWS[i].help, ROWS[i].name);
		for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
			const lane_tally *l = &t->lane[k];
			const unsigned registered = atomic_load(&l->registered);
			if (i < 2 ? !atomic_load(&l->funds_known) : registered == LANE_NOT_KNOWN) continue;
			buf_printf(out, "%s{chain=\"%s\"} %llu\n", ROWS[i].name, queue_chain_name(k),
			           i == 0 ? atomic_load(&l->gwei) : i == 1 ? atomic_load(&l->pays_for) : registered == LANE_REGISTERED);
		}
	}
}

static void sender_metrics(buf *out, const sender_tally *t)
{
	unsigned long long sent = 0, errors = 0, waited_for = 0;

	counter(out, SENDER "response_received_counter", "Responses that were picked.");
	for (queue_kind k = QUEUE_REQUESTS; k < QUEUE_KINDS; k++)
		buf_printf(out, SENDER "response_received_counter{response_type=\"%s\"} %llu\n", queue_label(k), atomic_load(&t->received[k]));
	one(out, SENDER "response_received_errors", "Rows that could not be read.", atomic_load(&t->broken));
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		sent += atomic_load(&t->lane[k].sent);
		waited_for += atomic_load(&t->lane[k].waited_for);
		errors += atomic_load(&t->lane[k].failed) + atomic_load(&t->lane[k].refused);
	}
	one(out, SENDER "gateway_tx_sent_counter", "Transactions that the chain took.", sent);
	one(out, SENDER "gateway_tx_sent_errors", "Transactions that the chain or a contract did not take.", errors);
	one(out, SENDER "gateway_tx_sync_counter", "Transactions whose block came as an answer (eth_sendRawTransactionSync).", waited_for);
	buf_printf(out, "# HELP " SENDER "transactions_under_way Transactions that are not mined yet.\n"
	                "# TYPE " SENDER "transactions_under_way gauge\n" SENDER "transactions_under_way %llu\n", atomic_load(&t->under_way));
	buf_printf(out, "# HELP " SENDER "leads Is this the sender that sends?\n# TYPE " SENDER "leads gauge\n" SENDER "leads %d\n",
	           atomic_load(&t->leads));
	histogram_head(out, SENDER "response_forwarding_latency_seconds", "From an answer to the block with its transaction.");
	latencies(out, SENDER "response_forwarding_latency_seconds", "response_type", t->forwarding, QUEUE_REQUESTS, QUEUE_KINDS, &LANE_FORWARDING);
	wallet_metrics(out, t);
}

static void queue_metrics(buf *out, roles *r)
{
	static const char EVENTS[] = "kms_connector_pending_events", RESPONSES[] = "kms_connector_pending_responses",
	                  ROWS[] = "kms_connector_unprocessed_operations";
	queue_count *all = calloc(QUEUE_KINDS, sizeof *all);

	const bool known = all && onlooker_counts(all, r->onlooker, r->config->healthcheck_timeout) == OK;
	if (known) {
		buf_printf(out, "# HELP %s Requests that wait.\n# TYPE %s gauge\n", EVENTS, EVENTS);
		for (queue_kind k = 0; k < QUEUE_REQUESTS; k++)
			buf_printf(out, "%s{event_type=\"%s\"} %ju\n", EVENTS, queue_label(k), (uintmax_t)all[k].rows[QUEUE_PENDING]);
		buf_printf(out, "# HELP %s Responses that wait.\n# TYPE %s gauge\n", RESPONSES, RESPONSES);
		for (queue_kind k = QUEUE_REQUESTS; k < QUEUE_KINDS; k++)
			buf_printf(out, "%s{response_type=\"%s\"} %ju\n", RESPONSES, queue_label(k), (uintmax_t)all[k].rows[QUEUE_PENDING]);
	}
	if (known && r->config->profile->host_chain) {
		buf_printf(out, "# HELP %s Rows that are not done.\n# TYPE %s gauge\n", ROWS, ROWS);
		for (queue_kind k = 0; k < QUEUE_KINDS; k++)
			buf_printf(out, "%s{table=\"%s\",status=\"pending\"} %ju\n%s{table=\"%s\",status=\"under_process\"} %ju\n", ROWS, queue_table(k),
			           (uintmax_t)all[k].rows[QUEUE_PENDING], ROWS, queue_table(k), (uintmax_t)all[k].rows[QUEUE_UNDER_PROCESS]);
	}
	err_clear();
	free(all);
}

void monitor_metrics(buf *out, roles *r)
{
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++)
		if (r->listener[k]) listener_metrics(out, r->listener[k]);
	if (r->worker) worker_metrics(out, worker_tallied(r->worker));
	if (r->sender) sender_metrics(out, sender_tallied(r->sender));
	queue_metrics(out, r);
	const tracing_counts spans = tracing_counted(r->tracing);
	counter(out, "arca_spans_total", "Spans that the collector of traces took, and that were dropped.");
	buf_printf(out, "arca_spans_total{outcome=\"sent\"} %ju\narca_spans_total{outcome=\"dropped\"} %ju\n", (uintmax_t)spans.sent,
	           (uintmax_t)spans.dropped);
}

/* Until the roles are there. */
static bool still_starting(http_reply *out, roles *r)
{
	if (atomic_load(&r->up)) return false;
	out->status = 503;
	buf_put_str(&out->body, "{\"healthy\":false,\"details\":\"starting\"}");
	out->content_type = "application/json";
	return true;
}

static void metrics(void *ctx, http_reply *out, const http_request *in)
{
	(void)in;
	if (still_starting(out, ctx)) return;
	monitor_metrics(&out->body, ctx);
	out->content_type = "text/plain; version=0.0.4";
}

/* ---- health ----------------------------------------------------------------------------------------------------- */

static bool well(bool is, buf *details, const char *what)
{
	if (!is) buf_printf(details, "%s%s", details->n ? "; " : "", what);
	return is;
}

static const char *const CONNECTED[QUEUE_CHAINS] = { [QUEUE_GATEWAY] = "gateway_connected", [QUEUE_ETHEREUM] = "ethereum_connected" };

/* Where nobody listens, whether the sender gets through to the chain.  What the wallet lacks is told, and is no reason to start anew. */
static bool sender_health(json_t *j, buf *details, const roles *r)
{
	const sender_tally *t = sender_tallied(r->sender);
	bool all = true;

	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		const lane_tally *l = &t->lane[k];
		if (!r->chain[k]) continue;
		if (!r->listener[k]) {
			const bool up = well(!atomic_load(&t->away[k]), details, "the sender does not get through to its chain");
			json_object_set_new(j, CONNECTED[k], json_boolean(up));
			all &= up;
		}
		(void)well(!atomic_load(&l->funds_known) || atomic_load(&l->pays_for), details, "the wallet cannot pay for transactions: send it funds");
		(void)well(atomic_load(&l->registered) != LANE_A_STRANGER, details, "the gateway's contracts do not know the wallet");
	}
	return all;
}

/* Is it well?  What is connected goes to the object, what is amiss to details. */
static bool look(json_t *j, buf *details, roles *r)
{
	const bool database = onlooker_reached(r->onlooker, r->config->healthcheck_timeout) == OK;
	if (!database) {
		(void)well(false, details, err_text());
		err_clear();
	}
	bool all = database;
	json_object_set_new(j, "database_connected", json_boolean(database));
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) {
		listener_view v;
		if (!r->listener[k]) continue;
		listener_look(r->listener[k], &v);
		/* One that failed and never worked has nothing that it was connected to. */
		const bool up = well(!v.stalled && (v.worked_ms || !v.errors), details, v.reason);
		json_object_set_new(j, CONNECTED[k], json_boolean(up));
		all &= up;
	}
	if (r->worker) {
		const bool up = worker_healthy(details, r->worker, r->config->healthcheck_timeout);
		json_object_set_new(j, "kms_core_connected", json_boolean(up));
		all &= up;
	}
	if (r->sender) all &= sender_health(j, details, r);
	return all;
}

bool monitor_health(buf *out, roles *r)
{
	AUTO(buf) details = { 0 };
	json_t *j = json_object();

	const bool all = look(j, &details, r);
	json_object_set_new(j, "healthy", json_boolean(all));
	json_object_set_new(j, "details", json_string(buf_str(&details)));
	char *text = json_dumps(j, JSON_COMPACT);
	buf_put_str(out, text);
	free(text);
	json_decref(j);
	return all;
}

static void health(void *ctx, http_reply *out, const http_request *in)
{
	(void)in;
	if (still_starting(out, ctx)) return;
	out->status = monitor_health(&out->body, ctx) ? 200 : 503;
	out->content_type = "application/json";
}

/* A word, or what is amiss; for who asks for JSON as above. */
static void ready(void *ctx, http_reply *out, const http_request *in)
{
	AUTO(buf) details = { 0 };

	if (strstr(in->accept, "application/json") || !atomic_load(&((roles *)ctx)->up)) {
		health(ctx, out, in);
		return;
	}
	json_t *j = json_object();
	const bool well_ = look(j, &details, ctx);
	json_decref(j);
	out->status = well_ ? 200 : 503;
	buf_put_str(&out->body, well_ ? "ready" : buf_str(&details));
}

static void live(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx, (void)in;
	buf_put_str(&out->body, "{\"status_code\":\"200\",\"status\":\"alive\"}");
	out->content_type = "application/json";
}

static void alive(void *ctx, http_reply *out, const http_request *in)
{
	if (strstr(in->accept, "application/json")) live(ctx, out, in);
	else buf_put_str(&out->body, "alive");
}

static void version(void *ctx, http_reply *out, const http_request *in)
{
	const roles *r = ctx;

	(void)in;
	buf_printf(&out->body, "{\"name\":\"arca-connector\",\"version\":\"" ARCA_VERSION "\",\"build\":\"%s\"}", r->commit);
	out->content_type = "application/json";
}

err monitor_place(char address[static MONITOR_ADDRESS], unsigned *port, const connector_config *c)
{
	const char *text = c->monitoring_endpoint, *colon = strrchr(text, ':');
	char *end = NULL;
	const unsigned long number = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (!colon || colon == text || colon[1] < '0' || colon[1] > '9' || *end || number > UINT16_MAX || colon - text >= MONITOR_ADDRESS)
		return err_fail(ERR_REQUEST, "monitoring_endpoint is %s; address:port is wanted, as 127.0.0.1:9100", text);
	const bool bracket = text[0] == '[' && colon[-1] == ']';
	snprintf(address, MONITOR_ADDRESS, "%.*s", (int)(colon - text) - 2 * bracket, text + bracket);
	*port = (unsigned)number;
	return OK;
}

err monitor_new(http_server **out, roles *r)
{
	const http_route routes[] = {
		{ "/metrics", metrics, r }, { "/healthz", health, r }, { "/health", ready, r }, { "/ready", ready, r },
		{ "/liveness", live, r }, { "/live", alive, r }, { "/version", version, r },
	};
	char address[MONITOR_ADDRESS];
	unsigned port;

	TRY(monitor_place(address, &port, r->config));
	return http_server_new(out, address, port, routes, COUNT(routes));
}
