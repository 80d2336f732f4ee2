/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_connector.c -- from the log of a request to the signed transaction with its answer: the installed arca-connector with all
 * its checks and a database that syncs, between stubs of a chain, a bucket and a node on one thread of this process.
 *
 * A request is one public decryption of one ciphertext.  Every ciphertext is another one and no answer comes twice; when a run has
 * ended each transaction is looked at as a contract would, and the connector's own counters must show no failure and no cache hit.
 */
#include "cli/bench_connector.h"
#include <stdlib.h>
#include <time.h>
#include "base/file.h"
#include "base/hex.h"
#include "bench/stub_gateway.h"
#include "cli/bench_postgres.h"
#include "cli/cli.h"
#include "cli/process.h"
#include "delegate/key_file.h"
#include "evm/address.h"
#include "rpc/fetch.h"

enum {
	SMALL = 4600, LARGE = 98600,                     /* bytes of a ciphertext */
	SMALL_POOL = 6000, LARGE_POOL = 3000,            /* requests prepared for each second: more than were ever answered */
	OPEN = 4000, BURST = 50000, BURST_SECOND = 5000, STEADY = 500,
	READY_MS = 30000, STOP_MS = 20000, LATE_S = 30, MAX_METRICS = 1 << 20, WARM_S = 2,
};
#define BLOCK_S 0.25

typedef struct used { double connector, database, stubs; } used;         /* seconds of a core */

/* Everything of one run. */
typedef struct bed {
	char dir[BENCH_DIR];
	bench_postgres db;
	load *load;
	stub_gateway *stub;
	node_process connector;
	buf config, log, http;
} bed;

/* What rows leave to the one that tells of memory. */
typedef struct tally { double mib; } tally;

/* ---- a bed -------------------------------------------------------------------------------------------------------- */

static void put_address(buf *out, const char *key, const eth_address *a)
{
	char text[ADDRESS_TEXT];

	address_text(text, a);
	buf_printf(out, "%s = \"%s\"\n", key, text);
}

/* As doc/operate.md advises for much traffic. */
static err write_config(bed *d, unsigned port, const char *database, const char *wallet)
{
	AUTO(buf) toml = { 0 };

	buf_printf(&toml, "database_url = \"%s\"\nmonitoring_endpoint = \"127.0.0.1:%u\"\nprivate_key_file = \"%s\"\n", database, port, wallet);
	buf_printf(&toml, "gateway_url = [\"%s\"]\ngateway_chain_id = %d\n", stub_gateway_chain_url(d->stub), LOAD_CHAIN);
	buf_printf(&toml, "kms_core_endpoints = [\"%s\"]\n", stub_gateway_node_url(d->stub));
	put_address(&toml, "decryption_contract.address", &d->load->decryption);
	put_address(&toml, "kms_generation_contract.address", &d->load->generation);
	put_address(&toml, "gateway_config_contract.address", &d->load->gateway_config);
	buf_put_str(&toml, "decryption_from_block_number = 0\ndecryption_polling = \"100ms\"\nevents_batch_size = 500\n"
	                   "responses_batch_size = 500\nmax_pending_transactions = 4096\ns3_max_concurrent_gets = 64\n");
	buf_printf(&toml, "[[host_chains]]\nurl = \"%s\"\nchain_id = %d\n", stub_gateway_chain_url(d->stub), LOAD_CHAIN);
	put_address(&toml, "acl_address", &d->load->acl);
	return file_write_atomic(buf_str(&d->config), buf_slice(&toml), 0600);
}

static err start_connector(bed *d, const char *database)
{
	AUTO(buf) program = { 0 }, wallet = { 0 };
	const ticker quiet = { 0 };
	unsigned port;

	TRY(port_pick(&port, rng_os()));
	buf_printf(&d->config, "%s/connector.toml", d->dir);
	buf_printf(&d->log, "%s/connector.log", d->dir);
	buf_printf(&d->http, "http://127.0.0.1:%u", port);
	buf_printf(&wallet, "%s/wallet.key", d->dir);
	TRY(key_file_write(buf_str(&wallet), &d->load->wallet_key));
	TRY(write_config(d, port, database, buf_str(&wallet)));
	TRY(program_beside(&program, CONNECTOR_PROGRAM));
	d->connector = (node_process){ .kind = &PROCESS_CONNECTOR, .config = buf_str(&d->config), .log = buf_str(&d->log), .http = buf_str(&d->http) };
	TRY(process_start(&d->connector, buf_str(&program)));
	return process_wait_ready(&d->connector, READY_MS, &quiet);
}

static void bed_free(bed *d)
{
	bool killed;

	if (d->connector.pid && process_stop(&d->connector, STOP_MS, &killed) != OK) err_clear();
	stub_gateway_free(&d->stub);
	load_free(&d->load);
	bench_postgres_stop(&d->db);
	if (d->dir[0]) bench_folder_remove(d->dir);
	buf_free(&d->config), buf_free(&d->log), buf_free(&d->http);
}

static err bed_new(bed *d, const bench *b, bool postgres, size_t bytes, size_t requests)
{
	AUTO(buf) url = { 0 };

	*d = (bed){ 0 };
	if (b->options->tell) b->options->tell("preparing requests and signing the node's answers");
	TRY(bench_folder_new(d->dir));
	TRY(load_new(&d->load, requests, bytes));
	TRY(stub_gateway_new(&d->stub, d->load));
	if (postgres) TRY(bench_postgres_start(&d->db, d->dir));
	if (postgres) buf_put_str(&url, d->db.url);
	else buf_printf(&url, "sqlite:%s/connector.db", d->dir);
	return start_connector(d, buf_str(&url));
}

/* ---- a run -------------------------------------------------------------------------------------------------------- */

static err spent(used *out, bed *d)
{
	*out = (used){ .stubs = stub_gateway_counts(d->stub).core_s };
	TRY(bench_spent(&out->connector, d->connector.pid));
	return d->db.pid ? bench_spent_by_all(&out->database, d->db.pid) : OK;
}

static size_t done(const bed *d) { return stub_chain_done(stub_gateway_chain(d->stub)); }

/* Until so many answers are there, or the moment came: the time then. */
static err wait_for(double *at, const bed *d, size_t answers, double until)
{
	while (done(d) < answers && bench_seconds(BENCH_WALL) < until) {
		if (signals_came()) return err_fail(ERR_CANCELLED, "stopped by a signal");
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	*at = bench_seconds(BENCH_WALL);
	return OK;
}

/* A figure of the connector's own, all labels together; -1: there is none. */
static double metric(const char *all, const char *name)
{
	double sum = -1;

	for (const char *at = all; (at = strstr(at, name)); at += strlen(name)) {
		const char *value = strpbrk(at, " \n");
		if ((at == all || at[-1] == '\n') && value && *value == ' ') sum = (sum < 0 ? 0 : sum) + strtod(value, NULL);
	}
	return sum;
}

/* Nothing failed, nothing was known before, and all that was sent is right. */
static err look_closely(bed *d)
{
	static const char *const NONE[] = {
		"kms_connector_worker_ciphertext_cache_hits", "kms_connector_worker_wrong_signatures", "kms_connector_worker_request_check_errors",
		"kms_connector_worker_s3_ciphertext_retrieval_errors", "kms_connector_worker_grpc_request_sent_errors",
		"kms_connector_tx_sender_gateway_tx_sent_errors",
	};
	AUTO(buf) url = { 0 }, all = { 0 };
	bool killed;

	buf_printf(&url, "%s/metrics", d->connector.http);
	TRY(fetch_url(&all, buf_str(&url), MAX_METRICS, READY_MS));
	TRY(process_stop(&d->connector, STOP_MS, &killed));
	stub_gateway_stop(d->stub);
	for (size_t i = 0; i < COUNT(NONE); i++)
		if (metric(buf_str(&all), NONE[i]) != 0) return err_fail(ERR_INTERNAL, "%s is %.0f", NONE[i], metric(buf_str(&all), NONE[i]));
	const stub_counts c = stub_gateway_counts(d->stub);
	if (c.wrong) return err_fail(ERR_INTERNAL, "the node was asked %zu questions that make no sense", c.wrong);
	if (c.fetched < done(d)) return err_fail(ERR_INTERNAL, "%zu ciphertexts were fetched for %zu answers", c.fetched, done(d));
	return stub_chain_verify(stub_gateway_chain(d->stub));
}

/* Makes the bed, runs the body in it, looks closely; tells where the time went. */
static err in_bed(bench *b, bool postgres, size_t bytes, size_t requests, err (*body)(bench *b, bed *d, used *from, size_t *answers))
{
	tally *t = b->state;
	used from = { 0 }, to = { 0 };
	size_t answers = 0;
	double mib = 0;
	bed d;

	err e = bed_new(&d, b, postgres, bytes, requests);
	if (e == OK) e = body(b, &d, &from, &answers);
	if (e == OK) e = spent(&to, &d);
	const double n = e == OK ? (double)(done(&d) - answers) : 1;
	if (e == OK) e = bench_memory(&mib, d.connector.pid);
	if (e == OK) e = look_closely(&d);
	if (e == OK && mib > t->mib) t->mib = mib;
	if (e == OK)
		bench_variant(b, "%s syncs, cache hits = 0, us of a core each: connector %.0f, database %.0f, stubs %.0f", postgres ? "postgres" : "sqlite",
		              (to.connector - from.connector) / n * 1e6, (to.database - from.database) / n * 1e6, (to.stubs - from.stubs) / n * 1e6);
	bed_free(&d);
	return e;
}

/* A sample for every second, or for what is left of the last one if that is more than half. */
static err take_seconds(bench *b, const bed *d, size_t answers, double seconds)
{
	const double until = bench_seconds(BENCH_WALL) + seconds;
	double before = bench_seconds(BENCH_WALL), now = before;

	for (size_t n0 = done(d), n; now < until && n0 < answers; n0 = n, before = now) {
		TRY(wait_for(&now, d, answers, before + 1));
		n = done(d);
		if (now - before > 0.5) bench_take(b, (double)(n - n0) / (now - before));
	}
	return OK;
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static err answer_steadily(bench *b, bed *d, used *from, size_t *answers)
{
	const stub_pace pace = { .block_s = BLOCK_S, .a_block = STUB_LOGS, .open = OPEN };
	double now;

	stub_chain_begin(stub_gateway_chain(d->stub), &pace);
	TRY(wait_for(&now, d, 1, bench_seconds(BENCH_WALL) + LATE_S));
	TRY(wait_for(&now, d, d->load->n, bench_seconds(BENCH_WALL) + WARM_S));
	*answers = done(d);
	if (*answers == 0) return process_show_log(d->connector.log), err_fail(ERR_STATE, "the connector answered nothing in %d s", LATE_S);
	TRY(spent(from, d));
	return take_seconds(b, d, d->load->n, b->options->seconds);
}

static err rate(bench *b)
{
	const size_t bytes = b->row->arg[1], a_second = bytes == SMALL ? SMALL_POOL : LARGE_POOL;

	return in_bed(b, b->row->arg[0], bytes, (size_t)((b->options->seconds + WARM_S + 1) * (double)a_second), answer_steadily);
}

static err answer_burst(bench *b, bed *d, used *from, size_t *answers)
{
	const stub_pace pace = { .block_s = BLOCK_S, .a_block = BURST_SECOND, .open = BURST };
	double now;

	TRY(spent(from, d));
	stub_chain_begin(stub_gateway_chain(d->stub), &pace);
	TRY(wait_for(&now, d, 1, bench_seconds(BENCH_WALL) + LATE_S));
	*answers = 0;
	TRY(take_seconds(b, d, d->load->n, LATE_S * 10));
	return done(d) == d->load->n ? OK : err_fail(ERR_STATE, "%zu of %zu requests were answered in %d s", done(d), d->load->n, LATE_S * 10);
}

static err burst(bench *b)
{
	const double most = b->options->seconds * BURST_SECOND;

	b->quantile = 0;
	return in_bed(b, true, SMALL, most < BURST ? (size_t)most : BURST, answer_burst);
}

static err answer_at_ease(bench *b, bed *d, used *from, size_t *answers)
{
	const stub_pace pace = { .block_s = BLOCK_S, .a_block = (size_t)(STEADY * BLOCK_S), .open = SIZE_MAX };
	double now;

	TRY(spent(from, d));
	stub_chain_begin(stub_gateway_chain(d->stub), &pace);
	*answers = 0;
	TRY(wait_for(&now, d, d->load->n, bench_seconds(BENCH_WALL) + b->options->seconds + LATE_S));
	if (done(d) < d->load->n) return err_fail(ERR_STATE, "%zu of %zu requests were answered", done(d), d->load->n);
	return OK;
}

static err answer_and_tell(bench *b, bed *d, used *from, size_t *answers)
{
	TRY(answer_at_ease(b, d, from, answers));
	for (size_t i = 0; i < d->load->n; i++) bench_take(b, stub_chain_took(stub_gateway_chain(d->stub), i) * 1e3);
	return OK;
}

static err latency(bench *b)
{
	b->quantile = b->row->arg[0] / 100.0;
	return in_bed(b, true, SMALL, (size_t)(b->options->seconds * STEADY), answer_and_tell);
}

static err memory(bench *b)
{
	tally *t = b->state;

	if (t->mib <= 0) TRY(in_bed(b, true, LARGE, (size_t)(b->options->seconds * STEADY), answer_at_ease));
	bench_take(b, t->mib);
	return OK;
}

static err open_tally(void **state, const bench_options *o)
{
	(void)o;
	*state = calloc(1, sizeof(tally));
	return *state ? OK : err_fail(ERR_NOMEM, "no memory for a bench");
}

static const bench_row ROWS[] = {
	{ "connector/pg-4600", "1/s", "public decryptions through arca-connector and PostgreSQL, log to signed transaction, 4.6 KB each",
	  rate, { true, SMALL } },
	{ "connector/pg-98600", "1/s", "the same with ciphertexts of 98.6 KB", rate, { true, LARGE } },
	{ "connector/sqlite-4600", "1/s", "and with SQLite, 4.6 KB", rate, { false, SMALL } },
	{ "connector/burst", "1/s", "the slowest second while 50,000 come at once (5,000 for each of --seconds)", burst, { 0 } },
	{ "connector/p50", "ms", "from the block to the transaction at 500 a second, blocks every 250 ms: half are faster", latency, { 50 } },
	{ "connector/p99", "ms", "99 of 100 are faster", latency, { 99 } },
	{ "connector/memory", "MiB", "the most memory that a connector of the rows before had in use", memory, { 0 } },
};
const bench_group BENCH_CONNECTOR = { ROWS, COUNT(ROWS), open_tally, free };
