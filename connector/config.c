/* SPDX-License-Identifier: MIT */
/* connector/config.c -- the table of keys, and the checks that span several of them. */
#include "connector/config.h"
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "connector/endpoint.h"
#include "evm/eth_batch.h"
#include "rpc/fetch.h"
#include "rpc/tracing.h"
#include "store/store.h"

#define AT(field) offsetof(connector_config, field)

enum {
	MAX_PATH_TEXT = 2048, MAX_NAME = 255, MAX_CHAIN_ID = INT32_MAX, MAX_BLOCK = INT32_MAX,
	MS = 1, SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR,
	MAX_HOST_CHAINS_TEXT = 64 << 10,
};

/* clang-format off */
#define TEXT(name_, at, min_, max_, fallback_, help_) \
	{ .name = name_, .type = CONFIG_TEXT, .offset = at, .min = min_, .max = max_, .fallback = fallback_, .help = help_ }
#define NUMBER(name_, at, min_, max_, fallback_, help_) \
	{ .name = name_, .type = CONFIG_INT, .offset = at, .min = min_, .max = max_, .fallback = fallback_, .help = help_ }
#define TIME(name_, at, min_, max_, fallback_, help_) \
	{ .name = name_, .type = CONFIG_DURATION, .offset = at, .min = min_, .max = max_, .fallback = fallback_, .help = help_ }
#define LIST(name_, at, min_, max_, help_) \
	{ .name = name_, .type = CONFIG_LIST, .offset = at, .min = min_, .max = max_, .fallback = "", .help = help_ }
#define TRUTH(name_, at, fallback_, help_) \
	{ .name = name_, .type = CONFIG_BOOL, .offset = at, .fallback = fallback_, .help = help_ }
#define SECRET_TEXT(name_, at, help_) \
	{ .name = name_, .type = CONFIG_TEXT, .offset = at, .max = MAX_PATH_TEXT, .fallback = "", .secret = true, .help = help_ }
#define ALIAS(name_, of_) { .name = name_, .type = CONFIG_ALIAS, .help = of_ }
#define CONTRACT(section, field, name_, what) \
	{ .name = section, .type = CONFIG_SECTION, .offset = AT(field.present) }, \
	TEXT(section ".address", AT(field.address_text), 1, 64, NULL, "address of the " what), \
	TEXT(section ".domain_name", AT(field.domain_name), 1, MAX_NAME, name_, "its name where signatures are checked (EIP-712)"), \
	TEXT(section ".domain_version", AT(field.domain_version), 1, MAX_NAME, "1", "and its version there")

#define IN_CHAIN(field) offsetof(host_chain_config, field)
static const config_key CHAIN_KEYS[] = {
	TEXT("url", IN_CHAIN(url), 1, MAX_PATH_TEXT, NULL, "JSON-RPC of the chain; of several, with | between them, the next is asked when one fails"),
	NUMBER("chain_id", IN_CHAIN(chain_id), 0, MAX_CHAIN_ID, NULL, "number of the chain, as handles name it"),
	TEXT("acl_address", IN_CHAIN(acl_text), 1, 64, NULL, "address of its ACL contract"),
};
static const config_schema CHAIN = { CHAIN_KEYS, COUNT(CHAIN_KEYS), NULL };

static const config_key KEYS[] = {
	TEXT("profile", AT(profile_name), 1, 32, "gateway-v0.11", "which contracts: gateway-v0.11 (all on one chain) or v0.15 (with a host chain)"),
	SECRET_TEXT("database_url", AT(database_url), "where requests are kept: sqlite:PATH, or postgres://... (required)"),
	LIST("gateway_url", AT(gateway_url), 1, CONNECTOR_MAX_URLS, "JSON-RPC of the gateway chain; more than one: the next is asked when one fails"),
	NUMBER("gateway_chain_id", AT(gateway_chain_id), 0, MAX_CHAIN_ID, NULL, "number of that chain"),
	LIST("ethereum_url", AT(ethereum_url), 0, CONNECTOR_MAX_URLS, "v0.15: JSON-RPC of the chain of KMSGeneration and ProtocolConfig"),
	NUMBER("ethereum_chain_id", AT(ethereum_chain_id), 0, MAX_CHAIN_ID, "0", "v0.15: number of that chain"),
	NUMBER("providers_agree", AT(providers_agree), 1, CONNECTOR_MAX_URLS, "1",
	  "how many of gateway_url, ethereum_url and a host chain's url must tell the same; 1: the one that is asked is believed"),
	TEXT("service_name", AT(service_name), 1, MAX_NAME, "kms-connector", "its name in traces"),
	NUMBER("task_limit", AT(task_limit), 1, 100000, "1000", "requests that are worked on at once"),
	TEXT("monitoring_endpoint", AT(monitoring_endpoint), 3, MAX_NAME, "0.0.0.0:9100", "address:port of /metrics, /healthz, /liveness, /version"),
	TEXT("tracing_endpoint", AT(tracing_endpoint), 0, MAX_PATH_TEXT, "",
	  "URL of a collector of traces that takes OTLP over HTTP, as http://127.0.0.1:4318; empty: none is told"),
	TIME("healthcheck_timeout", AT(healthcheck_timeout), 10 * MS, 5 * MINUTE, "3s", "how long a health check waits for the database, and then for the nodes"),
	CONTRACT("decryption_contract", decryption, "Decryption", "Decryption contract"),
	CONTRACT("kms_generation_contract", generation, "KMSGeneration", "KMSGeneration contract"),
	CONTRACT("gateway_config_contract", gateway_config, "GatewayConfig", "GatewayConfig contract"),
	CONTRACT("protocol_config_contract", protocol_config, "ProtocolConfig", "ProtocolConfig contract (v0.15)"),

	TIME("decryption_polling", AT(listener.decryption_polling), 10 * MS, HOUR, "500ms", "how often the gateway chain is looked at"),
	TIME("key_management_polling", AT(listener.key_management_polling), 10 * MS, DAY, "30s", "and the host chain (v0.15)"),
	ALIAS("kms_generation_polling", "key_management_polling"),
	NUMBER("get_logs_batch_size", AT(listener.batch), 1, 100000, "100", "blocks that are asked for at once"),
	NUMBER("max_consecutive_polling_errors", AT(listener.max_errors), 1, 1000000, "20", "after so many in a row it is not healthy any more"),
	NUMBER("decryption_from_block_number", AT(listener.decryption_from), -1, MAX_BLOCK, "-1",
	  "block to begin with at each start: once more what was read before, and nothing of what was not and comes before it; -1: where it was, or the newest"),
	NUMBER("kms_operation_from_block_number", AT(listener.generation_from), -1, MAX_BLOCK, "-1", "the same of the host chain"),
	ALIAS("kms_from_block_number", "kms_operation_from_block_number"), ALIAS("from_block_number", "decryption_from_block_number"),
	NUMBER("gateway_confirmations", AT(listener.confirmations), 0, 10000, "0", 
	       "blocks of the gateway chain that must follow one before it is read, and before an answer in it counts as given"),

	LIST("kms_core_endpoints", AT(worker.endpoints), 0, CONNECTOR_MAX_SHARDS, "gRPC of the nodes, one a shard; http://a:50051|http://b:50051 names a backup"),
	TRUTH("allow_insecure_key", AT(worker.allow_insecure_key), "false", "true: answers under keys that a dealer knew are passed on"),
	TIME("db_fast_event_polling", AT(worker.fast_polling), 10 * MS, HOUR, "3s", "how often decryptions are looked for without being told"),
	TIME("db_long_event_polling", AT(worker.long_polling), 10 * MS, DAY, "60s", "and all else"),
	NUMBER("events_batch_size", AT(worker.batch), 1, 1024, "64", "decryptions that are taken at once"),
	NUMBER("grpc_request_retries", AT(worker.grpc_retries), 1, 100, "3", "tries of one call"),
	NUMBER("max_decryption_attempts", AT(worker.max_attempts), 1, 10000, "3",
	       "attempts at a decryption before it is given up; while a chain or the node is away none is counted"),
	TIME("under_process_lease", AT(worker.lease), SECOND, DAY, "60s", "how long a request is kept from others without a sign of life"),
	NUMBER("s3_ciphertext_retrieval_retries", AT(worker.s3_attempts), 1, 100, "3", "tries of fetching a ciphertext, over all buckets"),
	ALIAS("s3_ciphertext_retrieval_attempts", "s3_ciphertext_retrieval_retries"),
	TIME("s3_connect_timeout", AT(worker.s3_connect_timeout), 10 * MS, MINUTE, "3s", "patience with a bucket"),
	TIME("s3_head_timeout", AT(worker.s3_head_timeout), 10 * MS, MINUTE, "5s", "v0.15: until an attestation is there"),
	TIME("s3_get_timeout", AT(worker.s3_get_timeout), 10 * MS, HOUR, "20s", "until a ciphertext is there"),
	TIME("s3_hedge_delay", AT(worker.s3_hedge_delay), 0, MINUTE, "1s",
	  "a bucket that gave nothing for so long is not waited for alone: another is asked, too; earlier if most answers come sooner; 0: never"),
	NUMBER("s3_max_concurrent_heads_per_bucket", AT(worker.s3_heads), 1, 1024, "64", "v0.15: attestations that are asked for at once"),
	NUMBER("s3_max_concurrent_gets", AT(worker.s3_gets), 1, 1024, "16", "ciphertexts that are fetched at once"),
	LIST("s3_ports", AT(worker.s3_ports), 0, CONNECTOR_MAX_URLS,
	  "TCP ports of coprocessors' buckets, as [\"443\"], so that the sandbox can close all others; empty: any, for the chain says where buckets are"),
	NUMBER("s3_max_ciphertext_size", AT(worker.s3_max_bytes), 1024, 1 << 30, "69206016", "bytes of a ciphertext"),
	TIME("copro_registry_refresh", AT(worker.registry_refresh), SECOND, DAY, "60s", "v0.15: how often the coprocessors are read anew"),
	NUMBER("host_rpc_max_concurrent_calls", AT(worker.host_calls), 1, 4096, "128", "calls of a host chain in flight"),
	TIME("host_rpc_call_timeout", AT(worker.host_timeout), 10 * MS, MINUTE, "10s", "patience with them"),
	NUMBER("erc1271_gas_limit", AT(worker.erc1271_gas), 21000, 100000000, "100000", "v0.15: gas for a contract that checks a signature"),
	{ .name = "s3_config", .type = CONFIG_SECTION, .offset = AT(worker.s3.present) },
	TEXT("s3_config.region", AT(worker.s3.region), 0, MAX_NAME, "", "where buckets are that a coprocessor names as s3://..., or names none"),
	TEXT("s3_config.bucket", AT(worker.s3.bucket), 0, MAX_NAME, "", "the bucket if no coprocessor names one"),
	TEXT("s3_config.endpoint", AT(worker.s3.endpoint), 0, MAX_PATH_TEXT, "", "an S3 server other than Amazon's"),

	SECRET_TEXT("private_key", AT(sender.private_key), "private key of the wallet, 64 hexadecimal digits; better a file"),
	TEXT("private_key_file", AT(sender.private_key_file), 0, MAX_PATH_TEXT, "", "file with it, readable for its owner only"),
	{ .name = "aws_kms_config", .type = CONFIG_SECTION, .offset = AT(sender.aws.present) },
	TEXT("aws_kms_config.key_id", AT(sender.aws.key_id), 1, MAX_NAME, NULL, "or the key of AWS KMS that signs (ECC_SECG_P256K1)"),
	TEXT("aws_kms_config.region", AT(sender.aws.region), 0, MAX_NAME, "", "its region; empty: the one in its ARN, or AWS_REGION"),
	TEXT("aws_kms_config.endpoint", AT(sender.aws.endpoint), 0, MAX_PATH_TEXT, "", "a server other than Amazon's"),
	TIME("aws_kms_config.timeout", AT(sender.aws.timeout), 100 * MS, HOUR, "2s", "patience with it; it is asked three times"),
	TEXT("aws_kms_config.credentials_file", AT(sender.aws.credentials_file), 0, MAX_PATH_TEXT, "",
	  "file with aws_access_key_id and aws_secret_access_key, as AWS's own tools write it, readable for its owner only; it is read again "
	  "when AWS says that they have expired.  Empty: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment"),
	TIME("database_polling_timeout", AT(sender.polling), 10 * MS, HOUR, "5s", "how often responses are looked for without being told"),
	NUMBER("tx_retries", AT(sender.retries), 1, 100, "4", "tries of a transaction that the chain did not take"),
	TIME("tx_retry_interval", AT(sender.retry_interval), 0, MINUTE, "10ms", "the pause between them"),
	TRUTH("trace_reverted_tx", AT(sender.trace_reverted), "true", "why a mined transaction failed is asked for (debug_traceTransaction)"),
	TRUTH("send_raw_transaction_sync", AT(sender.sync), "true",
	      "the gateway chain is asked to answer once a transaction is mined (eth_sendRawTransactionSync), where its provider can"),
	TEXT("batch_executor", AT(sender.executor_text), 0, 64, "",
	     "address of contracts/Batch.sol on the gateway chain, to which the wallet delegates (EIP-7702) to send several answers in one transaction"),
	NUMBER("responses_per_transaction", AT(sender.per_tx), 1, MAX_BATCH_CALLS, "16", "and how many, at most; without batch_executor each goes alone"),
	NUMBER("responses_batch_size", AT(sender.batch), 1, 1024, "50", "responses that are taken at once"),
	NUMBER("gas_multiplier_percent", AT(sender.gas_percent), 100, 1000, "115", "gas that is offered, in percent of the estimate"),
	NUMBER("max_fee_per_gas_gwei", AT(sender.most_gwei), 1, 1000000, "500",
	  "what a unit of gas may cost at most, whatever providers say of its price; answers wait while it costs more"),
	NUMBER("max_pending_transactions", AT(sender.window), 1, 4096, "64", "transactions that are not mined yet"),
	NUMBER("ethereum_tx_required_confirmations", AT(sender.confirmations), 0, 10000, "64", "v0.15: blocks of the host chain upon a transaction"),
	TIME("ethereum_tx_get_receipt_timeout", AT(sender.receipt_timeout), SECOND, DAY, "20m", "v0.15: until they are there"),
	TIME("gc_run_interval", AT(sender.gc_interval), SECOND, DAY, "5m", "how often what is done is cleaned up"),
	ALIAS("operation_recovery_run_interval", "gc_run_interval"),
	TIME("gc_decryption_expiry", AT(sender.gc_expiry), SECOND, 3650 * (int64_t)DAY, "24h",
	  "age at which decryptions that are done are deleted, or (v0.15) those that are not are given up"),
	ALIAS("decryption_expiry", "gc_decryption_expiry"),
	ALIAS("gc_decryption_under_process_limit", "under_process_lease"), ALIAS("operation_under_process_timeout", "under_process_lease"),
	TIME("gauge_update_interval", AT(sender.gauge_interval), SECOND, DAY, "30s", "how often it is looked how the wallet stands"),

	TRUTH("internal_config.sandbox", AT(internal.sandbox), "true",
	  "the kernel is asked to refuse this process files, ports and system calls that it has no use for; false: nothing is closed"),
	{ .name = "host_chains", .type = CONFIG_ROWS, .offset = AT(worker.host_chains), .max = CONNECTOR_MAX_CHAINS, .rows = &CHAIN,
	  .row_size = sizeof(host_chain_config), .help = "chains whose ACL says what may be decrypted" },
};
/* clang-format on */

static const char *const PREFIXES[] = { "ARCA_CONNECTOR__", "KMS_CONNECTOR_", NULL };
static const config_schema SCHEMA = { KEYS, COUNT(KEYS), PREFIXES };

connector_role connector_role_of(const char *name)
{
	static const struct { const char *name; connector_role role; } ROLES[] = {
		{ "listener", CONNECTOR_LISTENER }, { "worker", CONNECTOR_WORKER }, { "sender", CONNECTOR_SENDER }, { "all", CONNECTOR_ALL },
	};
	for (size_t i = 0; i < COUNT(ROLES); i++)
		if (!strcmp(name, ROLES[i].name)) return ROLES[i].role;
	return 0;
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

/* With its checksum, or all in small or all in capital letters, as older files have them. */
static err read_address(eth_address *out, const char *key, const char *text)
{
	bool small = false, capital = false;

	if (strncmp(text, "0x", 2)) return err_fail(ERR_REQUEST, "%s is %s; an address begins with 0x", key, text);
	for (const char *p = text + 2; *p; p++) small |= islower((unsigned char)*p) != 0, capital |= isupper((unsigned char)*p) != 0;
	if (small && capital) return address_parse(out, key, slice_str(text));
	if (strlen(text) != 42 || !hex_read(out->b, sizeof out->b, slice_str(text + 2)))
		return err_fail(ERR_REQUEST, "%s is %s; an address has 40 hexadecimal digits", key, text);
	return OK;
}

/* A name under which signatures are checked is the same bytes everywhere, or nothing fits. */
static void warn_of_name(const char *section, const char *name)
{
	bool control = false, foreign = false;

	for (const char *p = name; *p; p++) control |= iscntrl((unsigned char)*p) != 0, foreign |= (unsigned char)*p >= 0x80;
	if (control) log_warn("%s.domain_name has control characters: the contract must have the same", section);
	if (foreign) log_warn("%s.domain_name has characters beyond ASCII: the contract must have the same bytes", section);
}

static err check_contract(contract_config *c, const char *section, bool needed)
{
	char key[64];

	if (!c->present)
		return needed ? err_fail(ERR_REQUEST, "the key %s.address is missing: which contract to follow", section) : OK;
	snprintf(key, sizeof key, "%s.address", section);
	TRY(read_address(&c->address, key, c->address_text));
	warn_of_name(section, c->domain_name);
	return OK;
}

/* ---- host chains from the environment --------------------------------------------------------------------------- */

static const char *text_of(const json_t *row, const char *name, const char *other)
{
	const json_t *v = json_object_get(row, name);
	return json_string_value(v ? v : json_object_get(row, other));
}

/* [[host_chains]] as the table has it, from what the reference reads out of one variable: a JSON array. */
static err chains_toml(buf *out, const char *variable, const char *json)
{
	if (strlen(json) > MAX_HOST_CHAINS_TEXT) return err_fail(ERR_REQUEST, "environment variable %s is too long", variable);
	json_t *all = json_loads(json, JSON_REJECT_DUPLICATES, NULL), *row;
	size_t i;
	err e = json_is_array(all) ? OK : err_fail(ERR_REQUEST, "environment variable %s must be a JSON array of chains", variable);

	for (i = 0; e == OK && (row = json_array_get(all, i)); i++) {
		const char *url = text_of(row, "url", "url"), *acl = text_of(row, "acl_address", "aclAddress");
		const json_t *id = json_object_get(row, "chain_id");
		if (!id) id = json_object_get(row, "chainId");
		if (!url || !acl || !json_is_integer(id) || strpbrk(url, "'\n") || strpbrk(acl, "'\n"))
			e = err_fail(ERR_REQUEST, "environment variable %s: chain %zu needs url, chain_id and acl_address", variable, i + 1);
		else
			buf_printf(out, "[[host_chains]]\nurl = '%s'\nchain_id = %jd\nacl_address = '%s'\n", url,
			           (intmax_t)json_integer_value(id), acl);
	}
	json_decref(all);
	return e;
}

typedef struct chain_rows { config_rows host_chains; } chain_rows;

/* The chains that the environment names take the place of those in the file.  *rest: the environment without them; to be freed. */
static err take_chains(config_rows *out, bool *given, char ***rest, char *const *environment)
{
	static const config_key ONLY[] = {
		{ .name = "host_chains", .type = CONFIG_ROWS, .offset = offsetof(chain_rows, host_chains), .max = CONNECTOR_MAX_CHAINS,
		  .rows = &CHAIN, .row_size = sizeof(host_chain_config), .help = "" },
	};
	static const char *const NONE[] = { NULL };
	static const config_schema ROWS = { ONLY, COUNT(ONLY), NONE };
	size_t n = 0;

	for (char *const *v = environment; v && *v; v++) n++;
	char **left = *rest = calloc(n + 1, sizeof *left);
	if (!left) return err_fail(ERR_NOMEM, "no memory for the configuration");
	for (char *const *v = environment; v && *v; v++) {
		const char *json = NULL;
		char name[64];
		for (const char *const *p = PREFIXES; *p && !json; p++) {
			snprintf(name, sizeof name, "%sHOST_CHAINS=", *p);
			if (!strncmp(*v, name, strlen(name))) json = *v + strlen(name);
		}
		if (!json) *left++ = *v;
		if (!json || *given) continue;
		name[strlen(name) - 1] = '\0';
		buf toml = { 0 };
		chain_rows rows = { 0 };
		err e = chains_toml(&toml, name, json);
		if (e == OK) e = config_read(&rows, &ROWS, name, buf_slice(&toml), NULL);
		buf_free(&toml);
		TRY(e);
		*given = true, *out = rows.host_chains;
	}
	return OK;
}

/* ---- what spans several keys ------------------------------------------------------------------------------------ */

static err check_chains(connector_config *c)
{
	for (size_t i = 0; i < host_chains(c); i++) {
		host_chain_config *h = (host_chain_config *)c->worker.host_chains.row + i;
		TRY(read_address(&h->acl, "host_chains.acl_address", h->acl_text));
		for (size_t j = 0; j < i; j++)
			if (host_chain_at(c, j)->chain_id == h->chain_id)
				return err_fail(ERR_REQUEST, "host_chains: chain_id %jd stands twice", (intmax_t)h->chain_id);
	}
	return OK;
}

static err check_nodes(const connector_config *c, bool needed)
{
	endpoint at[MAX_SHARD_ENDPOINTS];
	unsigned n;

	if (needed && !c->worker.endpoints.n)
		return err_fail(ERR_REQUEST, "the key kms_core_endpoints is missing: gRPC of the nodes, as [\"http://127.0.0.1:50051\"]");
	for (size_t i = 0; i < c->worker.endpoints.n; i++) TRY(endpoints_of(at, &n, c->worker.endpoints.item[i]));
	return OK;
}

static bool is_url(const char *text) { return fetch_is_url(text) && fetch_port(text); }

static err url_expected(const char *key, size_t at)
{
	return err_fail(ERR_REQUEST, "%s: entry %zu is no URL of a provider, as http://127.0.0.1:8545 or https://rpc.example/key", key, at + 1);
}

/* Of a host chain one text names all, with | between them.  What stands in a URL may be a secret. */
static err check_providers(const connector_config *c)
{
	for (size_t i = 0; i < c->gateway_url.n; i++)
		if (!is_url(c->gateway_url.item[i])) return url_expected("gateway_url", i);
	for (size_t i = 0; i < c->ethereum_url.n; i++)
		if (!is_url(c->ethereum_url.item[i])) return url_expected("ethereum_url", i);
	for (size_t i = 0; i < host_chains(c); i++)
		for (const char *at = host_chain_at(c, i)->url, *end; at; at = *end ? end + 1 : NULL) {
			AUTO(buf) one = { 0 };
			end = strchrnul(at, '|');
			buf_put(&one, at, (size_t)(end - at));
			if (!is_url(buf_str(&one))) return url_expected("host_chains.url", i);
		}
	return OK;
}

static err check_database(const connector_config *c)
{
	AUTO(buf) place = { 0 };

	if (!c->database_url[0])
		return err_fail(ERR_REQUEST, "the key database_url is missing: where requests are kept, sqlite:PATH or postgres://...");
	return store_place(&place, c->database_url);
}

static err check_ports(const connector_config *c)
{
	for (size_t i = 0; i < c->worker.s3_ports.n; i++)
		if (!port_read(&(unsigned){ 0 }, c->worker.s3_ports.item[i]))
			return err_fail(ERR_REQUEST, "s3_ports: %s is no TCP port; one is a number from 1 to 65535", c->worker.s3_ports.item[i]);
	return OK;
}

static err check_wallet(const connector_config *c)
{
	const int given = (c->sender.private_key[0] != 0) + (c->sender.private_key_file[0] != 0) + c->sender.aws.present;

	if (given == 1) return OK;
	if (given == 0)
		return err_fail(ERR_REQUEST, "the sender has no wallet: give private_key_file, private_key or aws_kms_config.key_id");
	return err_fail(ERR_REQUEST, "the sender has %d wallets; one of private_key_file, private_key and aws_kms_config is enough", given);
}

static err check(connector_config *c, unsigned roles)
{
	c->profile = connector_profile_of(c->profile_name);
	if (!c->profile) return err_fail(ERR_REQUEST, "profile is %s; it must be gateway-v0.11 or v0.15", c->profile_name);
	TRY(check_database(c));
	TRY(check_providers(c));
	if (c->profile->host_chain && (!c->ethereum_url.n || !c->ethereum_chain_id))
		return err_fail(ERR_REQUEST, "profile v0.15 needs ethereum_url and ethereum_chain_id: the chain of KMSGeneration and ProtocolConfig");
	if (c->providers_agree > (int64_t)c->gateway_url.n || (c->profile->host_chain && c->providers_agree > (int64_t)c->ethereum_url.n))
		return err_fail(ERR_REQUEST, "providers_agree is %jd, and there are fewer URLs of %s", (intmax_t)c->providers_agree,
		                c->providers_agree > (int64_t)c->gateway_url.n ? "gateway_url" : "ethereum_url");
	const char *wrong = c->tracing_endpoint[0] ? tracing_endpoint_wrong(c->tracing_endpoint) : NULL;
	if (wrong) return err_fail(ERR_REQUEST, "tracing_endpoint %s", wrong);
	TRY(check_contract(&c->decryption, "decryption_contract", true));
	TRY(check_contract(&c->generation, "kms_generation_contract", true));
	TRY(check_contract(&c->gateway_config, "gateway_config_contract", roles & CONNECTOR_WORKER));
	TRY(check_contract(&c->protocol_config, "protocol_config_contract", c->profile->host_chain));
	if (c->sender.executor_text[0]) TRY(read_address(&c->sender.executor, "batch_executor", c->sender.executor_text));
	TRY(check_chains(c));
	TRY(check_nodes(c, roles & CONNECTOR_WORKER));
	TRY(check_ports(c));
	if (roles & CONNECTOR_SENDER) TRY(check_wallet(c));
	if (c->sender.private_key[0]) log_warn("the wallet's private key stands in the configuration; a file of its own is safer");
	return OK;
}

err connector_config_read(connector_config *out, unsigned roles, const char *name, slice text, char *const *environment)
{
	connector_config c = { 0 };
	config_rows chains = { 0 };
	char **rest = NULL;
	bool given = false;

	err e = take_chains(&chains, &given, &rest, environment);
	if (e == OK) e = config_read(&c, &SCHEMA, name, text, rest);
	free(rest);
	if (given) {
		for (size_t i = 0; i < host_chains(&c); i++) config_free((host_chain_config *)c.worker.host_chains.row + i, &CHAIN);
		free(c.worker.host_chains.row);
		c.worker.host_chains = chains;
	}
	if (e == OK) e = check(&c, roles);
	if (e == OK) *out = c;
	else config_free(&c, &SCHEMA);
	return e;
}

void connector_config_wipe_environment(char *const *environment) { config_wipe_environment(&SCHEMA, environment); }

err connector_config_load(connector_config *out, unsigned roles, const char *file, char *const *environment)
{
	buf text = { 0 };

	err e = file ? file_read(&text, file, MAX_CONFIG_FILE) : OK;
	if (e == OK) e = connector_config_read(out, roles, file ? file : "configuration", buf_slice(&text), environment);
	wipe(text.p, text.n);
	buf_free(&text);
	return e;
}

void connector_config_free(connector_config *c)
{
	config_free(c, &SCHEMA);
	*c = (connector_config){ 0 };
}

void connector_config_print(buf *out, const connector_config *c)
{
	config_print(out, &SCHEMA, c);
}

void connector_config_help(buf *out)
{
	config_help(out, &SCHEMA);
}
