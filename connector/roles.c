/* SPDX-License-Identifier: MIT */
/* connector/roles.c -- the roles that a process plays. */
#include "connector/roles.h"
#include <unistd.h>
#include "connector/reads.h"

enum { SPANS = 8192, SPANS_AT_ONCE = 512, SPANS_DELAY_MS = 500, SPANS_TIMEOUT_MS = 10000 };
enum {
	LISTENER_TIMEOUT_MS = 20000,
	SENDER_TIMEOUT_MS = SENDER_HOLD_MS / 3,      /* of an exchange: who sends must stay able to say so */
	LOST_MS = 5000, STUCK_MS = 30000,
};

/* ---- listener --------------------------------------------------------------------------------------------------- */

static err connect_all(providers **out, roles *r, const config_list *urls, int64_t chain_id, int64_t timeout_ms)
{
	return chain_connect(out, urls->item, urls->n, r->config->providers_agree, chain_id, timeout_ms, clock_system(), &r->stop);
}

static void watch(intake_chain *out, kms_contract which, const contract_config *c)
{
	out->watched[which] = c->present;
	out->contract[which] = c->address;
}

static err start_listener(roles *r, queue_chain chain)
{
	static uint64_t from[QUEUE_CHAINS];
	const connector_config *c = r->config;
	const bool host = chain == QUEUE_ETHEREUM;
	const int64_t first = host ? c->listener.generation_from : c->listener.decryption_from;
	listener_config l = {
		.chain = { .chain = chain, .profile = c->profile->events }, .name = queue_chain_name(chain),
		.finalized = host, .confirmations = host ? 0 : (uint64_t)c->listener.confirmations, .range = (uint64_t)c->listener.batch,
		.poll_ms = host ? c->listener.key_management_polling : c->listener.decryption_polling,
		.max_errors = (unsigned)c->listener.max_errors, .store = listener_store_of(r->queue), .clock = clock_system(), .random = rng_os(),
		.tracing = r->tracing,
	};

	if (!host) watch(&l.chain, KMS_DECRYPTION, &c->decryption);
	if (host || !c->profile->host_chain) watch(&l.chain, KMS_GENERATION, &c->generation);
	if (host) watch(&l.chain, KMS_PROTOCOL_CONFIG, &c->protocol_config);
	if (first >= 0) from[chain] = (uint64_t)first, l.from = &from[chain];
	TRY(connect_all(&l.providers, r, host ? &c->ethereum_url : &c->gateway_url, host ? c->ethereum_chain_id : c->gateway_chain_id,
	                LISTENER_TIMEOUT_MS));
	TRY(listener_new(&r->listener[chain], &l));
	return listener_start(r->listener[chain]);
}

/* ---- worker ----------------------------------------------------------------------------------------------------- */

static void *work(void *ctx)
{
	worker_run(((roles *)ctx)->worker);
	return NULL;
}

static err start_worker(roles *r, const queue_config *q)
{
	TRY(queue_open(&r->worker_queue, q));
	TRY(queue_bell_new(&r->worker_bell, q, (1u << QUEUE_REQUESTS) - 1));
	TRY(worker_new(&r->worker, &(worker_config){ .queue = r->worker_queue, .bell = r->worker_bell, .config = r->config, .clock = clock_system(),
	                                             .random = rng_os(), .tracing = r->tracing, .stop = &r->stop }));
	r->worker_runs = pthread_create(&r->worker_thread, NULL, work, r) == 0;
	return r->worker_runs ? OK : err_fail(ERR_NOMEM, "no thread for the worker");
}

/* ---- sender ----------------------------------------------------------------------------------------------------- */

static void *send(void *ctx)
{
	sender_run(((roles *)ctx)->sender);
	return NULL;
}

static void wake_sender(void *ctx)
{
	queue_bell_ring(((roles *)ctx)->sender_bell, 1u << QUEUE_PUBLIC_DECRYPTION_RESPONSE);
}

static err start_waiter(roles *r)
{
	const connector_config *c = r->config;
	providers *chain = NULL;

	if (!c->sender.sync) return OK;
	TRY(connect_all(&chain, r, &c->gateway_url, c->gateway_chain_id, WAITER_TIMEOUT_MS));
	return waiter_new(&r->waiter, &chain, wake_sender, r);
}

static lane_config lane_of(const roles *r, queue_chain chain)
{
	const connector_config *c = r->config;
	const bool host = chain == QUEUE_ETHEREUM;
	const int64_t behind = c->listener.confirmations;    /* a lane counts the block itself, too */

	return (lane_config){
		.chain = r->chain[chain], .waiter = host ? NULL : r->waiter, .wallet = r->wallet, .clock = clock_system(), .tracing = r->tracing, .random = rng_os(),
		.chain_id = (uint64_t)(host ? c->ethereum_chain_id : c->gateway_chain_id),
		.contract = { [KMS_DECRYPTION] = c->decryption.address, [KMS_GENERATION] = c->generation.address,
		              [KMS_PROTOCOL_CONFIG] = c->protocol_config.address },
		.registry = !host && c->gateway_config.present ? &c->gateway_config.address : NULL, .window = (unsigned)c->sender.window, .gas_percent = (unsigned)c->sender.gas_percent,
		.most_fee = (uint64_t)c->sender.most_gwei * WEI_A_GWEI,
		.executor = !host && c->sender.executor_text[0] ? &c->sender.executor : NULL, .per_tx = (unsigned)c->sender.per_tx,
		.confirmations = (unsigned)(host ? c->sender.confirmations : behind ? behind + 1 : 0), .trace = c->sender.trace_reverted,
		.retry_ms = c->sender.retry_interval > 0 ? c->sender.retry_interval : 1, .lost_ms = LOST_MS,
		.stuck_ms = host ? c->sender.receipt_timeout / 4 : STUCK_MS,
	};
}

static err start_sender(roles *r, connector_config *c, const queue_config *q)
{
	lane_config gateway, ethereum;
	uint32_t kinds = 0;

	for (queue_kind k = QUEUE_REQUESTS; k < QUEUE_KINDS; k++) kinds |= 1u << k;
	if (!r->wallet) TRY(wallet_new(&r->wallet, c, environ, rng_os()));
	TRY(connect_all(&r->chain[QUEUE_GATEWAY], r, &c->gateway_url, c->gateway_chain_id, SENDER_TIMEOUT_MS));
	if (c->profile->host_chain) TRY(connect_all(&r->chain[QUEUE_ETHEREUM], r, &c->ethereum_url, c->ethereum_chain_id, SENDER_TIMEOUT_MS));
	TRY(queue_open(&r->sender_queue, q));
	TRY(queue_bell_new(&r->sender_bell, q, kinds));
	TRY(start_waiter(r));
	gateway = lane_of(r, QUEUE_GATEWAY);
	ethereum = lane_of(r, QUEUE_ETHEREUM);
	TRY(sender_new(&r->sender, &(sender_config){
		.queue = r->sender_queue, .bell = r->sender_bell, .clock = clock_system(), .lane = { &gateway, c->profile->host_chain ? &ethereum : NULL },
		.batch = (unsigned)c->sender.batch, .poll_ms = c->sender.polling, .lease_ms = c->worker.lease,
		.gauge_ms = c->sender.gauge_interval, .gc_interval_ms = c->sender.gc_interval, .gc_expiry_ms = c->sender.gc_expiry, .expires = c->profile->keeps, .stop = &r->stop,
	}));
	r->sender_runs = pthread_create(&r->sender_thread, NULL, send, r) == 0;
	return r->sender_runs ? OK : err_fail(ERR_NOMEM, "no thread for the sender");
}

/* ---- the database ----------------------------------------------------------------------------------------------- */

static err bind_contract(queue *q, queue_chain chain, const char *name, const contract_config *c)
{
	char text[ADDRESS_TEXT];

	if (!c->present) return OK;
	address_text(text, &c->address);
	return queue_bind(q, chain, name, text);
}

static err bind_chain(queue *q, queue_chain chain, const char *name, int64_t id)
{
	char text[24];

	snprintf(text, sizeof text, "%jd", (intmax_t)id);
	return queue_bind(q, chain, name, text);
}

/*
 * Blocks that were read, requests by their numbers: on another chain, and behind other contracts, the same numbers mean something else, and
 * what is asked there would be taken for what was answered long ago.
 */
static err bind_database(queue *q, const connector_config *c)
{
	const bool host = c->profile->host_chain;

	TRY(bind_chain(q, QUEUE_GATEWAY, "gateway_chain_id", c->gateway_chain_id));
	TRY(bind_contract(q, QUEUE_GATEWAY, "decryption_contract.address", &c->decryption));
	if (host) TRY(bind_chain(q, QUEUE_ETHEREUM, "ethereum_chain_id", c->ethereum_chain_id));
	return bind_contract(q, host ? QUEUE_ETHEREUM : QUEUE_GATEWAY, "kms_generation_contract.address", &c->generation);
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

void roles_init(roles *r, const connector_config *config, unsigned played, const char *commit)
{
	*r = (roles){ .config = config, .commit = commit, .played = played };
}

err roles_read_key(roles *r, connector_config *config)
{
	return r->played & CONNECTOR_SENDER && !config->sender.aws.present ? wallet_new(&r->wallet, config, environ, rng_os()) : OK;
}

err roles_start(roles *r, connector_config *config)
{
	const queue_config q = { .store = { .url = config->database_url } };
	const unsigned played = r->played;

	TRY(tracing_new(&r->tracing, &(tracing_config){
		.endpoint = config->tracing_endpoint, .service = config->service_name, .scope = "arca-connector", .instance = config->monitoring_endpoint,
		.timeout_ms = SPANS_TIMEOUT_MS, .delay_ms = SPANS_DELAY_MS, .room = SPANS, .most = SPANS_AT_ONCE,
	}));
	TRY(queue_open(&r->queue, &q));
	TRY(onlooker_new(&r->onlooker, r->queue));
	TRY(bind_database(r->queue, config));
	if (played & CONNECTOR_LISTENER) TRY(start_listener(r, QUEUE_GATEWAY));
	if ((played & CONNECTOR_LISTENER) && config->profile->host_chain) TRY(start_listener(r, QUEUE_ETHEREUM));
	if (played & CONNECTOR_WORKER) TRY(start_worker(r, &q));
	if (played & CONNECTOR_SENDER) TRY(start_sender(r, config, &q));
	atomic_store(&r->up, true);
	return OK;
}

void roles_stop(roles *r)
{
	atomic_store(&r->stop, true);
	if (r->worker_bell) queue_bell_ring(r->worker_bell, 0);
	if (r->sender_bell) queue_bell_ring(r->sender_bell, 0);
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) listener_free(&r->listener[k]);
	if (r->worker_runs) pthread_join(r->worker_thread, NULL);
	if (r->sender_runs) pthread_join(r->sender_thread, NULL);
	worker_free(&r->worker);
	sender_free(&r->sender);
	waiter_free(&r->waiter);
	queue_bell_free(&r->worker_bell);
	queue_bell_free(&r->sender_bell);
	for (queue_chain k = 0; k < QUEUE_CHAINS; k++) providers_free(&r->chain[k]);
	wallet_free(&r->wallet);
	onlooker_free(&r->onlooker);
	queue_close(&r->worker_queue);
	queue_close(&r->sender_queue);
	queue_close(&r->queue);
	tracing_free(&r->tracing);
}
